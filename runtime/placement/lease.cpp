#include "runtime/placement/lease.hpp"

#include <algorithm>
#include <utility>

#include "runtime/assert.hpp"

namespace troupe {

std::string flaw(const lease_record& record) {
  if (record.holder.size() > lease_limits::holder_bytes_max) return "the holder's name is too long";
  const bool printable =
      std::ranges::all_of(record.holder, [](char c) { return c > ' ' && c < '\x7f'; });
  if (!printable) return "the holder's name is not printable";
  if (record.holder.empty()) return {};
  if (record.ttl <= std::chrono::milliseconds{0} || record.ttl > lease_limits::ttl_max) {
    return "ttl_ms is not within 1 to " + std::to_string(lease_limits::ttl_max.count());
  }
  return {};
}

lease_candidate::lease_candidate(lease_store& store, lease_options options, clock clock)
    : store_{store}, options_{std::move(options)}, clock_{std::move(clock)} {
  TROUPE_ASSERT(!options_.holder.empty() && flaw({options_.holder, 1, 0, options_.ttl}).empty());
}

caf::expected<lease_state> lease_candidate::acquire() {
  if (holds()) return renew();
  end();
  auto record = store_.read();
  if (!record) return std::move(record.error());
  if (!may_take(*record)) return lease_state::taken;
  const auto epoch = record->epoch + (options_.parts.epochs ? 1 : 0);
  return write(*record, {options_.holder, epoch, 0, options_.ttl});
}

caf::expected<lease_state> lease_candidate::renew() {
  if (!holds()) {
    end();
    return lease_state::taken;
  }
  auto next = *ours_;
  ++next.renewals;
  return write(*ours_, next);
}

caf::error lease_candidate::release() {
  if (!ours_) return {};
  const auto was = *ours_;
  end();
  auto written = store_.replace(was, {{}, was.epoch, was.renewals, was.ttl});
  return written ? caf::error{} : std::move(written.error());
}

bool lease_candidate::holds() const {
  return ours_ && (!options_.parts.expiry || clock_() < ours_until_);
}

// Looks at the record; the time is read after it was, so that it is never too early.
bool lease_candidate::may_take(const lease_record& record) {
  if (record.holder.empty() || record.holder == options_.holder || !options_.parts.patience)
    return true;
  const auto now = clock_();
  if (watched_ != record) {
    watched_ = record;
    watched_since_ = now;
  }
  return now - watched_since_ >= record.ttl + record.ttl / 4;
}

// Our time counts from before the write, which others see only later.
caf::expected<lease_state> lease_candidate::write(const lease_record& was,
                                                  const lease_record& next) {
  const auto until = clock_() + options_.ttl;
  auto written = store_.replace(was, next);
  if (!written) return std::move(written.error());
  if (!*written) {
    end();
    return lease_state::taken;
  }
  watched_.reset();
  ours_ = next;
  ours_until_ = until;
  return lease_state::held;
}

void lease_candidate::end() {
  if (ours_) last_epoch_ = ours_->epoch;
  ours_.reset();
}

}  // namespace troupe
