#include "engine/embedded/events/kv_events_config.hpp"

#include <nlohmann/json.hpp>

namespace troupe::engine {

namespace {

using json = nlohmann::ordered_json;

constexpr std::uint32_t messages_max = 10'000'000;

caf::error wrong(const std::string& field, const std::string& expected) {
  return make_failure(errc::invalid_config, "kv-events-config: " + field + ": " + expected);
}

caf::error read_flag(const std::string& name, const json& value, bool& flag) {
  if (!value.is_boolean()) return wrong(name, "expected true or false");
  flag = value.get<bool>();
  return {};
}

caf::error read_text(const std::string& name, const json& value, std::string& text) {
  if (!value.is_string()) return wrong(name, "expected text");
  text = value.get<std::string>();
  return {};
}

caf::error read_count(const std::string& name, const json& value, std::uint32_t& count) {
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() == 0 ||
      value.get<std::uint64_t>() > messages_max) {
    return wrong(name, "expected a number from 1 to " + std::to_string(messages_max));
  }
  count = value.get<std::uint32_t>();
  return {};
}

struct choice {
  const char* no;
  const char* yes;
};

caf::error read_choice(const std::string& name, const json& value, choice of, bool& is_yes) {
  if (value != of.no && value != of.yes) {
    return wrong(name, std::string{"expected \""} + of.no + "\" or \"" + of.yes + "\"");
  }
  is_yes = value == of.yes;
  return {};
}

// Fields of our own.
caf::error read_own(const std::string& name, const json& value, kv_events_config& config) {
  bool is_second = false;
  if (name == "event_form") {
    auto error = read_choice(name, value, {"maps", "arrays"}, is_second);
    if (is_second) config.form = transport::zmq::kv_event_form::arrays;
    return error;
  }
  if (name == "hash_form") {
    auto error = read_choice(name, value, {"int", "bytes"}, is_second);
    if (is_second) config.hashes = kv_hash_form::bytes;
    return error;
  }
  if (name == "announce_reused") return read_flag(name, value, config.habits.announces_reused);
  if (name == "clear_at_once") return read_flag(name, value, config.habits.clears_at_once);
  return wrong(name, "no such field");
}

caf::error read_field(const std::string& name, const json& value, kv_events_config& config) {
  if (name == "enable_kv_cache_events") {
    return read_flag(name, value, config.enable_kv_cache_events);
  }
  if (name == "publisher") {
    bool is_zmq = false;
    auto error = read_choice(name, value, {"null", "zmq"}, is_zmq);
    config.publisher = is_zmq ? "zmq" : "null";
    return error;
  }
  if (name == "endpoint") return read_text(name, value, config.endpoint);
  if (name == "replay_endpoint") {
    if (value.is_null()) return {};
    return read_text(name, value, config.replay_endpoint.emplace());
  }
  if (name == "buffer_steps") return read_count(name, value, config.buffer_steps);
  if (name == "hwm") return read_count(name, value, config.hwm);
  if (name == "max_queue_size") return read_count(name, value, config.max_queue_size);
  if (name == "topic") return read_text(name, value, config.topic);
  return read_own(name, value, config);
}

}  // namespace

caf::expected<kv_events_config> read_kv_events_config(std::string_view text) {
  const auto object = json::parse(text, nullptr, false);
  if (!object.is_object()) {
    return make_failure(errc::invalid_config, "kv-events-config: expected a JSON object");
  }
  kv_events_config config;
  for (const auto& [name, value] : object.items()) {
    if (auto error = read_field(name, value, config)) return error;
  }
  if (config.publisher.empty()) config.publisher = config.enable_kv_cache_events ? "zmq" : "null";
  return config;
}

std::string kv_event_sources_body(const kv_events_config* published) {
  auto sources = json::object();
  if (published != nullptr) {
    json source{{"enable_kv_cache_events", published->enable_kv_cache_events},
                {"publisher", published->publisher},
                {"endpoint", published->endpoint},
                {"replay_endpoint", nullptr},
                {"buffer_steps", published->buffer_steps},
                {"hwm", published->hwm},
                {"max_queue_size", published->max_queue_size},
                {"topic", published->topic}};
    if (published->replay_endpoint) source["replay_endpoint"] = *published->replay_endpoint;
    sources["0"] = std::move(source);
  }
  return sources.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace troupe::engine
