// What can be said about the fields of a configuration file, said once.
//
// describe (config/topology_fields.hpp) walks the structs of a topology and calls one of these for
// each field. The reader, the JSON Schema and the reference table are three visitors, so a field
// that one knows, all know; defaults come from the structs themselves.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/text_form.hpp"

namespace troupe::config {

struct field {
  std::string_view key;
  std::string_view help;  // one or two sentences, for the reference and for editors
  bool required = false;
};

// Allowed values, both ends included.
struct range {
  std::uint64_t min;
  std::uint64_t max;
};

struct duration_range {
  std::chrono::milliseconds min;
  std::chrono::milliseconds max;
};

inline constexpr range replicas_range{0, 1'024};
inline constexpr field replicas_field{
    "replicas",
    "N: this entry stands for N equal nodes, NAME-0 to NAME-(N-1); `${NODE}` and `${ORDINAL}` in "
    "their values are each one's name and number. 0: it is one node, NAME. For a cluster."};

class field_visitor {
 public:
  using body = std::function<void()>;
  // One kind of item of a list: its word and what its map holds.
  struct item_kind {
    field word;
    std::function<void(field_visitor&)> describe;
  };

  virtual ~field_visitor() = default;

  virtual void text(const field& f, text_form form, std::string& value) = 0;
  virtual void integer(const field& f, const range& allowed, std::uint64_t& value) = 0;
  virtual void size(const field& f, const range& allowed, std::uint64_t& value) = 0;
  virtual void duration(const field& f, const duration_range& allowed,
                        std::chrono::milliseconds& value) = 0;
  virtual void word(const field& f, const std::vector<std::string_view>& names,
                    std::size_t& index) = 0;

  // A map of the fields that `fields` visits.
  virtual void section(const field& f, const body& fields) = 0;

  // A list of texts of one form, none of them twice.
  virtual void texts(const field& f, text_form form, std::vector<std::string>& values) = 0;

  // A map from names of a form to maps, such as `nodes`.
  virtual void named(const field& f, text_form form,
                     const std::function<void(const std::string& name, field_visitor&)>& each) = 0;

  // The same, where an entry may stand for several: `replicas: N` makes NAME-0 to NAME-(N-1), and
  // ${NODE} and ${ORDINAL} in their values are each one's name and number.
  using replica_body = std::function<void(const std::string& name, bool replica, field_visitor&)>;
  virtual void replicated(const field& f, text_form form, const replica_body& each) {
    named(f, form, [&](const std::string& name, field_visitor& inner) {
      std::uint64_t replicas = 0;
      inner.integer(replicas_field, replicas_range, replicas);
      each(name, false, inner);
    });
  }

  // A map from names to texts of one form, such as `labels`.
  virtual void text_map(const field& f, text_form form,
                        std::map<std::string, std::string>& values) = 0;

  // A list whose items are maps with one key each, the kind of the item.
  virtual void list(const field& f, const std::vector<item_kind>& kinds) = 0;

  // Fields that exist only where the word field `key` reads `value`; `holds` says if it does.
  virtual void only_where(std::string_view key, std::string_view value, bool holds,
                          const body& fields) = 0;

  // A rule over several fields: `broken` returns the sentence, or nothing where all is well. Asked
  // by the reader, and only if every one of the keys was read without mistake.
  virtual void rule(std::initializer_list<std::string_view> keys,
                    const std::function<std::string()>& broken) = 0;

  // True or false.
  virtual void flag(const field& f, bool& value) { choice(f, {"false", "true"}, value); }

  // The same for integers, sizes and enumerations as the structs hold them.
  template <std::unsigned_integral T>
  void count(const field& f, const range& allowed, T& value) {
    std::uint64_t wide = value;
    integer(f, allowed, wide);
    value = static_cast<T>(wide);
  }
  template <std::unsigned_integral T>
  void bytes(const field& f, const range& allowed, T& value) {
    std::uint64_t wide = value;
    size(f, allowed, wide);
    value = static_cast<T>(wide);
  }
  template <class Enum>
  void choice(const field& f, const std::vector<std::string_view>& names, Enum& value) {
    auto index = static_cast<std::size_t>(value);
    word(f, names, index);
    value = static_cast<Enum>(index);
  }
};

}  // namespace troupe::config
