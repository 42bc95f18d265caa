#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "absl/container/flat_hash_map.h"
#include "base/status.h"
#include "schema/problems.h"
#include "schema/tfx_domain_reader.h"
#include "schema/tfx_message.h"
#include "schema/tfx_read.h"
#include "schema/tfx_text.h"
#include "schema/tfx_words.h"
#include "schema/wording.h"

namespace roost::schema {
namespace {

constexpr size_t kMaxLevels = 16;  // of lists in lists

// How many values a row has.
struct Valency {
  size_t levels = 0;                                // of lists around a value
  std::vector<std::optional<LengthsRule>> lengths;  // of each level; or none
  std::optional<ShapeRule> shape;
  bool loose = false;  // no level, and yet there may be another number of values than one
};

class Importer {
 public:
  explicit Importer(std::string_view path) : reader_(path), notes_(path), domains_(reader_, notes_) {}

  absl::StatusOr<TfxImport> Read(TfxField root) {
    TRY(domains_.ReadShared(root, schema_));
    std::vector<TfxField> features = root.TakeAll("feature");
    if (features.empty()) return reader_.Error(root, "there is no feature");
    for (TfxField& feature : features) TRY(ReadFeature(feature, ""));
    for (TfxField& feature : root.TakeAll("sparse_feature")) TRY(ReadSparse(feature));
    for (TfxField& feature : root.TakeAll("weighted_feature")) TRY(ReadWeighted(feature));
    schema_.default_environments = TakeSortedTexts(root, "default_environment");
    if (std::optional<TfxField> rows = root.Take("dataset_constraints"); rows.has_value()) TRY(ReadRows(*rows));
    // To TFX a feature that its schema lacks is an anomaly.
    schema_.new_columns = Policy::kError;
    notes_.AddRest(root, "the schema");
    if (!loose_.empty()) {
      notes_.Add(first_loose_, fmt::format("features that may have no value or more than one, read as columns of one "
                                           "value or null: {}",
                                           fmt::join(loose_, ", ")));
    }
    TRY(Check());
    return TfxImport{.schema = std::move(schema_), .notes = notes_.Take()};
  }

 private:
  // What schema.yaml could not hold either.
  absl::Status Check() {
    for (ColumnRules& column : schema_.columns) {
      if (!column.derived.has_value()) continue;
      std::erase_if(column.derived->from, [&](const std::string& from) {
        if (from != column.name && schema_.Find(from) != nullptr) return false;
        notes_.Add(places_[column.name], fmt::format("feature {}: there is no other feature {} that it is derived from",
                                                     Quoted(column.name), Quoted(from)));
        return true;
      });
      if (!column.derived->from.empty()) continue;
      notes_.Add(places_[column.name],
                 fmt::format("feature {}: derived, and nothing says from which features; read as one that is not",
                             Quoted(column.name)));
      column.derived.reset();
      if (column.stage == Stage::kDerived) column.stage.reset();
    }
    const std::vector<Problem> problems = ProblemsIn(schema_);
    if (problems.empty()) return absl::OkStatus();
    const Problem& problem = problems.front();
    const auto place = places_.find(problem.column);
    return WithNames(reader_.Error(place == places_.end() ? TfxField() : place->second, problem.message), problem.rule,
                     problem.tfx);
  }

  // --- one feature ---

