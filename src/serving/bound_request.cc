#include "serving/bound_request.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <simdjson.h>

#include "base/format.h"
#include "base/status.h"
#include "serving/iso_time.h"
#include "serving/rows.h"

namespace roost::serving {
namespace {

using BoundInput = BoundRequest::Input;

std::string_view AcceptedDatatypes(column::Kind kind) {
  switch (kind) {
    case column::Kind::kNumber: return "FP64, or another number or BOOL";
    case column::Kind::kText: return "BYTES";
    case column::Kind::kTime: return "INT64 (microseconds since 1970-01-01T00:00Z) or BYTES (ISO 8601)";
    case column::Kind::kTextList: return "BYTES (a JSON array of texts)";
    case column::Kind::kNumberList: return "BYTES (a JSON array of numbers)";
  }
  return "";
}

bool Accepts(column::Kind kind, Datatype datatype) {
  switch (kind) {
    case column::Kind::kNumber: return datatype != Datatype::kBytes;
    case column::Kind::kText: return datatype == Datatype::kBytes;
    case column::Kind::kTime: return datatype == Datatype::kInt64 || datatype == Datatype::kBytes;
    case column::Kind::kTextList:
    case column::Kind::kNumberList: return datatype == Datatype::kBytes;
  }
  return false;
}

double NumberAt(const Tensor& tensor, int64_t row) {
  switch (tensor.datatype) {
    case Datatype::kBool: return tensor.At<uint8_t>(row) != 0 ? 1.0 : 0.0;
    case Datatype::kInt8: return tensor.At<int8_t>(row);
    case Datatype::kInt16: return tensor.At<int16_t>(row);
    case Datatype::kInt32: return tensor.At<int32_t>(row);
    case Datatype::kInt64: return static_cast<double>(tensor.At<int64_t>(row));
    case Datatype::kUint8: return tensor.At<uint8_t>(row);
    case Datatype::kUint16: return tensor.At<uint16_t>(row);
    case Datatype::kUint32: return tensor.At<uint32_t>(row);
    case Datatype::kUint64: return static_cast<double>(tensor.At<uint64_t>(row));
    case Datatype::kFp32: return static_cast<double>(tensor.At<float>(row));
    case Datatype::kFp64: return tensor.At<double>(row);
    case Datatype::kBytes: break;
  }
  return std::nan("");  // not reached: Accepts refuses BYTES for numbers
}

column::Value ValueAt(const BoundInput& input, int64_t row) {
  const Tensor& tensor = *input.tensor;
  if (tensor.IsNull(row)) return {};
  switch (input.kind) {
    case column::Kind::kNumber: return NumberAt(tensor, row);
    case column::Kind::kText: return std::string_view(tensor.texts[static_cast<size_t>(row)]);
    case column::Kind::kTime:
      return input.micros.empty() ? tensor.At<int64_t>(row) : input.micros[static_cast<size_t>(row)];
    case column::Kind::kTextList:
    case column::Kind::kNumberList: return input.lists->At(row);
  }
  return {};
}

absl::Status CheckRows(const Tensor& tensor, int64_t num_rows) {
  if (num_rows <= kMaxRows) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("input '{}' has {} rows; one request takes at most {}", tensor.name,
                                                FormatCount(num_rows), FormatCount(kMaxRows)));
}

absl::Status CheckShape(const Tensor& tensor) {
  const auto& shape = tensor.shape;
  const bool column = shape.size() == 1 || (shape.size() == 2 && shape[1] == 1);
  if (!column) {
    return absl::InvalidArgumentError(
        fmt::format("input '{}': shape {} is not [N] or [N,1]", tensor.name, ShapeText(shape)));
  }
  TRY(CheckTensor(tensor));
  return CheckRows(tensor, tensor.size());
}

absl::Status CheckTexts(const Tensor& tensor) {
  for (size_t row = 0; row < tensor.texts.size(); ++row) {
    const std::string& text = tensor.texts[row];
    if (simdjson::validate_utf8(text.data(), text.size())) continue;
    return absl::InvalidArgumentError(fmt::format("input '{}': the text of row {} is not UTF-8", tensor.name, row));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<int64_t>> ParseTimes(const Tensor& tensor) {
  std::vector<int64_t> micros(tensor.texts.size());
  for (size_t row = 0; row < micros.size(); ++row) {
    if (tensor.IsNull(static_cast<int64_t>(row))) continue;
    const std::optional<int64_t> time = ParseIsoTime(tensor.texts[row]);
    if (!time.has_value()) {
      return absl::InvalidArgumentError(
          fmt::format("input '{}': '{}' in row {} is not an ISO 8601 time such as 2001-05-01T13:45:00Z", tensor.name,
                      std::string_view(tensor.texts[row]).substr(0, 40), row));
    }
    micros[row] = *time;
  }
  return micros;
}

absl::StatusOr<BoundInput> Bind(const Tensor& tensor, column::Kind kind) {
  BoundInput input{&tensor, kind, {}, {}};
  if (!Accepts(kind, tensor.datatype)) {
    return absl::InvalidArgumentError(fmt::format("input '{}' is a {}: it takes {}, not {}", tensor.name,
                                                  column::KindName(kind), AcceptedDatatypes(kind),
                                                  DatatypeName(tensor.datatype)));
  }
  TRY(CheckShape(tensor));
  if (tensor.datatype != Datatype::kBytes) return input;
  TRY(CheckTexts(tensor));
  if (kind == column::Kind::kTime) {
    TRY_ASSIGN(input.micros, ParseTimes(tensor));
  } else if (kind != column::Kind::kText) {
    TRY_ASSIGN(JsonLists lists, JsonLists::Parse(tensor, kind));
    input.lists = std::make_unique<const JsonLists>(std::move(lists));
  }
  return input;
}

absl::Status UnknownInput(const Servable& servable, const std::string& name) {
  std::vector<std::string> names;
  std::string list;
  for (const TensorSpec& spec : servable.inputs()) {
    names.push_back(spec.name);
    list.append(list.empty() ? "" : ", ").append(spec.name);
  }
  absl::Status status = absl::InvalidArgumentError(
      fmt::format("model {}@{} has no input '{}'; it has: {}", servable.name(), servable.version(), name, list));
  const std::string_view closest = ClosestName(name, names);
  return closest.empty() ? status : WithHint(std::move(status), fmt::format("did you mean '{}'?", closest));
}

/// The one tensor that holds all columns; null where the columns come one by one.
const Tensor* MatrixOf(const Servable& servable, const std::vector<Tensor>& tensors) {
  const auto columns = servable.model().inputs();
  if (tensors.size() != 1 || columns.size() < 2 || tensors.front().datatype == Datatype::kBytes) return nullptr;
  const auto& shape = tensors.front().shape;
  if (shape.size() != 2 || shape[1] != std::ssize(columns)) return nullptr;
  const bool all_numbers = std::all_of(columns.begin(), columns.end(),
                                       [](const auto& column) { return column.kind == column::Kind::kNumber; });
  return all_numbers ? &tensors.front() : nullptr;
}

/// The inputs in the order of the model's.
absl::StatusOr<std::vector<BoundInput>> BindAll(const Servable& servable, const std::vector<Tensor>& tensors) {
  const auto columns = servable.model().inputs();
  std::vector<BoundInput> inputs(columns.size());
  size_t column = 0;  // clients mostly send the tensors in the model's order
  for (const Tensor& tensor : tensors) {
    if (column >= columns.size() || columns[column].name != tensor.name) {
      const std::optional<size_t> found = servable.FindInput(tensor.name);
      if (!found.has_value()) return UnknownInput(servable, tensor.name);
      column = *found;
    }
    BoundInput& slot = inputs[column];
    if (slot.tensor != nullptr) {
      return absl::InvalidArgumentError(fmt::format("input '{}' comes more than once", tensor.name));
    }
    TRY_ASSIGN(slot, Bind(tensor, columns[column].kind));
    ++column;
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].tensor != nullptr) continue;
    return WithHint(absl::InvalidArgumentError(fmt::format("model {}@{} needs the input '{}', which is missing",
                                                           servable.name(), servable.version(), columns[i].name)),
                    "send null for values that are not known");
  }
  for (const BoundInput& input : inputs) {
    if (input.tensor->size() == inputs.front().tensor->size()) continue;
    return absl::InvalidArgumentError(fmt::format("input '{}' has {} rows, and input '{}' has {}", input.tensor->name,
                                                  input.tensor->size(), inputs.front().tensor->name,
                                                  inputs.front().tensor->size()));
  }
  return inputs;
}

/// The outputs that a request wants, in its order: the positions in servable.outputs().
absl::StatusOr<std::vector<size_t>> WantedOutputs(const Servable& servable, const std::vector<std::string>& names) {
  const auto& specs = servable.outputs();
  std::vector<size_t> wanted;
  if (names.empty()) {
    for (size_t i = 0; i < specs.size(); ++i) wanted.push_back(i);
    return wanted;
  }
  for (const std::string& name : names) {
    const auto spec = std::find_if(specs.begin(), specs.end(), [&](const auto& s) { return s.name == name; });
    if (spec == specs.end()) {
      std::string list;
      for (const TensorSpec& s : specs) list.append(list.empty() ? "" : ", ").append(s.name);
      return absl::InvalidArgumentError(
          fmt::format("model {}@{} has no output '{}'; it has: {}", servable.name(), servable.version(), name, list));
    }
    const auto position = static_cast<size_t>(spec - specs.begin());
    if (std::find(wanted.begin(), wanted.end(), position) != wanted.end()) {
      return absl::InvalidArgumentError(fmt::format("output '{}' is asked for more than once", name));
    }
    wanted.push_back(position);
  }
  return wanted;
}

/// Of each row the most probable class.
Tensor ClassTensor(const Servable& servable, std::span<const double> scores) {
  const auto classes = servable.model().classes();
  Tensor tensor{.name = servable.outputs()[1].name, .datatype = Datatype::kBytes};
  for (size_t first = 0; first < scores.size(); first += classes.size()) {
    const auto row = scores.subspan(first, classes.size());
    tensor.texts.push_back(classes[MostProbable(row)]);
  }
  tensor.shape = {static_cast<int64_t>(tensor.texts.size())};
  return tensor;
}

/// All outputs as numbers.
Tensor ScoreTensor(const TensorSpec& spec, std::span<const double> scores, int64_t num_rows) {
  Tensor tensor{.name = spec.name, .datatype = spec.datatype, .shape = spec.shape};
  tensor.shape[0] = num_rows;
  tensor.bytes.assign(reinterpret_cast<const char*>(scores.data()), scores.size_bytes());
  return tensor;
}

}  // namespace

