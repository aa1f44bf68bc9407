// Fills any message with values that differ from its defaults, by its `inspect` function.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include <caf/actor_control_block.hpp>
#include <caf/meta/type_name.hpp>

namespace troupe::actors {

class filler {
 public:
  using result_type = void;

  explicit filler(caf::strong_actor_ptr handle) : handle_{std::move(handle)} {}

  template <class... Ts>
  void operator()(Ts&&... xs) {
    (fill(xs), ...);
  }

 private:
  void fill(const caf::meta::type_name_t&) {}
  void fill(bool& x) { x = !x; }
  void fill(std::string& x) { x = "text " + std::to_string(++count_); }
  void fill(caf::strong_actor_ptr& x) { x = handle_; }

  template <class T>
  requires(std::is_arithmetic_v<T>) void fill(T& x) { x = static_cast<T>(++count_); }

  template <class T>
  requires(std::is_enum_v<T>) void fill(T& x) { x = static_cast<T>(1); }

  template <class T>
  void fill(std::vector<T>& x) {
    x.resize(2);
    for (T& element : x) fill(element);
  }

  template <class T>
  requires requires(filler& f, T& x) { inspect(f, x); }
  void fill(T& x) { inspect(*this, x); }

  caf::strong_actor_ptr handle_;
  int count_ = 0;
};

}  // namespace troupe::actors
