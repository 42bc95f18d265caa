#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/json.h"
#include "evaluate/metric.h"
#include "evaluate/resample.h"
#include "evaluate/slices.h"
#include "judge/rule.h"

namespace roost::judge {

/// What was measured of the version that is judged. All is borrowed.
struct Snapshot {
  predict::Task task = predict::Task::kBinary;
  std::span<const evaluate::NamedMetric* const> metrics;  ///< every rule's metric is among them
  /// The first is all rows. `figures` has an entry for each.
  std::span<const evaluate::Slice> slices;
  /// models: the version first; with a champion that second, and differences: the version minus the champion first.
  std::span<const evaluate::SliceFigures> figures;
  bool has_champion = false;
  std::string champion_name = "champion";  ///< what texts call what stands in the champion's place: "dummy"
};

enum class Outcome {
  kKept,
  kBroken,
  kNotJudged,   ///< too few rows to tell chance from harm, or the metric is not defined on them
  kNoChampion,  ///< there is nothing to compare with
};

/// "kept", "broken", "not judged", "no champion".
std::string_view OutcomeName(Outcome outcome);

/// What one rule says of one slice.
struct Finding {
  Rule rule;
  std::string slice;
  int64_t rows = 0;
  Outcome outcome = Outcome::kNotJudged;
  std::optional<double> value;     ///< of the version
  std::optional<double> champion;  ///< the champion's
  std::string champion_name;       ///< Snapshot::champion_name
  /// By how much the rule is broken, in the metric's unit; below 0 where it is kept.
  std::optional<double> excess;
  std::optional<double> standard_error;  ///< of the excess
  /// The chance that is allowed for a mistake of this finding alone.
  double error_share = 0;

  /// One sentence for people.
  std::string ToText() const;
};

struct Verdict {
  bool blessed = false;       ///< no rule is broken
  bool has_champion = false;  ///< else a person must release the version
  double confidence = 0;
  std::vector<Finding> findings;  ///< by rule, in their order, then by slice

  /// How many findings have that outcome.
  int64_t Count(Outcome outcome) const;
  Json ToJson() const;
};

struct GateOptions {
  std::vector<Rule> rules;
  /// A version that is as good as the champion is refused in at most 1 - confidence of all gates; in [0.5, 0.9999].
  double confidence = 0.95;
};

/// Holds the rules against the figures.
///
/// A rule that needs no proof is broken where the figures show that with the chance 1 - a for a mistake: the excess is
/// more than Student's quantile of 1 - a times its standard error. The allowed 1 - confidence is split: rules of all
/// rows share one half evenly, the findings of slices the other (all of it goes to one kind where the other is not
/// there), so that slices do not take the whole's. By Bonferroni's inequality the chance that a version which keeps all
/// of these rules is refused is at most 1 - confidence, whatever depends on what.
/// A rule that needs proof is kept only where the figures show that, at 1 - confidence for each: all of these must
/// hold, so one that does not hold is let pass by all with at most that chance (the intersection-union test, Berger
/// 1982). A version that is exactly as good as the champion has no gain, and min_gain refuses it: that is what it is
/// for.
/// Of a version without a champion the rules that compare are not judged; nothing passes for a comparison then.
///
/// InvalidArgument as CheckRule, for a confidence out of range, and for a snapshot that does not fit together. Cost:
/// rules times slices.
absl::StatusOr<Verdict> Judge(const Snapshot& snapshot, const GateOptions& options);

}  // namespace roost::judge
