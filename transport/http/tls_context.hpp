// The rules and certificates of TLS for one side: a server's connections, or a client's.
//
// TLS 1.2 and 1.3, forward secrecy and authenticated encryption only, no renegotiation, no
// compression; ALPN is http/1.1. A client checks its server's certificate and name, but for the one
// that measurements ask for.
// Thread: any, once made.
// Errors: invalid_config naming the file at fault.
#pragma once

#include <memory>
#include <string>

#include <caf/expected.hpp>

#include "config/topology.hpp"

struct ssl_ctx_st;

namespace troupe::transport::http {

class tls_context {
 public:
  ~tls_context();
  tls_context(const tls_context&) = delete;
  tls_context& operator=(const tls_context&) = delete;

  // A server's: its certificate chain and key, and the authority that clients must be signed by
  // (empty: clients show no certificate).
  static caf::expected<std::shared_ptr<tls_context>> of_server(const config::tls_spec& files);

  // A client's: the file of the authorities it believes (empty: those of the system).
  static caf::expected<std::shared_ptr<tls_context>> of_client(const std::string& ca);

  // A client's that believes every server whatever it says: where nothing secret is sent.
  static caf::expected<std::shared_ptr<tls_context>> of_credulous_client();

  // OpenSSL's object.
  ssl_ctx_st* handle() const { return handle_; }

 private:
  explicit tls_context(ssl_ctx_st* handle) : handle_{handle} {}

  ssl_ctx_st* handle_;
};

// Takes the reason out of OpenSSL's queue of errors of this thread, and empties the queue.
std::string tls_reason();

}  // namespace troupe::transport::http
