#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "registry/alias_log.h"
#include "registry/manifest.h"
#include "registry/model_version.h"
#include "store/database.h"
#include "store/object_store.h"

namespace roost::registry {

/// The models of a workspace. A version's package is stored before its number is given out, so that whoever sees a
/// version can load it. Threads and processes: any number at once. Refers to the database and the objects, which
/// outlive it.
class Registry {
 public:
  /// Makes the tables where they are missing.
  static absl::StatusOr<Registry> Open(store::Database& database, store::ObjectStore& objects);

  /// Stores `package` and makes it the next version of model `name`; registering the same bytes again returns the
  /// version that they already are. No alias is moved. InvalidArgument for a bad name or package (MakeManifest). After
  /// any other error the version may or may not have been made; to try again is safe.
  absl::StatusOr<ModelVersion> Register(std::string_view name, const ModelPackage& package, std::string_view author,
                                        const Context& context);

  /// The versions of `name`, or of all models, by name and then by number. Empty where there are none.
  absl::StatusOr<std::vector<ModelVersion>> List(const std::optional<std::string>& name = std::nullopt) const;

  /// The version that `reference` (see ModelReference) names. NotFound, with a hint at what there is, where there is
  /// none.
  absl::StatusOr<ModelVersion> Resolve(std::string_view reference) const;

  /// The whole package, checked. DataLoss names the part that is missing or damaged.
  absl::StatusOr<ModelPackage> Load(const ModelVersion& version) const;

  /// One part of the package, checked. NotFound where the package has no such part.
  absl::StatusOr<std::string> LoadPart(const ModelVersion& version, std::string_view part) const;

  /// The names, digests and sizes of the package's parts.
  absl::StatusOr<Manifest> LoadManifest(const ModelVersion& version) const;

  /// Moves an alias, see AliasLog::Move. NotFound where `name` has no version `to`.
  absl::StatusOr<AliasMove> MoveAlias(std::string_view name, std::string_view alias, std::optional<int64_t> expected,
                                      int64_t to, std::string_view author, std::string_view reason,
                                      const Context& context);

  const AliasLog& aliases() const { return aliases_; }

  /// Adds the versions and moves of aliases that have a record object and are not in the database; returns how many.
  /// DataLoss for a damaged record. Run it with no writer at work.
  absl::StatusOr<int64_t> Restore();

 private:
  Registry(store::Database& database, store::ObjectStore& objects, AliasLog aliases)
      : database_(&database), objects_(&objects), aliases_(std::move(aliases)) {}

  absl::Status Insert(const ModelVersion& version);
  absl::StatusOr<int64_t> AdoptRecords(std::string_view name);
  absl::StatusOr<std::optional<ModelVersion>> Find(std::string_view name, std::string_view condition,
                                                   const store::SqlValue& value) const;
  absl::Status NotFound(const ModelReference& reference) const;

  store::Database* database_;
  store::ObjectStore* objects_;
  AliasLog aliases_;
};

}  // namespace roost::registry
