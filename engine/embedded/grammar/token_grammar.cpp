#include "engine/embedded/grammar/token_grammar.hpp"

namespace troupe::engine {

token_grammar::token_grammar(std::shared_ptr<grammar_program> program)
    : program_{std::move(program)} {
  at_.state = program_->grammar().start();
}

bool token_grammar::accept(std::int32_t token) {
  const auto& vocabulary = program_->vocabulary();
  if (vocabulary.is_end(token)) {
    if (!finished_ && !may_end()) return false;
    if (!finished_) mask_.reset();
    finished_ = true;
    return true;
  }
  const auto bytes = vocabulary.bytes(token);
  if (finished_ || bytes.empty() || bytes.size() > token_trie::bytes_max) return false;
  const std::scoped_lock lock{program_->mutex_};
  if (!program_->table_.advance(at_, bytes)) return false;
  mask_.reset();
  return true;
}

std::span<const std::uint64_t> token_grammar::allowed() {
  if (!mask_ && finished_) {
    auto mask = std::make_shared<token_mask>(program_->vocabulary().mask_words());
    for (const auto token : program_->vocabulary().ends()) {
      const auto bit = static_cast<std::uint32_t>(token);
      (*mask)[bit / 64] |= std::uint64_t{1} << (bit % 64);
    }
    mask_ = std::move(mask);
  }
  if (!mask_) {
    const std::scoped_lock lock{program_->mutex_};
    mask_ = program_->table_.mask(at_);
  }
  return *mask_;
}

bool token_grammar::allows(std::int32_t token) {
  if (token < 0 || static_cast<std::size_t>(token) >= program_->vocabulary().size()) return false;
  const auto bit = static_cast<std::uint32_t>(token);
  return (allowed()[bit / 64] >> (bit % 64) & 1) != 0;
}

}  // namespace troupe::engine