  absl::Status ReadFeature(TfxField& feature, const std::string& prefix) {
    const std::string name = TakeText(feature, "name");
    if (name.empty()) {
      return WithNames(reader_.Error(feature, "a feature needs a name"), Rule::kSchema, "FEATURE_MISSING_NAME");
    }
    ColumnRules list{.name = prefix + name};
    const std::string owner = fmt::format("feature {}", Quoted(list.name));
    TRY_ASSIGN(Valency valency, TakeValency(feature));
    if (valency.levels > 0) list.type = Type::kList;
    list.shape = std::move(valency.shape);
    TRY(ReadPresence(feature, list));
    ReadStage(feature, list);
    ReadDescription(feature, list);
    ReadSource(feature, list);

    ColumnRules values{.name = list.name};
    TRY(domains_.Read(feature, values, list));
    if (std::optional<TfxField> distinct = feature.Take("unique_constraints"); distinct.has_value()) {
      TRY_ASSIGN(const TfxBounds<int64_t> bounds, reader_.Counts(*distinct, "min", "max"));
      if (bounds.any()) values.distinct = {.min = bounds.min, .max = bounds.max};
    }
    TRY(ReadDistances(feature, "drift_comparator", values.type, values.drift));
    TRY(ReadDistances(feature, "skew_comparator", values.type, values.skew));
    if (valency.loose && values.type != Type::kStruct) {
      if (loose_.empty()) first_loose_ = Place(feature);
      loose_.push_back(Quoted(list.name));
    }

    std::optional<TfxField> fields = feature.Take("struct_domain");
    if (fields.has_value() && values.type == Type::kAny) values.type = Type::kStruct;
    if (fields.has_value() && values.type != Type::kStruct) feature.fields.push_back(*std::exchange(fields, {}));
    TRY_ASSIGN(const std::string values_name, AddColumns(feature, std::move(list), std::move(values), valency));
    if (fields.has_value()) {
      for (TfxField& field : fields->TakeAll("feature")) TRY(ReadFeature(field, values_name + "."));
      GiveBack(feature, *std::move(fields));
    }
    notes_.AddRest(feature, owner);
    return absl::OkStatus();
  }

  // Adds the column of the feature or, for lists, those of each level and of their values. Returns the last one's name.
  absl::StatusOr<std::string> AddColumns(const TfxField& feature, ColumnRules list, ColumnRules values,
                                         const Valency& valency) {
    values.name = list.name;
    values.presence = list.presence;
    values.stage = list.stage;
    values.in_environments = list.in_environments;
    values.not_in_environments = list.not_in_environments;
    if (valency.levels == 0) {
      values.description = std::move(list.description);
      values.missing = list.missing;
      values.present = list.present;
      values.derived = std::move(list.derived);
    }
    if (valency.levels > 1) list.nesting = static_cast<int64_t>(valency.levels);
    for (size_t level = 0; level < valency.levels; ++level) {
      if (!valency.lengths.empty()) list.lengths = valency.lengths[level];
      ColumnRules inner{.name = list.name + "[]",
                        .type = Type::kList,
                        .presence = list.presence,
                        .stage = list.stage,
                        .in_environments = list.in_environments,
                        .not_in_environments = list.not_in_environments};
      TRY(AddColumn(feature, std::exchange(list, std::move(inner))));
    }
    if (valency.levels > 0) values.name = list.name;
    std::string name = values.name;
    TRY(AddColumn(feature, std::move(values)));
    return name;
  }

  static TfxField Place(const TfxField& feature) { return {.line = feature.line, .column = feature.column}; }

  absl::Status AddColumn(const TfxField& feature, ColumnRules column) {
    if (!places_.emplace(column.name, Place(feature)).second) {
      return reader_.Error(feature, fmt::format("the feature {} stands here twice", Quoted(column.name)));
    }
    schema_.columns.push_back(std::move(column));
    return absl::OkStatus();
  }

  absl::StatusOr<Valency> TakeValency(TfxField& feature) const {
    if (std::optional<TfxField> shape = feature.Take("shape"); shape.has_value()) return TakeShape(feature, *shape);
    Valency valency;
    if (std::optional<TfxField> counts = feature.Take("value_counts"); counts.has_value()) {
      for (TfxField& count : counts->TakeAll("value_count")) {
        TRY_ASSIGN(valency.lengths.emplace_back(), TakeLengths(count));
      }
      valency.levels = valency.lengths.size();
      valency.loose = valency.levels == 0;
      if (valency.levels > kMaxLevels) return TooDeep(*counts);
      return valency;
    }
    std::optional<TfxField> count = feature.Take("value_count");
    if (!count.has_value() || count->fields.empty()) {
      valency.loose = true;
      return valency;
    }
    TRY_ASSIGN(const std::optional<LengthsRule> lengths, TakeLengths(*count));
    if (lengths.has_value() && lengths->max == 1) {
      valency.loose = lengths->min != 1;
      return valency;
    }
    valency.levels = 1;
    valency.lengths.push_back(lengths);
    return valency;
  }

