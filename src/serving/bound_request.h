#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "column/value.h"
#include "serving/json_lists.h"
#include "serving/servable.h"
#include "serving/tensor.h"

namespace roost::serving {

/// More rows than that in one request are refused.
inline constexpr int64_t kMaxRows = 1'000'000;

/// A request to score rows, whatever it came through.
///
/// One tensor per input column, of shape [N] or [N,1], in any order. A number may come as any datatype but BYTES
/// (FP32 is widened, so 0.1 as FP32 is another number than 0.1 as FP64); text as BYTES in UTF-8; a time as INT64,
/// microseconds since 1970-01-01T00:00Z, or as BYTES in ISO 8601. A null is a missing value.
///
/// A model whose columns are all numbers, two or more, also takes one tensor of shape [N, columns] under any name, the
/// columns in its order: what clients of servers that know no columns send.
struct InferRequest {
  std::string model_name;
  std::optional<int64_t> model_version;  ///< none: the highest that is loaded
  std::string id;                        ///< given back as it is
  std::vector<Tensor> inputs;
  std::vector<std::string> outputs;  ///< names, in the order in which they are wanted; empty: all
  /// What a queue goes by; of requests that are scored inline only whether the time is over already.
  std::chrono::microseconds timeout{0};  ///< from arrival on; 0: as the model has it
  uint64_t priority = 0;                 ///< 1 is the highest; 0: as requests that name none
};

struct InferResponse {
  std::string model_name;
  int64_t model_version = 0;
  std::string id;
  std::vector<Tensor> outputs;
};

/// A request whose tensors are checked and bound to the columns of a model: rows to be scored, then the answer of their
/// scores. Immutable; usable from any thread.
class BoundRequest {
 public:
  /// One input column, ready to be read row by row.
  struct Input {
    const Tensor* tensor = nullptr;
    column::Kind kind = column::Kind::kNumber;
    std::vector<int64_t> micros;             // of a time that came as text
    std::unique_ptr<const JsonLists> lists;  // of lists
  };

  /// Both outlive it and stay where they are. InvalidArgument as Infer (infer.h).
  static absl::StatusOr<BoundRequest> Bind(const Servable& servable, const InferRequest& request);

  int64_t num_rows() const { return num_rows_; }
  /// Appends a value for each of servable.model().inputs() of the rows [begin, end); texts and lists are borrowed from
  /// this and the request.
  void AppendValues(int64_t begin, int64_t end, std::vector<column::Value>& values) const;
  /// The answer, `scores` being the outputs of all rows.
  InferResponse Answer(std::span<const double> scores) const;

 private:
  BoundRequest(const Servable& servable, const InferRequest& request) : servable_(&servable), request_(&request) {}

  const Servable* servable_;
  const InferRequest* request_;
  int64_t num_rows_ = 0;
  std::vector<size_t> outputs_;     // that are wanted: their positions in servable.outputs()
  const Tensor* matrix_ = nullptr;  // all columns, or
  std::vector<Input> inputs_;       // in the order of the model's
};

}  // namespace roost::serving
