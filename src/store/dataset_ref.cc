#include "store/dataset_ref.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/status.h"

namespace roost::store {
namespace {

constexpr size_t kMaxNameLength = 100;
constexpr std::string_view kLatest = "latest";

bool IsLetter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
bool IsLetterOrDigit(char c) { return (c >= '0' && c <= '9') || IsLetter(c); }

/// As the names of datasets.
bool IsWellFormed(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameLength && IsLetterOrDigit(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return IsLetterOrDigit(c) || c == '.' || c == '_' || c == '-'; });
}

}  // namespace

std::string DatasetRef::ToString() const {
  if (label.has_value()) return fmt::format("{}@{}", name, *label);
  return version.has_value() ? fmt::format("{}@{}", name, *version) : fmt::format("{}@latest", name);
}

absl::Status CheckDatasetName(std::string_view name) {
  if (IsWellFormed(name)) return absl::OkStatus();
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
  if (version == kLatest) return ref;
  if (CheckVersionName(version).ok()) {
    ref.label = std::string(version);
    return ref;
  }
  int64_t number = 0;
  const auto [end, error] = std::from_chars(version.data(), version.data() + version.size(), number);
  if (error != std::errc() || end != version.data() + version.size() || number < 1) {
    return absl::InvalidArgumentError(
        fmt::format("'{}' is not a version of dataset '{}': expected a number from 1 on, 'latest', or the name of a "
                    "branch, tag or alias",
                    version, ref.name));
  }
  ref.version = number;
  return ref;
}

absl::Status CheckVersionName(std::string_view name) {
  if (name == kLatest) {
    return absl::InvalidArgumentError("'latest' is taken: it always means the newest version of main");
  }
  if (IsWellFormed(name) && IsLetter(name.front())) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("'{}' is not the name of a branch, tag or alias: expected 1 to {} letters, digits, '.', '_' or '-', "
                  "starting with a letter",
                  name, kMaxNameLength));
}

}  // namespace roost::store
