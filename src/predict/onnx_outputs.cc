#include "predict/onnx_outputs.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/status.h"

namespace roost::predict {
namespace {

constexpr double kBeyond = 1e-6;        // what a sum of floats may round beyond 0 and 1
constexpr double kSumTolerance = 1e-3;  // of the probabilities of a row

constexpr std::array<std::string_view, 5> kPreferred{"probabilities", "probability", "value", "count", "score"};

std::string ShapeText(std::span<const int64_t> shape) {
  std::string text;
  for (const int64_t extent : shape) {
    text.append(text.empty() ? "" : ",").append(extent < 0 ? "N" : fmt::format("{}", extent));
  }
  return "[" + text + "]";
}

// How many numbers a row may have: those of the task, or two for the probability of a binary one.
bool IsWidth(int64_t width, const OnnxOutputSpec& spec) {
  return width == spec.num_outputs || (spec.task == Task::kBinary && width == 2);
}

// A shape with unknown extents is judged by what it gives.
absl::Status CheckShape(const OnnxPort& port, const OnnxOutputSpec& spec) {
  const auto& shape = port.shape;
  const bool fits = shape.empty() || (shape.size() == 1 && spec.num_outputs == 1) ||
                    (shape.size() == 2 && (shape[1] < 0 || IsWidth(shape[1], spec)));
  if (!fits) {
    return absl::InvalidArgumentError(fmt::format("its output '{}' has shape {}; for the task '{}' it must be [N,{}]",
                                                  port.name, ShapeText(shape), TaskName(spec.task), spec.num_outputs));
  }
  if (shape.empty() || shape[0] < 0) return absl::OkStatus();
  return WithHint(absl::InvalidArgumentError(fmt::format("its output '{}' is for exactly {} rows (shape {})", port.name,
                                                         shape[0], ShapeText(shape))),
                  "export it with a free number of rows (dynamic_axes or dynamic_shapes in torch.onnx.export)");
}

bool IsNumber(const OnnxPort& port) {
  return port.is_tensor && (port.element == OnnxElement::kFloat || port.element == OnnxElement::kDouble);
}

absl::Status NoOutput(std::span<const OnnxPort> outputs, const OnnxOutputSpec& spec) {
  const bool has_map = std::any_of(outputs.begin(), outputs.end(), [](const auto& port) { return !port.is_tensor; });
  if (has_map) {
    return WithHint(absl::InvalidArgumentError("its probabilities are a list of maps, not a tensor"),
                    "convert it with skl2onnx's options={'zipmap': False}");
  }
  return absl::InvalidArgumentError(
      fmt::format("it has no output of type float or double for the task '{}'", TaskName(spec.task)));
}

absl::StatusOr<const OnnxPort*> FindPort(std::span<const OnnxPort> outputs, const OnnxOutputSpec& spec) {
  if (!spec.name.empty()) {
    for (const OnnxPort& port : outputs) {
      if (port.name != spec.name) continue;
      if (!IsNumber(port)) return NoOutput({&port, 1}, spec);
      return &port;
    }
    return absl::InvalidArgumentError(fmt::format("it has no output '{}'", spec.name));
  }
  std::vector<const OnnxPort*> numbers;
  for (const OnnxPort& port : outputs) {
    if (IsNumber(port)) numbers.push_back(&port);
  }
  if (numbers.empty()) return NoOutput(outputs, spec);
  if (numbers.size() == 1) return numbers.front();
  for (const std::string_view name : kPreferred) {
    for (const OnnxPort* port : numbers) {
      if (port->name == name) return port;
    }
  }
  std::vector<std::string> names;
  for (const OnnxPort* port : numbers) names.push_back(port->name);
  return WithHint(absl::InvalidArgumentError(fmt::format("it has {} outputs that could be the prediction: {}",
                                                         names.size(), fmt::join(names, ", "))),
                  "say which one it is, or call it 'probabilities' or 'value'");
}

absl::Status CheckNumber(double value, Task task, int64_t row) {
  if (!std::isfinite(value)) {
    return absl::InvalidArgumentError(fmt::format("its output of row {} is {}, which is no number", row, value));
  }
  const bool is_probability = task == Task::kBinary || task == Task::kClasses;
  if (is_probability && (value < -kBeyond || value > 1 + kBeyond)) {
    return absl::InvalidArgumentError(
        fmt::format("its output of row {} is {}, which is no probability: it is not from 0 to 1", row, value));
  }
  if (task == Task::kCounts && value < 0) {
    return absl::InvalidArgumentError(fmt::format("its output of row {} is {}; a count is not negative", row, value));
  }
  return absl::OkStatus();
}

absl::Status CheckSum(std::span<const double> row_values, int64_t row) {
  double sum = 0;
  for (const double value : row_values) sum += value;
  if (std::fabs(sum - 1) <= kSumTolerance) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("the probabilities of row {} add up to {}, not to 1", row, sum));
}

absl::StatusOr<std::vector<double>> NumbersOf(const OnnxTensor& tensor) {
  if (const auto* doubles = std::get_if<std::vector<double>>(&tensor.values)) return *doubles;
  if (const auto* floats = std::get_if<std::vector<float>>(&tensor.values)) {
    return std::vector<double>(floats->begin(), floats->end());
  }
  return absl::InvalidArgumentError("its output holds neither floats nor doubles");
}

}  // namespace

absl::StatusOr<std::string> FindOutput(std::span<const OnnxPort> outputs, const OnnxOutputSpec& spec) {
  TRY_ASSIGN(const OnnxPort* port, FindPort(outputs, spec));
  TRY(CheckShape(*port, spec));
  return port->name;
}

absl::Status ReadOutput(const OnnxTensor& tensor, const OnnxOutputSpec& spec, int64_t num_rows, int64_t first_row,
                        std::span<double> outputs) {
  const auto& shape = tensor.shape;
  const int64_t width = shape.size() == 2 ? shape[1] : 1;
  if (shape.empty() || shape.size() > 2 || shape[0] != num_rows || !IsWidth(width, spec)) {
    return absl::InvalidArgumentError(
        fmt::format("for {} rows its output has shape {}; for the task '{}' it must be "
                    "[{},{}]",
                    num_rows, ShapeText(shape), TaskName(spec.task), num_rows, spec.num_outputs));
  }
  TRY_ASSIGN(const std::vector<double> values, NumbersOf(tensor));
  const bool is_probability = spec.task == Task::kBinary || spec.task == Task::kClasses;
  const auto stride = static_cast<size_t>(width);
  const auto wanted = static_cast<size_t>(spec.num_outputs);
  for (size_t row = 0; row < static_cast<size_t>(num_rows); ++row) {
    const auto given = std::span(values).subspan(row * stride, stride);
    const int64_t number = first_row + static_cast<int64_t>(row);
    for (const double value : given) TRY(CheckNumber(value, spec.task, number));
    if (is_probability && width > 1) TRY(CheckSum(given, number));
    for (size_t i = 0; i < wanted; ++i) {
      const double value = given[stride - wanted + i];  // of a binary pair the second
      outputs[row * wanted + i] = is_probability ? std::clamp(value, 0.0, 1.0) : value;
    }
  }
  return absl::OkStatus();
}

}  // namespace roost::predict
