#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/project.h"
#include "base/context.h"
#include "base/json.h"
#include "registry/registry.h"

namespace roost::mlflow {

/// Files of a folder by their paths in it: "MLmodel", "code/roost_onnx.py".
using Files = std::map<std::string, std::string>;

/// What stands in the folder's MLmodel beside what is the same in all of them.
struct MlmodelFacts {
  std::string version;               ///< "late-flights@2"
  absl::Time made;                   ///< when the version was made
  Json columns;                      ///< [{"name": ..., "kind": "number" | "text" | "time"}]
  std::vector<std::string> outputs;  ///< names of the columns that come out
};

/// The text of MLmodel: flavors `python_function`, by the loader in code/, and `onnx`; the signature. Numbers have
/// MLflow's type "any", as its "double" takes no column of integers.
std::string MlmodelText(const MlmodelFacts& facts);

/// A version with the folder in which MLflow loads it.
struct ModelFolder {
  registry::ModelVersion version;
  Files files;
};

/// MLmodel, model.onnx (ExportModel, compared with the model before it is handed over), roost.json with the columns
/// and outputs, the loader, what to install. `reference` and errors as ExportModel; Unimplemented too where the graph
/// takes features and not columns.
absl::StatusOr<ModelFolder> MakeModelFolder(api::Project& project, const std::string& reference,
                                            const Context& context);

}  // namespace roost::mlflow
