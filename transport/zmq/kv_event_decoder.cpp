#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "transport/zmq/kv_event_codec.hpp"
#include "transport/zmq/msgpack_reader.hpp"

namespace troupe::transport::zmq {

namespace {

enum class field {
  ignored,
  type,
  hashes,
  parent,
  tokens,
  block_size,
  lora_id,
  medium,
  lora_name,
  extra_keys,
  group_idx,
  spec_kind,
};

struct named_field {
  std::string_view name;
  field what;
};

constexpr std::array<named_field, 11> field_names{{{"type", field::type},
                                                   {"block_hashes", field::hashes},
                                                   {"parent_block_hash", field::parent},
                                                   {"token_ids", field::tokens},
                                                   {"block_size", field::block_size},
                                                   {"lora_id", field::lora_id},
                                                   {"medium", field::medium},
                                                   {"lora_name", field::lora_name},
                                                   {"extra_keys", field::extra_keys},
                                                   {"group_idx", field::group_idx},
                                                   {"kv_cache_spec_kind", field::spec_kind}}};

// What follows the type in an event that is an array.
constexpr std::array stored_order{
    field::hashes, field::parent,    field::tokens,     field::block_size, field::lora_id,
    field::medium, field::lora_name, field::extra_keys, field::group_idx,  field::spec_kind};
constexpr std::array removed_order{field::hashes, field::medium, field::group_idx};

field field_at(std::string_view type, std::size_t index) {
  if (type == "BlockStored" && index < stored_order.size()) return stored_order[index];
  if (type == "BlockRemoved" && index < removed_order.size()) return removed_order[index];
  return field::ignored;
}

field field_called(std::string_view name) {
  const auto found = std::ranges::find(field_names, name, &named_field::name);
  return found == field_names.end() ? field::ignored : found->what;
}

std::string_view name_of(field what) {
  const auto found = std::ranges::find(field_names, what, &named_field::what);
  return found == field_names.end() ? "a field" : found->name;
}

// Reads one payload; the first fault stays and ends the reading.
class batch_decoder {
 public:
  batch_decoder(std::string_view payload, const kv_decode_limits& limits)
      : reader_{payload}, limits_{limits} {}

  bool read(kv_event_batch& batch);
  const std::string& fault() const { return fault_; }

 private:
  bool read_map(const msgpack_value& map, kv_event_batch& batch);
  bool read_time(const msgpack_value& value, kv_event_batch& batch);
  bool read_rank(const msgpack_value& value, kv_event_batch& batch);
  bool read_events(const msgpack_value& value, kv_event_batch& batch);
  bool read_event(kv_event_batch& batch);
  bool read_event_array(const msgpack_value& array);
  bool read_event_map(const msgpack_value& map);
  bool read_field(field what, const msgpack_value& value);
  bool finish_event(kv_event_batch& batch);

  bool read_hashes(const msgpack_value& value);
  bool read_hash(const msgpack_value& value, block_hash& hash);
  bool read_tokens(const msgpack_value& value);
  bool read_block_size(const msgpack_value& value);
  bool read_extra_keys(const msgpack_value& value);
  bool read_block_keys(std::vector<extra_key>& keys);
  bool read_key(extra_key& key);
  bool read_text(const msgpack_value& value, std::optional<std::string>& text);
  bool read_number(const msgpack_value& value, std::optional<std::int64_t>& number);

  bool open_array(const msgpack_value& value, std::size_t max, std::string_view limit);
  bool fail(std::string what);
  bool fail_at(std::string_view name, std::string what);
  bool wrong_kind(std::string_view wanted, const msgpack_value& found);

  msgpack_reader reader_;
  const kv_decode_limits& limits_;
  std::string fault_;
  std::size_t event_ = 0;
  field field_ = field::ignored;  // being read

