#include "engine/embedded/text/template_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string_view>

#include "engine/embedded/text/utf8.hpp"

namespace troupe::engine {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

// Python's float repr: the shortest digits that read back, an exponent below 1e-4 and from 1e16.
std::string number_text(double value, bool json) {
  if (std::isnan(value)) return json ? "NaN" : "nan";
  if (std::isinf(value)) {
    const std::string sign = value < 0 ? "-" : "";
    return sign + (json ? "Infinity" : "inf");
  }
  std::array<char, 512> buffer;
  const auto magnitude = std::fabs(value);
  const bool plain = value == 0 || (magnitude >= 1e-4 && magnitude < 1e16);
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                 plain ? std::chars_format::fixed : std::chars_format::scientific);
  std::string text{buffer.data(), end.ptr};
  if (plain && text.find('.') == std::string::npos) text += ".0";
  return text;
}

void append_escape(std::string& out, std::string_view prefix, char32_t code, int digits) {
  out += prefix;
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) {
    out += hex_digits[(code >> static_cast<unsigned>(shift)) & 15U];
  }
}

std::string quoted(const std::string& text) {
  const bool has_single = text.find('\'') != std::string::npos;
  const char quote = has_single && text.find('"') == std::string::npos ? '"' : '\'';
  std::string out(1, quote);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == quote || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n' || c == '\r' || c == '\t') {
      out += c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t";
    } else if (byte < 0x20 || byte == 0x7F) {
      append_escape(out, "\\x", byte, 2);
    } else {
      out += c;
    }
  }
  return out + quote;
}

void append_json_escape(std::string& out, char32_t code) {
  if (code < 0x10000) return append_escape(out, "\\u", code, 4);
  append_escape(out, "\\u", 0xD800 + ((code - 0x10000) >> 10U), 4);
  append_escape(out, "\\u", 0xDC00 + ((code - 0x10000) & 0x3FFU), 4);
}

std::string json_string(std::string_view text, bool ascii) {
  constexpr std::string_view from = "\"\\\n\r\t\b\f", to = "\"\\nrtbf";
  std::string out = "\"";
  while (!text.empty()) {
    const auto step = decode_utf8(text);
    if (const auto at = from.find(text[0]); at != std::string_view::npos) {
      out += '\\';
      out += to[at];
    } else if (step.code < 0x20 || (ascii && step.code >= 0x80)) {
      append_json_escape(out, step.code);
    } else {
      out += text.substr(0, step.bytes);
    }
    text.remove_prefix(step.bytes);
  }
  return out + '"';
}

class json_writer {
 public:
  explicit json_writer(const json_style& style) : style_{style} {}

  bool write(const template_value& value) {
    if (const auto* list = value.as_list()) return write_list(*list);
    if (const auto* dict = value.as_dict()) return write_dict(*dict);
    if (value.is_none()) {
      out_ += "null";
    } else if (const auto* flag = value.as_boolean()) {
      out_ += *flag ? "true" : "false";
    } else if (const auto* number = value.as_number()) {
      out_ += number_text(*number, true);
    } else if (const auto* integer = value.as_integer()) {
      out_ += std::to_string(*integer);
    } else if (const auto* text = value.as_text()) {
      out_ += json_string(*text, style_.ascii);
    } else {
      return false;
    }
    return true;
  }

  std::string take() { return std::move(out_); }

 private:
  bool write_list(const template_list& list) {
    return write_members('[', ']', list.items.size(),
                         [&](std::size_t i) { return write(list.items[i]); });
  }

  bool write_dict(const template_dict& dict) {
    std::vector<const std::pair<std::string, template_value>*> items;
    for (const auto& item : dict.items) items.push_back(&item);
    if (style_.sort_keys) {
      std::ranges::stable_sort(items, {}, [](const auto* item) { return item->first; });
    }
    return write_members('{', '}', items.size(), [&](std::size_t i) {
      out_ += json_string(items[i]->first, style_.ascii) + style_.key_separator;
      return write(items[i]->second);
    });
  }

  template <class Member>
  bool write_members(char open, char close, std::size_t count, Member member) {
    out_ += open;
    ++level_;
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0) out_ += style_.item_separator;
      new_line();
      if (!member(i)) return false;
    }
    --level_;
    if (count > 0) new_line();
    out_ += close;
    return true;
  }

  void new_line() {
    if (style_.indent < 0) return;
    out_ += '\n';
    out_.append(static_cast<std::size_t>(level_ * style_.indent), ' ');
  }

  const json_style& style_;
  std::string out_;
  int level_ = 0;
};

std::string list_text(const template_list& list) {
  std::string out = list.tuple ? "(" : "[";
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    out += (i > 0 ? ", " : "") + repr_of(list.items[i]);
  }
  if (list.tuple) return out + (list.items.size() == 1 ? ",)" : ")");
  return out + "]";
}

std::string dict_text(const template_dict& dict) {
  std::string out = "{";
  for (std::size_t i = 0; i < dict.items.size(); ++i) {
    out += i > 0 ? ", " : "";
    out += quoted(dict.items[i].first) + ": " + repr_of(dict.items[i].second);
  }
  return out + "}";
}

}  // namespace

std::string text_of(const template_value& value) {
  if (value.is_undefined()) return {};
  const auto* text = value.as_text();
  return text != nullptr ? *text : repr_of(value);
}

std::string repr_of(const template_value& value) {
  if (value.is_undefined()) return "Undefined";
  if (value.is_none()) return "None";
  if (const auto* flag = value.as_boolean()) return *flag ? "True" : "False";
  if (const auto* integer = value.as_integer()) return std::to_string(*integer);
  if (const auto* number = value.as_number()) return number_text(*number, false);
  if (const auto* text = value.as_text()) return quoted(*text);
  if (const auto* list = value.as_list()) return list_text(*list);
  if (const auto* dict = value.as_dict()) return dict_text(*dict);
  // Namespaces and functions print by type only: what Python prints holds an address.
  return "<" + std::string{value.type_name()} + ">";
}

std::optional<std::string> json_text(const template_value& value, const json_style& style) {
  json_writer writer{style};
  if (!writer.write(value)) return std::nullopt;
  return writer.take();
}

}  // namespace troupe::engine
