// Any bytes as a series of requests to the admin API, and of engines that go: each request is
// refused with an answer that fits, or changes the table of engines as a whole.
//
// `> METHOD TARGET TOKEN` begins a request (without TOKEN it carries the right one); the lines
// behind it are its body, of a reload the file. `! NAME` says that an engine has gone.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "apps/admin_order.hpp"
#include "config/topology_reader.hpp"
#include "runtime/assert.hpp"

namespace {

using namespace troupe::apps;
namespace config = troupe::config;
namespace http = troupe::transport::http;

constexpr std::size_t engines_max = 70;
constexpr std::string_view token = "t";

// Cuts off and returns what is before the first `mark`; all where there is none.
std::string_view take_until(std::string_view& text, std::string_view mark) {
  const auto at = text.find(mark);
  const auto head = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + mark.size());
  return head;
}

http::request request_of(std::string_view text) {
  auto line = take_until(text, "\n");
  http::request message;
  message.method = take_until(line, " ");
  message.target = take_until(line, " ");
  const std::string_view shown = line.empty() ? token : line;
  message.fields.add("Authorization", "Bearer " + std::string{shown});
  message.body = text;
  return message;
}

void expect_consistent(const engine_table& table) {
  for (const auto& [name, engine] : table.engines()) {
    TROUPE_ASSERT(engine.name == name && engine.count == 1);
  }
  for (const auto& [name, out] : table.departures()) {
    TROUPE_ASSERT(table.contains(name));
    TROUPE_ASSERT(!out.successor || out.successor->name == name);
  }
}

void expect_good_refusal(const admin_order& order) {
  constexpr auto statuses = std::to_array<unsigned>({400, 401, 404, 405});
  TROUPE_ASSERT(std::ranges::find(statuses, order.status) != statuses.end());
  TROUPE_ASSERT(nlohmann::json::accept(order.refusal));
}

void add(const config::engine_spec& group, engine_table& table) {
  const auto before = table.engines().size();
  const auto started = table.add(group);
  TROUPE_ASSERT(started.size() == group.count);
  TROUPE_ASSERT(table.engines().size() == before + group.count);
  TROUPE_ASSERT(table.engines().size() <= engines_max);
  for (const auto& engine : started) TROUPE_ASSERT(!table.is_leaving(engine.name));
}

config::topology_change difference(const engine_table& table, const config::node_spec& file) {
  auto current = file;
  current.engines = table.intended();
  return config::difference(current, file);
}

// The node becomes what its file says, or stays as it is.
void reload(const std::string& file, engine_table& table) {
  const auto nothing = [](const std::string&) { return std::optional<std::string>{}; };
  const auto read = config::parse_topology(file, "fuzz", nothing);
  if (!read.ok()) return;
  const auto& node = read.value.nodes.front();
  const auto steps = table.apply(difference(table, node), {});
  for (const auto& name : steps.drained) TROUPE_ASSERT(table.is_leaving(name));
  for (const auto& engine : steps.started) TROUPE_ASSERT(!table.is_leaving(engine.name));
  TROUPE_ASSERT(difference(table, node).empty());
}

void carry_out(const admin_order& order, const std::string& body, engine_table& table) {
  const auto& engine = order.call.engine;
  switch (order.call.verb) {
    case admin_verb::list:
    case admin_verb::cluster:
    case admin_verb::metrics:
      return;
    case admin_verb::add:
      return add(order.added, table);
    case admin_verb::drain:
      return TROUPE_ASSERT(table.contains(engine));
    case admin_verb::resume:
      return TROUPE_ASSERT(table.contains(engine) && !table.is_leaving(engine));
    case admin_verb::remove:
      table.retire(engine, {});
      TROUPE_ASSERT(table.is_leaving(engine));
      if (order.call.force) table.stop(engine);
      return;
    case admin_verb::reload:
      return reload(body, table);
  }
}

void engine_goes(const std::string& name, engine_table& table) {
  const auto successor = table.remove(name);
  TROUPE_ASSERT(table.contains(name) == successor.has_value() && !table.is_leaving(name));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  config::engine_spec first;
  first.name = "a";
  first.count = 2;
  engine_table table{{first}, engines_max};
  std::string_view script{reinterpret_cast<const char*>(data), size};
  while (!script.empty()) {
    if (script.starts_with("! ")) {
      engine_goes(std::string{take_until(script, "\n").substr(2)}, table);
    } else {
      if (script.starts_with("> ")) script.remove_prefix(2);
      const auto next = std::min(script.find("\n> "), script.find("\n! "));
      const auto message = request_of(script.substr(0, next));
      script.remove_prefix(std::min(script.size(), next == script.npos ? next : next + 1));
      const auto order = read_order(message, token, table);
      order.status == 0 ? carry_out(order, message.body, table) : expect_good_refusal(order);
    }
    expect_consistent(table);
  }
  return 0;
}
