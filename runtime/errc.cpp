#include "runtime/errc.hpp"

#include <array>
#include <string_view>
#include <utility>

#include <caf/atom.hpp>
#include <caf/make_message.hpp>
#include <caf/message.hpp>

namespace troupe {

namespace {

constexpr auto category = caf::atom("troupe");

constexpr auto names = std::to_array<std::pair<errc, std::string_view>>({
    {errc::invalid_config, "invalid_config"},
    {errc::invalid_request, "invalid_request"},
    {errc::unknown_model, "unknown_model"},
    {errc::not_found, "not_found"},
    {errc::method_not_allowed, "method_not_allowed"},
    {errc::payload_too_large, "payload_too_large"},
    {errc::headers_too_large, "headers_too_large"},
    {errc::overloaded, "overloaded"},
    {errc::too_many_requests, "too_many_requests"},
    {errc::no_engine, "no_engine"},
    {errc::connect_failed, "connect_failed"},
    {errc::connection_lost, "connection_lost"},
    {errc::timeout, "timeout"},
    {errc::protocol_error, "protocol_error"},
    {errc::cancelled, "cancelled"},
    {errc::malformed_file, "malformed_file"},
    {errc::unsupported, "unsupported"},
    {errc::io_error, "io_error"},
    {errc::exceeds_kv, "exceeds_kv"},
    {errc::process_died, "process_died"},
});

}  // namespace

std::string to_string(errc code) {
  for (const auto& [value, name] : names) {
    if (value == code) return std::string{name};
  }
  return "unknown_error";
}

caf::error make_error(errc code) {
  return {static_cast<std::uint8_t>(code), category};
}

caf::error make_failure(errc code, std::string text) {
  return {static_cast<std::uint8_t>(code), category, caf::make_message(std::move(text))};
}

caf::error make_refusal(errc code, std::string text, std::uint32_t retry_after_s) {
  return {static_cast<std::uint8_t>(code), category,
          caf::make_message(std::move(text), retry_after_s)};
}

std::optional<std::uint32_t> retry_after_s(const caf::error& error) {
  if (!error || !error.context().match_elements<std::string, std::uint32_t>()) return std::nullopt;
  return error.context().get_as<std::uint32_t>(1);
}

std::string failure_text(const caf::error& error) {
  if (!error) return "no error";
  const auto& context = error.context();
  const bool has_text =
      context.match_elements<std::string>() || context.match_elements<std::string, std::uint32_t>();
  if (has_text) return context.get_as<std::string>(0);
  if (error.category() == category) return to_string(static_cast<errc>(error.code()));
  return caf::to_string(error);
}

errc failure_code(const caf::error& error, errc otherwise) {
  if (!error || error.category() != category) return otherwise;
  return static_cast<errc>(error.code());
}

}  // namespace troupe
