#include "engine/embedded/serve/api_answer.hpp"

#include <algorithm>
#include <utility>

#include "runtime/clock.hpp"
#include "transport/http/error_reply.hpp"

namespace troupe::engine {

api_answer::api_answer(const api_context& context, transport::http::connection& client,
                       api_request request, std::string http_id)
    : context_{context},
      client_{&client},
      request_{std::move(request)},
      http_id_{std::move(http_id)},
      logprobs_{*context.text, request_.tokens_as_ids},
      format_{request_,
              *context.text,
              {http_id_, context.model_name, static_cast<std::int64_t>(unix_seconds())}} {}

void api_answer::start(std::function<void()> on_done) {
  const auto self = shared_from_this();  // on_done may drop this answer
  on_done_ = std::move(on_done);
  choices_.resize(request_.prompts.size() * request_.choices);
  running_ = choices_.size();
  context_.answers->add(http_id_, *this);
  request_id leader = 0;
  for (std::size_t i = 0; i < choices_.size(); ++i) {
    const bool leads = i % request_.choices == 0;
    const auto request = request_.generation(i, leads ? 0 : leader);
    auto& c = choices_[i];
    c.whole.index = i;
    if (!open_choice(c, request)) return;
    if (!c.whole.finish_reason.empty()) continue;  // its output prefix is whole
    c.id = context_.engine->submit(request, *this);
    if (leads) leader = c.id;
  }
  if (running_ == 0) complete();
}

// Prepares a choice; false where its output prefix is refused.
bool api_answer::open_choice(choice& c, const generation_request& request) {
  const auto which = c.whole.index / request_.choices;
  const auto& prompt = request_.prompts[which].prompt;
  c.usage.prompt_tokens = prompt.size();
  c.collector = std::make_unique<text_collector>(request_, *context_.text, request.min_tokens);
  if (request_.return_token_ids) c.whole.prompt_token_ids = &prompt;
  if (request_.echo) c.whole.text = request_.prompt_texts[which];
  if (request.logprobs) {
    for (const auto token : request.output_prefix) c.text_offset += logprobs_.characters(token);
    c.whole.text_offset = c.text_offset;
  }
  if (request_.tools.choice.kind != tool_choice_kind::none) {
    const auto which_choice = c.whole.index > 0 ? "-" + std::to_string(c.whole.index) : "";
    c.tools = std::make_unique<tool_collector>(request_.tools, request_.stream,
                                               "chatcmpl-tool-" + http_id_ + which_choice + "-");
  }
  return replay(c, request);
}

// Reads an output prefix again; false where the answer is over, or there is no one to go on for.
bool api_answer::replay(choice& c, const generation_request& request) {
  auto end = c.collector->replay(request);
  if (!end) {
    refuse(end.error());
    return false;
  }
  if (c.tools) find_calls(c, *end);
  end->text.clear();
  end->tool_deltas.clear();
  if (end->finish_reason.empty()) return true;
  c.whole.finish_reason = end->finish_reason;
  c.whole.stop_reason = end->stop_reason;
  --running_;
  if (request_.stream) write_piece(c, *end);
  return client_ != nullptr;
}

// Takes the calls out of a piece's text.
void api_answer::find_calls(choice& c, answer_choice& piece) {
  auto found = c.tools->push(piece.text);
  piece.text = std::move(found.content);
  piece.tool_deltas = std::move(found.deltas);
  if (piece.finish_reason.empty()) return;
  found = c.tools->finish();
  piece.text += found.content;
  for (auto& delta : found.deltas) piece.tool_deltas.push_back(std::move(delta));
  if (piece.finish_reason == "stop" && c.tools->ends_in_calls()) piece.finish_reason = "tool_calls";
}

void api_answer::abandon() {
  client_ = nullptr;
  context_.answers->remove(http_id_, *this);
  end_requests(finish_reason::abort);
}

void api_answer::abort() {
  const auto self = shared_from_this();
  for (auto& c : choices_) {
    if (c.id == 0) continue;
    context_.engine->end(std::exchange(c.id, 0), finish_reason::abort);
    c.whole.finish_reason = "abort";
    --running_;
    answer_choice last;
    last.finish_reason = c.whole.finish_reason;
    if (request_.stream) write_piece(c, std::move(last));
    if (client_ == nullptr) return;
  }
  if (running_ == 0) complete();
}

void api_answer::end_requests(finish_reason reason) {
  for (auto& c : choices_) {
    if (c.id != 0) context_.engine->end(std::exchange(c.id, 0), reason);
  }
}

api_answer::choice* api_answer::find(request_id id) {
  for (auto& c : choices_) {
    if (c.id == id) return &c;
  }
  return nullptr;
}

void api_answer::on_output(const request_output& output) {
  const auto self = shared_from_this();  // the session may drop this answer at its end
  auto* c = find(output.id);
  if (c == nullptr || client_ == nullptr) return;
  if (output.refused) {
    c->id = 0;
    refuse(output.refused);
    return;
  }
  take(*c, output);
}

void api_answer::take(choice& c, const request_output& output) {
  auto piece = c.collector->push(output);
  if (c.tools) find_calls(c, piece);
  if (request_.echo_only) {  // the one token that had to be asked for is not shown
    piece.text.clear();
    piece.token_ids.clear();
    piece.logprobs.clear();
  } else {
    c.usage.completion_tokens = output.generated;
  }
  c.usage.cached_tokens = output.cached_tokens;
  add_logprobs(c, output, piece);
  if (!request_.stream) keep(c, piece);
  c.whole.finish_reason = piece.finish_reason;
  const bool is_last = !piece.finish_reason.empty();
  if (is_last) {
    const auto id = std::exchange(c.id, 0);
    if (!output.finish) context_.engine->end(id, finish_reason::stop);  // by a stop string
    --running_;
  }
  if (request_.stream) write_piece(c, std::move(piece));
  if (running_ == 0 && client_ != nullptr) complete();
}

// Places a piece's log probabilities in the text, those of an echoed prompt before them.
void api_answer::add_logprobs(choice& c, const request_output& output, answer_choice& piece) {
  const auto& asked = request_.prompts[c.whole.index / request_.choices];
  const bool is_first = output.generated == 1;
  if (is_first && request_.tells_prompt_logprobs) c.whole.prompt_logprobs = output.prompt_logprobs;
  if (!asked.logprobs) return;
  piece.text_offset = c.text_offset;
  if (is_first && request_.echo) {
    piece.echoed_token = asked.prompt.front();
    piece.logprobs.insert(piece.logprobs.begin(), output.prompt_logprobs.begin(),
                          output.prompt_logprobs.end());
    for (const auto token : asked.prompt) c.text_offset += logprobs_.characters(token);
  }
  for (const auto token : piece.token_ids) c.text_offset += logprobs_.characters(token);
}

void api_answer::keep(choice& c, const answer_choice& piece) {
  auto& whole = c.whole;
  whole.text += piece.text;
  whole.token_ids.insert(whole.token_ids.end(), piece.token_ids.begin(), piece.token_ids.end());
  whole.logprobs.insert(whole.logprobs.end(), piece.logprobs.begin(), piece.logprobs.end());
  if (piece.echoed_token >= 0) whole.echoed_token = piece.echoed_token;
  whole.stop_reason = piece.stop_reason;
}

void api_answer::write_piece(choice& c, answer_choice piece) {
  const auto* usage = request_.continuous_usage ? &c.usage : nullptr;
  piece.index = c.whole.index;
  std::string bytes;
  if (!c.is_open) {
    c.is_open = true;
    if (request_.kind == api_kind::chat) {
      bytes = format_.opening(c.whole, usage);
    } else if (request_.kind == api_kind::completion) {
      piece.prompt_token_ids = c.whole.prompt_token_ids;
      if (request_.echo) piece.text.insert(0, c.whole.text);
    }
  }
  // A token may bring no text yet: half a character, perhaps the start of a stop string.
  const bool says_something = !piece.text.empty() || !piece.tool_deltas.empty() ||
                              !piece.finish_reason.empty() || !piece.logprobs.empty() ||
                              request_.return_token_ids;
  if (says_something) bytes += format_.piece(piece, usage);
  if (!bytes.empty()) write(bytes);
}

void api_answer::write(const std::string& bytes) {
  if (!has_started_) {
    has_started_ = true;
    auto answer = head("text/event-stream; charset=utf-8");
    answer.fields.set("Cache-Control", "no-cache");
    client_->start(std::move(answer));
  }
  client_->write(bytes);
}

void api_answer::refuse(const caf::error& error) {
  using namespace transport::http;
  end_requests(finish_reason::abort);
  const auto code = failure_code(error, errc::io_error);
  if (has_started_) {
    client_->write(error_event(code, failure_text(error)));
    finish_stream();
    return;
  }
  auto answer = head("application/json");
  answer.status = status_of(code);
  leave()->send(std::move(answer), error_body(code, failure_text(error)));
}

// Tells the metrics what was asked for, once for each prompt.
void api_answer::observe_prompts() const {
  for (std::size_t i = 0; i < request_.prompts.size(); ++i) {
    engine_metrics::request_facts facts{request_.choices, request_.prompts[i].max_tokens, 0};
    for (std::size_t k = 0; k < request_.choices; ++k) {
      const auto& usage = choices_[i * request_.choices + k].usage;
      facts.longest = std::max(facts.longest, usage.completion_tokens);
    }
    context_.metrics->observe_request(facts);
  }
}

void api_answer::complete() {
  observe_prompts();
  if (request_.stream) {
    if (request_.include_usage) write(format_.closing(total()));
    finish_stream();
    return;
  }
  std::vector<answer_choice> answers;
  for (auto& c : choices_) {
    if (c.tools) c.whole.tool_calls = c.tools->calls();
    answers.push_back(std::move(c.whole));
  }
  leave()->send(head("application/json"), format_.whole(answers, total()));
}

// A write may find that the client has left: then there is no one to go on with.
void api_answer::finish_stream() {
  if (client_ != nullptr) client_->write("data: [DONE]\n\n");
  if (client_ != nullptr) leave()->finish();
}

// Takes leave of session and connection. The session is told before the answer's last byte, which
// may bring it the connection's next request at once.
transport::http::connection* api_answer::leave() {
  auto* client = std::exchange(client_, nullptr);
  context_.answers->remove(http_id_, *this);
  if (on_done_) std::exchange(on_done_, nullptr)();
  return client;
}

token_usage api_answer::total() const {
  token_usage sum;
  sum.cached_tokens = 0;
  for (std::size_t i = 0; i < choices_.size(); ++i) {
    const auto& usage = choices_[i].usage;
    sum.completion_tokens += usage.completion_tokens;
    if (i % request_.choices > 0) continue;  // a prompt counts once, however many choices it has
    sum.prompt_tokens += usage.prompt_tokens;
    *sum.cached_tokens += usage.cached_tokens.value_or(0);
  }
  return sum;
}

transport::http::response_head api_answer::head(const char* content_type) const {
  transport::http::response_head answer;
  answer.fields.set("Content-Type", content_type);
  answer.fields.set("X-Request-Id", http_id_);
  return answer;
}

}  // namespace troupe::engine
