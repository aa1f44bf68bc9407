// What a modelled engine answers: tokens that say whose they are, which attempt made them, and
// their position.
//
// Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/simulation/cluster/request_book.hpp"

namespace troupe::simulation {

struct model_token {
  request_key key;
  std::uint64_t exchange = 0;
  std::uint64_t position = 0;  // in its answer, from 0
};

// One event of a stream with one token.
std::string token_event(const model_token& token);

// The events that end a stream of so many tokens.
std::string last_events(std::uint64_t tokens);

// An answer in one piece.
std::string whole_answer(const request_key& key, std::uint64_t exchange, std::uint64_t tokens);

// What a client finds in bytes of an answer.
struct answer_facts {
  std::vector<model_token> tokens;
  bool has_finish = false;    // a finish reason
  std::uint64_t counted = 0;  // tokens, as the engine counts them
  bool is_done = false;       // the stream says that it ends
  bool has_error = false;     // a typed error
};
answer_facts read_answer(std::string_view bytes);

// The request's name in its header, and back.
std::string text_of(const request_key& key);
request_key key_of(std::string_view text);

}  // namespace troupe::simulation
