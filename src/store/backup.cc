#include "store/backup.h"

#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "absl/container/flat_hash_set.h"
#include "base/hash.h"
#include "base/status.h"
#include "store/commit.h"
#include "store/local_object_store.h"
#include "store/names.h"
#include "store/recover.h"
#include "store/store.h"

namespace roost::store {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxPasses = 20;
constexpr char kFormatKey[] = "format.json";

/// Whether the object is what its key says, where the key says it.
bool IsSound(const std::string& key, const std::string& bytes) {
  if (!key.starts_with("packs/") && !key.starts_with("commits/") && !key.starts_with("models/")) return true;
  const size_t start = key.rfind('/') + 1;
  const absl::StatusOr<Digest> digest = Digest::FromHex(std::string_view(key).substr(start, 64));
  return !digest.ok() || Sha256(bytes) == *digest;
}

class Copier {
 public:
  Copier(ObjectStore& from, ObjectStore& to, const Context& context, BackupReport& report)
      : from_(from), to_(to), context_(context), report_(report) {}

  absl::Status Start() {
    TRY_ASSIGN(const std::vector<std::string> keys, to_.List(""));
    there_.insert(keys.begin(), keys.end());
    return absl::OkStatus();
  }

  /// Copies what is missing; `vanished` is set where an object was deleted meanwhile.
  absl::Status Copy(const std::vector<std::string>& keys, bool& vanished) {
    for (size_t i = 0; i < keys.size(); ++i) {
      TRY(context_.CheckCancelled());
      context_.Report({.stage = "copying",
                       .unit = "objects",
                       .done = static_cast<int64_t>(i),
                       .total = static_cast<int64_t>(keys.size())});
      if (there_.contains(keys[i])) {
        if (!copied_.contains(keys[i])) report_.kept += 1;
        continue;
      }
      const absl::StatusOr<std::string> bytes = from_.Get(keys[i]);
      if (absl::IsNotFound(bytes.status())) {
        vanished = true;
        continue;
      }
      if (!bytes.ok()) return bytes.status();
      if (!IsSound(keys[i], *bytes)) {
        report_.damages.push_back(fmt::format("{} is damaged", keys[i]));
        continue;
      }
      TRY(to_.Put(keys[i], *bytes));
      there_.insert(keys[i]);
      copied_.insert(keys[i]);
      report_.copied += 1;
      report_.bytes += static_cast<int64_t>(bytes->size());
    }
    return absl::OkStatus();
  }

 private:
  ObjectStore& from_;
  ObjectStore& to_;
  const Context& context_;
  BackupReport& report_;
  absl::flat_hash_set<std::string> there_;
  absl::flat_hash_set<std::string> copied_;
};

/// The names as they are, then all objects, then the names: whatever a copied name needs was there before it.
absl::Status CopyObjects(Store& store, ObjectStore& to, const Context& context, BackupReport& report) {
  Copier copier(store.objects(), to, context, report);
  TRY(copier.Start());
  for (int pass = 1;; ++pass) {
    report.kept = 0;
    report.damages.clear();
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
    TRY(copier.Copy(names, vanished));
    return copier.Copy({kFormatKey}, vanished);
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
  TRY_ASSIGN(const RecoverReport recovered, Recover(made, context));
  report.versions = recovered.versions;
  report.damages.insert(report.damages.end(), recovered.damages.begin(), recovered.damages.end());
  TRY(RemoveFiles(database, {"-wal", "-shm"}));
  std::error_code error;
  fs::rename(made.database, database, error);
  if (error) return ErrnoStatus(error.value(), fmt::format("writing {}", database));
  return report;
}

}  // namespace roost::store
