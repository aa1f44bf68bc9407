// The scheduler's record of one request: its tokens, the blocks that hold them, how far it is.
#pragma once

#include <utility>
#include <vector>

#include "engine/embedded/serve/scheduler.hpp"

namespace troupe::engine {

struct scheduler::sequence {
  sequence(request_id name, generation_request r, const std::string& fingerprint)
      : id{name},
        request{std::move(r)},
        tokens{std::move(request.prompt)},
        prompt_tokens{tokens.size()},
        root{root_key(fingerprint, request.cache_salt)} {}

  // Tokens whose KV is still to be computed.
  std::uint64_t pending() const { return tokens.size() - computed; }
  std::uint64_t generated() const { return tokens.size() - prompt_tokens; }

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
  block_key root;
  std::vector<block_key> keys;
  std::vector<block_id> blocks;
  std::vector<std::int32_t> banned;  // while fewer than min_tokens are generated
  std::uint64_t computed = 0;        // tokens whose KV lies in the blocks
  std::size_t published = 0;         // blocks
  bool publishes = true;             // false after a hash collision
  bool was_admitted = false;
};

}  // namespace troupe::engine
