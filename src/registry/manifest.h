#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/hash.h"

namespace roost::registry {

/// The usual parts of a package; docs/formats/model.md says what is in each.
inline constexpr char kModelPart[] = "model.json";
inline constexpr char kOnnxPart[] = "model.onnx";  ///< of models that model.json says have one
inline constexpr char kSignaturePart[] = "signature.json";
inline constexpr char kProfilePart[] = "profile";
inline constexpr char kEvaluationPart[] = "evaluation.json";
inline constexpr char kImportancePart[] = "importance.json";
inline constexpr char kConfigPart[] = "config.yaml";
inline constexpr char kResolvedConfigPart[] = "config.json";  ///< versions of older programs have none
inline constexpr char kWarmupPart[] = "warmup.json";          ///< versions of older programs have none
inline constexpr char kLineagePart[] = "lineage.json";
inline constexpr char kLinearBaselinePart[] = "linear-baseline.json";  ///< of trainers that are not linear

/// All that a model version is, as named bytes. "model.json" must be there, the other parts may be.
struct ModelPackage {
  std::map<std::string, std::string> parts;

  friend bool operator==(const ModelPackage&, const ModelPackage&) = default;
};

/// Names a package's parts by their contents; the digest of its own bytes is the identity of the package.
struct Manifest {
  struct Part {
    std::string name;
    Digest digest;
    int64_t bytes = 0;

    friend bool operator==(const Part&, const Part&) = default;
  };
  std::vector<Part> parts;  ///< by ascending name, no name twice

  /// The part of that name, or null.
  const Part* Find(std::string_view name) const;

  /// The one way to write this manifest: JSON on one line.
  std::string ToBytes() const;

  friend bool operator==(const Manifest&, const Manifest&) = default;
};

/// InvalidArgument where `package` lacks "model.json", has more than 64 parts, or a part's name is not 1 to 64 of
/// [a-z0-9._-] starting with a letter or digit.
absl::StatusOr<Manifest> MakeManifest(const ModelPackage& package);

/// What ToBytes wrote. DataLoss for anything else, InvalidArgument for a format version that is newer than this
/// program. Takes at most 1 MiB.
absl::StatusOr<Manifest> ParseManifest(std::string_view bytes);

}  // namespace roost::registry
