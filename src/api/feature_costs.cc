#include "api/feature_costs.h"

#include <algorithm>
#include <deque>
#include <span>

#include "base/status.h"
#include "column/value.h"

namespace roost::api {
namespace {

constexpr int64_t kRows = 256;
constexpr int kRuns = 5;
constexpr int64_t kMostPasses = 1 << 14;  // where the clock stands still
constexpr absl::Duration kLeastRun = absl::Milliseconds(1);

/// Some rows in the shape that a transform takes; lists lie in `lists`.
struct TimedRows {
  std::vector<std::vector<column::Value>> rows;
  std::deque<column::ListStorage> lists;
};

absl::StatusOr<TimedRows> RowsFor(const transform::Transform& transform, const LabelledRows& labelled) {
  TimedRows timed;
  for (const column::OwnedBatch& batch : labelled.batches) {
    const auto missing = kRows - static_cast<int64_t>(timed.rows.size());
    const int64_t count = std::min(missing, batch.view().num_rows());
    std::vector<const column::ColumnView*> columns;
    for (const transform::InputColumn& input : transform.inputs()) {
      TRY_ASSIGN(const column::ColumnView* column, batch.view().Require(input.name));
      columns.push_back(column);
    }
    for (int64_t row = 0; row < count; ++row) {
      std::vector<column::Value> values;
      for (size_t i = 0; i < columns.size(); ++i) {
        values.push_back(column::ValueAt(*columns[i], transform.inputs()[i].kind, row, timed.lists.emplace_back()));
      }
      timed.rows.push_back(std::move(values));
    }
  }
  return timed;
}

double NanosOfARow(const transform::Transform& transform, const TimedRows& timed, const Context& context) {
  transform::FeatureVector features;
  const auto run = [&](int64_t passes) {
    const absl::Time start = context.now();
    for (int64_t pass = 0; pass < passes; ++pass) {
      for (const std::vector<column::Value>& row : timed.rows) transform.ApplyRow(row, features);
    }
    return context.now() - start;
  };
  int64_t passes = 1;
  while (run(passes) < kLeastRun && passes < kMostPasses) passes *= 2;
  absl::Duration least = run(passes);
  for (int i = 1; i < kRuns; ++i) least = std::min(least, run(passes));
  return absl::ToDoubleNanoseconds(least) / static_cast<double>(passes * static_cast<int64_t>(timed.rows.size()));
}

}  // namespace

absl::StatusOr<std::vector<FeatureCost>> MeasureFeatureCosts(const PreparedTraining& prepared, const Context& context) {
  const profile::ProfileSummary summary = prepared.rows.profile.Summarize();
  const std::vector<column::BatchView> batches = prepared.rows.data[Part::kTrain].views();
  std::vector<FeatureCost> costs;
  for (const transform::FeatureSpec& feature : prepared.spec.features) {
    TRY(context.CheckCancelled());
    TRY_ASSIGN(const transform::Transform alone,
               transform::Transform::Fit({.derived = prepared.spec.derived, .features = {feature}},
                                         {.summary = summary, .batches = batches}, context));
    FeatureCost cost{.columns = {}, .places = alone.num_features(), .row_ns = std::nullopt};
    for (const transform::InputColumn& input : alone.inputs()) cost.columns.push_back(input.name);
    TRY_ASSIGN(const TimedRows timed, RowsFor(alone, prepared.rows.data[Part::kEvaluate]));
    if (!timed.rows.empty()) cost.row_ns = NanosOfARow(alone, timed, context);
    costs.push_back(std::move(cost));
  }
  return costs;
}

}  // namespace roost::api
