#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/format.h"
#include "base/json.h"
#include "base/status.h"
#include "base/yaml_write.h"
#include "pipeline/step.h"
#include "pipeline/workflow.h"
#include "pipeline/workflow_checks.h"

namespace roost::pipeline {
namespace {

constexpr size_t kLongestName = 52;  // of a CronWorkflow, which adds a number
constexpr size_t kLongestObject = 253;
constexpr int kImageUser = 65532;  // of deploy/Dockerfile
constexpr const char* kEntrypoint = "pipeline";
constexpr const char* kProjectVolume = "project";
constexpr const char* kFilesVolume = "files";

bool IsLower(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

// A name as Kubernetes has them (RFC 1123): small letters, digits, '-' and '.'.
absl::Status CheckObject(std::string_view what, std::string_view name, size_t longest = kLongestObject) {
  const auto is_allowed = [](char c) { return IsLower(c) || c == '-' || c == '.'; };
  if (!name.empty() && name.size() <= longest && std::all_of(name.begin(), name.end(), is_allowed) &&
      IsLower(name.front()) && IsLower(name.back()) && name.find("..") == std::string_view::npos &&
      name.find(".-") == std::string_view::npos && name.find("-.") == std::string_view::npos) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(fmt::format(
      "the {} '{}' is no name for Kubernetes: want up to {} small letters, digits, '-' and '.', a letter or digit at "
      "both ends",
      what, Printable(name), longest));
}

// "2", "500m", "1.5Gi".
absl::Status CheckQuantity(std::string_view what, std::string_view text) {
  constexpr std::array<std::string_view, 11> kSuffixes{"", "m", "k", "M", "G", "T", "Ki", "Mi", "Gi", "Ti", "Pi"};
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto digits = [&](std::string_view some) {
    return std::find_if_not(some.begin(), some.end(), is_digit) - some.begin();
  };
  size_t length = static_cast<size_t>(digits(text));
  bool is_good = length > 0;
  if (is_good && length < text.size() && text[length] == '.') {
    const size_t fraction = static_cast<size_t>(digits(text.substr(length + 1)));
    is_good = fraction > 0;
    length += 1 + fraction;
  }
  is_good = is_good && std::find(kSuffixes.begin(), kSuffixes.end(), text.substr(length)) != kSuffixes.end();
  if (is_good) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("{} '{}' is no quantity of Kubernetes: want for example 2, 500m or 4Gi", what, Printable(text)));
}

// Argo replaces what stands between "{{" and "}}" anywhere in a workflow.
absl::Status CheckNoTemplate(std::string_view what, std::string_view value) {
  if (value.find("{{") == std::string_view::npos) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("{} '{}' has '{{{{', which Argo replaces", what, Printable(value)));
}

absl::Status Check(const Workflow& workflow, const ArgoOptions& options) {
  TRY(CheckObject("name", workflow.name, kLongestName));
  TRY(CheckFolder(workflow.folder));
  TRY(CheckArgument("program", workflow.program));
  TRY(CheckArgument("image", workflow.image));
  TRY(CheckNoTemplate("folder", workflow.folder));
  TRY(CheckNoTemplate("program", workflow.program));
  TRY(CheckNoTemplate("image", workflow.image));
  if (workflow.folder.find(':') != std::string::npos) {
    return absl::InvalidArgumentError(
        fmt::format("folder '{}' has a ':', which no path of a volume may have", Printable(workflow.folder)));
  }
  if (!workflow.schedule.empty()) TRY(CheckSchedule(workflow.schedule));
  if (!options.volume.empty() && !options.config_map.empty()) {
    return absl::InvalidArgumentError("a volume and a ConfigMap exclude each other: the project is in one of them");
  }
  for (const auto& [what, name] :
       {std::pair("volume", &options.volume), std::pair("ConfigMap", &options.config_map),
        std::pair("secret", &options.secret), std::pair("service account", &options.service_account)}) {
    if (!name->empty()) TRY(CheckObject(what, *name));
  }
  TRY(CheckQuantity("cpu", options.cpu));
  return CheckQuantity("memory", options.memory);
}

// A step that may end well when it is tried again, and one whose pod was lost.
Json RetryStrategy(const Workflow& workflow) {
  return {{"limit", fmt::to_string(workflow.retries)},
          {"expression", fmt::format("lastRetry.status == 'Error' || asInt(lastRetry.exitCode) in [{}]",
                                     fmt::join(kRetriedExitCodes, ", "))},
          {"backoff", {{"duration", "30s"}, {"factor", "2"}, {"maxDuration", "30m"}}}};
}

Json Resources(const ArgoOptions& options, Step step) {
  Json resources{{"requests", {{"cpu", options.cpu}, {"memory", options.memory}}},
                 {"limits", {{"memory", options.memory}}}};
  if (options.gpus > 0 && step == Step::kTrain) resources["limits"]["nvidia.com/gpu"] = fmt::to_string(options.gpus);
  return resources;
}

Json Mounts(const Workflow& workflow, const ArgoOptions& options) {
  Json mounts = Json::array({{{"name", "tmp"}, {"mountPath", "/tmp"}}});
  if (options.volume.empty() && options.config_map.empty()) return mounts;
  mounts.push_back({{"name", kProjectVolume}, {"mountPath", workflow.folder}});
  if (options.config_map.empty()) return mounts;
  for (const std::string& file : options.files) {
    mounts.push_back({{"name", kFilesVolume},
                      {"mountPath", fmt::format("{}/{}", workflow.folder, file)},
                      {"subPath", file},
                      {"readOnly", true}});
  }
  return mounts;
}

Json Volumes(const ArgoOptions& options) {
  Json volumes = Json::array({{{"name", "tmp"}, {"emptyDir", Json::object()}}});
  if (!options.volume.empty()) {
    volumes.push_back({{"name", kProjectVolume}, {"persistentVolumeClaim", {{"claimName", options.volume}}}});
  } else if (!options.config_map.empty()) {
    volumes.push_back({{"name", kProjectVolume}, {"emptyDir", Json::object()}});
    volumes.push_back({{"name", kFilesVolume}, {"configMap", {{"name", options.config_map}}}});
  }
  return volumes;
}

Json TaskTemplate(const Workflow& workflow, const ArgoOptions& options, const WorkflowTask& task) {
  Json words = WordsOf(task);
  words.push_back("--project");
  words.push_back(workflow.folder);
  Json container{{"image", "{{workflow.parameters.image}}"},
                 {"command", Json::array({workflow.program})},
                 {"args", std::move(words)}};
  if (!options.secret.empty()) container["envFrom"] = Json::array({{{"secretRef", {{"name", options.secret}}}}});
  container["resources"] = Resources(options, task.step);
  container["securityContext"] = {{"allowPrivilegeEscalation", false},
                                  {"readOnlyRootFilesystem", true},
                                  {"capabilities", {{"drop", Json::array({"ALL"})}}}};
  container["volumeMounts"] = Mounts(workflow, options);
  Json made{{"name", task.name}};
  if (workflow.retries > 0) made["retryStrategy"] = RetryStrategy(workflow);
  made["container"] = std::move(container);
  return made;
}

Json Spec(const Workflow& workflow, const ArgoOptions& options) {
  Json tasks = Json::array();
  Json templates = Json::array();
  for (const WorkflowTask& task : workflow.tasks) {
    Json node{{"name", task.name}, {"template", task.name}};
    if (!task.after.empty()) node["dependencies"] = task.after;
    tasks.push_back(std::move(node));
    templates.push_back(TaskTemplate(workflow, options, task));
  }
  templates.insert(templates.begin(), Json{{"name", kEntrypoint}, {"dag", {{"tasks", std::move(tasks)}}}});
  Json spec{{"entrypoint", kEntrypoint},
            {"arguments", {{"parameters", Json::array({{{"name", "image"}, {"value", workflow.image}}})}}}};
  if (!options.service_account.empty()) spec["serviceAccountName"] = options.service_account;
  if (workflow.one_at_a_time) spec["parallelism"] = 1;
  // Two runs of one project at once would do the same work twice.
  spec["synchronization"] = {{"mutexes", Json::array({{{"name", workflow.name}}})}};
  spec["securityContext"] = {{"runAsNonRoot", true},
                             {"runAsUser", kImageUser},
                             {"runAsGroup", kImageUser},
                             {"fsGroup", kImageUser},
                             {"seccompProfile", {{"type", "RuntimeDefault"}}}};
  spec["volumes"] = Volumes(options);
  spec["templates"] = std::move(templates);
  return spec;
}

}  // namespace

absl::StatusOr<std::string> ArgoWorkflow(const Workflow& workflow, const ArgoOptions& options) {
  TRY(Check(workflow, options));
  const Json labels{{"app.kubernetes.io/name", "roost"}, {"app.kubernetes.io/component", "pipeline"}};
  Json document{{"apiVersion", "argoproj.io/v1alpha1"}};
  if (workflow.schedule.empty()) {
    document["kind"] = "Workflow";
    document["metadata"] = {{"generateName", workflow.name + "-"}, {"labels", labels}};
    document["spec"] = Spec(workflow, options);
  } else {
    document["kind"] = "CronWorkflow";
    document["metadata"] = {{"name", workflow.name}, {"labels", labels}};
    document["spec"] = {{"schedules", Json::array({workflow.schedule})},
                        {"timezone", "Etc/UTC"},
                        {"concurrencyPolicy", "Forbid"},
                        {"workflowSpec", Spec(workflow, options)}};
  }
  return "# Made by 'roost export argo' (docs/orchestrate.md): export it again rather than edit it.\n" +
         ToYaml(document);
}

}  // namespace roost::pipeline
