#include "api/served_rows.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "api/evaluation.h"
#include "api/feature_skew.h"
#include "api/schema.h"
#include "base/format.h"
#include "base/status.h"
#include "schema/drift.h"

namespace roost::api {
namespace {

using profile::Measure;
using schema::Comparability;

constexpr char kOfSchema[] = "the schema";
constexpr char kDefault[] = "the default";

/// The limits of the model's columns, and where they come from.
struct Limits {
  schema::DriftLimits limits;
  schema::DriftOptions options;
  std::map<std::string, std::string> from;  ///< by column
};

void AddLimits(const profile::ColumnSummary& column, const schema::ColumnRules* rules, Limits& limits,
               judge::ServingCheck& check) {
  if (rules != nullptr && rules->skew.has_value()) {
    for (const schema::DistanceLimit& limit : rules->skew->limits)
      limits.limits[column.name][limit.measure] = limit.max;
    if (rules->skew->deciles) limits.options.deciles.insert(column.name);
    limits.from[column.name] = kOfSchema;
    return;
  }
  if (schema::ChangesByNature(column)) {
    check.not_compared.push_back(fmt::format("'{}', whose values change by nature", column.name));
    return;
  }
  limits.from[column.name] = kDefault;
  // A measure that the type of the column does not have is passed over.
  for (const Measure measure : {Measure::kLInfinity, Measure::kJensenShannon}) {
    limits.limits[column.name][measure] = *schema::DefaultDriftLimit(measure);
  }
}

/// Whether the column is there at serving with any value; else the check says what it is not.
bool IsServed(const profile::ColumnSummary& training, const profile::ColumnSummary* served,
              judge::ServingCheck& check) {
  if (served == nullptr) {
    check.gone.push_back(fmt::format("'{}' is not among the served columns", training.name));
    return false;
  }
  if (served->missing < served->rows || training.missing == training.rows) return true;
  check.gone.push_back(fmt::format("'{}' is missing in every served row, and in {} of the training rows", training.name,
                                   FormatRoughShare(training.missing, training.rows)));
  return false;
}

absl::StatusOr<Limits> LimitsOf(Project& project, const LoadedModel& loaded, const std::string& dataset,
                                const profile::ProfileSummary& training, const profile::ProfileSummary& served,
                                judge::ServingCheck& check) {
  TRY_ASSIGN(const std::optional<schema::Schema> schema, FindSchema(project, dataset));
  Limits limits;
  if (schema.has_value()) limits.options.false_alarm_budget = schema->dataset.false_alarms;
  for (const std::string& name : InputNames(loaded.model)) {
    const profile::ColumnSummary* column = training.Find(name);
    if (column == nullptr) {
      check.not_compared.push_back(fmt::format("'{}', of which the version kept no statistics", name));
      continue;
    }
    if (!IsServed(*column, served.Find(name), check)) continue;
    AddLimits(*column, schema.has_value() ? schema->Find(name) : nullptr, limits, check);
  }
  return limits;
}

/// A column of one kind on both sides, with values on both.
void AddDistances(const schema::ColumnDrift& drift, const Limits& limits, judge::ServingCheck& check) {
  for (const auto& [measure, limit] : limits.limits.at(drift.column)) {
    const profile::Distance* distance = drift.comparison.Find(measure);
    if (distance == nullptr) continue;
    const bool broken = std::any_of(drift.drifted.begin(), drift.drifted.end(),
                                    [&](const schema::DriftedMeasure& drifted) { return drifted.measure == measure; });
    check.distances.push_back({.column = drift.column,
                               .measure = std::string(profile::MeasureName(measure)),
                               .value = distance->value,
                               .limit = limit,
                               .limit_from = limits.from.at(drift.column),
                               .p_value = drift.adjusted_p_value,
                               .broken = broken});
  }
}

void AddDrift(const schema::ColumnDrift& drift, const profile::ColumnSummary& served, const Limits& limits,
              judge::ServingCheck& check) {
  switch (drift.comparability) {
    case Comparability::kCompared: AddDistances(drift, limits, check); return;
    case Comparability::kOtherKind:
      check.gone.push_back(fmt::format("'{}' is of type {} at serving, and was of another kind in training",
                                       drift.column, served.type_text));
      return;
    case Comparability::kNoValues:
      check.not_compared.push_back(fmt::format("'{}', which has no values in training", drift.column));
      return;
    case Comparability::kNotInData:  // IsServed, and the version's statistics have its columns
    case Comparability::kNotInBaseline: return;
  }
}

/// Shares of missing values: what the distances do not see.
void AddMissing(const profile::ProfileSummary& served, const profile::ProfileSummary& training, const Limits& limits,
                judge::ServingCheck& check) {
  std::vector<double> chances;
  const size_t first = check.distances.size();
  for (const auto& [name, from] : limits.from) {
    const profile::ColumnSummary* now = served.Find(name);
    const profile::ColumnSummary* before = training.Find(name);
    const double difference = static_cast<double>(now->missing) / static_cast<double>(now->rows) -
                              static_cast<double>(before->missing) / static_cast<double>(before->rows);
    chances.push_back(judge::MissingPValue(now->missing, now->rows, before->missing, before->rows));
    check.distances.push_back({.column = name,
                               .measure = "missing",
                               .value = std::abs(difference),
                               .limit = *schema::DefaultDriftLimit(Measure::kLInfinity),
                               .limit_from = kDefault});
  }
  const std::vector<double> adjusted = schema::HolmAdjusted(chances);
  for (size_t i = 0; i < adjusted.size(); ++i) {
    judge::ServedDistance& distance = check.distances[first + i];
    distance.p_value = adjusted[i];
    distance.broken = distance.value > distance.limit && adjusted[i] < limits.options.false_alarm_budget;
  }
}

absl::Status AddJoined(Project& project, const LoadedModel& loaded, const std::string& dataset,
                       const config::ServedConfig& served, const ProfileSources& sources, const Context& context,
                       judge::ServingCheck& check) {
  if (served.join.empty()) return absl::OkStatus();
  TRY_ASSIGN(const ProfileSources training, ProfileSources::Make({dataset}, project.folder(), std::nullopt, context));
  schema::FeatureSkewOptions options{.keys = served.join};
  if (served.digits >= 0) options.round_digits = static_cast<int>(served.digits);
  auto skew = FindFeatureSkew(training, sources, options, context);
  if (!skew.ok()) return Annotate(skew.status(), "model.gate.serving.join");
  const std::vector<std::string> inputs = InputNames(loaded.model);
  judge::JoinedRows joined{.joined = skew->joined, .max_skewed = served.max_skewed};
  for (const schema::ColumnSkew& column : skew->columns) {
    if (std::find(inputs.begin(), inputs.end(), column.column) == inputs.end()) continue;
    joined.columns.push_back({column.column, column.skewed()});
  }
  check.joined = std::move(joined);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ServedRows> FindServedRows(Project& project, const config::ServedConfig& served,
                                          const Context& context) {
  std::string source = served.source;
  TRY_ASSIGN(const std::vector<std::string> names, project.store().Datasets());
  const auto reference = store::ParseDatasetRef(source);
  const bool is_dataset = reference.ok() && std::find(names.begin(), names.end(), reference->name) != names.end();
  if (!is_dataset) source = (std::filesystem::path(project.folder()) / source).string();
  auto sources = ProfileSources::Make({source}, project.folder(), std::nullopt, context);
  std::error_code error;
  // A glob without files is NotFound, one plain path is taken as it is.
  const bool is_gone = absl::IsNotFound(sources.status()) ||
                       (sources.ok() && !is_dataset && sources->parts().front().paths.size() == 1 &&
                        !std::filesystem::exists(sources->parts().front().paths.front(), error));
  if (is_gone) {
    return ServedRows{
        .sources = std::nullopt,
        .absent = fmt::format("there is no dataset and no file '{}' (model.gate.serving)", served.source)};
  }
  TRY(sources.status());
  return ServedRows{.sources = *std::move(sources), .absent = ""};
}

absl::StatusOr<judge::ServingCheck> CheckServing(Project& project, const LoadedModel& loaded,
                                                 const std::optional<config::ServedConfig>& served,
                                                 const Context& context) {
  judge::ServingCheck check;
  if (!served.has_value()) {
    check.absent = "no served rows are named (model.gate.serving)";
    return check;
  }
  check.source = served->source;
  TRY_ASSIGN(const ServedRows rows, FindServedRows(project, *served, context));
  check.absent = rows.absent;
  if (!rows.sources.has_value()) return check;
  const SourcePart& part = rows.sources->parts().front();
  if (part.version.has_value()) check.source = part.name;
  TRY_ASSIGN(const profile::Profile now, rows.sources->Profile(part, context));
  check.served_rows = now.rows();
  if (now.rows() == 0) {
    check.absent = fmt::format("{} has no rows (model.gate.serving)", check.source);
    return check;
  }
  TRY_ASSIGN(const std::string bytes, project.registry().LoadPart(loaded.version, registry::kProfilePart));
  TRY_ASSIGN(const profile::Profile training, profile::Profile::Parse(bytes));
  check.training_rows = training.rows();
  TRY_ASSIGN(const TrainingRecord record, ReadTrainingRecord(project, loaded.version));
  const auto dataset = record.lineage["dataset"].get<std::string>();
  TRY_ASSIGN(const store::DatasetRef reference, store::ParseDatasetRef(dataset));
  const profile::ProfileSummary before = training.Summarize();
  const profile::ProfileSummary after = now.Summarize();
  TRY_ASSIGN(const Limits limits, LimitsOf(project, loaded, reference.name, before, after, check));
  for (const schema::ColumnDrift& drift : schema::FindDrift(now, training, limits.limits, limits.options)) {
    AddDrift(drift, *after.Find(drift.column), limits, check);
  }
  AddMissing(after, before, limits, check);
  TRY(AddJoined(project, loaded, dataset, *served, *rows.sources, context, check));
  return check;
}

}  // namespace roost::api
