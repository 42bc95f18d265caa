#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "absl/container/flat_hash_map.h"
#include "schema/tfx_domain_writer.h"
#include "schema/tfx_message.h"
#include "schema/tfx_text.h"
#include "schema/tfx_words.h"
#include "schema/wording.h"

namespace roost::schema {
namespace {

constexpr size_t kNone = std::numeric_limits<size_t>::max();

// Calls visit(name, rule) for each rule of the column that has a severity.
template <typename Visit>
void ForEachRule(const ColumnRules& column, const Visit& visit) {
  visit("missing", column.missing);
  visit("present", column.present);
  visit("range", column.range);
  visit("values", column.values);
  visit("distinct", column.distinct);
  visit("bools", column.bools);
  visit("times", column.times);
  visit("lengths", column.lengths);
  visit("shape", column.shape);
  visit("embedding", column.embedding);
  visit("words", column.words);
  visit("images", column.images);
  visit("drift", column.drift);
  visit("skew", column.skew);
}

class Exporter {
 public:
  explicit Exporter(const Schema& schema) : schema_(schema), parents_(schema.columns.size(), kNone) {}

  TfxExport Write() {
    FindParents();
    TfxField root;
    for (size_t i = 0; i < schema_.columns.size(); ++i) {
      if (parents_[i] == kNone) WriteFeature(i, root);
    }
    for (const Domain& domain : schema_.domains) {
      TfxField& message = root.Add("string_domain");
      message.AddText("name", domain.name);
      for (const std::string& value : domain.values) message.AddText("value", value);
    }
    for (const std::string& environment : schema_.default_environments) {
      root.AddText("default_environment", environment);
    }
    WriteCombinations(root);
    WriteDataset(root);
    if (is_on_trial_) notes_.emplace_back("rules on trial, with a count of confirmations, are settled ones in TFX");
    std::string text;
    if (!notes_.empty()) text += "# What TFX's schema does not say as Roost's does:\n";
    for (const std::string& note : notes_) text += fmt::format("#   {}\n", note);
    return {.text = text + PrintTfxMessage(root), .notes = std::move(notes_)};
  }

 private:
  // --- which column is in which ---

  void FindParents() {
    absl::flat_hash_map<std::string_view, size_t> index_of;
    for (size_t i = 0; i < schema_.columns.size(); ++i) index_of.emplace(schema_.columns[i].name, i);
    for (size_t i = 0; i < schema_.columns.size(); ++i) parents_[i] = ParentOf(schema_.columns[i].name, index_of);
    for (size_t i = 0; i < schema_.columns.size(); ++i) {
      if (parents_[i] != kNone) children_[parents_[i]].push_back(i);
    }
  }

  size_t ParentOf(std::string_view name, const absl::flat_hash_map<std::string_view, size_t>& index_of) const {
    if (name.ends_with("[]")) {
      const auto list = index_of.find(name.substr(0, name.size() - 2));
      return list != index_of.end() && schema_.columns[list->second].type == Type::kList ? list->second : kNone;
    }
    for (size_t dot = name.rfind('.'); dot != std::string_view::npos && dot > 0; dot = name.rfind('.', dot - 1)) {
      const auto found = index_of.find(name.substr(0, dot));
      if (found != index_of.end() && schema_.columns[found->second].type == Type::kStruct) return found->second;
    }
    return kNone;
  }

  // The lists around the values of column `index`, then the values; the last is a list where nothing says of what.
  std::vector<size_t> Chain(size_t index) const {
    std::vector<size_t> chain = {index};
    while (schema_.columns[chain.back()].type == Type::kList) {
      const auto inner = children_.find(chain.back());
      if (inner == children_.end()) break;
      chain.push_back(inner->second.front());
    }
    return chain;
  }

