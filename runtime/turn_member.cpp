#include "runtime/turn_member.hpp"

#include <utility>

#include "runtime/io_thread.hpp"
#include "runtime/turn_end.hpp"

namespace troupe {

void at_turn_end(io_thread& thread, std::shared_ptr<turn_member> one) {
  boost::asio::use_service<turn_end>(thread.context()).add(std::move(one));
}

}  // namespace troupe
