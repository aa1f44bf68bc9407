// A TCP relay before an endpoint that swallows what it is given, and cuts its connections.
//
// Thread: its own; the rest from the test's.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/transport/http/loop.hpp"

namespace troupe::transport::zmq {

class cut_wire {
 public:
  explicit cut_wire(const std::string& endpoint)
      : port_{static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1)))},
        thread_{[this] { relay(); }} {}

  ~cut_wire() {
    is_ending_ = true;
    thread_.join();
  }

  std::string endpoint() const { return "tcp://127.0.0.1:" + std::to_string(listener_.port()); }

  // From now on nothing goes through, until the connections are cut.
  void swallow() { is_swallowing_ = true; }

  bool wait_until_swallowed(std::string_view text) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, std::chrono::seconds{20},
                             [&] { return swallowed_.find(text) != std::string::npos; });
  }

  // Cuts all connections, or those of which such bytes were swallowed; later ones go through.
  void cut(std::string_view swallowed = {}) {
    {
      std::lock_guard lock{mutex_};
      cut_with_ = swallowed;
    }
    is_cut_ = true;
  }

 private:
  struct pair {
    http::raw_socket client;
    http::raw_socket server;
    std::string swallowed{};
  };

  void relay() {
    while (!is_ending_) {
      http::raw_socket accepted;
      if (listener_.accept(accepted)) {
        pairs_.push_back({std::move(accepted), http::raw_socket::connect(port_)});
      }
      if (is_cut_.exchange(false)) {
        cut_now();
        is_swallowing_ = false;
      }
      for (auto& one : pairs_) {
        pass(one.client, one.server, one.swallowed);
        pass(one.server, one.client, one.swallowed);
      }
      std::this_thread::yield();
    }
  }

  void cut_now() {
    std::lock_guard lock{mutex_};
    std::erase_if(pairs_, [this](const pair& one) {
      return one.swallowed.find(cut_with_) != std::string::npos;
    });
  }

  void pass(http::raw_socket& from, http::raw_socket& to, std::string& swallowed) {
    from.receive();
    if (from.received().empty()) return;
    if (is_swallowing_) {
      std::lock_guard lock{mutex_};
      swallowed_ += from.received();
      swallowed += from.received();
      changed_.notify_all();
    } else {
      to.send(from.received());
    }
    from.clear();
  }

  const std::uint16_t port_;
  http::raw_listener listener_;
  std::vector<pair> pairs_;
  std::atomic<bool> is_ending_{false};
  std::atomic<bool> is_swallowing_{false};
  std::atomic<bool> is_cut_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string swallowed_;
  std::string cut_with_;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace troupe::transport::zmq
