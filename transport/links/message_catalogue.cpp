#include "transport/links/message_catalogue.hpp"

#include <algorithm>
#include <bit>

#include <xxhash.h>

#include "runtime/assert.hpp"

namespace troupe::transport {

namespace {

// Types of CAF's own have a number, others the address of their type_info: one program has one of
// each.
std::uint64_t mixed(std::uint64_t seed, const caf::rtti_pair& type) {
  const auto id = type.second != nullptr ? std::bit_cast<std::uintptr_t>(type.second) : type.first;
  const auto product = (seed ^ id) * 0x9e37'79b9'7f4a'7c15;
  return product ^ (product >> 32);
}

}  // namespace

std::optional<std::uint16_t> message_catalogue::find(const caf::type_erased_tuple& message) const {
  const auto size = message.size();
  std::uint64_t hash = size;
  for (std::size_t i = 0; i < size; ++i) hash = mixed(hash, message.type(i));
  for (auto at = hash;; ++at) {
    const auto& here = slots_[at & (slots_.size() - 1)];
    if (here.kind_after == 0) return std::nullopt;
    if (here.hash != hash || here.elements != size) continue;
    // One element is told by its hash alone: mixed() maps no two to one.
    if (size > 1 && !is_of(message, kinds_[here.kind_after - 1])) continue;
    return static_cast<std::uint16_t>(here.kind_after - 1);
  }
}

bool message_catalogue::is_of(const caf::type_erased_tuple& message, const kind& k) {
  for (std::size_t i = 0; i < k.types.size(); ++i) {
    if (message.type(i) != k.types[i]) return false;
  }
  return true;
}

void message_catalogue::write(std::uint16_t kind, const caf::type_erased_tuple& message,
                              wire_writer& out) const {
  TROUPE_ASSERT(kind < kinds_.size());
  kinds_[kind].write(message, out);
}

caf::mailbox_element_ptr message_catalogue::read(std::uint16_t kind, caf::strong_actor_ptr sender,
                                                 caf::message_id id, wire_reader& in) const {
  if (kind >= kinds_.size()) return nullptr;
  return kinds_[kind].read(std::move(sender), id, in);
}

std::uint64_t message_catalogue::hash() const {
  std::uint64_t hash = names_.size();
  const auto add = [&](const std::string& text) {
    hash = XXH3_64bits_withSeed(text.data(), text.size(), hash);
  };
  for (const auto& name : names_) add(name);
  for (const auto& kind : kinds_) add(kind.shape);
  return hash;
}

void message_catalogue::add_kind(std::string name, kind added) {
  TROUPE_ASSERT(kinds_.size() < kinds_max);
  const auto same = [&](const kind& k) { return k.types == added.types; };
  TROUPE_ASSERT(std::none_of(kinds_.begin(), kinds_.end(), same));
  kinds_.push_back(std::move(added));
  names_.push_back(std::move(name));
  if (slots_.size() < 2 * kinds_.size()) slots_.resize(2 * slots_.size());
  std::fill(slots_.begin(), slots_.end(), slot{});
  for (std::uint32_t i = 0; i < kinds_.size(); ++i) {
    const auto& types = kinds_[i].types;
    std::uint64_t hash = types.size();
    for (const auto& type : types) hash = mixed(hash, type);
    insert({hash, i + 1, static_cast<std::uint32_t>(types.size())});
  }
}

void message_catalogue::insert(const slot& added) {
  auto at = added.hash;
  while (slots_[at & (slots_.size() - 1)].kind_after != 0) ++at;
  slots_[at & (slots_.size() - 1)] = added;
}

}  // namespace troupe::transport
