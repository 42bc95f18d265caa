#include "api/features.h"

#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "api/training.h"
#include "base/status.h"
#include "base/yaml_edit.h"
#include "transform/feature_yaml.h"

namespace roost::api {
namespace {

// The lines of a block "features:" without that line, and without their indent of two.
std::string LinesBelowTheKey(std::string_view block) {
  std::string lines;
  for (size_t begin = block.find('\n') + 1; begin < block.size();) {
    const size_t end = block.find('\n', begin) + 1;
    lines += block.substr(begin + 2, end - begin - 2);
    begin = end;
  }
  return lines;
}

}  // namespace

absl::StatusOr<ChooseFeaturesResponse> ChooseModelFeatures(Project& project, const ChooseFeaturesRequest& request,
                                                           const Context& context) {
  TRY_ASSIGN(const config::ModelConfig* configured, RequireModel(project));
  if (request.write && !configured->auto_features) {
    return WithHint(absl::InvalidArgumentError("roost.yaml has features already, and they are not 'auto'"),
                    "write 'features: auto' there, or run 'roost features' without --write to see what it would say");
  }
  config::ModelConfig model = *configured;
  model.auto_features = true;
  model.features.clear();
  TRY_ASSIGN(const TrainingRows rows, ReadTraining(project, model, request.reference, 1.0, context));
  TRY_ASSIGN(transform::FeatureChoice chosen, ChooseAll(model, rows.profile.Summarize()));
  ChooseFeaturesResponse response{.dataset = rows.dataset.Name(), .yaml = transform::ToYaml(chosen, "")};
  response.features = std::move(chosen.features);
  response.left_out = std::move(chosen.left_out);
  if (!request.write) return response;
  std::vector<std::string> keys = project.ModelPath();
  keys.emplace_back("features");
  TRY_ASSIGN(const std::string edited,
             SetYamlBlock(project.config_text(), kConfigName, keys, LinesBelowTheKey(response.yaml)));
  TRY(project.ReplaceConfig(edited));
  response.written = kConfigName;
  return response;
}

}  // namespace roost::api
