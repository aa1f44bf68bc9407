#include "runtime/io_scheduler.hpp"

#include <algorithm>

#include <caf/actor_system.hpp>
#include <caf/settings.hpp>

#include "runtime/assert.hpp"
#include "runtime/io_unit.hpp"
#include "runtime/log.hpp"

namespace troupe {

namespace {

constexpr char threads_key[] = "troupe.io-threads";  // an array: all that CAF takes under clang
constexpr std::chrono::milliseconds stop_limit{2'000};

std::vector<std::unique_ptr<io_thread>> make_threads(const caf::actor_system_config& config) {
  const auto count = caf::get_or(config, threads_key, caf::config_value::integer{1});
  std::vector<std::unique_ptr<io_thread>> threads;
  for (caf::config_value::integer i = 0; i < std::max<caf::config_value::integer>(count, 1); ++i) {
    threads.push_back(std::make_unique<io_thread>(static_cast<std::size_t>(i)));
  }
  return threads;
}

}  // namespace

io_scheduler::io_scheduler(caf::actor_system& system)
    : abstract_coordinator{system}, threads_{make_threads(system.config())}, clock_{threads_} {
  for (auto& thread : threads_) {
    units_.push_back(std::make_unique<io_unit>(
        io_unit::parts{.system = system, .thread = *thread, .clock = clock_, .budget = {}}));
    thread->attach(units_.back().get());
  }
}

io_scheduler::~io_scheduler() {
  // Handlers that never ran hold actors, and whoever lets go of the last reference to an actor
  // needs clock and units: so the contexts go while all of this object is still there.
  release_leftovers();
  clock_.release();
  for (auto& thread : threads_) thread.reset();
  release_leftovers();
}

io_thread& io_scheduler::thread(std::size_t index) {
  TROUPE_ASSERT(index < threads_.size());
  return *threads_[index];
}

io_thread* io_scheduler::current() const {
  auto* thread = io_thread::current();
  if (thread == nullptr || thread->index() >= threads_.size()) return nullptr;
  return threads_[thread->index()].get() == thread ? thread : nullptr;
}

io_scheduler* io_scheduler::of(caf::actor_system& system) {
  return dynamic_cast<io_scheduler*>(&system.scheduler());
}

caf::actor_system::module* io_scheduler::make(caf::actor_system& system, caf::detail::type_list<>) {
  return new io_scheduler{system};
}

void io_scheduler::init(caf::actor_system_config& config) {
  abstract_coordinator::init(config);
  num_workers_ = threads_.size();
  max_throughput_ = drain_budget{}.messages_per_resume_max;
}

void io_scheduler::start() {
  abstract_coordinator::start();
  for (auto& thread : threads_) thread->start();
}

void io_scheduler::stop() {
  stop_actors();  // the printer, which has a thread of its own
  clock_.close();
  for (auto& thread : threads_) {
    thread->post([this, index = thread->index()] { clock_.cancel_kernel_timer(index); });
    thread->finish();
  }
  join_threads();
  release_leftovers();
}

void io_scheduler::join_threads() {
  for (auto& thread : threads_) {
    if (!thread->join_for(stop_limit)) {
      log::warn("I/O thread has work left at shutdown: stopped", {{"thread", thread->index()}});
      thread->abort();
      thread->join_for(std::chrono::hours{1});  // only a handler that never returns gets here
    }
    units_[thread->index()]->close();
  }
}

void io_scheduler::release_leftovers() {
  for (bool again = true; again;) {
    again = false;
    for (auto& unit : units_) again |= unit->release_leftovers();
  }
}

void io_scheduler::enqueue(caf::resumable* job) {
  auto* thread = current();
  const auto index =
      thread != nullptr ? thread->index() : next_worker_.fetch_add(1) % threads_.size();
  units_[index]->exec_later(job);
}

void load_io_scheduler(caf::actor_system_config& config, std::size_t threads) {
  caf::put(config.content, threads_key, static_cast<caf::config_value::integer>(threads));
  config.load<io_scheduler>();
}

}  // namespace troupe
