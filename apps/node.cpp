#include "apps/node.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <future>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include <sys/resource.h>

#include "apps/node_admin_front.hpp"
#include "apps/node_cluster.hpp"
#include "apps/node_cluster_metrics.hpp"
#include "apps/node_drain.hpp"
#include "apps/node_ending.hpp"
#include "apps/node_events.hpp"
#include "apps/node_front.hpp"
#include "apps/node_member.hpp"
#include "apps/node_placement.hpp"
#include "apps/node_security.hpp"
#include "apps/node_tree.hpp"
#include "runtime/log.hpp"
#include "runtime/metrics.hpp"

namespace troupe::apps {

namespace {

// Everything of a running node, in the order it must be destroyed backwards.
class node {
 public:
  node(const config::node_spec& spec, const node_options& options)
      : spec_{spec},
        options_{options},
        metrics_{std::make_shared<prometheus::Registry>()},
        stream_metrics_{*metrics_},
        live_{spec.router},
        record_{spec} {
    live_.set_placed(options.all.placed);
    record_.all = {options.all.cluster, options.all.placed, {}};
    load_io_scheduler(config_, spec.endpoint.threads);
    config_.add_message_types<caf::id_block::troupe>();
    system_.emplace(config_);
    scheduler_ = io_scheduler::of(*system_);
  }

  ~node() {
    if (cluster_ != nullptr) run_on(scheduler_->thread(0), [this] { cluster_.reset(); });
    if (admin_) close_admin();
    for (std::size_t i = 0; i < fronts_.size(); ++i) {
      run_on(scheduler_->thread(i), [&] { fronts_[i].reset(); });
    }
  }

  caf::expected<std::uint16_t> open() {
    auto security = open_security(spec_, engines_elsewhere(options_.all, spec_));
    if (!security) return std::move(security.error());
    security_ = std::move(*security);
    timer_metrics_.emplace(scheduler_->clock());
    node_front::shared shared{spec_,
                              names_,
                              stream_metrics_,
                              actors::hash_seed{std::random_device{}()},
                              [this] { return metrics_page(); },
                              [this] { return std::string_view{ending_.load()}; },
                              security_};
    caf::expected<std::uint16_t> port{spec_.endpoint.port};
    for (std::size_t i = 0; port && i < scheduler_->threads(); ++i) {
      auto& thread = scheduler_->thread(i);
      run_on(thread, [&] {
        fronts_.push_back(std::make_unique<node_front>(*system_, thread, shared));
        if (!spec_.has_router) return;
        port = fronts_.back()->server().listen(spec_.endpoint.address, *port,
                                               scheduler_->threads() > 1);
      });
    }
    resources_.emplace(node_resources{spec_, live_, options_.program, names_, metrics_,
                                      scheduler_->thread(0), fronts_.front()->client(),
                                      options_.all.cluster.has_value()});
    return port;
  }

  // Links to the other nodes; returns where they reach this one, empty without a cluster.
  caf::expected<std::string> open_cluster() {
    if (!options_.all.cluster) return std::string{};
    auto& home = scheduler_->thread(0);
    caf::expected<std::string> endpoint{std::string{}};
    run_on(home, [&] {
      auto opened = node_cluster::open({*system_, home, options_.all, spec_, names_,
                                        cluster_metrics_, restart_counter(*resources_)});
      if (opened) {
        cluster_ = std::move(*opened);
        endpoint = cluster_->endpoint();
      } else {
        endpoint = std::move(opened.error());
      }
    });
    return endpoint;
  }

  // Makes the place where operators call and, where there is to be one, its listener; returns its
  // port, or 0.
  caf::expected<std::uint16_t> open_admin() {
    auto& home = scheduler_->thread(0);
    admin_.emplace(home);
    caf::expected<std::uint16_t> port{std::uint16_t{0}};
    if (spec_.admin.address.empty()) return port;
    run_on(home, [&] { port = admin_->listen(spec_.admin); });
    return port;
  }

  void start_actors() {
    auto started = admin_->started();
    std::optional<child_spec> cluster;
    if (cluster_ != nullptr) cluster = cluster_->child();
    auto tree = make_tree(*resources_, admin_->admin_child(options_of_admin()), cluster);
    supervisor_ = spawn_supervisor(*system_, std::move(tree));
    auto* object = caf::actor_cast<caf::abstract_actor*>(supervisor_);
    object->attach_functor([this] { events_.notify(node_event::supervisor_ended); });
    run_on(scheduler_->thread(0), [&] { record_.supervisor = supervisor_; });
    started.wait();
    if (cluster_ != nullptr) start_placement();
  }

