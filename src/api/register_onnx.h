#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "absl/status/statusor.h"
#include "api/project.h"
#include "base/context.h"
#include "base/json.h"
#include "registry/registry.h"

namespace roost::api {

struct RegisterOnnxRequest {
  std::string name;       ///< of the model
  std::string file;       ///< an ONNX file of whoever made it (predict/plain_onnx.h)
  std::string signature;  ///< a JSON file in the form of the part signature.json; empty: what the file says
};

struct RegisterOnnxResponse {
  registry::ModelVersion version;
  bool is_new = true;  ///< false: these bytes are a version of the model already
  Json signature;      ///< as the part signature.json
};

/// Makes a version of a model that was trained elsewhere. Its lineage says that nothing is known of its data. The
/// errors of FromPlainOnnx; InvalidArgument where the signature is not the file's.
absl::StatusOr<RegisterOnnxResponse> RegisterOnnx(Project& project, const RegisterOnnxRequest& request,
                                                  const Context& context);

}  // namespace roost::api
