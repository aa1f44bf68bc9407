// How a machine that is gone without a word is noticed.
//
// A machine that lost power or was cut off ends no connection, an answer may take minutes to begin,
// and the kernel alone would wait for a quarter of an hour, or for ever where nothing is to be
// sent. So it is told to ask the other kernel, which a process that is busy there does not notice.
#pragma once

namespace troupe::transport::http {

struct peer_silence {
  // A connection breaks where nothing was acknowledged for so long, though asked for. Nor may the
  // other process leave what it is sent unread for longer, once its buffers are full.
  static constexpr int seconds_max = 15;
  static constexpr int asked_every_s = 5;
};

// Has the kernel watch a socket that is to be connected.
void watch_for_silence(int socket);

}  // namespace troupe::transport::http
