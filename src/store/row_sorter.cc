#include "store/row_sorter.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include <arrow/api.h>
#include <arrow/compute/api_vector.h>
#include <fmt/format.h>

#include "base/status.h"
#include "base/thread_pool.h"
#include "table/arrow_status.h"

namespace roost::store {
namespace {

constexpr int64_t kBatchRows = 32'768;
constexpr int64_t kMaxBuckets = 4'096;

std::shared_ptr<arrow::Array> IndexArray(const std::vector<uint32_t>& rows, size_t first, size_t length) {
  return std::make_shared<arrow::UInt32Array>(static_cast<int64_t>(length),
                                              arrow::Buffer::Wrap(rows.data() + first, length));
}

/// The given rows of `columns`, column by column in parallel. `rows` outlives the call only.
absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> TakeRows(const std::shared_ptr<arrow::Schema>& schema,
                                                             const arrow::ArrayVector& columns,
                                                             const std::vector<uint32_t>& rows, size_t first,
                                                             size_t length, const Context& context) {
  const std::shared_ptr<arrow::Array> indices = IndexArray(rows, first, length);
  arrow::ArrayVector taken(columns.size());
  const absl::Status done = context.pool->ParallelFor(columns.size(), [&](size_t i) -> absl::Status {
    TRY_ARROW_ASSIGN(taken[i],
                     arrow::compute::Take(*columns[i], *indices, arrow::compute::TakeOptions::NoBoundsCheck()));
    return absl::OkStatus();
  });
  TRY(done);
  return arrow::RecordBatch::Make(schema, static_cast<int64_t>(length), std::move(taken));
}

/// The columns of all batches, each as one array. The batches are given up as the columns are made.
absl::StatusOr<arrow::ArrayVector> Join(const std::shared_ptr<arrow::Schema>& schema, arrow::RecordBatchVector batches,
                                        const Context& context) {
  std::vector<arrow::ArrayVector> parts(static_cast<size_t>(schema->num_fields()));
  for (size_t i = 0; i < parts.size(); ++i) {
    for (const auto& batch : batches) parts[i].push_back(batch->column(static_cast<int>(i)));
  }
  batches.clear();
  arrow::ArrayVector columns(parts.size());
  const absl::Status done = context.pool->ParallelFor(parts.size(), [&](size_t i) -> absl::Status {
    TRY(context.CheckCancelled());
    const arrow::ArrayVector own = std::exchange(parts[i], {});
    TRY_ARROW_ASSIGN(columns[i], arrow::Concatenate(own));
    return absl::OkStatus();
  });
  TRY(done);
  return columns;
}

}  // namespace

/// Reads rows in memory, or bucket by bucket; a bucket that is too large in several goes.
class RowSorter::Reader : public arrow::RecordBatchReader {
 public:
  explicit Reader(RowSorter sorter) : sorter_(std::move(sorter)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return sorter_.schema_; }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    const absl::Status read = [&]() -> absl::Status {
      TRY(sorter_.context_.CheckCancelled());
      if (at_ == order_.size() && next_ < Total()) TRY(LoadRange());
      if (at_ == order_.size()) return absl::OkStatus();
      const size_t length = std::min(order_.size() - at_, static_cast<size_t>(kBatchRows));
      TRY_ASSIGN(*batch, TakeRows(sorter_.schema_, columns_, order_, at_, length, sorter_.context_));
      at_ += length;
      return absl::OkStatus();
    }();
    return table::ToArrow(read);
  }

 private:
  int64_t Total() const { return static_cast<int64_t>(sorter_.places_.size()); }

  /// The next range of places, whose rows take a quarter of the memory.
  absl::Status LoadRange() {
    columns_.clear();
    order_.clear();
    at_ = 0;
    const int64_t first = next_;
    if (sorter_.file_ == nullptr) {
      next_ = Total();
      order_.resize(sorter_.places_.size());
      for (size_t row = 0; row < order_.size(); ++row) order_[sorter_.places_[row]] = static_cast<uint32_t>(row);
      TRY_ASSIGN(columns_, Join(sorter_.schema_, std::exchange(sorter_.waiting_, {}), sorter_.context_));
      return absl::OkStatus();
    }
    const Bucket& bucket = sorter_.buckets_[static_cast<size_t>(first / sorter_.bucket_rows_)];
    const int64_t bucket_end = std::min((first / sorter_.bucket_rows_ + 1) * sorter_.bucket_rows_, Total());
    const int64_t goes = 1 + bucket.bytes / std::max<int64_t>(1, sorter_.limits_.memory_bytes / 4);
    next_ = std::min(bucket_end, first + (sorter_.bucket_rows_ + goes - 1) / goes);
    return LoadRows(bucket, static_cast<uint32_t>(first), static_cast<uint32_t>(next_));
  }

