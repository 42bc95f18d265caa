#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "serving/tensor.h"

namespace roost::rest {

/// The classification extension: of each row of `output`, FP64 of shape [N] or [N, classes], the `count` greatest
/// values, falling, as BYTES of shape [N, count], each "value:index" or with `labels` "value:index:label". A count
/// beyond the classes is all of them. InvalidArgument for an output that is no number and for a count below 1.
absl::StatusOr<serving::Tensor> Classified(const serving::Tensor& output, int64_t count,
                                           std::span<const std::string> labels);

}  // namespace roost::rest
