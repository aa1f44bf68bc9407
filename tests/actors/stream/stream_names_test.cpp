// What a stream does with the names in a request: aliases of models, keys of sessions.
#include "tests/actors/stream/stream_fixture.hpp"

namespace troupe::actors {
namespace {

constexpr auto chat = R"({"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}],
  "user":"u","kv_transfer_params":{"x":1}})";

struct stream_names : stream_fixture {
  // From here on "m" means "org/big".
  void know_alias() {
    const std::vector<config::model_spec> models{{.name = "org/big", .aliases = {"m"}}};
    prompt_reader_options options;
    options.names = std::make_shared<const model_names>(models);
    context->reader.set_options(options);
  }
};

TEST_F(stream_names, an_alias_is_replaced_for_the_engine_and_nothing_else_is) {
  know_alias();
  router_script = {1, 2};
  post(chat);
  std::string expected = chat;
  expected.replace(expected.find("\"m\""), 3, "\"org/big\"");
  EXPECT_EQ(*engine(0).body, expected);
  EXPECT_EQ(routed[0].facts.model, "org/big");
  engine(0).handler->on_error(errc::connect_failed, "refused");
  system.run();
  EXPECT_EQ(*engine(1).body, expected);
  // The answer passes as it came: it names the model by its own name.
  const std::string answer = R"({"model":"org/big","choices":[]})";
  engine(1).answer(200, "application/json", answer);
  engine(1).handler->on_end();
  EXPECT_EQ(client.body, answer);
}

TEST_F(stream_names, every_attempt_has_the_chain_of_the_prompt) {
  know_alias();
  router_script = {1, 2};
  const std::string text(5'000, 'x');
  post(R"({"model":"m","stream":true,"messages":[{"role":"user","content":")" + text + "\"}]}");
  engine(0).handler->on_error(errc::connect_failed, "refused");
  system.run();
  ASSERT_EQ(routed.size(), 2U);
  EXPECT_EQ(routed[0].facts.chain.size(), routed[0].facts.prompt_bytes / chunk_bytes);
  EXPECT_EQ(routed[1].facts.chain, routed[0].facts.chain);
}

TEST_F(stream_names, the_session_comes_from_the_header_before_the_body) {
  router_script = {1, 1};
  post(chat);
  EXPECT_EQ(routed[0].facts.session, "u");
  engine(0).answer(200, "application/json", "{}");
  engine(0).handler->on_end();
  spec.router.session.header = "authorization";
  post(chat);
  EXPECT_EQ(routed[1].facts.session, "Bearer k");
}

}  // namespace
}  // namespace troupe::actors
