#include "engine/embedded/model/tiny_vocabulary.hpp"

#include <map>
#include <string_view>
#include <utility>

#include "engine/embedded/text/byte_alphabet.hpp"

namespace troupe::engine {

namespace {

constexpr std::size_t merges_max = 509;  // 3 + 256 + 509 = 768 tokens

constexpr std::string_view sample =
    "You are a helpful assistant. You answer the questions of the user in a few short sentences, "
    "and you say so when you do not know the answer. The user asks about the weather, the news, "
    "music, books, history, science and other things that people want to know. What is the capital "
    "of France? The capital of France is Paris. What can you tell me about it? Please write a "
    "short story about a small town near the sea where an old man was living with his two dogs. "
    "One day there came a great storm, and the water went over the wall and into the streets. They "
    "had been told to leave their homes, but he would not go without his dogs. In the morning the "
    "people found him and all of them were happy. How does this system work? Each request is sent "
    "to one of the servers, which holds the state of the conversation in its memory. When the "
    "server has seen the same text before, it does not have to compute it again. This makes the "
    "first token come faster, because most of the time is spent on the prompt. If a server stops, "
    "another takes over and continues from the last token that was sent. Here is an example of "
    "how to use the interface: first make a list of messages, then send it with the name of the "
    "model and the number of tokens you want. The response contains the text, the reason why it "
    "was finished, and how many tokens were used. Some of these values are only there for the "
    "person who reads the logs. Explain the difference between a process and a thread. A process "
    "has its own address space, while threads of the same process share theirs. Could you give me "
    "more information on that? Yes, of course. Think about a house with many rooms: every family "
    "has a house of its own, but the members of a family use the same kitchen. It is important "
    "that they do not all try to cook at once. For this reason they should agree on some rules. "
    "After that, we will look at what happens under high load, and which of the two designs is "
    "better. Let us begin with the simple case. There are three workers and ten requests, and the "
    "requests come in one after the other. No worker must wait for long, and none should have "
    "nothing to do. That means we need to put the next request where it can be started first, or "
    "where a large part of its work has already been done. Thank you very much for your help! "
    "I would like to learn how to write good programs. Where should I start? Just read other "
    "people's code, write your own, and do it again and again until it is clear and simple. "
    "Don't be afraid of making mistakes; it's how we learn, and you'll see that they're useful. "
    "This is the best advice that I have ever been given by a friend of mine from the university. "
    "The following day she gave him a new computer, which was much better than the one before.\n";

using symbol_pair = std::pair<std::string, std::string>;

struct word {
  std::vector<std::string> symbols;
  std::size_t count = 0;
};

// Words with the space before them; other characters stand alone, as the pre-tokenizer splits them.
std::vector<word> split_sample() {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  std::map<std::string, std::size_t> counts;
  for (std::size_t at = 0; at < sample.size();) {
    auto end = at + 1;
    if (letter(sample[at]) || (sample[at] == ' ' && end < sample.size() && letter(sample[end]))) {
      while (end < sample.size() && letter(sample[end])) ++end;
    }
    ++counts[std::string{sample.substr(at, end - at)}];
    at = end;
  }
  std::vector<word> words;
  for (const auto& [text, count] : counts) {
    word entry{{}, count};
    for (const char c : text) {
      const auto byte = static_cast<std::uint8_t>(c);
      entry.symbols.emplace_back(byte_alphabet::instance().spelling(byte));
    }
    words.push_back(std::move(entry));
  }
  return words;
}

// The most frequent pair; of equals the first in the map's order, so that all machines agree.
symbol_pair most_frequent(const std::map<symbol_pair, std::size_t>& counts) {
  const symbol_pair* best = nullptr;
  std::size_t most = 1;
  for (const auto& [pair, count] : counts) {
    if (count <= most) continue;
    best = &pair;
    most = count;
  }
  return best != nullptr ? *best : symbol_pair{};
}

void count_pairs(const word& entry, std::map<symbol_pair, std::size_t>& counts, bool add) {
  for (std::size_t i = 0; i + 1 < entry.symbols.size(); ++i) {
    auto& count = counts[{entry.symbols[i], entry.symbols[i + 1]}];
    count = add ? count + entry.count : count - entry.count;
  }
}

bool contains(const word& entry, const symbol_pair& pair) {
  for (std::size_t i = 0; i + 1 < entry.symbols.size(); ++i) {
    if (entry.symbols[i] == pair.first && entry.symbols[i + 1] == pair.second) return true;
  }
  return false;
}

// Joins every occurrence of the pair, left to right.
void join(word& entry, const symbol_pair& pair) {
  auto& symbols = entry.symbols;
  for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
    if (symbols[i] != pair.first || symbols[i + 1] != pair.second) continue;
    symbols[i] += symbols[i + 1];
    symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(i) + 1);
  }
}

void learn_merges(tiny_vocabulary& out) {
  auto words = split_sample();
  std::map<symbol_pair, std::size_t> counts;
  for (const auto& entry : words) count_pairs(entry, counts, true);
  while (out.merges.size() < merges_max) {
    const auto pair = most_frequent(counts);
    if (pair.first.empty()) return;
    for (auto& entry : words) {
      if (!contains(entry, pair)) continue;
      count_pairs(entry, counts, false);
      join(entry, pair);
      count_pairs(entry, counts, true);
    }
    out.merges.push_back(pair.first + " " + pair.second);
    out.tokens.push_back(pair.first + pair.second);
    out.types.push_back(1);
  }
}

}  // namespace

tiny_vocabulary make_tiny_vocabulary() {
  tiny_vocabulary out;
  for (const auto* special : {"<|endoftext|>", "<|im_start|>", "<|im_end|>"}) {
    out.tokens.emplace_back(special);
    out.types.push_back(3);
  }
  for (unsigned byte = 0; byte < 256; ++byte) {
    out.tokens.emplace_back(byte_alphabet::instance().spelling(static_cast<std::uint8_t>(byte)));
    out.types.push_back(1);
  }
  learn_merges(out);
  return out;
}

}  // namespace troupe::engine
