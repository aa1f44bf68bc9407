// Links to other nodes as actors see them: records in order, evidence of loss, letters.
//
// A *link* is one direction, from this node to one incarnation of another; it has two lanes, so
// that small urgent records never wait behind many large ones. Within a lane records arrive in the
// order in which they were sent, each at most once. Where some were lost the receiver is told
// (`gap`). transport/zmq/node_links carries them over ZeroMQ, tests carry them in memory.
//
// Thread: send, reach, letters and ends from any; a listener is called on the thread of the links,
// one call at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <caf/error.hpp>

#include "runtime/membership/member_record.hpp"
#include "runtime/shared_bytes.hpp"

namespace troupe::transport {

enum class lane : std::uint8_t { control, data };
constexpr std::size_t lanes = 2;

enum class send_result : std::uint8_t {
  queued,
  overloaded,  // so many bytes wait for this peer that no more are taken
  too_large,   // one record over link_bounds
  ended        // this incarnation of the peer is gone
};

struct link_bounds {
  static constexpr std::size_t record_bytes_max = 1024 * 1024;     // without its blobs
  static constexpr std::size_t blob_bytes_max = 32 * 1024 * 1024;  // all of one record
  static constexpr std::size_t blobs_max = 16;                     // of one record, large texts too
  static constexpr std::size_t letter_bytes_max = 2 * 1024 * 1024;
};

class peer_link {
 public:
  virtual ~peer_link() = default;

  // The node at the other end. Its labels and roles are known once `linked` was called.
  virtual const node_description& node() const = 0;

  // Appends a record to a lane; it leaves at the end of the caller's turn of an I/O loop, or at
  // once from elsewhere. Until the peer has answered our hello records wait within the same bound.
  // Blobs are not copied: they are held until ZeroMQ has sent them.
  virtual send_result send(lane where, std::string_view record,
                           std::span<const shared_bytes> blobs = {}) = 0;

  // Returns the bytes of a lane that have not left yet.
  virtual std::size_t queued_bytes(lane where) const = 0;

  virtual bool ended() const = 0;
};

using peer_link_ptr = std::shared_ptr<peer_link>;

class link_listener {
 public:
  virtual ~link_listener() = default;

  // A new incarnation of a peer has answered our hello, or said its own. Called once for each,
  // before anything else of it.
  virtual void linked(const peer_link_ptr& peer) = 0;

  // A record came from the peer. The views hold during the call, the blobs as long as they are
  // kept.
  virtual void received(const peer_link_ptr& peer, lane where, std::string_view record,
                        std::span<const shared_bytes> blobs) = 0;

  // Records of this lane, from the peer to us, are lost for good.
  virtual void gap(const peer_link_ptr& peer, lane where) = 0;

  // This incarnation is gone: ended by `end`, replaced by another that said hello, or it holds us
  // for ended. Called once, also where it was never linked; nothing of it comes after this.
  virtual void ended(const peer_link_ptr& peer, const caf::error& reason) = 0;

  // Evidence for membership: something came from the peer; the connection to it is up; is broken.
  virtual void heard(const peer_link_ptr& peer) = 0;
  virtual void connected(const peer_link_ptr& peer) = 0;
  virtual void disconnected(const peer_link_ptr& peer) = 0;

  // A letter came, from whomever.
  virtual void letter(std::string_view bytes) = 0;
};

// What `troupe status` and metrics say of one link.
struct link_status {
  node_description node;
  bool up = false;         // the connection is there and the peer has answered our hello
  std::uint64_t sent = 0;  // records, both lanes
  std::uint64_t received = 0;
  std::uint64_t gaps = 0;
  std::size_t queued_bytes = 0;  // both lanes
};

class links {
 public:
  virtual ~links() = default;

  // Who this node is; its endpoint is where others reach it.
  virtual const node_description& self() const = 0;

  // Returns the link to an incarnation, begun here if there is none; null where that incarnation is
  // known to have ended or there are too many links. Only `id` and `endpoint` of it are looked at.
  virtual peer_link_ptr reach(const node_description& node) = 0;

  // Sends a letter to whoever is at an endpoint; may be lost.
  virtual void send_letter(const std::string& endpoint, std::string_view bytes) = 0;

  // Ends the link to an incarnation for good: nothing is taken from it any more.
  virtual void end(const node_id& node, const caf::error& reason) = 0;

  virtual std::vector<link_status> status() const = 0;
};

}  // namespace troupe::transport
