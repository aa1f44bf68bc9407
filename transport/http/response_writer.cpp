#include "transport/http/response_writer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

#include "runtime/clock.hpp"
#include "transport/http/error_reply.hpp"

namespace troupe::transport::http {

namespace {

constexpr auto ours = std::to_array<std::string_view>({"content-length", "date", "server"});

bool is_ours(std::string_view name) {
  return is_hop_by_hop(name) || std::any_of(ours.begin(), ours.end(),
                                            [name](auto each) { return same_token(name, each); });
}

void append_number(std::string& out, std::uint64_t value, int base) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, base).ptr;
  out.append(digits.data(), end);
}

}  // namespace

std::string_view date_field::value() {
  const auto second = static_cast<std::int64_t>(unix_seconds());
  if (second != second_) {
    second_ = second;
    const std::time_t time = second;
    std::tm parts{};
    ::gmtime_r(&time, &parts);
    std::array<char, 64> text;
    text_.assign(text.data(),
                 std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts));
  }
  return text_;
}

void append_head(std::string& out, const response_head& head, const framing& how,
                 std::string_view date) {
  out.append("HTTP/1.1 ");
  append_number(out, head.status, 10);
  out.push_back(' ');
  out.append(reason_phrase(head.status));
  out.append("\r\nServer: troupe\r\nDate: ");
  out.append(date);
  for (const auto& [name, value] : head.fields) {
    if (is_ours(name) || !is_one_line(name) || !is_one_line(value)) continue;
    out.append("\r\n").append(name).append(": ").append(value);
  }
  if (how.content_length) {
    out.append("\r\nContent-Length: ");
    append_number(out, *how.content_length, 10);
  }
  if (how.chunked) out.append("\r\nTransfer-Encoding: chunked");
  if (how.close) out.append("\r\nConnection: close");
  if (how.say_keep_alive) out.append("\r\nConnection: keep-alive");
  out.append("\r\n\r\n");
}

void append_chunk_size(std::string& out, std::size_t bytes) {
  append_number(out, bytes, 16);
  out.append("\r\n");
}

}  // namespace troupe::transport::http
