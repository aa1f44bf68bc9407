// Plain HTTP/1.1 message types, free of Beast, shared by server, client and everything above them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace troupe::transport::http {

struct field {
  std::string name;
  std::string value;
};

// Header fields in the order they came; names compare without case.
class fields {
 public:
  // Appends a field, also beside others of its name.
  void add(std::string_view name, std::string_view value);

  // Replaces all fields of the name by one.
  void set(std::string_view name, std::string_view value);

  // Removes all fields of the name.
  void erase(std::string_view name);

  // Removes the fields that a predicate holds for.
  template <class Predicate>
  void erase_if(Predicate&& is_gone) {
    std::erase_if(list_, is_gone);
  }

  // Value of the first field of that name, empty where there is none.
  std::string_view find(std::string_view name) const;
  bool contains(std::string_view name) const;

  auto begin() const { return list_.begin(); }
  auto end() const { return list_.end(); }
  std::size_t size() const { return list_.size(); }

  // Makes room ahead.
  void reserve(std::size_t count) { list_.reserve(count); }

 private:
  std::vector<field> list_;
};

struct request {
  std::string method = "GET";
  std::string target = "/";  // path and query, as it came
  http::fields fields;
  std::string body;  // byte for byte

  // The target without its query.
  std::string_view path() const;
};

struct response_head {
  unsigned status = 200;
  http::fields fields;
};

// A TCP endpoint of an upstream: host name or address, and port.
struct endpoint {
  std::string host;
  std::uint16_t port = 0;

  friend bool operator==(const endpoint&, const endpoint&) = default;
};

// Returns the standard reason phrase of a status code.
std::string_view reason_phrase(unsigned status);

// Compares ASCII text without case, as field names and tokens are.
bool same_token(std::string_view a, std::string_view b);

// True for text that may stand in a start line or field: no CR, LF or NUL, which would let a value
// end the line and start another.
bool is_one_line(std::string_view text);

// True for digits alone: the only spelling of a Content-Length that all parsers read alike.
bool is_plain_number(std::string_view text);

// True for extensions of a chunk in visible characters, and not too many. Nobody here reads them,
// and some parsers end a chunk's line at other bytes than others.
bool is_plain_extension(std::string_view extensions);

// True for fields that belong to one connection and must not be forwarded (RFC 9110, 7.6.1).
bool is_hop_by_hop(std::string_view name);

// Removes those fields, and what the Connection fields name.
void drop_connection_fields(fields& message);

}  // namespace troupe::transport::http
