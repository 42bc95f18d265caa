#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/project.h"
#include "base/context.h"
#include "base/json.h"
#include "column/batch.h"
#include "config/model.h"

namespace roost::api {

/// Which part of a dataset a row belongs to.
enum class Part : uint8_t {
  kTrain,      ///< what every fit sees: vocabularies, averages, weights, trees
  kEvaluate,   ///< stops trees early, tunes, evaluates; no fit sees it
  kTest,       ///< nothing but `roost evaluate --part test` sees it
  kThreshold,  ///< nothing but the learning of a threshold sees it
  kNone,       ///< no value in the split's column
};

/// Parts that rows can be in: all but kNone.
inline constexpr size_t kNumParts = 4;

/// "train", "evaluate", "test", "threshold".
std::string_view PartName(Part part);
/// InvalidArgument for any other name.
absl::StatusOr<Part> ParsePart(std::string_view name);

/// The one place that says which row is in which part; every fit, training, evaluation and cleaning asks it. A row's
/// part is decided by its own columns and by the borders that are kept in the model's lineage, so that a later version
/// of the dataset is parted the same way. Immutable.
class Split {
 public:
  /// By time the borders are the exact order statistics of the version's times; by group and by hash there are none.
  /// InvalidArgument for a column that is no time, or has no value.
  static absl::StatusOr<Split> Make(Project& project, const store::CommitInfo& version,
                                    const config::SplitConfig& split, const Context& context);

  /// With the borders that ToJson wrote; DataLoss where they cannot be read.
  static absl::StatusOr<Split> WithBorders(const config::SplitConfig& split, const Json& borders);

  /// The part of every row. NotFound for a missing column, InvalidArgument for one of another type.
  absl::StatusOr<std::vector<Part>> PartsOf(const column::BatchView& batch) const;

  /// Whether both part rows by the same columns; by group and by hash also with the same shares. Borders in time may
  /// differ.
  bool HasRuleOf(const Split& other) const;

  /// The columns that PartsOf reads.
  std::vector<std::string> columns() const;

  /// The members of a lineage from which WithBorders makes this again; none where there are no borders.
  Json ToJson() const;

  /// "before 2001-04-23T12:39:00Z", "with 75 % of the values of 'customer'", "with 75 % of the keys": what stands after
  /// "rows".
  std::string Describe(Part part) const;

  /// Rows from it on are not trained on; only by time.
  std::optional<absl::Time> evaluate_from() const;

  /// Rows before it are trained on; only by time. Earlier than evaluate_from where a threshold is learned.
  std::optional<absl::Time> trained_until() const;

 private:
  explicit Split(config::SplitConfig config) : config_(std::move(config)) {}

  absl::StatusOr<std::vector<Part>> ByTime(const column::BatchView& batch) const;
  absl::StatusOr<std::vector<Part>> ByHash(const column::BatchView& batch) const;

  config::SplitConfig config_;
  int64_t threshold_from_ = 0;  // microseconds since 1970; by time
  int64_t evaluate_from_ = 0;   // the same; that of threshold_from_ where no threshold is learned
  int64_t test_from_ = 0;       // the same; the end of time where there is no test part
};

}  // namespace roost::api
