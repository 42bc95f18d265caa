#include "schema/yaml.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "absl/container/flat_hash_set.h"
#include "base/declared.h"
#include "base/format.h"
#include "base/status.h"
#include "base/yaml.h"

namespace roost::schema {
namespace {

constexpr int64_t kVersion = 1;
constexpr NumberBounds kShare{.min = 0, .max = 1};
constexpr std::initializer_list<Type> kTypes = {Type::kAny,  Type::kInteger, Type::kNumber, Type::kText,
                                                Type::kTime, Type::kBool,    Type::kBinary, Type::kOther};
constexpr std::initializer_list<Severity> kSeverities = {Severity::kError, Severity::kWarning};
constexpr std::initializer_list<Policy> kPolicies = {Policy::kAllow, Policy::kWarning, Policy::kError};
constexpr std::initializer_list<Presence> kPresences = {Presence::kRequired, Presence::kOptional,
                                                        Presence::kDeprecated};

struct File {
  int64_t version = 0;
  Schema schema;
};

struct KeyText {
  std::string name;
  std::string type;
  std::string standard;
  std::string meaning;
};

// Declares a key whose value `read` puts into a T.
template <typename T, typename Read>
void AddKey(DeclaredKeys& keys, KeyText text, roost::Presence presence, Read read,
            std::shared_ptr<const DeclaredKeys> nested = nullptr) {
  keys.Add({std::move(text.name), std::move(text.type), std::move(text.standard), std::move(text.meaning), presence,
            [read](const YamlNode& node, void* target) -> absl::Status { return read(node, *static_cast<T*>(target)); },
            std::move(nested)});
}

// Declares a key whose value is one of `values`, by its name.
template <typename T, typename E>
void AddChoice(DeclaredKeys& keys, KeyText text, E T::*field, std::initializer_list<E> values,
               std::string_view (*name_of)(E), roost::Presence presence = roost::Presence::kOptional) {
  std::vector<std::string> names;
  for (const E value : values) names.emplace_back(name_of(value));
  text.type = ChoiceText(names);
  if (presence == roost::Presence::kOptional) text.standard = name_of(T().*field);
  AddKey<T>(keys, std::move(text), presence, [=](const YamlNode& node, T& target) -> absl::Status {
    TRY_ASSIGN(const size_t index, ReadChoice(node, names));
    target.*field = values.begin()[index];
    return absl::OkStatus();
  });
}

template <typename T, typename Field>
void AddNumber(DeclaredKeys& keys, KeyText text, Field T::*field, NumberBounds bounds) {
  text.type = NumberText(bounds);
  AddKey<T>(keys, std::move(text), roost::Presence::kOptional, [=](const YamlNode& node, T& target) -> absl::Status {
    TRY_ASSIGN(target.*field, ReadNumber(node, bounds));
    return absl::OkStatus();
  });
}

template <typename S>
void AddRule(DeclaredKeys& keys, KeyText text, std::optional<S> ColumnRules::*field,
             std::shared_ptr<const DeclaredKeys> rule) {
  text.type = "section";
  AddKey<ColumnRules>(
      keys, std::move(text), roost::Presence::kOptional,
      [=](const YamlNode& node, ColumnRules& target) { return rule->Read(node, &(target.*field).emplace()); }, rule);
}

std::shared_ptr<const DeclaredKeys> MissingKeys() {
  auto keys = std::make_shared<DeclaredKeys>();
  AddNumber(*keys, {"max_share", "", "0", "the largest share of rows without a value"}, &MissingRule::max_share,
            kShare);
  AddChoice(*keys, {"severity", "", "", "what it is when more are missing"}, &MissingRule::severity, kSeverities,
            &SeverityName);
  return keys;
}

std::shared_ptr<const DeclaredKeys> RangeKeys() {
  auto keys = std::make_shared<DeclaredKeys>();
  AddNumber(*keys, {"min", "", "", "the smallest value allowed"}, &RangeRule::min, {});
  AddNumber(*keys, {"max", "", "", "the largest value allowed"}, &RangeRule::max, {});
  AddChoice(*keys, {"severity", "", "", "what a value outside is"}, &RangeRule::severity, kSeverities, &SeverityName);
  return keys;
}

absl::Status ReadAllowed(const YamlNode& node, ValuesRule& rule) {
  if (!node.IsList() || node.Elements().empty()) return node.Error("want a list with one text or more");
  absl::flat_hash_set<std::string> seen;
  for (const YamlNode& element : node.Elements()) {
    TRY_ASSIGN(std::string text, ReadText(element));
    if (!seen.insert(text).second) return element.Error(fmt::format("the value '{}' stands here twice", text));
    rule.allowed.push_back(std::move(text));
  }
  std::sort(rule.allowed.begin(), rule.allowed.end());
  return absl::OkStatus();
}

std::shared_ptr<const DeclaredKeys> ValuesKeys() {
  auto keys = std::make_shared<DeclaredKeys>();
  AddNumber(*keys, {"min_share", "", "1", "the smallest share of values that must be among them"},
            &ValuesRule::min_share, kShare);
  AddChoice(*keys, {"severity", "", "", "what it is when fewer are"}, &ValuesRule::severity, kSeverities,
            &SeverityName);
  AddKey<ValuesRule>(*keys, {"allowed", "list of texts", "", "the values that are known"}, roost::Presence::kRequired,
                     ReadAllowed);
  return keys;
}

std::shared_ptr<const DeclaredKeys> ColumnKeys() {
  auto keys = std::make_shared<DeclaredKeys>();
  AddKey<ColumnRules>(*keys, {"name", "text", "", "the column's name"}, roost::Presence::kRequired,
                      [](const YamlNode& node, ColumnRules& target) -> absl::Status {
                        TRY_ASSIGN(target.name, ReadText(node));
                        return absl::OkStatus();
                      });
  AddChoice(*keys, {"type", "", "", "what it holds"}, &ColumnRules::type, kTypes, &TypeName,
            roost::Presence::kRequired);
  AddChoice(*keys, {"presence", "", "", "whether it has to be there; a deprecated column is not checked"},
            &ColumnRules::presence, kPresences, &PresenceName);
  AddRule(*keys, {"missing", "", "", "how many rows may have no value"}, &ColumnRules::missing, MissingKeys());
  AddChoice(*keys, {"nan", "", "", "what a NaN is"}, &ColumnRules::nan, kPolicies, &PolicyName);
  AddChoice(*keys, {"infinity", "", "", "what an infinite value is"}, &ColumnRules::infinity, kPolicies, &PolicyName);
  AddRule(*keys, {"range", "", "", "the bounds of a number"}, &ColumnRules::range, RangeKeys());
  AddRule(*keys, {"values", "", "", "the known values of a text"}, &ColumnRules::values, ValuesKeys());
  return keys;
}

absl::Status ReadColumns(const YamlNode& node, const DeclaredKeys& column_keys, Schema& schema) {
  if (!node.IsList() || node.Elements().empty()) return node.Error("want a list with one column or more");
  absl::flat_hash_set<std::string> names;
  for (const YamlNode& element : node.Elements()) {
    ColumnRules column;
    TRY(column_keys.Read(element, &column));
    if (!names.insert(column.name).second) {
      return element.Error(fmt::format("column '{}' stands here twice", column.name));
    }
    const std::string contradiction = ContradictionIn(column);
    if (!contradiction.empty()) return element.Error(contradiction);
    schema.columns.push_back(std::move(column));
  }
  return absl::OkStatus();
}

DeclaredKeys FileKeys() {
  DeclaredKeys keys;
  AddKey<File>(keys, {"version", "1", "", "the version of this format"}, roost::Presence::kRequired,
               [](const YamlNode& node, File& file) -> absl::Status {
                 TRY_ASSIGN(file.version, ReadInteger(node, {.min = 1}));
                 if (file.version == kVersion) return absl::OkStatus();
                 return WithHint(
                     node.Error(fmt::format("schema format {} is not known here, only {}", file.version, kVersion)),
                     "a newer Roost wrote this file: use that or a later one");
               });
  std::vector<std::string> policies;
  for (const Policy policy : kPolicies) policies.emplace_back(PolicyName(policy));
  AddKey<File>(keys, {"new_columns", ChoiceText(policies), "warning", "what a column that is not named here is"},
               roost::Presence::kOptional, [policies](const YamlNode& node, File& file) -> absl::Status {
                 TRY_ASSIGN(const size_t index, ReadChoice(node, policies));
                 file.schema.new_columns = kPolicies.begin()[index];
                 return absl::OkStatus();
               });
  const auto column_keys = ColumnKeys();
  AddKey<File>(
      keys, {"columns", "list", "", "the columns"}, roost::Presence::kRequired,
      [column_keys](const YamlNode& node, File& file) { return ReadColumns(node, *column_keys, file.schema); },
      column_keys);
  return keys;
}

bool IsPlainCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// Words that YAML readers take for something else than a text.
bool IsReserved(std::string_view text) {
  constexpr std::array<std::string_view, 9> kReserved{"null", "true", "false", "yes", "no", "on", "off", "y", "n"};
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return std::find(kReserved.begin(), kReserved.end(), lower) != kReserved.end();
}

// A text that reads back to the same bytes: as it is where that is plain, else in double quotes.
std::string Scalar(std::string_view text) {
  const auto plain = [](char c) { return IsPlainCharacter(c) || c == ' ' || c == '.' || c == '-' || c == '/'; };
  const bool numeric = !text.empty() && text[0] >= '0' && text[0] <= '9';
  if (!text.empty() && !numeric && IsPlainCharacter(text.front()) && text.back() != ' ' && !IsReserved(text) &&
      std::all_of(text.begin(), text.end(), plain)) {
    return std::string(text);
  }
  std::string quoted = "\"";
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += {'\\', c};
    } else if (code < 0x20 || code == 0x7f) {
      quoted += fmt::format("\\x{:02x}", code);
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

}  // namespace

std::vector<std::string> ColumnLines(const ColumnRules& column) {
  std::vector<std::string> lines;
  lines.push_back(fmt::format("name: {}", Scalar(column.name)));
  lines.push_back(fmt::format("type: {}", TypeName(column.type)));
  if (column.presence != Presence::kRequired) {
    lines.push_back(fmt::format("presence: {}", PresenceName(column.presence)));
  }
  if (column.missing.has_value()) {
    lines.push_back(fmt::format("missing: {{max_share: {}, severity: {}}}", FormatExact(column.missing->max_share),
                                SeverityName(column.missing->severity)));
  }
  if (column.nan != Policy::kAllow) lines.push_back(fmt::format("nan: {}", PolicyName(column.nan)));
  if (column.infinity != Policy::kAllow) lines.push_back(fmt::format("infinity: {}", PolicyName(column.infinity)));
  if (column.range.has_value()) {
    std::string bounds;
    if (column.range->min.has_value()) bounds += fmt::format("min: {}, ", FormatExact(*column.range->min));
    if (column.range->max.has_value()) bounds += fmt::format("max: {}, ", FormatExact(*column.range->max));
    lines.push_back(fmt::format("range: {{{}severity: {}}}", bounds, SeverityName(column.range->severity)));
  }
  if (column.values.has_value()) {
    lines.emplace_back("values:");
    if (column.values->min_share != 1) {
      lines.push_back(fmt::format("  min_share: {}", FormatExact(column.values->min_share)));
    }
    lines.push_back(fmt::format("  severity: {}", SeverityName(column.values->severity)));
    lines.emplace_back("  allowed:");
    for (const std::string& value : column.values->allowed) lines.push_back(fmt::format("    - {}", Scalar(value)));
  }
  return lines;
}

std::string ToYaml(const Schema& schema) {
  std::string text = "# What the data must look like: checked by 'roost validate', yours to edit and to review.\n";
  text += fmt::format("version: {}\nnew_columns: {}\n\ncolumns:\n", kVersion, PolicyName(schema.new_columns));
  for (const ColumnRules& column : schema.columns) {
    std::string_view lead = &column == schema.columns.data() ? "  - " : "\n  - ";
    for (const std::string& line : ColumnLines(column)) {
      text += fmt::format("{}{}\n", std::exchange(lead, "    "), line);
    }
  }
  return text;
}

absl::StatusOr<Schema> FromYaml(std::string_view text, std::string_view path) {
  TRY_ASSIGN(const YamlNode root, YamlNode::Parse(text, path));
  File file;
  TRY(FileKeys().Read(root, &file));
  return std::move(file.schema);
}

std::string SchemaReference() { return FileKeys().Reference("Keys of schema.yaml"); }

}  // namespace roost::schema
