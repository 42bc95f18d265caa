#include "config/assertions.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/format.h"
#include "base/status.h"

namespace roost::config {
namespace {

constexpr std::array kFacts{
    Fact{.name = "rows", .meaning = "rows of the dataset version"},
    Fact{.name = "new_rows", .meaning = "`rows` less those of the version before; all of the first version"},
    Fact{.name = "columns", .meaning = "columns of the dataset version"},
    Fact{.name = "version_age_days", .meaning = "days since the dataset version was made", .passes = true},
    Fact{.name = "data_age_days",
         .meaning = "days since the latest time in `model.split.column`; not known unless the split is by time",
         .passes = true},
    Fact{.name = "model_versions", .meaning = "versions of the model that there are before this run", .passes = true},
    Fact{.name = "training_rows", .meaning = "labelled rows that the model learns from", .of_training = true},
    Fact{.name = "evaluation_rows", .meaning = "labelled rows that are kept back to evaluate it", .of_training = true},
    Fact{.name = "unlabelled_rows",
         .meaning = "rows without a label or without a value in the split's column",
         .of_training = true},
    Fact{.name = "features",
         .meaning = "values of the feature vector; of a trainer that takes columns the columns",
         .of_training = true},
};

absl::Status CheckThat(const std::string& text) {
  TRY_ASSIGN(const expr::Expression expression, expr::Expression::Parse(text));
  std::vector<std::string> names;
  for (const Fact& fact : kFacts) names.emplace_back(fact.name);
  for (const std::string& name : expression.columns()) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    const std::string_view closest = ClosestName(name, names);
    return WithHint(absl::InvalidArgumentError(fmt::format("'{}' is no figure of a run", name)),
                    closest.empty() ? fmt::format("the figures are {}", fmt::join(names, ", "))
                                    : fmt::format("did you mean '{}'?", closest));
  }
  TRY_ASSIGN(const expr::BoundExpression bound, expression.Bind(FactColumns()));
  if (bound.kind() == expr::Kind::kBoolean) return absl::OkStatus();
  return WithHint(absl::InvalidArgumentError(
                      fmt::format("a fact is true or false, and this is a {}", expr::KindName(bound.kind()))),
                  "compare it: rows >= 1000");
}

}  // namespace

std::span<const Fact> AllFacts() { return kFacts; }

std::vector<expr::Column> FactColumns() {
  std::vector<expr::Column> columns;
  for (const Fact& fact : kFacts) columns.push_back({.name = std::string(fact.name), .kind = expr::Kind::kNumber});
  return columns;
}

Declaration<Assertion> DeclareAssertion() {
  Declaration<Assertion> assertion;
  assertion
      .Text("that", &Assertion::that,
            "an expression over figures of the run that is true or false (docs/config.md); alone it may stand without "
            "this key",
            Presence::kRequired)
      .Text("because", &Assertion::because, "why it must hold: told where it does not");
  return assertion;
}

absl::StatusOr<std::vector<Assertion>> ReadAssertions(const YamlNode& node) {
  if (!node.IsList() || node.Elements().empty()) return node.Error("want a list with one expression or more");
  std::vector<Assertion> assertions;
  for (const YamlNode& element : node.Elements()) {
    Assertion assertion;
    if (element.IsScalar()) {
      assertion.that = element.scalar();
    } else {
      TRY(DeclareAssertion().keys()->Read(element, &assertion));
    }
    if (const absl::Status bad = CheckThat(assertion.that); !bad.ok()) {
      absl::Status told = element.Error(std::string(bad.message()));
      const std::string hint = HintOf(bad);
      return hint.empty() ? told : WithHint(std::move(told), hint);
    }
    assertions.push_back(std::move(assertion));
  }
  return assertions;
}

}  // namespace roost::config
