// Cuts a chat template into tokens, with Jinja's whitespace rules as Hugging Face sets them:
// trim_blocks and lstrip_blocks on, the source's last newline dropped.
//
// Bounds: the source is at most template_source_bytes_max.
// Errors: malformed_file with line and column.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/errc.hpp"

namespace troupe::engine {

constexpr std::size_t template_source_bytes_max = 1U << 20U;

enum class token_type : std::uint8_t {
  data,
  block_begin,
  block_end,
  variable_begin,
  variable_end,
  name,
  integer,
  floating,
  string,
  symbol,
  end
};

struct template_token {
  token_type type = token_type::end;
  std::string text;  // of a string: decoded
  int line = 1;
  int column = 1;
};

// Makes the error of a template's author: what is wrong, and where.
caf::error template_failure(errc code, int line, int column, const std::string& text);

class template_lexer {
 public:
  explicit template_lexer(std::string_view source);

  // Returns all tokens, an end token last.
  caf::expected<std::vector<template_token>> run();

 private:
  enum class tag_type : std::uint8_t { block, variable, comment };

  void lex_data();
  void emit_data(std::size_t end, tag_type tag, char sign);
  void lex_comment();
  bool lex_raw();
  void lex_tag(tag_type tag);
  bool lex_tag_end(tag_type tag);
  void lex_name();
  void lex_number();
  void lex_string();
  void lex_symbol();
  bool lex_escape(std::string& out);
  void finish_tag(std::size_t bytes, char sign, bool trims_newline);
  void skip_spaces();
  bool at(std::string_view text) const {
    return std::string_view{source_}.substr(at_, text.size()) == text;
  }
  void push(token_type type, std::string text, std::size_t offset);
  void fail(std::size_t offset, const std::string& text);

  std::string source_;
  std::size_t at_ = 0;
  bool line_starts_ = true;  // whether at_ follows a newline, as the tag before left it
  std::string open_;         // closing brackets still expected inside a tag
  std::vector<std::size_t> lines_;
  std::vector<template_token> tokens_;
  caf::error error_;
};

}  // namespace troupe::engine
