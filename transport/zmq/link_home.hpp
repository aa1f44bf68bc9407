// What serves a node's links on their home thread: hellos and their answers, connections, beats.
//
// Thread: the home thread, but for what says any.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "transport/zmq/letter_boxes.hpp"
#include "transport/zmq/link_intake.hpp"
#include "transport/zmq/link_table.hpp"
#include "transport/zmq/refusal_log.hpp"

namespace troupe::transport::zmq {

class link_home final : public link_intake::owner, public std::enable_shared_from_this<link_home> {
 public:
  // Binds the ROUTER. Any thread. Errors: io_error, invalid_config.
  static caf::expected<std::shared_ptr<link_home>> open(io_thread& home, node_description self,
                                                        link_options options,
                                                        link_listener& listener);

  void start();

  // Closes all sockets; the listener hears nothing more.
  void close();

  // Any thread.
  const node_description& self() const { return hello_.node; }
  link_table::found reach(const node_description& node);
  void send_letter(const std::string& endpoint, std::string_view bytes);
  void end(const node_id& node, const caf::error& reason);
  std::vector<link_status> status() const;
  const link_counts& counts() const { return counts_; }

 private:
  // Of what comes over one connection of ours as long as it lives.
  static constexpr unread_budget::bounds answers_max{.connection_bytes_max = 1024 * 1024,
                                                     .total_bytes_max = 128 * 1024 * 1024};

  struct bound;
  link_home(io_thread& home, link_options options, link_listener& listener, bound opened);

  // link_intake::owner
  link_intake::answer said_hello(const link_hello& theirs) override;
  void refused_hello(const link_refusal& refusal, const std::string& peer) override;
  void refused_connection(connection_flaw flaw, const std::string& address) override;

  void begin(const zmq_link_ptr& link);
  void finish(const zmq_link_ptr& link, const caf::error& reason);
  void finish_later(zmq_link_ptr link, caf::error reason);
  void finish_all();

  bool read_connections(const std::weak_ptr<zmq_link>& weak);
  void read_data_connection(const zmq_link_ptr& link);
  void take_event(const zmq_link_ptr& link, connection_change change);
  void greet(const zmq_link_ptr& link);
  void describe(const zmq_link_ptr& link, const node_description& node);

  void take_answers(const node_id& node);
  void take_answer(const zmq_link_ptr& link, std::string_view frame);
  void welcomed(const zmq_link_ptr& link, std::uint64_t token, const node_description& node);
  void refused(const zmq_link_ptr& link, const link_refusal& refusal);
  void look_for_endless_messages();
  void beat();

  io_thread& home_;
  const link_options options_;
  link_listener& listener_;
  link_hello hello_;
  std::string hello_frame_;
  link_counts counts_;
  std::unique_ptr<message_context> context_;  // outlives the sockets below
  link_table table_;
  letter_boxes letters_;
  connection_guard answers_guard_{answers_max};
  link_intake intake_;
  refusal_log log_;
  std::unique_ptr<steady_beat> beat_;
  unsigned beats_ = 0;
  bool is_closed_ = false;

  std::mutex ending_mutex_;
  std::vector<std::pair<zmq_link_ptr, caf::error>> ending_;  // the listener is still to be told
};

}  // namespace troupe::transport::zmq