  // Nothing where every length is fine.
  absl::StatusOr<std::optional<LengthsRule>> TakeLengths(TfxField& count) const {
    TRY_ASSIGN(TfxBounds<int64_t> bounds, reader_.Counts(count, "min", "max"));
    if (bounds.min == 0) bounds.min.reset();
    if (!bounds.any()) return std::nullopt;
    return LengthsRule{.min = bounds.min, .max = bounds.max};
  }

  // What is left of the shape, names of its dimensions, goes back to `feature`.
  absl::StatusOr<Valency> TakeShape(TfxField& feature, TfxField& shape) const {
    ShapeRule rule;
    std::vector<TfxField> rest;
    for (TfxField& dim : shape.TakeAll("dim")) {
      const std::optional<TfxField> size = dim.Take("size");
      if (!size.has_value() || size->integer < 1 || size->integer > kTfxMaxCount) {
        return reader_.Error(size.value_or(dim), "want a dim with a size of 1 or more");
      }
      rule.dims.push_back(size->integer);
      if (!dim.fields.empty()) rest.push_back(std::move(dim));
    }
    shape.fields = std::move(rest);
    Valency valency;
    if (rule.dims.size() > kMaxLevels) return TooDeep(shape);
    if (rule.dims.size() > 1 || (rule.dims.size() == 1 && rule.dims.front() != 1)) {
      valency.levels = rule.dims.size();
      valency.shape = std::move(rule);
    }
    GiveBack(feature, std::move(shape));
    return valency;
  }

  absl::Status TooDeep(const TfxField& field) const {
    return reader_.Error(field, fmt::format("lists within lists deeper than {} levels", kMaxLevels));
  }

  absl::Status ReadPresence(TfxField& feature, ColumnRules& column) const {
    column.presence = Presence::kOptional;
    std::optional<TfxField> presence = feature.Take("presence");
    if (!presence.has_value()) return absl::OkStatus();
    TRY_ASSIGN(const std::optional<double> fraction, reader_.Number(*presence, "min_fraction", 1));
    TRY_ASSIGN(const TfxBounds<int64_t> count, reader_.Counts(*presence, "min_count", ""));
    if (fraction.value_or(0) > 0) column.missing = {.max_share = Complement(*fraction)};
    if (count.min.value_or(0) > 0) column.present = {.min_count = *count.min};
    if (column.missing.has_value() || column.present.has_value()) column.presence = Presence::kRequired;
    return absl::OkStatus();
  }

  static void ReadStage(TfxField& feature, ColumnRules& column) {
    const bool deprecated = TakeTrue(feature, "deprecated");
    std::optional<TfxField> stage = feature.Take("lifecycle_stage");
    if (deprecated || (stage.has_value() && stage->text == "DEPRECATED")) column.presence = Presence::kDeprecated;
    const bool has_source = std::any_of(feature.fields.begin(), feature.fields.end(), [](const TfxField& field) {
      return field.name == "validation_derived_source";
    });
    for (const auto& [theirs, ours] : kTfxStages) {
      if (!stage.has_value() || stage->text != theirs) continue;
      if (deprecated || (ours == Stage::kDerived && !has_source)) {
        feature.fields.push_back(*stage);
      } else {
        column.stage = ours;
      }
    }
    column.in_environments = TakeSortedTexts(feature, "in_environment");
    column.not_in_environments = TakeSortedTexts(feature, "not_in_environment");
  }

  static void ReadDescription(TfxField& feature, ColumnRules& column) {
    std::optional<TfxField> annotation = feature.Take("annotation");
    if (!annotation.has_value()) return;
    for (const TfxField& comment : annotation->TakeAll("comment")) {
      if (!column.description.empty()) column.description += '\n';
      column.description += comment.text;
    }
    GiveBack(feature, *std::move(annotation));
  }

