#include "transport/zmq/cluster_key.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include "runtime/errc.hpp"

namespace troupe::transport::zmq {

namespace {

using key_text = std::array<char, cluster_key::letters + 1>;

constexpr std::size_t key_bytes = 32;

caf::error mistake(std::string text) {
  return make_failure(errc::invalid_config, "cluster key: " + std::move(text));
}

caf::error refused(const std::string& file, const char* what) {
  return make_failure(errc::io_error, std::string{what} + " " + file + ": " + std::strerror(errno));
}

bool is_key(const std::string& text) {
  std::array<std::uint8_t, key_bytes> bytes{};
  return text.size() == cluster_key::letters &&
         zmq_z85_decode(bytes.data(), text.c_str()) != nullptr;
}

std::string_view next_line(std::string_view& text) {
  const auto end = text.find('\n');
  auto line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  while (!line.empty() && (line.back() == ' ' || line.back() == '\r')) line.remove_suffix(1);
  return line;
}

// A file that closes itself.
class descriptor {
 public:
  explicit descriptor(int fd) : fd_{fd} {}
  ~descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

}  // namespace

caf::expected<cluster_key> make_cluster_key() {
  key_text public_key{};
  key_text secret_key{};
  if (zmq_curve_keypair(public_key.data(), secret_key.data()) != 0) {
    return make_failure(errc::unsupported, "this machine's ZeroMQ was built without CURVE");
  }
  return cluster_key{public_key.data(), secret_key.data()};
}

std::string to_text(const cluster_key& key) {
  return "# The key of a Troupe cluster. All its nodes need this file; nobody else may have it.\n"
         "public: " +
         key.public_key + "\nsecret: " + key.secret_key + "\n";
}

caf::expected<cluster_key> parse_cluster_key(std::string_view text) {
  if (text.size() > cluster_key::file_bytes_max) return mistake("the file is too long");
  cluster_key key;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto line = next_line(text);
    if (line.empty() || line.front() == '#') continue;
    const auto at = "line " + std::to_string(number) + ": ";
    const bool is_public = line.starts_with("public: ");
    if (!is_public && !line.starts_with("secret: ")) {
      return mistake(at + "neither \"public: \" nor \"secret: \"");
    }
    auto& half = is_public ? key.public_key : key.secret_key;
    if (!half.empty()) return mistake(at + "a second key of its kind");
    half = line.substr(8);
    if (!is_key(half)) return mistake(at + "not 40 characters of Z85");
  }
  if (key.public_key.empty()) return mistake("there is no line \"public: \"");
  if (key.secret_key.empty()) return mistake("there is no line \"secret: \"");
  key_text derived{};
  if (zmq_curve_public(derived.data(), key.secret_key.c_str()) != 0 ||
      key.public_key != derived.data()) {
    return mistake("the two keys do not belong together");
  }
  return key;
}

caf::expected<cluster_key> read_cluster_key(const std::string& file) {
  const descriptor opened{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
  if (opened.get() < 0) return refused(file, "cannot open");
  struct stat known {};
  if (::fstat(opened.get(), &known) != 0) return refused(file, "cannot look at");
  if (!S_ISREG(known.st_mode)) return mistake(file + " is no file");
  if ((known.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return mistake(file + " is readable by others than its owner: chmod 600 it");
  }
  std::string text(cluster_key::file_bytes_max + 1, '\0');
  const auto size = ::read(opened.get(), text.data(), text.size());
  if (size < 0) return refused(file, "cannot read");
  text.resize(static_cast<std::size_t>(size));
  auto key = parse_cluster_key(text);
  if (!key) return make_failure(errc::invalid_config, file + ": " + failure_text(key.error()));
  return key;
}

caf::expected<void> write_cluster_key(const std::string& file, const cluster_key& key) {
  const descriptor made{
      ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR)};
  if (made.get() < 0) return refused(file, "cannot create");
  const auto text = to_text(key);
  const auto written = ::write(made.get(), text.data(), text.size());
  if (written != static_cast<ssize_t>(text.size()) || ::fsync(made.get()) != 0) {
    const auto problem = refused(file, "cannot write");
    ::unlink(file.c_str());
    return problem;
  }
  return caf::unit;
}

std::string key_letters(std::string_view bytes) {
  if (bytes.size() != key_bytes) return {};
  key_text text{};
  zmq_z85_encode(text.data(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  return text.data();
}

}  // namespace troupe::transport::zmq
