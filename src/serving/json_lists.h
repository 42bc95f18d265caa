#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "column/value.h"
#include "serving/tensor.h"

namespace roost::serving {

/// The lists of one input, which came as JSON arrays, one a row.
class JsonLists {
 public:
  /// Of texts or of numbers, as `kind` says; null elements are left out. InvalidArgument where a row that is not null
  /// holds no such array; the message names input and row.
  static absl::StatusOr<JsonLists> Parse(const Tensor& tensor, column::Kind kind);

  /// The list of a row that is not null; borrowed.
  column::Value At(int64_t row) const;

 private:
  absl::Status AddRow(std::string_view json, std::string_view where);

  column::Kind kind_ = column::Kind::kTextList;
  std::deque<std::string> strings_;  // what texts_ point to
  std::vector<std::string_view> texts_;
  std::vector<double> numbers_;
  std::vector<size_t> starts_{0};  // of each row in texts_ or numbers_
};

}  // namespace roost::serving
