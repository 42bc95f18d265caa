#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/declared_values.h"

namespace roost::config {

/// What a roost.yaml says, with the defaults of what it does not say: two that mean the same have equal values,
/// whatever their comments, layout, order of keys and defaults that are written out. `path` is what messages name.
/// Pure. InvalidArgument with "path:line:" for what is no YAML; anything else that is wrong is in its errors.
absl::StatusOr<DeclaredValues> ResolveProject(std::string_view text, std::string_view path);

/// `values` as they are kept with a model version (docs/formats/model.md).
std::string WriteResolved(const Json& values);
/// What WriteResolved wrote, of this version of the format or an older one. DataLoss for anything else.
absl::StatusOr<Json> ReadResolved(std::string_view text);

/// A key whose values are others.
struct ConfigDifference {
  std::string key;                           ///< "model.trainer.l2"
  std::optional<std::string> before, after;  ///< as FlatValues; absent: it has none

  friend bool operator==(const ConfigDifference&, const ConfigDifference&) = default;
};

/// By the keys' names.
std::vector<ConfigDifference> CompareResolved(const Json& before, const Json& after);

}  // namespace roost::config
