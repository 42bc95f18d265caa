#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/json.h"
#include "predict/predictor.h"
#include "predict/task.h"

namespace roost::predict {

/// One node of a tree: a leaf, a split by a number (left where number < value), or a split by a category (right where
/// the feature's code is one of `categories`). Missing values go as `missing_left` says.
struct TreeNode {
  int32_t feature = -1;             ///< of a split; -1: a leaf
  float value = 0;                  ///< a split by a number: its threshold; a leaf: what it adds to the margin
  int32_t left = -1;                ///< of a split: positions of the children among the tree's nodes
  int32_t right = -1;               ///< as left
  bool missing_left = false;        ///< where rows without the feature go
  std::vector<int32_t> categories;  ///< a split by a category: the codes that go right, ascending; else empty

  friend bool operator==(const TreeNode&, const TreeNode&) = default;
};

/// The root is node 0.
struct Tree {
  int32_t output = 0;  ///< the margin that its leaves add to: the class of kClasses; else 0
  std::vector<TreeNode> nodes;

  friend bool operator==(const Tree&, const Tree&) = default;
};

/// How much the splits by one feature lowered the training loss, all together (XGBoost's "total_gain").
struct FeatureGain {
  int32_t feature = 0;
  double gain = 0;

  friend bool operator==(const FeatureGain&, const FeatureGain&) = default;
};

/// What a TreesPredictor is made of.
struct TreesModel {
  Task task = Task::kNumber;
  int32_t num_features = 0;
  std::vector<float> base_margins;  ///< one an output; the margins before the first tree
  std::vector<Tree> trees;          ///< in the order in which their leaves are added
  std::vector<FeatureGain> gains;   ///< by ascending feature

  friend bool operator==(const TreesModel&, const TreesModel&) = default;
};

/// How often and how well a feature splits.
struct FeatureImportance {
  int32_t feature = 0;
  int64_t splits = 0;
  double gain = 0;  ///< see FeatureGain

  friend bool operator==(const FeatureImportance&, const FeatureImportance&) = default;
};

/// Boosted trees. A row's margin is the base margin plus one leaf a tree, added in floats in the order of the trees.
///
/// The outputs are to the bit those of XGBoost 3.2 (predict_fn.h, common/math.h and categorical.h there), which
/// computes in floats: kBinary 1 / (1 + exp(-margin)), kClasses the softmax, kCounts exp(margin), which is infinite
/// above 88.7; kNumber and kRanking the margin. (The last bit of exp is that of the C library.)
///
/// A feature that has no entry, or the entry NaN, is missing. Values are rounded to floats first; beyond the range of
/// floats they are infinite. A category is the value cut to an integer; one that is negative, 2^24 or more, or in no
/// set (unseen in training), goes left at every split by category.
class TreesPredictor final : public Predictor {
 public:
  static constexpr std::string_view kKind = "trees";
  static constexpr int32_t kMaxFeatures = 1 << 24;
  static constexpr int32_t kMaxDepth = 64;               ///< splits from the root to a leaf
  static constexpr int32_t kMaxTrees = 1'000'000;        ///< of a model
  static constexpr int32_t kMaxNodes = 1 << 28;          ///< of all trees together
  static constexpr int32_t kMaxCategories = 1 << 24;     ///< codes are below; XGBoost's own limit
  static constexpr int64_t kMaxCategoryWords = 1 << 26;  ///< of 32 codes each, over all sets: 256 MiB
  static constexpr float kMaxLeaf = 1e30F;               ///< |leaf| and |base margin|: no margin overflows

  /// InvalidArgument, naming tree and node, for numbers of outputs, features or nodes that do not fit each other, a
  /// child that is out of range or has two parents, a tree that is too deep, a threshold or leaf that is not finite or
  /// too large, a code out of range. Nodes that no path reaches are dropped; trees are laid out level by level.
  static absl::StatusOr<std::shared_ptr<const TreesPredictor>> Make(const TreesModel& model);

  /// Allocates nothing once a thread has scored a model with as many used features. Cost: about 1 us for a hundred
  /// trees of depth 6.
  void Score(const transform::FeatureVector& features, std::span<double> outputs) const override;
  /// The margins of the outputs, as Score finds them before their transformation.
  void Margins(const transform::FeatureVector& features, std::span<double> margins) const;

  int32_t num_features() const override { return num_features_; }
  int32_t num_outputs() const override { return static_cast<int32_t>(base_margins_.size()); }
  std::string kind() const override { return std::string(kKind); }

  /// {"kind": "trees", "task": "binary", "num_features": 20, "base_margins": [0.1], "gains": [[feature, gain], ...],
  /// "trees": [{"output": 0, "features": [3, -1, -1], "values": [0.5, -0.1, 0.1], "missing": "l"}, ...]}
  /// Nodes stand level by level, -1 marks a leaf: the children of the i-th split (from 0) are nodes 2i + 1 and 2i + 2.
  /// "missing" has an l or r for each split; "categories" [[node, code, ...], ...] is there where a split needs it.
  Json ToJson() const override;
  /// Exactly what ToJson writes; InvalidArgument for anything else. The result scores to the same bits.
  static absl::StatusOr<std::shared_ptr<const TreesPredictor>> FromJson(const Json& json);

  /// What Make was given, laid out level by level: Make(Model()) is the same predictor.
  TreesModel Model() const;

  Task task() const { return task_; }
  int64_t num_trees() const { return static_cast<int64_t>(roots_.size()); }
  int64_t num_nodes() const { return static_cast<int64_t>(nodes_.size()); }

  /// Of the features that split anywhere, by falling gain; equal gains by feature.
  std::vector<FeatureImportance> Importance() const;

 private:
  /// A split by a number goes to `left` where slots[slot] < value and to left + 1 elsewhere. A leaf looks at a slot
  /// that is always -infinity, so that it leads to itself. A split by a category has ~left, and the number of its set
  /// instead of `value`.
  struct Node {
    float value;
    uint32_t slot;
    int32_t left;
  };
  /// Bits of the codes that go right, 32 a word.
  struct CategorySet {
    uint32_t first_word;
    uint32_t num_words;
  };

  TreesPredictor() = default;
  void AddTree(const Tree& tree);
  void AddNode(const TreeNode& node, int32_t self, int32_t left);
  void GroupTrees();
  Tree TreeAt(size_t number) const;
  bool IsLeaf(int32_t node) const { return nodes_[static_cast<size_t>(node)].slot == 0; }
  int32_t Next(int32_t node, const float* slots) const;
  void AddLeaves(const float* slots, std::span<double> margins) const;

  Task task_ = Task::kNumber;
  int32_t num_features_ = 0;
  std::vector<float> base_margins_;
  std::vector<Node> nodes_;
  std::vector<int32_t> roots_;          ///< of the trees, in nodes_; and the next one's begins where one's nodes end
  std::vector<int32_t> outputs_;        ///< of the trees
  std::vector<int32_t> depths_;         ///< of the deepest tree of each group that descends together; -1: by categories
  std::vector<uint32_t> slot_of_;       ///< by feature: its first slot; 0: no tree uses it
  std::vector<int32_t> used_features_;  ///< by (slot - 2) / 2
  std::vector<CategorySet> sets_;
  std::vector<uint32_t> words_;
  std::vector<FeatureGain> gains_;
};

}  // namespace roost::predict