  // Of a derived feature. The stages of such are derived and disabled, or none.
  static void ReadSource(TfxField& feature, ColumnRules& column) {
    std::optional<TfxField> source = feature.Take("validation_derived_source");
    if (!source.has_value()) return;
    if (column.stage.has_value() && column.stage != Stage::kDerived && column.stage != Stage::kDisabled) {
      feature.fields.push_back(*std::move(source));
      return;
    }
    column.derived.emplace();
    for (TfxField& path : source->TakeAll("source_path")) {
      std::string from = TakePath(path);
      std::vector<std::string>& all = column.derived->from;
      if (!from.empty() && std::find(all.begin(), all.end(), from) == all.end()) all.push_back(std::move(from));
    }
    const auto deriver = std::find_if(source->fields.begin(), source->fields.end(),
                                      [](const TfxField& field) { return field.name == "deriver_name"; });
    if (deriver != source->fields.end() && deriver->text == kTfxExpressionDeriver) {
      source->Take("deriver_name");
      column.derived->expression = TakeText(*source, "description");
    }
    GiveBack(feature, *std::move(source));
  }

  static std::string TakePath(TfxField& path) {
    std::string joined;
    for (const TfxField& step : path.TakeAll("step")) {
      if (!joined.empty()) joined += '.';
      joined += step.text;
    }
    return joined;
  }

  absl::Status ReadDistances(TfxField& feature, std::string_view name, Type type,
                             std::optional<DistanceRule>& rule) const {
    std::optional<TfxField> comparator = feature.Take(name);
    if (!comparator.has_value()) return absl::OkStatus();
    const bool is_numeric = type == Type::kInteger || type == Type::kNumber;
    DistanceRule distances{.severity = Severity::kError};
    for (const auto& [field, measure] : kTfxMeasures) {
      // Those of single values are for texts.
      if (is_numeric && measure != profile::Measure::kJensenShannon) continue;
      std::optional<TfxField> limit = comparator->Take(field);
      if (!limit.has_value()) continue;
      TRY_ASSIGN(const std::optional<double> threshold, reader_.Number(*limit, "threshold", 1e308));
      if (threshold.has_value()) distances.limits.push_back({.measure = measure, .max = *threshold});
      std::optional<TfxField> source = limit->Take("source");
      if (source.has_value() && threshold.has_value() && TakeText(*source, "type") == "QUANTILES") {
        distances.deciles = true;
      }
      // Without a threshold it is measured and not judged.
      if (!threshold.has_value() || !limit->fields.empty()) comparator->fields.push_back(*std::move(limit));
    }
    if (!distances.limits.empty()) rule = std::move(distances);
    GiveBack(feature, *std::move(comparator));
    return absl::OkStatus();
  }

  // --- what is more than one feature ---

  // Whether TFX looks at features of that stage.
  static bool IsUsed(std::string_view stage) {
    return stage.empty() || stage == "UNKNOWN_STAGE" || stage == "BETA" || stage == "PRODUCTION" ||
           stage == "VALIDATION_DERIVED";
  }

  absl::Status ReadSparse(TfxField& feature) {
    SparseFeature sparse{.name = TakeText(feature, "name")};
    const std::string owner = fmt::format("sparse_feature {}", Quoted(sparse.name));
    const bool deprecated = TakeTrue(feature, "deprecated");
    if (!IsUsed(TakeText(feature, "lifecycle_stage")) || deprecated) {
      notes_.Add(feature, owner + ": not in use by its lifecycle_stage; left out");
      return absl::OkStatus();
    }
    for (TfxField& index : feature.TakeAll("index_feature")) sparse.index_columns.push_back(TakeText(index, "name"));
    if (std::optional<TfxField> value = feature.Take("value_feature"); value.has_value()) {
      sparse.value_column = TakeText(*value, "name");
    }
    const auto& columns = sparse.index_columns;
    if (sparse.name.empty() || sparse.value_column.empty() || columns.empty() ||
        std::find(columns.begin(), columns.end(), "") != columns.end()) {
      return reader_.Error(feature, "a sparse_feature needs a name, index_feature and value_feature, both by name");
    }
    std::vector<std::string> named = columns;
    std::sort(named.begin(), named.end());
    if (std::adjacent_find(named.begin(), named.end()) != named.end()) {
      return reader_.Error(feature, "a sparse_feature names each index_feature once");
    }
    named.push_back(sparse.value_column);
    TRY_ASSIGN(const bool is_known, AddCombination(feature, owner, sparse.name, named));
    if (!is_known) return absl::OkStatus();
    schema_.sparse_features.push_back(std::move(sparse));
    notes_.AddRest(feature, owner);
    return absl::OkStatus();
  }

