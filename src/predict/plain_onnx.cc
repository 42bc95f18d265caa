#include "predict/plain_onnx.h"

#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/status.h"
#include "predict/onnx_check.h"
#include "predict/onnx_outputs.h"
#include "predict/onnx_runtime.h"

namespace roost::predict {
namespace {

// How many numbers a row of the prediction has: 1, or where no output can be a single number, those of the first that
// has more.
int32_t WidthOf(std::span<const OnnxPort> outputs) {
  if (FindOutput(outputs, {.task = Task::kNumber}).ok()) return 1;
  for (const OnnxPort& port : outputs) {
    const bool is_number = port.element == OnnxElement::kFloat || port.element == OnnxElement::kDouble;
    const bool is_wide = port.is_tensor && is_number && port.shape.size() == 2 && port.shape[1] >= 2;
    if (is_wide && port.shape[1] <= static_cast<int64_t>(ScoringModel::kMaxClasses)) {
      return static_cast<int32_t>(port.shape[1]);
    }
  }
  return 1;
}

}  // namespace

absl::StatusOr<ScoringModel> FromPlainOnnx(std::string bytes, int intra_op_threads) {
  TRY(CheckOnnx(bytes));
  OnnxOptions options{.task = Task::kNumber, .intra_op_threads = intra_op_threads};
  {
    TRY_ASSIGN(const std::shared_ptr<const OnnxSession> session, OnnxSession::Open(bytes));
    options.num_outputs = WidthOf(session->outputs());
  }  // it goes before the model is loaded, so that no file is in memory twice
  std::vector<std::string> classes;
  if (options.num_outputs > 1) {
    options.task = Task::kClasses;
    for (int32_t i = 0; i < options.num_outputs; ++i) classes.push_back(fmt::to_string(i));
  }
  TRY_ASSIGN(std::shared_ptr<const OnnxModel> model, OnnxModel::Load(std::move(bytes), std::move(options)));
  return ScoringModel::MakeOnnx(std::move(model), std::nullopt, std::move(classes));
}

}  // namespace roost::predict
