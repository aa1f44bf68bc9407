#include "apps/bench/endpoint_probe.hpp"

#include <utility>

#include "apps/bench/streamed_answer.hpp"
#include "apps/bench/workload_text.hpp"
#include "runtime/errc.hpp"

namespace troupe::apps::bench {

namespace {

namespace http = transport::http;

constexpr std::size_t answer_bytes_max = 4 * 1024 * 1024;
constexpr std::size_t shorter_bytes = 400;
constexpr std::size_t longer_bytes = 2'400;

// Collects one whole answer.
struct whole_answer final : http::exchange_handler {
  void on_head(http::response_head head) override { status = head.status; }
  void on_body(std::string_view bytes) override {
    if (body.size() < answer_bytes_max) body.append(bytes);
  }
  void on_end() override { is_over = true; }
  void on_error(errc, const std::string& text) override {
    failure = text;
    is_over = true;
  }

  unsigned status = 0;
  std::string body;
  std::string failure;
  bool is_over = false;
};

}  // namespace

caf::expected<std::string> endpoint_probe::call(const target& where, http::request head,
                                                std::string body) {
  const std::string what = where.name + ": " + head.method + " " + head.target + ": ";
  for (const auto& [name, value] : settings_.fields) head.fields.add(name, value);
  whole_answer answer;
  const auto exchange =
      client_.start(where.at, head, std::make_shared<const std::string>(std::move(body)), answer,
                    {.idle_timeout = settings_.timeout});
  loop_.run_until([&] { return answer.is_over || loop_.is_interrupted(); });
  if (!answer.is_over) {
    exchange->cancel();
    return make_failure(errc::cancelled, what + "interrupted");
  }
  if (!answer.failure.empty()) return make_failure(errc::connect_failed, what + answer.failure);
  if (answer.status != 200) {
    return make_failure(errc::protocol_error, what + "HTTP " + std::to_string(answer.status) +
                                                  ", " + read_error(answer.body));
  }
  return std::move(answer.body);
}

caf::expected<std::string> endpoint_probe::first_model(const target& where) {
  http::request head;
  head.target = where.path + "/v1/models";
  auto body = call(where, std::move(head), {});
  if (!body) return body.error();
  std::string model = read_first_model(*body);
  if (!model.empty()) return model;
  return make_failure(errc::unknown_model, where.name + " lists no model; name one with --model");
}

caf::expected<counted_prompt> endpoint_probe::count(const target& where, const std::string& model,
                                                    std::size_t bytes) {
  planned_request asked;
  asked.answer_tokens = 1;
  const random_stream from{mixed_seed(settings_.seed, bytes), "scale"};
  asked.messages.push_back(
      {speaker::user, std::make_shared<const std::string>(make_text(from, bytes))});
  http::request head;
  head.method = "POST";
  head.target = where.path + std::string{path_of(settings_.api)};
  head.fields.set("Content-Type", "application/json");
  auto body =
      call(where, std::move(head), write_body(asked, {settings_.api, model, settings_.stop_early}));
  if (!body) return body.error();
  streamed_answer answer;
  answer.feed(*body);
  const told_usage usage = answer.usage().is_told ? answer.usage() : read_usage(*body);
  return counted_prompt{bytes, usage.prompt_tokens};
}

caf::expected<text_scale> endpoint_probe::scale(const target& where, const std::string& model) {
  const auto shorter = count(where, model, shorter_bytes);
  if (!shorter) return shorter.error();
  const auto longer = count(where, model, longer_bytes);
  if (!longer) return longer.error();
  if (const auto found = scale_of(*shorter, *longer)) return *found;
  return make_failure(errc::unsupported,
                      where.name +
                          " does not tell how many tokens a prompt has (usage); give "
                          "--bytes-per-token, or lengths in bytes");
}

}  // namespace troupe::apps::bench
