// One lane to a peer: a DEALER, the batch that is being filled, and what waits to be sent.
//
// Thread: any, but for what says otherwise. The batch is under a mutex; the socket is used by
// whoever raises `sending_`, and who finds it raised leaves its frames to the one that did.
// Bounds: `bytes_max` bytes that ZeroMQ has not sent yet, one record more where nothing waits.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "runtime/shared_bytes.hpp"
#include "runtime/turn_member.hpp"
#include "transport/links/links.hpp"
#include "transport/zmq/message_socket.hpp"

namespace troupe::transport::zmq {

class link_lane final : public turn_member, public std::enable_shared_from_this<link_lane> {
 public:
  struct settings {
    lane where = lane::control;
    std::string endpoint{};
    std::size_t bytes_max = 0;
    std::size_t answers_max = 16;         // that wait to be taken
    std::function<void()> has_answers{};  // called by the thread that read them
  };

  struct sockets {
    message_socket connections;  // what becomes of the other's
    message_socket dealer;
  };

  link_lane(sockets opened, settings s);

  // Appends a record; it goes at the end of the caller's turn, or now from other threads.
  send_result append(std::string_view record, std::span<const shared_bytes> blobs);

  // Lets records go, with the token that the peer has granted.
  void open(std::uint64_t token);

  // Sends a frame of its own ahead of what waits; false where frames of its kind that were not
  // sent yet already hold so many bytes.
  bool say(std::string frame, std::size_t bytes_max);

  // Tells whether such frames wait to be sent.
  bool says_something() const { return spoken_bytes_->load(std::memory_order_relaxed) != 0; }

  // Sends a heartbeat if nothing went since the call before the last; called at a steady pace. The
  // data lane says once that nothing more has come, and then only now and then that it is there.
  void beat();

  // There is a new connection: what went over the one before may be lost, which a heartbeat shows.
  void connected();

  // Connects again where ZeroMQ has given up: it does so for good when whoever is at the endpoint
  // does not speak its protocol, or another mechanism of it. Called now and then.
  void mend();

  // Reads the peer's answers, here or by the thread that is sending.
  void read_answers();
  std::vector<std::string> take_answers();

  // Takes what became of the connection, one change after the other. The home thread only.
  std::optional<connection_event> take_event();
  int events_descriptor() const { return connections_->descriptor(); }

  // Ends it: nothing more is taken, and what waits is dropped, or sent in the background where that
  // takes no longer than `farewell`. Waits for a thread that is sending. The
  // home thread only.
  void close(std::chrono::milliseconds farewell = {});

  std::size_t queued_bytes() const { return queued_->load(std::memory_order_relaxed); }
  std::uint64_t records() const { return records_.load(std::memory_order_relaxed); }

  void turn_ended() override;

 private:
  using byte_count = std::shared_ptr<std::atomic<std::size_t>>;
  struct batch;
  struct spoken;

  bool takes(std::size_t bytes) const;
  // Adds a record to the open batch; true where that filled it.
  bool put(std::string_view record, std::span<const shared_bytes> blobs, std::size_t bytes);
  void seal();
  void flush_soon();
  void flush();
  void send_waiting();
  using batches = std::vector<std::shared_ptr<batch>>;

  void mend_now();
  void send_all(batches ready, std::uint64_t token);
  bool send(const std::shared_ptr<batch>& one, std::uint64_t token);
  void send_heartbeat(std::uint64_t token);
  void drain_answers();

  const settings settings_;
  const byte_count queued_ = std::make_shared<std::atomic<std::size_t>>(0);
  const byte_count spoken_bytes_ = std::make_shared<std::atomic<std::size_t>>(0);
  std::atomic<std::uint64_t> records_{0};

  std::mutex mutex_;  // of what follows
  std::shared_ptr<batch> open_;
  std::vector<std::shared_ptr<batch>> sealed_;
  std::vector<std::shared_ptr<spoken>> said_;
  std::vector<std::string> answers_;
  std::size_t usual_bytes_ = 0;  // of a batch
  std::uint64_t token_ = 0;
  bool is_open_ = false;
  bool is_closed_ = false;

  std::atomic<std::uint64_t> turns_{0};  // I/O threads, by index, that flush at the end of theirs
  std::atomic<bool> dirty_{false};
  std::atomic<bool> sending_{false};
  std::atomic<bool> read_wanted_{false};
  std::atomic<bool> beat_wanted_{false};
  std::atomic<bool> mend_wanted_{false};
  std::atomic<unsigned> quiet_beats_{0};
  std::atomic<bool> is_settled_{false};  // a heartbeat has followed what went last

  std::optional<message_socket> connections_;  // of the home thread; goes after socket_

  // Of whoever raised sending_.
  message_socket socket_;
  bool has_socket_ = true;
  bool is_lost_ = false;  // ZeroMQ has given the connection up: batches wait until it is mended
  std::uint64_t sequence_ = 0;
};

}  // namespace troupe::transport::zmq
