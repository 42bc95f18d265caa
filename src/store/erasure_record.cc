#include "store/erasure_record.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/format.h"
#include "base/json.h"
#include "base/status.h"
#include "store/json_record.h"
#include "store/name_rows.h"
#include "store/put_record.h"

namespace roost::store {
namespace {

constexpr size_t kMaxRecordBytes = size_t{1} << 28;  // about 200 bytes for each version

constexpr char kCreate[] =
    "CREATE TABLE IF NOT EXISTS erasures (dataset TEXT NOT NULL, number BIGINT NOT NULL, record TEXT NOT NULL, "
    "recorded BIGINT NOT NULL, purged BIGINT NOT NULL, PRIMARY KEY (dataset, number))";

absl::StatusOr<Erasure> FromJson(const Json& json) {
  Erasure erasure{.dataset = json.at("dataset").get<std::string>(),
                  .number = json.at("number").get<int64_t>(),
                  .author = json.at("author").get<std::string>(),
                  .reason = json.at("reason").get<std::string>(),
                  .keys = json.at("keys").get<int64_t>(),
                  .columns = json.at("columns").get<std::vector<std::string>>()};
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, json.at("time").get<std::string>(), &erasure.time, &error)) {
    return absl::DataLossError("its time is none");
  }
  for (const Json& item : json.at("versions")) {
    ErasedVersion version{.version = item.at("version").get<int64_t>(), .rows = item.at("rows").get<int64_t>()};
    TRY_ASSIGN(version.before, Digest::FromHex(item.at("before").get<std::string>()));
    TRY_ASSIGN(version.after, Digest::FromHex(item.at("after").get<std::string>()));
    erasure.versions.push_back(version);
  }
  return erasure;
}

}  // namespace

std::string KeyOf(const Erasure& erasure) {
  return fmt::format("{}/{}/{:012}", kErasureRecords, erasure.dataset, erasure.number);
}

std::string ToRecord(const Erasure& erasure) {
  Json versions = Json::array();
  for (const ErasedVersion& version : erasure.versions) {
    versions.push_back(Json{{"version", version.version},
                            {"rows", version.rows},
                            {"before", version.before.ToHex()},
                            {"after", version.after.ToHex()}});
  }
  return ToLine(Json{{"format", kRecordFormat},
                     {"dataset", erasure.dataset},
                     {"number", erasure.number},
                     {"time", FormatUtc(erasure.time)},
                     {"author", erasure.author},
                     {"reason", erasure.reason},
                     {"keys", erasure.keys},
                     {"columns", erasure.columns},
                     {"versions", std::move(versions)}});
}

absl::StatusOr<Erasure> ParseErasureRecord(std::string_view bytes, const std::string& key) {
  TRY_ASSIGN(Erasure erasure, ParseJsonRecord(bytes, key, kMaxRecordBytes, FromJson));
  if (KeyOf(erasure) != key) return DamagedRecordError(key, "it is the record of another erasure");
  return erasure;
}

absl::Status CreateErasureTable(Database& database) { return database.Execute(kCreate).status(); }

absl::Status InsertErasure(Database& database, const Erasure& erasure, bool recorded, bool purged) {
  return database
      .Execute(
          "INSERT INTO erasures (dataset, number, record, recorded, purged) VALUES (:p1, :p2, :p3, :p4, :p5) "
          "ON CONFLICT DO NOTHING",
          {erasure.dataset, erasure.number, ToRecord(erasure), int64_t{recorded}, int64_t{purged}})
      .status();
}

absl::StatusOr<std::vector<Erasure>> SelectErasures(Database& database, const std::string& rest,
                                                    const SqlRow& parameters) {
  TRY_ASSIGN(const std::vector<SqlRow> rows,
             database.Query("SELECT dataset, number, record FROM erasures " + rest, parameters));
  std::vector<Erasure> erasures;
  for (const SqlRow& row : rows) {
    const Erasure named{.dataset = std::get<std::string>(row[0]), .number = std::get<int64_t>(row[1])};
    absl::StatusOr<Erasure> erasure = ParseErasureRecord(std::get<std::string>(row[2]), KeyOf(named));
    if (!erasure.ok()) return Annotate(erasure.status(), "a row of the table erasures");
    erasures.push_back(*std::move(erasure));
  }
  return erasures;
}

absl::Status RecordErasures(ObjectStore& objects, Database& database) {
  TRY_ASSIGN(const std::vector<Erasure> pending, SelectErasures(database, "WHERE recorded = 0", {}));
  for (const Erasure& erasure : pending) {
    TRY(PutRecord(objects, KeyOf(erasure), ToRecord(erasure), ParseErasureRecord));
    TRY(database
            .Execute("UPDATE erasures SET recorded = 1 WHERE dataset = :p1 AND number = :p2",
                     {erasure.dataset, erasure.number})
            .status());
  }
  return absl::OkStatus();
}

RewrittenCommits::RewrittenCommits(const std::vector<Erasure>& erasures) {
  for (const Erasure& erasure : erasures) {
    for (const ErasedVersion& version : erasure.versions) {
      after_[version.before] = version.after;
      before_[version.after] = version.before;
    }
  }
}

Digest RewrittenCommits::Now(Digest commit) const {
  // No commit comes back: each names the number of its erasure. Damaged records could still make a ring.
  for (size_t steps = 0; steps <= after_.size(); ++steps) {
    const auto found = after_.find(commit);
    if (found == after_.end()) break;
    commit = found->second;
  }
  return commit;
}

std::vector<Digest> RewrittenCommits::Before(Digest commit) const {
  std::vector<Digest> commits;
  while (commits.size() <= before_.size()) {
    const auto found = before_.find(commit);
    if (found == before_.end()) break;
    commits.push_back(commit = found->second);
  }
  return commits;
}

absl::StatusOr<RewrittenCommits> RewrittenCommitsOf(Database& database, const std::string& dataset) {
  TRY_ASSIGN(const std::vector<Erasure> erasures, SelectErasures(database, "WHERE dataset = :p1", {dataset}));
  return RewrittenCommits(erasures);
}

absl::Status MoveParentsOfDeleted(Database& database, const std::string& dataset, const RewrittenCommits& commits) {
  TRY_ASSIGN(const std::vector<DeletedVersion> deleted, SelectDeleted(database, "WHERE dataset = :p1", {dataset}));
  for (const DeletedVersion& version : deleted) {
    std::string parents;
    bool moved = false;
    for (const Digest& parent : version.parents) {
      const Digest now = commits.Now(parent);
      moved = moved || now != parent;
      parents += now.ToHex();
    }
    if (!moved) continue;
    TRY(database
            .Execute("UPDATE deleted_versions SET parents = :p1 WHERE dataset = :p2 AND version = :p3",
                     {parents, version.dataset, version.version})
            .status());
  }
  return absl::OkStatus();
}

}  // namespace roost::store
