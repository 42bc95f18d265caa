#include "predict/onnx_parity.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "absl/status/status.h"
#include "base/status.h"
#include "predict/onnx_export.h"
#include "predict/onnx_features.h"
#include "predict/onnx_graph.h"
#include "predict/trees.h"
#include "transform/fitted.h"

namespace roost::predict {
namespace {

using column::Kind;
using column::Value;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<Value> NumberEdges(std::span<const double> reference) {
  std::vector<Value> edges{Value(), 0.0, -0.0, std::nan(""), kInfinity, -kInfinity};
  std::vector<double> numbers(reference.begin(), reference.end());
  for (const double extreme : {std::numeric_limits<double>::max(), std::numeric_limits<double>::min(),
                               std::numeric_limits<double>::denorm_min(), 1.0, 1e150, 9007199254740993.0}) {
    numbers.push_back(extreme);
    numbers.push_back(-extreme);
  }
  for (const double number : numbers) {
    edges.emplace_back(number);
    edges.emplace_back(std::nextafter(number, kInfinity));
    edges.emplace_back(std::nextafter(number, -kInfinity));
  }
  return edges;
}

std::vector<Value> TextEdges(const std::vector<std::string>& words) {
  std::vector<Value> edges{Value(),
                           std::string_view(""),
                           std::string_view(" "),
                           std::string_view("no such word"),
                           std::string_view("a\0b", 3),
                           std::string_view("\xff\xfe")};
  for (const std::string& word : words) {
    if (word != kMissingText) edges.emplace_back(std::string_view(word));
  }
  return edges;
}

std::vector<Value> TimeEdges(std::span<const int64_t> reference) {
  constexpr int64_t kHour = 3'600'000'000, kDay = 24 * kHour, kYear = 365 * kDay + kDay / 4;
  constexpr int64_t kLargest = std::numeric_limits<int64_t>::max(), kLeast = -kLargest;
  std::vector<Value> edges{Value(), kLargest, kLeast};
  const auto around = [&](int64_t micros) {
    for (const int64_t shift : {-1, 0, 1}) edges.emplace_back(micros + shift);
  };
  for (const int64_t micros : reference) {
    if (micros > kLeast && micros < kLargest) around(micros);
  }
  for (int64_t hour = -30; hour < 200; ++hour) around(hour * kHour);
  // Years around centuries that are leap years and that are none, day by day through the turn of February and of the
  // year.
  for (const int64_t year : {-370, -170, -70, 0, 2, 30, 130, 230, 330, 430}) {
    for (int64_t day = -8; day < 400; ++day) around(year * kYear + day * kDay);
  }
  return edges;
}

// Rows that differ from a row of plain values in one column each.
struct EdgeRows {
  std::vector<double> numbers;
  std::vector<int64_t> whole;
  std::vector<std::string> texts;
  std::vector<Value> values;  // row-major

  // By column: where trees split.
  std::map<std::string, std::vector<double>, std::less<>> splits;
  std::map<std::string, std::vector<int64_t>, std::less<>> times;

  explicit EdgeRows(const ScoringModel& model) {
    Collect(model.transform()->ToJson());
    CollectSplits(model);
    const auto inputs = model.inputs();
    std::vector<Value> plain;
    for (const auto& input : inputs) {
      switch (input.kind) {
        case Kind::kNumber: plain.emplace_back(1.0); break;
        case Kind::kText: plain.emplace_back(std::string_view("a")); break;
        case Kind::kTime: plain.emplace_back(int64_t{0}); break;
        case Kind::kTextList:
        case Kind::kNumberList: plain.emplace_back(); break;  // no graph takes lists
      }
    }
    for (size_t i = 0; i < inputs.size(); ++i) {
      for (const Value& edge : EdgesOf(inputs[i])) {
        values.insert(values.end(), plain.begin(), plain.end());
        values[values.size() - inputs.size() + i] = edge;
      }
    }
    AddCrossRows(*model.transform(), plain);
  }

  // Every number of a transform, wherever it stands: borders, means, bounds, times, words of numbers; and every text:
  // words, names.
  void Collect(const Json& json) {
    if (json.is_number()) numbers.push_back(json.get<double>());
    if (json.is_number_integer()) whole.push_back(json.get<int64_t>());
    if (json.is_string()) {
      texts.push_back(json.get<std::string>());
      if (const std::optional<double> number = NumberOfWord(texts.back())) numbers.push_back(*number);
    }
    if (!json.is_structured()) return;
    for (const auto& item : json.items()) Collect(item.value());
  }

