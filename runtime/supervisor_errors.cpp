#include "runtime/supervisor_errors.hpp"

#include <utility>

#include "runtime/errc.hpp"
#include "runtime/orderly_end.hpp"

namespace troupe {

caf::error refusal(request_outcome outcome, const std::string& child) {
  switch (outcome) {
    case request_outcome::not_found:
      return make_failure(errc::not_found, "no child is called " + child);
    case request_outcome::already_running:
      return make_failure(errc::invalid_request, child + " runs already");
    case request_outcome::already_present:
      return make_failure(errc::invalid_request, child + " is there already and does not run");
    case request_outcome::running:
      return make_failure(errc::invalid_request, child + " runs: terminate it first");
    case request_outcome::restarting:
      return make_failure(errc::invalid_request, child + " is being restarted");
    case request_outcome::not_dynamic:
      return make_failure(errc::unsupported, "not with simple_one_for_one");
    case request_outcome::invalid_rules:
      return make_failure(errc::invalid_request,
                          "a child needs a name, and may be significant only if it is not "
                          "permanent and its supervisor shuts down by itself");
    case request_outcome::overloaded:
      return make_failure(errc::overloaded, "too many children or requests");
    case request_outcome::ending:
      return make_failure(errc::cancelled, "the supervisor ends");
    case request_outcome::done:
    case request_outcome::start_failed:
      break;
  }
  return caf::none;
}

caf::error failure_of(supervisor_end end, const end_facts& facts) {
  auto text = facts.supervisor;
  switch (end) {
    case supervisor_end::gave_up:
      text += " gave up: more than " + std::to_string(facts.policy.restarts_max) +
              " restarts within " + std::to_string(facts.policy.period.count()) + " ms";
      break;
    case supervisor_end::first_start_failed:
      text += " could not start " + facts.failed_child + ": " + failure_text(facts.start_failure);
      break;
    case supervisor_end::auto_shutdown:
      text += " shut down: its significant children have ended";
      break;
    case supervisor_end::none:
    case supervisor_end::stopped:
      text += " ended";
      break;
  }
  return orderly_end(std::move(text));
}

}  // namespace troupe
