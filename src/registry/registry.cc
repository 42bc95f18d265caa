#include "registry/registry.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/format.h"
#include "base/status.h"
#include "registry/ensure_table.h"
#include "registry/package_garbage.h"
#include "registry/packages.h"
#include "registry/records.h"

namespace roost::registry {
namespace {

using store::SqlRow;

constexpr char kCreateTable[] =
    "CREATE TABLE IF NOT EXISTS model_versions (name TEXT NOT NULL, version BIGINT NOT NULL, manifest TEXT NOT NULL, "
    "author TEXT NOT NULL, created_us BIGINT NOT NULL, PRIMARY KEY (name, version), UNIQUE (name, manifest))";
constexpr char kSelect[] = "SELECT name, version, manifest, author, created_us FROM model_versions";
constexpr char kRecords[] = "names/models";

std::string RecordKey(std::string_view name, int64_t version) {
  return fmt::format("{}/{}/{}", kRecords, name, version);
}

absl::StatusOr<ModelVersion> FromRow(const SqlRow& row) {
  const auto* name = std::get_if<std::string>(&row[0]);
  const auto* version = std::get_if<int64_t>(&row[1]);
  const auto* manifest = std::get_if<std::string>(&row[2]);
  const auto* author = std::get_if<std::string>(&row[3]);
  const auto* created = std::get_if<int64_t>(&row[4]);
  if (!name || !version || !manifest || !author || !created) {
    return absl::DataLossError("a row of the table model_versions has a value of another type");
  }
  TRY_ASSIGN(const Digest digest, Digest::FromHex(*manifest));
  return ModelVersion{.name = *name,
                      .version = *version,
                      .manifest = digest,
                      .author = *author,
                      .created = absl::FromUnixMicros(*created)};
}

absl::StatusOr<std::vector<ModelVersion>> FromRows(const std::vector<SqlRow>& rows) {
  std::vector<ModelVersion> versions;
  for (const SqlRow& row : rows) {
    TRY_ASSIGN(ModelVersion version, FromRow(row));
    versions.push_back(std::move(version));
  }
  return versions;
}

}  // namespace

absl::StatusOr<Registry> Registry::Open(store::Database& database, store::ObjectStore& objects) {
  TRY(EnsureTable(database, "model_versions", {kCreateTable}));
  TRY(OpenPackageGarbage(database));
  TRY_ASSIGN(const AuditLog audit, AuditLog::Open(database, objects));
  TRY_ASSIGN(const AliasLog aliases, AliasLog::Open(database, objects, audit));
  TRY_ASSIGN(const VersionStates states, VersionStates::Open(database, objects, audit));
  TRY_ASSIGN(const SignatureLog signatures, SignatureLog::Open(database, objects, audit));
  return Registry(database, objects, audit, aliases, states, signatures);
}

absl::StatusOr<ModelVersion> Registry::Register(std::string_view name, const ModelPackage& package,
                                                std::string_view author, const Context& context) {
  TRY(CheckName(name, "name of a model"));
  TRY_ASSIGN(const Manifest manifest, MakeManifest(package));
  TRY_ASSIGN(const int64_t removals, PackageRemovals(*database_));
  TRY(PutPackage(package, manifest, *objects_, context));
  ModelVersion version{.name = std::string(name),
                       .manifest = Sha256(manifest.ToBytes()),
                       .author = std::string(author),
                       .created = absl::FromUnixMicros(absl::ToUnixMicros(context.now()))};
  const absl::Status inserted = database_->InTransaction([&]() -> absl::Status {
    TRY_ASSIGN(const std::vector<ModelVersion> adopted, AdoptRecords(name));
    for (const ModelVersion& finished : adopted) TRY(WriteDown(finished, context.now()));
    TRY_ASSIGN(const std::optional<ModelVersion> same, Find(name, "manifest = :p2", version.manifest.ToHex()));
    if (same.has_value()) {
      version = *same;
      return absl::OkStatus();
    }
    TRY(KeepPackage(package, manifest, removals, *database_, *objects_, context));
    TRY_ASSIGN(version.version, NextNumber(name));
    TRY(Insert(version));
    TRY(objects_->Put(RecordKey(name, version.version), ToRecord(version)));
    return WriteDown(version, context.now());
  });
  if (!inserted.ok()) return Annotate(inserted, fmt::format("registering a version of {}", name));
  return version;
}

absl::Status Registry::WriteDown(const ModelVersion& version, absl::Time now) {
  return audit_.Append({.actor = version.author,
                        .action = "model.registered",
                        .object = version.ToString(),
                        .details = {{"manifest", version.manifest.ToHex()}}},
                       now);
}

// Numbers of deleted versions are not given again.
absl::StatusOr<int64_t> Registry::NextNumber(std::string_view name) const {
  TRY_ASSIGN(const std::optional<ModelVersion> newest, Find(name, "version > :p2", int64_t{0}));
  TRY_ASSIGN(const auto states, states_.Current(name));
  const int64_t highest = newest.has_value() ? newest->version : 0;
  return std::max(highest, states.empty() ? 0 : states.rbegin()->first) + 1;
}

absl::Status Registry::Insert(const ModelVersion& version) {
  return database_
      ->Execute(
          "INSERT INTO model_versions (name, version, manifest, author, created_us) VALUES (:p1, :p2, :p3, :p4, :p5)",
          {version.name, version.version, version.manifest.ToHex(), version.author,
           absl::ToUnixMicros(version.created)})
      .status();
}

absl::StatusOr<std::vector<ModelVersion>> Registry::Unfinished(std::string_view name) const {
  TRY_ASSIGN(const std::optional<ModelVersion> newest, Find(name, "version > :p2", int64_t{0}));
  std::vector<ModelVersion> unfinished;
  for (int64_t next = newest.has_value() ? newest->version + 1 : 1;; ++next) {
    const std::string key = RecordKey(name, next);
    const absl::StatusOr<std::string> bytes = objects_->Get(key);
    if (absl::IsNotFound(bytes.status())) return unfinished;
    if (!bytes.ok()) return bytes.status();
    const absl::StatusOr<ModelVersion> version = ParseRecord(*bytes);
    if (!version.ok()) return Annotate(version.status(), key);
    if (version->name != name || version->version != next) {
      return absl::DataLossError(fmt::format("{}: the record is that of {}", key, version->ToString()));
    }
    TRY_ASSIGN(const std::optional<StateChange> state, states_.Last(name, next));
    if (state.has_value() && state->state == VersionState::kDeleted) continue;
    unfinished.push_back(*version);
  }
}

// A process that died between writing a record and committing its row leaves a record alone. Its package is complete:
// the version is finished in its stead. Inside a transaction.
absl::StatusOr<std::vector<ModelVersion>> Registry::AdoptRecords(std::string_view name) {
  TRY_ASSIGN(std::vector<ModelVersion> adopted, Unfinished(name));
  for (const ModelVersion& version : adopted) TRY(Insert(version));
  return adopted;
}

absl::StatusOr<std::vector<ModelVersion>> Registry::List(const std::optional<std::string>& name) const {
  const std::string order = " ORDER BY name, version";
  if (!name.has_value()) {
    TRY_ASSIGN(const std::vector<SqlRow> rows, database_->Query(kSelect + order));
    return FromRows(rows);
  }
  TRY_ASSIGN(const std::vector<SqlRow> rows,
             database_->Query(std::string(kSelect) + " WHERE name = :p1" + order, {*name}));
  return FromRows(rows);
}

// The newest version of `name` with `condition`, in which `value` is :p2.
absl::StatusOr<std::optional<ModelVersion>> Registry::Find(std::string_view name, std::string_view condition,
                                                           const store::SqlValue& value) const {
  TRY_ASSIGN(
      const std::vector<SqlRow> rows,
      database_->Query(fmt::format("{} WHERE name = :p1 AND {} ORDER BY version DESC LIMIT 1", kSelect, condition),
                       {std::string(name), value}));
  if (rows.empty()) return std::optional<ModelVersion>();
  TRY_ASSIGN(ModelVersion version, FromRow(rows.front()));
  return std::optional(std::move(version));
}

absl::StatusOr<ModelVersion> Registry::Resolve(std::string_view text) const {
  TRY_ASSIGN(ModelReference reference, ParseModelReference(text));
  std::optional<int64_t> number = reference.version;
  if (reference.alias.has_value()) {
    TRY_ASSIGN(number, aliases_.Target(reference.name, *reference.alias));
    if (!number.has_value()) return NotFound(reference);
  }
  if (!number.has_value()) return Latest(reference);
  TRY_ASSIGN(std::optional<ModelVersion> found, Find(reference.name, "version = :p2", *number));
  if (!found.has_value()) return NotFound(reference);
  return *std::move(found);
}

absl::StatusOr<ModelVersion> Registry::Latest(const ModelReference& reference) const {
  TRY_ASSIGN(const std::vector<ModelVersion> versions, List(reference.name));
  TRY_ASSIGN(const auto states, states_.Current(reference.name));
  for (auto version = versions.rbegin(); version != versions.rend(); ++version) {
    const auto state = states.find(version->version);
    if (state == states.end() || state->second.state == VersionState::kActive) return *version;
  }
  if (versions.empty()) return NotFound(reference);
  return WithHint(
      absl::NotFoundError(
          fmt::format("every version of model '{}' is retired: there is no latest one", reference.name)),
      fmt::format("Name a version, as {}, or 'roost model retire --undo' one.", versions.back().ToString()));
}

absl::Status Registry::NotFound(const ModelReference& reference) const {
  TRY_ASSIGN(const std::vector<ModelVersion> all, List());
  std::vector<std::string> names;
  int64_t newest = 0;
  for (const ModelVersion& version : all) {
    if (names.empty() || names.back() != version.name) names.push_back(version.name);
    if (version.name == reference.name) newest = version.version;
  }
  if (reference.version.has_value()) {
    TRY_ASSIGN(const std::optional<StateChange> state, states_.Last(reference.name, *reference.version));
    if (state.has_value() && state->state == VersionState::kDeleted) {
      return absl::NotFoundError(fmt::format("{}@{} was deleted by {} at {}: {}", reference.name, *reference.version,
                                             state->author, FormatUtcSeconds(state->changed), state->reason));
    }
  }
  if (newest == 0) {
    const std::string_view closest = ClosestName(reference.name, names);
    const std::string hint = names.empty()      ? "No model is registered yet; 'roost train' makes one."
                             : !closest.empty() ? fmt::format("did you mean '{}'?", closest)
                                                : "'roost model list' shows the models.";
    return WithHint(absl::NotFoundError(fmt::format("there is no model '{}'", reference.name)), hint);
  }
  if (reference.alias.has_value()) {
    return WithHint(absl::NotFoundError(fmt::format("model '{}' has no alias '{}'", reference.name, *reference.alias)),
                    fmt::format("Use a version, {}@1 to {}@{}, or {}@latest.", reference.name, reference.name, newest,
                                reference.name));
  }
  return WithHint(absl::NotFoundError(fmt::format("model '{}' has no version {}", reference.name, *reference.version)),
                  fmt::format("Its newest version is {}@{}.", reference.name, newest));
}

absl::StatusOr<Manifest> Registry::LoadManifest(const ModelVersion& version) const {
  return GetManifest(version.manifest, version.ToString(), *objects_);
}

absl::StatusOr<ModelPackage> Registry::Load(const ModelVersion& version) const {
  TRY_ASSIGN(const Manifest manifest, LoadManifest(version));
  ModelPackage package;
  for (const Manifest::Part& part : manifest.parts) {
    TRY_ASSIGN(package.parts[part.name], GetPart(part, version.ToString(), *objects_));
  }
  return package;
}

absl::StatusOr<std::string> Registry::LoadPart(const ModelVersion& version, std::string_view part) const {
  TRY_ASSIGN(const Manifest manifest, LoadManifest(version));
  const Manifest::Part* found = manifest.Find(part);
  if (found == nullptr) {
    return absl::NotFoundError(fmt::format("the package of {} has no part '{}'", version.ToString(), part));
  }
  return GetPart(*found, version.ToString(), *objects_);
}

absl::StatusOr<int64_t> Registry::Restore() {
  TRY_ASSIGN(const int64_t changes, states_.Restore());  // before the versions: some are deleted
  TRY_ASSIGN(const std::vector<std::string> keys, objects_->List(kRecords));
  int64_t restored = 0;
  const absl::Status done = database_->InTransaction([&]() -> absl::Status {
    TRY_ASSIGN(restored, AdoptFolders(keys, kRecords, [&](const std::string& name) -> absl::StatusOr<int64_t> {
                 TRY_ASSIGN(const std::vector<ModelVersion> adopted, AdoptRecords(name));
                 return std::ssize(adopted);
               }));
    // Where the database was not lost, but is behind: what was deleted since.
    TRY_ASSIGN(const std::vector<StateChange> states, states_.CurrentOfAll());
    for (const StateChange& state : states) {
      if (state.state != VersionState::kDeleted) continue;
      TRY(database_
              ->Execute("DELETE FROM model_versions WHERE name = :p1 AND version = :p2", {state.model, state.version})
              .status());
    }
    return absl::OkStatus();
  });
  TRY(done);
  TRY_ASSIGN(const int64_t moves, aliases_.Restore());
  TRY_ASSIGN(const int64_t signatures, signatures_.Restore());
  return changes + restored + moves + signatures;
}

}  // namespace roost::registry
