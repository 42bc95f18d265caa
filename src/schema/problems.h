#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "schema/anomaly.h"

namespace roost::schema {

/// One thing that is wrong with a schema by itself, whatever the data.
struct Problem {
  std::string column;  ///< "" where it is about none
  Rule rule = Rule::kSchema;
  std::string message;  ///< "'range' is a rule for integers and numbers, and column 'a' is text"
  std::string tfx;      ///< what TensorFlow Data Validation calls it
};

/// All that is wrong with `schema`: rules that do not go with a column's type, bounds that exclude each other, names
/// that are missing, twice there or not known, expressions and patterns that cannot be read. In the schema's order.
std::vector<Problem> ProblemsIn(const Schema& schema);

/// `error`, which refuses a schema, with a hint that gives the names of what is wrong: ours and TensorFlow Data
/// Validation's.
absl::Status WithNames(absl::Status error, Rule rule, std::string_view tfx);

}  // namespace roost::schema
