#include "api/export.h"

#include <utility>
#include <vector>

#include "api/evaluation.h"
#include "api/models.h"
#include "base/status.h"
#include "predict/linear.h"
#include "predict/onnx_export.h"

namespace roost::api {
namespace {

// Enough rows to meet each usual value; the edge rows look for the unusual ones.
constexpr int64_t kParityRows = 20'000;

}  // namespace

absl::StatusOr<ExportResponse> ExportModel(Project& project, const std::string& reference, const Context& context) {
  TRY_ASSIGN(const LoadedModel loaded, LoadModel(project, reference));
  ExportResponse response{.version = loaded.version};
  if (loaded.model.onnx() != nullptr && loaded.model.transform() == nullptr) {
    response.onnx = std::string(loaded.model.onnx_bytes());
    return response;
  }
  TRY_ASSIGN(response.onnx, predict::ExportOnnx(loaded.model));
  TRY_ASSIGN(const HeldOut held_out, ReadHeldOut(project, loaded, "", Part::kEvaluate, context));
  std::vector<column::BatchView> batches;
  int64_t rows = 0;
  for (const column::OwnedBatch& batch : held_out.data[Part::kEvaluate].batches) {
    if (rows >= kParityRows) break;
    rows += batch.view().num_rows();
    batches.push_back(batch.view());
  }
  const bool linear = dynamic_cast<const predict::LinearPredictor*>(loaded.model.predictor()) != nullptr;
  const double bound = linear ? predict::kLinearBound : predict::kTreesBound;
  TRY_ASSIGN(response.certificate, predict::CertifyParity(loaded.model, response.onnx, batches, bound, context));
  return response;
}

}  // namespace roost::api
