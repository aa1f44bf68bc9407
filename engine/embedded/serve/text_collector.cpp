#include "engine/embedded/serve/text_collector.hpp"

namespace troupe::engine {

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

answer_choice text_collector::push(const request_output& output) {
  answer_choice piece;
  piece.token_ids = {output.token};
  auto text = token_text(output);
  if (output.generated <= min_tokens_) {  // stop strings do not count yet
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
