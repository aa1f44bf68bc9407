// Certificates made by a test: an authority, and what it signs, as PEM files of a scratch folder.
#pragma once

#include <memory>
#include <string>

#include "config/topology.hpp"

struct evp_pkey_st;
struct x509_st;

namespace troupe::transport::http {

class authority {
 public:
  // An authority of its own; its files are gone with it.
  authority();
  ~authority();
  authority(const authority&) = delete;
  authority& operator=(const authority&) = delete;

  struct wish {
    std::string names = "DNS:localhost,IP:127.0.0.1";  // as OpenSSL spells alternative names
    int days_from = -1;                                // of validity, from now
    int days_to = 1;
  };

  // Signs a certificate and returns the files of it and its key.
  config::tls_spec sign(const wish& what) const;
  config::tls_spec sign() const { return sign(wish{}); }

  // The file of its own certificate.
  std::string file() const { return folder_ + "/ca.pem"; }
  const std::string& folder() const { return folder_; }

 private:
  std::string folder_;
  evp_pkey_st* key_;
  x509_st* certificate_;
  mutable int signed_ = 0;
};

// Puts one certificate and key in the place of another, as a renewal does.
void replace(const config::tls_spec& old, const config::tls_spec& by);

}  // namespace troupe::transport::http
