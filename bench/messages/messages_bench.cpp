// Messages a second between two processes of this machine, ours beside raw ZeroMQ and caf::io.
//
// messages_bench [REPEATS [CONTESTANT or LOAD...]], such as "32 in flight, 64 B": in each repeat
// the contestants take turns at each load, in two new processes each time. Prints a table of
// medians and one line of JSON.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/messages/child.hpp"
#include "bench/messages/contestant.hpp"
#include "bench/messages/report.hpp"

namespace troupe::bench {
namespace {

std::vector<std::unique_ptr<contestant>> all_contestants() {
  std::vector<std::unique_ptr<contestant>> all;
  all.push_back(make_raw_zmq());
#ifdef TROUPE_BENCH_CAF_IO
  all.push_back(make_caf_io());
#endif
  all.push_back(make_links_only());
  all.push_back(make_remote_actors(false));
  all.push_back(make_remote_actors(true));
  if (auto made = transport::zmq::make_cluster_key()) {
    const auto key = std::make_shared<const transport::zmq::cluster_key>(*made);
    all.push_back(make_remote_actors(false, key));
    all.push_back(make_remote_actors(true, key));
  }
  return all;
}

[[noreturn]] void give_up(const contestant& who, const char* what) {
  std::fprintf(stderr, "%s: the %s ended\n", who.name().c_str(), what);
  std::exit(1);
}

// Returns messages a second.
double measure(contestant& who, const message_load& load) {
  child server{
      [&](const child::teller& tell) { who.serve([&](std::uint16_t port) { tell(port); }); }};
  const auto port = server.next();
  if (!port) give_up(who, "server");
  child client{
      [&](const child::teller& tell) { who.drive(static_cast<std::uint16_t>(*port), load, tell); }};
  const auto rate = client.next();
  if (!rate) give_up(who, "client");
  return *rate;
}

// Leaves those that are chosen by name, or all where none is.
void choose(auto& from, const std::vector<std::string>& chosen, auto name_of) {
  const auto is_chosen = [&](const auto& one) {
    return std::find(chosen.begin(), chosen.end(), name_of(one)) != chosen.end();
  };
  if (std::none_of(from.begin(), from.end(), is_chosen)) return;
  std::erase_if(from, std::not_fn(is_chosen));
}

int run(int repeats, const std::vector<std::string>& chosen) {
  auto contestants = all_contestants();
  choose(contestants, chosen, [](const auto& who) { return who->name(); });
  message_rates all;
  all.loads = message_loads();
  choose(all.loads, chosen, [](const auto& load) { return load.name; });
  for (const auto& who : contestants) {
    all.contestants.push_back({who->name(), who->is_peer(), who->compared_with()});
  }
  all.rates.assign(contestants.size(), std::vector<std::vector<double>>(all.loads.size()));
  for (int repeat = 0; repeat < repeats; ++repeat) {
    for (std::size_t load = 0; load < all.loads.size(); ++load) {
      for (std::size_t who = 0; who < contestants.size(); ++who) {
        all.rates[who][load].push_back(measure(*contestants[who], all.loads[load]));
      }
    }
  }
  print_table(all);
  print_json(all);
  return 0;
}

}  // namespace
}  // namespace troupe::bench

int main(int count, char** words) {
  return troupe::bench::run_repeats(
      count, words, "messages_bench [REPEATS [CONTESTANT or LOAD...]]", [&](int repeats) {
        return troupe::bench::run(repeats, {words + std::min(count, 2), words + count});
      });
}
