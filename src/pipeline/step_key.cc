#include "pipeline/step_key.h"

#include <array>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/status.h"

namespace roost::pipeline {
namespace {

constexpr size_t kMostKeysTold = 3;

/// By step.
constexpr std::array<int64_t, kAllSteps.size()> kProgramVersions{1, 1, 1, 1, 1, 2, 1};

/// Which part of roost.yaml a step reads: all below `sections`, but for `others`.
struct Part {
  std::vector<std::string_view> sections;
  std::vector<std::string_view> others;
};

Part PartOf(Step step) {
  switch (step) {
    case Step::kIngest: return {{"dataset", "data.source"}, {}};
    case Step::kValidate: return {{"data.gate"}, {}};
    case Step::kAssert:
      return {{"assert", "model"}, {"model.consumers", "model.evaluation", "model.gate", "model.tune"}};
    case Step::kTrain: return {{"model"}, {"model.consumers", "model.evaluation", "model.gate", "model.tune"}};
    case Step::kEvaluate: return {{"model.evaluation"}, {}};
    case Step::kGate: return {{"model.evaluation", "model.gate"}, {}};
    case Step::kRelease: break;
  }
  return {};
}

/// Whether `key` is `section` or lies in it: "model.trainer.l2" and "data.source[0]" do.
bool IsBelow(std::string_view key, std::string_view section) {
  if (!key.starts_with(section)) return false;
  return key.size() == section.size() || key[section.size()] == '.' || key[section.size()] == '[';
}

bool IsBelowAny(std::string_view key, const std::vector<std::string_view>& sections) {
  for (const std::string_view section : sections) {
    if (IsBelow(key, section)) return true;
  }
  return false;
}

using Inputs = std::map<std::string, StepInput>;

Json IdsOf(const Inputs& inputs) {
  Json json = Json::object();
  for (const auto& [role, input] : inputs) json[role] = input.id;
  return json;
}

Json HashedJson(const StepKey& key) {
  Json configuration = Json::object();
  for (const auto& [name, value] : key.configuration) configuration[name] = value;
  return {{"step", StepName(key.step)},
          {"program", key.program},
          {"configuration", std::move(configuration)},
          {"inputs", IdsOf(key.inputs)}};
}

Json ToJson(const Inputs& inputs) {
  Json json = Json::object();
  for (const auto& [role, input] : inputs) json[role] = {{"name", input.name}, {"id", input.id}};
  return json;
}

/// False where `json` holds anything but inputs.
bool ReadInputs(const Json& json, Inputs& inputs) {
  if (!json.is_object()) return false;
  for (const auto& [role, input] : json.items()) {
    if (!input.is_object() || !input.contains("name") || !input.contains("id")) return false;
    if (!input["name"].is_string() || !input["id"].is_string()) return false;
    inputs[role] = {input["name"].get<std::string>(), input["id"].get<std::string>()};
  }
  return true;
}

bool ReadConfiguration(const Json& json, Configuration& configuration) {
  if (!json.is_object()) return false;
  for (const auto& [name, value] : json.items()) {
    if (!value.is_string()) return false;
    configuration[name] = value.get<std::string>();
  }
  return true;
}

/// The keys that one has and the other has not, or with another value.
std::vector<std::string> ChangedKeys(const Configuration& before, const Configuration& now) {
  std::vector<std::string> changed;
  Configuration all = before;
  all.insert(now.begin(), now.end());
  for (const auto& [name, value] : all) {
    const auto was = before.find(name);
    const auto is = now.find(name);
    if (was == before.end() || is == now.end() || was->second != is->second) changed.push_back(name);
  }
  return changed;
}

std::string KeysText(std::vector<std::string> keys) {
  const size_t more = keys.size() > kMostKeysTold ? keys.size() - kMostKeysTold : 0;
  keys.resize(keys.size() - more);
  const std::string text = fmt::format("{}", fmt::join(keys, ", "));
  return more == 0 ? text : fmt::format("{} and {} more", text, more);
}

const std::string& NameIn(const Inputs& inputs, const std::string& role) {
  static const std::string none = "none";
  const auto found = inputs.find(role);
  return found == inputs.end() ? none : found->second.name;
}

std::string IdIn(const Inputs& inputs, const std::string& role) {
  const auto found = inputs.find(role);
  return found == inputs.end() ? "" : found->second.id;
}

}  // namespace

Digest StepKey::LookupHash() const { return Sha256(ToLine(HashedJson(*this))); }

Digest StepKey::Hash() const {
  Json json = HashedJson(*this);
  json["chosen"] = IdsOf(chosen);
  return Sha256(ToLine(json));
}

Json StepKey::ToJson() const {
  Json json = HashedJson(*this);
  json["inputs"] = pipeline::ToJson(inputs);
  json["chosen"] = pipeline::ToJson(chosen);
  return json;
}

absl::StatusOr<StepKey> StepKey::FromJson(const Json& json) {
  const absl::Status damaged = absl::DataLossError("what is kept of a step is no key of one");
  if (!json.is_object()) return damaged;
  const Json step = json.value("step", Json());
  const Json program = json.value("program", Json());
  if (!step.is_string() || !program.is_number_integer()) return damaged;
  const absl::StatusOr<Step> parsed = ParseStep(step.get<std::string>());
  if (!parsed.ok()) return damaged;
  StepKey key{.step = *parsed, .program = program.get<int64_t>()};
  if (!ReadConfiguration(json.value("configuration", Json()), key.configuration) ||
      !ReadInputs(json.value("inputs", Json()), key.inputs) || !ReadInputs(json.value("chosen", Json()), key.chosen)) {
    return damaged;
  }
  return key;
}

int64_t ProgramVersion(Step step) { return kProgramVersions[static_cast<size_t>(step)]; }

Configuration ConfigurationOf(Step step, const Configuration& all) {
  const Part part = PartOf(step);
  Configuration configuration;
  for (const auto& [key, value] : all) {
    if (IsBelowAny(key, part.sections) && !IsBelowAny(key, part.others)) configuration[key] = value;
  }
  return configuration;
}

std::string ExplainChange(const StepKey& before, const StepKey& now) {
  std::vector<std::string> changed;
  std::vector<std::string> same;
  if (before.program != now.program) changed.emplace_back("this program does it in another way");
  const std::vector<std::string> keys = ChangedKeys(before.configuration, now.configuration);
  if (!keys.empty()) {
    changed.push_back(fmt::format("configuration changed ({})", KeysText(keys)));
  } else if (!now.configuration.empty()) {
    same.emplace_back("configuration");
  }
  Inputs all = before.inputs;
  all.insert(now.inputs.begin(), now.inputs.end());
  for (const auto& [role, input] : all) {
    if (IdIn(before.inputs, role) == IdIn(now.inputs, role)) {
      same.push_back(role);
      continue;
    }
    const std::string& was = NameIn(before.inputs, role);
    const std::string& is = NameIn(now.inputs, role);
    changed.push_back(was == is ? fmt::format("{} changed", role)
                                : fmt::format("{} changed ({} -> {})", role, was, is));
  }
  if (changed.empty()) return "nothing changed";
  const std::string text = fmt::format("{}", fmt::join(changed, ", "));
  return same.empty() ? text : fmt::format("{}, {} the same", text, fmt::join(same, " and "));
}

}  // namespace roost::pipeline