  // The names of the features on the way to a column.
  void AddPath(TfxField& message, std::string_view field, const std::string& column) const {
    TfxField& path = message.Add(field);
    std::vector<std::string> steps;
    const auto found = std::find_if(schema_.columns.begin(), schema_.columns.end(),
                                    [&](const ColumnRules& other) { return other.name == column; });
    std::string_view rest = column;
    for (size_t at = found == schema_.columns.end() ? kNone
                                                    : parents_[static_cast<size_t>(found - schema_.columns.begin())];
         at != kNone; at = parents_[at]) {
      const size_t length = schema_.columns[at].name.size();
      if (schema_.columns[at].type != Type::kStruct) continue;
      steps.emplace_back(rest.substr(length + 1));
      rest = rest.substr(0, length);
    }
    steps.emplace_back(rest);
    std::for_each(steps.rbegin(), steps.rend(), [&](std::string& step) { path.AddText("step", std::move(step)); });
  }

  // --- notes ---

  void Note(const ColumnRules& column, std::string_view what) { notes_.push_back(TfxColumnNote(column, what)); }

  void NoteUnsaid(const ColumnRules& column, const std::vector<std::string>& unsaid) {
    if (!unsaid.empty()) Note(column, fmt::format("no word for {}", fmt::join(unsaid, ", ")));
  }

  void NoteSeverities(const ColumnRules& column) {
    std::vector<std::string> warnings;
    ForEachRule(column, [&](std::string_view name, const auto& rule) {
      if (!rule.has_value()) return;
      if (rule->severity == Severity::kWarning) warnings.emplace_back(name);
      if constexpr (requires { rule->confirmed; }) is_on_trial_ = is_on_trial_ || rule->confirmed.has_value();
    });
    if (column.nan == Policy::kWarning) warnings.emplace_back("nan");
    if (column.infinity == Policy::kWarning) warnings.emplace_back("infinity");
    if (!warnings.empty()) {
      Note(column, fmt::format("warnings here, errors in TFX: {}", fmt::join(warnings, ", ")));
    }
  }

  // Rules that no feature has.
  void NoteForeign(const ColumnRules& column) {
    std::vector<std::string> unsaid;
    if (column.duplicates != Policy::kAllow) unsaid.emplace_back("duplicates");
    if (column.pattern.has_value()) unsaid.emplace_back("pattern");
    if (column.order.has_value()) unsaid.emplace_back("order");
    if (!column.bands.empty()) unsaid.emplace_back("bands");
    NoteUnsaid(column, unsaid);
  }

  // Rules of a list's values that a feature has only once, for the list.
  void NoteInner(const ColumnRules& list, const ColumnRules& inner) {
    std::vector<std::string> unsaid;
    if (inner.missing.has_value()) unsaid.emplace_back("missing");
    if (inner.present.has_value()) unsaid.emplace_back("present");
    if (inner.derived.has_value()) unsaid.emplace_back("derived");
    if (!inner.description.empty()) unsaid.emplace_back("description");
    if (inner.presence != list.presence) unsaid.emplace_back("presence");
    if (inner.stage != list.stage) unsaid.emplace_back("stage");
    if (inner.in_environments != list.in_environments || inner.not_in_environments != list.not_in_environments) {
      unsaid.emplace_back("environments");
    }
    if (inner.embedding.has_value()) unsaid.emplace_back("embedding");
    if (inner.shape.has_value()) unsaid.emplace_back("shape");
    NoteUnsaid(inner, unsaid);
  }

  // --- one feature ---

