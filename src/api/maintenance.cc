#include "api/maintenance.h"

#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/status.h"
#include "registry/token_log.h"
#include "store/local_object_store.h"
#include "store/store.h"

namespace roost::api {
namespace {

namespace fs = std::filesystem;

/// The objects of a backup: `folder` is the backup, a project, or the folder of the objects itself.
absl::StatusOr<std::unique_ptr<store::ObjectStore>> OpenBackup(const std::string& folder) {
  for (const char* below : {"objects", ".roost/objects", "."}) {
    const fs::path objects = fs::path(folder) / below;
    std::error_code error;
    if (!fs::exists(objects / "format.json", error)) continue;
    TRY_ASSIGN(std::unique_ptr<store::ObjectStore> opened, store::LocalObjectStore::Open(objects.string()));
    return opened;
  }
  return WithHint(absl::InvalidArgumentError(fmt::format("'{}' is no backup: there is no format.json in it", folder)),
                  "'roost workspace backup FOLDER' makes one.");
}

}  // namespace

absl::StatusOr<CollectGarbageResponse> CollectGarbage(Project& project, const store::GarbageOptions& options,
                                                      const Context& context) {
  CollectGarbageResponse response;
  TRY_ASSIGN(response.data, store::CollectGarbage(project.store(), options, context));
  TRY_ASSIGN(response.models,
             registry::CollectPackages(project.registry(), project.store().objects(), options, context));
  return response;
}

absl::StatusOr<store::VerifyReport> VerifyData(Project& project, store::VerifyOptions options,
                                               const std::string& repair_from, const Context& context) {
  std::unique_ptr<store::ObjectStore> backup;
  if (!repair_from.empty()) {
    TRY_ASSIGN(backup, OpenBackup(repair_from));
    options.repair_from = backup.get();
  }
  TRY_ASSIGN(store::VerifyReport report, store::Verify(project.store(), options, context));
  if (!options.dataset.empty() || options.level == store::VerifyLevel::kGraph) return report;
  TRY_ASSIGN(const std::vector<registry::ModelVersion> models, project.registry().List());
  for (const registry::ModelVersion& model : models) {
    TRY(context.CheckCancelled());
    const absl::Status loaded = project.registry().Load(model).status();
    if (loaded.ok()) continue;
    const std::string name = fmt::format("{}@{}", model.name, model.version);
    report.damages.push_back({.object = "model " + name, .message = std::string(loaded.message()), .versions = {name}});
  }
  return report;
}

absl::StatusOr<store::BackupReport> BackupWorkspace(Project& project, const std::string& folder,
                                                    const Context& context) {
  TRY_ASSIGN(store::BackupReport report, store::Backup(project.store(), folder, context));
  const store::StoreLocation made{.objects = folder + "/objects", .database = folder + "/metadata.sqlite"};
  TRY_ASSIGN(const std::unique_ptr<store::Store> store, store::Store::Open(made));
  TRY_ASSIGN(registry::Registry registry, registry::Registry::Open(store->database(), store->objects()));
  TRY(registry.Restore().status());
  TRY(registry.audit().Restore().status());
  // They have no record objects: what is lost with the database is in no backup of the objects.
  TRY_ASSIGN(const registry::TokenLog own, registry::TokenLog::Open(project.store().database()));
  TRY_ASSIGN(registry::TokenLog tokens, registry::TokenLog::Open(store->database()));
  TRY(tokens.TakeFrom(own).status());
  return report;
}

absl::StatusOr<RecoverResponse> RecoverWorkspace(const std::string& folder, const Context& context) {
  TRY_ASSIGN(const store::StoreLocation location, FindWorkspace(folder));
  RecoverResponse response;
  TRY_ASSIGN(response.data, store::Recover(location, context));
  TRY_ASSIGN(const std::unique_ptr<store::Store> store, store::Store::Open(location));
  TRY_ASSIGN(registry::Registry registry, registry::Registry::Open(store->database(), store->objects()));
  TRY_ASSIGN(response.models, registry.Restore());
  TRY(registry.audit().Restore().status());
  return response;
}

}  // namespace roost::api
