// Request lines, targets, Host fields and the sizes of heads, over real connections.
//
// Source: RFC 9112, sections 2.2 to 3.3 and 5; RFC 9110, sections 4.2.4, 7.2 and 15.5.15.
#include "tests/transport/http/server_fixture.hpp"

namespace troupe::transport::http {
namespace {

using namespace std::string_view_literals;
using testing::HasSubstr;
using testing::StartsWith;

struct line_case {
  const char* name;
  unsigned status;       // 200: it is served
  std::string bytes;     // of the head, without the blank line that ends it
  std::string target{};  // what the session is to see, where it is served
};

void PrintTo(const line_case& c, std::ostream* out) {
  *out << c.name;
}

class request_line : public server_test, public testing::WithParamInterface<line_case> {};

TEST_P(request_line, is_served_or_refused) {
  serve();
  auto client = connect();
  client.send(GetParam().bytes + "\r\n\r\n");
  client.shutdown_send();
  ASSERT_TRUE(until_ended(client));
  EXPECT_THAT(client.received(), StartsWith("HTTP/1.1 " + std::to_string(GetParam().status) + " "));
  if (GetParam().status == 200) {
    ASSERT_EQ(last_session().requests.size(), 1U);
    EXPECT_EQ(last_session().requests.front().target, GetParam().target);
  } else {
    EXPECT_THAT(client.received(), HasSubstr("\r\nConnection: close\r\n"));
    EXPECT_TRUE(last_session().requests.empty());
  }
}

constexpr const char* host = "\r\nHost: h";

std::string line(std::string_view bytes) {
  return std::string{bytes} + host;
}

INSTANTIATE_TEST_SUITE_P(
    methods_and_versions, request_line,
    testing::Values(
        line_case{"lower case is another method", 200, line("get / HTTP/1.1"), "/"},
        line_case{"unknown methods are the session's business", 200, line("BREW / HTTP/1.1"), "/"},
        line_case{"no method", 400, line(" / HTTP/1.1")},
        line_case{"method with a slash", 400, line("GE/T / HTTP/1.1")},
        line_case{"method with NUL", 400, line("GE\0T / HTTP/1.1"sv)},
        line_case{"method with high bytes", 400, line("G\xc3\x89T / HTTP/1.1")},
        line_case{"tab behind the method", 400, line("GET\t/ HTTP/1.1")},
        line_case{"two spaces behind the method", 400, line("GET  / HTTP/1.1")},
        line_case{"two spaces before the version", 400, line("GET /  HTTP/1.1")},
        line_case{"space behind the version", 400, line("GET / HTTP/1.1 ")},
        line_case{"space in the target", 400, line("GET /a b HTTP/1.1")},
        line_case{"no version", 400, line("GET /")},
        line_case{"lower case version", 400, line("GET / http/1.1")},
        line_case{"other protocol", 400, line("GET / ICAP/1.0")},
        line_case{"version without a dot", 400, line("GET / HTTP/11")},
        line_case{"version of one digit", 400, line("GET / HTTP/1")},
        line_case{"version with letters", 400, line("GET / HTTP/1.x")},
        line_case{"HTTP/0.9", 505, line("GET / HTTP/0.9")},
        line_case{"HTTP/1.2", 505, line("GET / HTTP/1.2")},
        line_case{"HTTP/2.0", 505, line("GET / HTTP/2.0")},
        line_case{"HTTP/2's preface", 505, "PRI * HTTP/2.0"},
        line_case{"HTTP/1.0 needs no Host", 200, "GET /a HTTP/1.0", "/a"},
        line_case{"line ended by a line feed", 400, "GET / HTTP/1.1\nHost: h"},
        line_case{"line ended by a carriage return", 400, "GET / HTTP/1.1\rHost: h"},
        line_case{"CONNECT", 501, line("CONNECT h:443 HTTP/1.1")},
        line_case{"TLS hello", 400, "\x16\x03\x01\x02"},
        line_case{"an empty line before", 200, "\r\n" + line("GET /a HTTP/1.1"), "/a"},
        line_case{"many empty lines before", 400,
                  "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n" + line("GET / HTTP/1.1")}));

INSTANTIATE_TEST_SUITE_P(
    targets, request_line,
    testing::Values(
        line_case{"query", 200, line("GET /a?b=c&d=%20 HTTP/1.1"), "/a?b=c&d=%20"},
        line_case{"absolute form", 200, line("GET http://h/a?b HTTP/1.1"), "/a?b"},
        line_case{"absolute form, https", 200, line("GET HTTPS://H/a HTTP/1.1"), "/a"},
        line_case{"absolute form without a path", 200, line("GET http://h HTTP/1.1"), "/"},
        line_case{"absolute form, query only", 200, line("GET http://h?x HTTP/1.1"), "/?x"},
        line_case{"absolute form of HTTP/1.0", 200, "GET http://h/a HTTP/1.0", "/a"},
        line_case{"absolute form of another host", 400, line("GET http://evil/a HTTP/1.1")},
        line_case{"absolute form of another port", 400, line("GET http://h:81/a HTTP/1.1")},
        line_case{"absolute form with a user", 400, line("GET http://u@h/a HTTP/1.1")},
        line_case{"absolute form without a host", 400, line("GET http:///a HTTP/1.1")},
        line_case{"another scheme", 400, line("GET ftp://h/a HTTP/1.1")},
        line_case{"relative path", 400, line("GET a HTTP/1.1")},
        line_case{"authority form", 400, line("GET h:80 HTTP/1.1")},
        line_case{"asterisk", 200, line("OPTIONS * HTTP/1.1"), "*"},
        line_case{"asterisk of GET", 400, line("GET * HTTP/1.1")},
        line_case{"fragment", 400, line("GET /a#b HTTP/1.1")},
        line_case{"high bytes", 400, line("GET /\xc3\xa9 HTTP/1.1")},
        line_case{"control character", 400, line("GET /\x01 HTTP/1.1")},
        line_case{"NUL", 400, line("GET /\0 HTTP/1.1"sv)},
        line_case{"DEL", 400, line("GET /\x7f HTTP/1.1")},
        line_case{"long", 414, line("GET /" + std::string(9'000, 'a') + " HTTP/1.1")},
        line_case{"just long enough", 200, line("GET /" + std::string(8'191, 'a') + " HTTP/1.1"),
                  "/" + std::string(8'191, 'a')},
        line_case{"one over", 414, line("GET /" + std::string(8'192, 'a') + " HTTP/1.1")},
        line_case{"without an end", 414, "GET /" + std::string(20'000, 'a')},
        line_case{"a method without an end", 414, std::string(20'000, 'A')}));

INSTANTIATE_TEST_SUITE_P(
    hosts, request_line,
    testing::Values(line_case{"none", 400, "GET / HTTP/1.1"},
                    line_case{"two", 400, "GET / HTTP/1.1\r\nHost: a\r\nHost: b"},
                    line_case{"two alike", 400, "GET / HTTP/1.1\r\nHost: a\r\nhost: a"},
                    line_case{"two of HTTP/1.0", 400, "GET / HTTP/1.0\r\nHost: a\r\nHost: b"},
                    line_case{"empty", 200, "GET / HTTP/1.1\r\nHost:", "/"},
                    line_case{"with a port", 200, "GET / HTTP/1.1\r\nHost: a.b-c_d:8080", "/"},
                    line_case{"IPv6", 200, "GET / HTTP/1.1\r\nHost: [::1]:80", "/"},
                    line_case{"port with a letter", 400, "GET / HTTP/1.1\r\nHost: a:8o"},
                    line_case{"port too long", 400, "GET / HTTP/1.1\r\nHost: a:123456"},
                    line_case{"two ports", 400, "GET / HTTP/1.1\r\nHost: a:80:80"},
                    line_case{"a list", 400, "GET / HTTP/1.1\r\nHost: a, b"},
                    line_case{"a user", 400, "GET / HTTP/1.1\r\nHost: u@a"},
                    line_case{"a path", 400, "GET / HTTP/1.1\r\nHost: a/b"},
                    line_case{"a space", 400, "GET / HTTP/1.1\r\nHost: a b"},
                    line_case{"high bytes", 400, "GET / HTTP/1.1\r\nHost: \xc3\xa9"}));

INSTANTIATE_TEST_SUITE_P(
    fields, request_line,
    testing::Values(
        line_case{"no colon", 400, line("GET / HTTP/1.1\r\nabc")},
        line_case{"no name", 400, line("GET / HTTP/1.1\r\n: b")},
        line_case{"space before the colon", 400, line("GET / HTTP/1.1\r\nA : b")},
        line_case{"space in the name", 400, line("GET / HTTP/1.1\r\nA b: c")},
        line_case{"space before the first name", 400, "GET / HTTP/1.1\r\n Host: h"},
        line_case{"folded", 400, line("GET / HTTP/1.1\r\nA: b\r\n c")},
        line_case{"folded by a tab", 400, line("GET / HTTP/1.1\r\nA: b\r\n\tc")},
        line_case{"folded to nothing", 400, line("GET / HTTP/1.1\r\nA: b\r\n ")},
        line_case{"NUL in a value", 400, line("GET / HTTP/1.1\r\nA: b\0c"sv)},
        line_case{"bare carriage return in a value", 400, line("GET / HTTP/1.1\r\nA: b\rc")},
        line_case{"control in a value", 400, line("GET / HTTP/1.1\r\nA: b\x01")},
        line_case{"DEL in a value", 400, line("GET / HTTP/1.1\r\nA: b\x7f")},
        line_case{"high bytes in a value", 200, line("GET / HTTP/1.1\r\nA: \xc3\xa9"), "/"},
        line_case{"tab in a value", 200, line("GET / HTTP/1.1\r\nA:\tb\tc\t"), "/"},
        line_case{"unknown expectation", 417, line("GET / HTTP/1.1\r\nExpect: wonder")}));

// Returns a head with so many fields, Host among them.
std::string many_fields(std::size_t count) {
  std::string out = line("GET / HTTP/1.1");
  for (std::size_t i = 1; i < count; ++i) out += "\r\nF" + std::to_string(i) + ": x";
  return out + "\r\n\r\n";
}

TEST_F(server_test, fields_are_counted) {
  limits_.fields_max = 10;
  serve();
  auto fits = connect();
  fits.send(many_fields(10));
  EXPECT_TRUE(until_received(fits, "HTTP/1.1 200 "));
  const auto refused = answer_to(many_fields(11));
  EXPECT_THAT(refused, StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(refused, HasSubstr("more than 10 header fields"));
}

TEST_F(server_test, trailers_are_fields_too) {
  limits_.fields_max = 10;
  serve();
  std::string bytes = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
  for (int i = 0; i < 9; ++i) bytes += "T: x\r\n";
  EXPECT_THAT(answer_to(bytes + "\r\n"), StartsWith("HTTP/1.1 431 "));
}

TEST_F(server_test, refusals_name_the_limit) {
  serve();
  EXPECT_THAT(answer_to("GET /" + std::string(9'000, 'a')), HasSubstr("over 8192 bytes"));
  EXPECT_THAT(answer_to("GET / HTTP/1.1\r\nA: " + std::string(40'000, 'a')),
              HasSubstr("over 32768 bytes"));
  EXPECT_THAT(answer_to("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 33554433\r\n\r\n"),
              HasSubstr("over 33554432 bytes"));
}

}  // namespace
}  // namespace troupe::transport::http
