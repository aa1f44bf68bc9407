// What has to be known of an endpoint before it is measured: a model it serves, and how many bytes
// of our text make one of its tokens.
//
// Thread: the loop's; each call runs the loop until the answer is there.
#pragma once

#include <string>

#include <caf/expected.hpp>

#include "apps/bench/request_body.hpp"
#include "apps/bench/run_loop.hpp"
#include "apps/bench/settings.hpp"
#include "transport/http/client.hpp"

namespace troupe::apps::bench {

class endpoint_probe {
 public:
  endpoint_probe(run_loop& loop, transport::http::client& client, const bench_settings& settings)
      : loop_{loop}, client_{client}, settings_{settings} {}

  // Asks for the first model. Errors: what kept it from being told, with the endpoint's name.
  caf::expected<std::string> first_model(const target& where);

  // Lets the endpoint count the tokens of two prompts. Errors: likewise.
  caf::expected<text_scale> scale(const target& where, const std::string& model);

 private:
  caf::expected<std::string> call(const target& where, transport::http::request head,
                                  std::string body);
  caf::expected<counted_prompt> count(const target& where, const std::string& model,
                                      std::size_t bytes);

  run_loop& loop_;
  transport::http::client& client_;
  const bench_settings& settings_;
};

}  // namespace troupe::apps::bench
