#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/hash.h"

namespace roost::registry {

/// One version of a named model. It never changes.
struct ModelVersion {
  std::string name;
  int64_t version = 0;  ///< counts from 1
  Digest manifest;      ///< identity of its package
  std::string author;
  absl::Time created;  ///< whole microseconds

  /// "late-flights@2".
  std::string ToString() const;

  friend bool operator==(const ModelVersion&, const ModelVersion&) = default;
};

/// What a user writes to name a version: "late-flights@2", "late-flights@latest", "late-flights@champion" (an alias),
/// or "late-flights", which means latest.
struct ModelReference {
  std::string name;
  std::optional<int64_t> version;    ///< where a number was given
  std::optional<std::string> alias;  ///< where an alias was given; neither means latest
};

/// InvalidArgument where `text` is not of that form.
absl::StatusOr<ModelReference> ParseModelReference(std::string_view text);

/// InvalidArgument unless `name` is 1 to 100 of [A-Za-z0-9._-] and starts with a letter or digit, as the names of
/// datasets. `what` ("name of a model") is for the message.
absl::Status CheckName(std::string_view name, std::string_view what);

/// InvalidArgument where CheckName is, and for "latest" and numbers.
absl::Status CheckAlias(std::string_view alias);

/// The bytes of the record object from which `version` can be restored when the database is lost.
std::string ToRecord(const ModelVersion& version);

/// What ToRecord wrote; DataLoss for anything else.
absl::StatusOr<ModelVersion> ParseRecord(std::string_view bytes);

}  // namespace roost::registry
