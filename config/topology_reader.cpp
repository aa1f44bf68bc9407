#include "config/topology_reader.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <utility>

#include "config/field_reader.hpp"
#include "config/topology_fields.hpp"
#include "config/yaml_tree.hpp"

namespace troupe::config {

namespace {

read_result parse(std::string_view text, const std::string& name, const std::string& folder,
                  const environment& variables) {
  read_result result;
  mistake_list mistakes{name};
  const yaml_ptr root = parse_yaml(text, yaml_limits{}, mistakes);
  if (root && root->kind == yaml_kind::map) {
    field_reader reader{*root, folder, variables, mistakes};
    describe(reader, result.value);
    reader.finish();
  } else if (mistakes.empty()) {
    mistakes.add(root ? root->at : position{},
                 "the file holds no map of keys and values; it starts with `troupe: 1`");
  }
  result.mistakes = mistakes.take();
  return result;
}

// Reads at most one byte more than a file may have, so that the parser can say what is wrong.
std::optional<std::string> file_text(const std::string& path, std::string& reason) {
  std::error_code status;
  if (std::filesystem::is_directory(path, status)) {
    reason = "it is a folder";
    return std::nullopt;
  }
  std::ifstream file{path, std::ios::binary};
  if (!file) {
    reason = std::strerror(errno);
    return std::nullopt;
  }
  std::string text(yaml_limits{}.file_bytes_max + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (file.bad()) {
    reason = "reading it failed";
    return std::nullopt;
  }
  return text;
}

}  // namespace

read_result read_topology(const std::string& path, const environment& variables) {
  std::string reason;
  const auto text = file_text(path, reason);
  if (!text) return {{}, {{path, 1, 1, "the file cannot be read: " + reason}}};
  return parse(*text, path, std::filesystem::path{path}.parent_path().string(), variables);
}

read_result read_topology(const std::string& path) {
  return read_topology(path, process_environment());
}

read_result parse_topology(std::string_view text, const std::string& name,
                           const environment& variables) {
  return parse(text, name, "", variables);
}

read_result parse_topology(std::string_view text, const std::string& name) {
  return parse_topology(text, name, process_environment());
}

engine_read_result parse_engine(std::string_view text, const std::string& name) {
  engine_read_result result;
  mistake_list mistakes{name};
  const yaml_ptr root = parse_yaml(text, yaml_limits{}, mistakes);
  if (root && root->kind == yaml_kind::map) {
    // What comes over the network may not ask for this process's environment.
    const environment nothing = [](const std::string&) { return std::nullopt; };
    field_reader reader{*root, "", nothing, mistakes};
    describe(reader, result.value);
    reader.finish();
  } else if (mistakes.empty()) {
    mistakes.add(root ? root->at : position{}, "it is no map of an engine's keys and values");
  }
  result.mistakes = mistakes.take();
  return result;
}

std::string to_string(const std::vector<mistake>& mistakes) {
  std::string out;
  for (const mistake& m : mistakes) out += to_string(m) + "\n";
  return out;
}

}  // namespace troupe::config
