// A node with links on an I/O thread of its own, and what it was told, to wait for.
//
// Thread: the test's; waiting is for a condition, with a generous limit.
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/errc.hpp"
#include "transport/zmq/node_links.hpp"

namespace troupe::transport::zmq {

inline link_options quick_options() {
  link_options options;
  options.catalogue = {7, {"int", "string"}};
  options.heartbeat_interval = std::chrono::milliseconds{20};
  options.hello_interval = std::chrono::milliseconds{50};
  options.refused_interval = std::chrono::milliseconds{50};
  return options;
}

// Notes everything as a line of text, e.g. "linked b.1", "b.1 control hello".
class told final : public link_listener {
 public:
  void linked(const peer_link_ptr& peer) override { note("linked " + name(peer)); }

  void received(const peer_link_ptr& peer, lane where, std::string_view record,
                std::span<const shared_bytes> blobs) override {
    auto line = name(peer) + (where == lane::control ? " control " : " data ");
    line += record;
    for (const auto& blob : blobs) line += "+" + std::to_string(blob.size());
    note(line);
    std::lock_guard lock{mutex_};
    blobs_.insert(blobs_.end(), blobs.begin(), blobs.end());
  }

  void gap(const peer_link_ptr& peer, lane where) override {
    note("gap " + name(peer) + (where == lane::control ? " control" : " data"));
  }

  void ended(const peer_link_ptr& peer, const caf::error&) override { note("ended " + name(peer)); }

  void heard(const peer_link_ptr& peer) override { note("heard " + name(peer)); }
  void connected(const peer_link_ptr& peer) override { note("connected " + name(peer)); }
  void disconnected(const peer_link_ptr& peer) override { note("disconnected " + name(peer)); }
  void letter(std::string_view bytes) override { note("letter " + std::string{bytes}); }

  bool wait_until(const std::function<bool(const std::vector<std::string>&)>& holds) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, std::chrono::seconds{20}, [&] { return holds(lines_); });
  }

  bool wait_for(const std::string& line, std::ptrdiff_t times = 1) {
    const bool came = wait_until(
        [&](const auto& lines) { return std::count(lines.begin(), lines.end(), line) >= times; });
    EXPECT_TRUE(came) << "no \"" << line << "\" among:\n" << text();
    return came;
  }

  std::ptrdiff_t count(const std::string& line) const {
    std::lock_guard lock{mutex_};
    return std::count(lines_.begin(), lines_.end(), line);
  }

  // Returns the lines that begin so, in order.
  std::vector<std::string> beginning(const std::string& start) const {
    std::lock_guard lock{mutex_};
    std::vector<std::string> found;
    for (const auto& line : lines_) {
      if (line.starts_with(start)) found.push_back(line);
    }
    return found;
  }

  std::vector<shared_bytes> blobs() const {
    std::lock_guard lock{mutex_};
    return blobs_;
  }

 private:
  static std::string name(const peer_link_ptr& peer) {
    const auto& id = peer->node().id;
    return id.name + "." + std::to_string(id.incarnation);
  }

  void note(std::string line) {
    {
      std::lock_guard lock{mutex_};
      lines_.push_back(std::move(line));
    }
    changed_.notify_all();
  }

  std::string text() const {
    std::lock_guard lock{mutex_};
    std::string all;
    for (const auto& line : lines_) all += line.substr(0, 80) + "\n";
    return all;
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> lines_;
  std::vector<shared_bytes> blobs_;
};

class link_node {
 public:
  explicit link_node(node_id id, link_options options = quick_options(),
                     std::string endpoint = "tcp://127.0.0.1:0")
      : thread_{next_index()} {
    thread_.start();
    const node_description self{
        std::move(id), std::move(endpoint), {{"zone", "a"}}, {"router"}, 1, 3};
    auto opened = node_links::open(thread_, self, options, told_);
    // A port that was free may be somebody's source port for a moment.
    for (int tries = 0; !opened && tries < 1'000; ++tries) {
      std::this_thread::yield();
      opened = node_links::open(thread_, self, options, told_);
    }
    if (!opened) throw std::runtime_error{failure_text(opened.error())};
    links_ = std::move(*opened);
  }

  node_links& links() { return *links_; }
  told& heard() { return told_; }
  io_thread& thread() { return thread_; }
  const node_description& self() const { return links_->self(); }

  // Ends the node as a process ends: nothing is said to anybody.
  void stop() { links_.reset(); }

  // Runs a function on the node's thread and waits for it.
  void on_thread(const std::function<void()>& fn) {
    std::promise<void> done;
    thread_.post([&] {
      fn();
      done.set_value();
    });
    done.get_future().wait();
  }

 private:
  static std::size_t next_index() {
    static std::size_t index = 0;
    return index++ % 64;
  }

  told told_;
  io_thread thread_;
  std::unique_ptr<node_links> links_;
};

// Links the first to the second and waits until both know of it.
inline peer_link_ptr link(link_node& from, link_node& to) {
  auto peer = from.links().reach(to.self());
  if (!peer) throw std::runtime_error{"no link"};
  const auto name = [](const node_id& id) {
    return "linked " + id.name + "." + std::to_string(id.incarnation);
  };
  from.heard().wait_for(name(to.self().id));
  to.heard().wait_for(name(from.self().id));
  return peer;
}

}  // namespace troupe::transport::zmq