  std::string_view type_;  // of the event being read
  block_stored stored_;    // its fields; a removal's as well
  bool has_hashes_ = false;
  bool has_tokens_ = false;
};

bool batch_decoder::fail(std::string what) {
  fault_ = std::move(what);
  return false;
}

bool batch_decoder::fail_at(std::string_view name, std::string what) {
  return fail("event " + std::to_string(event_) + ": " + std::string{name} + ": " + what);
}

bool batch_decoder::wrong_kind(std::string_view wanted, const msgpack_value& found) {
  return fail_at(name_of(field_), "expected " + std::string{wanted} + ", found " +
                                      std::string{to_string(found.kind)});
}

bool batch_decoder::open_array(const msgpack_value& value, std::size_t max,
                               std::string_view limit) {
  if (value.kind != msgpack_kind::array) return wrong_kind("an array", value);
  if (value.children <= max) return true;
  return fail_at(name_of(field_), std::to_string(value.children) + " elements exceed " +
                                      std::string{limit} + " of " + std::to_string(max));
}

bool batch_decoder::read(kv_event_batch& batch) {
  const auto whole = reader_.take();
  if (whole.kind == msgpack_kind::map) return read_map(whole, batch);
  if (whole.kind != msgpack_kind::array) {
    return fail("batch: expected an array or a map, found " + std::string{to_string(whole.kind)});
  }
  if (whole.children < 2) return fail("batch: holds no events");
  if (!read_time(reader_.take(), batch) || !read_events(reader_.take(), batch)) return false;
  if (whole.children > 2 && !read_rank(reader_.take(), batch)) return false;
  for (std::uint32_t i = 3; i < whole.children; ++i) reader_.skip_children(reader_.take());
  return true;
}

bool batch_decoder::read_map(const msgpack_value& map, kv_event_batch& batch) {
  bool has_events = false;
  for (std::uint32_t i = 0; i < map.children; ++i) {
    const auto key = reader_.take();
    if (!key.is_string()) return fail("batch: a key is " + std::string{to_string(key.kind)});
    const auto value = reader_.take();
    bool good = true;
    if (key.bytes == "ts") {
      good = read_time(value, batch);
    } else if (key.bytes == "events") {
      good = read_events(value, batch);
      has_events = true;
    } else if (key.bytes == "data_parallel_rank" || key.bytes == "dp_rank") {
      good = read_rank(value, batch);
    } else {
      reader_.skip_children(value);
    }
    if (!good) return false;
  }
  return has_events || fail("batch: holds no events");
}

bool batch_decoder::read_time(const msgpack_value& value, kv_event_batch& batch) {
  if (value.kind != msgpack_kind::real && value.kind != msgpack_kind::integer) {
    return fail("batch: ts: expected a number, found " + std::string{to_string(value.kind)});
  }
  batch.unix_s = value.number();
  return true;
}

bool batch_decoder::read_rank(const msgpack_value& value, kv_event_batch& batch) {
  if (value.is_nil()) return true;
  if (value.kind != msgpack_kind::integer) {
    return fail("batch: data_parallel_rank: expected an integer, found " +
                std::string{to_string(value.kind)});
  }
  batch.dp_rank = static_cast<std::int64_t>(value.bits);
  return true;
}

bool batch_decoder::read_events(const msgpack_value& value, kv_event_batch& batch) {
  if (value.kind != msgpack_kind::array) {
    return fail("batch: events: expected an array, found " + std::string{to_string(value.kind)});
  }
  if (value.children > limits_.events_max) {
    return fail("batch: events: " + std::to_string(value.children) +
                " elements exceed events_max of " + std::to_string(limits_.events_max));
  }
  for (event_ = 0; event_ < value.children; ++event_) {
    if (!read_event(batch)) return false;
  }
  return true;
}

bool batch_decoder::read_event(kv_event_batch& batch) {
  type_ = {};
  stored_ = {};
  has_hashes_ = has_tokens_ = false;
  const auto event = reader_.take();
  if (event.kind == msgpack_kind::array) {
    return read_event_array(event) && finish_event(batch);
  }
  if (event.kind == msgpack_kind::map) return read_event_map(event) && finish_event(batch);
  return fail("event " + std::to_string(event_) + ": expected a map or an array, found " +
              std::string{to_string(event.kind)});
}

bool batch_decoder::read_event_array(const msgpack_value& array) {
  if (array.children == 0) return fail_at("type", "missing");
  for (std::uint32_t i = 0; i < array.children; ++i) {
    const field what = i == 0 ? field::type : field_at(type_, i - 1);
    if (!read_field(what, reader_.take())) return false;
  }
  return true;
}

bool batch_decoder::read_event_map(const msgpack_value& map) {
  for (std::uint32_t i = 0; i < map.children; ++i) {
    const auto key = reader_.take();
    if (!key.is_string()) {
      return fail_at("a key", "expected text, found " + std::string{to_string(key.kind)});
    }
    if (!read_field(field_called(key.bytes), reader_.take())) return false;
  }
  return true;
}

bool batch_decoder::read_field(field what, const msgpack_value& value) {
  field_ = what;
  switch (what) {
    case field::type:
      if (!value.is_string()) return wrong_kind("text", value);
      type_ = value.bytes;
      return true;
    case field::hashes:
      return read_hashes(value);
    case field::parent:
      return value.is_nil() || read_hash(value, stored_.parent.emplace());
    case field::tokens:
      return read_tokens(value);
    case field::block_size:
      return read_block_size(value);
    case field::lora_id:
      return read_number(value, stored_.lora_id);
    case field::group_idx:
      return read_number(value, stored_.group_idx);
    case field::medium:
      return read_text(value, stored_.medium);
    case field::lora_name:
      return read_text(value, stored_.lora_name);
    case field::spec_kind:
      return read_text(value, stored_.spec_kind);
    case field::extra_keys:
      return value.is_nil() || read_extra_keys(value);
    case field::ignored:
      break;
  }
  if (value.kind == msgpack_kind::none) return wrong_kind("a value", value);
  reader_.skip_children(value);
  return true;
}

bool batch_decoder::finish_event(kv_event_batch& batch) {
  if (type_ == "BlockStored") {
    if (!has_hashes_) return fail_at("block_hashes", "missing");
    if (!has_tokens_) return fail_at("token_ids", "missing");
    if (stored_.block_size == 0) return fail_at("block_size", "missing");
    batch.events.emplace_back(std::move(stored_));
  } else if (type_ == "BlockRemoved") {
    if (!has_hashes_) return fail_at("block_hashes", "missing");
    batch.events.emplace_back(
        block_removed{std::move(stored_.hashes), std::move(stored_.medium), stored_.group_idx});
  } else if (type_ == "AllBlocksCleared") {
    batch.events.emplace_back(all_blocks_cleared{});
  } else if (type_.empty()) {
    return fail_at("type", "missing");
  } else {
    ++batch.unknown_events;
  }
  return true;
}

bool batch_decoder::read_hashes(const msgpack_value& value) {
  if (!open_array(value, limits_.blocks_max, "blocks_max")) return false;
  has_hashes_ = true;
  stored_.hashes.clear();
  stored_.hashes.reserve(value.children);
  for (std::uint32_t i = 0; i < value.children; ++i) {
    if (!read_hash(reader_.take(), stored_.hashes.emplace_back())) return false;
  }
  return true;
}

bool batch_decoder::read_hash(const msgpack_value& value, block_hash& hash) {
  if (value.kind == msgpack_kind::integer) {
    hash.number = value.bits;
    return true;
  }
  if (!value.is_string() || value.bytes.empty()) return wrong_kind("a hash", value);
  if (value.bytes.size() > limits_.hash_bytes_max) {
    return fail_at(name_of(field_), "a hash of " + std::to_string(value.bytes.size()) +
                                        " bytes exceeds hash_bytes_max of " +
                                        std::to_string(limits_.hash_bytes_max));
  }
  hash.bytes = value.bytes;
  return true;
}

bool batch_decoder::read_tokens(const msgpack_value& value) {
  if (!open_array(value, limits_.tokens_max, "tokens_max")) return false;
  has_tokens_ = true;
  stored_.token_ids.clear();
  stored_.token_ids.reserve(value.children);
  for (std::uint32_t i = 0; i < value.children; ++i) {
    const auto token = reader_.take();
    if (token.kind != msgpack_kind::integer) return wrong_kind("an integer", token);
    if (token.is_negative || token.bits > std::numeric_limits<std::uint32_t>::max()) {
      return fail_at("token_ids", "token " + std::to_string(i) + " is no token id");
    }
    stored_.token_ids.push_back(static_cast<std::uint32_t>(token.bits));
  }
  return true;
}

bool batch_decoder::read_block_size(const msgpack_value& value) {
  if (value.kind != msgpack_kind::integer) return wrong_kind("an integer", value);
  if (value.is_negative || value.bits == 0 || value.bits > limits_.tokens_max) {
    return fail_at("block_size",
                   "must be 1 to tokens_max of " + std::to_string(limits_.tokens_max));
  }
  stored_.block_size = static_cast<std::uint32_t>(value.bits);
  return true;
}

bool batch_decoder::read_extra_keys(const msgpack_value& value) {
  if (!open_array(value, limits_.blocks_max, "blocks_max")) return false;
  stored_.extra_keys.assign(value.children, {});
  return std::ranges::all_of(stored_.extra_keys,
                             [this](auto& keys) { return read_block_keys(keys); });
}

bool batch_decoder::read_block_keys(std::vector<extra_key>& keys) {
  const auto value = reader_.take();
  if (value.is_nil()) return true;
  if (!open_array(value, limits_.keys_max, "keys_max")) return false;
  keys.resize(value.children);
  return std::ranges::all_of(keys, [this](extra_key& key) { return read_key(key); });
}

// A text, or a text with an offset; of any other shape its bytes as they are, to be compared.
bool batch_decoder::read_key(extra_key& key) {
  const auto before = reader_.rest();
  const auto value = reader_.take();
  if (value.kind == msgpack_kind::none) return wrong_kind("a key", value);
  auto text = value.bytes;
  if (!value.is_string()) {
    if (value.kind == msgpack_kind::array && value.children == 2) {
      const auto after_pair = reader_;
      const auto name = reader_.take();
      const auto offset = reader_.take();
      if (name.is_string() && offset.kind == msgpack_kind::integer) {
        key.offset = static_cast<std::int64_t>(offset.bits);
        text = name.bytes;
      } else {
        reader_ = after_pair;
      }
    }
    if (!key.offset) {
      reader_.skip_children(value);
      text = before.substr(0, before.size() - reader_.rest().size());
    }
  }
  if (text.size() > limits_.text_bytes_max) {
    return fail_at("extra_keys",
                   "a key exceeds text_bytes_max of " + std::to_string(limits_.text_bytes_max));
  }
  key.text = text;
  return true;
}

bool batch_decoder::read_text(const msgpack_value& value, std::optional<std::string>& text) {
  if (value.is_nil()) return true;
  if (!value.is_string()) return wrong_kind("text", value);
  if (value.bytes.size() > limits_.text_bytes_max) {
    return fail_at(name_of(field_), std::to_string(value.bytes.size()) +
                                        " bytes exceed text_bytes_max of " +
                                        std::to_string(limits_.text_bytes_max));
  }
  text = value.bytes;
  return true;
}

bool batch_decoder::read_number(const msgpack_value& value, std::optional<std::int64_t>& number) {
  if (value.is_nil()) return true;
  if (value.kind != msgpack_kind::integer) return wrong_kind("an integer", value);
  number = static_cast<std::int64_t>(value.bits);
  return true;
}

}  // namespace

caf::expected<kv_event_batch> decode_kv_events(std::string_view payload,
                                               const kv_decode_limits& limits) {
  if (payload.size() > limits.payload_bytes_max) {
    return make_failure(errc::protocol_error, "KV events: " + std::to_string(payload.size()) +
                                                  " bytes exceed payload_bytes_max of " +
                                                  std::to_string(limits.payload_bytes_max));
  }
  kv_event_batch batch;
  batch_decoder decoder{payload, limits};
  if (!decoder.read(batch)) {
    return make_failure(errc::protocol_error, "KV events: " + decoder.fault());
  }
  return batch;
}

}  // namespace troupe::transport::zmq
