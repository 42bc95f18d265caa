#pragma once

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "api/project.h"
#include "api/training.h"
#include "base/context.h"
#include "base/json.h"
#include "config/assertions.h"
#include "store/commit.h"

namespace roost::api {

/// An assertion of roost.yaml, held against a run.
struct CheckedFact {
  config::Assertion assertion;
  bool holds = false;  ///< not where a figure is not known, so that nothing can be said
  std::vector<std::pair<std::string, std::optional<double>>> figures;  ///< that it names; empty: not known

  /// "rows >= 1000 (rows is 800): fewer do not tell".
  std::string ToText() const;
  Json ToJson() const;
};

/// All assertions of the project, held against a dataset version. Reads only what their expressions name: for figures
/// of training its rows, which are fitted too, unless `prepared` is there already.
absl::StatusOr<std::vector<CheckedFact>> CheckFacts(Project& project, const store::CommitInfo& dataset,
                                                    const PreparedTraining* prepared, const Context& context);

/// FailedPrecondition that tells the facts that do not hold; OK where all do.
absl::Status RequireFacts(std::span<const CheckedFact> facts);

/// Whether any assertion names a figure that is another one at another time.
bool NamesPassingFacts(const config::ProjectConfig& project);

}  // namespace roost::api
