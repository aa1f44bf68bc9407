#include "engine/embedded/model/gguf_parser.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <xxhash.h>

namespace troupe::engine {

namespace {

constexpr std::size_t key_bytes_max = 65535;
constexpr std::size_t tensor_name_bytes_max = 255;
constexpr std::uint64_t alignment_max = 1U << 20U;
constexpr std::uint64_t value_bytes_min = 8 + 4 + 1;       // key length, tag, smallest value
constexpr std::uint64_t tensor_bytes_min = 8 + 4 + 4 + 8;  // name length, rank, type, offset
constexpr auto int64_max = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

caf::error malformed(std::string text) {
  return make_failure(errc::malformed_file, "GGUF: " + std::move(text));
}

// Names from a broken file go into messages: keep them short and printable.
std::string quoted(std::string_view name) {
  std::string text = "'";
  for (const char c : name.substr(0, 80)) text += (c >= ' ' && c < 0x7F) ? c : '?';
  return text + (name.size() > 80 ? "...'" : "'");
}

bool is_integer(gguf_tag tag) {
  return fixed_bytes(tag) > 0 && tag != gguf_tag::float32 && tag != gguf_tag::float64 &&
         tag != gguf_tag::boolean;
}

// Reads an integer of any width; unsigned ones that fit are told apart by the variant.
gguf_value read_integer(gguf_cursor& cursor, gguf_tag tag) {
  switch (tag) {
    case gguf_tag::uint8:
      return std::uint64_t{cursor.read<std::uint8_t>()};
    case gguf_tag::uint16:
      return std::uint64_t{cursor.read<std::uint16_t>()};
    case gguf_tag::uint32:
      return std::uint64_t{cursor.read<std::uint32_t>()};
    case gguf_tag::uint64:
      return cursor.read<std::uint64_t>();
    case gguf_tag::int8:
      return std::int64_t{cursor.read<std::int8_t>()};
    case gguf_tag::int16:
      return std::int64_t{cursor.read<std::int16_t>()};
    case gguf_tag::int32:
      return std::int64_t{cursor.read<std::int32_t>()};
    default:
      return cursor.read<std::int64_t>();
  }
}

double read_float(gguf_cursor& cursor, gguf_tag tag) {
  return tag == gguf_tag::float32 ? double{cursor.read<float>()} : cursor.read<double>();
}

// a * b, or nothing where the product leaves 64 bits.
std::optional<std::uint64_t> multiply(std::uint64_t a, std::uint64_t b) {
  std::uint64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}

}  // namespace

caf::expected<std::unique_ptr<gguf_file>> gguf_parser::run() {
  for (auto step : {&gguf_parser::read_header, &gguf_parser::read_metadata,
                    &gguf_parser::read_alignment, &gguf_parser::read_directory}) {
    if (auto error = (this->*step)()) return error;
  }
  const auto hash = XXH3_128bits(data_, cursor_.position());
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, hash);
  for (const unsigned char byte : canonical.digest) {
    file_->fingerprint_ += "0123456789abcdef"[byte >> 4U];
    file_->fingerprint_ += "0123456789abcdef"[byte & 15U];
  }
  if (auto error = place_tensors()) return error;
  return std::move(file_);
}

void gguf_parser::adopt_mapping(gguf_file& file, void* mapping, std::size_t bytes) {
  file.mapping_ = mapping;
  file.mapping_bytes_ = bytes;
}

caf::error gguf_parser::read_header() {
  const auto magic = cursor_.read<std::uint32_t>();
  if (cursor_.failed() || magic != gguf_magic) {
    return malformed("the file does not start with the magic 'GGUF'");
  }
  const auto version = cursor_.read<std::uint32_t>();
  if (!cursor_.failed() && version != 2 && version != 3) {
    const bool swapped = version == 0x02000000 || version == 0x03000000;
    return make_failure(errc::unsupported, swapped ? "GGUF: big-endian files are not supported"
                                                   : "GGUF: version " + std::to_string(version) +
                                                         " is not supported (2 and 3 are)");
  }
  tensor_count_ = cursor_.read<std::uint64_t>();
  value_count_ = cursor_.read<std::uint64_t>();
  if (cursor_.failed()) return malformed("the file ends inside its header");
  if (value_count_ > cursor_.remaining() / value_bytes_min) {
    return malformed("metadata count " + std::to_string(value_count_) + " exceeds the file");
  }
  if (tensor_count_ > cursor_.remaining() / tensor_bytes_min) {
    return malformed("tensor count " + std::to_string(tensor_count_) + " exceeds the file");
  }
  return caf::none;
}

