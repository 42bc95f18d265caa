#include "serving/tensor.h"

#include <array>

#include <fmt/format.h>

#include "base/status.h"

namespace roost::serving {
namespace {

struct DatatypeRow {
  Datatype datatype;
  std::string_view name;
  size_t bytes;
};

/// In the order of Datatype.
constexpr std::array kDatatypes{
    DatatypeRow{Datatype::kBool, "BOOL", 1},     DatatypeRow{Datatype::kInt8, "INT8", 1},
    DatatypeRow{Datatype::kInt16, "INT16", 2},   DatatypeRow{Datatype::kInt32, "INT32", 4},
    DatatypeRow{Datatype::kInt64, "INT64", 8},   DatatypeRow{Datatype::kUint8, "UINT8", 1},
    DatatypeRow{Datatype::kUint16, "UINT16", 2}, DatatypeRow{Datatype::kUint32, "UINT32", 4},
    DatatypeRow{Datatype::kUint64, "UINT64", 8}, DatatypeRow{Datatype::kFp32, "FP32", 4},
    DatatypeRow{Datatype::kFp64, "FP64", 8},     DatatypeRow{Datatype::kBytes, "BYTES", 0},
};

}  // namespace

std::string_view DatatypeName(Datatype datatype) { return kDatatypes[static_cast<size_t>(datatype)].name; }

size_t ElementBytes(Datatype datatype) { return kDatatypes[static_cast<size_t>(datatype)].bytes; }

absl::StatusOr<Datatype> ParseDatatype(std::string_view name) {
  for (const DatatypeRow& row : kDatatypes) {
    if (row.name == name) return row.datatype;
  }
  std::string names;
  for (const DatatypeRow& row : kDatatypes) names.append(names.empty() ? "" : ", ").append(row.name);
  return absl::InvalidArgumentError(fmt::format("datatype '{}' is not understood; those that are: {}", name, names));
}

absl::StatusOr<int64_t> NumElements(std::span<const int64_t> shape) {
  int64_t product = 1;
  bool overflow = false;
  bool empty = false;
  for (const int64_t extent : shape) {
    if (extent < 0) return absl::InvalidArgumentError(fmt::format("shape {} has a negative extent", ShapeText(shape)));
    empty |= extent == 0;
    overflow |= __builtin_mul_overflow(product, extent, &product);
  }
  if (empty) return 0;
  if (overflow) return absl::InvalidArgumentError(fmt::format("shape {} has too many elements", ShapeText(shape)));
  return product;
}

std::string ShapeText(std::span<const int64_t> shape) {
  std::string text = "[";
  for (size_t i = 0; i < shape.size(); ++i) text += fmt::format("{}{}", i == 0 ? "" : ",", shape[i]);
  return text + "]";
}

int64_t Tensor::size() const {
  const size_t width = ElementBytes(datatype);
  return static_cast<int64_t>(width == 0 ? texts.size() : bytes.size() / width);
}

absl::Status CheckTensor(const Tensor& tensor) {
  const auto wanted = NumElements(tensor.shape);
  if (!wanted.ok()) return Annotate(wanted.status(), fmt::format("input '{}'", tensor.name));
  if (tensor.size() != *wanted) {
    return absl::InvalidArgumentError(fmt::format("input '{}': shape {} means {} values, and there are {}", tensor.name,
                                                  ShapeText(tensor.shape), *wanted, tensor.size()));
  }
  if (!tensor.nulls.empty() && tensor.nulls.size() != static_cast<size_t>(*wanted)) {
    return absl::InvalidArgumentError(
        fmt::format("input '{}': nulls are told for {} of its {} values", tensor.name, tensor.nulls.size(), *wanted));
  }
  return absl::OkStatus();
}

}  // namespace roost::serving
