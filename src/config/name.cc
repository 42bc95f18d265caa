// CheckName alone: the fuzzer of roost.lock links it without the engines that the other checks of a model need.

#include <string_view>

#include <fmt/format.h>

#include "config/model.h"

namespace roost::config {

absl::Status CheckName(const std::string& name) {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
      "._-";
  const bool good = !name.empty() && name.size() <= 100 && name.find_first_not_of(kAllowed) == std::string::npos &&
                    name.find_first_of("._-") != 0;
  if (good) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("'{}' is no name: want up to 100 letters, digits, '.', '_' and '-', a letter or digit first", name));
}

}  // namespace roost::config
