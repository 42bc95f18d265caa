#include "predict/onnx_trees.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/status.h"

namespace roost::predict {
namespace {

constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();
constexpr int64_t kFloatType = 1;    // TensorProto.FLOAT
constexpr int64_t kDoubleType = 11;  // TensorProto.DOUBLE
constexpr int64_t kIntegerType = 7;  // TensorProto.INT64
constexpr int64_t kMaxCells = 64 << 20;

using CategorySet = std::vector<int32_t>;

// What the ensemble looks at, and at which position of its input: features, and whether a category is in a set. An
// ensemble has no split by a set (before ai.onnx.ml 5), so the graph looks the category up for it.
struct Columns {
  std::map<int32_t, int64_t> numbers;                      // by feature
  std::map<int32_t, std::map<CategorySet, int64_t>> sets;  // by feature and set

  explicit Columns(const TreesModel& model) {
    for (const Tree& tree : model.trees) {
      for (const TreeNode& node : tree.nodes) {
        if (!node.categories.empty()) {
          sets[node.feature][node.categories] = 0;
        } else if (node.feature >= 0) {
          numbers[node.feature] = 0;
        }
      }
    }
    if (numbers.empty() && sets.empty()) numbers[0] = 0;  // trees that are leaves; the ensemble must have an input
    int64_t position = 0;
    for (auto& [feature, its_position] : numbers) its_position = position++;
    for (auto& [feature, of_feature] : sets) {
      for (auto& [set, its_position] : of_feature) its_position = position++;
    }
  }

  int64_t PositionOf(const TreeNode& node) const {
    if (node.feature < 0) return 0;
    return node.categories.empty() ? numbers.at(node.feature) : sets.at(node.feature).at(node.categories);
  }
};

std::string Scalar(float value, OnnxGraph& graph) { return graph.Constant({{}, std::vector<float>{value}}); }

// The features among `entries` that trees split by as numbers, float [N, so many], NaN where a row has no entry; "" for
// none.
std::string Numbers(const std::map<int32_t, int64_t>& used, const EncodedEntries& entries, OnnxGraph& graph) {
  const auto begin = used.lower_bound(entries.first);
  const auto end = used.lower_bound(entries.first + std::max(entries.num_slots, 1));
  if (begin == end) return "";
  if (entries.num_slots == 0) {
    const std::string value = graph.Node("Cast", {entries.value}, {{"to", kFloatType}});
    return entries.present.empty() ? value : graph.Node("Where", {entries.present, value, Scalar(kMissing, graph)});
  }
  std::vector<int64_t> slots;
  for (auto feature = begin; feature != end; ++feature) slots.push_back(feature->first - entries.first);
  const auto count = static_cast<int64_t>(slots.size());
  const std::string is_slot = graph.Node("Equal", {entries.value, graph.Constant({{1, count}, std::move(slots)})});
  return graph.Node("Where", {is_slot, Scalar(1, graph), Scalar(kMissing, graph)});
}

// For each of `sets`, float [N, sets], whether it holds the category: 1 or 0, NaN where a row has no entry.
std::string Memberships(const std::map<CategorySet, int64_t>& sets, const EncodedEntries& entries, OnnxGraph& graph) {
  const auto width = static_cast<int64_t>(sets.size()), categories = int64_t{entries.num_categories};
  std::vector<float> table(static_cast<size_t>((categories + 1) * width), 0);
  std::fill(table.end() - width, table.end(), kMissing);
  int64_t column = 0;
  for (const auto& [set, position] : sets) {
    for (const int32_t category : set) {
      if (category < categories) table[static_cast<size_t>(category * width + column)] = 1;
    }
    ++column;
  }
  const std::string code = graph.Node("Cast", {entries.value}, {{"to", kIntegerType}});
  const std::string row = graph.Node("Where", {entries.present, code, graph.Integer(categories)});
  const std::string flat = graph.Node("Reshape", {row, graph.Constant({{1}, std::vector<int64_t>{-1}})});
  return graph.Node("Gather", {graph.Constant({{categories + 1, width}, std::move(table)}), flat});
}

absl::Status CheckSets(const Columns& columns, const std::vector<EncodedEntries>& features) {
  int64_t cells = 0;
  for (const auto& [feature, sets] : columns.sets) {
    const auto entries = std::find_if(features.begin(), features.end(), [&, first = feature](const EncodedEntries& of) {
      return of.first == first && of.num_categories > 0;
    });
    if (entries == features.end()) {
      return WithHint(absl::UnimplementedError(fmt::format("ONNX export: a tree splits feature {} by categories, and "
                                                           "it is not of the operation ordinal",
                                                           feature)),
                      "serve the model with Roost");
    }
    cells += (int64_t{entries->num_categories} + 1) * static_cast<int64_t>(sets.size());
  }
  if (cells <= kMaxCells) return absl::OkStatus();
  return WithHint(
      absl::UnimplementedError(fmt::format("ONNX export: the trees' sets of categories would be a table of {} numbers, "
                                           "and {} are the most",
                                           cells, kMaxCells)),
      "train with fewer categories (top) or trees, or serve the model with Roost");
}

// The input of the ensemble, float [N, columns].
std::string Matrix(const Columns& columns, const std::vector<EncodedEntries>& features, OnnxGraph& graph) {
  std::vector<std::string> parts;
  for (const EncodedEntries& entries : features) {
    std::string part = Numbers(columns.numbers, entries, graph);
    if (!part.empty()) parts.push_back(std::move(part));
  }
  for (const EncodedEntries& entries : features) {
    const auto sets = columns.sets.find(entries.first);
    if (sets != columns.sets.end()) parts.push_back(Memberships(sets->second, entries, graph));
  }
  return graph.Node("Concat", parts, {{"axis", int64_t{1}}});
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
    // Of a set: 0 where the category is not in it, which goes left, and 1 where it is.
    values.push_back(leaf ? 0 : node.categories.empty() ? node.value : 0.5F);
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
  const Columns columns(model);
  TRY(CheckSets(columns, features));
  Ensemble ensemble;
  for (size_t t = 0; t < model.trees.size(); ++t) {
    const Tree& tree = model.trees[t];
    for (size_t n = 0; n < tree.nodes.size(); ++n) {
      const TreeNode& node = tree.nodes[n];
      ensemble.Add(static_cast<int64_t>(t), tree.output, static_cast<int64_t>(n), node, columns.PositionOf(node));
    }
  }
  if (model.trees.empty()) ensemble.Add(0, 0, 0, TreeNode{}, 0);  // a leaf of 0: the base margins alone
  const std::string margins = graph.MlNode("TreeEnsembleRegressor", {Matrix(columns, features, graph)},
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
