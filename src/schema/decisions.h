#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "schema/anomaly.h"

namespace roost::schema {

/// What a person says to an anomaly.
enum class Action {
  kAccept,  ///< the data is right: the schema was changed as proposed. Kept for the record
  kRefuse,  ///< the data is wrong: the anomaly goes on being an error, a warning becomes one
  kSnooze,  ///< not now: the anomaly counts for nothing until the decision ends
};

/// One decision on an anomaly of a column (or of all rows) and a rule.
struct Decision {
  std::string dataset;  ///< "" for all that are held against the schema
  std::string column;   ///< "" for rules of the whole dataset
  Rule rule = Rule::kRows;
  std::string detail;  ///< as in Anomaly: which band, measure, key, custom rule; "" is all of them
  Action action = Action::kAccept;
  std::string person;
  std::string reason;
  int64_t day = 0;                   ///< when it was made: days since 1970-01-01
  std::optional<int64_t> until_day;  ///< the last day on which it holds; empty: it does not end by time
  /// The last version for which it holds; empty: it does not end by versions.
  std::optional<int64_t> until_version;
  Severity severity = Severity::kError;  ///< of the anomaly: a snooze of a warning does not cover an error
  std::string observed;                  ///< what had been observed: Anomaly::observed
  friend bool operator==(const Decision&, const Decision&) = default;
};

std::string_view ActionName(Action action);  ///< "accept", "refuse", "snooze"

/// The decision `action` on `anomaly`.
Decision DecideOn(const Anomaly& anomaly, Action action, std::string person, std::string reason, int64_t day);

/// What the check of a dataset's version is held against.
struct DecisionContext {
  std::string_view dataset;
  int64_t day = 0;                 ///< today: days since 1970-01-01
  std::optional<int64_t> version;  ///< that is checked; of rows that are no version yet the next one, where known
};

/// The newest decision on `anomaly` that still holds; null where there is none.
const Decision* NewestDecision(const Anomaly& anomaly, std::span<const Decision> decisions,
                               const DecisionContext& context);

/// Applies the newest decision on each anomaly that still holds: a snoozed one is marked in Anomaly::decided and counts
/// no more; a refused one becomes an error, and its message names the refusal. Accepted ones are left alone: the schema
/// was changed, and what breaks it now is something new. Errors stand first, as in Validate.
void ApplyDecisions(Report& report, std::span<const Decision> decisions, const DecisionContext& context);

/// As text for review, in the order given: schema-decisions.yaml. FromYaml reads back equal ones.
std::string DecisionsToYaml(std::span<const Decision> decisions);

/// InvalidArgument that begins with "path:line:" for what is no YAML, an unknown key (with a spelling hint), a missing
/// or bad value, or a rule that is not known.
absl::StatusOr<std::vector<Decision>> DecisionsFromYaml(std::string_view text, std::string_view path);

/// "2001-05-31" of days since 1970-01-01, and back; InvalidArgument for what is no date.
std::string DayText(int64_t day);
absl::StatusOr<int64_t> DayOfText(std::string_view text);

}  // namespace roost::schema
