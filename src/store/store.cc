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
#include "store/names.h"
#include "store/ordered_reader.h"
#include "store/record_writer.h"
#include "store/records.h"
#include "store/table_change.h"
#include "store/table_reader.h"
#include "store/tile_loader.h"
#include "table/arrow_status.h"

namespace roost::store {

struct Store::State {
  State(std::unique_ptr<ObjectStore> object_store, std::unique_ptr<Database> metadata)
      : objects(std::move(object_store)),
        database(std::move(metadata)),
        records(*objects, *database),
        tiles(records),
        names(*objects, *database) {}

  std::unique_ptr<ObjectStore> objects;
  std::unique_ptr<Database> database;
  Records records;
  TileLoader tiles;
  Names names;
};

namespace {

constexpr int kStoreFormat = 3;
constexpr int kOldestFormat = 1;
constexpr char kFormatKey[] = "format.json";

bool PathExists(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

/// What messages name.
std::string WorkspaceOf(const std::string& objects) {
  return IsS3Url(objects) ? objects : std::filesystem::path(objects).parent_path().string();
}

/// A database is a URL or the path of a file.
bool IsFile(const std::string& database) { return database.find("://") == std::string::npos; }

absl::Status NoWorkspace(const StoreLocation& location) {
  return WithHint(
      absl::FailedPreconditionError(fmt::format("there is no workspace in {}", WorkspaceOf(location.objects))),
      "'roost init' makes one");
}

absl::Status LostDatabase(const StoreLocation& location) {
  const absl::Status lost = absl::DataLossError(fmt::format(
      "the workspace {} has lost its database {}; its data and names are still in {}", WorkspaceOf(location.objects),
      std::filesystem::path(location.database).filename().string(), location.objects));
  if (!IsS3Url(location.objects)) return lost;
  return WithHint(lost, "A workspace that several machines use needs a PostgreSQL database: 'workspace.database'.");
}

/// A store names the features that who reads or writes it must know; this version knows none.
absl::Status CheckFormat(const std::string& text, const StoreLocation& location) {
  const std::string workspace = WorkspaceOf(location.objects);
  const absl::StatusOr<Json> json = ParseJson(text, fmt::format("{}/{}", location.objects, kFormatKey));
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
                        workspace, version, ToLine(*json), kOldestFormat, kStoreFormat)),
                    "Use the newer version of Roost that made it.");
  } catch (const nlohmann::json::exception& error) {
    return absl::DataLossError(fmt::format("{} of workspace {}: {}", kFormatKey, workspace, error.what()));
  }
}

absl::Status CreateTables(Database& database) {
  TRY(Records::CreateTables(database));
  return Names::CreateTables(database);
}

/// The objects of a workspace that is there and of a known format.
absl::StatusOr<std::unique_ptr<ObjectStore>> OpenWorkspace(const StoreLocation& location) {
  // Opening makes the folder: not where there is nothing to open.
  if (!IsS3Url(location.objects) && !PathExists(location.objects)) return NoWorkspace(location);
  TRY_ASSIGN(std::unique_ptr<ObjectStore> objects, OpenObjects(location));
  const absl::StatusOr<std::string> format = objects->Get(kFormatKey);
  if (absl::IsNotFound(format.status())) return NoWorkspace(location);
  if (!format.ok()) return format.status();
  TRY(CheckFormat(*format, location));
  return objects;
}

}  // namespace

Store::Store(std::unique_ptr<State> state) : state_(std::move(state)) {}
Store::~Store() = default;

ObjectStore& Store::objects() { return *state_->objects; }
Database& Store::database() { return *state_->database; }
Records& Store::records() { return state_->records; }
TileLoader& Store::tiles() { return state_->tiles; }
Names& Store::names() { return state_->names; }

absl::StatusOr<std::unique_ptr<Store>> Store::Create(const std::string& folder) {
  return Create(StoreLocation::InFolder(folder));
}

absl::StatusOr<std::unique_ptr<Store>> Store::Create(const StoreLocation& location) {
  TRY_ASSIGN(const std::unique_ptr<ObjectStore> objects, OpenObjects(location));
  TRY_ASSIGN(const bool is_there, objects->Exists(kFormatKey));
  if (is_there) return Open(location);
  if (IsFile(location.database)) {
    const std::filesystem::path folder = std::filesystem::path(location.database).parent_path();
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) return ErrnoStatus(error.value(), fmt::format("making the folder '{}'", folder.string()));
  }
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

absl::StatusOr<std::unique_ptr<Store>> Store::Open(const std::string& folder) {
  return Open(StoreLocation::InFolder(folder));
}