caf::error gguf_parser::read_metadata() {
  for (std::uint64_t i = 0; i < value_count_; ++i) {
    const auto key = cursor_.read_string();
    if (cursor_.failed())
      return malformed("the file ends inside metadata key " + std::to_string(i));
    if (key.empty() || key.size() > key_bytes_max) {
      return malformed("metadata key " + std::to_string(i) + " has a length of " +
                       std::to_string(key.size()) + " bytes");
    }
    if (file_->values_.contains(key)) return malformed("duplicate key " + quoted(key));
    if (auto error = read_value(std::string{key})) return error;
  }
  return caf::none;
}

caf::error gguf_parser::read_value(const std::string& key) {
  const auto tag = static_cast<gguf_tag>(cursor_.read<std::uint32_t>());
  auto value = tag == gguf_tag::array ? read_array(key) : read_scalar(key, tag);
  if (!value) return value.error();
  if (cursor_.failed()) return malformed("the file ends inside key " + quoted(key));
  file_->values_.emplace(key, std::move(*value));
  return caf::none;
}

caf::expected<gguf_value> gguf_parser::read_scalar(const std::string& key, gguf_tag tag) {
  if (is_integer(tag)) return read_integer(cursor_, tag);
  switch (tag) {
    case gguf_tag::float32:
    case gguf_tag::float64:
      return gguf_value{read_float(cursor_, tag)};
    case gguf_tag::boolean: {
      const auto byte = cursor_.read<std::uint8_t>();
      if (byte > 1) return malformed("key " + quoted(key) + " is neither true nor false");
      return gguf_value{byte == 1};
    }
    case gguf_tag::string:
      return gguf_value{std::string{cursor_.read_string()}};
    default:
      return malformed("key " + quoted(key) + " has the unknown type " +
                       std::to_string(static_cast<std::uint32_t>(tag)));
  }
}

caf::expected<gguf_value> gguf_parser::read_array(const std::string& key) {
  const auto tag = static_cast<gguf_tag>(cursor_.read<std::uint32_t>());
  const auto count = cursor_.read<std::uint64_t>();
  if (tag == gguf_tag::array) {
    return make_failure(errc::unsupported, "GGUF: key " + quoted(key) + " holds nested arrays");
  }
  const auto element_bytes = tag == gguf_tag::string ? 8 : fixed_bytes(tag);
  if (element_bytes == 0) return malformed("key " + quoted(key) + " is an array of unknown type");
  if (cursor_.failed() || count > cursor_.remaining() / element_bytes) {
    return malformed("array " + quoted(key) + " of " + std::to_string(count) +
                     " elements exceeds the file");
  }
  if (tag == gguf_tag::string) {
    std::vector<std::string_view> strings(count);
    for (auto& text : strings) text = cursor_.read_string();
    return gguf_value{std::move(strings)};
  }
  if (tag == gguf_tag::float32 || tag == gguf_tag::float64) {
    std::vector<double> numbers(count);
    for (auto& number : numbers) number = read_float(cursor_, tag);
    return gguf_value{std::move(numbers)};
  }
  std::vector<std::int64_t> numbers(count);
  for (auto& number : numbers) {
    const auto value = tag == gguf_tag::boolean
                           ? gguf_value{std::uint64_t{cursor_.read<std::uint8_t>()}}
                           : read_integer(cursor_, tag);
    const auto* as_unsigned = std::get_if<std::uint64_t>(&value);
    if (as_unsigned != nullptr && *as_unsigned > (tag == gguf_tag::boolean ? 1 : int64_max)) {
      return malformed("array " + quoted(key) + " holds a value out of range");
    }
    number = as_unsigned != nullptr ? static_cast<std::int64_t>(*as_unsigned)
                                    : std::get<std::int64_t>(value);
  }
  return gguf_value{std::move(numbers)};
}

