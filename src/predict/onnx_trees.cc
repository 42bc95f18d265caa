#include "predict/onnx_trees.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <utility>

#include "absl/status/status.h"
#include "base/status.h"

namespace roost::predict {
namespace {

constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();
constexpr int64_t kFloatType = 1;    // TensorProto.FLOAT
constexpr int64_t kDoubleType = 11;  // TensorProto.DOUBLE

// Of each feature that a tree splits by, ascending, its position in the ensemble's input.
std::map<int32_t, int64_t> UsedFeatures(const TreesModel& model) {
  std::map<int32_t, int64_t> used;
  for (const Tree& tree : model.trees) {
    for (const TreeNode& node : tree.nodes) {
      if (node.feature >= 0) used[node.feature] = 0;
    }
  }
  if (used.empty()) used[0] = 0;  // trees that are leaves; the ensemble must have an input
  int64_t position = 0;
  for (auto& [feature, its_position] : used) its_position = position++;
  return used;
}

// The used features as float [N, used], NaN where a row has no entry.
std::string Matrix(const std::map<int32_t, int64_t>& used, const std::vector<EncodedEntries>& features,
                   OnnxGraph& graph) {
  const auto scalar = [&](float value) { return graph.Constant({{}, std::vector<float>{value}}); };
  std::vector<std::string> columns;
  for (const EncodedEntries& entries : features) {
    const auto begin = used.lower_bound(entries.first);
    const auto end = used.lower_bound(entries.first + std::max(entries.num_slots, 1));
    if (begin == end) continue;
    if (entries.num_slots == 0) {
      const std::string value = graph.Node("Cast", {entries.value}, {{"to", kFloatType}});
      columns.push_back(entries.present.empty() ? value
                                                : graph.Node("Where", {entries.present, value, scalar(kMissing)}));
      continue;
    }
    std::vector<int64_t> slots;
    for (auto feature = begin; feature != end; ++feature) slots.push_back(feature->first - entries.first);
    const auto count = static_cast<int64_t>(slots.size());
    const std::string is_slot = graph.Node("Equal", {entries.value, graph.Constant({{1, count}, std::move(slots)})});
    columns.push_back(graph.Node("Where", {is_slot, scalar(1), scalar(kMissing)}));
  }
  return graph.Node("Concat", columns, {{"axis", int64_t{1}}});
}

// The attributes of TreeEnsembleRegressor: one element a node, and one a leaf.
struct Ensemble {
  std::vector<int64_t> trees, nodes, features, left, right, missing_left;
  std::vector<std::string> modes;
  std::vector<float> values;
  std::vector<int64_t> leaf_trees, leaf_nodes, leaf_outputs;
  std::vector<float> leaf_values;

  void Add(int64_t tree, int64_t output, int64_t number, const TreeNode& node, int64_t feature) {
    const bool leaf = node.feature < 0;
    trees.push_back(tree);
    nodes.push_back(number);
    features.push_back(leaf ? 0 : feature);
    modes.emplace_back(leaf ? "LEAF" : "BRANCH_LT");  // left where the feature is below the value
    values.push_back(leaf ? 0 : node.value);
    left.push_back(leaf ? 0 : node.left);
    right.push_back(leaf ? 0 : node.right);
    missing_left.push_back(!leaf && node.missing_left ? 1 : 0);
    if (!leaf) return;
    leaf_trees.push_back(tree);
    leaf_nodes.push_back(number);
    leaf_outputs.push_back(output);
    leaf_values.push_back(node.value);
  }
};

}  // namespace

absl::StatusOr<std::string> TreeMargins(const TreesModel& model, const std::vector<EncodedEntries>& features,
                                        OnnxGraph& graph) {
  const std::map<int32_t, int64_t> used = UsedFeatures(model);
  Ensemble ensemble;
  for (size_t t = 0; t < model.trees.size(); ++t) {
    const Tree& tree = model.trees[t];
    for (size_t n = 0; n < tree.nodes.size(); ++n) {
      const TreeNode& node = tree.nodes[n];
      if (!node.categories.empty()) {
        return WithHint(absl::UnimplementedError("ONNX export: a tree splits by sets of categories, which "
                                                 "ai.onnx.ml 3 has no operator for"),
                        "train with one_hot instead of ordinal, or serve the model with Roost");
      }
      const int64_t feature = node.feature < 0 ? 0 : used.at(node.feature);
      ensemble.Add(static_cast<int64_t>(t), tree.output, static_cast<int64_t>(n), node, feature);
    }
  }
  if (model.trees.empty()) ensemble.Add(0, 0, 0, TreeNode{}, 0);  // a leaf of 0: the base margins alone
  const std::string margins = graph.MlNode("TreeEnsembleRegressor", {Matrix(used, features, graph)},
                                           {{"n_targets", static_cast<int64_t>(model.base_margins.size())},
                                            {"base_values", model.base_margins},
                                            {"aggregate_function", std::string("SUM")},
                                            {"post_transform", std::string("NONE")},
                                            {"nodes_treeids", std::move(ensemble.trees)},
                                            {"nodes_nodeids", std::move(ensemble.nodes)},
                                            {"nodes_featureids", std::move(ensemble.features)},
                                            {"nodes_modes", std::move(ensemble.modes)},
                                            {"nodes_values", std::move(ensemble.values)},
                                            {"nodes_truenodeids", std::move(ensemble.left)},
                                            {"nodes_falsenodeids", std::move(ensemble.right)},
                                            {"nodes_missing_value_tracks_true", std::move(ensemble.missing_left)},
                                            {"target_treeids", std::move(ensemble.leaf_trees)},
                                            {"target_nodeids", std::move(ensemble.leaf_nodes)},
                                            {"target_ids", std::move(ensemble.leaf_outputs)},
                                            {"target_weights", std::move(ensemble.leaf_values)}});
  return graph.Node("Cast", {margins}, {{"to", kDoubleType}});
}

}  // namespace roost::predict
