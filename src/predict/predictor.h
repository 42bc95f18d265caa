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

  /// The score of one row: for binary classification the probability of the positive class.
  /// `features` must have indices below num_features(). Allocates nothing.
  virtual double Score(const transform::FeatureVector& features) const = 0;

  virtual int32_t num_features() const = 0;

  /// "logistic" and so on; with ToJson what ParsePredictor (parse.h) reads back to the same bits.
  virtual std::string kind() const = 0;
  virtual Json ToJson() const = 0;
};

}  // namespace roost::predict