  absl::Status ReadWeighted(TfxField& feature) {
    WeightedFeature weighted{.name = TakeText(feature, "name")};
    const std::string owner = fmt::format("weighted_feature {}", Quoted(weighted.name));
    if (!IsUsed(TakeText(feature, "lifecycle_stage"))) {
      notes_.Add(feature, owner + ": not in use by its lifecycle_stage; left out");
      return absl::OkStatus();
    }
    if (std::optional<TfxField> path = feature.Take("feature"); path.has_value()) weighted.column = TakePath(*path);
    if (std::optional<TfxField> path = feature.Take("weight_feature"); path.has_value()) {
      weighted.weight_column = TakePath(*path);
    }
    if (weighted.name.empty() || weighted.column.empty() || weighted.weight_column.empty()) {
      return reader_.Error(feature, "a weighted_feature needs a name, feature and weight_feature");
    }
    const std::vector<std::string> named = {weighted.column, weighted.weight_column};
    TRY_ASSIGN(const bool is_known, AddCombination(feature, owner, weighted.name, named));
    if (is_known) schema_.weighted_features.push_back(std::move(weighted));
    return absl::OkStatus();
  }

  // Whether all of `columns` are there, so that it can be checked.
  absl::StatusOr<bool> AddCombination(const TfxField& feature, std::string_view owner, const std::string& name,
                                      const std::vector<std::string>& columns) {
    if (places_.contains(name)) {
      return reader_.Error(feature, fmt::format("the feature {} stands here twice", Quoted(name)));
    }
    for (const std::string& column : columns) {
      if (schema_.Find(column) != nullptr) continue;
      notes_.Add(feature, fmt::format("{}: there is no feature {}; left out", owner, Quoted(column)));
      return false;
    }
    places_.emplace(name, Place(feature));
    return true;
  }

  absl::Status ReadRows(TfxField& constraints) {
    TRY_ASSIGN(const TfxBounds<int64_t> count, reader_.Counts(constraints, "min_examples_count", "max_examples_count"));
    if (count.any()) {
      RowsRule& rows = schema_.dataset.rows.emplace();
      if (count.min.has_value()) rows.min = static_cast<double>(*count.min);
      if (count.max.has_value()) rows.max = static_cast<double>(*count.max);
    }
    TRY(ReadRatio(constraints, "num_examples_drift_comparator", schema_.dataset.rows_to_previous_span));
    return ReadRatio(constraints, "num_examples_version_comparator", schema_.dataset.rows_to_previous_version);
  }

  absl::Status ReadRatio(TfxField& constraints, std::string_view name, std::optional<RowsRule>& rule) const {
    std::optional<TfxField> ratio = constraints.Take(name);
    if (!ratio.has_value()) return absl::OkStatus();
    TRY_ASSIGN(const TfxBounds<double> bounds,
               reader_.Numbers(*ratio, "min_fraction_threshold", "max_fraction_threshold", 1e308));
    if (bounds.any()) rule = {.min = bounds.min, .max = bounds.max};
    return absl::OkStatus();
  }

  TfxReader reader_;
  TfxNotes notes_;
  TfxDomainReader domains_;
  Schema schema_;
  absl::flat_hash_map<std::string, TfxField> places_;  // of columns and of sparse and weighted features, by name
  std::vector<std::string> loose_;                     // features, quoted
  TfxField first_loose_;
};

}  // namespace

absl::StatusOr<TfxImport> FromTfxText(std::string_view text, std::string_view path) {
  TRY_ASSIGN(TfxField root, ParseTfxMessage(text, path));
  return Importer(path).Read(std::move(root));
}

}  // namespace roost::schema
