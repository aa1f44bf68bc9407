// How node_admin adds, drains, removes and replaces engines.

#include <algorithm>
#include <set>

#include "actors/names.hpp"
#include "apps/admin_pages.hpp"
#include "apps/node_admin.hpp"
#include "apps/node_placement.hpp"
#include "config/topology_fields.hpp"
#include "runtime/ask.hpp"
#include "runtime/log.hpp"

namespace troupe::apps {

namespace {

constexpr std::chrono::milliseconds start_timeout{30'000};
constexpr std::chrono::milliseconds stop_timeout{60'000};  // an engine process has its grace
constexpr std::chrono::milliseconds drain_interval{100};

std::string child_of(const std::string& engine) {
  return "engine/" + engine;
}

// A file that an engine to be added names is its sender's mistake.
errc code_of_start(const caf::error& error) {
  const auto code = failure_code(error, errc::io_error);
  return code == errc::invalid_config ? errc::invalid_request : code;
}

}  // namespace

// Takes up what the actor before this one left: answers to it are lost.
void node_admin::go_on() {
  if (!record().supervisor) return;  // the node starts: nobody was before
  std::vector<std::string> before;
  for (const auto& [name, engine] : table().engines()) {
    before.push_back(name);
    table().keep_on(name);
  }
  ask(
      this, record().supervisor, stop_timeout, which_children{},
      [this, before](const std::vector<child_report>& children) { forget_lost(before, children); },
      [](const caf::error& error) {
        log::warn("what has become of engines is not known", {{"why", failure_text(error)}});
      });
  schedule();
}

// An engine without a child could not be started, or has been removed.
void node_admin::forget_lost(const std::vector<std::string>& before,
                             const std::vector<child_report>& children) {
  std::set<std::string> kept;
  for (const auto& child : children) kept.insert(child.name);
  for (const auto& name : before) {
    if (!table().contains(name) || kept.contains(child_of(name))) continue;
    log::info("engine removed", {{"engine", name}});
    forget(name);
  }
}

void node_admin::add(const config::engine_spec& group, const answer_ptr& to) {
  const auto engines = table().add(group);
  // One answer for all: that all have started, or the first failure, and then none stays.
  auto left = std::make_shared<std::size_t>(engines.size());
  auto failure = std::make_shared<caf::error>();
  const auto done = [this, to, group, left, failure](const caf::error& error) {
    if (error && !*failure) *failure = error;
    if (--*left != 0) return;
    if (!*failure) return answer(to, 201, engine_page(group.name, "starting"));
    for (const auto& name : config::engine_names(group)) take_back(name);
    refuse(to, code_of_start(*failure), failure_text(*failure));
  };
  for (const auto& engine : engines) start(engine, done);
}

void node_admin::start(const config::engine_spec& engine, started_fn done) {
  const auto refusal = record().supervisor
                           ? options_.describe(engine)
                           : make_failure(errc::cancelled, "the node starts or stops");
  if (refusal) {
    forget(engine.name);
    return done(refusal);
  }
  options_.live->set(engine.name, settings_of(engine));
  ask(
      this, record().supervisor, start_timeout, start_child{options_.engine_child(engine)},
      [name = engine.name, done](const child_report&) {
        log::info("engine added", {{"engine", name}});
        done({});
      },
      [this, name = engine.name, done](const caf::error& error) {
        log::error("engine could not be added", {{"engine", name}, {"why", failure_text(error)}});
        take_back(name);
        done(error);
      });
}

void node_admin::tell(const std::string& engine, const actors::engine_settings& settings) {
  options_.live->set(engine, settings);
  auto proxy = options_.names->find_as<actors::engine_proxy_actor>(actors::proxy_name(engine));
  if (proxy) send(proxy, settings);
}

void node_admin::set_draining(const admin_call& call, bool draining, const answer_ptr& to) {
  auto settings = options_.live->of(call.engine, table().engines().at(call.engine));
  settings.draining = draining;
  tell(call.engine, settings);
  log::info(draining ? "engine drains" : "engine takes requests again", {{"engine", call.engine}});
  answer(to, 202, engine_page(call.engine, draining ? "draining" : "starting"));
}

void node_admin::remove(const admin_call& call, const answer_ptr& to) {
  begin_removal(call.engine);
  if (call.force) take_away(call.engine);
  answer(to, 202, engine_page(call.engine, call.force ? "leaving" : "draining"));
}

time_point node_admin::drain_deadline() const {
  return clock().now() + record().spec.admin.drain_timeout;
}

void node_admin::begin_removal(const std::string& engine) {
  if (table().retire(engine, drain_deadline())) drain(engine);
}

void node_admin::drain(const std::string& engine) {
  auto settings = options_.live->of(engine, table().engines().at(engine));
  settings.draining = true;
  tell(engine, settings);
  log::info("engine drains and will be removed", {{"engine", engine}});
  schedule();
}

void node_admin::schedule() {
  if (ticking_ || table().departures().empty()) return;
  ticking_ = true;
  delayed_send(this, drain_interval, drain_tick{});
}

void node_admin::take_away_drained(const actors::model_listing& listing) {
  std::vector<std::string> ready;
  for (const auto& [name, out] : table().departures()) {
    const auto status =
        std::find_if(listing.engines.begin(), listing.engines.end(),
                     [&name = name](const auto& engine) { return engine.name == name; });
    const bool is_drained =
        status == listing.engines.end() || (status->settings.draining && status->leases == 0);
    const bool is_overdue = clock().now() >= out.deadline;
    if (is_overdue && !is_drained) {
      log::warn("engine is removed with requests under way", {{"engine", name}});
    }
    if (is_drained || is_overdue) ready.push_back(name);
  }
  for (const auto& name : ready) take_away(name);
  schedule();
}

void node_admin::take_away(const std::string& engine) {
  if (!record().supervisor || !table().stop(engine)) return;
  ask(
      this, record().supervisor, stop_timeout, terminate_child{child_of(engine)},
      [this, engine](const child_report&) {
        ask(
            this, record().supervisor, stop_timeout, delete_child{child_of(engine)},
            [this, engine](const child_report&) { gone(engine); },
            [this, engine](const caf::error&) { gone(engine); });
      },
      [this, engine](const caf::error& error) {
        if (failure_code(error, errc::io_error) == errc::not_found) return gone(engine);
        log::error("engine could not be removed",
                   {{"engine", engine}, {"why", failure_text(error)}});
        table().keep_on(engine);  // tried again at the next tick
      });
}

// What was not started, or not heard to have, leaves at once.
void node_admin::take_back(const std::string& engine) {
  if (!table().contains(engine)) return;
  if (!table().is_leaving(engine)) begin_removal(engine);
  take_away(engine);
}

void node_admin::gone(const std::string& engine) {
  if (!table().is_leaving(engine)) return;
  log::info("engine removed", {{"engine", engine}});
  forget(engine);
}

void node_admin::forget(const std::string& engine) {
  const auto successor = table().remove(engine);
  options_.live->forget(engine);
  if (successor) start(*successor, [](const caf::error&) {});
}

void node_admin::reload(const answer_ptr& to) {
  const auto read = options_.reread();
  const auto error = read ? options_.secure(*read) : read.error();
  if (error) {
    log::error("reload: nothing is changed", {{"why", failure_text(error)}});
    return refuse(to, errc::invalid_request, failure_text(error));
  }
  auto current = record().spec;
  current.engines = table().intended();
  auto change = config::difference(current, read->node);
  config::compare_shared(record().all, read->all, change);
  const auto page = change_page(change);
  log::info("reload", {{"change", page.substr(0, page.size() - 1)}});
  apply(change, *read);
  answer(to, 200, page);
}

// The placement that is there takes it over, and one that is started later finds it.
void node_admin::apply_placed(const std::vector<config::placed_spec>& placed) {
  record().all.placed = placed;
  options_.live->set_placed(placed);
  const auto placement = options_.names->find_as<caf::actor>(placement_name);
  if (placement) caf::anon_send(placement, placed_changed{});
}

void node_admin::apply(const config::topology_change& change, const config::reloaded& read) {
  const auto& to = read.node;
  if (change.placed) apply_placed(read.all.placed);
  const auto steps = table().apply(change, drain_deadline());
  for (const auto& name : steps.drained) drain(name);
  for (const auto& engine : steps.started) start(engine, [](const caf::error&) {});
  for (const auto& engine : steps.resettled) {
    auto settings = settings_of(engine);
    settings.draining = options_.live->of(engine.name, engine).draining;
    tell(engine.name, settings);
  }
  record().spec.endpoint.api_keys = to.endpoint.api_keys;
  if (change.tls) record().spec.endpoint.tls = to.endpoint.tls;
  if (!change.router && !change.stream) return;
  const auto index_blocks_max = record().spec.router.limits.index_blocks_max;
  record().spec.router = to.router;
  record().spec.router.limits.index_blocks_max = index_blocks_max;
  record().spec.stream = to.stream;
  options_.live->set_router(record().spec.router);
  options_.apply_fronts(record().spec);
  const auto router = options_.names->find_as<actors::router_actor>(actors::router_name);
  if (router) send(router, actors::reconfigure_router{record().spec.router});
}

}  // namespace troupe::apps
