#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace roost::serving {

/// A version that a repository has.
struct ListedVersion {
  int64_t version = 0;
  std::string identity;  ///< of its bytes: another one means that the package is another one
  bool retired = false;  ///< it is served only where it is named, by its number or an alias

  friend bool operator==(const ListedVersion&, const ListedVersion&) = default;
};

/// A model that a repository has.
struct ListedModel {
  std::vector<ListedVersion> versions;     ///< ascending, each once; at least one
  std::map<std::string, int64_t> aliases;  ///< where each points; that version need not be there

  friend bool operator==(const ListedModel&, const ListedModel&) = default;
};

/// All that a repository has, by the models' names.
using Listing = std::map<std::string, ListedModel, std::less<>>;

/// What a version is loaded from.
struct ModelFiles {
  std::string model_json;  ///< the JSON of a ScoringModel
  std::string onnx;        ///< the ONNX file that it speaks of, or ""
  std::string warmup;      ///< recorded requests with their answers (docs/formats/model.md), or ""
};

/// Where models come from: the registry of a workspace, a folder. Read by one thread at a time.
class Repository {
 public:
  virtual ~Repository() = default;

  /// What there is now. Cheap enough to be called every second.
  virtual absl::StatusOr<Listing> List() = 0;

  /// How many bytes Load will bring.
  virtual absl::StatusOr<int64_t> Size(const std::string& name, const ListedVersion& version) = 0;

  /// The files of a listed version. NotFound where it has gone since.
  virtual absl::StatusOr<ModelFiles> Load(const std::string& name, const ListedVersion& version) = 0;
};

}  // namespace roost::serving
