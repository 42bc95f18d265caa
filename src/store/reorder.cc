#include "store/reorder.h"

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

#include <arrow/api.h>

#include "base/status.h"
#include "base/thread_pool.h"
#include "store/arrow_leaf.h"
#include "store/leaf_codec.h"
#include "store/parent_hashes.h"
#include "store/row_match.h"
#include "store/sort_search.h"
#include "store/spill_file.h"
#include "table/arrow_status.h"

namespace roost::store {
namespace {

constexpr size_t kMaxSortColumns = 3;     // of a specification that is looked for
constexpr size_t kMaxCandidates = 8;      // specifications that are looked at with one more column
constexpr int64_t kRowsAPiece = 16;       // fewer rows a piece: shuffled, new rows have no neighbours
constexpr int64_t kEstimateRows = 8'192;  // whose bytes are measured

/// Batches that were read, then those of a reader.
class Resumed : public arrow::RecordBatchReader {
 public:
  Resumed(arrow::RecordBatchVector read, std::shared_ptr<arrow::RecordBatchReader> rest)
      : read_(read.begin(), read.end()), rest_(std::move(rest)) {}
  std::shared_ptr<arrow::Schema> schema() const override { return rest_->schema(); }
  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    if (read_.empty()) return rest_->ReadNext(batch);
    *batch = std::move(read_.front());
    read_.pop_front();
    return arrow::Status::OK();
  }

 private:
  std::deque<std::shared_ptr<arrow::RecordBatch>> read_;
  std::shared_ptr<arrow::RecordBatchReader> rest_;
};

/// The batches of a spool, each given up as it is read.
class SpoolReader : public arrow::RecordBatchReader {
 public:
  SpoolReader(std::shared_ptr<arrow::Schema> schema, BatchSpool spool)
      : schema_(std::move(schema)), spool_(std::move(spool)) {}
  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }
  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    if (next_ == spool_.size()) return arrow::Status::OK();
    absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> taken = spool_.Take(next_++);
    if (!taken.ok()) return table::ToArrow(taken.status());
    *batch = *std::move(taken);
    return arrow::Status::OK();
  }

 private:
  std::shared_ptr<arrow::Schema> schema_;
  BatchSpool spool_;
  size_t next_ = 0;
};

/// Whether matched rows look like the parent's, in its order.
bool IsInOrder(const RowMatch& match) {
  const auto [first, last] = [&] {
    uint32_t least = kNoRow;
    uint32_t greatest = 0;
    for (const uint32_t row : match.rows) {
      if (row == kNoRow) continue;
      least = std::min(least, row);
      greatest = std::max(greatest, row);
    }
    return std::pair<int64_t, int64_t>(least, greatest);
  }();
  return LongestAscent(match.rows) * 10 >= match.matched * 9 && match.matched * 5 >= (last - first + 1) * 4;
}

class Reorder {
 public:
  Reorder(const TableObject& parent, const TableObject& table, TileLoader& loader, const SortLimits& limits,
          const Context& context)
      : parent_(parent), table_(table), loader_(loader), limits_(limits), context_(context) {}

  absl::StatusOr<Reordered> Run(std::shared_ptr<arrow::RecordBatchReader> rows) {
    // Whole rows tell no rows apart that changed: of a table without a key or a telling column the order stays.
    const bool tells_rows = table_.cut_columns.size() == 1 || !table_.key.empty();
    if (!tells_rows || parent_.runs.empty() || parent_.rows > kMaxOrderedRows)
      return Reordered{.rows = std::move(rows)};
    arrow::RecordBatchVector first;
    int64_t sampled = 0;
    while (sampled < kOrderSampleRows) {
      std::shared_ptr<arrow::RecordBatch> batch;
      TRY_ARROW(rows->ReadNext(&batch));
      if (batch == nullptr) break;
      sampled += batch->num_rows();
      first.push_back(std::move(batch));
    }
    TRY(DecideSchema(*rows->schema()));
    bool is_reordered = false;
    if (sampled >= kMinOrderedRows) {
      TRY_ASSIGN(is_reordered, LooksReordered(first));
    }
    auto resumed = std::make_shared<Resumed>(std::move(first), std::move(rows));
    if (!is_reordered) return Reordered{.rows = std::move(resumed)};
    return ReorderAll(*resumed);
  }

 private:
  absl::Status DecideSchema(const arrow::Schema& schema) {
    std::vector<std::shared_ptr<arrow::Field>> fields;
    for (const auto& field : schema.fields()) {
      TRY_ASSIGN(const std::string name, TypeNameOf(*field->type(), field->name()));
      TRY_ASSIGN(const auto type, ArrowTypeOf(name));
      fields.push_back(arrow::field(field->name(), LeafArrayType(type), field->nullable()));
    }
    schema_ = arrow::schema(std::move(fields));
    return absl::OkStatus();
  }

