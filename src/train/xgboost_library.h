#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "transform/features.h"

namespace roost::train {

/// XGBoost (3.2) behind its C interface. libxgboost.so is opened by the first Make, so that commands that train no
/// trees start without it. Errors: Unavailable, with a hint, where it cannot be opened; ResourceExhausted where it runs
/// out of memory; Internal, with its own words, for whatever else it refuses. Threads: one at a time per object.

/// Rows in XGBoost's form: floats; absent entries and NaN are missing. Cost: 8 bytes an entry.
class XgboostMatrix {
 public:
  /// `threads` >= 1 of its own.
  static absl::StatusOr<XgboostMatrix> Make(const transform::FeatureRows& rows, size_t threads);

  /// "label" or "weight": a number a row (weight of ranking: a group).
  absl::Status SetNumbers(const char* field, std::span<const double> numbers);
  /// The numbers of rows of the groups, which follow each other.
  absl::Status SetGroups(std::span<const uint32_t> sizes);
  /// One a feature: 1 for a category; empty: all are numbers.
  absl::Status SetCategories(std::span<const uint8_t> is_category);

 private:
  friend class XgboostBooster;
  explicit XgboostMatrix(std::shared_ptr<void> handle) : handle_(std::move(handle)) {}
  std::shared_ptr<void> handle_;
};

/// What is being trained.
class XgboostBooster {
 public:
  /// The booster keeps predictions of `matrices` from round to round, which makes Update and Losses cheap.
  static absl::StatusOr<XgboostBooster> Make(std::span<const XgboostMatrix> matrices);

  absl::Status Set(const char* parameter, const std::string& value);
  /// `model`: the bytes of Save. They must be trusted: XGBoost does not check every index in them.
  absl::Status Load(std::string_view model);
  /// As JSON text.
  absl::StatusOr<std::string> Save() const;

  /// One round of boosting; `round` counts from 0 since Make.
  absl::Status Update(int64_t round, const XgboostMatrix& matrix);
  /// The value of "eval_metric" over each of the matrices.
  absl::StatusOr<std::vector<double>> Losses(std::span<const XgboostMatrix> matrices) const;

  absl::StatusOr<int64_t> NumRounds() const;
  /// The first `rounds` (1 to NumRounds()) rounds alone.
  absl::StatusOr<XgboostBooster> First(int64_t rounds) const;

  /// XGBoost's own outputs (or margins) of rows, row by row; what predict::TreesPredictor is compared with.
  absl::StatusOr<std::vector<float>> Predict(const transform::FeatureRows& rows, bool margins) const;

 private:
  explicit XgboostBooster(std::shared_ptr<void> handle) : handle_(std::move(handle)) {}
  std::shared_ptr<void> handle_;
};

}  // namespace roost::train
