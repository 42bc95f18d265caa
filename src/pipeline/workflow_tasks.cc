#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "pipeline/workflow.h"
#include "pipeline/workflow_checks.h"

namespace roost::pipeline {
namespace {

// A model's name in names of tasks: Argo has no '.' and '_' there, so two may become one, which a number tells apart.
std::string ShortName(std::string name, std::set<std::string>& taken) {
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == '.' || c == '_'; }, '-');
  std::string free = name;
  for (int number = 2; !taken.insert(free).second; ++number) free = fmt::format("{}-{}", name, number);
  return free;
}

// The steps of one model, after the tasks `after`. `suffix` is "", or "-" and the model's name.
void AddStepsOf(const std::string& model, const std::string& suffix, bool has_assertions,
                std::vector<std::string> after, std::vector<WorkflowTask>& tasks) {
  for (const Step step : kAllSteps) {
    if (step <= Step::kValidate || (step == Step::kAssert && !has_assertions)) continue;
    const std::string name = fmt::format("{}{}", StepName(step), suffix);
    tasks.push_back({.name = name, .step = step, .model = model, .after = std::exchange(after, {name})});
  }
}

}  // namespace

std::vector<WorkflowTask> TasksOf(const std::vector<WorkflowModel>& models, bool has_assertions) {
  const std::string ingest(StepName(Step::kIngest));
  const std::string validate(StepName(Step::kValidate));
  std::vector<WorkflowTask> tasks{{.name = ingest, .step = Step::kIngest, .model = "", .after = {}},
                                  {.name = validate, .step = Step::kValidate, .model = "", .after = {ingest}}};
  if (models.empty()) AddStepsOf("", "", has_assertions, {validate}, tasks);
  std::set<std::string> taken;
  std::map<std::string, std::string> released;  // the last task of a model
  for (const WorkflowModel& model : models) {
    std::vector<std::string> after{validate};
    for (const std::string& other : model.takes) {
      if (const auto found = released.find(other); found != released.end()) after.push_back(found->second);
    }
    AddStepsOf(model.name, "-" + ShortName(model.name, taken), has_assertions, std::move(after), tasks);
    released[model.name] = tasks.back().name;
  }
  return tasks;
}

std::vector<std::string> WordsOf(const WorkflowTask& task) {
  std::vector<std::string> words{"run", "--step", std::string(StepName(task.step))};
  if (!task.model.empty()) words.insert(words.end(), {"--model", task.model});
  return words;
}

}  // namespace roost::pipeline
