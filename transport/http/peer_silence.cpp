#include "transport/http/peer_silence.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace troupe::transport::http {

void watch_for_silence(int socket) {
  const auto set = [socket](int level, int option, int value) {
    ::setsockopt(socket, level, option, &value, sizeof value);
  };
  constexpr int asks = peer_silence::seconds_max / peer_silence::asked_every_s - 1;
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, peer_silence::asked_every_s);
  set(IPPROTO_TCP, TCP_KEEPINTVL, peer_silence::asked_every_s);
  set(IPPROTO_TCP, TCP_KEEPCNT, asks);
  set(IPPROTO_TCP, TCP_USER_TIMEOUT, peer_silence::seconds_max * 1000);
}

}  // namespace troupe::transport::http
