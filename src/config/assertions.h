#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/declared.h"
#include "expr/expression.h"

namespace roost::config {

/// A fact that must hold at each run: an entry of `assert` in roost.yaml.
struct Assertion {
  std::string that;     ///< an expression over figures of the run that is true or false
  std::string because;  ///< for whoever reads that it does not hold; may be empty

  friend bool operator==(const Assertion&, const Assertion&) = default;
};

/// A figure that assertions may name; each is a number, or null where it is not known.
struct Fact {
  std::string_view name;
  std::string_view meaning;
  bool of_training = false;  ///< known when the training rows were read
  bool passes = false;       ///< another one at another time, whatever the data
};

/// In the order of the documentation.
std::span<const Fact> AllFacts();

/// The facts as columns of an expression, in the order of AllFacts.
std::vector<expr::Column> FactColumns();

Declaration<Assertion> DeclareAssertion();

/// The value of `assert`: a list whose entries are expressions or mappings. InvalidArgument with file and line, and
/// with a hint, for an expression that names something else, or is not true or false.
absl::StatusOr<std::vector<Assertion>> ReadAssertions(const YamlNode& node);

}  // namespace roost::config
