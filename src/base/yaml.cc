#include "base/yaml.h"

#include <algorithm>
#include <set>
#include <sstream>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/parser.h>
#include <yaml-cpp/yaml.h>

namespace roost {
namespace {

constexpr size_t kMaxDepth = 50;
constexpr size_t kMaxNodes = 4'000'000;  // 140 bytes each

enum class Shape { kEmpty, kScalar, kList, kMap };

}  // namespace

struct YamlNode::Node {
  std::shared_ptr<const std::string> path;
  int line = 1;
  size_t offset = 0;
  Shape shape = Shape::kEmpty;
  std::string scalar;
  bool quoted = false;
  // A map's keys and values take turns.
  std::vector<std::shared_ptr<Node>> children;
};

namespace {

absl::Status ErrorAt(const std::string& path, int line, std::string_view message) {
  return absl::InvalidArgumentError(fmt::format("{}:{}: {}", path, line, message));
}

// Builds the tree from yaml-cpp's events: its own tree would resolve aliases and lose the second of two equal keys.
template <typename Node>
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(std::shared_ptr<const std::string> path) : path_(std::move(path)) {}

  const absl::Status& status() const { return status_; }
  std::shared_ptr<Node> root() const { return root_; }

  // Every event after it is refused.
  void EndOfDocument() { ended_ = true; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (ended_) throw YAML::ParserException(mark, "a second document begins");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { Add(mark, anchor, Shape::kEmpty); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { Refuse(mark, "aliases (*name) are not allowed"); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    auto node = Add(mark, anchor, Shape::kScalar);
    node->scalar = value;
    node->quoted = tag == "!";
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open_.push_back(Add(mark, anchor, Shape::kList));
    CheckDepth(mark);
  }
  void OnSequenceEnd() override { open_.pop_back(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open_.push_back(Add(mark, anchor, Shape::kMap));
    CheckDepth(mark);
  }
  void OnMapEnd() override {
    const auto map = open_.back();
    open_.pop_back();
    std::set<std::string> names;
    for (size_t i = 0; i < map->children.size(); i += 2) {
      const Node& key = *map->children[i];
      if (key.shape != Shape::kScalar) {
        Refuse(key.line, "a key must be a word");
      } else if (!names.insert(key.scalar).second) {
        Refuse(key.line, fmt::format("key '{}' stands here twice", key.scalar));
      }
    }
  }

 private:
  std::shared_ptr<Node> Add(const YAML::Mark& mark, YAML::anchor_t, Shape shape) {
    if (++nodes_ > kMaxNodes) throw YAML::ParserException(mark, "more than 4,000,000 values");
    auto node = std::make_shared<Node>();
    node->path = path_;
    node->line = std::max(mark.line, 0) + 1;
    node->offset = static_cast<size_t>(std::max(mark.pos, 0));
    node->shape = shape;
    if (open_.empty()) {
      root_ = node;
    } else {
      open_.back()->children.push_back(node);
    }
    return node;
  }

  void CheckDepth(const YAML::Mark& mark) {
    if (open_.size() > kMaxDepth) throw YAML::ParserException(mark, "nested deeper than 50 levels");
  }

  void Refuse(const YAML::Mark& mark, std::string_view message) { Refuse(mark.line + 1, message); }
  void Refuse(int line, std::string_view message) {
    if (status_.ok()) status_ = ErrorAt(*path_, line, message);
  }

  std::shared_ptr<const std::string> path_;
  std::shared_ptr<Node> root_;
  std::vector<std::shared_ptr<Node>> open_;
  absl::Status status_;
  bool ended_ = false;
  size_t nodes_ = 0;
};

}  // namespace

absl::StatusOr<YamlNode> YamlNode::Parse(std::string_view text, std::string_view path, size_t max_bytes) {
  const auto shared_path = std::make_shared<const std::string>(path);
  if (text.size() > max_bytes) return ErrorAt(*shared_path, 1, fmt::format("longer than {} MiB", max_bytes >> 20));
  TreeBuilder<Node> builder(shared_path);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) {
      auto empty = std::make_shared<Node>();
      empty->path = shared_path;
      return YamlNode(std::move(empty));
    }
    builder.EndOfDocument();
    parser.HandleNextDocument(builder);
  } catch (const YAML::Exception& error) {
    return ErrorAt(*shared_path, std::max(error.mark.line, 0) + 1, fmt::format("not YAML: {}", error.msg));
  }
  if (!builder.status().ok()) return builder.status();
  return YamlNode(builder.root());
}

bool YamlNode::IsMap() const { return node_->shape == Shape::kMap; }
bool YamlNode::IsList() const { return node_->shape == Shape::kList; }
bool YamlNode::IsScalar() const { return node_->shape == Shape::kScalar; }
bool YamlNode::IsEmpty() const { return node_->shape == Shape::kEmpty; }
size_t YamlNode::offset() const { return node_->offset; }
int YamlNode::line() const { return node_->line; }
const std::string& YamlNode::scalar() const { return node_->scalar; }
bool YamlNode::quoted() const { return node_->quoted; }

std::vector<YamlNode::Member> YamlNode::Members() const {
  std::vector<Member> members;
  if (!IsMap()) return members;
  for (size_t i = 0; i + 1 < node_->children.size(); i += 2) {
    members.push_back({node_->children[i]->scalar, YamlNode(node_->children[i]), YamlNode(node_->children[i + 1])});
  }
  return members;
}

std::vector<YamlNode> YamlNode::Elements() const {
  std::vector<YamlNode> elements;
  if (!IsList()) return elements;
  for (const auto& child : node_->children) elements.push_back(YamlNode(child));
  return elements;
}

absl::Status YamlNode::Error(std::string_view message) const { return ErrorAt(*node_->path, node_->line, message); }

}  // namespace roost
