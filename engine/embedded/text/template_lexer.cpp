#include "engine/embedded/text/template_lexer.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/embedded/text/python_string.hpp"
#include "engine/embedded/text/utf8.hpp"

namespace troupe::engine {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool begins_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// Jinja reads all line ends as \n and drops the last one.
std::string normalise(std::string_view source) {
  std::string out;
  out.reserve(source.size());
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (source[i] == '\r' && source.substr(i + 1, 1) == "\n") continue;
    out += source[i] == '\r' ? '\n' : source[i];
  }
  if (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

}  // namespace

caf::error template_failure(errc code, int line, int column, const std::string& text) {
  return make_failure(code, "chat template, line " + std::to_string(line) + ", column " +
                                std::to_string(column) + ": " + text);
}

template_lexer::template_lexer(std::string_view source) : source_{normalise(source)} {
  lines_.push_back(0);
  for (std::size_t i = 0; i < source_.size(); ++i) {
    if (source_[i] == '\n') lines_.push_back(i + 1);
  }
}

caf::expected<std::vector<template_token>> template_lexer::run() {
  if (source_.size() > template_source_bytes_max) {
    return make_failure(
        errc::unsupported,
        "chat template: longer than " + std::to_string(template_source_bytes_max) + " bytes");
  }
  while (at_ < source_.size() && !error_) lex_data();
  if (error_) return error_;
  push(token_type::end, {}, source_.size());
  return std::move(tokens_);
}

void template_lexer::push(token_type type, std::string text, std::size_t offset) {
  const auto line = std::ranges::upper_bound(lines_, offset) - lines_.begin();
  const auto column = offset - lines_[static_cast<std::size_t>(line) - 1] + 1;
  tokens_.push_back({type, std::move(text), static_cast<int>(line), static_cast<int>(column)});
}

void template_lexer::fail(std::size_t offset, const std::string& text) {
  push(token_type::end, {}, offset);
  error_ = template_failure(errc::malformed_file, tokens_.back().line, tokens_.back().column, text);
  at_ = source_.size();
}

// Text up to the next tag, and that tag.
void template_lexer::lex_data() {
  auto begin = source_.find('{', at_);
  while (begin != std::string::npos) {
    const auto mark = source_.substr(begin + 1, 1);
    if (mark == "%" || mark == "{" || mark == "#") break;
    begin = source_.find('{', begin + 1);
  }
  if (begin == std::string::npos) {
    push(token_type::data, source_.substr(at_), at_);
    at_ = source_.size();
    return;
  }
  const char mark = source_[begin + 1];
  const auto tag = mark == '%'   ? tag_type::block
                   : mark == '{' ? tag_type::variable
                                 : tag_type::comment;
  const char sign = begin + 2 < source_.size() ? source_[begin + 2] : ' ';
  emit_data(begin, tag, sign);
  at_ = begin + (sign == '-' || sign == '+' ? 3 : 2);
  if (tag == tag_type::comment) return lex_comment();
  if (tag == tag_type::block && lex_raw()) return;
  push(tag == tag_type::block ? token_type::block_begin : token_type::variable_begin, {}, begin);
  lex_tag(tag);
}

// Takes the text before a tag, less the whitespace that the tag swallows.
void template_lexer::emit_data(std::size_t end, tag_type tag, char sign) {
  auto text = std::string_view{source_}.substr(at_, end - at_);
  if (sign == '-') {
    text = strip(text, strip_side::right);
  } else if (sign != '+' && tag != tag_type::variable) {
    const auto line = text.rfind('\n') + 1;  // 0 where there is none
    if ((line > 0 || line_starts_) && strip(text.substr(line), strip_side::left).empty()) {
      text = text.substr(0, line);
    }
  }
  if (!text.empty()) push(token_type::data, std::string{text}, at_);
}

void template_lexer::lex_comment() {
  const auto begin = at_;
  const auto end = source_.find("#}", at_);
  if (end == std::string::npos) return fail(begin, "the comment does not end");
  const char sign = end > begin ? source_[end - 1] : ' ';
  at_ = end;
  finish_tag(2, sign, true);
}

// Moves past a tag's end: '-' swallows all whitespace after it, no sign one newline after a block.
void template_lexer::finish_tag(std::size_t bytes, char sign, bool trims_newline) {
  at_ += bytes;
  if (sign == '-') {
    const auto rest = std::string_view{source_}.substr(at_);
    at_ += rest.size() - strip(rest, strip_side::left).size();
  } else if (sign != '+' && trims_newline && at("\n")) {
    ++at_;
  }
  line_starts_ = source_[at_ - 1] == '\n';
}

// {% raw %} … {% endraw %}: the text between is data. Returns whether at_ stood inside a raw tag.
bool template_lexer::lex_raw() {
  const auto begin = at_;
  skip_spaces();
  const bool named = at("raw");
  at_ += named ? 3 : 0;
  skip_spaces();
  const char sign = at("-%}") ? '-' : at("+%}") ? '+' : ' ';
  if (!named || !std::string_view{source_}.substr(at_ + (sign == ' ' ? 0 : 1)).starts_with("%}")) {
    at_ = begin;
    return false;
  }
  finish_tag(sign == ' ' ? 2 : 3, sign, true);
  for (auto end = source_.find("{%", at_); end != std::string::npos;
       end = source_.find("{%", end + 2)) {
    const auto data_begin = at_;
    const char open_sign = end + 2 < source_.size() ? source_[end + 2] : ' ';
    at_ = end + (open_sign == '-' || open_sign == '+' ? 3 : 2);
    skip_spaces();
    if (at("endraw")) {
      at_ += 6;
      skip_spaces();
      const char close_sign = at("-%}") ? '-' : at("+%}") ? '+' : ' ';
      const auto after = at_ + (close_sign == ' ' ? 0 : 1);
      if (source_.compare(after, 2, "%}") == 0) {
        at_ = data_begin;
        emit_data(end, tag_type::block, open_sign);
        at_ = after;
        finish_tag(2, close_sign, true);
        return true;
      }
    }
    at_ = data_begin;
  }
  fail(begin, "the raw block does not end");
  return true;
}

void template_lexer::skip_spaces() {
  const auto rest = std::string_view{source_}.substr(at_);
  at_ += rest.size() - strip(rest, strip_side::left).size();
}

void template_lexer::lex_tag(tag_type tag) {
  const auto begin = at_;
  open_.clear();
  while (!error_) {
    skip_spaces();
    if (at_ >= source_.size()) return fail(begin, "the tag does not end");
    if (open_.empty() && lex_tag_end(tag)) return;
    const char c = source_[at_];
    if (begins_name(c)) {
      lex_name();
    } else if (is_digit(c)) {
      lex_number();
    } else if (c == '"' || c == '\'') {
      lex_string();
    } else {
      lex_symbol();
    }
  }
}

bool template_lexer::lex_tag_end(tag_type tag) {
  const auto mark = tag == tag_type::block ? std::string_view{"%}"} : std::string_view{"}}"};
  const char first = source_[at_];
  const bool has_sign = first == '-' || (first == '+' && tag == tag_type::block);
  if (source_.compare(at_ + (has_sign ? 1 : 0), 2, mark) != 0) return false;
  push(tag == tag_type::block ? token_type::block_end : token_type::variable_end, {}, at_);
  finish_tag(has_sign ? 3 : 2, has_sign ? first : ' ', tag == tag_type::block);
  return true;
}

void template_lexer::lex_name() {
  const auto begin = at_;
  while (at_ < source_.size() && (begins_name(source_[at_]) || is_digit(source_[at_]))) ++at_;
  push(token_type::name, source_.substr(begin, at_ - begin), begin);
}

void template_lexer::lex_number() {
  const auto begin = at_;
  const auto digits = [this] {
    while (at_ < source_.size() && (is_digit(source_[at_]) || source_[at_] == '_')) ++at_;
  };
  const auto digit_at = [this](std::size_t i) {
    return i < source_.size() && is_digit(source_[i]);
  };
  digits();
  bool floating = false;
  // After a dot, as in list.0.1, digits are an index.
  const bool member =
      !tokens_.empty() && tokens_.back().text == "." && tokens_.back().type == token_type::symbol;
  if (!member && at(".") && digit_at(at_ + 1)) {
    ++at_;
    digits();
    floating = true;
  }
  if (!member && (at("e") || at("E"))) {
    const bool has_sign =
        source_.compare(at_ + 1, 1, "-") == 0 || source_.compare(at_ + 1, 1, "+") == 0;
    if (digit_at(at_ + (has_sign ? 2 : 1))) {
      at_ += has_sign ? 2 : 1;
      digits();
      floating = true;
    }
  }
  auto text = source_.substr(begin, at_ - begin);
  std::erase(text, '_');
  push(floating ? token_type::floating : token_type::integer, std::move(text), begin);
}

void template_lexer::lex_string() {
  const auto begin = at_;
  const char quote = source_[at_++];
  std::string text;
  while (at_ < source_.size() && source_[at_] != quote) {
    if (source_[at_] != '\\') {
      text += source_[at_++];
    } else if (!lex_escape(text)) {
      return fail(at_, "unknown escape in the string");
    }
  }
  if (at_ >= source_.size()) return fail(begin, "the string does not end");
  ++at_;
  push(token_type::string, std::move(text), begin);
}

bool template_lexer::lex_escape(std::string& out) {
  constexpr std::string_view from = "\\'\"abfnrtv", to = "\\'\"\a\b\f\n\r\t\v";
  if (at_ + 1 >= source_.size()) return false;
  const char kind = source_[at_ + 1];
  at_ += 2;
  if (const auto i = from.find(kind); i != std::string_view::npos) {
    out += to[i];
    return true;
  }
  if (kind == '\n') return true;
  const std::size_t digits = kind == 'x' ? 2 : kind == 'u' ? 4 : kind == 'U' ? 8 : 0;
  if (digits == 0) {
    // Python keeps the backslash of an escape that it does not know.
    const bool octal_or_name = is_digit(kind) || kind == 'N';
    out += '\\';
    out += kind;
    return !octal_or_name;
  }
  char32_t code = 0;
  for (std::size_t i = 0; i < digits; ++i, ++at_) {
    constexpr std::string_view hex = "0123456789abcdef";
    const char c = at_ < source_.size() ? source_[at_] : ' ';
    const auto value = hex.find(c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c);
    if (value == std::string_view::npos) return false;
    code = code * 16 + static_cast<char32_t>(value);
  }
  if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return false;
  append_utf8(out, code);
  return true;
}

void template_lexer::lex_symbol() {
  constexpr std::array<std::string_view, 6> pairs{"//", "**", "==", "!=", ">=", "<="};
  constexpr std::string_view singles = "+-*/%~<>=.:|,()[]{};";
  const auto begin = at_;
  for (const auto pair : pairs) {
    if (!at(pair)) continue;
    push(token_type::symbol, std::string{pair}, begin);
    at_ += 2;
    return;
  }
  const char c = source_[at_];
  if (singles.find(c) == std::string_view::npos) {
    return fail(begin, "unexpected character in the tag");
  }
  if (c == '(') open_ += ')';
  if (c == '[') open_ += ']';
  if (c == '{') open_ += '}';
  if (c == ')' || c == ']' || c == '}') {
    if (open_.empty() || open_.back() != c)
      return fail(begin, std::string{"unexpected '"} + c + "'");
    open_.pop_back();
  }
  push(token_type::symbol, std::string(1, c), begin);
  ++at_;
}

}  // namespace troupe::engine
