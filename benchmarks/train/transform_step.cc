#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/status.h"
#include "dump.h"
#include "flights_features.h"
#include "profile/profile.h"
#include "step.h"
#include "steps.h"
#include "transform/transform.h"

namespace roost::benchmark {
namespace {

using transform::FeatureSpec;
using transform::Operation;

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Applied {
  double wall, cpu;
  int64_t entries;
  double sum;  // of absolute values
};

absl::StatusOr<Applied> ApplyAll(const transform::Transform& transform, std::span<const column::BatchView> batches,
                                 const Context& context) {
  Applied applied{};
  std::vector<transform::FeatureRows> all;
  const Step step;
  for (const column::BatchView& batch : batches) {
    TRY_ASSIGN(transform::FeatureRows rows, transform.ApplyBatch(batch, context));
    all.push_back(std::move(rows));
  }
  applied.wall = step.wall();
  applied.cpu = step.cpu();
  for (const transform::FeatureRows& rows : all) {
    applied.entries += static_cast<int64_t>(rows.values.size());
    for (const double value : rows.values) applied.sum += std::abs(value);
  }
  return applied;
}

// Standardized numbers and one-hot words, whatever columns there are.
transform::TransformSpec ByType(const profile::ProfileSummary& summary) {
  transform::TransformSpec spec;
  for (const profile::ColumnSummary& column : summary.columns) {
    const Operation use = column.number.has_value() ? Operation::kStandardize : Operation::kOneHot;
    spec.features.push_back(FeatureSpec{.column = column.name, .use = use});
  }
  return spec;
}

}  // namespace

absl::StatusOr<Json> TransformStep(Words words, const Context& context) {
  TRY_ASSIGN(const std::vector<column::OwnedBatch> rows, ReadRows(words[0], context));
  const std::vector<column::BatchView> batches = ViewsOf(rows);
  TRY_ASSIGN(const transform::Transform transform, FitTransform(FlightsFeatures(), batches, context));
  std::vector<double> walls, cpus;
  Applied applied{};
  for (int64_t run = 0; run < std::stoll(words[1]); ++run) {
    TRY_ASSIGN(applied, ApplyAll(transform, batches, context));
    walls.push_back(applied.wall);
    cpus.push_back(applied.cpu);
  }
  return Json{{"wall", Median(walls)},
              {"cpu", Median(cpus)},
              {"features", transform.num_features()},
              {"entries", applied.entries},
              {"sum", applied.sum}};
}

absl::StatusOr<Json> TransformRowStep(Words words, const Context& context) {
  TRY_ASSIGN(const std::vector<column::OwnedBatch> rows, ReadRows(words[0], context));
  const std::vector<column::BatchView> batches = ViewsOf(rows);
  profile::Profile profile;
  TRY(profile.AddAll(batches, context));
  const profile::ProfileSummary summary = profile.Summarize();
  TRY_ASSIGN(const transform::Transform transform,
             transform::Transform::Fit(ByType(summary), {.summary = summary, .batches = batches}, context));

  std::vector<std::vector<column::Value>> values;
  for (const column::BatchView& batch : batches) {
    for (int64_t row = 0; row < batch.num_rows(); ++row) {
      values.emplace_back();
      for (const transform::InputColumn& input : transform.inputs()) {
        values.back().push_back(column::ValueAt(*batch.Find(input.name), input.kind, row));
      }
    }
  }
  std::vector<double> nanoseconds;
  transform::FeatureVector features;
  double sum = 0;
  for (int64_t run = 0; run < std::stoll(words[1]); ++run) {
    const Step step;
    for (const auto& row : values) {
      transform.ApplyRow(row, features);
      sum += features.values.front();  // so that nothing is left out as unused
    }
    nanoseconds.push_back(step.wall() * 1e9 / static_cast<double>(values.size()));
  }
  return Json{{"nanoseconds", Median(nanoseconds)}, {"columns", transform.inputs().size()}, {"sum", sum}};
}

}  // namespace roost::benchmark
