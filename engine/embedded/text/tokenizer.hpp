// Byte-level BPE as GPT-2's family uses it, read from a GGUF file's tokenizer.ggml.* keys.
//
// Thread: immutable after load, so any thread may encode (scratch space is per call).
// Bounds: text and token counts are bounded by the caller (config::limits); pre-tokenizer patterns
// run under PCRE2 match limits.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/embedded/model/gguf_file.hpp"

namespace troupe::engine {

using token_id = std::int32_t;

class tokenizer {
 public:
  // Errors: malformed_file (names the key), unsupported (names the pre-tokenizer or model kind).
  static caf::expected<std::unique_ptr<tokenizer>> load(const gguf_file& file);
  ~tokenizer();

  // Encodes text. With parse_special, control tokens spelt out in it ("<|im_end|>") become their
  // ids; without, they are plain text. With add_bos, the model's BOS is put first if the model
  // wants one.
  std::vector<token_id> encode(std::string_view text, bool parse_special, bool add_bos) const;

  // Bytes of one token: raw, so a multi-byte character may be split over several tokens. Control
  // tokens have bytes only with keep_special.
  std::string_view bytes(token_id id, bool keep_special = false) const;

  // Text of many tokens; bytes that are no UTF-8 become U+FFFD.
  std::string decode(const std::vector<token_id>& ids, bool skip_special) const;

  std::size_t vocab_size() const;
  token_id bos() const;                    // -1: none
  token_id eos() const;                    // -1: none
  bool is_end_of_turn(token_id id) const;  // EOS, or an end-of-turn token of the template
  bool is_special(token_id id) const;
  std::string_view piece(token_id id) const;  // as the vocabulary spells it

 private:
  struct state;
  explicit tokenizer(std::unique_ptr<state> s);
  std::unique_ptr<state> state_;
};

}  // namespace troupe::engine
