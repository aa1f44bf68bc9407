// How node_admin adds, drains, removes and replaces engines.

#include <algorithm>
#include <utility>

#include "actors/names.hpp"
#include "apps/admin_pages.hpp"
#include "apps/engine_files.hpp"
#include "apps/node_admin.hpp"
#include "config/topology_reader.hpp"
#include "runtime/ask.hpp"
#include "runtime/log.hpp"

namespace troupe::apps {

namespace {

constexpr std::chrono::milliseconds start_timeout{30'000};
constexpr std::chrono::milliseconds stop_timeout{60'000};  // an engine process has its grace
constexpr std::chrono::milliseconds drain_interval{100};
constexpr std::size_t engines_max = 4'096;

std::string child_of(const std::string& engine) {
  return "engine/" + engine;
}

}  // namespace

void node_admin::add(const std::string& body, const answer_ptr& to) {
  const auto read = config::parse_engine(body, "body");
  if (!read.mistakes.empty()) {
    return refuse(to, errc::invalid_request, config::to_string(read.mistakes));
  }
  if (const auto missing = missing_file(read.value); !missing.empty()) {
    return refuse(to, errc::invalid_request, missing);
  }
  const auto engines = config::single_engines(read.value);
  for (const auto& engine : engines) {
    if (!is_known(engine.name)) continue;
    return refuse(to, errc::invalid_request,
                  "an engine of this node is already called '" + engine.name + "'");
  }
  if (running_.size() + engines.size() > engines_max) {
    return refuse(to, errc::invalid_request, "a node has at most 4096 engines");
  }
  // One answer for all: the first failure, or that all have started.
  auto left = std::make_shared<std::size_t>(engines.size());
  auto failure = std::make_shared<caf::error>();
  for (const auto& engine : engines) {
    start(engine, [this, to, left, failure, name = read.value.name](const caf::error& error) {
      if (error && !*failure) *failure = error;
      if (--*left != 0) return;
      if (*failure) return refuse(to, errc::io_error, failure_text(*failure));
      answer(to, 201, engine_page(name, "starting"));
    });
  }
}

void node_admin::start(const config::engine_spec& engine,
                       std::function<void(const caf::error&)> done) {
  if (!supervisor_) return done(make_failure(errc::cancelled, "the node starts or stops"));
  if (auto error = options_.describe(engine)) return done(error);
  running_[engine.name] = engine;
  options_.live->set(engine.name, settings_of(engine));
  ask(
      this, supervisor_, start_timeout, start_child{options_.engine_child(engine)},
      [name = engine.name, done](const child_report&) {
        log::info("engine added", {{"engine", name}});
        done({});
      },
      [this, name = engine.name, done](const caf::error& error) {
        log::error("engine could not be added", {{"engine", name}, {"why", failure_text(error)}});
        running_.erase(name);
        options_.live->forget(name);
        done(error);
      });
}

void node_admin::tell(const std::string& engine, const actors::engine_settings& settings) {
  options_.live->set(engine, settings);
  auto proxy = options_.names->find_as<actors::engine_proxy_actor>(actors::proxy_name(engine));
  if (proxy) send(proxy, settings);
}

void node_admin::set_draining(const admin_call& call, bool draining, const answer_ptr& to) {
  if (!draining && removals_.contains(call.engine)) {
    return refuse(to, errc::invalid_request, "'" + call.engine + "' is being removed");
  }
  auto settings = options_.live->of(call.engine, running_.at(call.engine));
  settings.draining = draining;
  tell(call.engine, settings);
  log::info(draining ? "engine drains" : "engine takes requests again", {{"engine", call.engine}});
  answer(to, 202, engine_page(call.engine, draining ? "draining" : "starting"));
}

void node_admin::remove(const admin_call& call, const answer_ptr& to) {
  begin_removal(call.engine, std::nullopt);
  if (call.force) take_away(call.engine);
  answer(to, 202, engine_page(call.engine, call.force ? "leaving" : "draining"));
}

void node_admin::begin_removal(const std::string& engine,
                               std::optional<config::engine_spec> successor) {
  auto [at, is_new] = removals_.try_emplace(engine);
  at->second.successor = std::move(successor);
  if (!is_new) return;
  at->second.deadline = clock().now() + options_.spec.admin.drain_timeout;
  auto settings = options_.live->of(engine, running_.at(engine));
  settings.draining = true;
  tell(engine, settings);
  log::info("engine drains and will be removed", {{"engine", engine}});
  schedule();
}

void node_admin::schedule() {
  if (ticking_ || removals_.empty()) return;
  ticking_ = true;
  delayed_send(this, drain_interval, drain_tick{});
}

void node_admin::take_away_drained(const actors::model_listing& listing) {
  std::vector<std::string> ready;
  for (const auto& [name, out] : removals_) {
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
  const auto out = removals_.find(engine);
  if (out == removals_.end() || out->second.leaving || !supervisor_) return;
  out->second.leaving = true;
  ask(
      this, supervisor_, stop_timeout, terminate_child{child_of(engine)},
      [this, engine](const child_report&) {
        ask(
            this, supervisor_, stop_timeout, delete_child{child_of(engine)},
            [this, engine](const child_report&) { gone(engine); },
            [this, engine](const caf::error&) { gone(engine); });
      },
      [this, engine](const caf::error& error) {
        log::error("engine could not be removed",
                   {{"engine", engine}, {"why", failure_text(error)}});
        if (failure_code(error, errc::io_error) == errc::not_found) return gone(engine);
        if (const auto at = removals_.find(engine); at != removals_.end()) {
          at->second.leaving = false;  // tried again at the next tick
        }
      });
}

void node_admin::gone(const std::string& engine) {
  auto out = removals_.extract(engine);
  running_.erase(engine);
  options_.live->forget(engine);
  log::info("engine removed", {{"engine", engine}});
  if (out.empty() || !out.mapped().successor) return;
  start(*out.mapped().successor, [](const caf::error&) {});
}

config::node_spec node_admin::current() const {
  auto node = options_.spec;
  node.engines.clear();
  for (const auto& [name, engine] : running_) {
    const auto out = removals_.find(name);
    if (out == removals_.end()) {
      node.engines.push_back(engine);
    } else if (out->second.successor) {
      node.engines.push_back(*out->second.successor);
    }
  }
  return node;
}

void node_admin::reload(const answer_ptr& to) {
  const auto node = options_.reread();
  if (!node) {
    log::error("reload: nothing is changed", {{"why", failure_text(node.error())}});
    return refuse(to, errc::invalid_request, failure_text(node.error()));
  }
  const auto change = config::difference(current(), *node);
  const auto page = change_page(change);
  log::info("reload", {{"change", page.substr(0, page.size() - 1)}});
  apply(change, *node);
  answer(to, 200, page);
}

void node_admin::apply(const config::topology_change& change, const config::node_spec& to) {
  for (const auto& name : change.removed) begin_removal(name, std::nullopt);
  for (const auto& engine : change.replaced) begin_removal(engine.name, engine);
  for (const auto& engine : change.added) {
    // The name may still be that of one on its way out.
    if (is_known(engine.name)) {
      begin_removal(engine.name, engine);
    } else {
      start(engine, [](const caf::error&) {});
    }
  }
  for (const auto& engine : change.resettled) {
    if (removals_.contains(engine.name)) {
      begin_removal(engine.name, engine);
      continue;
    }
    auto settings = settings_of(engine);
    settings.draining = options_.live->of(engine.name, engine).draining;
    running_[engine.name] = engine;
    tell(engine.name, settings);
  }
  if (!change.router && !change.stream) return;
  const auto index_blocks_max = options_.spec.router.limits.index_blocks_max;
  options_.spec.router = to.router;
  options_.spec.router.limits.index_blocks_max = index_blocks_max;
  options_.spec.stream = to.stream;
  options_.live->set_router(options_.spec.router);
  options_.apply_fronts(options_.spec);
  const auto router = options_.names->find_as<actors::router_actor>(actors::router_name);
  if (router) send(router, actors::reconfigure_router{options_.spec.router});
}

}  // namespace troupe::apps
