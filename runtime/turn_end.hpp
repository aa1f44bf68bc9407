// What a loop does at the end of a turn: behind the handlers of everything that was ready.
//
// What is sent goes then, for a write wakes its peer, and peers written to together wake less
// often. Works in handlers and in actors that run behind them. Thread: that of the io_context.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "runtime/turn_member.hpp"

namespace troupe {

class turn_end final : public boost::asio::io_context::service {
 public:
  using member = turn_member;

  static inline boost::asio::io_context::id id;

  explicit turn_end(boost::asio::io_context& context)
      : boost::asio::io_context::service{context}, context_{context} {}

  // Calls the member once, at the end of this turn, or now with the others where they are many: a
  // turn in which thousands have something to say would make the first wait.
  void add(std::shared_ptr<member> one) {
    members_.push_back(std::move(one));
    if (members_.size() == 1) boost::asio::post(context_, [this] { tell_all(); });
    if (members_.size() == members_max) tell_all();
  }

 private:
  static constexpr std::size_t members_max = 64;

  void shutdown() override { members_.clear(); }

  void tell_all() {
    told_.swap(members_);
    for (const auto& each : told_) each->turn_ended();
    told_.clear();
  }

  boost::asio::io_context& context_;
  std::vector<std::shared_ptr<member>> members_, told_;
};

}  // namespace troupe
