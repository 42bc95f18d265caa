#include "predict/onnx_export.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "absl/status/status.h"
#include "base/status.h"
#include "predict/linear.h"
#include "predict/onnx_features.h"
#include "predict/onnx_graph.h"
#include "predict/onnx_trees.h"
#include "predict/trees.h"

namespace roost::predict {
namespace {

constexpr double kMaxExponent = 709;  // as LinearPredictor bounds margins before exp

std::string OutputName(const ScoringModel& model) {
  std::string name = model.task() == Task::kClasses ? "probabilities" : model.OutputNames().front();
  const auto is_column = [&name](const transform::InputColumn& input) { return input.name == name; };
  while (std::any_of(model.inputs().begin(), model.inputs().end(), is_column)) name.insert(0, "predicted_");
  return name;
}

// Margins [N, outputs]: the intercepts plus what each feature adds, in the order of the features, so that the sums are
// those of LinearPredictor to the bit. An entry 1 of one of many words is a row of weights that is looked up: no matrix
// of all words is ever made.
std::string Margins(const LinearPredictor& linear, const std::vector<EncodedEntries>& features, OnnxGraph& graph) {
  const int64_t outputs = linear.num_outputs();
  const auto intercepts = linear.intercepts();
  std::string margins = graph.Constant({{1, outputs}, std::vector<double>(intercepts.begin(), intercepts.end())});
  for (const EncodedEntries& entries : features) {
    std::vector<double> weights;
    for (int32_t slot = 0; slot < std::max(entries.num_slots, 1); ++slot) {
      const auto of_feature = linear.WeightsOf(entries.first + slot);
      weights.insert(weights.end(), of_feature.begin(), of_feature.end());
    }
    std::string added;
    if (entries.num_slots == 0) {
      added = graph.Node("Mul", {entries.value, graph.Constant({{1, outputs}, std::move(weights)})});
    } else {
      weights.resize(weights.size() + static_cast<size_t>(outputs), 0.0);  // no entry
      const std::string flat = graph.Node("Reshape", {entries.value, graph.Constant({{1}, std::vector<int64_t>{-1}})});
      added = graph.Node("Gather", {graph.Constant({{entries.num_slots + 1, outputs}, std::move(weights)}), flat});
    }
    margins = graph.Node("Add", {margins, added});
  }
  return margins;
}

std::string Linked(Link link, const std::string& margins, OnnxGraph& graph) {
  switch (link) {
    case Link::kIdentity:
    case Link::kSignMargin: return margins;
    case Link::kLogistic: {
      const std::string one = graph.Number(1);
      const std::string power = graph.Node("Exp", {graph.Node("Neg", {margins})});
      return graph.Node("Div", {one, graph.Node("Add", {one, power})});
    }
    case Link::kExp: return graph.Node("Exp", {graph.Node("Min", {margins, graph.Number(kMaxExponent)})});
    case Link::kSoftmax: {
      const std::string axis = graph.Constant({{1}, std::vector<int64_t>{1}});
      const std::string largest = graph.Node("ReduceMax", {margins, axis});
      const std::string powers = graph.Node("Exp", {graph.Node("Sub", {margins, largest})});
      return graph.Node("Div", {powers, graph.Node("ReduceSum", {powers, axis})});
    }
  }
  return margins;
}

Link LinkOf(Task task) {
  switch (task) {
    case Task::kBinary: return Link::kLogistic;
    case Task::kClasses: return Link::kSoftmax;
    case Task::kCounts: return Link::kExp;
    case Task::kNumber:
    case Task::kRanking: break;
  }
  return Link::kIdentity;
}

absl::StatusOr<std::string> Predict(const Predictor& predictor, const std::vector<EncodedEntries>& features,
                                    OnnxGraph& graph) {
  if (const auto* linear = dynamic_cast<const LinearPredictor*>(&predictor)) {
    return Linked(linear->link(), Margins(*linear, features, graph), graph);
  }
  if (const auto* trees = dynamic_cast<const TreesPredictor*>(&predictor)) {
    TRY_ASSIGN(const std::string margins, TreeMargins(trees->Model(), features, graph));
    return Linked(LinkOf(trees->task()), margins, graph);
  }
  return WithHint(absl::UnimplementedError(
                      fmt::format("ONNX export: the predictor '{}' has no form in ONNX here", predictor.kind())),
                  "serve the model with Roost");
}

}  // namespace

absl::StatusOr<std::string> ExportOnnx(const ScoringModel& model) {
  if (model.onnx() != nullptr) {
    return WithHint(absl::UnimplementedError("ONNX export: the model is an ONNX file already"),
                    "take the part model.onnx of its package");
  }
  OnnxGraph graph;
  const auto features = EncodeFeatures(*model.transform(), graph);
  if (!features.ok()) return Annotate(features.status(), "ONNX export");
  TRY_ASSIGN(const std::string outputs, Predict(*model.predictor(), *features, graph));
  graph.Output(OutputName(model), outputs, OnnxElement::kDouble, std::vector<int64_t>{-1, model.num_outputs()});
  graph.Remark("roost.task", TaskName(model.task()));
  graph.Remark("roost.missing_number", "NaN");
  graph.Remark("roost.missing_text", kMissingText);
  graph.Remark("roost.missing_time", fmt::format("{}", kMissingTime));
  if (model.task() == Task::kClasses) {
    Json classes = Json::array();
    for (const std::string& name : model.classes()) classes.push_back(name);
    graph.Remark("roost.classes", ToLine(classes));
  }
  const auto bytes =
      graph.Finish("model",
                   "A model of Roost: the columns of a row in, its prediction out. Missing: a number NaN, "
                   "a text U+FFFF, a time the least int64. Times are microseconds since 1970-01-01 in UTC.");
  return bytes.ok() ? bytes : Annotate(bytes.status(), "ONNX export");
}

absl::StatusOr<ScoringModel> LoadExported(const ScoringModel& model, std::string bytes) {
  TRY_ASSIGN(auto onnx, OnnxModel::Load(std::move(bytes), {.task = model.task(),
                                                           .num_outputs = model.num_outputs(),
                                                           .output = OutputName(model),
                                                           .columns = EncodedColumns(*model.transform())}));
  return ScoringModel::MakeOnnx(std::move(onnx), std::nullopt,
                                std::vector<std::string>(model.classes().begin(), model.classes().end()));
}

}  // namespace roost::predict