  /// `batch` in the form in which leaves are made of it.
  absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> Decoded(const arrow::RecordBatch& batch) const {
    arrow::ArrayVector columns(static_cast<size_t>(batch.num_columns()));
    const absl::Status done = context_.pool->ParallelFor(columns.size(), [&](size_t i) -> absl::Status {
      TRY_ASSIGN(columns[i], ToLeafArray(batch.column(static_cast<int>(i))));
      return absl::OkStatus();
    });
    TRY(done);
    return arrow::RecordBatch::Make(schema_, batch.num_rows(), std::move(columns));
  }

  /// First against the parent's first rows, which is cheap and says no for most snapshots; then against all.
  absl::StatusOr<bool> LooksReordered(const arrow::RecordBatchVector& first) {
    RowHashes sample;
    for (const auto& batch : first) {
      TRY_ASSIGN(const auto decoded, Decoded(*batch));
      AddBatchHashes(parent_, table_, /*whole=*/false, *decoded, sample);
    }
    const auto sampled = static_cast<int64_t>(sample.cut.size());
    TRY_ASSIGN(const RowHashes head,
               HashesOfParent(parent_, table_, /*whole=*/false, sampled + sampled / 4, loader_, context_));
    const int64_t smaller = std::min(sampled, static_cast<int64_t>(head.cut.size()));
    if (MetInOrder(head.cut, sample.cut) * 10 >= smaller * 9) return false;
    TRY_ASSIGN(const RowMatch near, MatchRows(head, sample, context_));
    if (near.matched * 2 >= smaller && near.matched > 0 && IsInOrder(near)) return false;
    TRY_ASSIGN(before_, HashesOfParent(parent_, table_, /*whole=*/false, parent_.rows, loader_, context_));
    TRY_ASSIGN(const RowMatch match, MatchRows(before_, sample, context_));
    return match.matched > 0 && match.matched * 10 >= sampled && !IsInOrder(match);
  }

  absl::StatusOr<Reordered> ReorderAll(arrow::RecordBatchReader& reader) {
    BatchSpool spool(schema_, limits_.memory_bytes / 2, limits_.folder);
    std::vector<int64_t> ids;
    for (const StoredColumn& column : table_.columns) ids.push_back(column.id);
    SortSearch search(ids);
    const bool is_whole = table_.cut_columns.size() == table_.columns.size();
    RowHashes now;
    TRY(Spool(reader, !is_whole, spool, search, now));
    const auto rows = static_cast<int64_t>(now.cut.size());
    if (rows > kMaxOrderedRows) return AsHandedIn(std::move(spool));
    TRY_ASSIGN(RowMatch match, MatchRows({.cut = before_.cut}, {.cut = now.cut}, context_));
    if (match.is_ambiguous && !is_whole) {
      TRY_ASSIGN(before_, HashesOfParent(parent_, table_, /*whole=*/true, parent_.rows, loader_, context_));
      TRY_ASSIGN(match, MatchRows(before_, now, context_));
    }
    before_ = {};
    now = {};
    TRY_ASSIGN(std::optional<Choice> choice, Choose(match, search, ids, spool));
    match = {};
    if (!choice.has_value()) return AsHandedIn(std::move(spool));
    RowSorter sorter(schema_, std::move(choice->places), limits_, context_);
    for (size_t i = 0; i < spool.size(); ++i) {
      TRY_ASSIGN(std::shared_ptr<arrow::RecordBatch> batch, spool.Take(i));
      TRY(sorter.Add(std::move(batch)));
    }
    TRY_ASSIGN(auto sorted, sorter.Finish());
    return Reordered{.rows = std::move(sorted), .order = std::move(choice->order)};
  }

  Reordered AsHandedIn(BatchSpool spool) const {
    return {.rows = std::make_shared<SpoolReader>(schema_, std::move(spool))};
  }

  absl::Status Spool(arrow::RecordBatchReader& reader, bool whole, BatchSpool& spool, SortSearch& search,
                     RowHashes& hashes) {
    while (true) {
      TRY(context_.CheckCancelled());
      std::shared_ptr<arrow::RecordBatch> batch;
      TRY_ARROW(reader.ReadNext(&batch));
      if (batch == nullptr) return absl::OkStatus();
      TRY_ASSIGN(std::shared_ptr<arrow::RecordBatch> decoded, Decoded(*batch));
      if (row_bytes_ == 0 && batch->num_rows() > 0) EstimateRowBytes(*decoded);
      if (static_cast<int64_t>(hashes.cut.size()) <= kMaxOrderedRows) {
        TRY(search.Add(*decoded, context_));
        AddBatchHashes(parent_, table_, whole, *decoded, hashes);
      }
      TRY(spool.Add(std::move(decoded)));
      context_.Report(
          {.stage = "ordering", .unit = "rows", .done = static_cast<int64_t>(hashes.cut.size()), .total = 0});
    }
  }

