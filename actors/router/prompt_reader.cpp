#include "actors/router/prompt_reader.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "actors/router/json_text.hpp"
#include "actors/router/prompt_stream.hpp"
#include "runtime/errc.hpp"

namespace troupe::actors {
namespace {

using ondemand::json_type;

constexpr std::size_t name_bytes_max = 1024;
constexpr std::size_t kept_capacity_bytes_max = 4 * 1024 * 1024;

// Positions of the parts of the prompt among the body's fields, counted from 1; 0: not there.
struct prompt_places {
  std::size_t tools = 0;
  std::size_t text = 0;  // `messages` or `prompt`
};

struct scan {
  prompt_kind kind;
  const prompt_reader_options& options;
  const json_outline& text;  // of the body
  prompt_facts facts{};
  prompt_places places{};
  std::uint32_t max_completion_tokens = 0;
  bool has_model = false;
};

caf::error invalid(std::string text) {
  return make_failure(errc::invalid_request, std::move(text));
}

caf::error not_json() {
  return invalid("The body is not valid JSON.");
}

caf::error read_string(ondemand::value& value, std::string_view field, const json_outline& text,
                       std::string& out) {
  json_type type;
  if (value.type().get(type)) return not_json();
  out.clear();
  if (type == json_type::null) return {};
  if (type != json_type::string) return invalid(std::string{field} + " must be a string.");
  return append_json_text(string_literal(value, text), out) ? caf::error{} : not_json();
}

caf::error read_bool(ondemand::value& value, std::string_view field, bool& out) {
  json_type type;
  if (value.type().get(type)) return not_json();
  out = false;
  if (type == json_type::null) return {};
  if (value.get_bool().get(out)) return invalid(std::string{field} + " must be true or false.");
  return {};
}

// A count the engine judges; routing only wants it where it makes sense.
void read_count(ondemand::value& value, std::uint32_t& out) {
  std::uint64_t count = 0;
  out = value.get_uint64().get(count)
            ? 0
            : static_cast<std::uint32_t>(std::min<std::uint64_t>(count, UINT32_MAX));
}

// Beyond what 32 bits hold it is as good as the end of the range.
void read_priority(ondemand::value& value, std::int32_t& out) {
  std::int64_t number = 0;
  if (value.get_int64().get(number)) number = 0;
  out = static_cast<std::int32_t>(std::clamp<std::int64_t>(number, INT32_MIN, INT32_MAX));
}

caf::error read_stream_options(ondemand::value& value, scan& out) {
  auto& include_usage = out.facts.include_usage;
  include_usage = false;
  ondemand::object options;
  if (value.get_object().get(options)) return {};
  for (auto item : options) {
    ondemand::field field;
    if (std::move(item).get(field)) return not_json();
    if (!json_text_equals(key_literal(field.key(), out.text), "include_usage")) continue;
    const auto error = read_bool(field.value(), "stream_options.include_usage", include_usage);
    if (error) return error;
  }
  return {};
}

caf::error read_model(ondemand::value& value, scan& out) {
  if (auto error = read_string(value, "model", out.text, out.facts.model)) return error;
  out.has_model = !out.facts.model.empty();
  if (out.has_model) {
    const auto literal = string_literal(value, out.text);
    out.facts.model_at = {out.text.position(literal) - 1, literal.size() + 2};
  }
  if (out.facts.model.size() <= name_bytes_max) return {};
  return invalid("model is longer than " + std::to_string(name_bytes_max) + " bytes.");
}

// A name routing can do without: what is no short string counts as none.
void read_session(ondemand::value& value, const json_outline& text, std::string& out) {
  if (read_string(value, "session", text, out) || out.size() > name_bytes_max) out.clear();
}

caf::error read_field(ondemand::field& field, std::size_t at, scan& out) {
  const auto key = key_literal(field.key(), out.text);
  auto& value = field.value();
  auto& facts = out.facts;
  const bool chat = out.kind == prompt_kind::chat;
  const auto is = [key](std::string_view name) { return json_text_equals(key, name); };
  if (is(chat ? "messages" : "prompt")) return out.places.text = at, caf::error{};
  if (chat && is("tools")) return out.places.tools = at, caf::error{};
  if (is("model")) return read_model(value, out);
  if (is("stream")) return read_bool(value, "stream", facts.stream);
  if (is("stream_options")) return read_stream_options(value, out);
  if (is("max_tokens")) return read_count(value, facts.max_tokens), caf::error{};
  if (chat && is("max_completion_tokens")) {
    return read_count(value, out.max_completion_tokens), caf::error{};
  }
  if (is("priority")) return read_priority(value, facts.priority), caf::error{};
  if (is("cache_salt")) return read_string(value, "cache_salt", out.text, facts.cache_salt);
  if (is(out.options.session_field)) {
    return read_session(value, out.text, facts.session), caf::error{};
  }
  return {};
}

// Puts the model in place of its alias.
void resolve_model(scan& out) {
  if (!out.options.names) return;
  const auto* target = out.options.names->find(out.facts.model);
  if (target == nullptr) return;
  out.facts.alias = std::move(out.facts.model);
  out.facts.model = *target;
}

caf::error read_fields(ondemand::document& document, scan& out) {
  json_type type;
  if (document.type().get(type)) return not_json();
  if (type != json_type::object) return invalid("The body must be a JSON object.");
  ondemand::object root;
  if (document.get_object().get(root)) return not_json();
  std::size_t at = 0;
  for (auto item : root) {
    ondemand::field field;
    if (std::move(item).get(field)) return not_json();
    if (auto error = read_field(field, ++at, out)) return error;
  }
  if (!document.current_location().error()) return not_json();  // something follows the object
  if (!out.has_model) return invalid("model is missing: name the model to use.");
  if (out.max_completion_tokens != 0) out.facts.max_tokens = out.max_completion_tokens;
  resolve_model(out);
  return {};
}

// Goes back to the body's at-th field and calls feed(value).
template <class Feed>
caf::error feed_field(ondemand::document& document, std::size_t at, Feed&& feed) {
  if (at == 0) return {};
  document.rewind();
  ondemand::object root;
  if (document.get_object().get(root)) return not_json();
  for (auto item : root) {
    ondemand::field field;
    if (std::move(item).get(field)) return not_json();
    if (--at != 0) continue;
    const auto fed = feed(field.value());
    if (fed == feed_result::too_deep) {
      return invalid("tools or messages nest deeper than " + std::to_string(json_depth_max) + ".");
    }
    return fed == feed_result::ok ? caf::error{} : not_json();
  }
  return not_json();
}

caf::error hash_prompt(ondemand::document& document, scan& found, prefix_hash& hash,
                       std::size_t body_bytes) {
  hash.begin(found.facts.model, found.facts.cache_salt, body_bytes);
  prompt_feed prompt{found.text, hash};
  const auto feed_text = [&](ondemand::value& value) {
    return found.kind == prompt_kind::chat ? feed_messages(value, prompt)
                                           : feed_prompt(value, prompt, found.facts.prompt_tokens);
  };
  const auto tools = [&](ondemand::value& value) { return feed_tools(value, prompt); };
  if (auto error = feed_field(document, found.places.tools, tools)) return error;
  if (auto error = feed_field(document, found.places.text, feed_text)) return error;
  found.facts.prompt_bytes = hash.bytes();
  if (!prompt.longest.empty()) {
    found.facts.longest_text = {found.text.position(prompt.longest), prompt.longest.size()};
  }
  found.facts.chain = hash.take_chain();
  return {};
}

simdjson::padded_string_view padded(const json_outline& text) {
  return simdjson::padded_string_view{text.json(), text.capacity()};
}

}  // namespace

struct prompt_reader::buffers {
  explicit buffers(hash_seed seed) : hash{seed} {}

