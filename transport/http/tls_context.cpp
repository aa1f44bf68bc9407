#include "transport/http/tls_context.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "runtime/assert.hpp"
#include "runtime/errc.hpp"

namespace troupe::transport::http {

namespace {

using made = caf::expected<std::shared_ptr<tls_context>>;

constexpr const char* tls_1_2_ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr const char* groups = "X25519:P-256:P-384";
constexpr std::string_view alpn = "\x08http/1.1";  // each name behind its length

// No prompt on a terminal: a key that is locked is a mistake.
int no_password(char*, int, int, void*) {
  return 0;
}

void set_rules(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(
      context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_default_passwd_cb(context, no_password);
  const int good =
      SSL_CTX_set_cipher_list(context, tls_1_2_ciphers) & SSL_CTX_set1_groups_list(context, groups);
  TROUPE_ASSERT(good == 1);
}

// A client that speaks HTTP/2 only is told so by an alert; one that names nothing is served.
void offer_http_1_1(SSL_CTX* context) {
  SSL_CTX_set_alpn_select_cb(
      context,
      [](SSL*, const unsigned char** out, unsigned char* out_bytes, const unsigned char* offered,
         unsigned int offered_bytes, void*) {
        unsigned char* chosen = nullptr;
        const int found = SSL_select_next_proto(
            &chosen, out_bytes, reinterpret_cast<const unsigned char*>(alpn.data()),
            static_cast<unsigned int>(alpn.size()), offered, offered_bytes);
        *out = chosen;
        return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
      },
      nullptr);
}

caf::error file_error(std::string_view what, const std::string& path) {
  return make_failure(errc::invalid_config, "the " + std::string{what} + " '" + path +
                                                "' cannot be used: " + tls_reason());
}

}  // namespace

tls_context::~tls_context() {
  SSL_CTX_free(handle_);
}

made tls_context::of_server(const config::tls_spec& files) {
  ERR_clear_error();
  std::shared_ptr<tls_context> context{new tls_context{SSL_CTX_new(TLS_server_method())}};
  auto* handle = context->handle();
  set_rules(handle);
  offer_http_1_1(handle);
  constexpr std::string_view session_name = "troupe";
  SSL_CTX_set_session_id_context(handle,
                                 reinterpret_cast<const unsigned char*>(session_name.data()),
                                 static_cast<unsigned int>(session_name.size()));
  if (SSL_CTX_use_certificate_chain_file(handle, files.certificate.c_str()) != 1) {
    return file_error("certificate", files.certificate);
  }
  if (SSL_CTX_use_PrivateKey_file(handle, files.key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(handle) != 1) {
    return file_error("key", files.key);
  }
  if (files.client_ca.empty()) return context;
  auto* names = SSL_load_client_CA_file(files.client_ca.c_str());
  if (names == nullptr || SSL_CTX_load_verify_file(handle, files.client_ca.c_str()) != 1) {
    sk_X509_NAME_pop_free(names, X509_NAME_free);
    return file_error("authority of clients", files.client_ca);
  }
  SSL_CTX_set_client_CA_list(handle, names);
  SSL_CTX_set_verify(handle, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return context;
}

made tls_context::of_credulous_client() {
  std::shared_ptr<tls_context> context{new tls_context{SSL_CTX_new(TLS_client_method())}};
  auto* handle = context->handle();
  set_rules(handle);
  SSL_CTX_set_alpn_protos(handle, reinterpret_cast<const unsigned char*>(alpn.data()),
                          static_cast<unsigned int>(alpn.size()));
  SSL_CTX_set_verify(handle, SSL_VERIFY_NONE, nullptr);
  return context;
}

made tls_context::of_client(const std::string& ca) {
  ERR_clear_error();
  auto context = *of_credulous_client();
  auto* handle = context->handle();
  SSL_CTX_set_verify(handle, SSL_VERIFY_PEER, nullptr);
  const int found = ca.empty() ? SSL_CTX_set_default_verify_paths(handle)
                               : SSL_CTX_load_verify_file(handle, ca.c_str());
  if (found != 1) return file_error("authority", ca);
  return context;
}

// What the system said says more than what OpenSSL made of it.
std::string tls_reason() {
  std::string text = "unknown reason";
  for (auto code = ERR_get_error(); code != 0; code = ERR_get_error()) {
    if (ERR_SYSTEM_ERROR(code)) {
      ERR_clear_error();
      return std::generic_category().message(ERR_GET_REASON(code));
    }
    if (const char* reason = ERR_reason_error_string(code)) text = reason;
  }
  return text;
}

}  // namespace troupe::transport::http
