#include "apps/bench/workload_text.hpp"

#include <array>
#include <string_view>

namespace troupe::apps::bench {

namespace {

constexpr auto words = std::to_array<std::string_view>({
    "about",    "above",   "across",   "action",   "after",     "again",    "against",  "agree",
    "air",      "all",     "almost",   "also",     "always",    "among",    "and",      "animal",
    "answer",   "any",     "appear",   "area",     "around",    "ask",      "away",     "back",
    "balance",  "base",    "because",  "become",   "before",    "begin",    "behind",   "believe",
    "better",   "between", "big",      "black",    "blue",      "board",    "body",     "book",
    "both",     "bridge",  "bring",    "build",    "busy",      "buy",      "call",     "can",
    "capital",  "car",     "care",     "carry",    "case",      "cause",    "center",   "certain",
    "chance",   "change",  "child",    "choice",   "city",      "class",    "clear",    "close",
    "cold",     "color",   "come",     "common",   "company",   "compare",  "complete", "computer",
    "consider", "contain", "continue", "control",  "cost",      "could",    "country",  "course",
    "cover",    "cross",   "current",  "cut",      "dark",      "data",     "day",      "decide",
    "deep",     "design",  "detail",   "develop",  "different", "direct",   "discover", "distance",
    "doctor",   "door",    "down",     "draw",     "drive",     "during",   "each",     "early",
    "earth",    "east",    "easy",     "effect",   "eight",     "either",   "end",      "energy",
    "engine",   "enough",  "enter",    "even",     "evening",   "ever",     "every",    "example",
    "expect",   "explain", "eye",      "face",     "fact",      "fall",     "family",   "far",
    "farm",     "fast",    "father",   "feel",     "few",       "field",    "figure",   "fill",
    "final",    "find",    "fine",     "fire",     "first",     "five",     "floor",    "follow",
    "food",     "for",     "force",    "form",     "four",      "free",     "friend",   "from",
    "front",    "full",    "game",     "garden",   "general",   "give",     "glass",    "gold",
    "good",     "govern",  "great",    "green",    "ground",    "group",    "grow",     "half",
    "hand",     "happen",  "happy",    "hard",     "have",      "head",     "hear",     "heart",
    "heat",     "heavy",   "help",     "here",     "high",      "hill",     "history",  "hold",
    "home",     "hope",    "horse",    "hot",      "hour",      "house",    "how",      "however",
    "hundred",  "idea",    "include",  "increase", "inside",    "interest", "island",   "job",
    "join",     "journey", "keep",     "kind",     "king",      "know",     "land",     "language",
    "large",    "last",    "late",     "laugh",    "law",       "lead",     "learn",    "leave",
    "left",     "letter",  "level",    "life",     "light",     "like",     "line",     "list",
    "listen",   "little",  "live",     "local",    "long",      "look",     "love",     "low",
    "machine",  "main",    "make",     "many",     "map",       "mark",     "market",   "matter",
    "mean",     "measure", "meet",     "member",   "metal",     "method",   "middle",   "might",
    "mile",     "mind",    "minute",   "moment",   "money",     "month",    "moon",     "more",
    "morning",  "most",    "mother",   "mountain", "move",      "much",     "music",    "must",
    "name",     "nature",  "near",     "need",     "never",     "new",      "next",     "night",
    "nine",     "north",   "note",     "nothing",  "notice",    "now",      "number",   "object",
    "ocean",    "offer",   "office",   "often",    "old",       "once",     "one",      "only",
    "open",     "order",   "other",    "over",     "own",       "page",     "paper",    "parent",
    "part",     "pass",    "past",     "path",     "pattern",   "people",   "perhaps",  "period",
    "person",   "picture", "piece",    "place",    "plain",     "plan",     "plant",    "play",
    "point",    "poor",    "position", "power",    "present",   "press",    "problem",  "produce",
    "product",  "program", "public",   "pull",     "purpose",   "question", "quick",    "quiet",
    "quite",    "rain",    "reach",    "read",     "ready",     "real",     "reason",   "receive",
    "record",   "remain",  "remember", "report",   "require",   "rest",     "result",   "return",
    "right",    "rise",    "river",    "road",     "rock",      "room",     "round",    "rule",
    "run",      "safe",    "sail",     "same",     "school",    "science",  "sea",      "season",
    "second",   "section", "see",      "seem",     "send",      "sentence", "serve",    "seven",
    "several",  "shape",   "share",    "ship",     "short",     "should",   "show",     "side",
    "sign",     "simple",  "since",    "sing",     "six",       "size",     "sleep",    "slow",
    "small",    "snow",    "social",   "some",     "song",      "soon",     "sound",    "south",
    "space",    "speak",   "special",  "speed",    "spend",     "spring",   "stand",    "star",
    "start",    "state",   "station",  "stay",     "step",      "still",    "stone",    "stop",
    "store",    "story",   "street",   "strong",   "student",   "study",    "such",     "sudden",
    "summer",   "sun",     "support",  "sure",     "surface",   "system",   "table",    "take",
    "talk",     "teach",   "team",     "tell",     "ten",       "test",     "than",     "that",
    "the",      "their",   "then",     "there",    "these",     "they",     "thing",    "think",
    "third",    "this",    "those",    "though",   "thousand",  "three",    "through",  "time",
    "together", "toward",  "town",     "trade",    "train",     "travel",   "tree",     "true",
    "try",      "turn",    "two",      "under",    "unit",      "until",    "up",       "use",
    "usual",    "value",   "very",     "view",     "village",   "visit",    "voice",    "wait",
    "walk",     "wall",    "want",     "war",      "warm",      "watch",    "water",    "way",
    "weather",  "week",    "well",     "west",     "what",      "wheel",    "when",     "where",
    "which",    "while",   "white",    "whole",    "why",       "wide",     "will",     "wind",
    "window",   "winter",  "with",     "without",  "woman",     "wonder",   "wood",     "word",
    "work",     "world",   "would",    "write",    "year",      "yellow",   "yet",      "young",
});

constexpr std::uint64_t sentence_words_min = 6;
constexpr std::uint64_t sentence_words_spread = 12;

}  // namespace

std::string make_text(random_stream from, std::size_t bytes) {
  std::string text;
  text.reserve(bytes + 16);
  std::uint64_t left = 0;  // words of the sentence
  while (text.size() < bytes) {
    const bool begins = left == 0;
    if (begins) {
      if (!text.empty()) text += '.';
      left = sentence_words_min + from.below(sentence_words_spread);
    }
    if (!text.empty()) text += ' ';
    const auto at = text.size();
    text += words[from.below(words.size())];
    if (begins) text[at] = static_cast<char>(text[at] - 'a' + 'A');
    --left;
  }
  text.resize(bytes);
  if (!text.empty() && text.back() == ' ') text.back() = '.';
  return text;
}

}  // namespace troupe::apps::bench