  // Where in the columns a tree's comparisons turn, and the floats on either side.
  void CollectSplits(const ScoringModel& model) {
    const auto* trees = dynamic_cast<const TreesPredictor*>(model.predictor());
    if (trees == nullptr) return;
    OnnxGraph graph;
    const auto features = EncodeFeatures(*model.transform(), graph);
    if (!features.ok()) return;  // then there is no graph to compare with
    std::map<int32_t, const NumberOrigin*> origins;
    for (const EncodedEntries& entries : *features) {
      if (!entries.origin.column.empty()) origins[entries.first] = &entries.origin;
    }
    for (const Tree& tree : trees->Model().trees) {
      for (const TreeNode& node : tree.nodes) {
        const auto origin = origins.find(node.feature);
        if (origin == origins.end()) continue;
        for (const float towards : {node.value, HUGE_VALF, -HUGE_VALF}) {
          AddSplit(*origin->second, std::nextafter(node.value, towards));
        }
      }
    }
  }

  void AddSplit(const NumberOrigin& origin, double threshold) {
    constexpr double kMicrosPerDay = 86'400e6, kMostMicros = 9e18;
    const double root = std::pow(std::fabs(threshold), 1.0 / origin.power);
    for (const double standardized : {root, -root}) {
      if (origin.power % 2 == 1 && std::signbit(standardized) != std::signbit(threshold)) continue;
      double value = standardized * origin.scale + origin.shift;
      if (origin.log) value = std::expm1(value);
      if (!origin.since_micros.has_value()) {
        splits[origin.column].push_back(value);
        continue;
      }
      const double micros = static_cast<double>(*origin.since_micros) + value * kMicrosPerDay;
      if (std::fabs(micros) < kMostMicros) times[origin.column].push_back(static_cast<int64_t>(micros));
    }
  }

  // Each word of each cross, and the same with a part missing.
  void AddCrossRows(const transform::Transform& transform, std::span<const Value> plain) {
    for (const transform::FittedFeature& feature : transform.fitted().features) {
      if (feature.use != transform::Operation::kCross) continue;
      for (const std::string& word : feature.vocabulary.words()) {
        const std::vector<std::string_view> parts = CrossParts(word);
        std::vector<Value> row(plain.begin(), plain.end());
        for (size_t i = 0; i < parts.size(); ++i) {
          const size_t column = feature.sources[i];
          if (column >= row.size()) return;  // derived: there is no graph to compare with
          const std::optional<double> number = NumberOfWord(std::string(parts[i]));
          if (transform.inputs()[column].kind == Kind::kText) {
            row[column] = parts[i];
          } else if (number.has_value()) {
            row[column] = *number;
          }
        }
        values.insert(values.end(), row.begin(), row.end());
        for (const size_t column : feature.sources) {
          std::vector<Value> without = row;
          without[column] = Value();
          values.insert(values.end(), without.begin(), without.end());
        }
      }
    }
  }