  /// What a row takes when it is stored, measured on the first ones.
  void EstimateRowBytes(const arrow::RecordBatch& batch) {
    const int64_t rows = std::min(batch.num_rows(), kEstimateRows);
    std::vector<double> bytes(static_cast<size_t>(batch.num_columns()), 0);
    const absl::Status done = context_.pool->ParallelFor(bytes.size(), [&](size_t i) -> absl::Status {
      const arrow::Array& array = *batch.column(static_cast<int>(i));
      TRY_ASSIGN(LeafType type, LeafTypeOfName(table_.columns[i].type));
      LeafBuilder builder(std::move(type));
      builder.Append(array, 0, rows);
      bytes[i] = static_cast<double>(EncodeLeaf(builder.Finish()).size());
      return absl::OkStatus();
    });
    done.IgnoreError();  // a column that cannot be stored is refused where it is stored
    for (const double column : bytes) row_bytes_ += column / static_cast<double>(rows);
  }

  struct Choice {
    std::vector<uint32_t> places;
    std::optional<RowOrder> order;
  };

  /// The stored order and the record for it; nothing where the rows are better stored as they are handed in.
  absl::StatusOr<std::optional<Choice>> Choose(const RowMatch& match, const SortSearch& search,
                                               const std::vector<int64_t>& ids, const BatchSpool& spool) {
    const auto rows = static_cast<int64_t>(match.rows.size());
    for (const int64_t end : {rows, StartOfTail(match, parent_.rows)}) {
      if (end < 2) continue;
      TRY_ASSIGN(std::optional<Choice> sorted, ChooseSort(match, search, ids, spool, end));
      if (sorted.has_value()) return sorted;
    }
    const int64_t tail = StartOfTail(match, parent_.rows);
    const bool in_pieces = PiecesIn(match) * kRowsAPiece <= match.matched;
    Choice choice{.places = PlaceRows(match, parent_.rows,
                                      [&](size_t row) { return in_pieces || static_cast<int64_t>(row) > tail; })};
    choice.order = OrderOfPositions(choice.places);
    if (!choice.order.has_value()) return std::nullopt;
    const auto bytes = static_cast<double>(WriteOrder(*choice.order).size());
    if (bytes * 2 > row_bytes_ * static_cast<double>(match.matched)) return std::nullopt;
    return choice;
  }

  /// How often the next matched row is not the one that follows in the parent.
  static int64_t PiecesIn(const RowMatch& match) {
    int64_t pieces = 0;
    uint32_t before = kNoRow;
    for (const uint32_t row : match.rows) {
      if (row == kNoRow) continue;
      if (before == kNoRow || row < before || row - before > 64) ++pieces;  // a few rows between may be gone
      before = row;
    }
    return pieces;
  }

  /// A sort specification for the first `end` rows, with the rest as they are stored. It is taken only where it gives
  /// the handed-in order exactly.
  absl::StatusOr<std::optional<Choice>> ChooseSort(const RowMatch& match, const SortSearch& search,
                                                   const std::vector<int64_t>& ids, const BatchSpool& spool,
                                                   int64_t end) {
    const auto rows = static_cast<int64_t>(match.rows.size());
    std::vector<SortSearch::Found> found = search.Results(end, kMaxCandidates);
    for (size_t width = 1; !found.empty(); ++width) {
      for (const SortSearch::Found& spec : found) {
        std::vector<uint32_t> places = PlaceRows(match, parent_.rows, [&](size_t row) {
          return static_cast<int64_t>(row) < end ? spec.tied[row] : static_cast<int64_t>(row) > end;
        });
        if (!Gives(spec, places, end)) continue;
        return Choice{
            .places = std::move(places),
            .order = RowOrder{.rows = end == rows ? RowOrder::kAllRows : end, .form = SortSpec{spec.columns}}};
      }
      if (width == kMaxSortColumns) break;
      SortSearch next(ids, std::move(found));
      for (size_t i = 0; i < spool.size(); ++i) {
        TRY_ASSIGN(const std::shared_ptr<arrow::RecordBatch> batch, spool.Get(i));
        TRY(next.Add(*batch, context_));
      }
      found = next.Results(end, kMaxCandidates);
    }
    return std::nullopt;
  }

  /// Whether ties stand in stored order, and the rows behind the sorted ones too.
  static bool Gives(const SortSearch::Found& spec, const std::vector<uint32_t>& places, int64_t end) {
    for (size_t row = 1; row < static_cast<size_t>(end); ++row) {
      if (spec.tied[row] && places[row] < places[row - 1]) return false;
    }
    for (size_t row = static_cast<size_t>(end); row < places.size(); ++row) {
      if (places[row] != row) return false;
    }
    return true;
  }

  const TableObject& parent_;
  const TableObject& table_;
  TileLoader& loader_;
  const SortLimits& limits_;
  const Context& context_;
  std::shared_ptr<arrow::Schema> schema_;  // of the rows, without dictionaries
  RowHashes before_;                       // of all rows of the parent
  double row_bytes_ = 0;
};

}  // namespace

absl::StatusOr<Reordered> ReorderLikeParent(const TableObject& parent, const TableObject& table, TileLoader& loader,
                                            std::shared_ptr<arrow::RecordBatchReader> rows, const SortLimits& limits,
                                            const Context& context) {
  return Reorder(parent, table, loader, limits, context).Run(std::move(rows));
}

}  // namespace roost::store