absl::StatusOr<BoundRequest> BoundRequest::Bind(const Servable& servable, const InferRequest& request) {
  BoundRequest bound(servable, request);
  TRY_ASSIGN(bound.outputs_, WantedOutputs(servable, request.outputs));
  if (bound.matrix_ = MatrixOf(servable, request.inputs); bound.matrix_ != nullptr) {
    bound.num_rows_ = bound.matrix_->shape[0];
    TRY(CheckTensor(*bound.matrix_));
    TRY(CheckRows(*bound.matrix_, bound.num_rows_));
  } else {
    TRY_ASSIGN(bound.inputs_, BindAll(servable, request.inputs));
    bound.num_rows_ = bound.inputs_.front().tensor->size();
  }
  TRY(CheckOutputs(servable, bound.num_rows()));
  return bound;
}

void BoundRequest::AppendValues(int64_t begin, int64_t end, std::vector<column::Value>& values) const {
  if (matrix_ != nullptr) {
    const int64_t width = matrix_->shape[1];
    for (int64_t i = begin * width; i < end * width; ++i) {
      values.push_back(matrix_->IsNull(i) ? column::Value() : column::Value(NumberAt(*matrix_, i)));
    }
    return;
  }
  for (int64_t row = begin; row < end; ++row) {
    for (const Input& input : inputs_) values.push_back(ValueAt(input, row));
  }
}

InferResponse BoundRequest::Answer(std::span<const double> scores) const {
  InferResponse response{servable_->name(), servable_->version(), request_->id, {}};
  for (const size_t output : outputs_) {
    response.outputs.push_back(output == 0 ? ScoreTensor(servable_->outputs()[0], scores, num_rows())
                                           : ClassTensor(*servable_, scores));
  }
  return response;
}

}  // namespace roost::serving
