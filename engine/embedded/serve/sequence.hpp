// The scheduler's record of one request: its tokens, the blocks that hold them, how far it is.
#pragma once

#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "engine/embedded/grammar/token_grammar.hpp"
#include "engine/embedded/serve/scheduler.hpp"

namespace troupe::engine {

struct scheduler::sequence {
  sequence(request_id name, generation_request r, const std::string& fingerprint)
      : id{name},
        request{std::move(r)},
        tokens{std::move(request.prompt)},
        prompt_tokens{tokens.size()},
        root{root_key(fingerprint, request.cache_salt)} {
    const auto& emitted = request.output_prefix;
    tokens.insert(tokens.end(), emitted.begin(), emitted.end());
  }

  // Goes through the request's grammar to where its output prefix leads. Errors: invalid_request
  // (the prefix leaves the grammar).
  caf::error enter_grammar() {
    if (!request.grammar) return {};
    grammar.emplace(request.grammar);
    for (std::size_t i = 0; i < request.output_prefix.size(); ++i) {
      if (grammar->accept(request.output_prefix[i])) continue;
      return make_failure(errc::invalid_request,
                          "output_prefix: token " + std::to_string(i) +
                              " is none that the request's grammar allows there");
    }
    return {};
  }

  // Tokens whose KV is still to be computed.
  std::uint64_t pending() const { return tokens.size() - computed; }
  std::uint64_t generated() const { return tokens.size() - prompt_tokens; }

  // Rows of logits that tell of the prompt's tokens, all but the first; none where nobody asks.
  std::uint64_t prompt_rows() const { return request.prompt_logprobs ? prompt_tokens - 1 : 0; }
  bool wants_prompt_rows() const { return prompt_rows_done < prompt_rows(); }

  // Lower priorities first, then in order of arrival.
  bool ranks_before(const sequence& other) const {
    return std::tie(request.priority, arrival) < std::tie(other.request.priority, other.arrival);
  }

  // Returns the tokens of a full block.
  std::span<const std::int32_t> block_content(std::size_t index) const {
    return std::span{tokens}.subspan(index * block_tokens, block_tokens);
  }

  // Returns the keys of the first `count` blocks, all of them full.
  std::span<const block_key> block_keys(std::size_t count) {
    while (keys.size() < count) {
      const auto& parent = keys.empty() ? root : keys.back();
      keys.push_back(child_key(parent, block_content(keys.size())));
    }
    return std::span{keys}.first(count);
  }

  request_id id;
  generation_request request;
  std::vector<std::int32_t> tokens;  // prompt, then output
  std::uint64_t prompt_tokens;
  std::uint64_t arrival = 0;  // counts submissions
  block_key root;
  std::vector<block_key> keys;
  std::vector<block_id> blocks;
  std::optional<token_grammar> grammar;  // stands behind the last of `tokens`
  std::vector<std::int32_t> banned;      // while fewer than min_tokens are generated
  std::uint64_t computed = 0;            // tokens whose KV lies in the blocks
  std::uint64_t prompt_rows_done = 0;
  std::size_t published = 0;  // blocks
  bool publishes = true;      // false after a hash collision
  bool was_admitted = false;
};

}  // namespace troupe::engine