caf::error gguf_parser::read_alignment() {
  const auto* value = file_->find("general.alignment");
  if (value == nullptr) return caf::none;
  const auto* alignment = std::get_if<std::uint64_t>(value);
  // The specification asks for a multiple of 8; ggml itself takes powers of two only.
  if (alignment == nullptr || *alignment < 8 || *alignment > alignment_max ||
      (*alignment & (*alignment - 1)) != 0) {
    return malformed("key 'general.alignment' is no power of two from 8 to " +
                     std::to_string(alignment_max));
  }
  alignment_ = *alignment;
  return caf::none;
}

caf::error gguf_parser::read_directory() {
  file_->tensors_.reserve(tensor_count_);
  offsets_.reserve(tensor_count_);
  for (std::uint64_t i = 0; i < tensor_count_; ++i) {
    if (auto error = read_tensor()) return error;
  }
  return caf::none;
}

caf::error gguf_parser::read_tensor() {
  const auto index = file_->tensors_.size();
  const auto name = cursor_.read_string();
  const auto rank = cursor_.read<std::uint32_t>();
  if (cursor_.failed()) return malformed("the file ends inside tensor " + std::to_string(index));
  if (name.empty() || name.size() > tensor_name_bytes_max) {
    return malformed("tensor " + std::to_string(index) + " has a name of " +
                     std::to_string(name.size()) + " bytes");
  }
  const auto label = "tensor " + quoted(name);
  tensor_view view;
  view.name = name;
  if (rank < 1 || rank > view.dims.size()) {
    return malformed(label + " has " + std::to_string(rank) + " dimensions (1 to 4 are allowed)");
  }
  for (std::uint32_t d = 0; d < rank; ++d) view.dims[d] = cursor_.read<std::uint64_t>();
  const auto raw_type = cursor_.read<std::uint32_t>();
  offsets_.push_back(cursor_.read<std::uint64_t>());
  if (cursor_.failed()) return malformed("the file ends inside " + label);
  const auto format = format_of(raw_type);
  if (!format) {
    return make_failure(errc::unsupported,
                        "GGUF: " + label + " has the unsupported type " + type_name(raw_type));
  }
  view.type = static_cast<tensor_type>(raw_type);
  if (view.dims[0] % format->elements != 0 || std::ranges::count(view.dims, 0U) > 0) {
    return malformed(label + " has a dimension that does not fit its type " + type_name(raw_type));
  }
  auto bytes = multiply(view.dims[0] / format->elements, format->bytes);
  for (std::size_t d = 1; bytes && d < view.dims.size(); ++d)
    bytes = multiply(*bytes, view.dims[d]);
  if (!bytes || *bytes > size_) return malformed(label + " is larger than the file");
  view.bytes = static_cast<std::size_t>(*bytes);
  if (!file_->tensor_index_.emplace(view.name, index).second)
    return malformed("duplicate " + label);
  file_->tensors_.push_back(std::move(view));
  return caf::none;
}

caf::error gguf_parser::place_tensors() {
  const auto start = (cursor_.position() + alignment_ - 1) / alignment_ * alignment_;
  for (std::size_t i = 0; i < offsets_.size(); ++i) {
    auto& tensor = file_->tensors_[i];
    const auto label = "tensor " + quoted(tensor.name);
    if (offsets_[i] % alignment_ != 0) return malformed(label + " is not aligned");
    // All three terms are compared by subtraction: a sum could wrap.
    if (start > size_ || offsets_[i] > size_ - start ||
        tensor.bytes > size_ - start - offsets_[i]) {
      return malformed(label + " lies outside the file");
    }
    tensor.data = data_ + start + offsets_[i];
  }
  return caf::none;
}

}  // namespace troupe::engine