  void WriteFeature(size_t index, TfxField& parent) {
    const std::vector<size_t> chain = Chain(index);
    const ColumnRules& outer = schema_.columns[chain.front()];
    const ColumnRules& values = schema_.columns[chain.back()];
    TfxField feature{.name = "feature"};
    const size_t prefix = parents_[index] == kNone ? 0 : schema_.columns[parents_[index]].name.size() + 1;
    feature.AddText("name", outer.name.substr(prefix));
    WritePresence(outer, feature);
    WriteStage(outer, feature);
    if (!outer.description.empty()) feature.Add("annotation").AddText("comment", outer.description);
    for (const std::string& name : outer.in_environments) feature.AddText("in_environment", name);
    for (const std::string& name : outer.not_in_environments) feature.AddText("not_in_environment", name);
    WriteSource(outer, feature);
    WriteValency(chain, feature);
    WriteType(values, feature);
    NoteUnsaid(values, TfxDomainWriter(notes_).Write(outer, values, feature));
    if (values.distinct.has_value()) {
      WriteBounds(feature.Add("unique_constraints"), values.distinct->min, values.distinct->max);
    }
    WriteDistances(values, "drift", values.drift, feature.Add("drift_comparator"));
    WriteDistances(values, "skew", values.skew, feature.Add("skew_comparator"));
    std::erase_if(feature.fields, [](const TfxField& field) {
      return field.fields.empty() && (field.name == "drift_comparator" || field.name == "skew_comparator");
    });
    for (const size_t at : chain) {
      if (at != index) NoteInner(outer, schema_.columns[at]);
      NoteSeverities(schema_.columns[at]);
      NoteForeign(schema_.columns[at]);
    }
    if (values.type == Type::kStruct) {
      TfxField fields{.name = "struct_domain"};
      const auto children = children_.find(chain.back());
      if (children != children_.end()) {
        for (const size_t child : children->second) WriteFeature(child, fields);
        feature.fields.push_back(std::move(fields));
      }
    }
    parent.fields.push_back(std::move(feature));
  }

  void WritePresence(const ColumnRules& column, TfxField& feature) {
    const double fraction = column.missing.has_value() ? Complement(column.missing->max_share) : 0;
    int64_t count = column.present.has_value() ? column.present->min_count : 0;
    const bool is_wanted = fraction > 0 || count > 0;
    if (column.presence == Presence::kRequired && !is_wanted) {
      count = 1;
      Note(column, "must be there, but may be null throughout; in TFX one row at least has a value (min_count: 1)");
    }
    if (column.presence == Presence::kOptional && is_wanted) {
      Note(column,
           "may be absent, and is checked for missing values where it is there; TFX would want it always, so "
           "nothing is said there");
      return;
    }
    if (fraction <= 0 && count <= 0) return;
    TfxField& presence = feature.Add("presence");
    if (fraction > 0) presence.AddNumber("min_fraction", fraction);
    if (count > 0) presence.AddInteger("min_count", count);
  }

  void WriteStage(const ColumnRules& column, TfxField& feature) {
    if (column.presence == Presence::kDeprecated || column.stage == Stage::kDeprecated) {
      feature.AddName("lifecycle_stage", "DEPRECATED");
      if (column.stage.has_value() && column.stage != Stage::kDeprecated)
        Note(column, "no word for its stage: it is deprecated too");
      return;
    }
    for (const auto& [theirs, ours] : kTfxStages) {
      if (column.stage == ours) feature.AddName("lifecycle_stage", theirs);
    }
  }

  void WriteSource(const ColumnRules& column, TfxField& feature) {
    if (!column.derived.has_value()) return;
    TfxField source{.name = "validation_derived_source"};
    if (!column.derived->expression.empty()) {
      source.AddText("deriver_name", std::string(kTfxExpressionDeriver));
      source.AddText("description", column.derived->expression);
    }
    for (const std::string& from : column.derived->from) AddPath(source, "source_path", from);
    feature.fields.push_back(std::move(source));
  }

  void WriteValency(const std::vector<size_t>& chain, TfxField& feature) {
    const ColumnRules& outer = schema_.columns[chain.front()];
    const size_t levels = schema_.columns[chain.back()].type == Type::kList ? chain.size() : chain.size() - 1;
    if (outer.nesting.value_or(static_cast<int64_t>(levels)) != static_cast<int64_t>(levels)) {
      Note(outer, "no word for nesting: its columns say something else");
    }
    if (levels == 0) {
      if (outer.lengths.has_value() || outer.shape.has_value())
        Note(outer, "no word for lengths or a shape without lists");
      // As TFX infers it. A struct needs no word.
      if (outer.type == Type::kStruct) return;
      if (outer.missing.has_value() && outer.missing->max_share == 0) {
        feature.Add("shape").Add("dim").AddInteger("size", 1);
      } else {
        WriteBounds(feature.Add("value_count"), std::optional<int64_t>(1), std::optional<int64_t>(1));
      }
      return;
    }
    const bool is_one =
        outer.shape.has_value() && (outer.shape->dims.empty() || outer.shape->dims == std::vector<int64_t>{1});
    if (outer.shape.has_value() && !is_one && outer.shape->dims.size() == levels) {
      TfxField& shape = feature.Add("shape");
      for (const int64_t dim : outer.shape->dims) shape.Add("dim").AddInteger("size", dim);
      for (const size_t at : chain) {
        if (schema_.columns[at].lengths.has_value()) Note(schema_.columns[at], "no word for lengths beside a shape");
      }
      return;
    }
    if (outer.shape.has_value() && !is_one) Note(outer, "no word for a shape of other dimensions than its lists have");
    WriteLengths(chain, levels, feature);
  }

