#include "actors/router/admission.hpp"

#include <utility>

#include "runtime/errc.hpp"

namespace troupe::actors {
namespace {

constexpr const char* full_text = "every engine is full, and so is the queue before them";
constexpr const char* overdue_text = "every engine is full, and no room was found in time";
constexpr std::uint32_t unsaid_answer_tokens = 256;

// What a request asks of an engine, for the sake of fairness: its prompt and what it may generate.
double tokens_asked(const prompt_facts& facts) {
  constexpr double bytes_per_token = 4;
  const double prompt = facts.prompt_tokens != 0
                            ? facts.prompt_tokens
                            : static_cast<double>(facts.body_bytes) / bytes_per_token;
  return prompt + (facts.max_tokens != 0 ? facts.max_tokens : unsaid_answer_tokens);
}

// Whom it shares with. A client can invent sessions, not keys.
const std::string& flow_of(const prompt_facts& facts) {
  return facts.client.empty() ? facts.session : facts.client;
}

}  // namespace

admission::admission(const config::router_spec& spec, router_core& core, listener tell)
    : limits_{spec.admission}, core_{core}, tell_{std::move(tell)}, queue_{spec.admission} {}

void admission::set_limits(const config::admission_limits& limits) {
  limits_ = limits;
  queue_.set_limits(limits);
}

caf::error admission::refusal(const std::string& why, time_point now) const {
  return make_refusal(errc::too_many_requests, why, queue_.retry_after_s(now));
}

std::optional<admission_result> admission::submit(ticket id, applicant who, time_point now) {
  if (queue_.waits_for(who.facts.model)) {
    const auto model = who.facts.model;
    auto result = wait(id, std::move(who), now);
    if (result) return result;
    // It may be more important than all that wait, and there may be room for it alone.
    for (auto& [other, given] : give_out(model, now)) {
      if (other == id) {
        result = std::move(given);
      } else {
        tell(other, std::move(given));
      }
    }
    return result;
  }
  auto made = core_.route(who.facts, who.excluded, now);
  if (made) return *made;
  if (failure_code(made.error(), errc::no_engine) != errc::overloaded) return made.error();
  return wait(id, std::move(who), now);
}

std::optional<admission_result> admission::wait(ticket id, applicant who, time_point now) {
  const auto patience = limits_.queue_timeout - who.waited;
  if (patience.count() <= 0) return refusal(overdue_text, now);
  const auto gone = queue_.add(id, {.model = who.facts.model,
                                    .flow = flow_of(who.facts),
                                    .priority = who.facts.priority,
                                    .tokens = tokens_asked(who.facts),
                                    .bytes = who.facts.body_bytes,
                                    .deadline = now + patience});
  if (gone == id) return refusal(full_text, now);
  if (gone) tell(*gone, refusal("a request that goes before it took its place in the queue", now));
  waiting_.emplace(id, std::move(who));
  return std::nullopt;
}

void admission::settle(time_point now) {
  for (const auto id : queue_.expire(now)) tell(id, refusal(overdue_text, now));
  if (queue_.empty()) return;
  for (const auto& model : queue_.models()) {
    for (auto& [id, given] : give_out(model, now)) tell(id, std::move(given));
  }
}

std::vector<std::pair<ticket, admission_result>> admission::give_out(const std::string& model,
                                                                     time_point now) {
  std::vector<std::pair<ticket, admission_result>> results;
  queue_.offer_each(model, now, [&](ticket id) {
    const auto& who = waiting_.at(id);
    auto made = core_.route(who.facts, who.excluded, now);
    if (made) {
      results.emplace_back(id, *made);
      return offer::taken;
    }
    if (failure_code(made.error(), errc::no_engine) == errc::overloaded) {
      return who.excluded.empty() ? offer::held : offer::passed;
    }
    results.emplace_back(id, std::move(made.error()));
    return offer::taken;
  });
  for (const auto& [id, given] : results) waiting_.erase(id);
  return results;
}

void admission::tell(ticket id, admission_result result) {
  waiting_.erase(id);
  tell_(id, std::move(result));
}

bool admission::withdraw(ticket id) {
  waiting_.erase(id);
  return queue_.remove(id);
}

}  // namespace troupe::actors
