// The members a node knows, and what it has noticed of each itself.
//
// Bounds: member_limits::members_max members. At the bound the ended one heard of longest ago makes
// room for one that is not; where none has ended a newcomer is not taken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "runtime/clock.hpp"
#include "runtime/membership/member_record.hpp"
#include "runtime/membership/membership_options.hpp"

namespace troupe {

struct member {
  member_record record;
  time_point heard{};              // when it last gave a sign of life to us
  time_point suspected{};          // since when it is a suspect
  std::set<std::string> accusers;  // of this suspicion; at most 1 + confirmations
  bool lost = false;               // our connection to it broke and has not come back
  bool unsaid = false;             // held down by us, told as suspect; see membership.hpp
  std::uint64_t challenge = 0;     // the ping whose ack proves that `unsaid` is wrong

  bool ended() const { return unsaid || troupe::ended(record.state); }
  bool suspect() const { return !unsaid && record.state == member_state::suspect; }
};

// Returns how long the suspicion lasts: less with each confirmation, down to the least.
std::chrono::nanoseconds suspicion_time(const member& m, const membership_options& options,
                                        std::size_t confirmations_possible);

class member_table {
 public:
  // Returns the member, or nullptr.
  member* find(const std::string& name);

  // Adds a member of a new name, or returns nullptr where there is no room for it.
  member* add(const member_record& record, time_point now);

  // Returns the members by name.
  std::map<std::string, member>& all() { return members_; }
  const std::map<std::string, member>& all() const { return members_; }

  // Returns the names of the members that are not ended, in order.
  std::vector<std::string> living() const;

  // Counts them.
  std::size_t living_count() const;

  // Returns every record, in the order of names.
  std::vector<member_record> records() const;

 private:
  bool make_room();

  std::map<std::string, member> members_;
};

}  // namespace troupe
