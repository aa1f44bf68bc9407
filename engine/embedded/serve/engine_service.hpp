// A model, its engine thread and its HTTP API, on an io_context somebody else runs.
//
// Thread: the one that runs the io_context; construct before it runs or on it, destroy after.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "engine/embedded/serve/engine_options.hpp"
#include "runtime/errc.hpp"

namespace boost::asio {
class io_context;
}

namespace troupe::engine {

class engine_service {
 public:
  // Opens the model and takes the memory. Errors: invalid_config (names the option), and those of
  // the model file.
  static caf::expected<std::unique_ptr<engine_service>> make(boost::asio::io_context& context,
                                                             const engine_options& options);
  ~engine_service();

  // Takes requests from now on; returns the port. Errors: io_error.
  caf::expected<std::uint16_t> listen();

  // Takes no more connections and calls `drained` once the last answer has left.
  void drain(std::function<void()> drained);

  // Requests that have not ended.
  std::size_t in_flight() const;

  // Drops every connection and ends every request.
  void abort();

  std::uint32_t context_tokens_max() const;
  std::uint32_t kv_blocks() const;
  const std::string& model_name() const;

 private:
  struct state;
  explicit engine_service(std::unique_ptr<state> s);
  std::unique_ptr<state> state_;
};

}  // namespace troupe::engine
