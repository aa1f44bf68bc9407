// Turns host names into addresses without blocking the thread.
//
// Thread: the one that runs the io_context; look-ups run on Asio's own resolver thread.
// Bounds: cached names and callbacks waiting for one name.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace troupe::transport::http {

class resolver {
 public:
  // Literal addresses, none if the name is unknown (or too many wait for it).
  using receiver = std::function<void(const std::vector<std::string>& addresses)>;

  explicit resolver(boost::asio::io_context& context);
  ~resolver();

  // Calls the receiver: at once for literal addresses and names seen lately, else when the look-up
  // ends. Receivers still waiting when the resolver goes are dropped.
  void resolve(const std::string& host, receiver done);

 private:
  struct state;
  std::shared_ptr<state> state_;
};

}  // namespace troupe::transport::http
