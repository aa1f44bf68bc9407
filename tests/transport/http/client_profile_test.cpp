// What an upstream is told beside the request: its own key, and no other's.
#include "tests/transport/http/client_fixture.hpp"

namespace troupe::transport::http {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

TEST_F(client_test, an_upstreams_key_goes_with_every_request_to_it) {
  engine_client().describe({"127.0.0.1", listener_.port()}, {"Bearer its-own", nullptr});
  for (int i = 0; i < 2; ++i) {
    recorder answer;
    start(answer);
    if (i == 0) accept();
    until_request();
    EXPECT_THAT(engine_.received(), HasSubstr("\r\nAuthorization: Bearer its-own\r\n"));
    engine_.clear();
    engine_.send(ok);
    EXPECT_TRUE(until([&] { return answer.over(); }));
  }
}

TEST_F(client_test, it_takes_the_place_of_what_the_request_says) {
  engine_client().describe({"127.0.0.1", listener_.port()}, {"Bearer its-own", nullptr});
  request head;
  head.fields.add("authorization", "Bearer a-clients");
  recorder answer;
  const auto under_way = engine_client().start({"127.0.0.1", listener_.port()}, head,
                                               std::make_shared<const std::string>(), answer);
  accept();
  until_request();
  EXPECT_THAT(engine_.received(), Not(HasSubstr("a-clients")));
  EXPECT_THAT(engine_.received(), HasSubstr("Bearer its-own"));
  under_way->cancel();
}

TEST_F(client_test, it_goes_to_no_other_upstream) {
  raw_listener other;
  engine_client().describe({"127.0.0.1", other.port()}, {"Bearer another's", nullptr});
  recorder answer;
  start(answer);
  accept();
  until_request();
  EXPECT_THAT(engine_.received(), Not(HasSubstr("uthorization")));
  engine_client().abort();
}

TEST_F(client_test, a_profile_can_be_replaced) {
  engine_client().describe({"127.0.0.1", listener_.port()}, {"Bearer old", nullptr});
  engine_client().describe({"127.0.0.1", listener_.port()}, {});
  recorder answer;
  start(answer);
  accept();
  until_request();
  EXPECT_THAT(engine_.received(), Not(HasSubstr("uthorization")));
  engine_client().abort();
}

}  // namespace
}  // namespace troupe::transport::http
