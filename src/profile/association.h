#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/bytes.h"
#include "base/context.h"
#include "column/batch.h"
#include "profile/association_plan.h"
#include "profile/int128.h"

namespace roost::profile {

/// How much more often a class comes with a value than at all: P(label | value) / P(label).
struct Lift {
  std::string value;        ///< or bin, of the column
  std::string label;        ///< class, or bin of a number
  int64_t count = 0;        ///< rows with both
  int64_t value_count = 0;  ///< rows with the value and any label
  int64_t label_count = 0;  ///< rows with the label
  double lift = 0;
};

/// What one column says about the label, over the rows that have a label. Missing values are a value of their own.
struct LabelAssociation {
  std::string column;
  /// Pearson's, as in Correlation; of numbers and times with such a label (bools are 0 and 1).
  std::optional<double> correlation;
  /// Bits, over the bins of both, with Miller and Madow's correction, not below 0. A lower bound of what the values
  /// themselves share, as bins hide what differs within them.
  double mutual_information = 0;
  /// 0 to 1: by how much the column alone lowers the error in predicting a row's label from all other rows. 0 is what
  /// the label's own frequencies (or mean) reach, 1 is no error. Of classes the error is Brier's score of the
  /// frequencies in the row's bin; of numbers the squared error of the mean in the bin, or of a line where that is
  /// better (so that power is R squared). Each prediction leaves out its own row and adds one row like the average
  /// of all, so that chance is no power. Empty where all labels are equal or there are fewer than two.
  std::optional<double> power;
  /// The power is nearly 1 (0.95 of classes, whose border may fall into a bin; 0.99 of numbers): more likely the column
  /// knows the label than predicts it.
  bool leakage = false;
  /// The 10 greatest and the 10 least, by falling lift, of those that would be in 5 rows or more by chance.
  std::vector<Lift> lifts;
};

/// Of two columns, over the rows in which both are finite.
struct Correlation {
  std::string first;
  std::string second;
  int64_t rows = 0;
  std::optional<double> covariance;   ///< of the population; empty without rows
  std::optional<double> correlation;  ///< Pearson's; empty where one of the two (almost) never changes
};

struct AssociationSummary {
  int64_t rows = 0;
  std::string label;
  bool label_is_class = false;
  int64_t labelled = 0;                    ///< rows that have a label
  double label_entropy = 0;                ///< bits, over its classes or bins: what mutual information can reach
  std::vector<LabelAssociation> features;  ///< in the plan's order
  std::vector<Correlation> correlations;   ///< of every pair (first before second in the plan), row by row
};

/// Statistics of pairs of columns as a state that merges. A law-abiding state: see README.md; all of it are integer
/// sums, numbers being taken as (x - center) / scale of the plan, rounded to 2^-40, with at most 2^22 from the center.
/// Figures of correlation are right to about 10 digits.
///
/// Cost: about 10 ns a row and feature, 5 ns a row and pair of correlated columns; at most 35 KB a feature, 96 bytes a
/// pair. Threads: a state belongs to one thread at a time.
class AssociationState {
 public:
  static constexpr int64_t kMaxRows = int64_t{1} << 46;

  /// Of no rows.
  explicit AssociationState(std::shared_ptr<const AssociationPlan> plan);

  /// NotFound where a column of the plan is missing, InvalidArgument where it has another kind, OutOfRange beyond
  /// kMaxRows; the state is unchanged then.
  absl::Status Add(const column::BatchView& batch);

  /// InvalidArgument where `other` follows another plan, OutOfRange as Add.
  absl::Status Merge(const AssociationState& other);

  int64_t rows() const { return rows_; }
  AssociationSummary Summarize() const;

  /// Versioned, with a checksum and the plan's fingerprint; equal statistics of equal plans are equal bytes.
  std::string Serialize() const;
  /// DataLoss where `bytes` are not a whole state; Unimplemented where a newer version wrote them; InvalidArgument
  /// where they follow another plan.
  static absl::StatusOr<AssociationState> Parse(std::string_view bytes, std::shared_ptr<const AssociationPlan> plan);

  /// Sums over the rows in which two columns are finite; of scaled numbers x and y.
  struct PairSums {
    int64_t rows = 0;
    UInt128 x = 0, y = 0, xx = 0, yy = 0, xy = 0;  ///< two's complement

    void Add(int64_t x_value, int64_t y_value);
    void Merge(const PairSums& other);
  };

  /// What is counted of one feature. Tables are bin after bin.
  struct Feature {
    std::vector<int64_t> counts;         ///< by bin and bin of the label
    std::vector<UInt128> label_sums;     ///< by bin, where the label is a number: of the scaled label,
    std::vector<UInt128> label_squares;  ///< and of its square
    PairSums pair;                       ///< with the label, where both are numbers
  };

 private:
  struct Block;

  void AddBlock(const Block& block);
  size_t label_bins() const;

  std::shared_ptr<const AssociationPlan> plan_;
  int64_t rows_ = 0;
  std::vector<Feature> features_;
  std::vector<PairSums> pairs_;
};

/// The state of all `batches`, in parallel; the same bytes for any number of threads. Errors as Add, and Cancelled.
absl::StatusOr<AssociationState> AssociateBatches(std::span<const column::BatchView> batches,
                                                  std::shared_ptr<const AssociationPlan> plan, const Context& context);

}  // namespace roost::profile
