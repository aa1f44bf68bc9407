#include <future>
#include <string>
#include <utility>

#include <sys/resource.h>
#include <unistd.h>
#include <caf/actor_cast.hpp>
#include <caf/event_based_actor.hpp>

#include "bench/messages/bench_node.hpp"
#include "bench/messages/crowd.hpp"
#include "bench/messages/load_actors.hpp"
#include "transport/links/node_messages.hpp"

namespace troupe::bench {

namespace {

const caf::duration request_timeout{std::chrono::seconds{20}};

std::string name_of(std::size_t actor) {
  return "load" + std::to_string(actor);
}

// Works for as many microseconds as it is told.
caf::behavior slow_server(caf::event_based_actor*) {
  return {[](std::uint64_t us) {
    for (const auto until = now() + std::chrono::microseconds{us}; now() < until;) continue;
    return us;
  }};
}

// Finds actors by their names, one after the other; then `begin` is called with them.
class finder {
 public:
  using found = std::function<void(std::vector<caf::actor>)>;

  finder(caf::event_based_actor* self, caf::actor there, std::vector<std::string> names,
         found begin)
      : self_{self}, there_{std::move(there)}, names_{std::move(names)}, begin_{std::move(begin)} {}

  void next() {
    if (actors_.size() == names_.size()) return begin_(std::move(actors_));
    self_->request(there_, request_timeout, transport::get_actor{names_[actors_.size()]})
        .then(
            [this](const caf::strong_actor_ptr& actor) {
              actors_.push_back(caf::actor_cast<caf::actor>(actor));
              next();
            },
            give_up);
  }

 private:
  caf::event_based_actor* self_;
  caf::actor there_;
  std::vector<std::string> names_;
  std::vector<caf::actor> actors_;
  found begin_;
};

// Asks the actors in turn.
class asker {
 public:
  asker(caf::event_based_actor* self, const crowd_load& load, std::function<void(crowd_result)> end)
      : self_{self}, load_{load}, clock_{load}, end_{std::move(end)} {}

  void begin(std::vector<caf::actor> actors) {
    actors_ = std::move(actors);
    clock_ = crowd_clock{load_};
    for (std::size_t i = 0; i < load_.in_flight; ++i) ask();
  }

 private:
  void ask() {
    self_->request(actors_[next_++ % actors_.size()], request_timeout, payload_)
        .then([this, asked = now()](const std::string&) { answered(asked); }, give_up);
  }

  void answered(time_point asked) {
    if (clock_.done(asked)) return ask();
    if (++ended_ == load_.in_flight) end_(clock_.result());
  }

  caf::event_based_actor* self_;
  crowd_load load_;
  crowd_clock clock_;
  std::function<void(crowd_result)> end_;
  std::vector<caf::actor> actors_;
  std::string payload_ = std::string(64, 'x');
  std::size_t next_ = 0;
  std::size_t ended_ = 0;
};

double processor_ms() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto ms = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_usec) / 1e3;
  };
  return ms(used.ru_utime) + ms(used.ru_stime);
}

// Says what its process uses, from when what came before is settled.
caf::behavior idler(caf::event_based_actor* self, std::promise<double>* result) {
  constexpr std::chrono::milliseconds settled{500}, watched{2'000};
  self->delayed_send(self, settled, std::uint64_t{0});
  return {[self, result, watched](std::uint64_t) {
    self->delayed_send(self, watched, std::string{});
    self->become([result, began = now(), before = processor_ms()](const std::string&) {
      const std::chrono::duration<double> took = now() - began;
      result->set_value((processor_ms() - before) / took.count());
    });
  }};
}

// Spawns an actor that finds others and begins.
void find(bench_node& node, std::uint16_t port, std::vector<std::string> names,
          std::function<finder::found(caf::event_based_actor*)> begin) {
  const auto there = node.server_at(port);
  node.system.spawn([=](caf::event_based_actor* self) -> caf::behavior {
    const auto state = std::make_shared<finder>(self, there, names, begin(self));
    state->next();
    return {[state](std::uint64_t) {}};
  });
}

}  // namespace

void serve_crowd(std::size_t actors, const std::function<void(std::uint16_t)>& listening) {
  bench_node node{"server"};
  for (std::size_t i = 0; i < actors; ++i) {
    node.names.put(name_of(i), node.system.spawn(load_server));
  }
  node.names.put("slow", node.system.spawn(slow_server));
  listening(node.port());
  while (true) pause();
}

crowd_result ask_crowd(std::uint16_t port, std::size_t peer, const crowd_load& load) {
  auto& node = *new bench_node{"client" + std::to_string(peer)};  // its actors end with the process
  std::promise<crowd_result> result;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < load.actors; ++i) names.push_back(name_of(i));
  find(node, port, names, [&](caf::event_based_actor* self) {
    const auto state = std::make_shared<asker>(
        self, load, [&result](const crowd_result& got) { result.set_value(got); });
    return [state](std::vector<caf::actor> actors) { state->begin(std::move(actors)); };
  });
  return result.get_future().get();
}

void ask_slow(std::uint16_t port, const crowd_load& load, std::chrono::microseconds takes,
              const std::function<void(const crowd_result&)>& got) {
  bench_node node{"slow"};
  const auto us = static_cast<std::uint64_t>(takes.count());
  find(node, port, {"slow"}, [=](caf::event_based_actor* self) {
    return [=](std::vector<caf::actor> actors) {
      const auto clock = std::make_shared<crowd_clock>(load);
      const auto is_measured = std::make_shared<bool>(true);
      const auto ask = std::make_shared<std::function<void()>>();
      *ask = [=] {
        self->request(actors[0], request_timeout, us)
            .then(
                [=, asked = now()](std::uint64_t) {
                  if (!clock->done(asked) && std::exchange(*is_measured, false)) {
                    got(clock->result());
                  }
                  (*ask)();
                },
                give_up);
      };
      for (std::size_t i = 0; i < load.in_flight; ++i) (*ask)();
    };
  });
  while (true) pause();
}

double idle_cost(std::uint16_t port) {
  auto& node = *new bench_node{"idle"};
  std::promise<double> result;
  find(node, port, {name_of(0)}, [&result](caf::event_based_actor* self) {
    return [self, &result](const std::vector<caf::actor>&) { self->spawn(idler, &result); };
  });
  return result.get_future().get();
}

}  // namespace troupe::bench
