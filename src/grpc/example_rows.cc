#include "grpc/example_rows.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "base/format.h"
#include "base/status.h"
#include "serving/infer.h"

namespace roost::grpc {
namespace {

using serving::Datatype;
using serving::Tensor;
using tensorflow::Example;
using tensorflow::Feature;
using Examples = google::protobuf::RepeatedPtrField<Example>;

/// How many bytes of `context` may stand in all rows together.
constexpr size_t kMaxContextBytes = 64 << 20;

int NumValues(const Feature& feature) {
  switch (feature.kind_case()) {
    case Feature::kBytesList: return feature.bytes_list().value_size();
    case Feature::kFloatList: return feature.float_list().value_size();
    case Feature::kInt64List: return feature.int64_list().value_size();
    case Feature::KIND_NOT_SET: return 0;
  }
  return 0;
}

/// The feature of that name, or null where it is not there or has no values.
const Feature* FeatureOf(const Example& example, const std::string& name) {
  const auto& features = example.features().feature();
  const auto found = features.find(name);
  return found == features.end() || NumValues(found->second) == 0 ? nullptr : &found->second;
}

/// Integers stay what they are in a tensor of times; numbers are all doubles.
bool AppendValue(const Feature& feature, Tensor& tensor) {
  if (feature.kind_case() == Feature::kBytesList) {
    if (tensor.datatype != Datatype::kBytes) return false;
    tensor.texts.push_back(feature.bytes_list().value(0));
  } else if (tensor.datatype == Datatype::kInt64) {
    if (feature.kind_case() != Feature::kInt64List) return false;
    tensor.Append(feature.int64_list().value(0));
  } else if (tensor.datatype == Datatype::kFp64) {
    tensor.Append(feature.kind_case() == Feature::kInt64List ? static_cast<double>(feature.int64_list().value(0))
                                                             : static_cast<double>(feature.float_list().value(0)));
  } else {
    return false;
  }
  return true;
}

void AppendMissing(size_t row, Tensor& tensor) {
  tensor.nulls.resize(row, false);
  tensor.nulls.push_back(true);
  if (tensor.datatype == Datatype::kBytes) {
    tensor.texts.emplace_back();
  } else {
    tensor.bytes.append(serving::ElementBytes(tensor.datatype), '\0');
  }
}

/// A time may come as text: the column is of texts then, which all of its rows must be.
bool HasTexts(const Examples& examples, const Example& context, const std::string& name) {
  const auto is_text = [&](const Example& example) {
    const Feature* feature = FeatureOf(example, name);
    return feature != nullptr && feature->kind_case() == Feature::kBytesList;
  };
  return is_text(context) || std::any_of(examples.begin(), examples.end(), is_text);
}

absl::StatusOr<Tensor> ColumnOf(const serving::TensorSpec& spec, const Examples& examples, const Example& context) {
  Tensor tensor{.name = spec.name, .datatype = spec.datatype, .shape = {examples.size()}};
  if (spec.datatype == Datatype::kInt64 && HasTexts(examples, context, spec.name)) tensor.datatype = Datatype::kBytes;
  const Feature* common = FeatureOf(context, spec.name);
  if (common != nullptr && common->ByteSizeLong() * static_cast<size_t>(examples.size()) > kMaxContextBytes) {
    return absl::InvalidArgumentError(
        fmt::format("feature '{}': it is too long to be repeated for each of {} examples", spec.name, examples.size()));
  }
  for (int row = 0; row < examples.size(); ++row) {
    const Feature* own = FeatureOf(examples[row], spec.name);
    const Feature* feature = own == nullptr ? common : own;
    if (feature == nullptr) {
      AppendMissing(static_cast<size_t>(row), tensor);
    } else if (NumValues(*feature) != 1 || !AppendValue(*feature, tensor)) {
      return absl::InvalidArgumentError(fmt::format("feature '{}' of example {} must be one value that is {}",
                                                    spec.name, row, serving::DatatypeName(tensor.datatype)));
    }
  }
  if (!tensor.nulls.empty()) tensor.nulls.resize(static_cast<size_t>(examples.size()), false);
  return tensor;
}

absl::Status CheckNames(const serving::Servable& servable, const Example& example) {
  for (const auto& [name, feature] : example.features().feature()) {
    const bool known = std::any_of(servable.inputs().begin(), servable.inputs().end(),
                                   [&, &wanted = name](const auto& spec) { return spec.name == wanted; });
    if (known) continue;
    std::string names;
    for (const auto& spec : servable.inputs()) names.append(names.empty() ? "" : ", ").append(spec.name);
    return absl::InvalidArgumentError(
        fmt::format("model {} has no input '{}'; it has: {}", servable.name(), Printable(name), names));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<Tensor>> ExampleTensors(const serving::Servable& servable,
                                                   const tensorflow::serving::Input& input) {
  const bool with_context = input.has_example_list_with_context();
  const Example& context = input.example_list_with_context().context();
  const Examples& examples =
      with_context ? input.example_list_with_context().examples() : input.example_list().examples();
  if (examples.empty()) return absl::InvalidArgumentError("the input has no examples");
  if (examples.size() > serving::kMaxRows) {
    return absl::InvalidArgumentError(fmt::format("{} examples; one request takes at most {}",
                                                  FormatCount(examples.size()), FormatCount(serving::kMaxRows)));
  }
  TRY(CheckNames(servable, context));
  for (const Example& example : examples) TRY(CheckNames(servable, example));
  std::vector<Tensor> tensors;
  for (const serving::TensorSpec& spec : servable.inputs()) {
    TRY_ASSIGN(Tensor tensor, ColumnOf(spec, examples, context));
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

}  // namespace roost::grpc
