#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "base/json.h"

namespace roost::pipeline {

/// A number from `low` to `high`; on a logarithmic scale 0.01 to 0.1 is as likely as 0.1 to 1.
struct NumberRange {
  double low = 0;
  double high = 1;
  bool log = false;

  bool operator==(const NumberRange&) const = default;
};

/// A whole number from `low` to `high`, both included.
struct IntegerRange {
  int64_t low = 0;
  int64_t high = 1;
  bool log = false;

  bool operator==(const IntegerRange&) const = default;
};

/// One of some values, each as likely as the others.
struct Choice {
  std::vector<std::string> values;

  bool operator==(const Choice&) const = default;
};

/// Something that `roost tune` may set.
struct Parameter {
  std::string name;  ///< what the caller knows it by, such as a key of roost.yaml: "trainer.l2"
  std::variant<NumberRange, IntegerRange, Choice> range;

  bool operator==(const Parameter&) const = default;
};

/// The value of a parameter in a trial: of the type of its range.
using ParameterValue = std::variant<double, int64_t, std::string>;

/// Which values the parameters may take. A value; equal spaces give equal trials.
class SearchSpace {
 public:
  /// InvalidArgument, with the parameter's name, where there is none, a name comes twice, a bound is not finite, `low`
  /// is above `high`, a logarithmic range does not begin above 0, or a choice has no values or one twice.
  static absl::StatusOr<SearchSpace> Make(std::vector<Parameter> parameters);

  const std::vector<Parameter>& parameters() const { return parameters_; }

  bool operator==(const SearchSpace&) const = default;

  /// [{"name": "l2", "low": 0.001, "high": 10.0, "log": true}, {"name": "depth", "low": 2, "high": 8}, {"name": ...,
  /// "choice": [...]}]
  Json ToJson() const;
  static absl::StatusOr<SearchSpace> FromJson(const Json& json);

 private:
  explicit SearchSpace(std::vector<Parameter> parameters) : parameters_(std::move(parameters)) {}

  std::vector<Parameter> parameters_;
};

/// The values of trial `index` (>= 0), one a parameter: drawn from the hash of seed, index and the parameter's name
/// alone, so that any trial can be made again, and that a parameter more does not change the others. Numbers are
/// rounded to 4 significant digits (and stay within their range): nobody wants to read more in roost.yaml.
std::vector<ParameterValue> RandomTrial(const SearchSpace& space, uint64_t seed, int64_t index);

/// As JSON: a number, a whole number, a text.
Json ValueToJson(const ParameterValue& value);

}  // namespace roost::pipeline
