#include "registry/manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/status.h"

namespace roost::registry {
namespace {

constexpr int64_t kFormatVersion = 1;
constexpr size_t kMaxParts = 64;
constexpr size_t kMaxNameLength = 64;
constexpr size_t kMaxManifestBytes = size_t{1} << 20;

bool IsPartName(std::string_view name) {
  const auto is_alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  return !name.empty() && name.size() <= kMaxNameLength && is_alphanumeric(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [&](char c) { return is_alphanumeric(c) || c == '.' || c == '_' || c == '-'; });
}

absl::Status Damaged(std::string_view why) {
  return absl::DataLossError(fmt::format("the model's manifest is damaged: {}", why));
}

absl::StatusOr<Manifest::Part> ParsePart(const Json& json) {
  if (!json.is_object() || !json.contains("name") || !json["name"].is_string() || !json.contains("sha256") ||
      !json["sha256"].is_string() || !json.contains("bytes") || !json["bytes"].is_number_integer()) {
    return Damaged("a part lacks its name, sha256 or bytes");
  }
  Manifest::Part part{.name = json["name"].get<std::string>(), .bytes = json["bytes"].get<int64_t>()};
  const absl::StatusOr<Digest> digest = Digest::FromHex(json["sha256"].get<std::string>());
  if (!IsPartName(part.name) || part.bytes < 0 || !digest.ok()) {
    return Damaged("a part's name, sha256 or bytes is out of range");
  }
  part.digest = *digest;
  return part;
}

}  // namespace

const Manifest::Part* Manifest::Find(std::string_view name) const {
  const auto found = std::find_if(parts.begin(), parts.end(), [name](const Part& part) { return part.name == name; });
  return found == parts.end() ? nullptr : &*found;
}

std::string Manifest::ToBytes() const {
  Json list = Json::array();
  for (const Part& part : parts) {
    list.push_back({{"name", part.name}, {"sha256", part.digest.ToHex()}, {"bytes", part.bytes}});
  }
  return ToLine(Json{{"format", "roost model"}, {"version", kFormatVersion}, {"parts", std::move(list)}});
}

absl::StatusOr<Manifest> MakeManifest(const ModelPackage& package) {
  if (!package.parts.contains(kModelPart)) {
    return absl::InvalidArgumentError(fmt::format("the package has no part '{}'", kModelPart));
  }
  if (package.parts.size() > kMaxParts) {
    return absl::InvalidArgumentError(
        fmt::format("the package has {} parts; {} is the most", package.parts.size(), kMaxParts));
  }
  Manifest manifest;
  for (const auto& [name, bytes] : package.parts) {
    if (!IsPartName(name)) {
      return absl::InvalidArgumentError(
          fmt::format("'{}' is no name for a part of a package: use a-z, 0-9, '.', '_' and '-'", name));
    }
    manifest.parts.push_back({.name = name, .digest = Sha256(bytes), .bytes = static_cast<int64_t>(bytes.size())});
  }
  return manifest;
}

absl::StatusOr<Manifest> ParseManifest(std::string_view bytes) {
  if (bytes.size() > kMaxManifestBytes) return Damaged(fmt::format("it has {} bytes", bytes.size()));
  const absl::StatusOr<Json> json = ParseJson(bytes, "the model's manifest");
  if (!json.ok()) return Damaged("it is not JSON");
  if (!json->is_object() || json->value("format", Json()) != "roost model") return Damaged("it is no manifest");
  const Json version = json->value("version", Json());
  if (version.is_number_integer() && version.get<int64_t>() > kFormatVersion) {
    return WithHint(absl::InvalidArgumentError(
                        fmt::format("the model was written in format {}; this program reads formats up to {}",
                                    version.get<int64_t>(), kFormatVersion)),
                    "Use a newer roost.");
  }
  const Json list = json->value("parts", Json());
  if (version != kFormatVersion || !list.is_array() || list.size() > kMaxParts) return Damaged("it lists no parts");
  Manifest manifest;
  for (const Json& entry : list) {
    TRY_ASSIGN(Manifest::Part part, ParsePart(entry));
    if (!manifest.parts.empty() && part.name <= manifest.parts.back().name)
      return Damaged("its parts are not in order");
    manifest.parts.push_back(std::move(part));
  }
  if (manifest.Find(kModelPart) == nullptr) return Damaged(fmt::format("it has no part '{}'", kModelPart));
  return manifest;
}

}  // namespace roost::registry
