#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/declared.h"
#include "evaluate/slices.h"
#include "judge/rule.h"
#include "judge/server_check.h"

namespace roost::config {

/// What an outcome is worth: the same for all rows, or what an expression over the row's columns says.
struct AmountConfig {
  double constant = 0;
  std::string expression;  ///< empty: the constant
};

/// What predictions are worth, in the team's own currency (evaluate/value_amounts.h). Which count depends on the task.
struct ValueConfig {
  AmountConfig true_positive, false_positive, false_negative, true_negative;  ///< binary
  AmountConfig over, under;                                                   ///< number, counts
  std::vector<double> hits;                                                   ///< ranking, by place
  std::string each;  ///< in place of all these, an expression over `label`, `score`, `decision` and the row's columns
};

/// How a model is measured beside its usual figures.
struct EvaluationConfig {
  std::vector<std::string> metrics;  ///< beside those of the gate; empty: the usual ones of the task
  std::vector<evaluate::SliceSpec> slices;
  int64_t min_rows = 100;
  int64_t max_values = 100;
  int64_t resamples = 200;
  double confidence = 0.95;  ///< of the intervals that are shown
  std::string unit;          ///< rows of one value of this column are drawn together; empty: each row alone
  std::optional<ValueConfig> value;
};

/// What a version must be proven to be better than, champion or not.
enum class GateBaseline {
  kDummy,   ///< what knows the training targets only
  kLinear,  ///< a plain linear model of the same rows; of linear models, which have none, the dummy
};

/// Rows that were served: a version's training data must be like them.
struct ServedConfig {
  std::string source;             ///< a dataset version, or files: a path or glob, relative to roost.yaml
  std::vector<std::string> join;  ///< columns that tell rows apart; empty: no rows are joined
  double max_skewed = 0.01;       ///< share of the joined rows that may differ in a column of the model
  int64_t digits = -1;            ///< numbers are rounded to so many digits before they are compared; -1: are not
};

/// What a version must keep to be released.
struct GateConfig {
  double confidence = 0.95;
  GateBaseline baseline = GateBaseline::kDummy;
  std::vector<judge::Rule> rules;
  judge::ServerLimits server;
  std::optional<absl::Duration> max_age;  ///< of the newest training data; none: any
  std::optional<ServedConfig> serving;
};

Declaration<EvaluationConfig> DeclareEvaluation();
Declaration<GateConfig> DeclareGate();

}  // namespace roost::config
