// What the head of a request must satisfy beyond the grammar of its lines, and the status that
// answers each breach. Pure.
//
// Source: RFC 9112, sections 2.3 (version), 3.2 (target, Host), 6 (framing). Where it lets a server
// choose between leniency and refusal we refuse: what two parsers read differently is how one
// request is smuggled within another.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "config/limits.hpp"
#include "transport/http/message.hpp"

namespace troupe::transport::http {

// Why a request is refused; status 0: it is not.
struct refusal {
  unsigned status = 0;
  std::string text;
};

// What a parser has noted of a head beside its fields.
struct head_facts {
  unsigned hosts = 0;
  unsigned lengths = 0;  // Content-Length fields
  bool http_1_1 = true;
  bool has_coding = false;
  bool unknown_coding = false;
  bool unknown_expectation = false;
};

// Judges a request line, whole or not yet, by its length.
refusal judge_line_length(std::string_view line, const config::http_limits& limits);

// Says why a request line without a version we speak is refused: 505 where it is well-formed.
refusal refusal_of_version(std::string_view line);

// Judges a head whose lines were well-formed. A target in absolute form is brought into origin
// form.
refusal judge_head(request& message, const head_facts& facts, const config::http_limits& limits);

}  // namespace troupe::transport::http
