// One TLS connection as a function of bytes: what came from the peer goes in, what is for the peer
// comes out. No socket and no time.
//
// OpenSSL reads and writes through it without a buffer that outlives the call.
// Thread: one. Bounds: what is offered and not yet read stays the caller's; what is sealed is taken
// by the caller after each call.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "transport/http/tls_context.hpp"

struct ssl_st;

namespace troupe::transport::http {

class tls_channel {
 public:
  enum class outcome {
    done,
    wants_bytes,  // of the peer, before it goes on
    closed,       // the peer has said goodbye
    failed,       // failure() says why
  };

  explicit tls_channel(std::shared_ptr<const tls_context> rules);
  ~tls_channel();
  tls_channel(const tls_channel&) = delete;
  tls_channel& operator=(const tls_channel&) = delete;

  // Is the server; or a client of the server of that name or address, whose certificate it checks.
  void be_server();
  void be_client_of(const std::string& host);

  // Offers bytes that came; they must stay until they are read.
  void offer(std::string_view received) { received_ = received; }

  // True while something can be read, or its end be told, without more of the peer's bytes.
  bool has_input() const;

  outcome shake_hands();

  // Fills memory with plain bytes, as far as they are there; done: at least one.
  outcome decrypt(std::span<char> into, std::size_t& filled);

  // Seals plain bytes; failed: nothing can be sent any more.
  outcome encrypt(std::string_view plain);

  // Seals TLS's own end, so that the peer can tell it from a cut.
  void say_goodbye();

  // Bytes for the peer; the caller takes them.
  std::string& sealed() { return sealed_; }
  const std::string& failure() const { return failure_; }

  // What OpenSSL calls instead of a socket; 0 bytes: none are there.
  std::size_t give(char* into, std::size_t most);
  void take(std::string_view bytes) { sealed_.append(bytes); }

 private:
  outcome outcome_of(int result);

  std::shared_ptr<const tls_context> rules_;
  ssl_st* ssl_;
  std::string_view received_;
  std::string sealed_;
  std::string failure_;
  outcome end_ = outcome::done;  // of reading: closed or failed, once it is
};

}  // namespace troupe::transport::http
