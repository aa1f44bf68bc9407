#include "tests/simulation/cluster/sim_node.hpp"

#include <algorithm>
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
      self_{description(incarnation)},
      system_{std::make_unique<caf::actor_system>(config_)} {
  coordinator().clock().current_time = parts_.network.world.events.now();
  tree_ = std::make_unique<sim_tree>(
      sim_tree::parts{
          *system_, parts_.network.world, parts_.engines, names_, parts_.without,
          apps::member_child(nullptr, lives_), [this](const caf::actor& who) { follow(who); },
          [this] { return is_leaving_; }, [this](apps::node_event what) { ending_.notify(what); }},
      plan_.tree, self_);
  asker_ = spawn_sim_asker(*system_, {plan_.name, &names_, &parts_.network.world, &asked_});
  start_clients(incarnation * 1'000'000);
}

sim_node::~sim_node() {
  *lives_ = nullptr;
  if (life_) life_->kill();
  tree_->kill();
  caf::anon_send_exit(asker_, caf::exit_reason::kill);
  follower_ = asker_ = nullptr;
  end_clients();
  life_.reset();
  for (const auto& name : names_.names()) names_.erase(name);
  run_jobs();
}

void sim_node::start_clients(std::uint64_t first_request) {
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
        number, first_request));
  }
}

void sim_node::end_clients() {
  for (const auto& each : clients_) each->node_died();
  for (const auto& each : streams()) caf::anon_send_exit(each, caf::exit_reason::kill);
  run_jobs();
  clients_.clear();
  streams_.reset();
}

// In an order that no address decides.
std::vector<actors::stream_actor> sim_node::streams() const {
  std::vector<actors::stream_actor> all;
  if (!streams_) return all;
  for (auto* each : streams_->streams) all.emplace_back(each);
  std::ranges::sort(all, {}, [](const auto& each) { return each.id(); });
  return all;
}

std::shared_ptr<transport::http::exchange> sim_node::ask_engine(
    const transport::http::endpoint& to, const transport::http::request& message,
    const std::string& body, transport::http::exchange_handler& handler) {
  const auto key = key_of(message.fields.find("x-request-id"));
  const auto client = std::ranges::find(clients_, key, [](const auto& c) { return c->key(); });
  if (client == clients_.end()) parts_.book.broken(key, "is nobody's");
  if (parts_.book.began_at(key) > tree_->router_since()) served_under_ = tree_->router_since();
  const bool whole = body.find(R"("stream":false)") != std::string::npos;
  return parts_.engines.ask({to.host, to.port}, whole,
                            {key, plan_.name, (*client)->session(), &handler});
}

// Whether its router has routed a request, and so has heard of an engine.
bool sim_node::knows_model() const {
  return served_under_ == tree_->router_since();
}

node_description sim_node::description(std::uint64_t incarnation) const {
  node_description self;
  self.id = {plan_.name, incarnation};
  self.endpoint = endpoint_of(plan_.name);
  self.roles.emplace_back(plan_.tree.has_router ? "router" : "engine");
  return self;
}

caf::expected<apps::life_actors> sim_node::begin_life() {
  ++self_.id.incarnation;
  life_ = std::make_unique<sim_life>(
      sim_life::parts{*system_, parts_.network, names_, parts_.catalogue, parts_.without}, self_,
      plan_.seeds);
  if (is_leaving_) announce_leave();
  if (follower_) tell_life();
  return apps::life_actors{life_->membership(), life_->supervisor()};
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
  do {
    while (actors_due() <= now) {  // set meanwhile, for at once
      coordinator().advance_time({});
      run_jobs();
    }
    notice_drained();
  } while (run_ending(now));
}

bool sim_node::run_ending(time_point now) {
  if (!ending_.go_on(now)) return false;
  run_jobs();
  return true;
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
  return std::min(actors_due(), ending_.due());
}

time_point sim_node::actors_due() {
  const auto& due = coordinator().clock().schedule();
  return due.empty() ? time_point::max() : due.begin()->first;
}

// ---- what is done to it ------------------------------------------------------------------------

std::optional<std::uint64_t> sim_node::begin_request(std::size_t client, bool whole) {
  auto& it = *clients_.at(client);
  if (!is_open_ || !it.ask(whole)) return std::nullopt;
  return it.key().number;
}

// A request waits in its router no longer than it may, and no answer takes longer than the
// endpoint allows.
request_book::bounds sim_node::bounds() {
  constexpr std::chrono::milliseconds slack{100};
  return {answer_timeout + slack, sim_tree::queue_timeout + slack};
}

// ---- its orderly end ---------------------------------------------------------------------------

void sim_node::tell_to_stop() {
  parts_.watch.told_to_leave(plan_.name);
  ending_.told_to_stop(stop_timeout, parts_.network.world.events.now());
}

void sim_node::announce_leave() {
  if (parts_.without.unannounced) return;
  caf::anon_send(life_->membership(), transport::announce_leave{});
}

void sim_node::carry_out(apps::ending_step step) {
  using apps::ending_step;
  parts_.network.world.note(plan_.name + " leaves: " + word(step));
  switch (step) {
    case ending_step::hand_over:
      is_leaving_ = true;
      if (life_) announce_leave();
      return tree_->hand_over();
    case ending_step::handover_late:
      return parts_.watch.gives_up_successors(plan_.name);
    case ending_step::drain:
      is_open_ = false;
      waits_for_clients_ = true;
      parts_.watch.drains(plan_.name);
      return tree_->drain_engines();
    case ending_step::end_requests:
      parts_.watch.gives_up_requests(plan_.name);
      for (const auto& each : streams()) caf::anon_send(each, actors::stop_request{});
      return;
    case ending_step::close_abruptly:
      for (const auto& each : clients_) each->cut_off();
      return;
    case ending_step::stop_actors:
      return tree_->stop();
    case ending_step::give_up_on_tree:
      if (life_) caf::anon_send(life_->membership(), transport::leave_cluster{});
      return;
  }
}

void sim_node::notice_drained() {
  if (!waits_for_clients_ || std::ranges::any_of(clients_, &sim_client::waits)) return;
  waits_for_clients_ = false;
  ending_.notify(apps::node_event::drained);
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
  if (!life_) return std::nullopt;
  return ask_for<transport::member_status>(life_->membership(), transport::get_members{});
}

}  // namespace troupe::simulation
