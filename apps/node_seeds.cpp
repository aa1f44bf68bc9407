#include "apps/node_seeds.hpp"

#include <array>
#include <chrono>
#include <fstream>
#include <memory>
#include <utility>

#include <arpa/inet.h>
#include <netdb.h>

#include <caf/actor_system.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>

#include "config/topology_members.hpp"
#include "config/units.hpp"
#include "runtime/log.hpp"
#include "transport/links/membership_actor.hpp"

namespace troupe::apps {

struct look_for_seeds {};

}  // namespace troupe::apps

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(troupe::apps::look_for_seeds)

namespace troupe::apps {

namespace {

constexpr std::chrono::seconds look_every{2};
constexpr std::size_t file_bytes_max = 64 * 1024;

// Returns HOST:PORT for each address of a name, in the order of the resolver; none where it is not
// known now. Blocks.
std::vector<std::string> look_up(const std::string& name, std::uint16_t port) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(name.c_str(), nullptr, &wanted, &found) != 0) return {};
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned{found, &::freeaddrinfo};
  std::vector<std::string> peers;
  for (const auto* each = found; each != nullptr; each = each->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    if (::getnameinfo(each->ai_addr, each->ai_addrlen, text.data(), text.size(), nullptr, 0,
                      NI_NUMERICHOST) == 0) {
      peers.push_back(config::format_listen({text.data(), port}));
    }
  }
  return peers;
}

std::string start_of(const std::string& file) {
  std::ifstream in{file, std::ios::binary};
  std::string text(file_bytes_max, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

class seed_finder_state {
 public:
  static inline const char* name = "seed_finder";

  void begin(caf::event_based_actor* self, const config::topology& all, caf::actor membership) {
    self_ = self;
    cluster_ = *all.cluster;
    fixed_ = config::seeds_of(all);
    membership_ = std::move(membership);
    look();
  }

  void look() {
    auto found = fixed_;
    if (!cluster_.dns_name.empty()) add(look_up(cluster_.dns_name, cluster_.dns_port), found);
    if (!cluster_.seeds_file.empty()) add(from_file(), found);
    if (!told_ || found != last_) tell(found);
    last_ = std::move(found);
    if (cluster_.dns_name.empty() && cluster_.seeds_file.empty()) return;
    self_->delayed_send(self_, look_every, look_for_seeds{});
  }

 private:
  static void add(std::vector<std::string> from, std::vector<std::string>& to) {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
  }

  std::vector<std::string> from_file() {
    const auto text = start_of(cluster_.seeds_file);
    auto lines = read_seed_lines(text);
    if (text != last_text_ && !lines.wrong.empty()) {
      log::warn("a line of the seeds' file is not HOST:PORT",
                {{"file", cluster_.seeds_file}, {"line", lines.wrong.front()}});
    }
    last_text_ = text;
    return std::move(lines.peers);
  }

  void tell(const std::vector<std::string>& found) {
    transport::join_cluster join;
    for (const auto& peer : found) join.seeds.push_back("tcp://" + peer);
    self_->send(membership_, std::move(join));
    told_ = true;
  }

  caf::event_based_actor* self_ = nullptr;
  config::cluster_spec cluster_;
  std::vector<std::string> fixed_, last_;
  std::string last_text_;
  caf::actor membership_;
  bool told_ = false;
};

caf::behavior seed_finder(caf::stateful_actor<seed_finder_state>* self, const config::topology& all,
                          const caf::actor& membership) {
  auto* state = &self->state;
  state->begin(self, all, membership);
  return {[state](look_for_seeds) { state->look(); }};
}

}  // namespace

seed_lines read_seed_lines(std::string_view text) {
  seed_lines lines;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    if (line.empty() || line.front() == '#') continue;
    if (config::parse_peer(line)) {
      lines.peers.emplace_back(line);
    } else {
      lines.wrong.push_back(number);
    }
  }
  return lines;
}

caf::actor spawn_seed_finder(caf::actor_system& system, const config::topology& all,
                             const caf::actor& membership) {
  return system.spawn<caf::detached>(seed_finder, all, membership);
}

}  // namespace troupe::apps
