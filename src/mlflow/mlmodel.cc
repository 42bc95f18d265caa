#include "mlflow/mlmodel.h"

#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "api/export.h"
#include "api/models.h"
#include "base/status.h"
#include "embedded_loader.h"
#include "predict/onnx_export.h"

namespace roost::mlflow {
namespace {

constexpr char kRequirements[] = "mlflow\nnumpy\nonnx\nonnxruntime>=1.17\npandas\n";
constexpr char kPythonEnv[] = "python: '3.11'\nbuild_dependencies:\n- pip\ndependencies:\n- -r requirements.txt\n";
constexpr char kConda[] =
    "name: mlflow-env\nchannels:\n- conda-forge\ndependencies:\n- python>=3.9\n- pip\n- pip:\n  - mlflow\n  - numpy\n"
    "  - onnx\n  - onnxruntime>=1.17\n  - pandas\n";

// JSON in ASCII as a YAML scalar in single quotes.
std::string Quoted(const Json& json) {
  std::string quoted = "'";
  for (const char c : json.dump(-1, ' ', true, Json::error_handler_t::replace)) {
    quoted += c;
    if (c == '\'') quoted += c;
  }
  return quoted + "'";
}

// MLflow holds a data frame against these before the model sees it: its "double" refuses integers, its "datetime" texts
// and times with a zone.
const char* TypeOf(const std::string& kind) { return kind == "text" ? "string" : "any"; }

Json SignatureColumns(const Json& columns) {
  Json signature = Json::array();
  for (const Json& column : columns) {
    signature.push_back(
        {{"type", TypeOf(column["kind"].get<std::string>())}, {"name", column["name"]}, {"required", true}});
  }
  return signature;
}

Json SignatureOutputs(const std::vector<std::string>& names) {
  Json signature = Json::array();
  for (const std::string& name : names) signature.push_back({{"type", "double"}, {"name", name}, {"required", true}});
  return signature;
}

}  // namespace

std::string MlmodelText(const MlmodelFacts& facts) {
  return fmt::format(
      "artifact_path: model\n"
      "flavors:\n"
      "  onnx:\n"
      "    code: null\n"
      "    data: model.onnx\n"
      "    onnx_version: '1.16'\n"
      "    providers:\n"
      "    - CPUExecutionProvider\n"
      "  python_function:\n"
      "    code: code\n"
      "    data: .\n"
      "    env:\n"
      "      conda: conda.yaml\n"
      "      virtualenv: python_env.yaml\n"
      "    loader_module: roost_onnx\n"
      "    python_version: '3.11'\n"
      "metadata:\n"
      "  roost: '{}'\n"
      "signature:\n"
      "  inputs: {}\n"
      "  outputs: {}\n"
      "  params: null\n"
      "utc_time_created: '{}'\n",
      facts.version, Quoted(SignatureColumns(facts.columns)), Quoted(SignatureOutputs(facts.outputs)),
      absl::FormatTime("%Y-%m-%d %H:%M:%E6S", facts.made, absl::UTCTimeZone()));
}

absl::StatusOr<ModelFolder> MakeModelFolder(api::Project& project, const std::string& reference,
                                            const Context& context) {
  TRY_ASSIGN(api::ExportResponse exported, api::ExportModel(project, reference, context));
  TRY_ASSIGN(const api::LoadedModel loaded, api::LoadModel(project, exported.version.ToString()));
  const bool is_graph = loaded.model.onnx() != nullptr && loaded.model.transform() == nullptr;
  Json graph;
  if (is_graph) {
    graph = loaded.model.onnx()->ToJson();
  } else {
    TRY_ASSIGN(const predict::ScoringModel as_graph, predict::LoadExported(loaded.model, exported.onnx));
    graph = as_graph.onnx()->ToJson();
  }
  if (!graph.contains("columns")) {
    return absl::UnimplementedError(
        fmt::format("{}: its ONNX graph takes features, not columns", exported.version.ToString()));
  }
  const MlmodelFacts facts{.version = exported.version.ToString(),
                           .made = exported.version.created,
                           .columns = graph["columns"],
                           .outputs = loaded.model.OutputNames()};
  const Json about{
      {"version", facts.version}, {"columns", facts.columns}, {"output", graph["output"]}, {"outputs", facts.outputs}};
  return ModelFolder{.version = exported.version,
                     .files = {{"MLmodel", MlmodelText(facts)},
                               {"model.onnx", std::move(exported.onnx)},
                               {"roost.json", ToText(about)},
                               {"code/roost_onnx.py", std::string(embedded::kLoader)},
                               {"requirements.txt", kRequirements},
                               {"python_env.yaml", kPythonEnv},
                               {"conda.yaml", kConda}}};
}

}  // namespace roost::mlflow
