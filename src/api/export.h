#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "api/project.h"
#include "base/context.h"
#include "predict/onnx_parity.h"
#include "registry/registry.h"

namespace roost::api {

struct ExportResponse {
  registry::ModelVersion version;
  std::string onnx;  ///< the file
  /// What its outputs were compared on; none where the model is an ONNX file already, which is handed over as it is.
  std::optional<predict::ParityCertificate> certificate;
};

/// The transform and the predictor of a model version as one ONNX graph (predict/onnx_export.h). It is compared with
/// the model on rows that were kept from training and on made edge rows before it is handed over: FailedPrecondition
/// where they differ. Unimplemented, with the reason, where ONNX has no operator for a part of the model.
absl::StatusOr<ExportResponse> ExportModel(Project& project, const std::string& reference, const Context& context);

}  // namespace roost::api
