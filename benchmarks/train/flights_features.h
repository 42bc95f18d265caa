#pragma once

#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "column/batch.h"
#include "transform/transform.h"

namespace roost::benchmark {

/// Hour, weekday, month, distance (in ten buckets, and standardized), origin and destination of a flight.
transform::TransformSpec FlightsFeatures();

std::vector<column::BatchView> ViewsOf(std::span<const column::OwnedBatch> batches);

/// A transform fitted to the rows, which are profiled first.
absl::StatusOr<transform::Transform> FitTransform(const transform::TransformSpec& spec,
                                                  std::span<const column::BatchView> batches, const Context& context);

}  // namespace roost::benchmark
