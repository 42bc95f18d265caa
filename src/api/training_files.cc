#include "api/training_files.h"

#include <memory>
#include <utility>
#include <vector>

#include <arrow/api.h>
#include <fmt/format.h>

#include "base/status.h"
#include "table/arrow_status.h"
#include "table/bridge.h"
#include "table/write.h"

namespace roost::api {
namespace {

constexpr char kTarget[] = "__target";
constexpr char kWeight[] = "__weight";
constexpr char kGroup[] = "__group";

// The batches of a part with targets, weights and groups beside the columns.
class PartReader : public arrow::RecordBatchReader {
 public:
  PartReader(const TrainerJob& job, const LabelledRows& rows, std::vector<double> weights, const Context& context)
      : job_(job), rows_(rows), weights_(std::move(weights)), context_(context) {}

  // The schema is that of the first batch.
  absl::Status Open() {
    TRY_ASSIGN(first_, Batch(0));
    schema_ = first_->schema();
    return absl::OkStatus();
  }

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    *batch = nullptr;
    if (next_ == rows_.batches.size()) return arrow::Status::OK();
    absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> made = Batch(next_);
    if (!made.ok()) return table::ToArrow(made.status());
    row_ += (*made)->num_rows();
    ++next_;
    *batch = *std::move(made);
    return arrow::Status::OK();
  }

 private:
  template <typename Builder, typename Value>
  absl::Status AddColumn(const char* name, std::span<const Value> values, arrow::ArrayVector& arrays,
                         arrow::FieldVector& fields) {
    Builder builder;
    TRY_ARROW(builder.AppendValues(values.data(), static_cast<int64_t>(values.size())));
    std::shared_ptr<arrow::Array> array;
    TRY_ARROW(builder.Finish(&array));
    fields.push_back(arrow::field(name, array->type(), /*nullable=*/false));
    arrays.push_back(std::move(array));
    return absl::OkStatus();
  }

  absl::Status AddInputs(const column::OwnedBatch& batch, arrow::ArrayVector& arrays, arrow::FieldVector& fields) {
    if (job_.transform != nullptr) return AddFeatures(batch, arrays, fields);
    TRY_ASSIGN(const std::shared_ptr<arrow::RecordBatch> all, table::Borrow(batch));
    for (const transform::InputColumn& input : job_.inputs) {
      if (input.name == kTarget || input.name == kWeight || input.name == kGroup) {
        return absl::InvalidArgumentError(
            fmt::format("the column '{}' has a name that trainers get something else under", input.name));
      }
      const int position = all->schema()->GetFieldIndex(input.name);
      fields.push_back(all->schema()->field(position));
      arrays.push_back(all->column(position));
    }
    return absl::OkStatus();
  }

  absl::Status AddFeatures(const column::OwnedBatch& batch, arrow::ArrayVector& arrays, arrow::FieldVector& fields) {
    TRY_ASSIGN(const transform::DenseRows dense, job_.transform->ApplyDense(batch.view(), 0.0, context_));
    std::vector<double> values(static_cast<size_t>(batch.view().num_rows()));
    const auto width = static_cast<size_t>(dense.num_features);
    for (size_t feature = 0; feature < width; ++feature) {
      for (size_t row = 0; row < values.size(); ++row) values[row] = dense.values[row * width + feature];
      const std::string name = job_.transform->FeatureName(static_cast<int32_t>(feature));
      TRY((AddColumn<arrow::DoubleBuilder, double>(name.c_str(), values, arrays, fields)));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> Batch(size_t number) {
    TRY(context_.CheckCancelled());
    const column::OwnedBatch& batch = rows_.batches[number];
    const auto count = static_cast<size_t>(batch.view().num_rows());
    const auto first = static_cast<size_t>(row_);
    arrow::ArrayVector arrays;
    arrow::FieldVector fields;
    TRY(AddInputs(batch, arrays, fields));
    TRY((AddColumn<arrow::DoubleBuilder, double>(kTarget, std::span(rows_.targets).subspan(first, count), arrays,
                                                 fields)));
    TRY((AddColumn<arrow::DoubleBuilder, double>(kWeight, std::span(weights_).subspan(first, count), arrays, fields)));
    if (!rows_.groups.empty()) {
      TRY((AddColumn<arrow::Int64Builder, int64_t>(kGroup, std::span(rows_.groups).subspan(first, count), arrays,
                                                   fields)));
    }
    return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), batch.view().num_rows(), std::move(arrays));
  }

  const TrainerJob& job_;
  const LabelledRows& rows_;
  const std::vector<double> weights_;
  const Context& context_;
  std::shared_ptr<arrow::RecordBatch> first_;
  std::shared_ptr<arrow::Schema> schema_;
  size_t next_ = 0;
  int64_t row_ = 0;
};

absl::Status WritePart(const TrainerJob& job, Part part, const std::string& path, const Context& context) {
  const LabelledRows& rows = job.data[part];
  std::vector<double> weights = part == Part::kTrain ? TrainingWeights(job.config, job.data) : rows.weights;
  if (weights.empty()) weights.assign(rows.targets.size(), 1.0);
  PartReader reader(job, rows, std::move(weights), context);
  TRY(reader.Open());
  return table::WriteTable(reader, table::Format::kParquet, path, table::Overwrite::kYes, context).status();
}

}  // namespace

absl::Status WriteTrainingFiles(const TrainerJob& job, const std::string& train_path, const std::string& evaluate_path,
                                const Context& context) {
  TRY(WritePart(job, Part::kTrain, train_path, context));
  return WritePart(job, Part::kEvaluate, evaluate_path, context);
}

}  // namespace roost::api