  // One value at most is what TFX calls a plain feature, except as a list of counts.
  void WriteLengths(const std::vector<size_t>& chain, size_t levels, TfxField& feature) const {
    TfxField counts{.name = "value_counts"};
    for (size_t level = 0; level < levels; ++level) {
      const ColumnRules& list = schema_.columns[chain[level]];
      TfxField& count = counts.Add("value_count");
      LengthsRule lengths = list.lengths.value_or(LengthsRule());
      if (level == 0 && list.shape.has_value() && !list.lengths.has_value()) lengths = {.min = 1, .max = 1};
      WriteBounds(count, lengths.min.has_value() || lengths.max.has_value() ? lengths.min : std::optional<int64_t>(0),
                  lengths.max);
    }
    const std::optional<LengthsRule>& only = schema_.columns[chain.front()].lengths;
    const bool is_plain_to_tfx =
        schema_.columns[chain.front()].shape.has_value() || (only.has_value() && only->max == 1);
    if (levels > 1 || is_plain_to_tfx) {
      feature.fields.push_back(std::move(counts));
    } else {
      feature.fields.push_back(std::move(counts.fields.front()));
    }
  }

  template <typename T>
  static void WriteBounds(TfxField& message, const std::optional<T>& min, const std::optional<T>& max) {
    if (min.has_value()) message.AddInteger("min", *min);
    if (max.has_value()) message.AddInteger("max", *max);
  }

  void WriteType(const ColumnRules& values, TfxField& feature) {
    switch (values.type) {
      case Type::kInteger: feature.AddName("type", "INT"); break;
      case Type::kNumber: feature.AddName("type", "FLOAT"); break;
      case Type::kText: feature.AddName("type", "BYTES"); break;
      case Type::kStruct: feature.AddName("type", "STRUCT"); break;
      case Type::kBinary:
        feature.AddName("type", "BYTES");
        if (!values.images.has_value() && values.holds != Content::kAudio && values.holds != Content::kVideo) {
          Note(values, "binary here, BYTES like text in TFX");
        }
        break;
      case Type::kBool:
        feature.AddName("type", "INT");
        Note(values, "bools here, integers 0 and 1 in TFX");
        break;
      case Type::kTime:
        feature.AddName("type", "INT");
        Note(values, "times here, integers of microseconds in TFX");
        break;
      case Type::kAny: break;
      case Type::kList:
      case Type::kOther: Note(values, fmt::format("of the type {} here, of none in TFX", TypeName(values.type))); break;
    }
  }

  void WriteDistances(const ColumnRules& column, std::string_view name, const std::optional<DistanceRule>& rule,
                      TfxField& comparator) {
    if (!rule.has_value()) return;
    std::vector<std::string> unsaid;
    for (const DistanceLimit& limit : rule->limits) {
      const auto* found = std::find_if(kTfxMeasures.begin(), kTfxMeasures.end(),
                                       [&](const auto& pair) { return pair.second == limit.measure; });
      if (found == kTfxMeasures.end()) {
        unsaid.push_back(fmt::format("{}: {}", name, profile::MeasureName(limit.measure)));
      } else {
        TfxField& distance = comparator.Add(found->first);
        distance.AddNumber("threshold", limit.max);
        if (rule->deciles && limit.measure == profile::Measure::kJensenShannon) {
          distance.Add("source").AddName("type", "QUANTILES");
        }
      }
    }
    NoteUnsaid(column, unsaid);
  }