  std::unique_ptr<ondemand::parser> parser = std::make_unique<ondemand::parser>();
  prefix_hash hash;
  json_outline text;
};

prompt_reader::prompt_reader(prompt_reader_options options)
    : options_{options}, buffers_{std::make_unique<buffers>(options.seed)} {}

prompt_reader::~prompt_reader() = default;
prompt_reader::prompt_reader(prompt_reader&&) noexcept = default;
prompt_reader& prompt_reader::operator=(prompt_reader&&) noexcept = default;

caf::expected<prompt_facts> prompt_reader::read(prompt_kind kind, const std::string& body) {
  if (body.size() > options_.body_bytes_max) {
    return make_failure(
        errc::payload_too_large,
        "The body is larger than " + std::to_string(options_.body_bytes_max) + " bytes.");
  }
  auto& own = *buffers_;
  scan found{.kind = kind, .options = options_, .text = own.text};
  caf::error error;
  ondemand::document document;
  if (!own.text.read(body) || own.parser->iterate(padded(own.text)).get(document)) {
    error = not_json();
  } else {
    error = read_fields(document, found);
    if (!error && options_.hash_prompt) error = hash_prompt(document, found, own.hash, body.size());
  }
  if (body.size() > kept_capacity_bytes_max) *buffers_ = buffers{options_.seed};
  if (error) return error;
  found.facts.body_bytes = body.size();
  return std::move(found.facts);
}

}  // namespace troupe::actors
