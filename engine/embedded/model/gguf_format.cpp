#include "engine/embedded/model/gguf_format.hpp"

#include <array>
#include <string_view>

namespace troupe::engine {

namespace {

// Index = raw type number; empty where ggml retired the number.
constexpr std::array<std::string_view, 31> names{
    "F32",     "F16",    "Q4_0",    "Q4_1",  "",       "",      "Q5_0",  "Q5_1",
    "Q8_0",    "Q8_1",   "Q2_K",    "Q3_K",  "Q4_K",   "Q5_K",  "Q6_K",  "Q8_K",
    "IQ2_XXS", "IQ2_XS", "IQ3_XXS", "IQ1_S", "IQ4_NL", "IQ3_S", "IQ2_S", "IQ4_XS",
    "I8",      "I16",    "I32",     "I64",   "F64",    "IQ1_M", "BF16"};

}  // namespace

std::size_t fixed_bytes(gguf_tag tag) {
  switch (tag) {
    case gguf_tag::uint8:
    case gguf_tag::int8:
    case gguf_tag::boolean:
      return 1;
    case gguf_tag::uint16:
    case gguf_tag::int16:
      return 2;
    case gguf_tag::uint32:
    case gguf_tag::int32:
    case gguf_tag::float32:
      return 4;
    case gguf_tag::uint64:
    case gguf_tag::int64:
    case gguf_tag::float64:
      return 8;
    default:
      return 0;
  }
}

std::optional<block_format> format_of(std::uint32_t raw_type) {
  switch (static_cast<tensor_type>(raw_type)) {
    case tensor_type::f32:
      return block_format{1, 4};
    case tensor_type::f16:
    case tensor_type::bf16:
      return block_format{1, 2};
    case tensor_type::q4_0:
      return block_format{32, 18};
    case tensor_type::q4_1:
      return block_format{32, 20};
    case tensor_type::q8_0:
      return block_format{32, 34};
  }
  return std::nullopt;
}

std::string type_name(std::uint32_t raw_type) {
  if (raw_type < names.size() && !names[raw_type].empty()) return std::string{names[raw_type]};
  return "type " + std::to_string(raw_type);
}

}  // namespace troupe::engine
