// The HTTP API on one client connection: finds the endpoint, answers, or starts an answer.
//
// Thread: the io thread.
#pragma once

#include <memory>
#include <string>

#include "engine/embedded/serve/api_answer.hpp"
#include "engine/embedded/serve/api_context.hpp"
#include "engine/embedded/serve/field_reader.hpp"
#include "transport/http/server.hpp"

namespace troupe::engine {

class api_session : public transport::http::session {
 public:
  api_session(const api_context& context, transport::http::connection& client)
      : context_{context}, client_{client} {}

  void on_request(transport::http::request message) override;

  // Aborts the request under way within one step of the engine.
  void on_close() override;

 private:
  struct endpoint;
  static const endpoint* find_endpoint(std::string_view path);

  void answer(const endpoint& to, const transport::http::request& message);
  void generate(api_kind kind, const transport::http::request& message);
  void answer_with(std::string body, const char* content_type);
  void refuse(const api_error& error, std::string_view allowed = {});

  const api_context& context_;
  transport::http::connection& client_;
  std::string request_id_;
  std::shared_ptr<api_answer> answer_;
};

}  // namespace troupe::engine
