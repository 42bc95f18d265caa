#include "train/xgboost_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/status.h"

namespace roost::train {
namespace {

using predict::Task;

// Its numbers are floats, read and written as XGBoost reads and writes them: by their shortest text.
using FloatJson = nlohmann::basic_json<std::map, std::vector, std::string, bool, std::int64_t, std::uint64_t, float>;

absl::Status Fail(std::string_view what) {
  return absl::InvalidArgumentError(fmt::format("XGBoost's model: {}", what));
}

template <typename J>
absl::StatusOr<J*> Member(J& json, std::initializer_list<const char*> path) {
  J* at = &json;
  for (const char* name : path) {
    const auto found = at->is_object() ? at->find(name) : at->end();
    if (!at->is_object() || found == at->end()) return Fail(fmt::format("has no member '{}'", name));
    at = &*found;
  }
  return at;
}

absl::StatusOr<std::vector<int32_t>> Integers(const FloatJson& json, const char* name) {
  TRY_ASSIGN(const FloatJson* array, Member(json, {name}));
  if (!array->is_array()) return Fail(fmt::format("'{}' is no array", name));
  std::vector<int32_t> numbers;
  numbers.reserve(array->size());
  for (const FloatJson& element : *array) {
    if (element.is_boolean()) {
      numbers.push_back(element.get<bool>() ? 1 : 0);
      continue;
    }
    const bool fits = element.is_number_integer() &&
                      (!element.is_number_unsigned() || element.get<uint64_t>() <= static_cast<uint64_t>(INT32_MAX)) &&
                      element.get<int64_t>() >= INT32_MIN;
    if (!fits) return Fail(fmt::format("'{}' holds something else than integers", name));
    numbers.push_back(static_cast<int32_t>(element.get<int64_t>()));
  }
  return numbers;
}

absl::StatusOr<std::vector<float>> Floats(const FloatJson& json, const char* name) {
  TRY_ASSIGN(const FloatJson* array, Member(json, {name}));
  if (!array->is_array()) return Fail(fmt::format("'{}' is no array", name));
  std::vector<float> numbers;
  numbers.reserve(array->size());
  for (const FloatJson& element : *array) {
    if (!element.is_number()) return Fail(fmt::format("'{}' holds something else than numbers", name));
    numbers.push_back(element.get<float>());
  }
  return numbers;
}

absl::StatusOr<FloatJson> Parse(std::string_view model) {
  FloatJson json = FloatJson::parse(model, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return Fail("is no JSON");
  return json;
}

absl::StatusOr<FloatJson*> Trees(FloatJson& json) {
  TRY_ASSIGN(FloatJson * trees, Member(json, {"learner", "gradient_booster", "model", "trees"}));
  if (!trees->is_array()) return Fail("'trees' is no array");
  return trees;
}

// One tree's arrays, checked to be of one length, and the nodes that paths from its root reach, level by level.
struct RawTree {
  std::vector<int32_t> left, right, feature, missing_left, is_category;
  std::vector<float> value, gain;
  std::vector<std::vector<int32_t>> categories;  // by node
  std::vector<int32_t> reached;

  bool IsLeaf(int32_t node) const { return left[static_cast<size_t>(node)] == -1; }
};

absl::Status ReadCategories(const FloatJson& json, RawTree& tree) {
  TRY_ASSIGN(const std::vector<int32_t> codes, Integers(json, "categories"));
  TRY_ASSIGN(const std::vector<int32_t> nodes, Integers(json, "categories_nodes"));
  TRY_ASSIGN(const std::vector<int32_t> begins, Integers(json, "categories_segments"));
  TRY_ASSIGN(const std::vector<int32_t> sizes, Integers(json, "categories_sizes"));
  if (begins.size() != nodes.size() || sizes.size() != nodes.size()) return Fail("the sets of categories do not fit");
  tree.categories.resize(tree.left.size());
  for (size_t i = 0; i < nodes.size(); ++i) {
    const bool fits = nodes[i] >= 0 && static_cast<size_t>(nodes[i]) < tree.left.size() && begins[i] >= 0 &&
                      sizes[i] >= 1 && static_cast<size_t>(int64_t{begins[i]} + sizes[i]) <= codes.size() &&
                      tree.categories[static_cast<size_t>(nodes[i])].empty();
    if (!fits) return Fail("a set of categories is out of range");
    std::vector<int32_t>& set = tree.categories[static_cast<size_t>(nodes[i])];
    set.assign(codes.begin() + begins[i], codes.begin() + begins[i] + sizes[i]);
    std::sort(set.begin(), set.end());
  }
  return absl::OkStatus();
}

absl::Status Reach(RawTree& tree) {
  const auto count = static_cast<int32_t>(tree.left.size());
  tree.reached = {0};
  for (size_t i = 0; i < tree.reached.size(); ++i) {
    const int32_t node = tree.reached[i];
    if (tree.IsLeaf(node)) continue;
    for (const int32_t child : {tree.left[static_cast<size_t>(node)], tree.right[static_cast<size_t>(node)]}) {
      if (child < 0 || child >= count) return Fail(fmt::format("node {} has the child {} of {}", node, child, count));
      tree.reached.push_back(child);
    }
    if (tree.reached.size() > tree.left.size()) return Fail("a tree's nodes have more than one parent");
    if (tree.is_category[static_cast<size_t>(node)] != 0 && tree.categories[static_cast<size_t>(node)].empty()) {
      return Fail(fmt::format("node {} has no set of categories", node));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<RawTree> ReadTree(const FloatJson& json) {
  RawTree tree;
  TRY_ASSIGN(tree.left, Integers(json, "left_children"));
  TRY_ASSIGN(tree.right, Integers(json, "right_children"));
  TRY_ASSIGN(tree.feature, Integers(json, "split_indices"));
  TRY_ASSIGN(tree.missing_left, Integers(json, "default_left"));
  TRY_ASSIGN(tree.is_category, Integers(json, "split_type"));
  TRY_ASSIGN(tree.value, Floats(json, "split_conditions"));
  TRY_ASSIGN(tree.gain, Floats(json, "loss_changes"));
  const size_t nodes = tree.left.size();
  if (nodes == 0 || nodes > predict::TreesPredictor::kMaxNodes || tree.right.size() != nodes ||
      tree.feature.size() != nodes || tree.missing_left.size() != nodes || tree.is_category.size() != nodes ||
      tree.value.size() != nodes || tree.gain.size() != nodes) {
    return Fail(fmt::format("the arrays of a tree of {} nodes do not fit (or a leaf has several values)", nodes));
  }
  TRY(ReadCategories(json, tree));
  TRY(Reach(tree));
  return tree;
}

// The children of the i-th split that is reached (from 0) come to be nodes 2i + 1 and 2i + 2.
predict::Tree ToTree(RawTree& raw, int32_t output) {
  predict::Tree tree{.output = output};
  int32_t next = 1;
  for (const int32_t number : raw.reached) {
    const auto i = static_cast<size_t>(number);
    predict::TreeNode& node = tree.nodes.emplace_back(predict::TreeNode{.value = raw.value[i]});
    if (raw.IsLeaf(number)) continue;
    node.feature = raw.feature[i];
    node.missing_left = raw.missing_left[i] != 0;
    node.left = next;
    node.right = next + 1;
    next += 2;
    if (raw.is_category[i] == 0) continue;
    node.value = 0;
    node.categories = std::move(raw.categories[i]);
  }
  return tree;
}

absl::StatusOr<std::string> Text(const FloatJson& json, std::initializer_list<const char*> path) {
  TRY_ASSIGN(const FloatJson* member, Member(json, path));
  if (!member->is_string()) return Fail(fmt::format("'{}' is no string", *(path.end() - 1)));
  return member->get<std::string>();
}

absl::StatusOr<Task> ObjectiveTask(std::string_view objective) {
  for (const auto& [name, task] : {std::pair{"binary:logistic", Task::kBinary},
                                   {"multi:softprob", Task::kClasses},
                                   {"reg:squarederror", Task::kNumber},
                                   {"count:poisson", Task::kCounts},
                                   {"rank:ndcg", Task::kRanking}}) {
    if (objective == name) return task;
  }
  return Fail(fmt::format("has the objective '{}', which Roost does not serve", objective));
}

// "[5E-1]" or "[0.1,0.2,0.3]": scores, which XGBoost maps to margins as is done here.
absl::StatusOr<std::vector<float>> BaseMargins(std::string_view text, Task task) {
  std::vector<float> margins;
  const char* at = text.data();
  const char* end = text.data() + text.size();
  while (at < end) {
    if (*at == '[' || *at == ',' || *at == ']') {
      ++at;
      continue;
    }
    float score = 0;
    const auto read = std::from_chars(at, end, score);
    if (read.ec != std::errc()) return Fail(fmt::format("cannot read the base score '{}'", text));
    at = read.ptr;
    if (task == Task::kBinary) score = -std::log(1.0F / score - 1.0F);
    if (task == Task::kCounts) score = std::log(score);
    margins.push_back(score);
  }
  return margins;
}

absl::Status ReadTrees(FloatJson& json, predict::TreesModel& model) {
  TRY_ASSIGN(FloatJson * trees, Trees(json));
  TRY_ASSIGN(const FloatJson* booster, Member(std::as_const(json), {"learner", "gradient_booster", "model"}));
  TRY_ASSIGN(const std::vector<int32_t> outputs, Integers(*booster, "tree_info"));
  if (outputs.size() != trees->size()) return Fail("'tree_info' does not fit the trees");
  std::map<int32_t, double> gains;
  for (size_t number = 0; number < outputs.size(); ++number) {
    TRY_ASSIGN(RawTree raw, ReadTree((*trees)[number]));
    for (const int32_t node : raw.reached) {
      const auto i = static_cast<size_t>(node);
      if (!raw.IsLeaf(node)) gains[raw.feature[i]] += raw.gain[i];
    }
    model.trees.push_back(ToTree(raw, outputs[number]));
  }
  for (const auto& [feature, gain] : gains) model.gains.push_back({.feature = feature, .gain = gain});
  return absl::OkStatus();
}

// The new number of the split's feature, or why it cannot stay.
absl::StatusOr<const ParentFeature*> NewFeature(const RawTree& tree, size_t node,
                                                std::span<const ParentFeature> features, int32_t num_features,
                                                std::span<const uint8_t> is_category) {
  const int32_t old = tree.feature[node];
  if (old < 0 || static_cast<size_t>(old) >= features.size()) return Fail(fmt::format("splits by feature {}", old));
  const ParentFeature& found = features[static_cast<size_t>(old)];
  if (found.feature < 0 || found.feature >= num_features) {
    return absl::FailedPreconditionError(fmt::format("the parent splits by its feature {}, which is gone", old));
  }
  const bool category = !is_category.empty() && is_category[static_cast<size_t>(found.feature)] != 0;
  if (category != (tree.is_category[node] != 0)) {
    return absl::FailedPreconditionError(
        fmt::format("the parent splits by its feature {}, which {} a category now", old, category ? "is" : "is not"));
  }
  if (!category && !(found.scale > 0 && std::isfinite(found.scale) && std::isfinite(found.shift))) {
    return absl::FailedPreconditionError(
        fmt::format("the parent splits by its feature {}, whose scale is {} now", old, found.scale));
  }
  return &found;
}

// By old code its code now; the codes of categories that are gone disappear.
absl::StatusOr<std::vector<int32_t>> NewCodes(const std::vector<int32_t>& set, const ParentFeature& feature) {
  if (feature.categories.empty()) return set;
  std::vector<int32_t> codes;
  for (const int32_t code : set) {
    if (code < 0 || static_cast<size_t>(code) >= feature.categories.size()) continue;
    if (feature.categories[static_cast<size_t>(code)] >= 0)
      codes.push_back(feature.categories[static_cast<size_t>(code)]);
  }
  if (codes.empty()) return absl::FailedPreconditionError("all categories of one of the parent's splits are gone");
  std::sort(codes.begin(), codes.end());
  return codes;
}

absl::Status MapTree(FloatJson& json, std::span<const ParentFeature> features, int32_t num_features,
                     std::span<const uint8_t> is_category) {
  TRY_ASSIGN(const RawTree tree, ReadTree(json));
  std::vector<int32_t> new_features(tree.feature.size());
  std::vector<float> values = tree.value;
  std::map<int32_t, std::vector<int32_t>> sets;
  for (const int32_t node : tree.reached) {
    if (tree.IsLeaf(node)) continue;
    const auto i = static_cast<size_t>(node);
    TRY_ASSIGN(const ParentFeature* feature, NewFeature(tree, i, features, num_features, is_category));
    new_features[i] = feature->feature;
    if (tree.is_category[i] != 0) {
      TRY_ASSIGN(sets[node], NewCodes(tree.categories[i], *feature));
    } else {
      values[i] = static_cast<float>(feature->scale * values[i] + feature->shift);
      if (!std::isfinite(values[i])) return absl::FailedPreconditionError("a rescaled threshold overflows");
    }
  }
  FloatJson nodes = FloatJson::array(), begins = nodes, sizes = nodes, codes = nodes;
  for (const auto& [node, set] : sets) {
    nodes.push_back(node);
    begins.push_back(codes.size());
    sizes.push_back(set.size());
    for (const int32_t code : set) codes.push_back(code);
  }
  json["split_indices"] = new_features;
  json["split_conditions"] = values;
  json["categories"] = codes;
  json["categories_nodes"] = nodes;
  json["categories_segments"] = begins;
  json["categories_sizes"] = sizes;
  TRY_ASSIGN(FloatJson * count, Member(json, {"tree_param", "num_feature"}));
  *count = fmt::format("{}", num_features);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<predict::TreesModel> ReadXgboostModel(std::string_view model) {
  TRY_ASSIGN(FloatJson json, Parse(model));
  predict::TreesModel read;
  TRY_ASSIGN(const std::string objective, Text(json, {"learner", "objective", "name"}));
  TRY_ASSIGN(read.task, ObjectiveTask(objective));
  TRY_ASSIGN(const std::string booster, Text(json, {"learner", "gradient_booster", "name"}));
  if (booster != "gbtree") return Fail(fmt::format("is a '{}', not a 'gbtree'", booster));
  TRY_ASSIGN(const std::string features, Text(json, {"learner", "learner_model_param", "num_feature"}));
  if (std::from_chars(features.data(), features.data() + features.size(), read.num_features).ec != std::errc()) {
    return Fail(fmt::format("has '{}' features", features));
  }
  TRY_ASSIGN(const std::string base, Text(json, {"learner", "learner_model_param", "base_score"}));
  TRY_ASSIGN(read.base_margins, BaseMargins(base, read.task));
  TRY(ReadTrees(json, read));
  return read;
}

absl::StatusOr<std::string> MapXgboostModel(std::string_view model, std::span<const ParentFeature> features,
                                            int32_t num_features, std::span<const uint8_t> is_category) {
  TRY_ASSIGN(FloatJson json, Parse(model));
  TRY_ASSIGN(FloatJson * count, Member(json, {"learner", "learner_model_param", "num_feature"}));
  *count = fmt::format("{}", num_features);
  TRY_ASSIGN(FloatJson * trees, Trees(json));
  for (FloatJson& tree : *trees) TRY(MapTree(tree, features, num_features, is_category));
  return json.dump();
}

absl::StatusOr<std::string> BlendXgboostLeaves(std::string_view old, std::string_view refreshed, double decay) {
  TRY_ASSIGN(FloatJson before, Parse(old));
  TRY_ASSIGN(FloatJson after, Parse(refreshed));
  TRY_ASSIGN(FloatJson * old_trees, Trees(before));
  TRY_ASSIGN(FloatJson * new_trees, Trees(after));
  if (old_trees->size() != new_trees->size()) return absl::FailedPreconditionError("the numbers of trees differ");
  for (size_t number = 0; number < new_trees->size(); ++number) {
    TRY_ASSIGN(const RawTree old_tree, ReadTree((*old_trees)[number]));
    TRY_ASSIGN(RawTree tree, ReadTree((*new_trees)[number]));
    if (tree.left != old_tree.left || tree.right != old_tree.right || tree.feature != old_tree.feature) {
      return absl::FailedPreconditionError(fmt::format("the structures of tree {} differ", number));
    }
    for (const int32_t node : tree.reached) {
      const auto i = static_cast<size_t>(node);
      if (!tree.IsLeaf(node)) continue;
      tree.value[i] = static_cast<float>(decay * old_tree.value[i] + (1 - decay) * tree.value[i]);
    }
    (*new_trees)[number]["split_conditions"] = tree.value;
  }
  return after.dump();
}

}  // namespace roost::train
