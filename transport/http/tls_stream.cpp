#include "transport/http/tls_stream.hpp"

#include <algorithm>
#include <utility>

#include "runtime/assert.hpp"
#include "transport/http/outbox.hpp"
#include "transport/http/tls_channel.hpp"

namespace troupe::transport::http {

namespace {

constexpr std::size_t received_bytes_max = 16 * 1024;
constexpr std::size_t record_bytes_max = 16 * 1024;

// As long as so much ciphertext waits for the socket no more is made.
constexpr std::size_t ciphertext_bytes_max = 64 * 1024;

class tls_stream final : public tcp_stream,
                         tcp_stream::owner,
                         public std::enable_shared_from_this<tls_stream> {
 public:
  tls_stream(boost::asio::io_context& context, tcp_stream::owner& user,
             const std::shared_ptr<const tls_context>& rules);
  ~tls_stream() override;

  void accept(int socket, tls_accept how);
  void connect_to(tls_target target);

  void read(std::span<char> into) override;
  bool reading() const override { return !into_.empty(); }
  void write(std::string_view first, std::string_view second, std::string_view third) override;
  void write(std::string_view head, std::shared_ptr<const std::string> body) override;
  void write_now() override { plain_->write_now(); }
  std::size_t queued_bytes() const override { return out_.size() + plain_->queued_bytes(); }
  time_point progress_at() const override { return plain_->progress_at(); }
  time_point queued_since() const override { return queued_since_; }
  void deadline(time_point when) override;
  void shutdown_send() override;
  void close() override;
  const std::string& peer() const override { return plain_->peer(); }

 private:
  enum class phase { connecting, shaking_hands, open, failed };

  void on_connected() override;
  void on_read(std::size_t bytes) override;
  void on_written() override;
  void on_lost(loss what, const std::string& why) override;
  void on_deadline() override;

  void shake_hands();
  void opened();
  void decrypt();
  void read_on();
  void encrypt();
  bool seal_some();
  void send_sealed();
  void say_goodbye();
  void fail(loss what, const std::string& why);

  boost::asio::io_context& context_;
  tcp_stream::owner* owner_;
  tls_channel channel_;
  std::shared_ptr<tcp_stream> plain_;
  std::unique_ptr<char[]> received_;  // by the plain stream
  outbox out_;                        // plain bytes, not yet sealed
  std::span<char> into_;
  phase phase_ = phase::connecting;
  std::shared_ptr<void> slot_;
  time_point handshake_due_ = time_point::max();
  time_point user_due_ = time_point::max();
  time_point queued_since_{};
  bool is_server_ = false;
  bool queued_ = false;
  bool ended_ = false;  // the plain stream will bring no more
};

tls_stream::tls_stream(boost::asio::io_context& context, tcp_stream::owner& user,
                       const std::shared_ptr<const tls_context>& rules)
    : context_{context}, owner_{&user}, channel_{rules}, received_{new char[received_bytes_max]} {}

tls_stream::~tls_stream() {
  if (plain_) plain_->close();
}

void tls_stream::accept(int socket, tls_accept how) {
  is_server_ = true;
  channel_.be_server();
  phase_ = phase::shaking_hands;
  slot_ = std::move(how.slot);
  handshake_due_ = now() + how.handshake_timeout;
  plain_ = tcp_stream::adopt(context_, socket, *this);
  plain_->deadline(handshake_due_);
  read_on();
}

void tls_stream::connect_to(tls_target target) {
  channel_.be_client_of(target.host);
  plain_ = tcp_stream::connect(context_, std::move(target.addresses), target.port, *this);
}

void tls_stream::on_connected() {
  const auto self = shared_from_this();
  phase_ = phase::shaking_hands;
  shake_hands();
}

void tls_stream::shake_hands() {
  const auto end = channel_.shake_hands();
  send_sealed();  // also the alert that says why it failed
  if (end == tls_channel::outcome::done) return opened();
  if (end == tls_channel::outcome::wants_bytes) return read_on();
  fail(is_server_ ? loss::read : loss::connect, channel_.failure());
}

void tls_stream::opened() {
  phase_ = phase::open;
  slot_.reset();
  handshake_due_ = time_point::max();
  plain_->deadline(user_due_);
  if (!is_server_) return owner_->on_connected();
  encrypt();
  decrypt();
}

void tls_stream::read(std::span<char> into) {
  if (owner_ == nullptr || phase_ == phase::failed) return;
  TROUPE_ASSERT(into_.empty() && !into.empty());
  into_ = into;
  if (phase_ != phase::open) return;
  if (ended_ || channel_.has_input()) {
    post(context_, [self = shared_from_this()] {
      if (self->owner_ != nullptr) self->decrypt();
    });
  } else {
    read_on();
  }
}

void tls_stream::read_on() {
  if (ended_ || plain_->reading()) return;
  plain_->read({received_.get(), received_bytes_max});
}

void tls_stream::on_read(std::size_t bytes) {
  const auto self = shared_from_this();
  channel_.offer({received_.get(), bytes});
  if (phase_ == phase::shaking_hands) return shake_hands();
  decrypt();
}

void tls_stream::decrypt() {
  if (into_.empty() || phase_ != phase::open) return;
  const auto self = shared_from_this();
  std::size_t filled = 0;
  const auto end = channel_.decrypt(into_, filled);
  send_sealed();
  switch (end) {
    case tls_channel::outcome::done:
      into_ = {};
      return owner_->on_read(filled);
    case tls_channel::outcome::closed:
      into_ = {};
      return owner_->on_lost(loss::end, "closed");
    case tls_channel::outcome::failed:
      return fail(loss::read, "TLS: " + channel_.failure());
    case tls_channel::outcome::wants_bytes:
      if (ended_) return fail(loss::read, "the connection was cut off without TLS's close notice");
      return read_on();
  }
}

void tls_stream::write(std::string_view first, std::string_view second, std::string_view third) {
  if (owner_ == nullptr || phase_ == phase::failed) return;
  for (const auto part : {first, second, third}) out_.add(part);
  encrypt();
}

void tls_stream::write(std::string_view head, std::shared_ptr<const std::string> body) {
  if (out_.size() != 0) return write(head, *body, {});
  if (owner_ == nullptr || phase_ == phase::failed) return;
  out_.add_body(head, std::move(body));
  encrypt();
}

void tls_stream::encrypt() {
  while (phase_ == phase::open && out_.size() > 0 &&
         plain_->queued_bytes() < ciphertext_bytes_max) {
    if (!seal_some()) return;
    send_sealed();
  }
  const bool waited = std::exchange(queued_, queued_bytes() > 0);
  if (queued_ && !waited) queued_since_ = now();
}

// Seals as much as is worth one write; false if nothing can be sent any more.
bool tls_stream::seal_some() {
  while (out_.size() > 0 && channel_.sealed().size() < ciphertext_bytes_max) {
    const auto parts = out_.front();
    const auto part = (parts[0].empty() ? parts[1] : parts[0]).substr(0, record_bytes_max);
    if (channel_.encrypt(part) != tls_channel::outcome::done) {
      phase_ = phase::failed;
      post(context_, [self = shared_from_this()] {
        if (self->owner_ == nullptr) return;
        self->owner_->on_lost(loss::write, "TLS: " + self->channel_.failure());
      });
      return false;
    }
    out_.sent(part.size());
  }
  return true;
}

void tls_stream::send_sealed() {
  auto& sealed = channel_.sealed();
  if (sealed.empty()) return;
  plain_->write(sealed);
  sealed.clear();
  if (sealed.capacity() > record_bytes_max) sealed.shrink_to_fit();
}

void tls_stream::on_written() {
  const auto self = shared_from_this();
  if (phase_ != phase::open) return;
  encrypt();
  if (queued_bytes() == 0) owner_->on_written();
}

void tls_stream::on_lost(loss what, const std::string& why) {
  const auto self = shared_from_this();
  if (phase_ == phase::connecting) return fail(loss::connect, why);
  if (phase_ == phase::shaking_hands) {
    return fail(is_server_ ? loss::read : loss::connect, "the TLS handshake broke off: " + why);
  }
  // Who does not listen any more may still have said something.
  if (what == loss::write) return owner_->on_lost(what, why);
  if (what == loss::read) return fail(what, why);
  ended_ = true;
  decrypt();
}

void tls_stream::fail(loss what, const std::string& why) {
  phase_ = phase::failed;
  into_ = {};
  slot_.reset();
  if (owner_ != nullptr) owner_->on_lost(what, why);
}

void tls_stream::deadline(time_point when) {
  user_due_ = when;
  if (owner_ != nullptr) plain_->deadline(std::min(when, handshake_due_));
}

void tls_stream::on_deadline() {
  const auto self = shared_from_this();
  if (phase_ == phase::shaking_hands && now() >= handshake_due_) {
    return fail(loss::read, "the TLS handshake took too long");
  }
  owner_->on_deadline();
}

void tls_stream::say_goodbye() {
  if (phase_ != phase::open || queued_bytes() > 0) return;
  channel_.say_goodbye();
  send_sealed();
}

void tls_stream::shutdown_send() {
  say_goodbye();
  plain_->shutdown_send();
}

void tls_stream::close() {
  if (owner_ == nullptr) return;
  say_goodbye();
  plain_->write_now();
  owner_ = nullptr;
  slot_.reset();
  plain_->close();
}

}  // namespace

std::shared_ptr<tcp_stream> adopt_tls(boost::asio::io_context& context, int socket,
                                      tcp_stream::owner& user, tls_accept how) {
  auto stream = std::make_shared<tls_stream>(context, user, how.context);
  stream->accept(socket, std::move(how));
  return stream;
}

std::shared_ptr<tcp_stream> connect_tls(boost::asio::io_context& context, tls_target target,
                                        tcp_stream::owner& user) {
  auto stream = std::make_shared<tls_stream>(context, user, target.context);
  stream->connect_to(std::move(target));
  return stream;
}

}  // namespace troupe::transport::http
