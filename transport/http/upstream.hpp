// One connection of the client to an upstream, and the exchange that runs on it.
//
// Thread: that of the io_context. Bounds: one read buffer; what a paused exchange leaves in it
// stops the reading.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "transport/http/client.hpp"
#include "transport/http/client_pool.hpp"
#include "transport/http/read_buffer.hpp"
#include "transport/http/resolver.hpp"
#include "transport/http/response_parser.hpp"
#include "transport/http/tcp_stream.hpp"

namespace troupe::transport::http {

class upstream;
class client_exchange;

// What the exchanges and connections of one client share.
struct client_scope {
  client_scope(boost::asio::io_context& c, const config::client_limits& l)
      : context{c}, limits{l}, names{c}, pool{l.pooled_connections_max} {}

  boost::asio::io_context& context;
  config::client_limits limits;
  resolver names;
  client_pool pool;
  std::unordered_map<endpoint, upstream_profile, endpoint_hash> profiles;
  std::unordered_set<std::shared_ptr<upstream>> connections;  // connecting, busy and idle
  std::unordered_set<std::shared_ptr<client_exchange>> exchanges;
  bool closed = false;

  // How an upstream is spoken to.
  const upstream_profile& profile_of(const endpoint& at) const {
    static const upstream_profile plain;
    const auto found = profiles.find(at);
    return found == profiles.end() ? plain : found->second;
  }
};

// One request and where its answer goes.
class client_exchange final : public exchange,
                              public std::enable_shared_from_this<client_exchange> {
 public:
  client_exchange(std::shared_ptr<client_scope> scope, exchange_handler& handler);

  // Takes a pooled connection or makes one.
  void begin();
  void connect();

  void cancel() override;
  void pause() override { paused = true; }
  void resume() override;

  // Ends it with an error; posted where the caller may be inside start().
  void fail(errc code, const std::string& text);
  void fail_later(errc code, std::string text);

  // Ends it well.
  void complete();

  // Leaves the client's books and returns the handler, for its last call; null after cancel().
  exchange_handler* detach();

  std::string head;  // as it goes out
  std::shared_ptr<const std::string> body;
  endpoint to;
  std::chrono::milliseconds idle_timeout{0};
  exchange_handler* handler;
  bool to_head = false;
  bool paused = false;
  bool replaced = false;  // a pooled connection was closed, this is the second attempt

 private:
  friend class upstream;
  std::shared_ptr<client_scope> scope_;
  std::shared_ptr<upstream> upstream_;
};

class upstream final : public tcp_stream::owner, public std::enable_shared_from_this<upstream> {
 public:
  upstream(std::shared_ptr<client_scope> scope, endpoint to);

  // Connects and then runs the exchange.
  void connect(const std::vector<std::string>& addresses, std::shared_ptr<client_exchange> job);

  // Runs the exchange on a connection that was idle; false if it turned out closed.
  void reuse(std::shared_ptr<client_exchange> job);

  // Goes on with what a paused exchange left.
  void go_on();

  // Closes; the exchange on it is not told.
  void close();

 private:
  void on_connected() override;
  void on_read(std::size_t bytes) override;
  void on_written() override {}
  void on_lost(tcp_stream::loss what, const std::string& why) override;
  void on_deadline() override;

  void send_request();
  void deliver();
  void step();
  void answered();
  void ended();
  void read_on();
  errc connect_failure() const;
  void fail(errc code, const std::string& text);

  std::shared_ptr<client_scope> scope_;
  endpoint to_;
  std::shared_ptr<tcp_stream> stream_;
  std::shared_ptr<client_exchange> job_;
  response_parser parser_;
  read_buffer in_;
  time_point since_{};  // of connecting, of the answer's last byte, or of being idle
  std::string end_;     // why reading ended, while bytes before it wait for resume()
  bool connected_ = false;
  bool reused_ = false;
  bool got_byte_ = false;   // of the current answer
  bool head_told_ = false;  // to the handler
  bool ended_ = false;
  bool orderly_end_ = false;
};

}  // namespace troupe::transport::http
