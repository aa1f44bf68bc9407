// One client connection of a server: its read, answer and close states.
//
// Thread: that of the io_context.
// Bounds: while a request is being answered at most a header's worth of what the client sends
// ahead is kept; beyond it reading stops, and a client that leaves is then noticed on writing.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

#include "config/limits.hpp"
#include "transport/http/client_counts.hpp"
#include "transport/http/read_buffer.hpp"
#include "transport/http/request_parser.hpp"
#include "transport/http/response_writer.hpp"
#include "transport/http/server.hpp"
#include "transport/http/tcp_stream.hpp"
#include "transport/http/tls_identity.hpp"

namespace troupe::transport::http {

class server_connection;

// What the connections of one server share.
struct server_scope {
  server_scope(boost::asio::io_context& c, const config::http_limits& l, session_factory f)
      : context{c}, limits{l}, factory{std::move(f)}, clients{l.client_connections_max} {}

  boost::asio::io_context& context;
  config::http_limits limits;
  session_factory factory;
  closing_sink on_closing;
  std::unordered_map<server_connection*, std::shared_ptr<server_connection>> connections;
  client_counts clients;
  std::shared_ptr<tls_identity> tls;  // none: plain
  std::size_t handshakes = 0;         // of TLS, under way
  bool stopping = false;
  time_point stopped_at{};
  std::function<void()> drained;
  date_field date;

  // Reports a connection that is closed before its client was done.
  void tell(closing why) const {
    if (on_closing) on_closing(why);
  }

  // Reports the end of an orderly stop, once, when its time has come.
  void check_drained();
};

class server_connection final : public connection,
                                public tcp_stream::owner,
                                public std::enable_shared_from_this<server_connection> {
 public:
  server_connection(std::shared_ptr<server_scope> scope, const client_address& client);

  // Takes over an accepted socket and starts to read.
  void open(int socket);

  // Closes after the current answer, or after a moment where there is none.
  void stop();

  void send(response_head head, std::string body) override;
  void start(response_head head) override;
  void write(std::string_view bytes) override;
  void finish() override;
  std::size_t queued_bytes() const override;
  void abort() override { drop(); }
  std::string peer() const override { return stream_->peer(); }

 private:
  // flushing: the answer is complete and waits for the socket. lingering: a refused client may
  // still be sending, and a reset would destroy the refusal before it is read.
  enum class phase { reading, asked, streaming, flushing, lingering, dead };

  void on_read(std::size_t bytes) override;
  void on_written() override;
  void on_lost(tcp_stream::loss what, const std::string& why) override;
  void on_deadline() override;

  std::shared_ptr<tcp_stream> shake_hands(int socket);
  void advance();
  void advance_later();
  void take_request();
  void read_on();
  void refuse(const refusal& why);
  void begin_answer(const response_head& head, bool whole, std::size_t body_bytes);
  void answer_complete();
  void next_request();
  void linger();
  void drop();
  bool idle() const;
  bool answering() const { return phase_ == phase::asked || phase_ == phase::streaming; }
  time_point due() const;
  time_point request_due() const;
  time_point answer_due() const;
  void watch() { stream_->deadline(due()); }

  std::shared_ptr<server_scope> scope_;
  std::shared_ptr<session> session_;
  std::shared_ptr<tcp_stream> stream_;
  request_parser parser_;
  read_buffer in_;
  std::string out_;  // head of an answer, or of a chunk
  phase phase_ = phase::reading;
  client_address client_;
  time_point since_;       // of the phase
  time_point begun_at_{};  // first byte of the request
  time_point body_at_{};   // last bytes of its body
  bool reading_body_ = false;
  bool advancing_ = false;
  bool continue_sent_ = false;
  bool http_1_1_ = true;
  bool to_head_ = false;  // answers to HEAD have no body
  bool bodiless_ = false;
  bool chunked_ = false;
  bool close_after_ = false;
  bool overdue_ = false;  // the session has been told
};

}  // namespace troupe::transport::http