  /// The rows of the bucket with places from `first` up to `end`, which is less than 2^32.
  absl::Status LoadRows(const Bucket& bucket, uint32_t first, uint32_t end) {
    arrow::RecordBatchVector batches;
    order_.assign(end - first, 0);
    uint32_t row = 0;
    for (const SpillFile::Extent& extent : bucket.extents) {
      TRY_ASSIGN(std::shared_ptr<arrow::RecordBatch> batch, sorter_.file_->Read(extent));
      const auto& places = static_cast<const arrow::UInt32Array&>(*batch->column(batch->num_columns() - 1));
      std::vector<uint32_t> wanted;
      for (int64_t i = 0; i < places.length(); ++i) {
        if (places.Value(i) < first || places.Value(i) >= end) continue;
        order_[places.Value(i) - first] = row++;
        wanted.push_back(static_cast<uint32_t>(i));
      }
      const bool is_whole = static_cast<int64_t>(wanted.size()) == batch->num_rows();
      TRY_ARROW_ASSIGN(batch, batch->RemoveColumn(batch->num_columns() - 1));
      if (!is_whole) {
        TRY_ASSIGN(batch, TakeRows(sorter_.schema_, batch->columns(), wanted, 0, wanted.size(), sorter_.context_));
      }
      batches.push_back(std::move(batch));
    }
    TRY_ASSIGN(columns_, Join(sorter_.schema_, std::move(batches), sorter_.context_));
    return absl::OkStatus();
  }

  RowSorter sorter_;
  int64_t next_ = 0;  // the first place that is not loaded
  arrow::ArrayVector columns_;
  std::vector<uint32_t> order_;  // rows of columns_ in the order of their places
  size_t at_ = 0;                // those of order_ that were given out
};

RowSorter::RowSorter(std::shared_ptr<arrow::Schema> schema, std::vector<uint32_t> places, SortLimits limits,
                     const Context& context)
    : schema_(std::move(schema)), places_(std::move(places)), limits_(std::move(limits)), context_(context) {}

RowSorter::~RowSorter() = default;
RowSorter::RowSorter(RowSorter&&) = default;

absl::Status RowSorter::Add(std::shared_ptr<arrow::RecordBatch> batch) {
  TRY(context_.CheckCancelled());
  if (batch->num_rows() == 0) return absl::OkStatus();
  rows_ += batch->num_rows();
  if (rows_ > static_cast<int64_t>(places_.size())) {
    return absl::DataLossError(fmt::format("there are more rows than the {} that an order is for", places_.size()));
  }
  waiting_bytes_ += BytesOf(*batch);
  waiting_.push_back(std::move(batch));
  if (waiting_bytes_ <= limits_.memory_bytes / (file_ == nullptr ? 2 : 8)) return absl::OkStatus();
  if (file_ == nullptr) TRY(StartBuckets());
  return Distribute();
}

absl::Status RowSorter::StartBuckets() {
  std::vector<std::shared_ptr<arrow::Field>> fields = schema_->fields();
  fields.push_back(arrow::field("place", arrow::uint32(), false));
  TRY_ASSIGN(file_, SpillFile::Make(arrow::schema(std::move(fields)), limits_.folder));
  const auto total = static_cast<int64_t>(places_.size());
  const int64_t row_bytes = waiting_bytes_ / rows_ + 1;
  bucket_rows_ = std::max({int64_t{1}, limits_.memory_bytes / 4 / row_bytes, total / kMaxBuckets + 1});
  buckets_.resize(static_cast<size_t>((total + bucket_rows_ - 1) / bucket_rows_));
  return absl::OkStatus();
}

absl::Status RowSorter::Distribute() {
  if (waiting_.empty()) return absl::OkStatus();
  int64_t rows = 0;
  for (const auto& batch : waiting_) rows += batch->num_rows();
  TRY_ASSIGN(const arrow::ArrayVector columns, Join(schema_, std::exchange(waiting_, {}), context_));
  waiting_bytes_ = 0;
  const uint32_t* places = places_.data() + waiting_first_;
  waiting_first_ += rows;
  std::vector<uint32_t> order(static_cast<size_t>(rows));
  std::iota(order.begin(), order.end(), 0);
  const auto bucket_of = [&](uint32_t row) { return places[row] / bucket_rows_; };
  std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return bucket_of(a) < bucket_of(b); });
  for (size_t first = 0; first < order.size();) {
    size_t end = first;
    while (end < order.size() && bucket_of(order[end]) == bucket_of(order[first])) ++end;
    TRY_ASSIGN(const auto part, TakeRows(schema_, columns, order, first, end - first, context_));
    std::vector<uint32_t> own;
    for (size_t i = first; i < end; ++i) own.push_back(places[order[i]]);
    TRY_ARROW_ASSIGN(const auto with_places,
                     part->AddColumn(schema_->num_fields(), "place", IndexArray(own, 0, own.size())));
    TRY_ASSIGN(const SpillFile::Extent extent, file_->Append(*with_places));
    Bucket& bucket = buckets_[static_cast<size_t>(bucket_of(order[first]))];
    bucket.extents.push_back(extent);
    bucket.bytes += extent.bytes;
    first = end;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> RowSorter::Finish() {
  if (rows_ != static_cast<int64_t>(places_.size())) {
    return absl::DataLossError(fmt::format("there are {} rows where an order is for {}", rows_, places_.size()));
  }
  if (file_ != nullptr) TRY(Distribute());
  return std::make_shared<Reader>(std::move(*this));
}

}  // namespace roost::store
