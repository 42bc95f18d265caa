#include "store/dataset_ref.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/status.h"

namespace roost::store {
namespace {

constexpr size_t kMaxNameLength = 100;

bool IsLetterOrDigit(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

}  // namespace

std::string DatasetRef::ToString() const {
  return version.has_value() ? fmt::format("{}@{}", name, *version) : fmt::format("{}@latest", name);
}

absl::Status CheckDatasetName(std::string_view name) {
  const bool well_formed = !name.empty() && name.size() <= kMaxNameLength && IsLetterOrDigit(name.front()) &&
                           std::all_of(name.begin(), name.end(),
                                       [](char c) { return IsLetterOrDigit(c) || c == '.' || c == '_' || c == '-'; });
  if (well_formed) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("'{}' is not a dataset's name: expected 1 to {} letters, digits, '.', '_' or '-', starting with a "
                  "letter or digit",
                  name, kMaxNameLength));
}

absl::StatusOr<DatasetRef> ParseDatasetRef(std::string_view text) {
  const size_t at = text.find('@');
  DatasetRef ref{.name = std::string(text.substr(0, at))};
  TRY(CheckDatasetName(ref.name));
  if (at == std::string_view::npos) return ref;
  const std::string_view version = text.substr(at + 1);
  if (version == "latest") return ref;
  int64_t number = 0;
  const auto [end, error] = std::from_chars(version.data(), version.data() + version.size(), number);
  if (error != std::errc() || end != version.data() + version.size() || number < 1) {
    return absl::InvalidArgumentError(fmt::format(
        "'{}' is not a version of dataset '{}': expected a number from 1 on, or 'latest'", version, ref.name));
  }
  ref.version = number;
  return ref;
}

}  // namespace roost::store
