#include "store/backup.h"

#include <filesystem>
#include <memory>
#include <system_error>

#include <fmt/format.h>

#include "base/status.h"
#include "store/local_object_store.h"
#include "store/names.h"
#include "store/object_copier.h"
#include "store/recover.h"
#include "store/store.h"

namespace roost::store {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxPasses = 20;
constexpr char kFormatKey[] = "format.json";

/// The names as they are, then all objects, then the names: whatever a copied name needs was there before it.
absl::Status CopyObjects(Store& store, ObjectStore& to, const Context& context, BackupReport& report) {
  ObjectCopier copier(store.objects(), to, context);
  TRY(copier.Look());
  for (int pass = 1;; ++pass) {
    TRY(store.names().RecordPending());
    TRY_ASSIGN(const std::vector<std::string> names, store.objects().List("names"));
    std::vector<std::string> others;
    TRY_ASSIGN(const std::vector<std::string> all, store.objects().List(""));
    for (const std::string& key : all) {
      if (!key.starts_with("names/") && key != kFormatKey) others.push_back(key);
    }
    bool vanished = false;
    TRY(copier.Copy(others, vanished));
    // Garbage collection may have moved records into a pack that was not listed.
    if (vanished && pass < kMaxPasses) continue;
    if (vanished) return absl::AbortedError("garbage collection was in the way of the backup again and again");
    report.damages = copier.damages();
    TRY(copier.Copy(names, vanished));
    TRY(copier.Copy({kFormatKey}, vanished));
    report.copied = copier.copied();
    report.bytes = copier.bytes();
    // What was there before, the format too.
    const auto total = static_cast<int64_t>(others.size() + names.size() + 1);
    report.kept = total - report.copied - static_cast<int64_t>(report.damages.size());
    return absl::OkStatus();
  }
}

absl::Status RemoveFiles(const std::string& path, const std::vector<std::string>& endings) {
  for (const std::string& ending : endings) {
    std::error_code error;
    fs::remove(path + ending, error);
    if (error) return ErrnoStatus(error.value(), fmt::format("removing {}{}", path, ending));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<BackupReport> Backup(Store& store, const std::string& folder, const Context& context) {
  BackupReport report;
  const StoreLocation made{.objects = folder + "/objects", .database = folder + "/metadata.sqlite.new"};
  const std::string database = folder + "/metadata.sqlite";
  TRY_ASSIGN(const std::unique_ptr<LocalObjectStore> to, LocalObjectStore::Open(made.objects));
  TRY(CopyObjects(store, *to, context, report));
  TRY(RemoveFiles(made.database, {"", "-wal", "-shm"}));
  RecoverReport recovered;
  {
    TRY_ASSIGN(const std::unique_ptr<Store> backup, Store::OpenEmpty(made));
    TRY_ASSIGN(recovered, RecoverInto(*backup, context));
  }
  report.versions = recovered.versions;
  report.damages.insert(report.damages.end(), recovered.damages.begin(), recovered.damages.end());
  TRY(RemoveFiles(database, {"-wal", "-shm"}));
  std::error_code error;
  fs::rename(made.database, database, error);
  if (error) return ErrnoStatus(error.value(), fmt::format("writing {}", database));
  return report;
}

}  // namespace roost::store
