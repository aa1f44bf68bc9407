// The stream actor: one per client connection, re-armed for each request; owns what can go wrong
// with it.
//
// | message      | reply | what it changes                                                        |
// | stop_request | -     | ends the request under way with an error; later ones are not affected  |
//
// A request's life: its body is read for routing, the router answers with a lease, the engine is
// asked over HTTP from this thread, its answer passes through. An attempt that fails before the
// first byte has gone out is repeated on another engine; after that the stream ends with a typed
// error event. Whole events pass, never half of one, so that a client can parse what it gets
// whatever happens.
//
// Thread: pinned to the I/O thread of its connection.
// Bounds: config::stream_limits, retry_policy; back-pressure above queued_bytes_high.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "actors/stream/answer_reader.hpp"
#include "actors/stream/retry_policy.hpp"
#include "actors/stream/stream_context.hpp"
#include "runtime/clock.hpp"
#include "runtime/pinned_actor.hpp"
#include "transport/http/client.hpp"
#include "transport/http/error_reply.hpp"
#include "transport/http/server.hpp"

namespace troupe::actors {

class stream final : public pinned<stream_actor::base>, transport::http::exchange_handler {
 public:
  stream(caf::actor_config& cfg, io_thread* home, stream_context& context,
         transport::http::connection& client);

  // The connection's side; called on the home thread, inside pinned::call.
  void take_request(transport::http::request message);
  void client_drained();
  void answer_overdue();
  void client_left();

  void on_exit() override;
  const char* name() const override { return "stream"; }

 protected:
  behavior_type make_behavior() override;

 private:
  enum class phase { idle, routing, waiting, streaming };

  // The engine's side.
  void on_head(transport::http::response_head head) override;
  void on_body(std::string_view bytes) override;
  void on_end() override;
  void on_error(errc code, const std::string& text) override;

  // Pages the node answers itself.
  bool answer_page(const transport::http::request& message);
  void answer_models();
  void answer_ready();

  // Whose request it is, and what the key allows. Each of the may_* answers a refusal itself.
  bool may_enter();
  bool may_use_model();
  bool may_take_tokens();
  bool take_rate(std::string_view what, std::chrono::nanoseconds wait);
  void note_usage(const usage_counts& usage);
  void settle_key();
  void refuse(const transport::http::api_refusal& why, const std::string& text);

  // From request to lease to engine.
  void read_prompt();
  void keep_fields_for_engine();
  void take_session();
  void route();
  std::vector<chunk_hash> take_chain();
  void take_lease(engine_lease granted);
  void return_lease(const engine_lease& granted);
  void route_failed(const caf::error& error);
  void ask_engine();
  void withdraw();

  // The answer.
  void take_events(std::string_view bytes);
  void note_progress(std::string_view bytes);
  void pass(std::string_view bytes);
  void begin_stream();
  void answer_whole();

  // Ends of attempts and requests.
  void attempt_ended(errc code, const std::string& text);
  void break_off(errc code, const std::string& text);
  void wait_for_room();
  void end_lease(lease_outcome outcome);
  void fail_request(errc code, const std::string& text);
  void finish_request(outcome how);
  void reply(transport::http::response_head head, std::string body);
  void reply_json(unsigned status, std::string body);

  time_point now() { return clock().now(); }

  stream_context& context_;
  transport::http::connection* client_;  // null once the client has left
  phase phase_ = phase::idle;

  // The request.
  transport::http::request request_;
  std::shared_ptr<const std::string> body_;
  std::string request_id_;
  bool is_proxied_ = false;
  prompt_facts facts_;
  std::uint64_t number_ = 0;
  time_point received_{};
  retry_policy retries_{1};
  std::uint32_t retry_after_s_ = 1;

  // The key it came with, and what it has taken of the key's tokens.
  std::shared_ptr<api_key> key_;
  double reserved_tokens_ = 0;
  double used_tokens_ = 0;
  double prompt_estimate_ = 0;
  std::string retry_after_;  // seconds, for the refusal being written

  // The attempt.
  std::optional<engine_lease> lease_;
  std::shared_ptr<transport::http::exchange> exchange_;
  time_point leased_{};
  transport::http::response_head head_;
  bool is_event_stream_ = false;
  std::uint32_t pieces_ = 0;  // events with content so far
  bool paused_ = false;
  std::optional<answer_reader> reader_;
  std::string held_;  // of an event stream: the event that is not whole yet; else the answer so far

  // What the client has seen.
  bool head_sent_ = false;
  std::size_t bytes_sent_ = 0;
  bool first_token_seen_ = false;
  time_point last_token_{};

  // An engine's refusal, for the case that no other engine can do better.
  std::optional<transport::http::response_head> refusal_head_;
  std::string refusal_body_;
};

// Makes the session of a connection: a stream actor on its I/O thread (null: simulation).
std::shared_ptr<transport::http::session> make_stream_session(caf::actor_system& system,
                                                              io_thread* home,
                                                              stream_context& context,
                                                              transport::http::connection& client);

}  // namespace troupe::actors
