// One request under way on one connection: submits its prompts, writes what comes.
//
// Thread: the io thread. The answer's head is sent with its first token, so that a refusal by the
// engine still gets its own status code.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/embedded/serve/api_context.hpp"
#include "engine/embedded/serve/api_format.hpp"
#include "engine/embedded/serve/text_collector.hpp"
#include "transport/http/server.hpp"

namespace troupe::engine {

class api_answer : public output_handler,
                   public abortable,
                   public std::enable_shared_from_this<api_answer> {
 public:
  // `http_id` is echoed as X-Request-Id and names the answer. The connection must stay valid until
  // abandon.
  api_answer(const api_context& context, transport::http::connection& client, api_request request,
             std::string http_id);

  // Submits all choices, of each prompt the first one ahead, so that the others find its prompt in
  // the cache. `on_done` is called once, just before the answer ends;
  // that may be at once, where an output prefix is whole already.
  void start(std::function<void()> on_done);

  // Ends what still runs and writes nothing more: the client left.
  void abandon();

  void abort() override;

  void on_output(const request_output& output) override;

 private:
  struct choice {
    request_id id = 0;
    std::unique_ptr<text_collector> collector;
    std::unique_ptr<tool_collector> tools;  // null: text stays text
    answer_choice whole;
    token_usage usage;
    std::size_t text_offset = 0;  // of the next token
    bool is_open = false;         // the first chunk was written
  };

  bool open_choice(choice& c, const generation_request& request);
  bool replay(choice& c, const generation_request& request);
  choice* find(request_id id);
  void take(choice& c, const request_output& output);
  static void find_calls(choice& c, answer_choice& piece);
  void add_logprobs(choice& c, const request_output& output, answer_choice& piece);
  void keep(choice& c, const answer_choice& piece);
  void write_piece(choice& c, answer_choice piece);
  void refuse(const caf::error& error);
  void write(const std::string& bytes);
  void observe_prompts() const;
  void complete();
  void finish_stream();
  transport::http::connection* leave();
  void end_requests(finish_reason reason);
  token_usage total() const;
  transport::http::response_head head(const char* content_type) const;

  const api_context& context_;
  transport::http::connection* client_;
  api_request request_;
  std::string http_id_;
  logprob_format logprobs_;
  answer_format format_;
  std::vector<choice> choices_;
  std::size_t running_ = 0;
  bool has_started_ = false;
  std::function<void()> on_done_;
};

}  // namespace troupe::engine
