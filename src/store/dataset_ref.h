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
  std::optional<int64_t> version;  ///< >= 1; none: the latest

  /// "flights@3", "flights@latest".
  std::string ToString() const;

  friend bool operator==(const DatasetRef&, const DatasetRef&) = default;
};

/// Reads "flights@3", "flights@latest" or "flights". InvalidArgument says which part is wrong and what is expected.
absl::StatusOr<DatasetRef> ParseDatasetRef(std::string_view text);

/// OK where `name` matches [A-Za-z0-9][A-Za-z0-9._-]{0,99}, else InvalidArgument.
absl::Status CheckDatasetName(std::string_view name);

}  // namespace roost::store
