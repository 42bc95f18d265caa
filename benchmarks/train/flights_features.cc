#include "flights_features.h"

#include "base/status.h"
#include "profile/profile.h"

namespace roost::benchmark {

transform::TransformSpec FlightsFeatures() {
  using transform::Operation;
  return {.derived = {},
          .features = {{.column = "date", .use = Operation::kHour},
                       {.column = "date", .use = Operation::kWeekday},
                       {.column = "date", .use = Operation::kMonth},
                       {.column = "distance", .use = Operation::kBucketize, .buckets = 10},
                       {.column = "distance", .use = Operation::kStandardize},
                       {.column = "origin", .use = Operation::kOneHot},
                       {.column = "destination", .use = Operation::kOneHot}}};
}

std::vector<column::BatchView> ViewsOf(std::span<const column::OwnedBatch> batches) {
  std::vector<column::BatchView> views;
  for (const column::OwnedBatch& batch : batches) views.push_back(batch.view());
  return views;
}

absl::StatusOr<transform::Transform> FitTransform(const transform::TransformSpec& spec,
                                                  std::span<const column::BatchView> batches, const Context& context) {
  profile::Profile profile;
  TRY(profile.AddAll(batches, context));
  const profile::ProfileSummary summary = profile.Summarize();
  return transform::Transform::Fit(spec, {.summary = summary, .batches = batches}, context);
}

}  // namespace roost::benchmark
