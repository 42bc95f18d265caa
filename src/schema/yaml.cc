#include "schema/yaml.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "absl/container/flat_hash_map.h"
#include "schema/problems.h"
#include "schema/yaml_keys.h"
#include "schema/yaml_rules.h"

namespace roost::schema {
namespace {

constexpr int64_t kVersion = 1;
constexpr std::initializer_list<Policy> kPolicies = {Policy::kAllow, Policy::kWarning, Policy::kError};

struct File : Schema {
  int64_t version = 0;
  absl::flat_hash_map<std::string, YamlNode> places;  // of columns, for messages
};

absl::Status ReadColumn(const YamlNode& node, const DeclaredKeys& column_keys, ColumnRules& column) {
  absl::Status read = column_keys.Read(node, &column);
  for (const auto& [key, tfx] :
       {std::pair("name", "FEATURE_MISSING_NAME"), std::pair("type", "FEATURE_MISSING_TYPE")}) {
    const bool is_missing = read.message().find(fmt::format("key '{}' is missing", key)) != std::string_view::npos;
    if (is_missing) return WithNames(std::move(read), Rule::kSchema, tfx);
  }
  return read;
}

absl::Status ReadColumns(const YamlNode& node, const DeclaredKeys& column_keys, File& file) {
  if (!node.IsList() || node.Elements().empty()) return node.Error("want a list with one column or more");
  for (const YamlNode& element : node.Elements()) {
    ColumnRules column;
    TRY(ReadColumn(element, column_keys, column));
    if (!file.places.emplace(column.name, element).second) {
      return element.Error(fmt::format("column '{}' stands here twice", column.name));
    }
    std::stable_sort(column.bands.begin(), column.bands.end(),
                     [](const Band& a, const Band& b) { return a.of < b.of; });
    file.columns.push_back(std::move(column));
  }
  return absl::OkStatus();
}

absl::Status ReadVersion(const YamlNode& node, File& file) {
  TRY_ASSIGN(file.version, ReadInteger(node, {.min = 1}));
  if (file.version <= kVersion) return absl::OkStatus();
  return WithHint(node.Error(fmt::format("schema format {} is not known here, only {}", file.version, kVersion)),
                  "a newer Roost wrote this file: use that or a later one");
}

// Members of the schema as members of the file.
template <typename Field>
Field File::*InFile(Field Schema::*field) {
  return field;
}

DeclaredKeys FileKeys() {
  DeclaredKeys keys;
  AddKey<File>(keys, {"version", "1", "", "the version of this format"}, roost::Presence::kRequired, ReadVersion);
  AddChoice(keys, {"new_columns", "", "", "what a column that is not named here is"}, InFile(&Schema::new_columns),
            kPolicies, &PolicyName);
  AddInteger(keys, {"confirmed_version", "", "", "the newest version that was counted for rules on trial"},
             InFile(&Schema::confirmed_version), {.min = 1});
  AddTexts(keys, "default_environments", InFile(&Schema::default_environments),
           "the environments that have every column which does not say otherwise");
  AddSection(keys, "dataset", InFile(&Schema::dataset), DatasetKeys(), "what the rows are like as a whole");
  AddSections(keys, "domains", InFile(&Schema::domains), DomainKeys(), "known values that several columns share");
  const auto column_keys = ColumnKeys();
  AddKey<File>(
      keys, {"columns", "list", "", "the columns"}, roost::Presence::kRequired,
      [column_keys](const YamlNode& node, File& file) { return ReadColumns(node, *column_keys, file); }, column_keys);
  AddSections(keys, "sparse_features", InFile(&Schema::sparse_features), SparseKeys(),
              "columns that are positions and values of one feature");
  AddSections(keys, "weighted_features", InFile(&Schema::weighted_features), WeightedKeys(),
              "columns that are values and weights of one feature");
  AddSections(keys, "rules", InFile(&Schema::rules), CustomKeys(), "rules of your own");
  return keys;
}

}  // namespace

absl::StatusOr<Schema> FromYaml(std::string_view text, std::string_view path) {
  TRY_ASSIGN(const YamlNode root, YamlNode::Parse(text, path, kMaxSchemaBytes));
  File file;
  TRY(FileKeys().Read(root, &file));
  const std::vector<Problem> problems = ProblemsIn(file);
  if (problems.empty()) return static_cast<Schema&&>(std::move(file));
  const Problem& problem = problems.front();
  const auto place = file.places.find(problem.column);
  return WithNames((place == file.places.end() ? root : place->second).Error(problem.message), problem.rule,
                   problem.tfx);
}

std::string SchemaReference() { return FileKeys().Reference("Keys", "", 2); }

}  // namespace roost::schema
