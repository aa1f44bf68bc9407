#include "tests/transport/http/certificates.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

namespace troupe::transport::http {

namespace {

constexpr long day_seconds = 24L * 60 * 60;

void require(bool good, const char* what) {
  if (!good) throw std::runtime_error{what};
}

std::string scratch_folder() {
  std::string path = (std::filesystem::temp_directory_path() / "troupe-tls-XXXXXX").string();
  require(::mkdtemp(path.data()) != nullptr, "mkdtemp");
  return path;
}

void extend(X509* certificate, int kind, const char* value) {
  X509_EXTENSION* made = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value);
  require(made != nullptr, value);
  X509_add_ext(certificate, made, -1);
  X509_EXTENSION_free(made);
}

X509* blank_certificate(EVP_PKEY* key, const char* name, int serial) {
  X509* made = X509_new();
  require(made != nullptr, "X509_new");
  X509_set_version(made, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made), serial);
  X509_set_pubkey(made, key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  return made;
}

template <class Write>
void write_file(const std::string& path, Write write) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  require(file != nullptr, path.c_str());
  const bool good = write(file) == 1;
  std::fclose(file);
  require(good, path.c_str());
}

}  // namespace

authority::authority()
    : folder_{scratch_folder()},
      key_{EVP_EC_gen("P-256")},
      certificate_{blank_certificate(key_, "test authority", 1)} {
  X509_set_issuer_name(certificate_, X509_get_subject_name(certificate_));
  X509_gmtime_adj(X509_getm_notBefore(certificate_), -30 * day_seconds);
  X509_gmtime_adj(X509_getm_notAfter(certificate_), 30 * day_seconds);
  extend(certificate_, NID_basic_constraints, "critical,CA:TRUE");
  extend(certificate_, NID_key_usage, "critical,keyCertSign,cRLSign");
  X509_sign(certificate_, key_, EVP_sha256());
  write_file(file(), [&](std::FILE* out) { return PEM_write_X509(out, certificate_); });
}

authority::~authority() {
  X509_free(certificate_);
  EVP_PKEY_free(key_);
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

config::tls_spec authority::sign(const wish& what) const {
  const int serial = ++signed_ + 1;
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* made = blank_certificate(key, "test", serial);
  X509_set_issuer_name(made, X509_get_subject_name(certificate_));
  X509_gmtime_adj(X509_getm_notBefore(made), what.days_from * day_seconds);
  X509_gmtime_adj(X509_getm_notAfter(made), what.days_to * day_seconds);
  extend(made, NID_subject_alt_name, what.names.c_str());
  X509_sign(made, key_, EVP_sha256());
  config::tls_spec files;
  files.certificate = folder_ + "/" + std::to_string(serial) + ".pem";
  files.key = folder_ + "/" + std::to_string(serial) + ".key";
  write_file(files.certificate, [&](std::FILE* out) { return PEM_write_X509(out, made); });
  write_file(files.key, [&](std::FILE* out) {
    return PEM_write_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
  X509_free(made);
  EVP_PKEY_free(key);
  return files;
}

void replace(const config::tls_spec& old, const config::tls_spec& by) {
  std::filesystem::rename(by.certificate, old.certificate);
  std::filesystem::rename(by.key, old.key);
}

}  // namespace troupe::transport::http
