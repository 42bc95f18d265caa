#include "registry/package_garbage.h"

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/status.h"
#include "registry/ensure_table.h"
#include "registry/packages.h"

namespace roost::registry {
namespace {

using store::SqlRow;

constexpr int kMaxTries = 50;
constexpr char kCreateGarbage[] =
    "CREATE TABLE IF NOT EXISTS package_garbage (object_key TEXT NOT NULL PRIMARY KEY, since BIGINT NOT NULL)";
constexpr char kCreateRemovals[] =
    "CREATE TABLE IF NOT EXISTS package_removals (id BIGINT NOT NULL PRIMARY KEY, number BIGINT NOT NULL)";

absl::Status Forget(store::Database& database, const std::string& key) {
  return database.Execute("DELETE FROM package_garbage WHERE object_key = :p1", {key}).status();
}

// What was condemned, and when.
absl::StatusOr<std::map<std::string, absl::Time>> Condemned(store::Database& database) {
  TRY_ASSIGN(const std::vector<SqlRow> rows, database.Query("SELECT object_key, since FROM package_garbage"));
  std::map<std::string, absl::Time> condemned;
  for (const SqlRow& row : rows) {
    condemned[std::get<std::string>(row[0])] = absl::FromUnixMicros(std::get<int64_t>(row[1]));
  }
  return condemned;
}

class Collector {
 public:
  Collector(Registry& registry, store::ObjectStore& objects, const store::GarbageOptions& options,
            const Context& context)
      : registry_(registry), objects_(objects), options_(options), context_(context), now_(context.now()) {}

  absl::StatusOr<PackageGarbageReport> Run() {
    for (int tries = 0; tries < kMaxTries; ++tries) {
      TRY(context_.CheckCancelled());
      // Before the versions are read: what is stored later is not taken for garbage by this run.
      TRY_ASSIGN(const std::vector<std::string> listed, objects_.List("models"));
      TRY(FollowVersions());
      bool is_done = false;
      const auto sweep = [&]() -> absl::Status {
        TRY_ASSIGN(is_done, KnowsAllVersions());
        return is_done ? Sweep(listed) : absl::OkStatus();
      };
      TRY(options_.dry_run ? sweep() : registry_.database().InTransaction(sweep));
      if (is_done) return report_;
    }
    return absl::AbortedError("versions of models were registered again and again; run the collection again");
  }

 private:
  // Adds what the versions that were not seen before need.
  absl::Status FollowVersions() {
    TRY_ASSIGN(const std::vector<ModelVersion> versions, registry_.List());
    std::map<Digest, std::set<std::string>> followed;
    for (const ModelVersion& version : versions) {
      if (const auto known = needed_.find(version.manifest); known != needed_.end()) {
        followed[version.manifest] = known->second;
        continue;
      }
      TRY_ASSIGN(const Manifest manifest, registry_.LoadManifest(version));
      std::set<std::string>& keys = followed[version.manifest];
      keys.insert(PackageKey(version.manifest));
      for (const Manifest::Part& part : manifest.parts) keys.insert(PackageKey(part.digest));
    }
    needed_ = std::move(followed);
    return absl::OkStatus();
  }

  absl::StatusOr<bool> KnowsAllVersions() {
    TRY_ASSIGN(const std::vector<ModelVersion> versions, registry_.List());
    for (const ModelVersion& version : versions) {
      if (!needed_.contains(version.manifest)) return false;
    }
    return true;
  }

  bool IsNeeded(const std::string& key) const {
    for (const auto& [manifest, keys] : needed_) {
      if (keys.contains(key)) return true;
    }
    return false;
  }

  // Inside a transaction, unless it is a dry run.
  absl::Status Sweep(const std::vector<std::string>& listed) {
    report_ = {};
    TRY_ASSIGN(const auto condemned, Condemned(registry_.database()));
    bool removes = false;
    for (const auto& [key, since] : condemned) {
      if (IsNeeded(key)) {
        if (!options_.dry_run) TRY(Forget(registry_.database(), key));
        continue;
      }
      const bool is_due = since + options_.grace <= now_;
      TRY(AddSize(key, is_due ? report_.removed : report_.waiting));
      if (!is_due || options_.dry_run) continue;
      removes = true;
      TRY(objects_.Delete(key));
      TRY(Forget(registry_.database(), key));
    }
    for (const std::string& key : listed) {
      const bool is_ours = Digest::FromHex(std::string_view(key).substr(key.rfind('/') + 1)).ok();
      if (!is_ours || IsNeeded(key) || condemned.contains(key)) continue;
      TRY(AddSize(key, report_.condemned));
      if (options_.dry_run) continue;
      TRY(registry_.database()
              .Execute("INSERT INTO package_garbage (object_key, since) VALUES (:p1, :p2)",
                       {key, absl::ToUnixMicros(now_)})
              .status());
    }
    if (!removes) return absl::OkStatus();
    return registry_.database()
        .Execute(
            "INSERT INTO package_removals (id, number) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET number = "
            "package_removals.number + 1")
        .status();
  }

  absl::Status AddSize(const std::string& key, store::GarbageAmount& amount) {
    const absl::StatusOr<uint64_t> size = objects_.Size(key);
    if (size.ok()) amount.Add(static_cast<int64_t>(*size));
    return absl::IsNotFound(size.status()) ? absl::OkStatus() : size.status();
  }

  Registry& registry_;
  store::ObjectStore& objects_;
  const store::GarbageOptions& options_;
  const Context& context_;
  const absl::Time now_;
  std::map<Digest, std::set<std::string>> needed_;  // keys of objects, by the package
  PackageGarbageReport report_;
};

}  // namespace

absl::StatusOr<PackageGarbageReport> CollectPackages(Registry& registry, store::ObjectStore& objects,
                                                     const store::GarbageOptions& options, const Context& context) {
  return Collector(registry, objects, options, context).Run();
}

absl::Status OpenPackageGarbage(store::Database& database) {
  TRY(EnsureTable(database, "package_garbage", {kCreateGarbage}));
  return EnsureTable(database, "package_removals", {kCreateRemovals});
}

absl::StatusOr<int64_t> PackageRemovals(store::Database& database) {
  TRY_ASSIGN(const std::vector<SqlRow> rows, database.Query("SELECT number FROM package_removals"));
  return rows.empty() ? 0 : std::get<int64_t>(rows[0][0]);
}

absl::Status KeepPackage(const ModelPackage& package, const Manifest& manifest, int64_t removals,
                         store::Database& database, store::ObjectStore& objects, const Context& context) {
  TRY_ASSIGN(const int64_t removals_now, PackageRemovals(database));
  TRY_ASSIGN(const auto condemned, Condemned(database));
  std::vector<std::string> keys{PackageKey(Sha256(manifest.ToBytes()))};
  for (const Manifest::Part& part : manifest.parts) keys.push_back(PackageKey(part.digest));
  // A removal whose transaction failed leaves its row: the object may be gone all the same.
  bool store_again = removals_now != removals;
  for (const std::string& key : keys) {
    if (!condemned.contains(key)) continue;
    store_again = true;
    TRY(Forget(database, key));
  }
  return store_again ? PutPackage(package, manifest, objects, context) : absl::OkStatus();
}

}  // namespace roost::registry
