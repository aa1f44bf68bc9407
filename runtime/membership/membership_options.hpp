// The times and counts of membership, with the defaults a cluster in one data centre wants.
//
// A node silent for less than probe_timeout is not even suspected; one silent for less than
// probe_timeout + suspicion_min is suspected at most, and refutes it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace troupe {

struct membership_options {
  using duration = std::chrono::milliseconds;

  duration probe_every{200};
  duration indirect_after{150};  // others are asked to probe where no ack has come by then
  duration probe_timeout{450};   // times (1 + local health score), as is probe_every
  std::size_t helpers = 3;       // asked for each indirect probe
  std::uint32_t health_score_max = 3;

  duration suspicion_max{900};       // of a suspicion nobody confirms
  duration suspicion_min{600};       // of one that `confirmations` others confirm
  duration lost_suspicion_max{700};  // the same where the connection to it broke, too
  duration lost_suspicion_min{350};
  std::size_t confirmations = 3;

  duration quiet{300};       // a link silent for this long is probed before others
  duration silence{450};     // a link that was silent for this long confirms a suspicion
  duration fresh_for{1000};  // members heard of within it count as reached

  duration gossip_every{50};  // while there is something to tell
  std::size_t gossip_fan_out = 3;
  std::size_t tellings_factor = 3;  // a rumour is told this many times log2 of the members
  duration sync_every{2000};        // with one random member
  duration reach_every{1000};       // towards one node that is gone, or a seed
  duration join_every{300};         // the same while no other node is known

  duration late_max{50};  // a node that is called later than this was itself not running
};

// Parts of the protocol that tests turn off, to see that they are missed. No configuration has
// them.
struct membership_parts {
  bool incarnations = true;     // records of an ended or older life do not count
  bool suspicion = true;        // a failed probe is not yet a verdict
  bool indirect_probes = true;  // a failed direct probe is not yet a suspicion
  bool refutation = true;       // a suspected node contradicts
  bool confirmations = true;    // agreement of others makes a verdict faster
  bool connection_loss = true;  // a broken connection makes a suspect
  bool own_pauses = true;       // time in which a node itself did not run counts for nobody
  bool majority = true;         // who reaches the lesser part keeps its verdicts to itself
  bool gossip = true;           // news are spread at once
};

}  // namespace troupe
