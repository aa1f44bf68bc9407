// Answers whose end two parsers could read differently, or that are none: each ends its exchange
// with a protocol error and its connection, so that no byte of it can answer another request.
//
// Source: RFC 9112, sections 4, 6.3 and 7.1 ("response splitting and smuggling", 11.1 and 11.2).
#include "tests/transport/http/client_fixture.hpp"

namespace troupe::transport::http {
namespace {

using namespace std::string_view_literals;

struct lie {
  const char* name;
  std::string bytes;
};

void PrintTo(const lie& l, std::ostream* out) {
  *out << l.name;
}

class refused_lie : public client_test, public testing::WithParamInterface<lie> {};

constexpr std::string_view forged = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged";
constexpr std::string_view honest = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhonest";

TEST_P(refused_lie, ends_the_exchange_and_the_connection) {
  recorder answer;
  exchange_bytes(answer, GetParam().bytes + std::string{forged}, false);
  EXPECT_EQ(answer.errors, 1);
  EXPECT_EQ(answer.code, errc::protocol_error) << answer.text;
  EXPECT_EQ(engine_client().open_connections(), 0U);
  recorder next;
  exchange_bytes(next, honest, false);
  EXPECT_EQ(next.body, "honest");
}

// A whole answer to nobody's question goes with the connection it came on.
TEST_F(client_test, what_follows_an_answer_never_answers_the_next_request) {
  for (const auto* first :
       {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}) {
    recorder answer;
    client_.reset();
    exchange_bytes(answer, std::string{first} + std::string{forged}, false);
    EXPECT_EQ(answer.ends, 1) << first << answer.text;
    recorder next;
    exchange_bytes(next, honest, false);
    EXPECT_EQ(next.body, "honest") << first;
  }
}

std::string chunked(std::string_view body) {
  return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string{body};
}

std::string with(std::string_view fields) {
  return "HTTP/1.1 200 OK\r\n" + std::string{fields} + "\r\n\r\n";
}

INSTANTIATE_TEST_SUITE_P(
    framing, refused_lie,
    testing::Values(
        lie{"length and coding", with("Content-Length: 5\r\nTransfer-Encoding: chunked")},
        lie{"coding and length", with("Transfer-Encoding: chunked\r\nContent-Length: 5")},
        lie{"two lengths", with("Content-Length: 5\r\nContent-Length: 6")},
        lie{"two lengths alike", with("Content-Length: 5\r\nContent-Length: 5")},
        lie{"a list of lengths", with("Content-Length: 5, 5")},
        lie{"negative length", with("Content-Length: -5")},
        lie{"signed length", with("Content-Length: +5")},
        lie{"hex length", with("Content-Length: 0x5")},
        lie{"empty length", with("Content-Length:")},
        lie{"length beyond 64 bits", with("Content-Length: 18446744073709551621")},
        lie{"gzip", with("Transfer-Encoding: gzip, chunked")},
        lie{"not quite chunked", with("Transfer-Encoding: xchunked")},
        lie{"chunked twice", with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked")},
        lie{"chunked HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        lie{"space before the colon", with("Content-Length : 5")},
        lie{"bare line feed", with("X: y\nContent-Length: 5")},
        lie{"bare carriage return", with("X: y\rContent-Length: 5")},
        lie{"NUL", with("X: a\0b"sv)}));

INSTANTIATE_TEST_SUITE_P(
    status_lines, refused_lie,
    testing::Values(lie{"no HTTP", "SSH-2.0-OpenSSH\r\n\r\n"},
                    lie{"HTTP/0.9", "<html>hello</html>\r\n\r\n"},
                    lie{"HTTP/2", "HTTP/2.0 200 OK\r\n\r\n"},
                    lie{"no status", "HTTP/1.1 OK\r\n\r\n"},
                    lie{"status of two digits", "HTTP/1.1 20 OK\r\n\r\n"},
                    lie{"status of four digits", "HTTP/1.1 2000 OK\r\n\r\n"},
                    lie{"status below 100", "HTTP/1.1 099 OK\r\n\r\n"},
                    lie{"negative status", "HTTP/1.1 -20 OK\r\n\r\n"},
                    lie{"line feed in the reason", "HTTP/1.1 200 O\nK\r\n\r\n"},
                    lie{"switching protocols", "HTTP/1.1 101 Switching Protocols\r\n\r\n"}));

INSTANTIATE_TEST_SUITE_P(
    chunks, refused_lie,
    testing::Values(lie{"size: none", chunked("\r\nabc\r\n0\r\n\r\n")},
                    lie{"size: negative", chunked("-3\r\nabc\r\n0\r\n\r\n")},
                    lie{"size: 0x3", chunked("0x3\r\nabc\r\n0\r\n\r\n")},
                    lie{"size: over 64 bits", chunked("10000000000000003\r\nabc\r\n")},
                    lie{"size ended by a line feed", chunked("3\nabc\r\n0\r\n\r\n")},
                    lie{"data longer than its size", chunked("3\r\nabcd\r\n0\r\n\r\n")},
                    lie{"data ended by a line feed", chunked("3\r\nabc\n0\r\n\r\n")},
                    lie{"extension with an open quote", chunked("3;a=\"b\r\nabc\r\n0\r\n\r\n")},
                    lie{"extension with a line feed", chunked("3;a\nb\r\nabc\r\n0\r\n\r\n")},
                    lie{"trailer: length", chunked("0\r\nContent-Length: 5\r\n\r\n")},
                    lie{"trailer: no colon", chunked("0\r\nabc\r\n\r\n")}));

}  // namespace
}  // namespace troupe::transport::http
