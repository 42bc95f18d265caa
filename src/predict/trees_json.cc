#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "absl/status/status.h"
#include "base/status.h"
#include "predict/trees.h"
#include "transform/json_object.h"

namespace roost::predict {
namespace {

using transform::JsonObject;

// A double whose shortest text is that of the float, and that is read back to the float: 0.1, not 0.10000000149011612.
double Short(float value) {
  char text[32];
  const auto written = std::to_chars(text, text + sizeof text, value);
  double read = 0;
  std::from_chars(text, written.ptr, read);
  return static_cast<float>(read) == value ? read : value;
}

absl::StatusOr<float> ToFloat(double number) {
  if (!(std::fabs(number) <= std::numeric_limits<float>::max())) {
    return absl::InvalidArgumentError(fmt::format("trees predictor: {} is beyond the range of floats", number));
  }
  return static_cast<float>(number);
}

Json TreeToJson(const Tree& tree) {
  Json features = Json::array();
  Json values = Json::array();
  Json categories = Json::array();
  std::string missing;
  for (size_t i = 0; i < tree.nodes.size(); ++i) {
    const TreeNode& node = tree.nodes[i];
    features.push_back(node.feature);
    values.push_back(Short(node.value));
    if (node.feature >= 0) missing.push_back(node.missing_left ? 'l' : 'r');
    if (node.categories.empty()) continue;
    Json set = Json::array({i});
    for (const int32_t code : node.categories) set.push_back(code);
    categories.push_back(std::move(set));
  }
  Json json{{"output", tree.output}, {"features", features}, {"values", values}, {"missing", missing}};
  if (!categories.empty()) json["categories"] = std::move(categories);
  return json;
}

// An integer from `low` to `high`; none for anything else.
std::optional<int32_t> ToInteger(const Json& json, int32_t low, int32_t high) {
  if (!json.is_number_integer()) return std::nullopt;
  if (json.is_number_unsigned() && json.get<uint64_t>() > static_cast<uint64_t>(INT32_MAX)) return std::nullopt;
  const auto number = json.get<int64_t>();
  if (number < low || number > high) return std::nullopt;
  return static_cast<int32_t>(number);
}

absl::Status ReadCategories(const JsonObject& object, std::vector<TreeNode>& nodes) {
  TRY_ASSIGN(const std::vector<const Json*> sets, object.Array("categories", 1, nodes.size()));
  for (const Json* set : sets) {
    if (!set->is_array() || set->size() < 2) return object.Fail("categories", "must hold arrays [node, code, ...]");
    const auto number = ToInteger((*set)[0], 0, static_cast<int32_t>(nodes.size()) - 1);
    if (!number.has_value())
      return object.Fail("categories", fmt::format("names a node, but not one of {}", nodes.size()));
    TreeNode& node = nodes[static_cast<size_t>(*number)];
    if (node.feature < 0 || !node.categories.empty() || node.value != 0) {
      return object.Fail("categories", fmt::format("names node {} twice, or it is no split by categories", *number));
    }
    for (size_t i = 1; i < set->size(); ++i) {
      const auto code = ToInteger((*set)[i], 0, TreesPredictor::kMaxCategories - 1);
      if (!code.has_value())
        return object.Fail("categories", fmt::format("has a code that is no integer from 0 to {}",
                                                     TreesPredictor::kMaxCategories - 1));
      node.categories.push_back(*code);
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<TreeNode>> ReadNodes(const JsonObject& object) {
  TRY_ASSIGN(const std::vector<const Json*> features, object.Array("features", 1, TreesPredictor::kMaxNodes));
  TRY_ASSIGN(const std::vector<double> values, object.Numbers("values", features.size(), features.size()));
  TRY_ASSIGN(const std::string missing, object.Text("missing"));
  std::vector<TreeNode> nodes(features.size());
  size_t splits = 0;
  for (size_t i = 0; i < nodes.size(); ++i) {
    const auto feature = ToInteger(*features[i], -1, TreesPredictor::kMaxFeatures - 1);
    if (!feature.has_value())
      return object.Fail("features", fmt::format("has node {}, whose feature is no integer from -1 to {}", i,
                                                 TreesPredictor::kMaxFeatures - 1));
    TRY_ASSIGN(nodes[i].value, ToFloat(values[i]));
    nodes[i].feature = *feature;
    if (*feature < 0) continue;
    if (splits >= missing.size() || (missing[splits] != 'l' && missing[splits] != 'r')) {
      return object.Fail("missing", "must have an l or an r for each split");
    }
    nodes[i].missing_left = missing[splits] == 'l';
    nodes[i].left = static_cast<int32_t>(2 * splits + 1);
    nodes[i].right = nodes[i].left + 1;
    ++splits;
  }
  if (splits != missing.size()) return object.Fail("missing", "must have an l or an r for each split");
  if (nodes.size() != 2 * splits + 1) {
    return object.Fail("features",
                       fmt::format("has {} splits in {} nodes; each split has two children", splits, nodes.size()));
  }
  return nodes;
}

absl::StatusOr<Tree> TreeFromJson(const Json& json, size_t number) {
  const std::string where = fmt::format("trees predictor: trees[{}]", number);
  TRY_ASSIGN(const JsonObject object,
             JsonObject::Make(json, where, {"output", "features", "values", "missing", "categories"}));
  Tree tree;
  TRY_ASSIGN(const int64_t output, object.Integer("output", 0, TreesPredictor::kMaxTrees));
  tree.output = static_cast<int32_t>(output);
  TRY_ASSIGN(tree.nodes, ReadNodes(object));
  if (json.contains("categories")) TRY(ReadCategories(object, tree.nodes));
  return tree;
}

absl::StatusOr<std::vector<FeatureGain>> ReadGains(const JsonObject& object) {
  TRY_ASSIGN(const std::vector<const Json*> entries, object.Array("gains", 0, TreesPredictor::kMaxFeatures));
  std::vector<FeatureGain> gains;
  for (const Json* entry : entries) {
    if (!entry->is_array() || entry->size() != 2 || !(*entry)[1].is_number()) {
      return object.Fail("gains", "must hold arrays [feature, gain]");
    }
    const auto feature = ToInteger((*entry)[0], 0, TreesPredictor::kMaxFeatures - 1);
    if (!feature.has_value()) return object.Fail("gains", "names a feature that is no number of one");
    gains.push_back({.feature = *feature, .gain = (*entry)[1].get<double>()});
  }
  return gains;
}

}  // namespace

Json TreesPredictor::ToJson() const {
  Json margins = Json::array();
  for (const float margin : base_margins_) margins.push_back(Short(margin));
  Json gains = Json::array();
  for (const FeatureGain& gain : gains_) gains.push_back(Json::array({gain.feature, gain.gain}));
  Json trees = Json::array();
  for (size_t number = 0; number < roots_.size(); ++number) trees.push_back(TreeToJson(TreeAt(number)));
  return {{"kind", std::string(kKind)},
          {"task", std::string(TaskName(task_))},
          {"num_features", num_features_},
          {"base_margins", margins},
          {"gains", gains},
          {"trees", trees}};
}

absl::StatusOr<std::shared_ptr<const TreesPredictor>> TreesPredictor::FromJson(const Json& json) {
  TRY_ASSIGN(
      const JsonObject object,
      JsonObject::Make(json, "trees predictor", {"kind", "task", "num_features", "base_margins", "gains", "trees"}));
  TRY_ASSIGN(const std::string kind, object.Text("kind"));
  if (kind != kKind) return object.Fail("kind", fmt::format("must be '{}', not '{}'", kKind, kind));
  TreesModel model;
  TRY_ASSIGN(const std::string task, object.Text("task"));
  TRY_ASSIGN(model.task, ParseTask(task));
  TRY_ASSIGN(const int64_t num_features, object.Integer("num_features", 1, kMaxFeatures));
  model.num_features = static_cast<int32_t>(num_features);
  TRY_ASSIGN(const std::vector<double> margins, object.Numbers("base_margins", 1, kMaxTrees));
  for (const double margin : margins) {
    TRY_ASSIGN(const float base, ToFloat(margin));
    model.base_margins.push_back(base);
  }
  TRY_ASSIGN(model.gains, ReadGains(object));
  TRY_ASSIGN(const std::vector<const Json*> trees, object.Array("trees", 0, kMaxTrees));
  for (const Json* tree : trees) {
    TRY_ASSIGN(Tree read, TreeFromJson(*tree, model.trees.size()));
    model.trees.push_back(std::move(read));
  }
  return Make(model);
}

}  // namespace roost::predict
