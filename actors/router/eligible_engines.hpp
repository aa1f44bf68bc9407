// Which engines of a model may take a request, some of which may have failed it before.
//
// An engine that fails a request may have gone with its node, and the engines beside it with both.
// So the request goes to none of those while an engine elsewhere is up, full or not, until the
// proxy of the one that failed is heard, or for 1.5 s: by then the node's end is known. The
// router's own node lives.
//
// Pure. Both by reference, to outlive this.
#pragma once

#include <cstdint>
#include <span>

#include "actors/router/engine_roster.hpp"
#include "runtime/clock.hpp"

namespace troupe::actors {

class eligible_engines {
 public:
  eligible_engines(const engine_roster& roster, const rostered_model& model,
                   std::span<const engine_id> failed, time_point now);

  // Tells whether an engine of the model may take the request, whatever its room.
  bool contains(std::uint32_t slot) const {
    const auto& engine = roster_.at(slot);
    if (engine.config.state != engine_state::up) return false;
    return failed_.empty() || (is_other(engine) && !(has_others_ && is_doubted(engine)));
  }

 private:
  bool is_other(const rostered_engine& engine) const;
  bool is_doubted(const rostered_engine& engine) const;

  const engine_roster& roster_;
  std::span<const engine_id> failed_;
  time_point now_;
  bool has_others_ = false;  // that are not doubted
};

}  // namespace troupe::actors
