// Reads the fields of a JSON request body, checks their bounds, and keeps the first fault.
//
// After a fault every further read returns its default, so a parser reads straight through and asks
// for the fault once, at its end.
//
// Thread: one owner; lives shorter than the JSON it reads.
// Bounds: nesting of a body is limited to json_depth_max, an object's members to json_members_max:
// objects keep their order (templates show it), and so are searched from end to end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "runtime/errc.hpp"

namespace troupe::engine {

inline constexpr std::size_t json_depth_max = 128;
inline constexpr std::size_t json_members_max = 1024;

// Why a request is refused: one sentence, and the field at fault where there is one.
struct api_error {
  errc code = errc::invalid_request;
  std::string message;
  std::string param;
};

// Parses a request body, which must be an object; null and `fault` set where it is not.
nlohmann::ordered_json parse_body(std::string_view body, std::optional<api_error>& fault);

class field_reader {
 public:
  struct range {
    double low;
    double high;
    bool excludes_low = false;
  };

  explicit field_reader(const nlohmann::ordered_json& object) : object_{object} {}

  // Returns the field's value; nothing where it is absent or null.
  const nlohmann::ordered_json* find(std::string_view name) const;

  // Reads true or false.
  bool flag(std::string_view name, bool otherwise);
  // Reads a number within bounds.
  double number(std::string_view name, double otherwise, range bounds);
  // Reads a whole number within bounds.
  std::int64_t integer(std::string_view name, std::int64_t otherwise, range bounds);
  // Reads a string that is not empty; empty where the field is absent.
  std::string text(std::string_view name, std::size_t bytes_max);

  // Reads a string or a list of strings, none empty.
  std::vector<std::string> texts(std::string_view name, std::size_t count_max,
                                 std::size_t bytes_max);

  // Reads a list of token ids below `vocab`.
  std::vector<std::int32_t> token_ids(std::string_view name, std::size_t vocab);

  // Reads the same from a value found elsewhere; `name` says where in case of a fault.
  std::vector<std::int32_t> to_token_ids(std::string_view name, const nlohmann::ordered_json& list,
                                         std::size_t vocab);

  // Refuses the request where the field has another value than null or one of these.
  void require_one_of(std::string_view name, std::span<const nlohmann::ordered_json> accepted);

  // Takes over the fault of a reader of a part of this object, called `part` here.
  void adopt(const field_reader& inner, std::string_view part);

  // Keeps a fault, unless there is one already.
  void refuse(std::string_view name, std::string message, errc code = errc::invalid_request);

  const std::optional<api_error>& fault() const { return fault_; }

 private:
  const nlohmann::ordered_json& object_;
  std::optional<api_error> fault_;
};

}  // namespace troupe::engine