  // --- what is more than one feature ---

  void WriteCombinations(TfxField& root) {
    const auto warn = [this](const auto& feature) {
      if (feature.severity != Severity::kWarning) return;
      notes_.push_back(fmt::format("feature {}: a warning here, an error in TFX", Quoted(feature.name)));
    };
    for (const SparseFeature& sparse : schema_.sparse_features) {
      TfxField& feature = root.Add("sparse_feature");
      feature.AddText("name", sparse.name);
      for (const std::string& column : sparse.index_columns) feature.Add("index_feature").AddText("name", column);
      feature.Add("value_feature").AddText("name", sparse.value_column);
      warn(sparse);
    }
    for (const WeightedFeature& weighted : schema_.weighted_features) {
      TfxField& feature = root.Add("weighted_feature");
      feature.AddText("name", weighted.name);
      AddPath(feature, "feature", weighted.column);
      AddPath(feature, "weight_feature", weighted.weight_column);
      warn(weighted);
    }
  }

  void WriteDataset(TfxField& root) {
    const DatasetRules& dataset = schema_.dataset;
    TfxField constraints{.name = "dataset_constraints"};
    if (dataset.rows.has_value()) {
      WriteCount("min_examples_count", dataset.rows->min, constraints);
      WriteCount("max_examples_count", dataset.rows->max, constraints);
    }
    WriteRatio("num_examples_drift_comparator", dataset.rows_to_previous_span, constraints);
    WriteRatio("num_examples_version_comparator", dataset.rows_to_previous_version, constraints);
    if (!constraints.fields.empty()) root.fields.push_back(std::move(constraints));
    for (const auto* rule : {&dataset.rows, &dataset.rows_to_previous_span, &dataset.rows_to_previous_version}) {
      if (!rule->has_value()) continue;
      if ((*rule)->severity == Severity::kWarning)
        notes_.emplace_back("the dataset: the count of rows is a warning here, an error in TFX");
    }
    if (dataset.duplicate_rows.has_value()) notes_.emplace_back("the dataset: no word for duplicate_rows");
    if (!dataset.keys.empty()) notes_.emplace_back("the dataset: no word for keys");
    if (!dataset.foreign_keys.empty()) notes_.emplace_back("the dataset: no word for foreign_keys");
    if (dataset.false_alarms != DatasetRules().false_alarms) {
      notes_.emplace_back("the dataset: no word for false_alarms");
    }
    for (const CustomRule& rule : schema_.rules)
      notes_.push_back(fmt::format("the rule {}: no word for it", Quoted(rule.name)));
    if (schema_.new_columns != Policy::kError) {
      notes_.push_back(fmt::format("new columns: '{}' here, an error in TFX unless new_features_are_warnings is set",
                                   PolicyName(schema_.new_columns)));
    }
  }

  static void WriteCount(std::string_view name, const std::optional<double>& count, TfxField& constraints) {
    if (!count.has_value()) return;
    const double whole = name == "min_examples_count" ? std::ceil(*count) : std::floor(*count);
    constraints.AddInteger(name, static_cast<int64_t>(std::clamp(whole, 0.0, 1e18)));
  }

  static void WriteRatio(std::string_view name, const std::optional<RowsRule>& rule, TfxField& constraints) {
    if (!rule.has_value() || (!rule->min.has_value() && !rule->max.has_value())) return;
    TfxField& ratio = constraints.Add(name);
    if (rule->min.has_value()) ratio.AddNumber("min_fraction_threshold", *rule->min);
    if (rule->max.has_value()) ratio.AddNumber("max_fraction_threshold", *rule->max);
  }

  const Schema& schema_;
  std::vector<size_t> parents_;  // by column; kNone for those of the top
  absl::flat_hash_map<size_t, std::vector<size_t>> children_;
  std::vector<std::string> notes_;
  bool is_on_trial_ = false;
};

}  // namespace

TfxExport ToTfxText(const Schema& schema) { return Exporter(schema).Write(); }

}  // namespace roost::schema
