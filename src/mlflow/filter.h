#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace roost::mlflow {

/// One condition of a search: "name LIKE 'late%'".
struct Condition {
  std::string field;  ///< "name", "tags.dataset"
  std::string op;     ///< "=", "!=", "<", "<=", ">", ">=", "LIKE", "ILIKE"
  std::string value;

  friend bool operator==(const Condition&, const Condition&) = default;
};

/// MLflow's `filter` of models and versions: conditions with AND between them; none of an empty text. Fields may stand
/// in backquotes or double quotes, values in quotes of either kind; numbers need none. InvalidArgument with the place.
absl::StatusOr<std::vector<Condition>> ParseFilter(std::string_view filter);

/// Whether all hold. `value_of` knows the value of a field; absent: no condition on it holds. Texts of digits are
/// compared as numbers by <, <=, > and >=.
bool Holds(const std::vector<Condition>& conditions,
           const std::function<std::optional<std::string>(const std::string&)>& value_of);

/// SQL's LIKE: '%' stands for any text, '_' for one byte.
bool IsLike(std::string_view text, std::string_view pattern, bool ignore_case);

}  // namespace roost::mlflow
