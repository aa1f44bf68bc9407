#include "runtime/placement/file_lease.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <sstream>
#include <string_view>
#include <utility>

#include "runtime/errc.hpp"

namespace troupe {

namespace {

constexpr std::string_view first_line = "troupe lease 1\n";

// An open file; closing it gives up its lock.
class open_file {
 public:
  open_file(const std::string& path, int flags) : file_{::open(path.c_str(), flags, 0600)} {}
  open_file(const open_file&) = delete;
  open_file& operator=(const open_file&) = delete;
  ~open_file() {
    if (file_ >= 0) ::close(file_);
  }

  bool is_open() const { return file_ >= 0; }
  int get() const { return file_; }

 private:
  int file_;
};

caf::error system_failure(const std::string& path, const char* what) {
  const std::string reason = std::strerror(errno);
  return make_failure(errc::io_error, "the lease " + path + " cannot be " + what + ": " + reason);
}

std::string text_of(const lease_record& record) {
  std::ostringstream text;
  text << first_line << "holder " << record.holder << "\nepoch " << record.epoch << "\nrenewals "
       << record.renewals << "\nttl_ms " << record.ttl.count() << '\n';
  return text.str();
}

// Reads `KEY VALUE` line by line.
class line_reader {
 public:
  explicit line_reader(std::string_view text) : rest_{text} {}

  std::string_view value(std::string_view key) {
    ++line_;
    const auto end = rest_.find('\n');
    auto line = rest_.substr(0, end);
    rest_.remove_prefix(end == rest_.npos ? rest_.size() : end + 1);
    const bool fits = end != rest_.npos && line.starts_with(key) && line.size() > key.size() &&
                      line[key.size()] == ' ';
    if (!fits) {
      fail("is not `" + std::string{key} + " VALUE`");
      return {};
    }
    return line.substr(key.size() + 1);
  }

  std::uint64_t number(std::string_view key) {
    const auto text = value(key);
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) fail("holds no number");
    return number;
  }

  void end() {
    ++line_;
    if (!rest_.empty()) fail("should not be there");
  }

  const std::string& mistake() const { return mistake_; }

 private:
  void fail(const std::string& what) {
    if (mistake_.empty()) mistake_ = "line " + std::to_string(line_) + " " + what;
  }

  std::string_view rest_;
  int line_ = 1;  // the first one is known
  std::string mistake_;
};

// Returns the mistake in the text; empty: there is none.
std::string parse(std::string_view text, lease_record& record) {
  if (!text.starts_with(first_line)) return "line 1 is not `troupe lease 1`";
  line_reader lines{text.substr(first_line.size())};
  record.holder = lines.value("holder");
  record.epoch = lines.number("epoch");
  record.renewals = lines.number("renewals");
  const auto ttl = lines.number("ttl_ms");
  lines.end();
  if (!lines.mistake().empty()) return lines.mistake();
  if (ttl > static_cast<std::uint64_t>(lease_limits::ttl_max.count())) return "line 5 is too large";
  record.ttl = std::chrono::milliseconds{static_cast<std::int64_t>(ttl)};
  return flaw(record);
}

caf::error write_whole(const std::string& path, const std::string& text) {
  const open_file file{path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC};
  if (!file.is_open()) return system_failure(path, "written");
  const auto written = ::write(file.get(), text.data(), text.size());
  if (written < 0 || ::fsync(file.get()) != 0) return system_failure(path, "written");
  if (static_cast<std::size_t>(written) == text.size()) return {};
  return make_failure(errc::io_error, "the lease " + path + " cannot be written whole");
}

caf::error put_in_place(const std::string& from, const std::string& path) {
  if (std::rename(from.c_str(), path.c_str()) != 0) return system_failure(path, "replaced");
  auto folder = std::filesystem::path{path}.parent_path().string();
  if (folder.empty()) folder = ".";
  const open_file directory{folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC};
  if (!directory.is_open() || ::fsync(directory.get()) != 0) return system_failure(path, "kept");
  return {};
}

}  // namespace

file_lease::file_lease(std::string path) : path_{std::move(path)} {}

caf::expected<lease_record> file_lease::read() {
  const open_file file{path_, O_RDONLY | O_CLOEXEC};
  if (!file.is_open()) {
    if (errno == ENOENT) return lease_record{};
    return system_failure(path_, "read");
  }
  char bytes[file_bytes_max + 1];
  const auto size = ::read(file.get(), bytes, sizeof bytes);
  if (size < 0) return system_failure(path_, "read");
  std::string mistake = "it is larger than 1 KiB";
  lease_record record;
  if (static_cast<std::size_t>(size) <= file_bytes_max) {
    mistake = parse({bytes, static_cast<std::size_t>(size)}, record);
  }
  if (mistake.empty()) return record;
  return make_failure(errc::malformed_file, "the lease " + path_ + " is broken: " + mistake);
}

caf::expected<bool> file_lease::replace(const lease_record& was, const lease_record& next) {
  const open_file lock{path_ + ".lock", O_RDWR | O_CREAT | O_CLOEXEC};
  if (!lock.is_open()) return system_failure(path_ + ".lock", "opened");
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return system_failure(path_ + ".lock", "locked");
    return make_failure(errc::overloaded, "the lease " + path_ + " is being written by another");
  }
  auto now = read();
  if (!now) return std::move(now.error());
  if (*now != was) return false;
  const auto draft = path_ + ".new";
  if (auto error = write_whole(draft, text_of(next))) return error;
  if (auto error = put_in_place(draft, path_)) return error;
  return true;
}

}  // namespace troupe
