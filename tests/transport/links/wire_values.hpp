// Values of every form the wire knows, at random, and a mapper that knows actors by number.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <caf/error.hpp>
#include <caf/meta/type_name.hpp>
#include <caf/sec.hpp>
#include <caf/unit.hpp>

#include "runtime/errc.hpp"
#include "transport/links/wire.hpp"

namespace troupe::transport {

enum class colour : std::uint16_t { red, green = 700 };

struct nothing_said {
  friend bool operator==(const nothing_said&, const nothing_said&) = default;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, nothing_said&) {
  return f(caf::meta::type_name("nothing_said"));
}

struct small_fields {
  std::uint8_t a = 0;
  std::int16_t b = 0;
  std::uint32_t c = 0;
  std::int64_t d = 0;
  float e = 0;
  double f = 0;
  bool g = false;
  colour h = colour::red;
  std::array<std::uint16_t, 3> i{};
  std::chrono::milliseconds j{};
  friend bool operator==(const small_fields&, const small_fields&) = default;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, small_fields& x) {
  return f(caf::meta::type_name("small_fields"), x.a, x.b, x.c, x.d, x.e, x.f, x.g, x.h, x.i, x.j);
}

struct every_form {
  small_fields small;
  std::string text;
  std::vector<std::uint64_t> numbers;
  std::vector<bool> flags;
  std::vector<small_fields> many;
  std::map<std::string, std::vector<std::int32_t>> by_name;
  std::set<std::uint32_t> members;
  std::pair<std::string, bool> two;
  std::tuple<std::uint8_t, std::string, colour> three;
  std::optional<std::string> maybe;
  std::array<std::string, 2> names;
  std::array<std::uint64_t, 12> wide{};
  std::vector<nothing_said> silent;
  caf::unit_t unit;
  shared_bytes bytes;
  caf::error error;
  friend bool operator==(const every_form&, const every_form&) = default;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, every_form& x) {
  return f(caf::meta::type_name("every_form"), x.small, x.text, x.numbers, x.flags, x.many,
           x.by_name, x.members, x.two, x.three, x.maybe, x.names, x.wide, x.silent, x.unit,
           x.bytes, x.error);
}

class value_maker {
 public:
  explicit value_maker(std::uint64_t seed) : random_{seed} {}

  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

  std::string text() {
    std::string result(below(20), '\0');
    for (char& letter : result) letter = static_cast<char>(below(256));
    return result;
  }

  small_fields small() {
    return {static_cast<std::uint8_t>(random_()),
            static_cast<std::int16_t>(random_()),
            static_cast<std::uint32_t>(random_()),
            static_cast<std::int64_t>(random_()),
            static_cast<float>(below(1000)) / 7,
            static_cast<double>(below(1000)) / 7,
            below(2) == 1,
            below(2) == 1 ? colour::green : colour::red,
            {static_cast<std::uint16_t>(random_()), 2, 3},
            std::chrono::milliseconds{random_() >> 1}};
  }

  caf::error error() {
    switch (below(5)) {
      case 0:
        return caf::none;
      case 1:
        return errc::no_engine;
      case 2:
        return make_failure(errc::io_error, text());
      case 3:
        return make_refusal(errc::too_many_requests, text(), static_cast<std::uint32_t>(random_()));
      default:
        return caf::sec::request_receiver_down;
    }
  }

  every_form every() {
    every_form x;
    x.small = small();
    x.text = text();
    for (auto n = below(5); n > 0; --n) x.numbers.push_back(random_());
    for (auto n = below(5); n > 0; --n) x.flags.push_back(below(2) == 1);
    for (auto n = below(4); n > 0; --n) x.many.push_back(small());
    for (auto n = below(4); n > 0; --n)
      x.by_name[text()] = {1, static_cast<std::int32_t>(random_())};
    for (auto n = below(4); n > 0; --n) x.members.insert(static_cast<std::uint32_t>(random_()));
    x.two = {text(), below(2) == 1};
    x.three = {static_cast<std::uint8_t>(random_()), text(), colour::green};
    if (below(2) == 1) x.maybe = text();
    x.names = {text(), text()};
    for (auto& number : x.wide) number = random_();
    x.silent.resize(below(4));
    x.bytes = shared_bytes{std::string(below(2) == 1 ? 10 : 9'000, 'b')};
    x.error = error();
    return x;
  }

 private:
  std::mt19937_64 random_;
};

// Knows the actors it has written by their order.
class numbered_handles : public handle_mapper {
 public:
  void write(wire_writer& out, const caf::strong_actor_ptr& handle) override {
    known_.push_back(handle);
    out(static_cast<std::uint32_t>(known_.size() - 1));
  }

  caf::strong_actor_ptr read(wire_reader& in) override {
    std::uint32_t number = 0;
    if (!in(number)) return nullptr;
    if (number < known_.size()) return known_[number];
    in.fail();
    return nullptr;
  }

 private:
  std::vector<caf::strong_actor_ptr> known_;
};

struct wire_form {
  std::string bytes;
  std::vector<shared_bytes> blobs;
  friend bool operator==(const wire_form&, const wire_form&) = default;
};

template <class T>
wire_form written(const T& value, handle_mapper& handles) {
  wire_form form;
  wire_writer out{form.bytes, form.blobs, handles};
  out(value);
  return form;
}

// Returns whether all of the bytes were a T.
template <class T>
bool read_whole(const wire_form& form, T& value, handle_mapper& handles) {
  wire_reader in{form.bytes, form.blobs, handles};
  in(value);
  return in.complete();
}

}  // namespace troupe::transport