  // Blocks until the node is told to stop, then ends it in order; returns the exit code.
  int run() {
    auto event = events_.wait(std::nullopt);
    for (; event == node_event::reload_signal; event = events_.wait(std::nullopt)) {
      admin_->reload();
    }
    run_on(scheduler_->thread(0),
           [this] { record_.supervisor = nullptr; });  // nothing is added now
    if (event == node_event::supervisor_ended) {
      log::error("the supervisor gave up: the node ends");
      close_admin();
      abort_fronts();
      return 1;
    }
    return end();
  }

 private:
  admin_options options_of_admin() {
    admin_options with{&record_, &names_, &live_};
    with.engine_child = [this](const config::engine_spec& engine) {
      return engine_child(*resources_, engine);
    };
    with.describe = [this](const config::engine_spec& engine) { return describe(engine); };
    with.reread = options_.reread;
    with.secure = [this](const config::reloaded& read) { return secure(read); };
    with.apply_fronts = [this](const config::node_spec& spec) {
      on_fronts([spec](node_front& front) { front.apply(spec); });
    };
    with.cluster = [this]() -> std::optional<cluster_look> {
      if (cluster_ == nullptr) return std::nullopt;
      return cluster_->look();
    };
    with.metrics = [this] { return metrics_page(); };
    return with;
  }

  void start_placement() {
    child_spec child{.name = placement_name};
    child.start =
        [with = options_of_placement()](caf::actor_system& system) -> caf::expected<caf::actor> {
      return spawn_placement(system, with);
    };
    caf::anon_send(supervisor_, start_child{apart(*resources_, "placement", {child})});
  }

  placement_options options_of_placement() {
    placement_options with{spec_.name};
    with.times.drain_max = spec_.admin.drain_timeout;
    with.names = &names_;
    with.live = &live_;
    with.supervisor = supervisor_;
    with.engine_child = [this](const config::engine_spec& engine) {
      return engine_child(*resources_, engine);
    };
    with.describe = [this](const config::engine_spec& engine) { return describe(engine); };
    with.follow = [this](const caf::actor& who) { cluster_->follow(who); };
    with.leaves = [this] { return *ending_.load() != '\0'; };
    with.handed_over = [this] { events_.notify(node_event::handed_over); };
    return with;
  }

  // Step by step; returns the exit code.
  int end() {
    node_ending ending{cluster_ != nullptr, spec_.endpoint.limits.stop_timeout};
    auto steps = ending.begin(now());
    for (;;) {
      for (const auto step : steps) carry_out(step);
      if (ending.is_over()) return ending.is_clean() ? 0 : 1;
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(ending.due() - now());
      const auto event = events_.wait(std::max(left, std::chrono::milliseconds{0}));
      steps = event ? ending.take(*event, now()) : ending.expire(now());
    }
  }

  void carry_out(ending_step step) {
    switch (step) {
      case ending_step::hand_over:
        return hand_over();
      case ending_step::handover_late:
        return log::warn("not waiting any longer for other nodes to take over engines");
      case ending_step::drain:
        return drain();
      case ending_step::end_requests:
        log::warn("not waiting any longer for requests under way");
        return on_fronts([](node_front& front) { front.stop_requests(); });
      case ending_step::close_abruptly:
        return abort_fronts();
      case ending_step::stop_actors:
        return stop_actors();
      case ending_step::give_up_on_tree:
        log::error("engines are killed: they did not end in time or a second signal came");
        return leave_cluster();
    }
  }

  // The others start what is placed here while it still serves.
  void hand_over() {
    ending_ = "leaving";
    run_on(scheduler_->thread(0), [this] { cluster_->announce_leave(); });
    log::info("leaving: engines that are placed here are handed over to other nodes");
    const auto placement = names_.find_as<caf::actor>(placement_name);
    if (placement) caf::anon_send(placement, hand_over_all{});
  }

  // The tree has not ended in time, so nobody has said farewell.
  void leave_cluster() {
    if (cluster_ == nullptr) return;
    auto told = std::make_shared<std::promise<void>>();
    run_on(scheduler_->thread(0), [&] { cluster_->leave([told] { told->set_value(); }); });
    told->get_future().wait_for(farewell_timeout);
  }

  void close_admin() {
    run_on(scheduler_->thread(0), [this] { admin_->close(); });
  }

  // Tells every I/O thread how an engine that is added is spoken to.
  caf::error describe(const config::engine_spec& engine) {
    if (engine.kind != config::engine_kind::openai) return {};
    const auto profile = profile_of(engine);
    if (!profile) return profile.error();
    on_fronts([at = engine_endpoint(engine.url), profile = *profile](node_front& front) {
      front.client().describe(at, profile);
    });
    return {};
  }

