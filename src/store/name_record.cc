#include "store/name_record.h"

#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "absl/status/status.h"
#include "base/format.h"
#include "base/json.h"
#include "base/status.h"
#include "store/json_record.h"

namespace roost::store {
namespace {

constexpr size_t kMaxRecordBytes = size_t{1} << 16;
constexpr std::array<const char*, 3> kKinds{"branch", "tag", "alias"};
constexpr std::array<const char*, 5> kActions{"commit", "set", "delete", "protect", "unprotect"};

/// Where `text` is among `names`.
template <typename Enum, size_t kSize>
absl::StatusOr<Enum> Find(const std::array<const char*, kSize>& names, const std::string& text) {
  for (size_t i = 0; i < kSize; ++i) {
    if (text == names[i]) return static_cast<Enum>(i);
  }
  return absl::DataLossError(fmt::format("'{}' is not known", text));
}

absl::StatusOr<absl::Time> TimeOf(const Json& json) {
  const std::string text = json.at("time").get<std::string>();
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, text, &time, &error)) {
    return absl::DataLossError(fmt::format("'{}' is not a time", text));
  }
  return time;
}

Json ToJson(const std::optional<int64_t>& version) { return version.has_value() ? Json(*version) : Json(nullptr); }

std::optional<int64_t> VersionOf(const Json& json) {
  return json.is_null() ? std::nullopt : std::optional(json.get<int64_t>());
}

absl::StatusOr<NameMove> MoveFromJson(const Json& json) {
  NameMove move;
  move.dataset = json.at("dataset").get<std::string>();
  move.name = json.at("name").get<std::string>();
  move.number = json.at("number").get<int64_t>();
  TRY_ASSIGN(move.kind, Find<NameKind>(kKinds, json.at("kind").get<std::string>()));
  TRY_ASSIGN(move.action, Find<NameAction>(kActions, json.at("action").get<std::string>()));
  move.from = VersionOf(json.at("from"));
  move.to = VersionOf(json.at("to"));
  move.is_protected = json.at("protected").get<bool>();
  move.author = json.at("author").get<std::string>();
  move.reason = json.at("reason").get<std::string>();
  TRY_ASSIGN(move.time, TimeOf(json));
  return move;
}

absl::StatusOr<DeletedVersion> DeletedFromJson(const Json& json) {
  DeletedVersion deleted;
  deleted.dataset = json.at("dataset").get<std::string>();
  deleted.version = json.at("version").get<int64_t>();
  TRY_ASSIGN(deleted.commit, Digest::FromHex(json.at("commit").get<std::string>()));
  for (const Json& item : json.at("parents")) {
    TRY_ASSIGN(const Digest parent, Digest::FromHex(item.get<std::string>()));
    deleted.parents.push_back(parent);
  }
  deleted.author = json.at("author").get<std::string>();
  deleted.reason = json.at("reason").get<std::string>();
  TRY_ASSIGN(deleted.time, TimeOf(json));
  return deleted;
}

absl::StatusOr<VersionRecord> VersionFromJson(const Json& json) {
  VersionRecord record;
  record.dataset = json.at("dataset").get<std::string>();
  record.version = json.at("version").get<int64_t>();
  TRY_ASSIGN(record.commit, Digest::FromHex(json.at("commit").get<std::string>()));
  NameMove& move = record.move;
  move.dataset = record.dataset;
  move.name = json.value("branch", std::string(kMainBranch));
  move.number = json.value("number", record.version);
  move.action = NameAction::kCommit;
  move.to = record.version;
  move.author = json.at("author").get<std::string>();
  TRY_ASSIGN(move.time, TimeOf(json));
  return record;
}

}  // namespace

std::string ToString(NameKind kind) { return kKinds[static_cast<size_t>(kind)]; }
std::string ToString(NameAction action) { return kActions[static_cast<size_t>(action)]; }

NameMove FirstMoveOf(const CommitInfo& commit) {
  return {.dataset = commit.dataset,
          .name = commit.branch,
          .number = 1,
          .action = NameAction::kCommit,
          .to = commit.version,
          .author = commit.author,
          .time = commit.time};
}

std::string ToRecord(const NameMove& move) {
  return ToLine(Json{{"format", kRecordFormat},
                     {"dataset", move.dataset},
                     {"name", move.name},
                     {"number", move.number},
                     {"kind", ToString(move.kind)},
                     {"action", ToString(move.action)},
                     {"from", ToJson(move.from)},
                     {"to", ToJson(move.to)},
                     {"protected", move.is_protected},
                     {"author", move.author},
                     {"reason", move.reason},
                     {"time", FormatUtc(move.time)}});
}

std::string ToRecord(const DeletedVersion& deleted) {
  Json parents = Json::array();
  for (const Digest& parent : deleted.parents) parents.push_back(parent.ToHex());
  return ToLine(Json{{"format", kRecordFormat},
                     {"dataset", deleted.dataset},
                     {"version", deleted.version},
                     {"commit", deleted.commit.ToHex()},
                     {"parents", std::move(parents)},
                     {"author", deleted.author},
                     {"reason", deleted.reason},
                     {"time", FormatUtc(deleted.time)}});
}

absl::StatusOr<NameMove> ParseMoveRecord(std::string_view bytes, const std::string& key) {
  TRY_ASSIGN(NameMove move, ParseJsonRecord(bytes, key, kMaxRecordBytes, MoveFromJson));
  if (KeyOf(move) != key) return DamagedRecordError(key, "it is the record of another move");
  return move;
}

absl::StatusOr<DeletedVersion> ParseDeletedRecord(std::string_view bytes, const std::string& key) {
  TRY_ASSIGN(DeletedVersion deleted, ParseJsonRecord(bytes, key, kMaxRecordBytes, DeletedFromJson));
  if (KeyOf(deleted) != key) return DamagedRecordError(key, "it is the record of another version");
  return deleted;
}

absl::StatusOr<VersionRecord> ParseVersionRecord(std::string_view bytes, const std::string& key) {
  TRY_ASSIGN(VersionRecord record, ParseJsonRecord(bytes, key, kMaxRecordBytes, VersionFromJson));
  if (NameRecordKey(record.dataset, record.version) != key)
    return DamagedRecordError(key, "it is the record of another version");
  return record;
}

std::string KeyOf(const NameMove& move) {
  return fmt::format("{}/{}/{}/{:012}", kMoveRecords, move.dataset, move.name, move.number);
}

std::string KeyOf(const DeletedVersion& deleted) {
  return fmt::format("{}/{}/{:012}", kDeletedRecords, deleted.dataset, deleted.version);
}

}  // namespace roost::store
