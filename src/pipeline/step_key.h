#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "base/hash.h"
#include "base/json.h"
#include "pipeline/step.h"

namespace roost::pipeline {

/// Something that a step takes.
struct StepInput {
  std::string name;  ///< for people: "flights@4"
  std::string id;    ///< tells it apart from every other: a digest; empty: there is none

  friend bool operator==(const StepInput&, const StepInput&) = default;
};

/// Keys of roost.yaml with their values, defaults among them: "model.trainer.l2" -> "1.0".
using Configuration = std::map<std::string, std::string>;

/// All that decides what a step makes.
struct StepKey {
  Step step = Step::kIngest;
  int64_t program = 1;  ///< ProgramVersion(step), of the program that did it
  Configuration configuration;
  std::map<std::string, StepInput> inputs;  ///< "data" -> flights@4
  /// What the step chose by all the above: the version that a training starts from. A step that is known keeps its
  /// choice, so it is looked up without it.
  std::map<std::string, StepInput> chosen;

  /// SHA-256 of all of it but the inputs' names.
  Digest Hash() const;
  /// The same without what was chosen.
  Digest LookupHash() const;

  Json ToJson() const;
  /// What ToJson wrote; DataLoss for anything else.
  static absl::StatusOr<StepKey> FromJson(const Json& json);

  friend bool operator==(const StepKey&, const StepKey&) = default;
};

/// Counts up where this program comes to do a step in another way, so that the same inputs give another output: what an
/// older program made is then made anew.
int64_t ProgramVersion(Step step);

/// Those of `all` that decide what `step` makes.
Configuration ConfigurationOf(Step step, const Configuration& all);

/// What is another than `before`, and what is not: "configuration changed (model.trainer.l2), data the same". What was
/// chosen is not told. "nothing changed" where it is the same.
std::string ExplainChange(const StepKey& before, const StepKey& now);

}  // namespace roost::pipeline
