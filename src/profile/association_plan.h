#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "base/hash.h"
#include "profile/summary.h"

namespace roost::profile {

/// What is to be found out about pairs of columns.
struct AssociationOptions {
  std::string label;                    ///< what the others are to predict; "" for none
  std::vector<std::string> features;    ///< what is held against the label; empty: every other column that can be read
  std::vector<std::string> correlated;  ///< numbers or times of which every pair is correlated; at most kMaxCorrelated
};

/// Into which of a few bins a value falls: intervals between quantiles of numbers, the most frequent texts and the
/// rest. The last bin is that of missing values and NaN.
class Binning {
 public:
  /// Bins [edges[i - 1], edges[i]), the outer ones open to infinity; `edges` ascend. One name more than edges.
  static Binning OfNumbers(std::vector<double> edges, std::vector<std::string> names);
  /// One bin for each of `values`, one for all others.
  static Binning OfTexts(const std::vector<std::string>& values);

  size_t size() const { return names_.size(); }
  uint16_t missing() const { return static_cast<uint16_t>(names_.size() - 1); }
  uint16_t BinOf(double value) const;
  uint16_t BinOf(std::string_view value) const;

  /// "ATL", "other", "[0, 15)", "missing".
  const std::string& NameOf(size_t bin) const { return names_[bin]; }

  /// Appends what the bins depend on.
  void Describe(std::string& bytes) const;

 private:
  struct Hasher {
    using is_transparent = void;
    size_t operator()(std::string_view value) const { return Hash64(value); }
  };

  std::vector<double> edges_;
  absl::flat_hash_map<std::string, uint16_t, Hasher, std::equal_to<>> bin_of_;
  std::vector<std::string> names_;
};

/// A column as a plan sees it.
struct PlannedColumn {
  enum class Kind { kNumber, kTime, kText };

  std::string name;
  Kind kind = Kind::kNumber;
  Binning bins;
  double center = 0;  ///< of numbers and times (seconds): the mean and the standard deviation of the first pass;
  double scale = 0;   ///< 0 where all values are equal
};

/// What an AssociationState counts: fixed before the rows are read again, from the profile of a first pass over the
/// same rows. Immutable; equal profiles and options give equal plans. Cost: microseconds a column.
class AssociationPlan {
 public:
  static constexpr size_t kMaxCorrelated = 100;

  /// InvalidArgument, with the name, where a column is not there, is named twice or cannot be read, where one of
  /// `correlated` is no number or time or there are too many of them, and where nothing is asked for.
  static absl::StatusOr<AssociationPlan> Make(const ProfileSummary& summary, const AssociationOptions& options);

  const std::vector<PlannedColumn>& columns() const { return columns_; }
  std::optional<size_t> label() const { return label_; }                 ///< position in columns()
  const std::vector<size_t>& features() const { return features_; }      ///< likewise; empty without a label
  const std::vector<size_t>& correlated() const { return correlated_; }  ///< likewise

  /// Texts, bools, and numbers of at most 10 values that the percentiles tell apart are classes; other labels are
  /// numbers.
  bool label_is_class() const { return label_is_class_; }

  /// Of all that the plan depends on: states of plans with the same fingerprint can be merged.
  uint64_t fingerprint() const { return fingerprint_; }

 private:
  AssociationPlan() = default;

  /// The position of the column of that name, which is added where it is new.
  absl::StatusOr<size_t> PositionOf(const ProfileSummary& summary, std::string_view name, bool as_label);
  void SetFingerprint();

  std::vector<PlannedColumn> columns_;
  std::optional<size_t> label_;
  std::vector<size_t> features_;
  std::vector<size_t> correlated_;
  bool label_is_class_ = false;
  uint64_t fingerprint_ = 0;
};

}  // namespace roost::profile
