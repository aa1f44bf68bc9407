#include "apps/check_plan.hpp"

#include <algorithm>
#include <map>

#include "config/mistake.hpp"
#include "config/topology_fields.hpp"
#include "config/topology_members.hpp"
#include "runtime/placement/placement_change.hpp"

namespace troupe::apps {

namespace {

using row = std::vector<std::string>;

std::string joined(const std::vector<std::string>& words) {
  return config::joined({words.begin(), words.end()});
}

std::string text_of(const config::label_map& labels) {
  std::vector<std::string> words;
  for (const auto& [key, value] : labels) words.push_back(key + "=" + value);
  return joined(words);
}

// Sets the rows out in columns as wide as their widest cell; an empty cell is a dash.
std::string table_of(const std::vector<row>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& r : rows) {
    for (std::size_t i = 0; i < r.size(); ++i) widths[i] = std::max(widths[i], r[i].size());
  }
  std::string text;
  for (const auto& r : rows) {
    std::string line = " ";
    for (std::size_t i = 0; i < r.size(); ++i) {
      const std::string cell = r[i].empty() ? "-" : r[i];
      line += " " + cell + std::string(widths[i] + 1 - std::min(cell.size(), widths[i]), ' ');
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

// The columns after the node's own: the router, the engines of nodes, the placed ones.
std::vector<std::string> actors_of(const config::topology& all) {
  std::vector<std::string> names{"router"};
  const auto add = [&](const std::string& name) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  };
  for (const auto& node : all.nodes) {
    for (const auto& engine : node.engines) add(engine.name);
  }
  for (const auto& placed : all.placed) add(placed.engine.name);
  return names;
}

using counts = std::map<std::string, std::uint32_t>;

counts own_actors(const config::node_spec& node) {
  counts found;
  if (node.has_router) found["router"] = 1;
  for (const auto& engine : node.engines) found[engine.name] += engine.count;
  return found;
}

std::string table_of(const config::topology& all, const placement& where,
                     const std::vector<placement_node>& view) {
  const auto actors = actors_of(all);
  std::vector<row> rows{{"node", "labels", "roles"}};
  rows.front().insert(rows.front().end(), actors.begin(), actors.end());
  for (const auto& node : all.nodes) {
    const auto is_here = [&](const auto& other) { return other.id.name == node.name; };
    if (std::ranges::none_of(view, is_here)) continue;
    auto running = own_actors(node);
    for (const auto& i : where.instances) running[i.actor] += i.node.name == node.name ? 1 : 0;
    rows.push_back({node.name, text_of(node.member.labels), joined(node.member.roles)});
    for (const auto& actor : actors) {
      const auto n = running[actor];
      rows.back().push_back(n == 0 ? "" : std::to_string(n));
    }
  }
  return table_of(rows);
}

std::string text_of(const std::vector<shortage>& shortages) {
  std::string text;
  for (const auto& s : shortages) {
    text += "  " + s.actor + ": " + std::to_string(s.placed) + " of " + std::to_string(s.wanted) +
            " have a place; " + s.reason + "\n";
  }
  return text;
}

// What is lost with the nodes themselves, which nobody takes over.
std::string lost_with(const config::topology& all, const std::vector<std::string>& without) {
  std::string text;
  for (const auto& node : all.nodes) {
    if (std::ranges::find(without, node.name) == without.end()) continue;
    for (const auto& [actor, n] : own_actors(node)) {
      text += "  " + actor + (n > 1 ? " x" + std::to_string(n) : "") + ": gone with " + node.name +
              "\n";
    }
  }
  return text;
}

std::string text_of(const std::vector<instance_move>& moved) {
  std::string text;
  for (const auto& [from, to] : moved) {
    const auto& actor = from ? from->actor : to->actor;
    text += "  " + actor + ": " + (from ? from->node.name : "nowhere") + " -> " +
            (to ? to->node.name : "nowhere") + "\n";
  }
  return text;
}

// Says which of the names no node has; empty: each is one's.
std::string unknown_name(const config::topology& all, const std::vector<std::string>& names) {
  std::vector<std::string> nodes;
  for (const auto& node : all.nodes) nodes.push_back(node.name);
  for (const auto& name : names) {
    if (std::ranges::find(nodes, name) == nodes.end()) {
      return "--without is " + config::quote(name) + ", but the nodes are: " + joined(nodes);
    }
  }
  return {};
}

}  // namespace

plan_report plan_of(const config::topology& all, const std::vector<std::string>& without) {
  if (auto mistake = unknown_name(all, without); !mistake.empty()) return {"", mistake};
  const auto actors = config::placed_actors(all);
  auto view = config::planned_view(all);
  const auto before = place(actors, view);
  if (without.empty()) return {table_of(all, before, view) + text_of(before.shortages), ""};
  std::erase_if(view, [&](const placement_node& node) {
    return std::ranges::find(without, node.id.name) != without.end();
  });
  const auto after = place(actors, view);
  auto changes = text_of(moves(before, after)) + lost_with(all, without);
  if (changes.empty()) changes = "  nothing moves\n";
  return {"  without " + joined(without) + ":\n" + table_of(all, after, view) +
              text_of(after.shortages) + "  what changes:\n" + changes,
          ""};
}

}  // namespace troupe::apps
