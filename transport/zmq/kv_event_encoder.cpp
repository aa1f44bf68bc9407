#include <optional>

#include "transport/zmq/kv_event_codec.hpp"
#include "transport/zmq/msgpack_writer.hpp"

namespace troupe::transport::zmq {

namespace {

// vLLM always sends the fields it declares without a default, as nil where they are unknown, and
// leaves out the others then.
class event_encoder {
 public:
  event_encoder(std::string& out, kv_event_form form) : writer_{out}, form_{form} {}

  void batch(const kv_event_batch& batch) {
    writer_.array(3);
    writer_.real(batch.unix_s);
    writer_.array(static_cast<std::uint32_t>(batch.events.size()));
    for (const auto& event : batch.events) std::visit(*this, event);
    number(batch.dp_rank);
  }

  void operator()(const block_stored& event) {
    const bool has_keys = !event.extra_keys.empty();
    if (form_ == kv_event_form::arrays) {
      writer_.array(has_keys ? 9 : 8);
    } else {
      const unsigned optional_fields =
          (has_keys ? 1U : 0U) + (event.group_idx ? 1U : 0U) + (event.spec_kind ? 1U : 0U);
      writer_.map(8 + optional_fields);
    }
    type("BlockStored");
    field("block_hashes", [&] { hashes(event.hashes); });
    field("parent_block_hash", [&] { event.parent ? hash(*event.parent) : writer_.nil(); });
    field("token_ids", [&] { tokens(event.token_ids); });
    field("block_size", [&] { writer_.unsigned_integer(event.block_size); });
    field("lora_id", [&] { number(event.lora_id); });
    field("medium", [&] { text(event.medium); });
    field("lora_name", [&] { text(event.lora_name); });
    if (has_keys) field("extra_keys", [&] { keys(event.extra_keys); });
    if (form_ == kv_event_form::arrays) return;
    if (event.group_idx) field("group_idx", [&] { number(event.group_idx); });
    if (event.spec_kind) field("kv_cache_spec_kind", [&] { text(event.spec_kind); });
  }

  void operator()(const block_removed& event) {
    const bool is_map = form_ == kv_event_form::maps;
    if (is_map) {
      writer_.map(event.group_idx ? 4 : 3);
    } else {
      writer_.array(3);
    }
    type("BlockRemoved");
    field("block_hashes", [&] { hashes(event.hashes); });
    field("medium", [&] { text(event.medium); });
    if (is_map && event.group_idx) field("group_idx", [&] { number(event.group_idx); });
  }

  void operator()(const all_blocks_cleared&) {
    if (form_ == kv_event_form::maps) {
      writer_.map(1);
    } else {
      writer_.array(1);
    }
    type("AllBlocksCleared");
  }

 private:
  template <class Write>
  void field(std::string_view name, Write write) {
    if (form_ == kv_event_form::maps) writer_.text(name);
    write();
  }

  void type(std::string_view name) {
    field("type", [&] { writer_.text(name); });
  }

  void hash(const block_hash& h) {
    h.bytes.empty() ? writer_.unsigned_integer(h.number) : writer_.bytes(h.bytes);
  }

  void hashes(const std::vector<block_hash>& all) {
    writer_.array(static_cast<std::uint32_t>(all.size()));
    for (const auto& h : all) hash(h);
  }

  void tokens(const std::vector<std::uint32_t>& all) {
    writer_.array(static_cast<std::uint32_t>(all.size()));
    for (const auto token : all) writer_.unsigned_integer(token);
  }

  void keys(const std::vector<std::vector<extra_key>>& blocks) {
    writer_.array(static_cast<std::uint32_t>(blocks.size()));
    for (const auto& block : blocks) {
      if (block.empty()) {
        writer_.nil();
        continue;
      }
      writer_.array(static_cast<std::uint32_t>(block.size()));
      for (const auto& k : block) key(k);
    }
  }

  void key(const extra_key& k) {
    if (k.offset) writer_.array(2);
    writer_.text(k.text);
    if (k.offset) writer_.integer(*k.offset);
  }

  void number(const std::optional<std::int64_t>& value) {
    value ? writer_.integer(*value) : writer_.nil();
  }

  void text(const std::optional<std::string>& value) {
    value ? writer_.text(*value) : writer_.nil();
  }

  msgpack_writer writer_;
  kv_event_form form_;
};

}  // namespace

std::string encode_kv_events(const kv_event_batch& batch, kv_event_form form) {
  std::string out;
  event_encoder{out, form}.batch(batch);
  return out;
}

}  // namespace troupe::transport::zmq
