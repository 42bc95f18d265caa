#include "predict/onnx_model.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/format.h"
#include "base/status.h"
#include "predict/onnx_check.h"

namespace roost::predict {
namespace {

using column::Kind;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

bool IsColumnShape(std::span<const int64_t> shape) {
  return shape.size() == 1 || (shape.size() == 2 && (shape[1] == 1 || shape[1] < 0));
}

absl::Status CheckRows(const OnnxPort& port) {
  if (port.shape[0] < 0) return absl::OkStatus();
  return WithHint(
      absl::InvalidArgumentError(fmt::format("its input '{}' is for exactly {} rows", port.name, port.shape[0])),
      "export it with a free number of rows (dynamic_axes or dynamic_shapes in torch.onnx.export)");
}

bool Suits(OnnxElement element, Kind kind) {
  switch (element) {
    case OnnxElement::kText: return kind == Kind::kText;
    case OnnxElement::kInt64: return kind == Kind::kNumber || kind == Kind::kTime;
    case OnnxElement::kFloat:
    case OnnxElement::kDouble:
    case OnnxElement::kInt32:
    case OnnxElement::kBool: return kind == Kind::kNumber;
    case OnnxElement::kOther: break;
  }
  return false;
}

absl::Status NotInteger(const OnnxColumn& column, double value, int64_t row) {
  return absl::InvalidArgumentError(fmt::format("row {}: '{}' is {}, and the model takes an integer from it", row,
                                                column.column.name, FormatExact(value)));
}

// The integer that a value is, for inputs of type int64, int32 and bool.
absl::StatusOr<int64_t> IntegerOf(const column::Value& value, const OnnxColumn& column, int64_t row) {
  if (const auto* micros = std::get_if<int64_t>(&value)) return *micros;
  const auto* number = std::get_if<double>(&value);
  if (number == nullptr || std::isnan(*number)) {
    if (column.missing_integer.has_value()) return *column.missing_integer;
    return WithHint(absl::InvalidArgumentError(fmt::format("row {}: '{}' is missing, and the model's input is an "
                                                           "integer, which cannot say so",
                                                           row, column.column.name)),
                    "give the input a type of float, or declare what stands for a missing value");
  }
  constexpr double kEnd = 9223372036854775808.0;  // 2^63
  if (*number != std::trunc(*number) || *number < -kEnd || *number >= kEnd) return NotInteger(column, *number, row);
  return static_cast<int64_t>(*number);
}

template <typename T>
absl::StatusOr<OnnxValues> Integers(const auto& value_at, const OnnxColumn& column, size_t rows, int64_t first_row) {
  std::vector<T> values(rows);
  for (size_t i = 0; i < rows; ++i) {
    const int64_t row = first_row + static_cast<int64_t>(i);
    TRY_ASSIGN(const int64_t integer, IntegerOf(value_at(i), column, row));
    values[i] = static_cast<T>(integer);
    const bool fits = values[i] == integer && (!std::is_same_v<T, uint8_t> || integer <= 1);
    if (!fits) return NotInteger(column, static_cast<double>(integer), row);
  }
  return values;
}

template <typename T>
OnnxValues Floats(const auto& value_at, size_t rows) {
  std::vector<T> values(rows);
  for (size_t i = 0; i < rows; ++i) {
    const auto* number = std::get_if<double>(&value_at(i));
    values[i] = static_cast<T>(number == nullptr ? kNaN : *number);
  }
  return values;
}

OnnxValues Texts(const auto& value_at, const OnnxColumn& column, size_t rows) {
  const std::string missing = column.missing_text.value_or("");
  std::vector<std::string> values(rows);
  for (size_t i = 0; i < rows; ++i) {
    const auto* text = std::get_if<std::string_view>(&value_at(i));
    values[i] = text == nullptr ? missing : std::string(*text);
  }
  return values;
}

// One column of some rows as the tensor that an input takes.
absl::StatusOr<OnnxTensor> ColumnTensor(const auto& value_at, const OnnxColumn& column, const OnnxPort& port,
                                        size_t rows, int64_t first_row) {
  OnnxTensor tensor{.shape = {static_cast<int64_t>(rows)}};
  if (port.shape.size() == 2) tensor.shape.push_back(1);
  switch (port.element) {
    case OnnxElement::kFloat: tensor.values = Floats<float>(value_at, rows); break;
    case OnnxElement::kDouble: tensor.values = Floats<double>(value_at, rows); break;
    case OnnxElement::kInt64: {
      TRY_ASSIGN(tensor.values, Integers<int64_t>(value_at, column, rows, first_row));
      break;
    }
    case OnnxElement::kInt32: {
      TRY_ASSIGN(tensor.values, Integers<int32_t>(value_at, column, rows, first_row));
      break;
    }
    case OnnxElement::kBool: {
      TRY_ASSIGN(tensor.values, Integers<uint8_t>(value_at, column, rows, first_row));
      break;
    }
    case OnnxElement::kText: tensor.values = Texts(value_at, column, rows); break;
    case OnnxElement::kOther: ROOST_CHECK(false, "an input of another type was bound");
  }
  return tensor;
}

template <typename T>
std::vector<T> DenseValues(const transform::FeatureRows& rows, int64_t begin, int64_t end, T absent) {
  const auto width = static_cast<size_t>(rows.num_features);
  std::vector<T> values(static_cast<size_t>(end - begin) * width, absent);
  for (int64_t row = begin; row < end; ++row) {
    const auto offset = static_cast<size_t>(row - begin) * width;
    for (int64_t i = rows.starts[static_cast<size_t>(row)]; i < rows.starts[static_cast<size_t>(row) + 1]; ++i) {
      const auto entry = static_cast<size_t>(i);
      values[offset + static_cast<size_t>(rows.indices[entry])] = static_cast<T>(rows.values[entry]);
    }
  }
  return values;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const OnnxModel>> OnnxModel::Load(std::string bytes, OnnxOptions options) {
  TRY(CheckOnnx(bytes));
  const auto load = [&]() -> absl::StatusOr<std::shared_ptr<const OnnxModel>> {
    TRY_ASSIGN(auto session, OnnxSession::Open(bytes, options.intra_op_threads));
    const OnnxOutputSpec spec{options.task, options.num_outputs, options.output};
    TRY_ASSIGN(options.output, FindOutput(session->outputs(), spec));
    std::shared_ptr<OnnxModel> model(new OnnxModel(std::move(bytes), std::move(options), std::move(session)));
    if (model->options_.num_features.has_value()) {
      TRY(model->BindFeatures());
    } else {
      TRY(model->BindColumns());
    }
    return model;
  };
  auto model = load();
  if (!model.ok()) return Annotate(model.status(), "the ONNX model");
  return model;
}

absl::Status OnnxModel::BindColumns() {
  std::vector<OnnxColumn> declared = std::exchange(options_.columns, {});
  for (const OnnxPort& port : session_->inputs()) {
    if (!port.is_tensor || port.element == OnnxElement::kOther) {
      return absl::InvalidArgumentError(
          fmt::format("its input '{}' is no tensor of float, double, int64, int32, bool or string", port.name));
    }
    if (!IsColumnShape(port.shape)) {
      return WithHint(absl::InvalidArgumentError(fmt::format("its input '{}' is no column: its shape must be [N,1] or "
                                                             "[N]",
                                                             port.name)),
                      "give the model one input for each column, or declare that it takes the features");
    }
    TRY(CheckRows(port));
    OnnxColumn column{.column = {port.name, port.element == OnnxElement::kText ? Kind::kText : Kind::kNumber}};
    const auto known = std::find_if(declared.begin(), declared.end(),
                                    [&](const OnnxColumn& other) { return other.column.name == port.name; });
    if (known != declared.end()) {
      column = std::move(*known);
      declared.erase(known);
    }
    if (!Suits(port.element, column.column.kind)) {
      return absl::InvalidArgumentError(fmt::format("its input '{}' is of type {}, and the column is declared a {}",
                                                    port.name, OnnxElementName(port.element),
                                                    column::KindName(column.column.kind)));
    }
    inputs_.push_back(column.column);
    options_.columns.push_back(std::move(column));
  }
  if (inputs_.empty()) return absl::InvalidArgumentError("it has no input");
  if (declared.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("it has no input '{}'", declared.front().column.name));
}

absl::Status OnnxModel::BindFeatures() const {
  const int32_t width = *options_.num_features;
  const auto inputs = session_->inputs();
  if (inputs.size() != 1) {
    return absl::InvalidArgumentError(
        fmt::format("it has {} inputs; over features it must have one, [N,{}]", inputs.size(), width));
  }
  const OnnxPort& port = inputs.front();
  const bool is_number =
      port.is_tensor && (port.element == OnnxElement::kFloat || port.element == OnnxElement::kDouble);
  if (!is_number || port.shape.size() != 2 || (port.shape[1] >= 0 && port.shape[1] != width)) {
    return absl::InvalidArgumentError(
        fmt::format("its input '{}' must be a tensor of float or double of shape [N,{}]{}", port.name, width,
                    port.shape.size() == 2 && port.shape[1] >= 0 ? fmt::format(", not [N,{}]", port.shape[1]) : ""));
  }
  return CheckRows(port);
}

absl::Status OnnxModel::Run(std::span<const OnnxTensor> tensors, int64_t num_rows, int64_t first_row,
                            std::span<double> outputs) const {
  if (num_rows == 0) return absl::OkStatus();
  const auto result = session_->Run(tensors, options_.output);
  if (!result.ok()) return Annotate(result.status(), "the ONNX model");
  const OnnxOutputSpec spec{options_.task, options_.num_outputs, options_.output};
  return Annotate(ReadOutput(*result, spec, num_rows, first_row, outputs), "the ONNX model");
}

absl::Status OnnxModel::ScoreColumns(std::span<const column::Value> values, int64_t first_row,
                                     std::span<double> outputs) const {
  const size_t columns = inputs_.size();
  ROOST_CHECK(columns > 0, "a model over features was given columns");
  const size_t rows = values.size() / columns;
  ROOST_CHECK(outputs.size() == rows * static_cast<size_t>(options_.num_outputs), "values and outputs do not agree");
  std::vector<OnnxTensor> tensors;
  for (size_t i = 0; i < columns; ++i) {
    const auto value_at = [&](size_t row) -> const column::Value& { return values[row * columns + i]; };
    TRY_ASSIGN(OnnxTensor tensor, ColumnTensor(value_at, options_.columns[i], session_->inputs()[i], rows, first_row));
    tensors.push_back(std::move(tensor));
  }
  return Run(tensors, static_cast<int64_t>(rows), first_row, outputs);
}

absl::Status OnnxModel::ScoreFeatures(const transform::FeatureRows& rows, int64_t begin, int64_t end,
                                      std::span<double> outputs) const {
  ROOST_CHECK(options_.num_features == rows.num_features, "the features are not those of the model");
  OnnxTensor tensor{.shape = {end - begin, rows.num_features}};
  const double absent = options_.absent_is_nan ? kNaN : 0.0;
  if (session_->inputs().front().element == OnnxElement::kFloat) {
    tensor.values = DenseValues<float>(rows, begin, end, static_cast<float>(absent));
  } else {
    tensor.values = DenseValues<double>(rows, begin, end, absent);
  }
  return Run({&tensor, 1}, end - begin, begin, outputs);
}

}  // namespace roost::predict
