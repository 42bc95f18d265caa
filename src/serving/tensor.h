#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace roost::serving {

/// The datatypes of the Open Inference Protocol v2 that are understood here.
enum class Datatype { kBool, kInt8, kInt16, kInt32, kInt64, kUint8, kUint16, kUint32, kUint64, kFp32, kFp64, kBytes };

/// "FP64", as in the protocol.
std::string_view DatatypeName(Datatype datatype);

/// InvalidArgument with the names that there are.
absl::StatusOr<Datatype> ParseDatatype(std::string_view name);

/// Bytes of one element; 0 for BYTES, whose elements have any length.
size_t ElementBytes(Datatype datatype);

/// How many elements a tensor of `shape` has. InvalidArgument for a negative extent and for more than an int64 counts.
absl::StatusOr<int64_t> NumElements(std::span<const int64_t> shape);

/// "[2,3]".
std::string ShapeText(std::span<const int64_t> shape);

/// A named array of values in row-major order. Fixed-width elements lie in `bytes`, little-endian as on the wire;
/// elements of BYTES lie in `texts`. What is consistent about it is checked where it is used (CheckTensor).
struct Tensor {
  std::string name;
  Datatype datatype = Datatype::kFp64;
  std::vector<int64_t> shape;
  std::string bytes;
  std::vector<std::string> texts;
  std::vector<bool> nulls;  ///< one per element, or empty where none is null; a null's value is arbitrary

  int64_t size() const;
  bool IsNull(int64_t i) const { return !nulls.empty() && nulls[static_cast<size_t>(i)]; }

  /// Element `i` of a fixed-width tensor, T being its C++ type (uint8_t for BOOL).
  template <typename T>
  T At(int64_t i) const {
    T value;
    std::memcpy(&value, bytes.data() + static_cast<size_t>(i) * sizeof value, sizeof value);
    return value;
  }
  template <typename T>
  void Append(T value) {
    bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
};

/// InvalidArgument unless `tensor` has as many elements as its shape says, and nulls for all of them or none.
absl::Status CheckTensor(const Tensor& tensor);

}  // namespace roost::serving
