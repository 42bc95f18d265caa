#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/json.h"
#include "transform/features.h"

namespace roost::predict {

/// The seam of everything that turns features into a score. Immutable; callable from any number of threads.
class Predictor {
 public:
  virtual ~Predictor() = default;

  /// The outputs of one row, num_outputs() of them (task.h says what they are). `features` must have ascending indices
  /// below num_features(). Allocates nothing.
  virtual void Score(const transform::FeatureVector& features, std::span<double> outputs) const = 0;

  virtual int32_t num_features() const = 0;

  /// 1, or one a class.
  virtual int32_t num_outputs() const = 0;

  /// "linear" and so on; with ToJson what ParsePredictor (parse.h) reads back to the same bits.
  virtual std::string kind() const = 0;
  virtual Json ToJson() const = 0;
};

}  // namespace roost::predict
