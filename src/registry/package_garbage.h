#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/context.h"
#include "registry/manifest.h"
#include "registry/registry.h"
#include "store/database.h"
#include "store/garbage.h"
#include "store/object_store.h"

namespace roost::registry {

/// What a collection of the objects of packages did, or would do.
struct PackageGarbageReport {
  store::GarbageAmount condemned;  ///< found by this run: no version needs them
  store::GarbageAmount waiting;    ///< found by earlier runs, not long enough ago
  store::GarbageAmount removed;    ///< found by earlier runs, long enough ago
};

/// Finds objects of packages that no version needs, and removes those that an earlier run found at least
/// `options.grace` ago. Safe beside registrations and other runs, whenever it is killed; who loads a version that is
/// deleted and collected meanwhile gets DataLoss. DataLoss where a manifest is damaged: nothing is removed then.
/// Aborted where versions were registered again and again meanwhile. Cost: reads the manifests of all versions, lists
/// the objects.
absl::StatusOr<PackageGarbageReport> CollectPackages(Registry& registry, store::ObjectStore& objects,
                                                     const store::GarbageOptions& options, const Context& context);

/// For Registry: makes the tables where they are missing.
absl::Status OpenPackageGarbage(store::Database& database);

/// For Registry: how often objects were removed.
absl::StatusOr<int64_t> PackageRemovals(store::Database& database);

/// For Registry, inside the transaction that names the package: what a collection has removed since `removals` was
/// read is stored again, and what it would remove is so no more.
absl::Status KeepPackage(const ModelPackage& package, const Manifest& manifest, int64_t removals,
                         store::Database& database, store::ObjectStore& objects, const Context& context);

}  // namespace roost::registry