absl::StatusOr<std::unique_ptr<Store>> Store::Open(const StoreLocation& location) {
  TRY_ASSIGN(std::unique_ptr<ObjectStore> objects, OpenWorkspace(location));
  if (IsFile(location.database) && !PathExists(location.database)) return LostDatabase(location);
  TRY_ASSIGN(std::unique_ptr<Database> database, Database::Open(location.database));
  if (absl::IsInternal(database->Query("SELECT version FROM versions LIMIT 1").status())) {
    return absl::DataLossError(
        fmt::format("the database of the workspace {} holds nothing of it: the wrong one, or "
                    "emptied; its data and names are still in {}",
                    WorkspaceOf(location.objects), location.objects));
  }
  // Workspaces of before have no table of garbage, of names, or of erasures.
  if (absl::IsInternal(database->Query("SELECT epoch FROM garbage_epoch").status()) ||
      absl::IsInternal(database->Query("SELECT number FROM name_moves LIMIT 1").status()) ||
      absl::IsInternal(database->Query("SELECT number FROM erasures LIMIT 1").status())) {
    TRY(CreateTables(*database));
  }
  return std::unique_ptr<Store>(new Store(std::make_unique<State>(std::move(objects), std::move(database))));
}

absl::StatusOr<std::unique_ptr<Store>> Store::OpenEmpty(const StoreLocation& location) {
  TRY_ASSIGN(std::unique_ptr<ObjectStore> objects, OpenWorkspace(location));
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
  TRY_ASSIGN(const int64_t epoch, state_->records.Epoch());
  absl::StatusOr<CommitInfo> made = CommitRows(request, reader, context);
  // Rows may have been erased meanwhile, and with them what the version before was made of.
  const absl::StatusOr<bool> was_removed = state_->records.WasRemovedSince(epoch, made.status());
  if (!was_removed.ok() || !*was_removed) return made;
  return WithHint(absl::AbortedError(fmt::format("{} was changed while this was stored: {}", request.dataset,
                                                 std::string(made.status().message()))),
                  "Nothing was added; run the command again.");
}

absl::StatusOr<CommitInfo> Store::CommitRows(const CommitRequest& request, arrow::RecordBatchReader& reader,
                                             const Context& context) {
  TRY(CheckDatasetName(request.dataset));
  const std::string branch = request.branch.empty() ? kMainBranch : request.branch;
  TRY_ASSIGN(const std::optional<CommitInfo> parent,
             state_->names.HeadForCommit(request.dataset, branch, request.allow_protected));
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
  CommitInfo info{.dataset = request.dataset, .branch = branch};
  info.table = IdOfObject(kTableTag, WriteTable(table));
  if (parent.has_value() && parent->table == info.table && request.other_parents.empty()) {
    CommitInfo same = *parent;
    same.unchanged = true;
    same.counts = changed.counts;
    return same;
  }
  if (parent.has_value()) info.parents.push_back(parent->digest);
  info.parents.insert(info.parents.end(), request.other_parents.begin(), request.other_parents.end());
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
  return Publish(std::move(info), request, sealed);
}

absl::StatusOr<CommitInfo> Store::Publish(CommitInfo info, const CommitRequest& request, const SealedRecords& sealed) {
  return state_->names.Publish(std::move(info), request.allow_protected, [&](const CommitInfo& stored) {
    const std::string key = CommitKey(stored.digest);
    return state_->records.EnterSealed(sealed, {&key, 1});
  });
}

absl::StatusOr<CommitInfo> Store::Resolve(const DatasetRef& ref) { return state_->names.Resolve(ref); }

absl::StatusOr<std::vector<CommitInfo>> Store::Log(const std::string& dataset) {
  return state_->names.Log(dataset, {});
}

absl::StatusOr<int64_t> Store::NextVersion(const std::string& dataset) { return state_->names.NextVersion(dataset); }

absl::StatusOr<std::vector<std::string>> Store::Datasets() { return state_->names.Datasets(); }

absl::StatusOr<TableObject> Store::LoadTable(const CommitInfo& info) {
  TRY(CheckIsTable(info));
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
  if (options.stored_order) table.order.reset();
  if (options.selection.rows.has_value() || options.selection.keys.has_value()) {
    return ReadSelection(table, columns, options.selection, info.Name(), state_->records, state_->tiles, context);
  }
  return ReadRowsInOrder(std::move(table), std::move(columns), options.dictionary_strings, info.Name(), {},
                         state_->records, state_->tiles, context);
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
