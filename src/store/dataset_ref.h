#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace roost::store {

/// One version of a dataset, as people write it.
struct DatasetRef {
  std::string name;
  std::optional<int64_t> version = std::nullopt;    ///< >= 1
  std::optional<std::string> label = std::nullopt;  ///< a branch, tag or alias; neither: the latest version of main

  /// "flights@3", "flights@experiment", "flights@latest".
  std::string ToString() const;

  friend bool operator==(const DatasetRef&, const DatasetRef&) = default;
};

/// Reads "flights@3", "flights@experiment", "flights@latest" or "flights". InvalidArgument says which part is wrong and
/// what is expected.
absl::StatusOr<DatasetRef> ParseDatasetRef(std::string_view text);

/// OK where `name` matches [A-Za-z0-9][A-Za-z0-9._-]{0,99}, else InvalidArgument.
absl::Status CheckDatasetName(std::string_view name);

/// OK where `name` can be that of a branch, tag or alias: [A-Za-z][A-Za-z0-9._-]{0,99}, so that it is never taken for a
/// version's number, and not "latest". Else InvalidArgument.
absl::Status CheckVersionName(std::string_view name);

}  // namespace roost::store
