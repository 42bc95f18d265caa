#include "predict/trees.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

#include "absl/status/status.h"
#include "base/status.h"
#include "predict/trees_check.h"

namespace roost::predict {
namespace {

static_assert(std::numeric_limits<float>::is_iec559, "doubles beyond the range of floats become infinite");

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr size_t kTogether = 16;  // trees that descend in step: enough to hide the latency of their loads

// Each used feature has two slots with its value. A missing one has -infinity in the first, which every split that
// sends it left reads, and +infinity in the second. Slots 0 and 1 belong to no feature: leaves read them.
// Between calls all slots of a thread are those of missing features, whatever model they serve.
float* MissingSlots(size_t count) {
  static thread_local std::vector<float> slots;
  while (slots.size() < count) slots.push_back(slots.size() % 2 == 0 ? -kInfinity : kInfinity);
  return slots.data();
}

// XGBoost's common::Sigmoid. The addition of 1e-16 is none in floats.
float Sigmoid(float margin) { return 1.0F / (std::exp(std::min(-margin, 88.7F)) + 1.0F); }

// XGBoost's common::Softmax: exponentials in floats, their sum in a double.
void Softmax(std::span<double> margins) {
  const auto largest = static_cast<float>(*std::max_element(margins.begin(), margins.end()));
  double sum = 0;
  for (double& margin : margins) {
    margin = std::exp(static_cast<float>(margin) - largest);
    sum += margin;
  }
  for (double& margin : margins) margin = static_cast<float>(margin) / static_cast<float>(sum);
}

}  // namespace

absl::StatusOr<std::shared_ptr<const TreesPredictor>> TreesPredictor::Make(const TreesModel& model) {
  TRY(CheckTreesModel(model));
  std::shared_ptr<TreesPredictor> predictor(new TreesPredictor());
  predictor->task_ = model.task;
  predictor->num_features_ = model.num_features;
  predictor->base_margins_ = model.base_margins;
  predictor->gains_ = model.gains;
  predictor->slot_of_.resize(static_cast<size_t>(model.num_features));
  for (const Tree& tree : model.trees) predictor->AddTree(tree);
  predictor->GroupTrees();
  return predictor;
}

// Level by level, so that the children of a split are neighbours.
void TreesPredictor::AddTree(const Tree& tree) {
  const auto root = static_cast<int32_t>(nodes_.size());
  roots_.push_back(root);
  outputs_.push_back(tree.output);
  std::vector<int32_t> order{0};
  for (size_t i = 0; i < order.size(); ++i) {
    const TreeNode& node = tree.nodes[static_cast<size_t>(order[i])];
    const auto self = root + static_cast<int32_t>(i);
    AddNode(node, self, root + static_cast<int32_t>(order.size()));
    if (node.feature >= 0) order.insert(order.end(), {node.left, node.right});
  }
}

void TreesPredictor::AddNode(const TreeNode& node, int32_t self, int32_t left) {
  if (node.feature < 0) {
    nodes_.push_back({.value = node.value, .slot = 0, .left = self});
    return;
  }
  uint32_t& slot = slot_of_[static_cast<size_t>(node.feature)];
  if (slot == 0) {
    used_features_.push_back(node.feature);
    slot = static_cast<uint32_t>(2 * used_features_.size());
  }
  const uint32_t read = slot + (node.missing_left ? 0 : 1);
  if (node.categories.empty()) {
    nodes_.push_back({.value = node.value, .slot = read, .left = left});
    return;
  }
  const auto first = static_cast<uint32_t>(words_.size());
  const auto count = static_cast<uint32_t>(node.categories.back() / 32 + 1);
  words_.resize(words_.size() + count);
  for (const int32_t code : node.categories) words_[first + static_cast<uint32_t>(code) / 32] |= 1U << (code % 32);
  nodes_.push_back({.value = std::bit_cast<float>(static_cast<uint32_t>(sets_.size())), .slot = read, .left = ~left});
  sets_.push_back({.first_word = first, .num_words = count});
}

// Finds what each group of kTogether trees needs; the last group may have fewer.
void TreesPredictor::GroupTrees() {
  std::vector<int32_t> depth(nodes_.size());
  for (size_t first = 0; first < roots_.size(); first += kTogether) {
    const size_t next = first + kTogether;
    const size_t end = next < roots_.size() ? static_cast<size_t>(roots_[next]) : nodes_.size();
    Group group;
    for (auto i = static_cast<size_t>(roots_[first]); i < end; ++i) {
      if (IsLeaf(static_cast<int32_t>(i))) continue;
      group.has_categories |= nodes_[i].left < 0;
      const auto left = static_cast<size_t>(nodes_[i].left < 0 ? ~nodes_[i].left : nodes_[i].left);
      depth[left] = depth[left + 1] = depth[i] + 1;
      group.depth = std::max(group.depth, depth[i] + 1);
    }
    groups_.push_back(group);
  }
}

inline int32_t TreesPredictor::Next(int32_t at, const float* slots) const {
  const Node& node = nodes_[static_cast<size_t>(at)];
  const float value = slots[node.slot];
  if (node.left >= 0) return node.left + static_cast<int32_t>(!(value < node.value));
  const int32_t left = ~node.left;
  const bool missing = value != slots[node.slot ^ 1U];
  if (missing) return left + static_cast<int32_t>(node.slot & 1U);
  if (!(value >= 0 && value < kMaxCategories)) return left;
  const CategorySet set = sets_[std::bit_cast<uint32_t>(node.value)];
  const auto code = static_cast<uint32_t>(value);
  if (code / 32 >= set.num_words) return left;
  return left + static_cast<int32_t>((words_[set.first_word + code / 32] >> (code % 32)) & 1U);
}

// Leaves lead to themselves, so that every tree takes as many steps as the deepest of its group.
void TreesPredictor::AddLeaves(const float* slots, std::span<double> margins) const {
  const Node* nodes = nodes_.data();
  size_t tree = 0;
  for (const Group& group : groups_) {
    const size_t count = std::min(kTogether, roots_.size() - tree);
    std::array<int32_t, kTogether> at;
    for (size_t t = 0; t < kTogether; ++t) at[t] = roots_[t < count ? tree + t : tree];
    for (int32_t level = 0; level < group.depth; ++level) {
      if (group.has_categories) {
        for (int32_t& node : at) node = Next(node, slots);
        continue;
      }
#pragma GCC unroll 16
      for (size_t t = 0; t < kTogether; ++t) {
        const Node& node = nodes[at[t]];
        at[t] = node.left + static_cast<int32_t>(!(slots[node.slot] < node.value));
      }
    }
    for (size_t t = 0; t < count; ++t, ++tree) {
      double& margin = margins[static_cast<size_t>(outputs_[tree])];
      margin = static_cast<float>(margin) + nodes[at[t]].value;
    }
  }
}

void TreesPredictor::Margins(const transform::FeatureVector& features, std::span<double> margins) const {
  float* slots = MissingSlots(2 * used_features_.size() + 2);
  for (size_t i = 0; i < features.indices.size(); ++i) {
    const uint32_t slot = slot_of_[static_cast<size_t>(features.indices[i])];
    const auto value = static_cast<float>(features.values[i]);
    if (slot != 0 && !std::isnan(value)) slots[slot] = slots[slot + 1] = value;
  }
  std::copy(base_margins_.begin(), base_margins_.end(), margins.begin());
  AddLeaves(slots, margins);
  for (const int32_t feature : features.indices) {
    const uint32_t slot = slot_of_[static_cast<size_t>(feature)];
    slots[slot] = -kInfinity;
    slots[slot + 1] = kInfinity;
  }
}

void TreesPredictor::Score(const transform::FeatureVector& features, std::span<double> outputs) const {
  Margins(features, outputs);
  switch (task_) {
    case Task::kBinary: outputs[0] = Sigmoid(static_cast<float>(outputs[0])); break;
    case Task::kClasses: Softmax(outputs); break;
    case Task::kCounts: outputs[0] = std::exp(static_cast<float>(outputs[0])); break;
    case Task::kNumber:
    case Task::kRanking: break;
  }
}

Tree TreesPredictor::TreeAt(size_t number) const {
  const int32_t root = roots_[number];
  const int32_t end = number + 1 < roots_.size() ? roots_[number + 1] : static_cast<int32_t>(nodes_.size());
  Tree tree{.output = outputs_[number]};
  for (int32_t i = root; i < end; ++i) {
    const Node& node = nodes_[static_cast<size_t>(i)];
    TreeNode& copy = tree.nodes.emplace_back(TreeNode{.value = node.value});
    if (IsLeaf(i)) continue;
    copy.feature = used_features_[node.slot / 2 - 1];
    copy.missing_left = node.slot % 2 == 0;
    copy.left = (node.left < 0 ? ~node.left : node.left) - root;
    copy.right = copy.left + 1;
    if (node.left >= 0) continue;
    copy.value = 0;
    const CategorySet set = sets_[std::bit_cast<uint32_t>(node.value)];
    for (uint32_t code = 0; code < 32 * set.num_words; ++code) {
      if ((words_[set.first_word + code / 32] >> (code % 32)) & 1U) {
        copy.categories.push_back(static_cast<int32_t>(code));
      }
    }
  }
  return tree;
}

TreesModel TreesPredictor::Model() const {
  TreesModel model{.task = task_, .num_features = num_features_, .base_margins = base_margins_, .gains = gains_};
  model.trees.reserve(roots_.size());
  for (size_t number = 0; number < roots_.size(); ++number) model.trees.push_back(TreeAt(number));
  return model;
}

std::vector<FeatureImportance> TreesPredictor::Importance() const {
  std::vector<FeatureImportance> importance;
  for (const int32_t feature : used_features_) importance.push_back({.feature = feature});
  for (const Node& node : nodes_) {
    if (node.slot != 0) ++importance[node.slot / 2 - 1].splits;
  }
  for (const FeatureGain& gain : gains_) {
    const uint32_t slot = slot_of_[static_cast<size_t>(gain.feature)];
    if (slot != 0) importance[slot / 2 - 1].gain = gain.gain;
  }
  std::sort(importance.begin(), importance.end(), [](const FeatureImportance& a, const FeatureImportance& b) {
    return a.gain != b.gain ? a.gain > b.gain : a.feature < b.feature;
  });
  return importance;
}

}  // namespace roost::predict
