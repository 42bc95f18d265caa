#pragma once

#include <string>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "absl/status/statusor.h"
#include "base/json.h"

namespace roost::store {

/// The format of the record objects from which the database can be made again (docs/formats/store.md §8).
inline constexpr int kRecordFormat = 1;

/// DataLoss: the object `key` is no such record, and why.
inline absl::Status DamagedRecordError(const std::string& key, std::string_view why) {
  return absl::DataLossError(fmt::format("{} is damaged: {}", key, why));
}

/// What `read` makes of such a record, JSON of at most `max_bytes`. Errors name `key`: Unimplemented for a format that
/// this version does not know, else DataLoss. `read` may throw those of the JSON library.
template <typename Record>
absl::StatusOr<Record> ParseJsonRecord(std::string_view bytes, const std::string& key, size_t max_bytes,
                                       absl::StatusOr<Record> (*read)(const Json& json)) {
  if (bytes.size() > max_bytes) return DamagedRecordError(key, "it is too long for such a record");
  const absl::StatusOr<Json> json = ParseJson(bytes, key);
  if (!json.ok()) return absl::DataLossError(std::string(json.status().message()));
  try {
    if (const int format = json->at("format").template get<int>(); format != kRecordFormat) {
      return absl::UnimplementedError(fmt::format("{} has format {}, which this version does not know", key, format));
    }
    absl::StatusOr<Record> record = read(*json);
    if (!record.ok()) return DamagedRecordError(key, std::string(record.status().message()));
    return record;
  } catch (const nlohmann::json::exception& error) {
    return DamagedRecordError(key, error.what());
  }
}

}  // namespace roost::store
