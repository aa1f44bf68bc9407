#include "transport/zmq/link_lane.hpp"

#include <algorithm>
#include <iterator>
#include <thread>
#include <utility>

#include "runtime/io_thread.hpp"
#include "transport/zmq/link_frame.hpp"

namespace troupe::transport::zmq {

// Held by ZeroMQ until the last of its frames is sent: then its bytes no longer wait.
struct link_lane::batch {
  explicit batch(byte_count of) : queued{std::move(of)} {}
  ~batch() { queued->fetch_sub(counted, std::memory_order_relaxed); }
  batch(const batch&) = delete;
  batch& operator=(const batch&) = delete;

  byte_count queued;
  std::size_t counted = 0;
  std::string bytes = std::string(frame_limits::header_bytes, '\0');
  std::vector<shared_bytes> blobs;
};

struct link_lane::spoken {
  spoken(byte_count of, std::string frame) : count{std::move(of)}, bytes{std::move(frame)} {
    count->fetch_add(bytes.size(), std::memory_order_relaxed);
  }
  ~spoken() { count->fetch_sub(bytes.size(), std::memory_order_relaxed); }
  spoken(const spoken&) = delete;
  spoken& operator=(const spoken&) = delete;

  byte_count count;
  std::string bytes;
};

namespace {

std::size_t bytes_of(std::span<const shared_bytes> blobs) {
  std::size_t bytes = 0;
  for (const auto& blob : blobs) bytes += blob.size();
  return bytes;
}

std::size_t bytes_of(std::string_view record, std::span<const shared_bytes> blobs) {
  return frame_limits::record_header_bytes + record.size() + bytes_of(blobs);
}

bool is_too_large(std::string_view record, std::span<const shared_bytes> blobs) {
  return record.size() > link_bounds::record_bytes_max || blobs.size() > link_bounds::blobs_max ||
         bytes_of(blobs) > link_bounds::blob_bytes_max;
}

// 100 ms and 2 s by default: no longer than networks keep a connection that is silent.
constexpr unsigned quiet_beats_max = 2;
constexpr unsigned settled_beats_max = 40;

}  // namespace

link_lane::link_lane(sockets opened, settings s)
    : settings_{std::move(s)},
      connections_{std::move(opened.connections)},
      socket_{std::move(opened.dealer)} {}

send_result link_lane::append(std::string_view record, std::span<const shared_bytes> blobs) {
  if (is_too_large(record, blobs)) return send_result::too_large;
  const auto bytes = bytes_of(record, blobs);
  bool is_full = false;
  {
    std::lock_guard lock{mutex_};
    if (is_closed_) return send_result::ended;
    if (!takes(bytes)) return send_result::overloaded;
    is_full = put(record, blobs, bytes);
  }
  // A full batch goes at once: ZeroMQ's thread sends it while this one fills the next.
  is_full ? flush() : flush_soon();
  return send_result::queued;
}

bool link_lane::takes(std::size_t bytes) const {
  const auto queued = queued_->load(std::memory_order_relaxed);
  return queued == 0 || queued + bytes <= settings_.bytes_max;
}

bool link_lane::put(std::string_view record, std::span<const shared_bytes> blobs,
                    std::size_t bytes) {
  if (!open_) {
    open_ = std::make_shared<batch>(queued_);
    open_->bytes.reserve(usual_bytes_);
  }
  queued_->fetch_add(bytes, std::memory_order_relaxed);
  records_.store(records_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  open_->counted += bytes;
  append_record(open_->bytes, record, blobs.size());
  open_->blobs.insert(open_->blobs.end(), blobs.begin(), blobs.end());
  const bool is_full = open_->bytes.size() >= frame_limits::batch_bytes ||
                       open_->blobs.size() >= frame_limits::batch_blobs ||
                       open_->counted >= frame_limits::batch_all_bytes;
  if (is_full) seal();
  return is_full;
}

void link_lane::seal() {
  usual_bytes_ = std::min(open_->bytes.size(), frame_limits::batch_bytes * 2);
  sealed_.push_back(std::move(open_));
  open_.reset();
}

void link_lane::open(std::uint64_t token) {
  {
    std::lock_guard lock{mutex_};
    token_ = token;
    is_open_ = true;
  }
  is_settled_.store(false);
  flush();
}

bool link_lane::say(std::string frame, std::size_t bytes_max) {
  const auto waiting = spoken_bytes_->load(std::memory_order_relaxed);
  if (waiting != 0 && waiting + frame.size() > bytes_max) return false;
  {
    std::lock_guard lock{mutex_};
    if (is_closed_) return false;
    said_.push_back(std::make_shared<spoken>(spoken_bytes_, std::move(frame)));
  }
  flush();
  return true;
}

// While something waits a heartbeat would tell no more, and without a connection they would heap
// up.
void link_lane::beat() {
  const bool is_settled = settings_.where == lane::data && is_settled_.load();
  const bool is_quiet =
      quiet_beats_.fetch_add(1) + 1 >= (is_settled ? settled_beats_max : quiet_beats_max);
  if (!is_quiet || queued_bytes() != 0) return;
  if (spoken_bytes_->load(std::memory_order_relaxed) != 0) return;
  beat_wanted_.store(true);
  flush();
}

void link_lane::connected() {
  is_settled_.store(false);
  quiet_beats_.store(quiet_beats_max);
}

void link_lane::mend() {
  mend_wanted_.store(true);
  flush();
}

void link_lane::read_answers() {
  read_wanted_.store(true);
  flush();
}

std::vector<std::string> link_lane::take_answers() {
  std::lock_guard lock{mutex_};
  return std::exchange(answers_, {});
}

void link_lane::close(std::chrono::milliseconds farewell) {
  if (farewell.count() > 0) flush();
  {
    std::lock_guard lock{mutex_};
    is_closed_ = true;
    open_.reset();
    sealed_.clear();
    said_.clear();
  }
  while (sending_.exchange(true)) std::this_thread::yield();  // stays raised: nobody sends again
  if (!std::exchange(has_socket_, false)) return;
  {
    auto closing = std::move(socket_);
    closing.linger(farewell);
  }
  connections_.reset();
}

std::optional<connection_event> link_lane::take_event() {
  while (connections_) {
    const auto frames = connections_->receive();
    if (!frames) break;
    if (auto event = message_socket::read_connection_event(*frames)) return event;
  }
  return std::nullopt;
}

void link_lane::flush_soon() {
  auto* thread = io_thread::current();
  if (thread == nullptr || thread->index() >= 64) return flush();
  const auto bit = std::uint64_t{1} << thread->index();
  if ((turns_.load() & bit) != 0) return;
  turns_.fetch_or(bit);
  at_turn_end(*thread, shared_from_this());
}

void link_lane::turn_ended() {
  turns_.fetch_and(~(std::uint64_t{1} << io_thread::current()->index()));
  flush();
}

// Who comes while another sends marks the lane, and the other looks again: all in one total order,
// so that one of the two sees what the other wrote.
void link_lane::flush() {
  dirty_.store(true);
  while (dirty_.load() && !sending_.exchange(true)) {
    dirty_.store(false);
    send_waiting();
    sending_.store(false);
  }
}

void link_lane::send_waiting() {
  if (mend_wanted_.exchange(false)) mend_now();
  batches ready;
  std::vector<std::shared_ptr<spoken>> said;
  std::uint64_t token = 0;
  bool is_open = false;
  {
    std::lock_guard lock{mutex_};
    said.swap(said_);
    is_open = is_open_;
    token = token_;
    if (is_open && open_) seal();
    if (is_open && !is_lost_) ready.swap(sealed_);
  }
  for (const auto& one : said) socket_.send(message_frame{one->bytes, one}, false);
  const bool is_quiet = ready.empty();
  send_all(std::move(ready), token);
  if (beat_wanted_.exchange(false) && is_open && is_quiet) send_heartbeat(token);
  if (!is_quiet) {
    quiet_beats_.store(0);
    is_settled_.store(false);
  }
  if (read_wanted_.exchange(false)) drain_answers();
}

void link_lane::mend_now() {
  is_lost_ = !socket_.is_writable() && !socket_.reconnect(settings_.endpoint);
}

// What cannot be sent for want of a connection goes back to its place.
void link_lane::send_all(batches ready, std::uint64_t token) {
  for (auto at = ready.begin(); at != ready.end(); ++at) {
    if (send(*at, token)) continue;
    is_lost_ = true;
    std::lock_guard lock{mutex_};
    sealed_.insert(sealed_.begin(), std::move_iterator{at}, std::move_iterator{ready.end()});
    return;
  }
}

bool link_lane::send(const std::shared_ptr<batch>& one, std::uint64_t token) {
  patch_header(
      one->bytes,
      {.kind = frame_kind::batch, .where = settings_.where, .token = token, .sequence = sequence_});
  auto left = one->blobs.size();
  if (!socket_.send(message_frame{one->bytes, one}, left != 0)) return false;
  ++sequence_;
  for (const auto& blob : one->blobs) socket_.send(message_frame{blob.view(), one}, --left != 0);
  return true;
}

void link_lane::send_heartbeat(std::uint64_t token) {
  quiet_beats_.store(0);
  is_settled_.store(true);
  const auto frame = write_header({.kind = frame_kind::heartbeat,
                                   .where = settings_.where,
                                   .token = token,
                                   .sequence = sequence_++});
  auto one = std::make_shared<spoken>(spoken_bytes_, frame);
  socket_.send(message_frame{one->bytes, one}, false);
}

void link_lane::drain_answers() {
  message_frame frame;
  std::vector<std::string> came;
  while (came.size() < settings_.answers_max && socket_.receive(frame)) {
    came.emplace_back(frame.view());
  }
  if (came.empty()) return;
  {
    std::lock_guard lock{mutex_};
    for (auto& one : came) {
      if (answers_.size() < settings_.answers_max) answers_.push_back(std::move(one));
    }
  }
  settings_.has_answers();
}

}  // namespace troupe::transport::zmq
