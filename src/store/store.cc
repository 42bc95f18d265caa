#include "store/store.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include <arrow/api.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/format.h"
#include "base/json.h"
#include "base/status.h"
#include "store/leaf_codec.h"
#include "store/local_object_store.h"
#include "store/record_writer.h"
#include "store/records.h"
#include "store/table_change.h"
#include "store/table_reader.h"
#include "store/tile_loader.h"
#include "table/arrow_status.h"

namespace roost::store {

struct Store::State {
  State(std::unique_ptr<ObjectStore> object_store, std::unique_ptr<Database> metadata)
      : objects(std::move(object_store)), database(std::move(metadata)), records(*objects, *database), tiles(records) {}

  std::unique_ptr<ObjectStore> objects;
  std::unique_ptr<Database> database;
  Records records;
  TileLoader tiles;
};

namespace {

constexpr int kStoreFormat = 2;
constexpr int kOldestFormat = 1;
constexpr char kFormatKey[] = "format.json";
constexpr char kObjectsFolder[] = "objects";
constexpr char kDatabaseFile[] = "metadata.sqlite";

bool PathExists(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

/// A store names the features that who reads or writes it must know; this version knows none.
absl::Status CheckFormat(ObjectStore& objects, const std::string& folder) {
  TRY_ASSIGN(const std::string text, objects.Get(kFormatKey));
  const absl::StatusOr<Json> json = ParseJson(text, fmt::format("{}/{}/{}", folder, kObjectsFolder, kFormatKey));
  if (!json.ok()) return absl::DataLossError(std::string(json.status().message()));
  try {
    const int version = json->at("version").get<int>();
    if (json->at("format") != "roost store") return absl::DataLossError(fmt::format("{} is damaged", kFormatKey));
    if (version >= kOldestFormat && version <= kStoreFormat && json->at("reader_features").empty() &&
        json->at("writer_features").empty()) {
      return absl::OkStatus();
    }
    return WithHint(absl::FailedPreconditionError(fmt::format(
                        "the workspace {} has format {} ({}); this program knows formats {} to {} without features",
                        folder, version, ToLine(*json), kOldestFormat, kStoreFormat)),
                    "Use the newer version of Roost that made it.");
  } catch (const nlohmann::json::exception& error) {
    return absl::DataLossError(fmt::format("{} of workspace {}: {}", kFormatKey, folder, error.what()));
  }
}

StoreLocation LocationIn(const std::string& folder) {
  return {.objects = fmt::format("{}/{}", folder, kObjectsFolder),
          .database = fmt::format("{}/{}", folder, kDatabaseFile)};
}

/// The folder that messages name.
std::string WorkspaceOf(const std::string& objects) { return std::filesystem::path(objects).parent_path().string(); }

absl::Status LostRace(const std::string& dataset) {
  return WithHint(
      absl::AbortedError(fmt::format("another writer made a version of '{}' while these rows were stored", dataset)),
      "Nothing was added; run the command again.");
}

absl::Status CreateTables(Database& database) {
  TRY(Records::CreateTables(database));
  return database
      .Execute(
          "CREATE TABLE IF NOT EXISTS versions (dataset TEXT NOT NULL, version BIGINT NOT NULL, "
          "commit_id TEXT NOT NULL, recorded BIGINT NOT NULL, PRIMARY KEY (dataset, version))")
      .status();
}

/// The objects of a workspace that is there and of a known format.
absl::StatusOr<std::unique_ptr<ObjectStore>> OpenObjects(const StoreLocation& location) {
  if (!PathExists(fmt::format("{}/{}", location.objects, kFormatKey))) {
    return WithHint(
        absl::FailedPreconditionError(fmt::format("there is no workspace in {}", WorkspaceOf(location.objects))),
        "'roost init' makes one");
  }
  TRY_ASSIGN(std::unique_ptr<ObjectStore> objects, LocalObjectStore::Open(location.objects));
  TRY(CheckFormat(*objects, WorkspaceOf(location.objects)));
  return objects;
}

}  // namespace

Store::Store(std::unique_ptr<State> state) : state_(std::move(state)) {}
Store::~Store() = default;

ObjectStore& Store::objects() { return *state_->objects; }
Database& Store::database() { return *state_->database; }
Records& Store::records() { return state_->records; }
TileLoader& Store::tiles() { return state_->tiles; }

absl::StatusOr<std::unique_ptr<Store>> Store::Create(const std::string& folder) { return Create(LocationIn(folder)); }

absl::StatusOr<std::unique_ptr<Store>> Store::Create(const StoreLocation& location) {
  TRY_ASSIGN(std::unique_ptr<LocalObjectStore> objects, LocalObjectStore::Open(location.objects));
  TRY_ASSIGN(const bool is_there, objects->Exists(kFormatKey));
  if (is_there) return Open(location);
  {
    TRY_ASSIGN(const std::unique_ptr<Database> database, Database::Open(location.database));
    TRY(CreateTables(*database));
  }
  // Last: a workspace is there when its format says so.
  TRY(objects->Put(kFormatKey, ToText({{"format", "roost store"},
                                       {"version", kStoreFormat},
                                       {"reader_features", Json::array()},
                                       {"writer_features", Json::array()}})));
  return Open(location);
}

absl::StatusOr<std::unique_ptr<Store>> Store::Open(const std::string& folder) { return Open(LocationIn(folder)); }

absl::StatusOr<std::unique_ptr<Store>> Store::Open(const StoreLocation& location) {
  TRY_ASSIGN(std::unique_ptr<ObjectStore> objects, OpenObjects(location));
  const bool is_file = location.database.find("://") == std::string::npos;
  if (is_file && !PathExists(location.database)) {
    return absl::DataLossError(
        fmt::format("the workspace {} has lost its database {}; its data and names are still in {}",
                    WorkspaceOf(location.objects), kDatabaseFile, location.objects));
  }
  TRY_ASSIGN(std::unique_ptr<Database> database, Database::Open(location.database));
  if (absl::IsInternal(database->Query("SELECT version FROM versions LIMIT 1").status())) {
    return absl::DataLossError(
        fmt::format("the database of the workspace {} holds nothing of it: the wrong one, or "
                    "emptied; its data and names are still in {}",
                    WorkspaceOf(location.objects), location.objects));
  }
  // Workspaces of before have no table of garbage.
  if (absl::IsInternal(database->Query("SELECT epoch FROM garbage_epoch").status())) TRY(CreateTables(*database));
  return std::unique_ptr<Store>(new Store(std::make_unique<State>(std::move(objects), std::move(database))));
}

absl::StatusOr<std::unique_ptr<Store>> Store::OpenEmpty(const StoreLocation& location) {
  TRY_ASSIGN(std::unique_ptr<ObjectStore> objects, OpenObjects(location));
  TRY_ASSIGN(std::unique_ptr<Database> database, Database::Open(location.database));
  return Over(std::move(objects), std::move(database));
}

absl::StatusOr<std::unique_ptr<Store>> Store::Over(std::unique_ptr<ObjectStore> objects,
                                                   std::unique_ptr<Database> database) {
  TRY(CreateTables(*database));
  return std::unique_ptr<Store>(new Store(std::make_unique<State>(std::move(objects), std::move(database))));
}

absl::StatusOr<CommitInfo> Store::Commit(const CommitRequest& request, arrow::RecordBatchReader& reader,
                                         const Context& context) {
  TRY(CheckDatasetName(request.dataset));
  TRY_ASSIGN(const std::optional<CommitInfo> parent, Latest(request.dataset));
  if (request.expected_version.value_or(parent ? parent->version : 0) != (parent ? parent->version : 0)) {
    return LostRace(request.dataset);
  }
  std::optional<TableObject> parent_table;
  if (parent.has_value()) {
    TRY_ASSIGN(parent_table, LoadTable(*parent));
  }
  RecordWriter records(*state_->objects, state_->records, context);
  TRY_ASSIGN(const ChangedTable changed, WriteChange(request, parent_table, reader, state_->tiles, records, context));
  const TableObject& table = changed.table;
  std::map<std::string, std::string> attachments;
  if (request.attachments) {
    TRY_ASSIGN(attachments, request.attachments());
  }
  CommitInfo info{.dataset = request.dataset};
  info.table = IdOfObject(kTableTag, WriteTable(table));
  if (parent.has_value() && parent->table == info.table) {
    CommitInfo same = *parent;
    same.unchanged = true;
    same.counts = changed.counts;
    return same;
  }
  info.version = parent.has_value() ? parent->version + 1 : 1;
  if (parent.has_value()) info.parents.push_back(parent->digest);
  info.rows = table.rows;
  info.rows_added = table.rows - (parent.has_value() ? parent->rows : 0);
  info.bytes_in = changed.bytes_in;
  info.counts = changed.counts;
  info.time = context.now();
  info.author = request.author;
  info.message = request.message;
  info.provenance = request.provenance;
  for (const StoredColumn& column : table.columns) info.columns.push_back({column.name, column.type});
  for (const auto& [name, bytes] : attachments) {
    if (bytes.size() > kMaxObjectBytes) {
      return absl::InvalidArgumentError(
          fmt::format("attachment '{}' has {} bytes; at most {} are stored", name, bytes.size(), kMaxObjectBytes));
    }
    TRY_ASSIGN(info.attachments[name], records.AddObject(kBlobTag, static_cast<uint8_t>(RecordKind::kBlob), bytes));
  }
  TRY_ASSIGN(const SealedRecords sealed, records.Seal());
  for (const Pack& pack : sealed.packs) info.bytes_stored += static_cast<int64_t>(pack.bytes_total);
  TRY(context.CheckCancelled());
  return Publish(std::move(info), sealed);
}

absl::StatusOr<CommitInfo> Store::Publish(CommitInfo info, const SealedRecords& sealed) {
  const std::string bytes = WriteCommit(info);
  // What is returned is what will be read: a message that is not UTF-8 has its wrong bytes replaced, for example.
  TRY_ASSIGN(CommitInfo stored, ReadCommit(bytes));
  TRY(state_->objects->Put(CommitKey(stored.digest), bytes));
  TRY(state_->database->InTransaction([&] { return MoveName(stored, sealed); }));
  // The version stands now. Where its record cannot be written (a full disk), the next commit writes it; an error
  // here would make the user add the same rows again.
  RecordNames().IgnoreError();
  return stored;
}

absl::Status Store::MoveName(const CommitInfo& info, const SealedRecords& sealed) {
  TRY_ASSIGN(
      const std::vector<SqlRow> latest,
      state_->database->Query(
          "SELECT version, commit_id FROM versions WHERE dataset = :p1 ORDER BY version DESC LIMIT 1", {info.dataset}));
  const bool is_next = latest.empty() ? info.parents.empty()
                                      : !info.parents.empty() && std::get<int64_t>(latest[0][0]) + 1 == info.version &&
                                            std::get<std::string>(latest[0][1]) == info.parents.front().ToHex();
  if (!is_next) {
    return LostRace(info.dataset);
  }
  const std::string key = CommitKey(info.digest);
  TRY(state_->records.EnterSealed(sealed, {&key, 1}));
  return state_->database
      ->Execute("INSERT INTO versions (dataset, version, commit_id, recorded) VALUES (:p1, :p2, :p3, 0)",
                {info.dataset, info.version, info.digest.ToHex()})
      .status();
}

absl::Status Store::RecordNames() {
  TRY_ASSIGN(const std::vector<SqlRow> rows,
             state_->database->Query("SELECT commit_id FROM versions WHERE recorded = 0"));
  for (const SqlRow& row : rows) {
    TRY_ASSIGN(const CommitInfo info, LoadCommit(std::get<std::string>(row[0])));
    TRY(state_->objects->Put(NameRecordKey(info.dataset, info.version), WriteNameRecord(info)));
    TRY(state_->database
            ->Execute("UPDATE versions SET recorded = 1 WHERE dataset = :p1 AND version = :p2",
                      {info.dataset, info.version})
            .status());
  }
  return absl::OkStatus();
}

absl::StatusOr<CommitInfo> Store::LoadCommit(const std::string& hex) {
  TRY_ASSIGN(const Digest digest, Digest::FromHex(hex));
  const std::string key = CommitKey(digest);
  absl::StatusOr<std::string> bytes = state_->objects->Get(key);
  if (absl::IsNotFound(bytes.status())) return absl::DataLossError(fmt::format("{} is missing", key));
  if (!bytes.ok()) return bytes.status();
  if (Sha256(*bytes) != digest) return absl::DataLossError(fmt::format("{} is damaged", key));
  absl::StatusOr<CommitInfo> info = ReadCommit(*bytes);
  if (!info.ok()) return Annotate(info.status(), key);
  return info;
}

/// The version of a row "version, commit_id". A damaged row may name another version's commit.
absl::StatusOr<CommitInfo> Store::LoadVersion(const std::string& dataset, const SqlRow& row) {
  TRY_ASSIGN(CommitInfo info, LoadCommit(std::get<std::string>(row[1])));
  if (info.dataset == dataset && info.version == std::get<int64_t>(row[0])) return info;
  return absl::DataLossError(
      fmt::format("the database says that {}@{} is the commit of {}", dataset, std::get<int64_t>(row[0]), info.Name()));
}

absl::StatusOr<std::optional<CommitInfo>> Store::Latest(const std::string& dataset) {
  TRY_ASSIGN(
      const std::vector<SqlRow> rows,
      state_->database->Query(
          "SELECT version, commit_id FROM versions WHERE dataset = :p1 ORDER BY version DESC LIMIT 1", {dataset}));
  if (rows.empty()) return std::nullopt;
  TRY_ASSIGN(CommitInfo info, LoadVersion(dataset, rows[0]));
  return info;
}

absl::Status Store::NoSuchDataset(const std::string& dataset) {
  TRY_ASSIGN(const std::vector<std::string> names, Datasets());
  const std::string_view closest = ClosestName(dataset, names);
  std::string hint = "'roost data add' makes one";
  if (!closest.empty()) {
    hint = fmt::format("did you mean '{}'?", closest);
  } else if (!names.empty()) {
    hint = fmt::format("There are: {}.", fmt::join(names, ", "));
  }
  return WithHint(absl::NotFoundError(fmt::format("there is no dataset '{}'", dataset)), hint);
}

absl::StatusOr<CommitInfo> Store::Resolve(const DatasetRef& ref) {
  if (ref.version.has_value()) {
    // The newest version is not looked at: it may be damaged.
    TRY_ASSIGN(const std::vector<SqlRow> rows,
               state_->database->Query("SELECT version, commit_id FROM versions WHERE dataset = :p1 AND version = :p2",
                                       {ref.name, *ref.version}));
    if (!rows.empty()) return LoadVersion(ref.name, rows[0]);
  }
  TRY_ASSIGN(std::optional<CommitInfo> latest, Latest(ref.name));
  if (!latest.has_value()) return NoSuchDataset(ref.name);
  if (!ref.version.has_value()) return *std::move(latest);
  const std::string versions =
      latest->version == 1 ? "only version 1" : fmt::format("versions 1 to {}", latest->version);
  return WithHint(
      absl::NotFoundError(fmt::format("there is no {}: dataset '{}' has {}", ref.ToString(), ref.name, versions)),
      fmt::format("'roost data log {}' lists them", ref.name));
}

absl::StatusOr<std::vector<CommitInfo>> Store::Log(const std::string& dataset) {
  TRY_ASSIGN(const std::vector<SqlRow> rows,
             state_->database->Query(
                 "SELECT version, commit_id FROM versions WHERE dataset = :p1 ORDER BY version DESC", {dataset}));
  if (rows.empty()) return NoSuchDataset(dataset);
  std::vector<CommitInfo> log;
  for (const SqlRow& row : rows) {
    TRY_ASSIGN(CommitInfo info, LoadVersion(dataset, row));
    log.push_back(std::move(info));
  }
  return log;
}

absl::StatusOr<std::vector<std::string>> Store::Datasets() {
  TRY_ASSIGN(const std::vector<SqlRow> rows,
             state_->database->Query("SELECT DISTINCT dataset FROM versions ORDER BY dataset"));
  std::vector<std::string> names;
  for (const SqlRow& row : rows) names.push_back(std::get<std::string>(row[0]));
  return names;
}

absl::StatusOr<TableObject> Store::LoadTable(const CommitInfo& info) {
  absl::StatusOr<std::string> bytes = state_->records.LoadObject(info.table, kTableTag);
  if (!bytes.ok()) return Annotate(bytes.status(), info.Name());
  absl::StatusOr<TableObject> table = ReadTable(*bytes);
  if (!table.ok()) return Annotate(table.status(), info.Name());
  return table;
}

absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> Store::Read(const CommitInfo& info,
                                                                      const ReadOptions& options,
                                                                      const Context& context) {
  TRY_ASSIGN(TableObject table, LoadTable(info));
  std::vector<std::string> names;
  for (const StoredColumn& column : table.columns) names.push_back(column.name);
  std::vector<size_t> columns;
  for (const std::string& name : options.columns.empty() ? names : options.columns) {
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
      const std::string_view closest = ClosestName(name, names);
      return WithHint(absl::InvalidArgumentError(fmt::format("{} has no column '{}'", info.Name(), name)),
                      closest.empty() ? fmt::format("Its columns: {}.", fmt::join(names, ", "))
                                      : fmt::format("did you mean '{}'?", closest));
    }
    columns.push_back(static_cast<size_t>(found - names.begin()));
  }
  return ReadRows(std::move(table), std::move(columns), options.dictionary_strings, info.Name(), state_->tiles,
                  context);
}

absl::StatusOr<std::string> Store::Attachment(const CommitInfo& info, const std::string& name) {
  const auto found = info.attachments.find(name);
  if (found == info.attachments.end()) {
    return absl::NotFoundError(fmt::format("{} has no attachment '{}'", info.Name(), name));
  }
  absl::StatusOr<std::string> bytes = state_->records.LoadObject(found->second, kBlobTag);
  if (!bytes.ok()) return Annotate(bytes.status(), fmt::format("{}, attachment '{}'", info.Name(), name));
  return bytes;
}

absl::StatusOr<std::shared_ptr<arrow::Schema>> Store::SchemaOf(const CommitInfo& info) {
  TRY_ASSIGN(const TableObject table, LoadTable(info));
  return SchemaOfColumns(table.columns, /*dictionary_strings=*/false);
}

}  // namespace roost::store
