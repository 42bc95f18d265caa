#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "column/batch.h"
#include "schema/anomaly.h"
#include "schema/keys.h"

namespace roost::schema {

/// A row that breaks a rule.
struct RowFinding {
  int64_t row = 0;
  std::string column;
  Rule rule = Rule::kType;
  Severity severity = Severity::kError;
  std::string value;   ///< as text; "" where there is none
  std::string detail;  ///< as in Anomaly: the key, the custom rule
};

/// What each row of a batch is to be done with.
struct RowVerdicts {
  std::vector<uint8_t> bad;         ///< one a row: 1 where it breaks a rule whose severity is error
  std::vector<RowFinding> reasons;  ///< of the bad rows: by row, then in the schema's order
};

/// How many rows broke one rule, and which.
struct RowCount {
  std::string column;
  Rule rule = Rule::kType;
  std::string detail;
  Severity severity = Severity::kError;
  bool decides = true;  ///< each row that breaks it is bad by itself: no share of the rows may break it
  int64_t broken = 0;
  bool exact = true;                         ///< else at least so many (KeySet)
  std::vector<int64_t> rows;                 ///< the first five, numbered from 1
  std::vector<profile::ValueCount> samples;  ///< the most frequent values of those rows first, at most 10
  std::string problem;                       ///< why the rule cannot be checked; "" where it can
};

/// What a scan found: one entry for each rule that it looked at, also where no row broke it.
struct RowCounts {
  int64_t rows = 0;
  std::vector<RowCount> counts;

  const RowCount* Find(std::string_view column, Rule rule, std::string_view detail = "") const;
};

/// The detail of anomalies about one index column of a sparse feature.
std::string DetailOf(const SparseFeature& feature, const std::string& index);

/// Whether `schema` has rules that only the rows themselves can decide, whatever the profile holds: keys, foreign keys,
/// custom rules about rows, patterns, formats of times, duplicates and words (word_scan.h). Without a scan Validate may
/// report them as kNotCounted; so it does order, where the profile does not know it.
bool NeedsRows(const Schema& schema);

struct RowScanOptions {
  size_t max_keys = KeySet::kMaxKeys;  ///< for each key, see there
  /// The keys of other datasets, one for each of the schema's foreign keys; null where they are not at hand.
  std::vector<const KeySet*> foreign_keys;
};

/// Looks for rows that break rules, batch after batch: those about single rows (texts that are no numbers, no value at
/// all, NaN, infinities, values out of the range or not among the known ones, texts that do not match a pattern or a
/// format of times or stand for no bool, lists of another length or shape, images that are too large), and those that
/// depend on other rows or on several columns: keys, duplicates, foreign keys, order, parts of sparse and weighted
/// features that are missing or not equally long, and the schema's custom rules about rows.
///
/// A rule that allows a share of the rows to break it (`missing` with a max_share above 0, `values` with a min_share
/// below 1, and so on) makes no row bad. Of two rows with the same key the second one breaks it; of two in the wrong
/// order the second one. Memory: that of KeySet for each key and each column without duplicates; 1,000 different values
/// for each rule that is broken. Threads: one at a time. The same rows in the same order give the same result, however
/// they are cut.
class RowScan {
 public:
  /// `schema` must outlive the scan.
  explicit RowScan(const Schema& schema, RowScanOptions options = {});
  ~RowScan();

  /// The verdicts on the rows of the next batch; reasons are numbered from 1 over all batches. Cancelled.
  absl::StatusOr<RowVerdicts> Add(const column::BatchView& batch, const Context& context);

  RowCounts Counts() const;

 private:
  struct Check;

  void AddKeys(const RowScanOptions& options);
  void AddForeignKeys(const RowScanOptions& options);
  void AddOrder(const ColumnRules& column);
  void AddParts();
  void AddCustomRules();

  const Schema& schema_;
  std::vector<Check> checks_;
  int64_t rows_ = 0;
};

}  // namespace roost::schema
