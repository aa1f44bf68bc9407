#include "config/text_form.hpp"

#include <algorithm>

#include "config/mistake.hpp"
#include "config/units.hpp"
#include "runtime/digest.hpp"

namespace troupe::config {

namespace {

constexpr std::size_t text_bytes_max = 4096;
constexpr std::size_t model_bytes_max = 256;

bool is_visible(char c) {
  return c > 0x20 && c < 0x7f;
}

// What is wrong with a text that must not be shown.
std::string secret_mistake(text_form form, const std::string& text) {
  if (form == text_form::sha256 && !digest_from_hex(text)) {
    return "is not a SHA-256 in 64 hexadecimal digits; `troupe key new NAME` makes a key and these "
           "digits";
  }
  if (form == text_form::secret && !std::all_of(text.begin(), text.end(), is_visible)) {
    return "holds a space or a character beyond ASCII";
  }
  return {};
}

}  // namespace

std::string form_mistake(text_form form, const std::string& text) {
  if (text.size() > text_bytes_max) {
    return "is longer than " + std::to_string(text_bytes_max) + " bytes";
  }
  const bool has_control = std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
  if (has_control) return "holds a line break or another control character";
  if (form == text_form::name && !is_name(text)) {
    return "is " + quote(text) +
           "; a name is 1 to 63 letters, digits, '.', '_' or '-' and starts "
           "with a letter or a digit";
  }
  if (form == text_form::listen && !parse_listen(text)) {
    return "is " + quote(text) +
           "; write ADDRESS:PORT with an IP address in numbers, such as "
           "127.0.0.1:8000, [::1]:8000 or 0.0.0.0:8000";
  }
  if (form == text_form::model &&
      (text.empty() || text.size() > model_bytes_max || text.find(' ') != std::string::npos)) {
    return "is " + quote(text) + "; a model's name is 1 to " + std::to_string(model_bytes_max) +
           " bytes without spaces";
  }
  if (form == text_form::peer && !parse_peer(text)) {
    return "is " + quote(text) + "; write HOST:PORT, such as node-0.example:7100 or 10.0.0.7:7100";
  }
  if (form == text_form::host && !is_host_name(text)) {
    return "is " + quote(text) + ", which is no name of a host";
  }
  if (form == text_form::secret || form == text_form::sha256) return secret_mistake(form, text);
  if (form == text_form::url) {
    // One that holds a password is not shown.
    const bool is_public = text.find('@') == std::string::npos;
    if (std::string mistake = url_mistake(text); !mistake.empty()) {
      return is_public ? quote(text) + " " + mistake : mistake;
    }
  }
  return {};
}

}  // namespace troupe::config
