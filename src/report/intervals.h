#pragma once

#include <optional>
#include <string>
#include <vector>

#include "evaluate/resample.h"

namespace roost::report {

/// Estimates drawn as lines with a tick, on an axis that all rows of a column share. The figures stand beside them.

/// What an axis has to show: grows with each value.
class Extent {
 public:
  void Add(const std::optional<double>& value);
  void Add(const evaluate::Estimate& estimate, double confidence);

  /// Where `value` is from 0 to 100; 50 where all values are equal.
  double At(double value) const;
  bool is_empty() const { return low_ > high_; }
  double low() const { return low_; }
  double high() const { return high_; }

 private:
  double low_ = 1;
  double high_ = -1;
};

/// One line below the other for `estimates` (at most two: solid, then dashed), and upright lines through both for the
/// baselines: dotted for the last, dashed for the one before. "" where nothing has a value.
std::string EstimatesDrawing(const Extent& extent, const std::vector<evaluate::Estimate>& estimates,
                             const std::vector<std::optional<double>>& baselines, double confidence);

/// The line of a difference with an upright one at 0. "" where it has no value.
std::string DifferenceDrawing(const Extent& extent, const evaluate::Estimate& difference, evaluate::Tendency tendency,
                              double confidence);

}  // namespace roost::report
