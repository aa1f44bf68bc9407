// Collects one request from the events of Beast's parser: its fields, its chunked body, and what
// the rules want to know of its head.
//
// Bounds: header and body bytes and the number of fields of http_limits, trailers included.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

#include <boost/beast/http/basic_parser.hpp>

#include "config/limits.hpp"
#include "transport/http/message.hpp"
#include "transport/http/request_rules.hpp"

namespace troupe::transport::http {

class request_collector final : public boost::beast::http::basic_parser<true> {
 public:
  explicit request_collector(const config::http_limits& limits) {
    const auto most = std::numeric_limits<std::uint32_t>::max();
    header_limit(
        static_cast<std::uint32_t>(std::min<std::size_t>(limits.header_bytes_max + 1, most)));
    body_limit(limits.body_bytes_max);
    eager(false);
    fields_max_ = limits.fields_max;
  }

  request message;
  head_facts facts;
  bool has_line = false;  // the request line is behind us
  bool in_chunk = false;  // the next bytes are data
  bool expects_continue = false;
  bool too_many_fields = false;

 private:
  using error_code = boost::beast::error_code;
  using text = boost::beast::string_view;

  static constexpr std::size_t fields_expected = 16;

  static std::string_view view(text t) { return {t.data(), t.size()}; }

  void on_request_impl(boost::beast::http::verb, text method, text target, int version,
                       error_code&) override {
    message.method = view(method);
    message.target = view(target);
    message.fields.reserve(fields_expected);
    facts.http_1_1 = version == 11;
    has_line = true;
  }

  void on_response_impl(int, text, int, error_code&) override {}

  void on_field_impl(boost::beast::http::field id, text name, text value,
                     error_code& error) override {
    if (++fields_seen_ > fields_max_) {
      too_many_fields = true;
      error = boost::beast::http::error::header_limit;
      return;
    }
    if (is_header_done()) return;  // trailers are dropped: nothing above may depend on them
    switch (id) {
      case boost::beast::http::field::host:
        ++facts.hosts;
        break;
      case boost::beast::http::field::content_length:
        ++facts.lengths;
        if (!is_plain_number(view(value))) error = boost::beast::http::error::bad_content_length;
        break;
      case boost::beast::http::field::transfer_encoding:
        facts.has_coding = true;
        facts.unknown_coding |= !same_token(view(value), "chunked");
        break;
      case boost::beast::http::field::expect:
        expects_continue = same_token(view(value), "100-continue");
        facts.unknown_expectation |= !expects_continue;
        break;
      default:
        break;
    }
    message.fields.add(view(name), view(value));
  }

  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(text bytes, error_code&) override { return bytes.size(); }

  void on_chunk_header_impl(std::uint64_t, text extensions, error_code& error) override {
    if (!is_plain_extension(view(extensions))) {
      error = boost::beast::http::error::bad_chunk_extension;
    }
  }

  std::size_t on_chunk_body_impl(std::uint64_t left, text bytes, error_code&) override {
    in_chunk = bytes.size() < left;
    message.body.append(bytes.data(), bytes.size());
    return bytes.size();
  }

  void on_finish_impl(error_code&) override {}

  std::size_t fields_max_ = 0;
  std::size_t fields_seen_ = 0;
};

}  // namespace troupe::transport::http
