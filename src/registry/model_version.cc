#include "registry/model_version.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/status.h"
#include "registry/records.h"

namespace roost::registry {
namespace {

constexpr int64_t kFormatVersion = 1;
constexpr size_t kMaxNameLength = 100;
constexpr size_t kMaxRecordBytes = size_t{1} << 16;

bool IsAlphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

bool IsDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

absl::Status Damaged() { return absl::DataLossError("the record of a model version is damaged"); }

}  // namespace

std::string ModelVersion::ToString() const { return fmt::format("{}@{}", name, version); }

absl::Status CheckName(std::string_view name, std::string_view what) {
  const bool good = !name.empty() && name.size() <= kMaxNameLength && IsAlphanumeric(name.front()) &&
                    std::all_of(name.begin(), name.end(),
                                [](char c) { return IsAlphanumeric(c) || c == '.' || c == '_' || c == '-'; });
  if (good) return absl::OkStatus();
  return WithHint(absl::InvalidArgumentError(fmt::format("'{}' is not a {}", name.substr(0, kMaxNameLength), what)),
                  "Use up to 100 letters, digits, '.', '_' and '-', starting with a letter or digit.");
}

absl::Status CheckAlias(std::string_view alias) {
  TRY(CheckName(alias, "name of an alias"));
  if (alias != "latest" && !IsDigits(alias)) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("'{}' cannot be an alias: it already names a version", alias));
}

absl::StatusOr<ModelReference> ParseModelReference(std::string_view text) {
  const size_t at = text.find('@');
  ModelReference reference{.name = std::string(text.substr(0, at))};
  TRY(CheckName(reference.name, "name of a model"));
  if (at == std::string_view::npos) return reference;
  const std::string_view selector = text.substr(at + 1);
  if (selector == "latest") return reference;
  if (IsDigits(selector)) {
    int64_t version = 0;
    const auto [end, error] = std::from_chars(selector.data(), selector.data() + selector.size(), version);
    if (error != std::errc() || version < 1) {
      return absl::InvalidArgumentError(fmt::format("'{}' is no version of a model: versions count from 1", text));
    }
    reference.version = version;
    return reference;
  }
  TRY(CheckAlias(selector));
  reference.alias = std::string(selector);
  return reference;
}

std::string ToRecord(const ModelVersion& version) {
  return ToLine(Json{{"format", "roost model version"},
                     {"version", kFormatVersion},
                     {"model", version.name},
                     {"number", version.version},
                     {"manifest", version.manifest.ToHex()},
                     {"author", version.author},
                     {"created_us", absl::ToUnixMicros(version.created)}});
}

absl::StatusOr<ModelVersion> ParseRecord(std::string_view bytes) {
  if (bytes.size() > kMaxRecordBytes) return Damaged();
  const absl::StatusOr<Json> parsed = ParseJson(bytes, "the record of a model version");
  if (!parsed.ok() || !parsed->is_object()) return Damaged();
  const auto text = [&](const char* key) { return TextMember(*parsed, key); };
  const auto number = [&](const char* key) { return IntegerMember(*parsed, key); };
  const absl::StatusOr<Digest> manifest = Digest::FromHex(text("manifest"));
  ModelVersion version{.name = text("model"),
                       .version = number("number"),
                       .author = text("author"),
                       .created = absl::FromUnixMicros(number("created_us"))};
  if (text("format") != "roost model version" || number("version") != kFormatVersion || !manifest.ok() ||
      version.version < 1 || !CheckName(version.name, "name of a model").ok()) {
    return Damaged();
  }
  version.manifest = *manifest;
  return version;
}

}  // namespace roost::registry
