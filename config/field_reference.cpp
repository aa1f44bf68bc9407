#include "config/field_reference.hpp"

#include <algorithm>
#include <utility>

#include "config/field_visitor.hpp"
#include "config/topology_fields.hpp"
#include "config/units.hpp"

namespace troupe::config {

namespace {

std::string code(std::string_view text) {
  return "`" + std::string{text} + "`";
}

// What a row says of a field besides its key and meaning.
struct row_facts {
  std::string type;
  std::string allowed;
  std::string default_value;
};

std::string_view form_word(text_form form) {
  static constexpr std::string_view words[] = {"text",      "name",       "address:port", "URL",
                                               "path",      "model name", "secret",       "SHA-256",
                                               "host:port", "host"};
  return words[static_cast<std::size_t>(form)];
}

std::string_view form_rule(text_form form) {
  static constexpr std::string_view rules[] = {"up to 4096 bytes",
                                               "1 to 63 letters, digits, `.` `_` `-`",
                                               "IP address in numbers",
                                               "`http://HOST:PORT`, `https://HOST:PORT`",
                                               "up to 4096 bytes",
                                               "1 to 256 bytes without spaces",
                                               "visible ASCII",
                                               "64 hexadecimal digits",
                                               "host name or IP address, port 1 to 65535",
                                               "host name"};
  return rules[static_cast<std::size_t>(form)];
}

class reference_writer : public field_visitor {
 public:
  std::string render() {
    open("");
    topology defaults;
    describe(*this, defaults);
    close();
    std::string out;
    for (const table& t : tables_) {
      out += "### " + (t.path.empty() ? "The top of the file" : code(t.path)) + "\n\n";
      out += "| key | type | default | allowed | meaning |\n| --- | --- | --- | --- | --- |\n";
      out += t.rows + "\n";
    }
    return out;
  }

  void text(const field& f, text_form form, std::string& value) override {
    row(f, {std::string{form_word(form)}, std::string{form_rule(form)},
            value.empty() ? "empty" : code(value)});
  }

  void integer(const field& f, const range& allowed, std::uint64_t& value) override {
    const std::string span = allowed.min == allowed.max ? code(std::to_string(allowed.min))
                                                        : std::to_string(allowed.min) + " to " +
                                                              std::to_string(allowed.max);
    row(f, {"number", span, code(std::to_string(value))});
  }

  void size(const field& f, const range& allowed, std::uint64_t& value) override {
    row(f, {"size", format_bytes(allowed.min) + " to " + format_bytes(allowed.max),
            code(format_bytes(value))});
  }

  void duration(const field& f, const duration_range& allowed,
                std::chrono::milliseconds& value) override {
    row(f, {"duration", format_duration(allowed.min) + " to " + format_duration(allowed.max),
            code(format_duration(value))});
  }

  void word(const field& f, const std::vector<std::string_view>& names,
            std::size_t& index) override {
    std::string allowed;
    for (std::string_view name : names) allowed += (allowed.empty() ? "" : ", ") + code(name);
    row(f, {"word", allowed, code(names.at(index))});
  }

  void section(const field& f, const body& fields) override {
    const std::string path = path_to(f.key);
    row(f, {"[map](#" + anchor(path) + ")", "", ""});
    const std::string condition = std::exchange(condition_, "");
    open(path);
    fields();
    close();
    condition_ = condition;
  }

  void texts(const field& f, text_form form, std::vector<std::string>&) override {
    row(f,
        {"list of " + std::string{form_word(form)} + "s", std::string{form_rule(form)}, "empty"});
  }

  void named(const field& f, text_form form,
             const std::function<void(const std::string&, field_visitor&)>& each) override {
    const std::string path = path_to(f.key) + ".NAME";
    const std::string word{form_word(form)};
    row(f, {"map of " + word + "s to [maps](#" + anchor(path) + ")", "", ""});
    open(path);
    each("NAME", *this);
    close();
  }

  void text_map(const field& f, text_form form, std::map<std::string, std::string>&) override {
    row(f, {"map of names to " + std::string{form_word(form)} + "s", std::string{form_rule(form)},
            "empty"});
  }

  void list(const field& f, const std::vector<item_kind>& kinds) override {
    std::string items;
    for (const item_kind& kind : kinds) {
      const std::string path = path_to(f.key) + "[]." + std::string{kind.word.key};
      items += (items.empty() ? "" : ", ") + ("[" + std::string{kind.word.key}) + "](#" +
               anchor(path) + ")";
    }
    row(f, {"list", "items: " + items, ""});
    const std::string base = path_to(f.key) + "[].";
    for (const item_kind& kind : kinds) {
      open(base + std::string{kind.word.key});
      kind.describe(*this);
      close();
    }
  }

  void only_where(std::string_view key, std::string_view value, bool, const body& fields) override {
    condition_ = "Only with " + code(std::string{key} + ": " + std::string{value}) + ". ";
    fields();
    condition_.clear();
  }

  void rule(std::initializer_list<std::string_view>, const std::function<std::string()>&) override {
  }

 private:
  struct table {
    std::string path;
    std::string rows;
  };

  // The name a heading's link has on GitHub and its like.
  static std::string anchor(const std::string& path) {
    std::string out;
    for (char c : path) {
      const bool is_upper = c >= 'A' && c <= 'Z';
      if (is_upper) out += static_cast<char>(c - 'A' + 'a');
      if ((c >= 'a' && c <= 'z') || c == '_' || c == '-') out += c;
    }
    return out;
  }

  std::string path_to(std::string_view key) const {
    const std::string& path = tables_[open_.back()].path;
    return path.empty() ? std::string{key} : path + "." + std::string{key};
  }

  void open(const std::string& path) {
    open_.push_back(tables_.size());
    tables_.push_back({path, ""});
  }
  void close() { open_.pop_back(); }

  void row(const field& f, const row_facts& facts) {
    tables_[open_.back()].rows += "| " + code(f.key) + " | " + facts.type + " | " +
                                  (f.required ? "required" : facts.default_value) + " | " +
                                  facts.allowed + " | " + condition_ + std::string{f.help} + " |\n";
  }

  std::vector<table> tables_;
  std::vector<std::size_t> open_;  // indices into tables_, the innermost last
  std::string condition_;          // said of each row below an only_where
};

}  // namespace

std::string render_reference() {
  return reference_writer{}.render();
}

}  // namespace troupe::config
