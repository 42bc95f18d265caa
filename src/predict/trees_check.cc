#include "predict/trees_check.h"

#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/status.h"

namespace roost::predict {
namespace {

absl::Status Fail(std::string_view what) {
  return absl::InvalidArgumentError(fmt::format("trees predictor: {}", what));
}

absl::Status CheckMembers(const TreesModel& model) {
  if (model.num_features < 1 || model.num_features > TreesPredictor::kMaxFeatures) {
    return Fail(fmt::format("{} features; there must be 1 to {}", model.num_features, TreesPredictor::kMaxFeatures));
  }
  const size_t outputs = model.base_margins.size();
  if (model.task == Task::kClasses ? outputs < 2 || outputs > TreesPredictor::kMaxTrees : outputs != 1) {
    return Fail(fmt::format("{} base margins do not fit the task '{}'", outputs, TaskName(model.task)));
  }
  for (const float margin : model.base_margins) {
    if (!(std::fabs(margin) <= TreesPredictor::kMaxLeaf)) return Fail(fmt::format("a base margin is {}", margin));
  }
  if (model.trees.size() > TreesPredictor::kMaxTrees) {
    return Fail(fmt::format("{} trees; there may be {}", model.trees.size(), TreesPredictor::kMaxTrees));
  }
  int32_t before = -1;
  for (const FeatureGain& gain : model.gains) {
    if (gain.feature <= before || gain.feature >= model.num_features || !std::isfinite(gain.gain)) {
      return Fail(fmt::format("the gain of feature {} is {} and follows feature {} of {}", gain.feature, gain.gain,
                              before, model.num_features));
    }
    before = gain.feature;
  }
  return absl::OkStatus();
}

// What one node says, apart from its children. `words` counts the bits' words of category sets.
absl::Status CheckNode(const TreeNode& node, int32_t num_features, int64_t& words) {
  if (node.feature == -1) {
    const bool sane = std::fabs(node.value) <= TreesPredictor::kMaxLeaf;
    return sane ? absl::OkStatus() : Fail(fmt::format("a leaf is {}", node.value));
  }
  if (node.feature < 0 || node.feature >= num_features) {
    return Fail(fmt::format("feature {}; there are {}", node.feature, num_features));
  }
  if (node.categories.empty()) {
    return std::isfinite(node.value) ? absl::OkStatus() : Fail(fmt::format("a threshold is {}", node.value));
  }
  int32_t before = -1;
  for (const int32_t code : node.categories) {
    if (code <= before || code >= TreesPredictor::kMaxCategories) {
      return Fail(fmt::format("category {} follows {}; codes ascend and are below {}", code, before,
                              TreesPredictor::kMaxCategories));
    }
    before = code;
  }
  words += before / 32 + 1;
  if (words > TreesPredictor::kMaxCategoryWords) return Fail("the sets of categories are too large");
  return absl::OkStatus();
}

// Walks the tree from its root and marks what it has visited: a second visit is a cycle or a shared child.
absl::Status CheckTree(const Tree& tree, const TreesModel& model, int64_t& words) {
  if (tree.output < 0 || static_cast<size_t>(tree.output) >= model.base_margins.size()) {
    return Fail(fmt::format("output {}; there are {}", tree.output, model.base_margins.size()));
  }
  if (tree.nodes.empty()) return Fail("no nodes");
  const auto count = static_cast<int64_t>(tree.nodes.size());
  std::vector<bool> visited(tree.nodes.size());
  std::vector<std::pair<int32_t, int32_t>> open{{0, 0}};  // node, depth
  while (!open.empty()) {
    const auto [at, depth] = open.back();
    open.pop_back();
    if (visited[static_cast<size_t>(at)]) return Fail(fmt::format("node {} has two parents", at));
    visited[static_cast<size_t>(at)] = true;
    const TreeNode& node = tree.nodes[static_cast<size_t>(at)];
    if (absl::Status checked = CheckNode(node, model.num_features, words); !checked.ok()) {
      return Annotate(checked, fmt::format("node {}", at));
    }
    if (node.feature < 0) continue;
    if (depth >= TreesPredictor::kMaxDepth) return Fail(fmt::format("deeper than {}", TreesPredictor::kMaxDepth));
    for (const int32_t child : {node.left, node.right}) {
      if (child < 0 || child >= count) {
        return Fail(fmt::format("node {} has the child {} of {} nodes", at, child, count));
      }
      open.emplace_back(child, depth + 1);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckTreesModel(const TreesModel& model) {
  TRY(CheckMembers(model));
  int64_t nodes = 0;
  int64_t words = 0;
  for (size_t i = 0; i < model.trees.size(); ++i) {
    nodes += static_cast<int64_t>(model.trees[i].nodes.size());
    if (nodes > TreesPredictor::kMaxNodes) return Fail(fmt::format("more than {} nodes", TreesPredictor::kMaxNodes));
    if (absl::Status checked = CheckTree(model.trees[i], model, words); !checked.ok()) {
      return Annotate(checked, fmt::format("tree {}", i));
    }
  }
  return absl::OkStatus();
}

}  // namespace roost::predict
