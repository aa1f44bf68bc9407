// A request with a deadline whose timer goes away with the answer: the only allowed request.
//
// CAF 0.17.6 keeps a request's timer, and a reference to the asker, until it expires. Exactly one
// of the two callbacks runs, once, as a handler of the asker; an answer after the deadline is
// dropped. If the asker ends first, none runs.
//
// Errors: errc::timeout where the deadline passed; everything else as the receiver or CAF sent it
// (caf::sec::request_receiver_down where the receiver had ended).
#pragma once

#include <chrono>
#include <string>
#include <utility>

#include <caf/detail/type_list.hpp>
#include <caf/detail/type_traits.hpp>
#include <caf/error.hpp>
#include <caf/message_id.hpp>
#include <caf/sec.hpp>

#include "runtime/errc.hpp"

namespace troupe {

namespace detail {

template <class Self, class F, class Arguments>
struct answer_handler;

// Typed like the caller's callback: CAF deduces what a handler takes from its operator().
template <class Self, class F, class... Ts>
struct answer_handler<Self, F, caf::detail::type_list<Ts...>> {
  Self* self;
  caf::message_id id;
  F f;

  void operator()(Ts... xs) {
    self->clock().cancel_request_timeout(self, id);
    f(std::forward<Ts>(xs)...);
  }
};

}  // namespace detail

// Sends `message` to `dest`, then calls on_value(answer) or on_error(caf::error).
template <class Self, class Handle, class Message, class OnValue, class OnError>
void ask(Self* self, const Handle& dest, std::chrono::milliseconds deadline, Message&& message,
         OnValue on_value, OnError on_error) {
  using arguments = typename caf::detail::get_callable_trait<OnValue>::arg_types;
  auto pending = self->request(dest, deadline, std::forward<Message>(message));
  const auto id = pending.id();
  pending.then(detail::answer_handler<Self, OnValue, arguments>{self, id, std::move(on_value)},
               [self, id, deadline, g = std::move(on_error)](caf::error& error) mutable {
                 self->clock().cancel_request_timeout(self, id);
                 if (error == caf::sec::request_timeout) {
                   error =
                       make_failure(errc::timeout,
                                    "no answer within " + std::to_string(deadline.count()) + " ms");
                 }
                 g(error);
               });
}

}  // namespace troupe
