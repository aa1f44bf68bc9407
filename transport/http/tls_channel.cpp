#include "transport/http/tls_channel.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "runtime/assert.hpp"

namespace troupe::transport::http {

namespace {

tls_channel& channel_of(BIO* bio) {
  return *static_cast<tls_channel*>(BIO_get_data(bio));
}

int bio_write(BIO* bio, const char* bytes, std::size_t count, std::size_t* written) {
  channel_of(bio).take({bytes, count});
  *written = count;
  return 1;
}

int bio_read(BIO* bio, char* into, std::size_t most, std::size_t* count) {
  BIO_clear_retry_flags(bio);
  *count = channel_of(bio).give(into, most);
  if (*count > 0) return 1;
  BIO_set_retry_read(bio);
  return 0;
}

long bio_control(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

const BIO_METHOD* bio_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "troupe channel");
    TROUPE_ASSERT(made != nullptr);
    BIO_meth_set_write_ex(made, bio_write);
    BIO_meth_set_read_ex(made, bio_read);
    BIO_meth_set_ctrl(made, bio_control);
    return made;
  }();
  return method;
}

}  // namespace

tls_channel::tls_channel(std::shared_ptr<const tls_context> rules)
    : rules_{std::move(rules)}, ssl_{SSL_new(rules_->handle())} {
  BIO* bio = BIO_new(bio_method());
  TROUPE_ASSERT(ssl_ != nullptr && bio != nullptr);
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_, bio, bio);
}

tls_channel::~tls_channel() {
  SSL_free(ssl_);
}

void tls_channel::be_server() {
  SSL_set_accept_state(ssl_);
}

// An address is checked as one and not sent: RFC 6066 knows names only.
void tls_channel::be_client_of(const std::string& host) {
  SSL_set_connect_state(ssl_);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  const std::string bare = bracketed ? host.substr(1, host.size() - 2) : host;
  auto* rules = SSL_get0_param(ssl_);
  X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (X509_VERIFY_PARAM_set1_ip_asc(rules, bare.c_str()) == 1) return;
  SSL_set_tlsext_host_name(ssl_, bare.c_str());
  const int good = X509_VERIFY_PARAM_set1_host(rules, bare.c_str(), bare.size());
  TROUPE_ASSERT(good == 1);
}

std::size_t tls_channel::give(char* into, std::size_t most) {
  const std::size_t count = std::min(most, received_.size());
  if (count > 0) std::memcpy(into, received_.data(), count);
  received_.remove_prefix(count);
  return count;
}

bool tls_channel::has_input() const {
  return end_ != outcome::done || !received_.empty() || SSL_has_pending(ssl_) == 1;
}

tls_channel::outcome tls_channel::outcome_of(int result) {
  if (result == 1) return outcome::done;
  switch (SSL_get_error(ssl_, result)) {
    case SSL_ERROR_WANT_READ:
      return outcome::wants_bytes;
    case SSL_ERROR_ZERO_RETURN:
      return outcome::closed;
    default:
      failure_ = tls_reason();
      return outcome::failed;
  }
}

tls_channel::outcome tls_channel::shake_hands() {
  ERR_clear_error();
  const auto end = outcome_of(SSL_do_handshake(ssl_));
  if (end != outcome::failed) return end;
  const bool checks = SSL_get_verify_mode(ssl_) != SSL_VERIFY_NONE;
  const auto verdict = checks ? SSL_get_verify_result(ssl_) : X509_V_OK;
  failure_ = verdict == X509_V_OK ? "the TLS handshake failed: " + failure_
                                  : std::string{"the certificate is refused: "} +
                                        X509_verify_cert_error_string(verdict);
  return end;
}

// Record by record. The end may come with the last bytes; then it is told at the next call.
tls_channel::outcome tls_channel::decrypt(std::span<char> into, std::size_t& filled) {
  ERR_clear_error();
  filled = 0;
  while (end_ == outcome::done && filled < into.size()) {
    std::size_t count = 0;
    const auto rest = into.subspan(filled);
    const auto end = outcome_of(SSL_read_ex(ssl_, rest.data(), rest.size(), &count));
    filled += count;
    if (end == outcome::wants_bytes) return filled > 0 ? outcome::done : end;
    end_ = end;
  }
  return filled > 0 ? outcome::done : end_;
}

tls_channel::outcome tls_channel::encrypt(std::string_view plain) {
  ERR_clear_error();
  std::size_t count = 0;
  return outcome_of(SSL_write_ex(ssl_, plain.data(), plain.size(), &count));
}

void tls_channel::say_goodbye() {
  ERR_clear_error();
  SSL_shutdown(ssl_);
}

}  // namespace troupe::transport::http
