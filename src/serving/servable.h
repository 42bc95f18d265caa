#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "predict/model.h"
#include "serving/row_cost.h"
#include "serving/serving_options.h"
#include "serving/statistics.h"
#include "serving/tensor.h"

namespace roost::serving {

/// One input or output of a model, as clients see it. An extent of -1 is any.
struct TensorSpec {
  std::string name;
  Datatype datatype;
  std::vector<int64_t> shape;
};

/// A loaded model version. Immutable but for its counts; usable from any number of threads.
class Servable {
 public:
  /// `model` under a name and a version. Nothing is scored yet; ModelManager does so before it publishes.
  Servable(std::string name, int64_t version, predict::ScoringModel model, ServingOptions options = {});

  /// From the JSON text of ScoringModel::ToJson and the ONNX file that it speaks of, or "". Without JSON, an ONNX file
  /// of whoever made it (predict/plain_onnx.h). InvalidArgument where it is none.
  static absl::StatusOr<std::shared_ptr<const Servable>> Parse(std::string name, int64_t version,
                                                               std::string_view bytes, std::string onnx = "",
                                                               ServingOptions options = {});

  const std::string& name() const { return name_; }
  int64_t version() const { return version_; }
  const predict::ScoringModel& model() const { return model_; }

  /// What a request must bring, in the order of model().inputs(): the preferred datatype of each column.
  const std::vector<TensorSpec>& inputs() const { return inputs_; }
  /// One FP64 per row, under the name that the model's task gives it ("probability", "value" ...); of several classes
  /// "probabilities", FP64 of shape [N, classes] in the order of model().classes(), and "class", BYTES, the most
  /// probable (of equal ones the first).
  const std::vector<TensorSpec>& outputs() const { return outputs_; }

  /// The position of the column of that name in model().inputs(), or nothing. Cost: a binary search.
  std::optional<size_t> FindInput(std::string_view input) const;

  /// What became of the requests to it; Infer adds to them.
  Statistics& statistics() const { return *statistics_; }

  const ServingOptions& options() const { return options_; }
  /// What a row costs; measured by WarmUp.
  RowCost& row_cost() const { return *row_cost_; }
  /// Whether requests are scored by the workers of a WorkQueue, as options() say; with kAuto not before WarmUp.
  bool on_workers() const {
    return options_.execution == Execution::kWorkers || (may_be_slow_ && row_cost_->warm_up() >= kSlowRow);
  }

  /// What it costs in memory: what the heap of the process grew by while it was parsed, and at least its files. Other
  /// threads that allocate meanwhile blur it.
  int64_t memory_bytes() const { return memory_bytes_; }

  /// Scores a row of missing and a row of plain values, and the recorded requests, if any (recorded_requests.h): what
  /// is needed later is in memory then. Internal where a score is not a finite number, or where an answer is another
  /// than the recorded one; InvalidArgument where `recorded` is damaged. ONNX models may refuse the row of missing
  /// values. Measures what a row costs, in processor time of the calling thread. Not while others use it.
  absl::Status WarmUp(std::string_view recorded = "") const;

 private:
  std::string name_;
  int64_t version_;
  predict::ScoringModel model_;
  std::vector<TensorSpec> inputs_;
  std::vector<TensorSpec> outputs_;
  std::vector<size_t> inputs_by_name_;  // positions of model().inputs(), by ascending name
  ServingOptions options_;
  bool may_be_slow_;
  std::unique_ptr<Statistics> statistics_;
  std::unique_ptr<RowCost> row_cost_;
  int64_t memory_bytes_ = 0;
};

}  // namespace roost::serving
