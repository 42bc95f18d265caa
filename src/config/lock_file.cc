#include "config/lock_file.h"

#include <fmt/format.h>

#include "base/hash.h"
#include "base/status.h"
#include "base/yaml.h"
#include "config/model.h"

namespace roost::config {
namespace {

constexpr int64_t kFormatVersion = 1;
constexpr char kHead[] =
    "# The versions that this project uses, written by 'roost lock' (docs/lock.md): keep it in Git.\n";

/// A name as a key: YAML takes the bare word null for nothing.
std::string KeyText(const std::string& name) {
  return name == "null" || name == "Null" || name == "NULL" ? fmt::format("'{}'", name) : name;
}

std::string VersionText(const LockedVersion& version, std::string_view indent) {
  return fmt::format("{0}version: {1}\n{0}digest: {2}\n", indent, version.version, version.digest);
}

absl::StatusOr<int64_t> ReadNumber(const YamlNode& node) {
  return ReadInteger(node, {.min = 1, .max = 1'000'000'000'000'000});
}

absl::StatusOr<LockedVersion> ReadVersion(const YamlNode& node) {
  LockedVersion locked;
  if (!node.IsMap()) return node.Error("want 'version' and 'digest'");
  for (const YamlNode::Member& member : node.Members()) {
    if (member.name == "version") {
      TRY_ASSIGN(locked.version, ReadNumber(member.value));
    } else if (member.name == "digest") {
      TRY_ASSIGN(locked.digest, ReadText(member.value));
      if (!Digest::FromHex(locked.digest).ok()) return member.value.Error("want 64 hexadecimal digits");
    } else {
      return member.key.Error(fmt::format("unknown key '{}'; want 'version' and 'digest'", member.name));
    }
  }
  if (locked.version == 0 || locked.digest.empty()) return node.Error("want 'version' and 'digest'");
  return locked;
}

using Versions = std::map<std::string, LockedVersion>;

absl::Status ReadVersions(const YamlNode& node, Versions& versions) {
  if (!node.IsMap() || node.Members().empty()) return node.Error("want a mapping from names");
  for (const YamlNode::Member& member : node.Members()) {
    if (const absl::Status bad = CheckName(member.name); !bad.ok()) return member.key.Error(std::string(bad.message()));
    TRY_ASSIGN(versions[member.name], ReadVersion(member.value));
  }
  return absl::OkStatus();
}

absl::Status ReadModels(const YamlNode& node, std::map<std::string, Versions>& models) {
  if (!node.IsMap() || node.Members().empty()) return node.Error("want a mapping from the names of models");
  for (const YamlNode::Member& member : node.Members()) {
    if (const absl::Status bad = CheckName(member.name); !bad.ok()) return member.key.Error(std::string(bad.message()));
    TRY(ReadVersions(member.value, models[member.name]));
  }
  return absl::OkStatus();
}

}  // namespace

std::string ToText(const LockFile& lock) {
  std::string text = fmt::format("{}lock: {}\n", kHead, kFormatVersion);
  if (!lock.datasets.empty()) text += "datasets:\n";
  for (const auto& [name, version] : lock.datasets)
    text += fmt::format("  {}:\n{}", KeyText(name), VersionText(version, "    "));
  if (!lock.models.empty()) text += "models:\n";
  for (const auto& [name, aliases] : lock.models) {
    text += fmt::format("  {}:\n", KeyText(name));
    for (const auto& [alias, version] : aliases) {
      text += fmt::format("    {}:\n{}", KeyText(alias), VersionText(version, "      "));
    }
  }
  return text;
}

absl::StatusOr<LockFile> ParseLock(std::string_view text, std::string_view path) {
  TRY_ASSIGN(const YamlNode root, YamlNode::Parse(text, path));
  if (!root.IsMap()) return root.Error("want the keys lock, datasets and models");
  LockFile lock;
  int64_t format = 0;
  for (const YamlNode::Member& member : root.Members()) {
    if (member.name == "lock") {
      TRY_ASSIGN(format, ReadNumber(member.value));
      if (format <= kFormatVersion) continue;
      return WithHint(member.value.Error(fmt::format("it is in format {}; this program reads formats up to {}", format,
                                                     kFormatVersion)),
                      "Use a newer roost.");
    }
    if (member.name == "datasets") {
      TRY(ReadVersions(member.value, lock.datasets));
    } else if (member.name == "models") {
      TRY(ReadModels(member.value, lock.models));
    } else {
      return member.key.Error(fmt::format("unknown key '{}'; there are lock, datasets and models", member.name));
    }
  }
  if (format == 0) return root.Error("key 'lock' is missing: its format");
  return lock;
}

}  // namespace roost::config
