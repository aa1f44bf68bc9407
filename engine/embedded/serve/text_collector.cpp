#include "engine/embedded/serve/text_collector.hpp"

#include <algorithm>

namespace troupe::engine {

namespace {

// The n-th token of an output prefix as the engine would have reported it.
request_output reported(const generation_request& request, std::size_t index,
                        const tokenizer& text) {
  request_output output;
  output.token = request.output_prefix[index];
  const auto& stops = request.stop_token_ids;
  if (!request.ignore_eos && text.is_end_of_turn(output.token)) {
    output.finish = finish_reason::stop;
  } else if (std::ranges::find(stops, output.token) != stops.end()) {
    output.finish = finish_reason::stop;
    output.stop_token = output.token;
  } else if (index + 1 >= request.max_tokens) {
    output.finish = finish_reason::length;
  }
  return output;
}

}  // namespace

text_collector::text_collector(const api_request& request, const tokenizer& text,
                               std::uint32_t min_tokens)
    : text_{text},
      min_tokens_{min_tokens},
      skips_special_{request.skip_special_tokens},
      includes_stop_{request.include_stop},
      stops_{request.stops},
      matcher_{request.stops, request.include_stop} {}

std::string text_collector::token_text(const request_output& output) {
  // The token that ends a text is no part of it.
  const bool is_shown = output.finish != finish_reason::stop || includes_stop_;
  auto piece = is_shown ? decoder_.push(text_.bytes(output.token, !skips_special_)) : std::string{};
  if (output.finish) piece += decoder_.flush();
  return piece;
}

caf::expected<answer_choice> text_collector::replay(const generation_request& request) {
  answer_choice last;
  std::string said;
  for (std::size_t i = 0; i < request.output_prefix.size(); ++i) {
    if (!last.finish_reason.empty()) {
      return make_failure(errc::invalid_request,
                          "output_prefix goes on after its end, at token " + std::to_string(i));
    }
    last = push(reported(request, i, text_));
    said += last.text;
  }
  last.text = std::move(said);
  last.token_ids.clear();
  return last;
}

answer_choice text_collector::push(const request_output& output) {
  answer_choice piece;
  piece.token_ids = {output.token};
  if (output.logprobs) piece.logprobs = {*output.logprobs};
  auto text = token_text(output);
  if (++taken_ <= min_tokens_) {  // stop strings do not count yet
    piece.text = std::move(text);
  } else {
    auto found = matcher_.push(text);
    piece.text = std::move(found.text);
    if (found.stopped) {
      piece.finish_reason = "stop";
      piece.stop_reason = stops_.at(found.stop);
      return piece;
    }
  }
  if (!output.finish) return piece;
  piece.text += matcher_.flush();
  piece.finish_reason = output.finish == finish_reason::length ? "length" : "stop";
  if (output.stop_token) piece.stop_reason = *output.stop_token;
  return piece;
}

}  // namespace troupe::engine
