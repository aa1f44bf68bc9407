#include "engine/embedded/model/gguf_file.hpp"

#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/embedded/model/gguf_parser.hpp"

namespace troupe::engine {

namespace {

caf::error io_failure(const std::string& path, const char* step, int code) {
  return make_failure(errc::io_error, path + ": cannot " + step + ": " + std::strerror(code));
}

struct file_mapping {
  void* data = nullptr;
  std::size_t bytes = 0;
};

caf::expected<file_mapping> map_file(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return io_failure(path, "open", errno);
  struct stat info {};
  const bool regular = ::fstat(descriptor, &info) == 0 && S_ISREG(info.st_mode);
  if (!regular || info.st_size <= 0) {
    ::close(descriptor);
    return make_failure(errc::malformed_file, path + ": is empty or no regular file");
  }
  const auto bytes = static_cast<std::size_t>(info.st_size);
  void* data = ::mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, descriptor, 0);
  const int code = errno;
  ::close(descriptor);
  if (data == MAP_FAILED) return io_failure(path, "map", code);
  return file_mapping{data, bytes};
}

caf::error wrong_key(std::string_view key, bool present, std::string_view wanted) {
  return make_failure(errc::malformed_file,
                      present ? "GGUF: key '" + std::string{key} + "' is no " + std::string{wanted}
                              : "GGUF: key '" + std::string{key} + "' is missing");
}

}  // namespace

caf::expected<std::unique_ptr<gguf_file>> gguf_file::open(const std::string& path) {
  auto mapping = map_file(path);
  if (!mapping) return mapping.error();
  auto file = parse(static_cast<const std::byte*>(mapping->data), mapping->bytes);
  if (!file) {
    ::munmap(mapping->data, mapping->bytes);
    return make_failure(failure_code(file.error(), errc::malformed_file),
                        path + ": " + failure_text(file.error()));
  }
  gguf_parser::adopt_mapping(**file, mapping->data, mapping->bytes);
  return file;
}

caf::expected<std::unique_ptr<gguf_file>> gguf_file::parse(const std::byte* data,
                                                           std::size_t size) {
  return gguf_parser{data, size}.run();
}

gguf_file::~gguf_file() {
  if (mapping_ != nullptr) ::munmap(mapping_, mapping_bytes_);
}

const gguf_value* gguf_file::find(std::string_view key) const {
  const auto found = values_.find(key);
  return found == values_.end() ? nullptr : &found->second;
}

caf::expected<std::uint64_t> gguf_file::get_uint(std::string_view key) const {
  const auto* value = find(key);
  if (value != nullptr) {
    if (const auto* number = std::get_if<std::uint64_t>(value)) return *number;
    const auto* number = std::get_if<std::int64_t>(value);
    if (number != nullptr && *number >= 0) return static_cast<std::uint64_t>(*number);
  }
  return wrong_key(key, value != nullptr, "unsigned integer");
}

caf::expected<double> gguf_file::get_number(std::string_view key) const {
  const auto* value = find(key);
  if (value != nullptr) {
    if (const auto* number = std::get_if<double>(value)) return *number;
    if (const auto* number = std::get_if<std::uint64_t>(value)) return static_cast<double>(*number);
    if (const auto* number = std::get_if<std::int64_t>(value)) return static_cast<double>(*number);
  }
  return wrong_key(key, value != nullptr, "number");
}

caf::expected<std::string> gguf_file::get_string(std::string_view key) const {
  const auto* value = find(key);
  const auto* text = value != nullptr ? std::get_if<std::string>(value) : nullptr;
  if (text == nullptr) return wrong_key(key, value != nullptr, "string");
  return *text;
}

caf::expected<std::vector<std::string_view>> gguf_file::get_strings(std::string_view key) const {
  const auto* value = find(key);
  const auto* texts =
      value != nullptr ? std::get_if<std::vector<std::string_view>>(value) : nullptr;
  if (texts == nullptr) return wrong_key(key, value != nullptr, "array of strings");
  return *texts;
}

const tensor_view* gguf_file::tensor(std::string_view name) const {
  const auto found = tensor_index_.find(name);
  return found == tensor_index_.end() ? nullptr : &tensors_[found->second];
}

}  // namespace troupe::engine
