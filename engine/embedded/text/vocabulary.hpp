// The tokens of a byte-level vocabulary: spelling, bytes and kind by id, and id by bytes.
//
// Thread: immutable after load.
// Errors: malformed_file names the key.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/embedded/model/gguf_file.hpp"
#include "engine/embedded/text/tokenizer.hpp"

namespace troupe::engine {

// Values are those of the file format.
enum class token_kind : std::uint8_t {
  normal = 1,
  unknown = 2,
  control = 3,
  user_defined = 4,
  unused = 5,
  byte = 6
};

class vocabulary {
 public:
  // Reads tokenizer.ggml.tokens and tokenizer.ggml.token_type.
  static caf::expected<vocabulary> load(const gguf_file& file);

  std::size_t size() const { return kinds_.size(); }
  bool contains(token_id id) const {
    return id >= 0 && static_cast<std::size_t>(id) < kinds_.size();
  }
  token_kind kind(token_id id) const { return kinds_[static_cast<std::size_t>(id)]; }

  // Control and unknown tokens are marks, not text.
  bool is_mark(token_id id) const {
    return kind(id) == token_kind::control || kind(id) == token_kind::unknown;
  }

  // Returns a token as the file spells it.
  std::string_view piece(token_id id) const { return slice(pieces_, id); }

  // Returns the bytes a token stands for; a mark's are its spelling.
  std::string_view bytes(token_id id) const { return slice(bytes_, id); }

  // Returns the text token of exactly these bytes, -1 where there is none. Marks are not found.
  token_id find(std::string_view bytes) const;

  // Returns the token of one byte, -1 where the vocabulary lacks it.
  token_id byte_token(std::uint8_t byte) const { return byte_tokens_[byte]; }

 private:
  // Texts end to end; text i ends where text i + 1 begins. One allocation, no pointers into itself,
  // so a vocabulary can be moved.
  struct text_arena {
    std::string text;
    std::vector<std::uint32_t> starts{0};

    void add(std::string_view part) {
      text += part;
      starts.push_back(static_cast<std::uint32_t>(text.size()));
    }
  };

  static std::string_view slice(const text_arena& arena, token_id id) {
    const auto i = static_cast<std::size_t>(id);
    return std::string_view{arena.text}.substr(arena.starts[i],
                                               arena.starts[i + 1] - arena.starts[i]);
  }
  void build_index();

  std::vector<token_kind> kinds_;
  text_arena pieces_, bytes_;
  std::vector<token_id> slots_;  // open addressing by hash of the bytes; -1: empty
  std::array<token_id, 256> byte_tokens_{};
};

}  // namespace troupe::engine
