#include "apps/admin_call.hpp"

#include "runtime/digest.hpp"
#include "runtime/errc.hpp"

namespace troupe::apps {

namespace {

constexpr std::string_view engines_path = "/admin/engines";

// What has one method and takes nothing.
struct page_call {
  std::string_view path;
  std::string_view method;
  admin_verb verb;
};
constexpr page_call pages[] = {{"/admin/reload", "POST", admin_verb::reload},
                               {"/admin/cluster", "GET", admin_verb::cluster},
                               {"/metrics", "GET", admin_verb::metrics}};

caf::error wrong_method(std::string_view path, std::string_view allowed) {
  return make_failure(errc::method_not_allowed,
                      std::string{path} + " takes " + std::string{allowed} + " only");
}

caf::error nothing_at(std::string_view path) {
  return make_failure(errc::not_found, "there is nothing at " + std::string{path});
}

caf::expected<admin_call> read_engine_call(std::string_view method, std::string_view path) {
  const auto rest = path.substr(engines_path.size() + 1);
  const auto slash = rest.find('/');
  admin_call call;
  call.engine = rest.substr(0, slash);
  if (call.engine.empty()) return nothing_at(path);
  if (slash == std::string_view::npos) {
    if (method != "DELETE") return wrong_method(path, "DELETE");
    call.verb = admin_verb::remove;
    return call;
  }
  const auto verb = rest.substr(slash + 1);
  if (verb != "drain" && verb != "resume") return nothing_at(path);
  if (method != "POST") return wrong_method(path, "POST");
  call.verb = verb == "drain" ? admin_verb::drain : admin_verb::resume;
  return call;
}

}  // namespace

caf::expected<admin_call> read_admin_call(std::string_view method, std::string_view target) {
  const auto mark = target.find('?');
  const auto path = target.substr(0, mark);
  const auto query = mark == std::string_view::npos ? "" : target.substr(mark + 1);
  if (path == engines_path) {
    if (method == "GET") return admin_call{admin_verb::list, {}, false};
    if (method == "POST") return admin_call{admin_verb::add, {}, false};
    return wrong_method(path, "GET and POST");
  }
  for (const auto& page : pages) {
    if (path != page.path) continue;
    if (method != page.method) return wrong_method(path, page.method);
    return admin_call{page.verb, {}, false};
  }
  if (!path.starts_with(std::string{engines_path} + "/")) return nothing_at(path);
  auto call = read_engine_call(method, path);
  if (!call || query.empty()) return call;
  if (call->verb != admin_verb::remove || (query != "force" && query != "force=true")) {
    return make_failure(errc::invalid_request, "the only query is ?force, and only of DELETE " +
                                                   std::string{engines_path} + "/NAME");
  }
  call->force = true;
  return call;
}

bool is_authorised(const transport::http::request& message, std::string_view token) {
  if (token.empty()) return true;
  constexpr std::string_view scheme = "Bearer ";
  const auto given = message.fields.find("authorization");
  if (given.size() < scheme.size() ||
      !transport::http::same_token(given.substr(0, scheme.size()), scheme)) {
    return false;
  }
  return same_digest(sha256(given.substr(scheme.size())), sha256(token));
}

bool is_from_a_page(const transport::http::request& message) {
  return message.fields.contains("origin") || message.fields.contains("sec-fetch-site");
}

}  // namespace troupe::apps
