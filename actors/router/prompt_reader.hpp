// Reads from a request body only what routing needs, and hashes the prompt as the engine sees it.
//
// The body is read, never altered. Two requests whose rendered prompts share a prefix share chunk
// hashes up to that point: chat is hashed as tools, then messages in order, each as role, name,
// content, tool calls, whatever the order of keys, white space and escapes in the JSON. Of a list
// of prompts the first counts. A duplicate key counts as Python's json counts it: the last one
// wins. What is not read here is not validated here: the engine does that.
//
// Thread: one reader per thread, it keeps its parser's buffers. Long texts are read where they lie,
// and what is left of such a body is copied (json_outline.hpp); other bodies are read in place
// where they have SIMDJSON_PADDING (64) bytes of capacity beyond their size, and copied once where
// not. Bounds: body_bytes_max; nesting of tools and tool calls 64; names 1 kB. Errors:
// invalid_request with a sentence naming the field; payload_too_large.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include <caf/expected.hpp>

#include "actors/router/model_names.hpp"
#include "actors/router/prefix_hash.hpp"
#include "actors/router/routing_types.hpp"

namespace troupe::actors {

enum class prompt_kind { completion, chat };  // /v1/completions, /v1/chat/completions

struct prompt_reader_options {
  hash_seed seed;
  std::size_t body_bytes_max = 32 * 1024 * 1024;
  bool hash_prompt = true;  // off for policies without an index: the chain stays empty
  std::string session_field = "user";
  std::shared_ptr<const model_names> names{};  // null: there are no aliases
};

class prompt_reader {
 public:
  explicit prompt_reader(prompt_reader_options options);
  ~prompt_reader();
  prompt_reader(prompt_reader&&) noexcept;
  prompt_reader& operator=(prompt_reader&&) noexcept;

  const prompt_reader_options& options() const { return options_; }

  // Reads as these options say from now on; the seed must be the same.
  void set_options(prompt_reader_options options) { options_ = std::move(options); }

  // Reads one request body.
  caf::expected<prompt_facts> read(prompt_kind kind, const std::string& body);

 private:
  struct buffers;  // simdjson's parser and the hasher, kept for the next body

  prompt_reader_options options_;
  std::unique_ptr<buffers> buffers_;
};

}  // namespace troupe::actors