  std::vector<Value> EdgesOf(const transform::InputColumn& input) const {
    switch (input.kind) {
      case Kind::kNumber: {
        std::vector<double> all = numbers;
        const auto of_column = splits.find(input.name);
        if (of_column != splits.end()) all.insert(all.end(), of_column->second.begin(), of_column->second.end());
        return NumberEdges(all);
      }
      case Kind::kText: return TextEdges(texts);
      case Kind::kTime: {
        std::vector<int64_t> all(whole.begin(), whole.end());
        const auto of_column = times.find(input.name);
        if (of_column != times.end()) all.insert(all.end(), of_column->second.begin(), of_column->second.end());
        return TimeEdges(all);
      }
      case Kind::kTextList:
      case Kind::kNumberList: break;  // no graph takes lists
    }
    return {};
  }
};

absl::Status Compare(std::span<const double> model, std::span<const double> graph, size_t outputs,
                     std::string_view rows, ParityCertificate& certificate) {
  for (size_t i = 0; i < model.size(); ++i) {
    const double absolute = std::fabs(graph[i] - model[i]);
    const double relative = absolute / std::max(1.0, std::fabs(model[i]));
    certificate.largest_absolute = std::max(certificate.largest_absolute, absolute);
    certificate.largest_relative = std::max(certificate.largest_relative, relative);
    if (relative <= certificate.bound) continue;  // false for NaN
    return WithHint(absl::FailedPreconditionError(
                        fmt::format("ONNX export: of {} {} the graph gives {} for output {}, and the "
                                    "model {}; they may differ by {}",
                                    rows, i / outputs, graph[i], i % outputs, model[i], certificate.bound)),
                    "serve the model with Roost; the graph is not the same model");
  }
  return absl::OkStatus();
}

// Rows with what the graph takes as missing, and the model does not, are left out of the comparison.
bool IsComparable(std::span<const Value> row) {
  return std::none_of(row.begin(), row.end(), [](const Value& value) {
    const auto* micros = std::get_if<int64_t>(&value);
    const auto* text = std::get_if<std::string_view>(&value);
    return (micros != nullptr && *micros == kMissingTime) || (text != nullptr && *text == kMissingText);
  });
}

absl::StatusOr<int64_t> CompareRows(const ScoringModel& model, const ScoringModel& graph, std::span<const Value> values,
                                    std::string_view name, const Context& context, ParityCertificate& certificate) {
  const size_t columns = model.inputs().size();
  std::vector<Value> kept;
  for (size_t first = 0; first < values.size(); first += columns) {
    const auto row = values.subspan(first, columns);
    if (IsComparable(row)) kept.insert(kept.end(), row.begin(), row.end());
  }
  const auto width = static_cast<size_t>(model.num_outputs());
  const size_t rows = kept.size() / columns;
  std::vector<double> by_model(rows * width), by_graph(rows * width);
  transform::FeatureVector scratch;
  constexpr size_t kPieceRows = 4'096;
  for (size_t begin = 0; begin < rows; begin += kPieceRows) {
    TRY(context.CheckCancelled());
    const size_t count = std::min(kPieceRows, rows - begin);
    const auto piece = std::span<const Value>(kept).subspan(begin * columns, count * columns);
    TRY(model.ScoreRows(piece, scratch, std::span(by_model).subspan(begin * width, count * width)));
    TRY(graph.ScoreRows(piece, scratch, std::span(by_graph).subspan(begin * width, count * width)));
  }
  TRY(Compare(by_model, by_graph, width, name, certificate));
  return static_cast<int64_t>(rows);
}

}  // namespace

Json ParityCertificate::ToJson() const {
  return {{"opset", opset},
          {"ml_opset", ml_opset},
          {"rows", rows},
          {"edge_rows", edge_rows},
          {"largest_absolute_difference", largest_absolute},
          {"largest_relative_difference", largest_relative},
          {"bound", bound}};
}

absl::StatusOr<ParityCertificate> CertifyParity(const ScoringModel& model, const std::string& onnx_bytes,
                                                std::span<const column::BatchView> batches, double bound,
                                                const Context& context) {
  TRY_ASSIGN(const ScoringModel graph, LoadExported(model, onnx_bytes));
  ParityCertificate certificate{.opset = OnnxGraph::kOpset, .ml_opset = OnnxGraph::kMlOpset, .bound = bound};
  for (const column::BatchView& batch : batches) {
    constexpr int64_t kPieceRows = 1'024;
    std::vector<const column::ColumnView*> columns;
    for (const auto& input : model.inputs()) {
      TRY_ASSIGN(const column::ColumnView* column, batch.Require(input.name));
      TRY(CheckColumnKind(*column, input));
      columns.push_back(column);
    }
    for (int64_t begin = 0; begin < batch.num_rows(); begin += kPieceRows) {
      std::vector<Value> values;
      for (int64_t row = begin; row < std::min(begin + kPieceRows, batch.num_rows()); ++row) {
        for (size_t i = 0; i < columns.size(); ++i) {
          values.push_back(column::ValueAt(*columns[i], model.inputs()[i].kind, row));
        }
      }
      TRY_ASSIGN(const int64_t rows, CompareRows(model, graph, values, "row", context, certificate));
      certificate.rows += rows;
    }
  }
  const EdgeRows edges(model);
  TRY_ASSIGN(certificate.edge_rows, CompareRows(model, graph, edges.values, "edge row", context, certificate));
  return certificate;
}

}  // namespace roost::predict
