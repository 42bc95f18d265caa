#include "store/commit.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "absl/status/status.h"
#include "base/format.h"
#include "base/json.h"
#include "base/status.h"

namespace roost::store {
namespace {

constexpr int kCommitFormat = 1;
constexpr char kFilesKind[] = "files";

absl::StatusOr<absl::Time> ParseUtc(const std::string& text) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, &error)) {
    return absl::DataLossError(fmt::format("'{}' is not a time: {}", text, error));
  }
  return time;
}

/// What the version is of: a table with its rows and columns, or files.
absl::Status ContentFromJson(const Json& json, CommitInfo& info) {
  const std::string kind = json.value("kind", "table");
  if (kind == kFilesKind) {
    info.kind = DatasetKind::kFiles;
    TRY_ASSIGN(info.tree, Digest::FromHex(json.at("tree").get<std::string>()));
    info.files = json.at("files").get<int64_t>();
    info.files_added = json.at("files_added").get<int64_t>();
    return absl::OkStatus();
  }
  if (kind != "table") return absl::DataLossError(fmt::format("a version of kind '{}', which is not known here", kind));
  TRY_ASSIGN(info.table, Digest::FromHex(json.at("table").get<std::string>()));
  info.rows = json.at("rows").get<int64_t>();
  info.rows_added = json.at("rows_added").get<int64_t>();
  if (json.contains("changes")) {
    const Json& changes = json.at("changes");
    info.counts = RowCounts{.added = changes.at("added").get<int64_t>(),
                            .removed = changes.at("removed").get<int64_t>(),
                            .changed = changes.at("changed").get<int64_t>()};
  }
  for (const Json& item : json.at("columns")) {
    info.columns.push_back({item.at("name").get<std::string>(), item.at("type").get<std::string>()});
  }
  return absl::OkStatus();
}

absl::StatusOr<CommitInfo> CommitFromJson(const Json& json) {
  if (const int format = json.at("format").get<int>(); format != kCommitFormat) {
    return absl::DataLossError(fmt::format("a commit of format {}, which this version does not know", format));
  }
  CommitInfo info;
  info.dataset = json.at("dataset").get<std::string>();
  info.version = json.at("version").get<int64_t>();
  info.branch = json.value("branch", std::string(kMainBranch));
  for (const Json& item : json.at("parents")) {
    TRY_ASSIGN(const Digest parent, Digest::FromHex(item.get<std::string>()));
    info.parents.push_back(parent);
  }
  TRY(ContentFromJson(json, info));
  TRY_ASSIGN(info.time, ParseUtc(json.at("time").get<std::string>()));
  info.author = json.at("author").get<std::string>();
  info.message = json.at("message").get<std::string>();
  info.provenance = json.at("provenance").get<std::map<std::string, std::string>>();
  info.bytes_in = json.at("bytes_in").get<int64_t>();
  info.bytes_stored = json.at("pack_bytes").get<int64_t>();
  for (const auto& [name, id] : json.at("attachments").items()) {
    TRY_ASSIGN(info.attachments[name], Digest::FromHex(id.get<std::string>()));
  }
  return info;
}

}  // namespace

std::string CommitInfo::Name() const { return fmt::format("{}@{}", dataset, version); }

absl::Status CheckIsTable(const CommitInfo& info) {
  if (info.kind == DatasetKind::kTable) return absl::OkStatus();
  return WithHint(
      absl::InvalidArgumentError(fmt::format("{} is of files; this needs a table", info.Name())),
      fmt::format("'roost data list-files {0}' lists them, 'roost data cat {0} PATH' shows one", info.Name()));
}

absl::Status CheckIsFiles(const CommitInfo& info) {
  if (info.kind == DatasetKind::kFiles) return absl::OkStatus();
  return WithHint(absl::InvalidArgumentError(fmt::format("{} is a table; this needs a dataset of files", info.Name())),
                  fmt::format("'roost data cat {0}' shows its rows, 'roost data export {0} --output FILE' writes them",
                              info.Name()));
}

std::string WriteCommit(const CommitInfo& info) {
  Json parents = Json::array();
  for (const Digest& parent : info.parents) parents.push_back(parent.ToHex());
  Json columns = Json::array();
  for (const ColumnInfo& column : info.columns) columns.push_back({{"name", column.name}, {"type", column.type}});
  Json attachments = Json::object();
  for (const auto& [name, id] : info.attachments) attachments[name] = id.ToHex();
  Json json;
  json["format"] = kCommitFormat;
  json["dataset"] = info.dataset;
  json["version"] = info.version;
  if (info.branch != kMainBranch) json["branch"] = info.branch;
  json["parents"] = parents;
  const bool is_files = info.kind == DatasetKind::kFiles;
  if (is_files) json["kind"] = kFilesKind;
  json[is_files ? "tree" : "table"] = (is_files ? info.tree : info.table).ToHex();
  json["time"] = FormatUtc(info.time);
  json["author"] = info.author;
  json["message"] = info.message;
  json["provenance"] = info.provenance;
  json[is_files ? "files" : "rows"] = is_files ? info.files : info.rows;
  json[is_files ? "files_added" : "rows_added"] = is_files ? info.files_added : info.rows_added;
  if (info.counts.has_value()) {
    json["changes"] = {
        {"added", info.counts->added}, {"removed", info.counts->removed}, {"changed", info.counts->changed}};
  }
  json["bytes_in"] = info.bytes_in;
  json["pack_bytes"] = info.bytes_stored;
  if (!is_files) json["columns"] = columns;
  json["attachments"] = attachments;
  return ToLine(json);
}

absl::StatusOr<CommitInfo> ReadCommit(std::string_view bytes) {
  const absl::StatusOr<Json> json = ParseJson(bytes, "a commit");
  if (!json.ok()) return absl::DataLossError(std::string(json.status().message()));
  try {
    absl::StatusOr<CommitInfo> info = CommitFromJson(*json);
    if (!info.ok()) return absl::DataLossError(std::string(info.status().message()));
    info->digest = Sha256(bytes);
    info->bytes_stored += static_cast<int64_t>(bytes.size() + WriteNameRecord(*info, info->version).size());
    return info;
  } catch (const nlohmann::json::exception& error) {
    return absl::DataLossError(fmt::format("a commit is not well-formed: {}", error.what()));
  }
}

std::string CommitKey(const Digest& digest) { return fmt::format("commits/{}.json", digest.ToHex()); }

std::string WriteNameRecord(const CommitInfo& info, int64_t number) {
  Json json;
  json["format"] = kCommitFormat;
  json["dataset"] = info.dataset;
  json["version"] = info.version;
  json["commit"] = info.digest.ToHex();
  json["time"] = FormatUtc(info.time);
  json["author"] = info.author;
  if (info.branch != kMainBranch) json["branch"] = info.branch;
  if (number != info.version) json["number"] = number;
  return ToLine(json);
}

std::string NameRecordKey(std::string_view dataset, int64_t version) {
  return fmt::format("names/datasets/{}/{:012}", dataset, version);
}

}  // namespace roost::store
