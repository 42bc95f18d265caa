#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/status.h"
#include "column/value.h"
#include "dump.h"
#include "flights_features.h"
#include "step.h"
#include "steps.h"
#include "train/linear.h"
#include "transform/feature_map.h"

namespace roost::benchmark {
namespace {

constexpr double kLateMinutes = 15;

struct TrainingSet {
  transform::FeatureRows features;
  std::vector<double> targets;
};

void Append(const transform::FeatureRows& more, transform::FeatureRows& all) {
  const auto entries = static_cast<int64_t>(all.values.size());
  for (size_t row = 1; row < more.starts.size(); ++row) all.starts.push_back(entries + more.starts[row]);
  all.indices.insert(all.indices.end(), more.indices.begin(), more.indices.end());
  all.values.insert(all.values.end(), more.values.begin(), more.values.end());
}

absl::StatusOr<TrainingSet> Featurize(const transform::Transform& transform, std::span<const column::BatchView> batches,
                                      const Context& context) {
  TrainingSet set;
  set.features.num_features = transform.num_features();
  for (const column::BatchView& batch : batches) {
    TRY_ASSIGN(const transform::FeatureRows features, transform.ApplyBatch(batch, context));
    Append(features, set.features);
    TRY_ASSIGN(const column::ColumnView* delay, batch.Require("delay"));
    for (int64_t row = 0; row < batch.num_rows(); ++row) {
      const column::Value value = column::ValueAt(*delay, column::Kind::kNumber, row);
      const double* minutes = std::get_if<double>(&value);
      set.targets.push_back(minutes != nullptr && *minutes > kLateMinutes ? 1 : 0);
    }
  }
  return set;
}

// The old fit over the features of the new transform.
absl::StatusOr<train::LinearFit> Mapped(const train::LinearFit& old, const transform::FeatureMap& map) {
  TRY_ASSIGN(transform::WarmStart start, transform::ApplyMap(map, old.weights, old.intercepts));
  return train::LinearFit{.intercepts = std::move(start.intercepts), .weights = std::move(start.weights)};
}

struct Measured {
  train::LinearFit fit;
  Json said;
};

absl::StatusOr<Measured> Fit(const TrainingSet& set, const train::LinearFit* start, const Context& context) {
  const train::TrainingRows rows{
      .features = &set.features, .targets = set.targets, .weights = {}, .groups = {}, .num_classes = 2};
  const Step step;
  TRY_ASSIGN(train::LinearFit fit, train::FitLinear(rows, {}, start, context));
  Json said{{"wall", step.wall()},       {"cpu", step.cpu()},          {"iterations", fit.iterations},
            {"passes", fit.passes},      {"objective", fit.objective}, {"gradient_norm", fit.gradient_norm},
            {"converged", fit.converged}};
  return Measured{std::move(fit), std::move(said)};
}

}  // namespace

absl::StatusOr<Json> WarmStep(Words words, const Context& context) {
  std::vector<column::OwnedBatch> rows;
  std::optional<std::pair<transform::Transform, train::LinearFit>> before;
  Json months = Json::array();
  for (const std::string& path : words) {
    TRY_ASSIGN(std::vector<column::OwnedBatch> more, ReadRows(path, context));
    for (column::OwnedBatch& batch : more) rows.push_back(std::move(batch));
    const std::vector<column::BatchView> batches = ViewsOf(rows);
    TRY_ASSIGN(const transform::Transform transform, FitTransform(FlightsFeatures(), batches, context));
    TRY_ASSIGN(const TrainingSet set, Featurize(transform, batches, context));
    TRY_ASSIGN(Measured cold, Fit(set, nullptr, context));
    Json month{{"rows", set.targets.size()}, {"features", transform.num_features()}, {"cold", std::move(cold.said)}};
    if (before.has_value()) {
      TRY_ASSIGN(const train::LinearFit start,
                 Mapped(before->second, transform::MapFeatures(before->first, transform)));
      TRY_ASSIGN(Measured warm, Fit(set, &start, context));
      month["warm"] = std::move(warm.said);
    }
    months.push_back(std::move(month));
    before.emplace(transform, std::move(cold.fit));
  }
  return Json{{"months", std::move(months)}};
}

}  // namespace roost::benchmark
