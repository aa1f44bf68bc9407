// A callable that is called once and need not be copyable; what std::function cannot hold.
#pragma once

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

namespace troupe {

class task {
 public:
  template <class F>
  requires(!std::same_as<std::remove_cvref_t<F>, task> && std::invocable<F&>) task(F&& f)
      : body_{std::make_unique<holder<std::remove_cvref_t<F>>>(std::forward<F>(f))} {}

  // Calls it.
  void operator()() { body_->call(); }

 private:
  struct callable {
    virtual ~callable() = default;
    virtual void call() = 0;
  };

  template <class F>
  struct holder final : callable {
    template <class G>
    explicit holder(G&& g) : f{std::forward<G>(g)} {}
    void call() override { f(); }
    F f;
  };

  std::unique_ptr<callable> body_;
};

}  // namespace troupe
