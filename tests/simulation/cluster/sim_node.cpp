#include "tests/simulation/cluster/sim_node.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include "actors/names.hpp"
#include "actors/stream/stream.hpp"
#include "apps/node_placement.hpp"

namespace troupe::simulation {

sim_node::system_config::system_config() {
  set("scheduler.policy", caf::atom("testing"));
  add_message_types<caf::id_block::troupe>();
}

sim_node::sim_node(parts p, const sim_node_plan& plan, std::uint64_t incarnation)
    : parts_{p},
      plan_{plan},
      incarnation_{incarnation},
      system_{std::make_unique<caf::actor_system>(config_)} {
  coordinator().clock().current_time = parts_.network.world.events.now();
  tree_ = std::make_unique<sim_tree>(
      sim_tree::parts{*system_, parts_.network.world, parts_.engines, names_, parts_.without,
                      [this](const caf::actor& who) { follow(who); }},
      plan_.tree, description());
  asker_ = spawn_sim_asker(*system_, {plan_.name, &names_, &parts_.network.world, &asked_});
  start_clients();
  begin_life();
}

sim_node::~sim_node() {
  *alive_ = false;
  life_->kill();
  tree_->kill();
  caf::anon_send_exit(asker_, caf::exit_reason::kill);
  follower_ = asker_ = nullptr;
  end_clients();
  life_.reset();
  for (const auto& name : names_.names()) names_.erase(name);
  run_jobs();
}

void sim_node::start_clients() {
  if (plan_.clients.empty()) return;
  stream_metrics_ = std::make_unique<actors::stream_metrics>(*metrics_);
  streams_ = std::make_unique<actors::stream_context>(actors::stream_context{
      [this](const transport::http::endpoint& to, const transport::http::request& message,
             const std::shared_ptr<const std::string>& body,
             transport::http::exchange_handler& handler) {
        return ask_engine(to, message, *body, handler);
      },
      spec_, names_, *stream_metrics_, actors::prompt_reader{{}},
      cached_handle<actors::router_actor>{names_, actors::router_name},
      [] { return std::string{}; }, [] { return std::string_view{}; }});
  for (const auto number : plan_.clients) {
    clients_.push_back(std::make_unique<sim_client>(
        sim_client::parts{*system_, *streams_, parts_.book, [this] { return knows_model(); }},
        number, incarnation_ * 1'000'000));
  }
}

void sim_node::end_clients() {
  for (const auto& each : clients_) each->node_died();
  // In an order that no address decides.
  std::map<caf::actor_id, actors::stream_actor> streams;
  if (streams_) {
    for (auto* each : streams_->streams) streams.emplace(each->id(), each);
  }
  for (const auto& [id, stream] : streams) caf::anon_send_exit(stream, caf::exit_reason::kill);
  streams.clear();
  run_jobs();
  clients_.clear();
  streams_.reset();
}

std::shared_ptr<transport::http::exchange> sim_node::ask_engine(
    const transport::http::endpoint& to, const transport::http::request& message,
    const std::string& body, transport::http::exchange_handler& handler) {
  const auto key = key_of(message.fields.find("x-request-id"));
  const auto client = std::ranges::find(clients_, key, [](const auto& c) { return c->key(); });
  if (client == clients_.end()) parts_.book.broken(key, "is nobody's");
  if (parts_.book.begun_at(key) > tree_->router_since()) served_under_ = tree_->router_since();
  const bool whole = body.find(R"("stream":false)") != std::string::npos;
  return parts_.engines.ask({to.host, to.port}, whole,
                            {key, life_->self(), (*client)->session(), &handler});
}

// Whether its router has routed a request, and so has heard of an engine.
bool sim_node::knows_model() const {
  return served_under_ == tree_->router_since();
}

node_description sim_node::description() const {
  node_description self;
  self.id = {plan_.name, incarnation_};
  self.endpoint = endpoint();
  self.roles.emplace_back(plan_.tree.has_router ? "router" : "engine");
  return self;
}

void sim_node::begin_life() {
  // Called by an actor, in the middle of what is to end: so later.
  auto fenced = [this, alive = alive_] {
    parts_.network.world.events.at({}, [this, alive] {
      if (!*alive) return;
      life_.reset();
      run_jobs();
      ++incarnation_;
      begin_life();
    });
  };
  life_ = std::make_unique<sim_life>(
      sim_life::parts{*system_, parts_.network, names_, parts_.catalogue, parts_.without},
      description(), plan_.seeds, std::move(fenced));
  if (follower_) tell_life();
}

void sim_node::follow(const caf::actor& who) {
  follower_ = who;
  if (life_) tell_life();
}

void sim_node::tell_life() {
  caf::anon_send(follower_, apps::cluster_life{self()});
  if (parts_.without.deaf_placement) return;
  caf::anon_send(life_->membership(), transport::follow_nodes{follower_});
}

// ---- time --------------------------------------------------------------------------------------

void sim_node::run(time_point now) {
  auto& clock = coordinator().clock();
  if (now > clock.now()) coordinator().advance_time(now - clock.now());
  run_jobs();
  while (next_timer() <= now) {  // set meanwhile, for at once
    coordinator().advance_time({});
    run_jobs();
  }
}

void sim_node::run_jobs() {
  auto& jobs = coordinator().jobs;
  while (!jobs.empty()) {
    if (jobs.size() > 1) {
      std::swap(jobs.front(), jobs[parts_.network.world.random.below(jobs.size())]);
    }
    coordinator().run_once();
  }
}

time_point sim_node::next_timer() {
  const auto& due = coordinator().clock().schedule();
  return due.empty() ? time_point::max() : due.begin()->first;
}

// ---- what is done to it ------------------------------------------------------------------------

std::optional<std::uint64_t> sim_node::begin_request(std::size_t client, bool whole) {
  auto& it = *clients_.at(client);
  if (!it.ask(whole)) return std::nullopt;
  return it.key().number;
}

// A request waits in its router no longer than it may, and no answer takes longer than the
// endpoint allows.
request_book::bounds sim_node::bounds() {
  constexpr std::chrono::milliseconds slack{100};
  return {answer_timeout + slack, sim_tree::queue_timeout + slack};
}

void sim_node::stop() {
  caf::anon_send(life_->membership(), transport::announce_leave{});
  tree_->stop([this, alive = alive_] {
    if (*alive) caf::anon_send(life_->membership(), transport::leave_cluster{});
  });
}

// ---- what it knows -----------------------------------------------------------------------------

template <class T, class Message>
std::optional<T> sim_node::ask_for(const caf::actor& whom, Message message) {
  const auto got = std::make_shared<std::optional<T>>();
  system_->spawn([whom, message, got](caf::event_based_actor* self) {
    self->send(whom, message);
    self->become([self, got](const T& answer) {
      *got = answer;
      self->quit();
    });
  });
  run_jobs();
  return *got;
}

std::optional<actors::model_listing> sim_node::routed() {
  const auto router = names_.find_as<caf::actor>(actors::router_name);
  if (!router) return std::nullopt;
  return ask_for<actors::model_listing>(router, actors::get_models{});
}

std::optional<transport::member_status> sim_node::members() {
  return ask_for<transport::member_status>(life_->membership(), transport::get_members{});
}

}  // namespace troupe::simulation
