#include "config/training_order.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/status.h"

namespace roost::config {
namespace {

/// Whether `model` takes the scores of one of `names`, itself left aside.
bool WaitsFor(const ModelConfig& model, const std::set<std::string>& names) {
  return std::any_of(model.scores.begin(), model.scores.end(),
                     [&](const auto& score) { return names.contains(std::string(ModelNameIn(score.second))); });
}

}  // namespace

std::string_view ModelNameIn(std::string_view reference) { return reference.substr(0, reference.find('@')); }

absl::StatusOr<std::vector<std::string>> TrainingOrder(std::span<const ModelConfig> models) {
  std::set<std::string> left;
  for (const ModelConfig& model : models) {
    if (left.insert(model.name).second) continue;
    return absl::InvalidArgumentError(fmt::format("two models are named '{}'", model.name));
  }
  std::vector<std::string> order;
  while (!left.empty()) {
    const auto next = std::find_if(models.begin(), models.end(), [&](const ModelConfig& model) {
      return left.contains(model.name) && !WaitsFor(model, left);
    });
    if (next == models.end()) {
      return WithHint(
          absl::InvalidArgumentError(fmt::format("the models {} wait for each other's scores", fmt::join(left, ", "))),
          "take one of them out of the other's 'scores'");
    }
    order.push_back(next->name);
    left.erase(next->name);
  }
  return order;
}

}  // namespace roost::config
