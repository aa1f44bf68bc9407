// Splits text into the words that BPE must not merge across, by the patterns a model was trained
// with.
//
// Thread: immutable after make; a splitter (scratch space) has one owner.
// Bounds: patterns run under PCRE2's match limit; at the limit the rest of the text is one word, so
// no byte is lost.
// Source: the patterns are those that the models' publishers give in tokenizer.json; the names are
// llama.cpp's values of tokenizer.ggml.pre.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "runtime/errc.hpp"

namespace troupe::engine {

class pre_tokenizer {
 public:
  // Errors: unsupported names the pre-tokenizer.
  static caf::expected<pre_tokenizer> make(std::string_view name);

  pre_tokenizer(pre_tokenizer&&) noexcept;
  ~pre_tokenizer();

  // Whether a word that is a token as a whole is taken as it is, whatever the merges say.
  bool ignores_merges() const { return ignores_merges_; }

  // Whether the model wants BOS where the file does not say.
  bool adds_bos() const { return adds_bos_; }

  // Splits text into words, in order and without gaps. Bytes that are no UTF-8 stand in words of
  // their own.
  void split(std::string_view text, std::vector<std::string_view>& words) const;

 private:
  class stage;
  pre_tokenizer();

  std::vector<stage> stages_;
  bool ignores_merges_ = false;
  bool adds_bos_ = false;
};

}  // namespace troupe::engine
