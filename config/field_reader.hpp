// The field visitor that reads values out of a YAML tree and reports what is wrong with them.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/environment.hpp"
#include "config/field_visitor.hpp"
#include "config/yaml_tree.hpp"

namespace troupe::config {

// Bounds: those of the tree, replicas counted as if they were written out. A value with a mistake
// keeps its default.
class field_reader : public field_visitor {
 public:
  // Reads `root`, a map. `folder` is what relative paths are relative to; empty: left as they are.
  field_reader(const yaml_node& root, std::string folder, const environment& variables,
               mistake_list& mistakes);

  // Reports the keys that no visit asked for. Call after the visits, once.
  void finish() { leave(); }

  void text(const field& f, text_form form, std::string& value) override;
  void integer(const field& f, const range& allowed, std::uint64_t& value) override;
  void size(const field& f, const range& allowed, std::uint64_t& value) override;
  void duration(const field& f, const duration_range& allowed,
                std::chrono::milliseconds& value) override;
  void word(const field& f, const std::vector<std::string_view>& names,
            std::size_t& index) override;
  void section(const field& f, const body& fields) override;
  void texts(const field& f, text_form form, std::vector<std::string>& values) override;
  void named(const field& f, text_form form,
             const std::function<void(const std::string&, field_visitor&)>& each) override;
  void replicated(const field& f, text_form form, const replica_body& each) override;
  void text_map(const field& f, text_form form,
                std::map<std::string, std::string>& values) override;
  void list(const field& f, const std::vector<item_kind>& kinds) override;
  void only_where(std::string_view key, std::string_view value, bool holds,
                  const body& fields) override;
  void rule(std::initializer_list<std::string_view> keys,
            const std::function<std::string()>& broken) override;

 private:
  // The map being read.
  struct scope {
    const yaml_node* map;
    position at;
    std::string path;                          // how messages call it; empty at the top
    std::set<std::string, std::less<>> known;  // keys asked for
    std::set<std::string, std::less<>> wrong;  // those with a mistake
  };
  // What becomes of the fields visited now, if the file has them.
  enum class presence { allowed, forbidden, ignored };
  // A scalar with its place, its variables expanded.
  struct scalar {
    position at;
    std::string text;
  };

  void enter(const yaml_node& map, position at, std::string path);
  void leave();
  const yaml_entry* find(std::string_view key) const;
  const yaml_entry* take(const field& f);
  std::optional<scalar> take_scalar(const field& f, std::string_view wanted);
  const yaml_node* take_map(const field& f);
  std::uint64_t read_replicas(const std::string& name);
  bool read_text(const field& f, const yaml_node& item, text_form form,
                 std::vector<std::string>& values);
  bool read_item(const yaml_node& item, const std::string& path,
                 const std::vector<item_kind>& kinds);
  std::string path_to(std::string_view key) const;
  void wrong(const field& f, position at, const std::string& sentence);

  std::string folder_;
  environment variables_;
  mistake_list& mistakes_;
  std::vector<scope> scopes_;
  std::size_t values_replicated_ = 0;
  presence mode_ = presence::allowed;
  std::string forbidden_by_;  // why, where they are
};

}  // namespace troupe::config
