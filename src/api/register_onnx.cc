#include "api/register_onnx.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "api/hooks.h"
#include "api/model_folder.h"
#include "api/signature.h"
#include "api/signing.h"
#include "base/status.h"
#include "predict/plain_onnx.h"
#include "table/text_file.h"

namespace roost::api {
namespace {

// It names no file and no program, so that the same bytes are the same version.
Json LineageOfFile(const predict::ScoringModel& model) {
  return Json{{"start", "elsewhere"},
              {"start_reason", "registered from an ONNX file; nothing is known of its data"},
              {"task", predict::TaskName(model.task())}};
}

}  // namespace

absl::StatusOr<RegisterOnnxResponse> RegisterOnnx(Project& project, const RegisterOnnxRequest& request,
                                                  const Context& context) {
  TRY(registry::CheckName(request.name, "name of a model"));
  TRY(CheckSigningKey(project));
  TRY_ASSIGN(std::string bytes, ReadModelFile(request.file));
  absl::StatusOr<predict::ScoringModel> model = predict::FromPlainOnnx(std::move(bytes));
  if (!model.ok()) return Annotate(model.status(), request.file);
  if (!request.signature.empty()) {
    TRY_ASSIGN(const std::string text, table::ReadTextFile(request.signature));
    TRY_ASSIGN(const Json declared, ParseJson(text, request.signature));
    TRY(CheckSignature(declared, *model, request.signature));
  }
  RegisterOnnxResponse response{.signature = SignatureOf(*model)};
  registry::ModelPackage package;
  package.parts[registry::kModelPart] = ToText(model->ToJson());
  package.parts[registry::kOnnxPart] = std::string(model->onnx_bytes());
  package.parts[registry::kSignaturePart] = ToText(response.signature);
  package.parts[registry::kLineagePart] = ToText(LineageOfFile(*model));
  TRY_ASSIGN(const std::vector<registry::ModelVersion> before, project.registry().List(request.name));
  TRY_ASSIGN(response.version, project.registry().Register(request.name, package, project.author(), context));
  TRY(SignRegistered(project, response.version, context));
  response.is_new = std::find(before.begin(), before.end(), response.version) == before.end();
  if (response.is_new) QueueRegistered(project, response.version, context);
  return response;
}

}  // namespace roost::api
