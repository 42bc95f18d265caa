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
#include "base/json.h"
#include "column/value.h"
#include "predict/onnx_outputs.h"
#include "predict/onnx_runtime.h"
#include "transform/features.h"
#include "transform/transform.h"

namespace roost::predict {

/// A column of the data that an input of a graph takes, by its name.
struct OnnxColumn {
  transform::InputColumn column;
  /// What stands for a missing text; none: "". Texts that are equal to it are missing to the model.
  std::optional<std::string> missing_text;
  /// What stands for a missing integer, bool or time; none: rows that miss one are refused. Floats have NaN.
  std::optional<int64_t> missing_integer;
};

/// How a graph is to be used.
struct OnnxOptions {
  Task task = Task::kBinary;
  int32_t num_outputs = 1;  ///< a row: the classes of kClasses, else 1
  std::string output;       ///< which of the graph's; empty: as FindOutput
  /// Over features: the graph has one input [N, num_features]. None: over columns, an input [N] or [N,1] for each.
  std::optional<int32_t> num_features;
  /// Over features: whether features without an entry are NaN (as trees take them) or 0.
  bool absent_is_nan = false;
  /// Over columns: those that are declared; each must be an input of the graph. Inputs that are not declared are what
  /// their type says: texts of strings, numbers of all others (so a time must be declared), without any stand-in.
  std::vector<OnnxColumn> columns;
  int intra_op_threads = 1;  ///< OnnxSession::Open
};

/// An ONNX file in ONNX Runtime: a foreign model over the columns of a row, or over the features of a transform.
/// Immutable; callable from any number of threads, each call on its own. Cost: some microseconds a call and what the
/// graph takes; so score many rows with one call. How rows are split over calls may show in the last bits of a score.
class OnnxModel {
 public:
  /// Checks `bytes` (CheckOnnx), loads them, and sees to it that the graph's inputs can be fed and that its output is a
  /// prediction of the task. InvalidArgument with the reason and, where there is one, what to do in the exporter.
  static absl::StatusOr<std::shared_ptr<const OnnxModel>> Load(std::string bytes, OnnxOptions options);

  /// Over columns: what a row must bring, in the order of the graph's inputs. Empty over features.
  std::span<const transform::InputColumn> inputs() const { return inputs_; }
  /// With the output found and all columns declared.
  const OnnxOptions& options() const { return options_; }
  /// The file itself; it is kept.
  std::string_view bytes() const { return bytes_; }

  /// Over columns. `values` has inputs().size() a row, of their kinds (ROOST_CHECK); `outputs` num_outputs a row;
  /// messages count rows from `first_row`. InvalidArgument for a missing integer without a stand-in, a number that is
  /// no integer where the graph wants one, an error of the runtime, and what is no prediction (ReadOutput).
  absl::Status ScoreColumns(std::span<const column::Value> values, int64_t first_row, std::span<double> outputs) const;

  /// Over features: the rows [begin, end) of `rows`, whose num_features are the graph's.
  absl::Status ScoreFeatures(const transform::FeatureRows& rows, int64_t begin, int64_t end,
                             std::span<double> outputs) const;

  /// {"columns": [{"name": ..., "kind": ..., "missing": ...}], "output": ...} or
  /// {"num_features": ..., "absent": "zero" or "missing", "output": ...}
  Json ToJson() const;
  /// What ToJson wrote, for a model of that task and number of outputs; its bytes are not in it.
  static absl::StatusOr<OnnxOptions> OptionsFromJson(const Json& json, Task task, int32_t num_outputs);

 private:
  OnnxModel(std::string bytes, OnnxOptions options, std::shared_ptr<const OnnxSession> session)
      : bytes_(std::move(bytes)), options_(std::move(options)), session_(std::move(session)) {}
  absl::Status BindColumns();
  absl::Status BindFeatures() const;
  absl::Status Run(std::span<const OnnxTensor> tensors, int64_t num_rows, int64_t first_row,
                   std::span<double> outputs) const;

  std::string bytes_;
  OnnxOptions options_;
  std::shared_ptr<const OnnxSession> session_;
  std::vector<transform::InputColumn> inputs_;
};

}  // namespace roost::predict