  // Reads keys and certificates again, and puts them to use unless one cannot be read.
  caf::error secure(const config::reloaded& read) {
    const auto elsewhere = engines_elsewhere(read.all, read.node);
    auto engines = renew_security(security_, read.node, elsewhere);
    if (!engines) return std::move(engines.error());
    on_fronts([engines = std::move(*engines)](node_front& front) {
      for (const auto& [at, profile] : engines) front.client().describe(at, profile);
    });
    return {};
  }

  std::string metrics_page() {
    return render_metrics({metrics_.get(), &process_metrics_, &*timer_metrics_, &cluster_metrics_});
  }

  void on_fronts(const std::function<void(node_front&)>& fn) {
    for (std::size_t i = 0; i < fronts_.size(); ++i) {
      scheduler_->thread(i).post([fn, front = fronts_[i].get()] { fn(*front); });
    }
  }

  // Engines take nothing new from other nodes, which know it from the proxies.
  void drain_engines() {
    drain_ = spawn_node_drain(
        *system_, {&names_, &live_, [this] { events_.notify(node_event::engines_drained); }});
  }

  void drain() {
    ending_ = "stopping";
    close_admin();
    if (cluster_ != nullptr) drain_engines();
    const auto count = [this] {
      return std::make_shared<std::atomic<std::size_t>>(fronts_.size());
    };
    on_fronts([this, open = count(), left = count()](node_front& front) {
      front.server().stop();
      if (--*open == 0) log::info("stopping: no new connections, requests under way are finished");
      front.server().on_drained([this, left] {
        if (--*left == 0) events_.notify(node_event::drained);
      });
    });
  }

  void abort_fronts() {
    on_fronts([](node_front& front) { front.server().abort(); });
  }

  void stop_actors() {
    caf::anon_send_exit(supervisor_, caf::exit_reason::user_shutdown);
    supervisor_ = nullptr;
    if (drain_) caf::anon_send_exit(drain_, caf::exit_reason::user_shutdown);
    drain_ = nullptr;
  }

  node_events events_;  // first: blocks signals for every thread that follows
  const config::node_spec& spec_;
  const node_options& options_;
  std::atomic<const char*> ending_{""};  // of node_front
  registry names_;
  node_security security_;
  std::shared_ptr<prometheus::Registry> metrics_;
  actors::stream_metrics stream_metrics_;
  process_metrics process_metrics_;
  std::optional<timer_metrics> timer_metrics_;
  cluster_metrics cluster_metrics_;
  live_settings live_;
  node_record record_;
  std::optional<node_resources> resources_;
  caf::actor_system_config config_;
  std::optional<caf::actor_system> system_;
  io_scheduler* scheduler_ = nullptr;
  std::vector<std::unique_ptr<node_front>> fronts_;
  std::optional<admin_front> admin_;
  std::unique_ptr<node_cluster> cluster_;
  supervisor_actor supervisor_;
  caf::actor drain_;
};

void configure_log(const config::node_spec& spec) {
  auto level = log::level::info;
  log::parse_level(spec.log.level, level);
  log::configure(level, spec.log.format == config::log_format::json, spec.name);
}

// As many descriptors as the system lets the process have: each client may need two.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) log::warn("the limit of open files stays as it is");
}

// Opens what the node listens on and starts its actors; says where it listens.
caf::error start(node& running, const config::node_spec& spec) {
  const auto port = running.open();
  if (!port) return port.error();
  const auto admin_port = running.open_admin();
  if (!admin_port) return admin_port.error();
  const auto link = running.open_cluster();
  if (!link) return link.error();
  running.start_actors();
  if (!spec.admin.address.empty()) {
    std::printf("admin on http://%s:%u\n", spec.admin.address.c_str(), *admin_port);
  }
  if (!link->empty()) std::printf("linked at %s\n", link->c_str());
  const bool sealed = !spec.endpoint.tls.certificate.empty();
  if (spec.has_router)
    std::printf("listening on %s://%s:%u\n", sealed ? "https" : "http",
                spec.endpoint.address.c_str(), *port);
  std::fflush(stdout);
  return {};
}

}  // namespace

int run_node(const config::node_spec& spec, const node_options& options) {
  configure_log(spec);
  raise_descriptor_limit();
  auto running = std::make_unique<node>(spec, options);
  if (const auto error = start(*running, spec)) {
    std::fprintf(stderr, "troupe: %s\n", failure_text(error).c_str());
    return 1;
  }
  auto code = running->run();
  // An engine that does not end must not keep us: the kernel ends it with us.
  if (code != 0) std::_Exit(code);
  running.reset();
  return code;
}

}  // namespace troupe::apps
