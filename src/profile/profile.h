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
#include "base/context.h"
#include "column/batch.h"
#include "profile/column_state.h"
#include "profile/distribution.h"
#include "profile/row_sample.h"
#include "profile/summary.h"

namespace roost::profile {

/// What is counted on request.
struct ProfileOptions {
  std::string weight_column;                     ///< rows weigh what this column of numbers says; "": all alike
  std::vector<std::string> token_columns;        ///< texts whose words are counted
  std::shared_ptr<const Vocabulary> vocabulary;  ///< whose coverage by these words is told; null: of none
  bool has_row_sample = true;                    ///< whether copies of rows are found; not in parts of columns
};

/// The statistics of all columns of some rows, as states that merge.
///
/// The law: however the same rows are split over profiles, and in whatever order these are filled and merged,
/// `Serialize` gives the same bytes (columns stand in the order of the first batch) once the order of the rows is
/// forgotten; before, wherever the parts are merged in the order of their rows. A dictionary-encoded column has the
/// same statistics as a plain one.
///
/// Cost: see number_state.h and text_state.h; at most 64 KiB a column of numbers, up to 10 MB for text with many
/// distinct values.
/// Threads: a profile belongs to one thread at a time; AddAll works in parallel.
class Profile {
 public:
  /// More rows than any table has; Add and Merge refuse to go beyond (OutOfRange), so that no count can overflow.
  static constexpr int64_t kMaxRows = int64_t{1} << 48;

  /// Of no rows. The first batch or profile that is added decides on the columns.
  Profile() = default;
  explicit Profile(ProfileOptions options) : options_(std::move(options)) {}

  /// Adds the rows of `batch`. InvalidArgument, naming the column, where `batch` has a column twice, lacks one, has one
  /// more, or one of another type than the rows before, or no numbers as weights; this profile is unchanged then. The
  /// order of columns is free.
  absl::Status Add(const column::BatchView& batch);

  /// Adds the rows of all `batches`, in parallel over columns and groups of batches; the same as adding them one after
  /// another, for any number of threads. Errors as Add, and Cancelled; this profile is of no use then.
  absl::Status AddAll(std::span<const column::BatchView> batches, const Context& context);
  absl::Status AddAll(std::span<const column::OwnedBatch> batches, const Context& context);

  /// Adds the rows that `later` stands for, which come after these; errors as Add, and InvalidArgument where the
  /// weights are those of other columns.
  absl::Status Merge(const Profile& later);

  /// The profile of rows that were profiled in parts of their columns, all of the same rows, with the sample of whole
  /// rows, if these can be hashed. InvalidArgument where the parts have other numbers of rows, or one column twice.
  static absl::StatusOr<Profile> Joined(std::vector<Profile> parts, std::optional<RowSample> row_sample);

  /// Lets go what follows the order of the rows: for parts that are merged in any order.
  void ForgetOrder();

  int64_t rows() const { return rows_; }

  /// Versioned, with a checksum; equal statistics are equal bytes. Layout: docs/formats/profile.md.
  std::string Serialize() const;

  /// DataLoss, naming the place, where `bytes` are not a whole profile; Unimplemented where a newer version wrote them.
  static absl::StatusOr<Profile> Parse(std::string_view bytes);

  ProfileSummary Summarize() const;

  /// How the values of the column of that name (or path) are spread; empty where there is no such column or its values
  /// cannot be read.
  std::optional<Distribution> DistributionOf(std::string_view name) const;

 private:
  absl::Status AddRows(int64_t rows);
  /// The units of each row's weight, none where rows have no weights; their sum goes to `total`.
  absl::StatusOr<std::vector<int64_t>> WeightsOf(const column::BatchView& batch, int64_t& total) const;
  absl::Status TooHeavy() const;
  ColumnState NewState(const column::ColumnView& column) const;
  absl::Status Adopt(const column::BatchView& batch);
  /// For each column of this profile its position in `batch`; errors as Add.
  absl::StatusOr<std::vector<size_t>> Match(const column::BatchView& batch) const;

  ProfileOptions options_;  // of a profile that was read: only the column of weights
  int64_t rows_ = 0;
  int64_t weight_units_ = 0;  // of all rows
  bool has_columns_ = false;  // false until the first batch
  std::vector<ColumnState> columns_;
  std::optional<RowSample> row_sample_;  // empty where rows were not hashed: a column that cannot be, or format 1
};

}  // namespace roost::profile
