// Requests that two parsers could read differently, over real connections: each is refused with
// its status, the connection is closed, and nothing behind it is read as a request.
//
// Source: RFC 9112, sections 2.2, 5, 6 and 7.1; the case families of "HTTP Desync Attacks" (Kettle,
// PortSwigger 2019: CL.TE, TE.CL, TE.TE), of "Funky chunks" (Weikop 2025: line ends within chunk
// extensions, TERM.EXT, EXT.TERM, oversized ends of chunks) and of llhttp's strict mode. The bytes
// are ours.
#include "tests/transport/http/server_fixture.hpp"

namespace troupe::transport::http {
namespace {

using namespace std::string_view_literals;
using testing::HasSubstr;
using testing::StartsWith;

struct attack {
  const char* name;
  unsigned status;
  std::string bytes;
};

// So that the name of a failing case can be read.
void PrintTo(const attack& a, std::ostream* out) {
  *out << a.name;
}

class refused_attack : public server_test, public testing::WithParamInterface<attack> {};

constexpr std::string_view smuggled = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";

TEST_P(refused_attack, is_answered_and_closed_and_nothing_follows) {
  serve();
  auto client = connect();
  client.send(GetParam().bytes + std::string{smuggled});
  client.shutdown_send();
  ASSERT_TRUE(until_ended(client));
  EXPECT_THAT(client.received(), StartsWith("HTTP/1.1 " + std::to_string(GetParam().status) + " "));
  EXPECT_THAT(client.received(), HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_EQ(client.received().rfind("HTTP/1.1 "), 0U) << "more than one answer";
  EXPECT_TRUE(last_session().requests.empty()) << last_session().requests.front().target;
}

// The same behind a request that is in order, in the same packet.
TEST_P(refused_attack, is_refused_behind_a_good_request_too) {
  serve();
  auto client = connect();
  client.send("POST /good HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok" + GetParam().bytes +
              std::string{smuggled});
  client.shutdown_send();
  ASSERT_TRUE(until_ended(client));
  EXPECT_THAT(client.received(), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(client.received(),
              HasSubstr("echo:okHTTP/1.1 " + std::to_string(GetParam().status) + " "));
  ASSERT_EQ(last_session().requests.size(), 1U);
  EXPECT_EQ(last_session().requests.front().target, "/good");
}

// And cut at every byte.
TEST_P(refused_attack, is_refused_however_it_is_cut) {
  serve();
  const auto& bytes = GetParam().bytes;
  for (std::size_t cut = 1; cut < std::min<std::size_t>(bytes.size(), 200); cut += 3) {
    auto client = connect();
    client.send(std::string_view{bytes}.substr(0, cut));
    loop_.settle();
    client.send(bytes.substr(cut) + std::string{smuggled});
    client.shutdown_send();
    ASSERT_TRUE(until_ended(client));
    EXPECT_THAT(client.received(),
                StartsWith("HTTP/1.1 " + std::to_string(GetParam().status) + " "))
        << "cut at " << cut;
    EXPECT_TRUE(last_session().requests.empty()) << "cut at " << cut;
  }
}

// A POST with these fields and this body.
std::string post(std::string_view fields, std::string_view body = "") {
  return "POST / HTTP/1.1\r\nHost: x\r\n" + std::string{fields} + "\r\n\r\n" + std::string{body};
}

std::string chunked(std::string_view body) {
  return post("Transfer-Encoding: chunked", body);
}

INSTANTIATE_TEST_SUITE_P(
    length_and_coding, refused_attack,
    testing::Values(
        attack{"CL.TE", 400, post("Content-Length: 6\r\nTransfer-Encoding: chunked", "0\r\n\r\nG")},
        attack{"TE.CL", 400,
               post("Transfer-Encoding: chunked\r\nContent-Length: 3", "1\r\nG\r\n0\r\n\r\n")},
        attack{"CL of nothing and TE", 400,
               post("Content-Length: 0\r\nTransfer-Encoding: chunked", "0\r\n\r\n")},
        attack{"TE.TE with an unknown second", 400,
               post("Transfer-Encoding: chunked\r\nTransfer-Encoding: x", "0\r\n\r\n")},
        attack{"TE.TE with an unknown first", 501,
               post("Transfer-Encoding: x\r\nTransfer-Encoding: chunked", "0\r\n\r\n")},
        attack{"TE twice", 400,
               post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "0\r\n\r\n")},
        attack{"TE: chunked, chunked", 501,
               post("Transfer-Encoding: chunked, chunked", "0\r\n\r\n")},
        attack{"TE: xchunked", 501, post("Transfer-Encoding: xchunked", "0\r\n\r\n")},
        attack{"TE: chunkedx", 501, post("Transfer-Encoding: chunkedx", "0\r\n\r\n")},
        attack{"TE: quoted", 501, post("Transfer-Encoding: \"chunked\"", "0\r\n\r\n")},
        attack{"TE: with a parameter", 501, post("Transfer-Encoding: chunked;q=1", "0\r\n\r\n")},
        attack{"TE: empty", 501, post("Transfer-Encoding:", "0\r\n\r\n")},
        attack{"TE: identity", 501, post("Transfer-Encoding: identity", "")},
        attack{"TE: a comma behind", 501, post("Transfer-Encoding: chunked,", "0\r\n\r\n")},
        attack{"TE: a vertical tab before", 400,
               post("Transfer-Encoding: \x0b"
                    "chunked",
                    "0\r\n\r\n")},
        attack{"TE: a vertical tab behind", 400, post("Transfer-Encoding: chunked\x0b", "0\r\n")},
        attack{"TE: NUL behind", 400, post("Transfer-Encoding: chunked\0"sv, "0\r\n\r\n")},
        attack{"TE: space before the colon", 400, post("Transfer-Encoding : chunked", "0\r\n\r\n")},
        attack{"TE: tab before the colon", 400, post("Transfer-Encoding\t: chunked", "0\r\n\r\n")},
        attack{"TE: line feed before the colon", 400,
               post("Transfer-Encoding\n: chunked", "0\r\n\r\n")},
        attack{"TE: folded", 400, post("Transfer-Encoding:\r\n chunked", "0\r\n\r\n")},
        attack{"TE: space before the name", 400,
               "POST / HTTP/1.1\r\n Transfer-Encoding: chunked\r\nHost: x\r\n\r\n0\r\n\r\n"},
        attack{"TE: behind a bare line feed", 400,
               post("X: y\nTransfer-Encoding: chunked", "0\r\n\r\n")},
        attack{"TE: behind a bare carriage return", 400,
               post("X: y\rTransfer-Encoding: chunked", "0\r\n\r\n")},
        attack{"TE in HTTP/1.0", 400,
               "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}));

INSTANTIATE_TEST_SUITE_P(
    lengths, refused_attack,
    testing::Values(
        attack{"CL.CL", 400, post("Content-Length: 3\r\nContent-Length: 0", "abc")},
        attack{"CL.CL alike", 400, post("Content-Length: 3\r\nContent-Length: 3", "abc")},
        attack{"CL: a list", 400, post("Content-Length: 3, 3", "abc")},
        attack{"CL: two words", 400, post("Content-Length: 3 3", "abc")},
        attack{"CL: +3", 400, post("Content-Length: +3", "abc")},
        attack{"CL: -3", 400, post("Content-Length: -3", "abc")},
        attack{"CL: 0x3", 400, post("Content-Length: 0x3", "abc")},
        attack{"CL: 3e0", 400, post("Content-Length: 3e0", "abc")},
        attack{"CL: 3.0", 400, post("Content-Length: 3.0", "abc")},
        attack{"CL: quoted", 400, post("Content-Length: \"3\"", "abc")},
        attack{"CL: empty", 400, post("Content-Length:", "abc")},
        attack{"CL: a word", 400, post("Content-Length: three", "abc")},
        attack{"CL: a form feed behind", 400, post("Content-Length: 3\x0c", "abc")},
        attack{"CL: beyond 64 bits", 400, post("Content-Length: 18446744073709551619", "abc")},
        attack{"CL: space before the colon", 400, post("Content-Length : 3", "abc")},
        attack{"CL: folded", 400, post("Content-Length:\r\n 3", "abc")},
        attack{"CL: beyond the limit", 413, post("Content-Length: 99999999999", "abc")}));

INSTANTIATE_TEST_SUITE_P(
    chunks, refused_attack,
    testing::Values(
        attack{"size: empty", 400, chunked("\r\nabc\r\n0\r\n\r\n")},
        attack{"size: negative", 400, chunked("-3\r\nabc\r\n0\r\n\r\n")},
        attack{"size: signed", 400, chunked("+3\r\nabc\r\n0\r\n\r\n")},
        attack{"size: 0x3", 400, chunked("0x3\r\nabc\r\n0\r\n\r\n")},
        attack{"size: no digit", 400, chunked("g\r\nabc\r\n0\r\n\r\n")},
        attack{"size: underscore", 400, chunked("0_3\r\nabc\r\n0\r\n\r\n")},
        attack{"size: space before", 400, chunked(" 3\r\nabc\r\n0\r\n\r\n")},
        attack{"size: space behind", 400, chunked("3 \r\nabc\r\n0\r\n\r\n")},
        attack{"size: tab behind", 400, chunked("3\t\r\nabc\r\n0\r\n\r\n")},
        attack{"size: over 64 bits", 400, chunked("10000000000000003\r\nabc\r\n0\r\n\r\n")},
        attack{"size: the most of 64 bits", 413, chunked("ffffffffffffffff\r\nabc\r\n")},
        attack{"size ended by a line feed", 400, chunked("3\nabc\r\n0\r\n\r\n")},
        attack{"size ended by a carriage return", 400, chunked("3\rabc\r\n0\r\n\r\n")},
        attack{"last size ended by a line feed", 400, chunked("0\n\r\n")},
        attack{"data longer than its size", 400, chunked("3\r\nabcd\r\n0\r\n\r\n")},
        attack{"data ended by a line feed", 400, chunked("3\r\nabc\n0\r\n\r\n")},
        attack{"data ended by other bytes", 400, chunked("3\r\nabcXX0\r\n\r\n")},
        attack{"data ended by nothing", 400, chunked("3\r\nabc0\r\n\r\n")},
        attack{"extension with a line feed", 400, chunked("3;a\nb\r\nabc\r\n0\r\n\r\n")},
        attack{"extension with a quoted line feed", 400, chunked("3;a=\"\n\"\r\nabc\r\n0\r\n\r\n")},
        attack{"extension with a carriage return", 400, chunked("3;a\rb\r\nabc\r\n0\r\n\r\n")},
        attack{"extension with NUL", 400, chunked("3;a\0b\r\nabc\r\n0\r\n\r\n"sv)},
        attack{"extension behind a space", 400, chunked("3 ;a=b\r\nabc\r\n0\r\n\r\n")},
        attack{"extension with spaces", 400, chunked("3;a = b\r\nabc\r\n0\r\n\r\n")},
        attack{"extension without a name", 400, chunked("3;\r\nabc\r\n0\r\n\r\n")},
        attack{"extension too long", 400,
               chunked("3;a=" + std::string(300, 'b') + "\r\nabc\r\n0\r\n\r\n")},
        attack{"last extension with a line feed", 400, chunked("0;a\nb\r\n\r\n")},
        attack{"trailer: Content-Length", 400, chunked("0\r\nContent-Length: 9\r\n\r\n")},
        attack{"trailer: Transfer-Encoding", 400,
               chunked("0\r\nTransfer-Encoding: chunked\r\n\r\n")},
        attack{"trailer: no colon", 400, chunked("0\r\nabc\r\n\r\n")},
        attack{"trailer: space before the colon", 400, chunked("0\r\nA : b\r\n\r\n")},
        attack{"trailer: NUL", 400, chunked("0\r\nA: b\0c\r\n\r\n"sv)},
        attack{"trailer: bare line feed", 400, chunked("0\r\nA: b\nC: d\r\n\r\n")}));

}  // namespace
}  // namespace troupe::transport::http
