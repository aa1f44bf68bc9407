#include "apps/version_text.hpp"

#include <boost/version.hpp>
#include <caf/config.hpp>

#include "engine/embedded/model/kernels/targets.hpp"

#include <hwy/highway.h>
#include <hwy/targets.h>

#include "runtime/version.hpp"

namespace troupe::apps {

namespace {

std::string caf_version() {
  return std::to_string(CAF_VERSION / 10000) + "." + std::to_string(CAF_VERSION / 100 % 100) + "." +
         std::to_string(CAF_VERSION % 100);
}

std::string boost_version() {
  return std::to_string(BOOST_VERSION / 100000) + "." + std::to_string(BOOST_VERSION / 100 % 1000) +
         "." + std::to_string(BOOST_VERSION % 100);
}

// The instruction sets compiled in that this processor has, the best first.
std::string vector_targets() {
  std::string names;
  for (std::uint64_t left = HWY_TARGETS & hwy::SupportedTargets(); left != 0; left &= left - 1) {
    const auto lowest = static_cast<std::uint32_t>(left & ~(left - 1));
    names += (names.empty() ? "" : " ") + std::string{hwy::TargetName(lowest)};
  }
  return names.empty() ? "none that the embedded engine can use" : names;
}

}  // namespace

std::string version_text() {
  const std::string revision = TROUPE_REVISION;
  return "troupe " + std::string{version()} + (revision.empty() ? "" : " (" + revision + ")") +
         "\nCAF " + caf_version() + "\nBoost " + boost_version() +
         "\nvector targets: " + vector_targets() + "\n";
}

}  // namespace troupe::apps
