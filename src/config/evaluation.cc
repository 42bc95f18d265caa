#include "config/evaluation.h"

#include <utility>

#include "base/status.h"
#include "base/time_span.h"
#include "config/model.h"

namespace roost::config {
namespace {

using evaluate::SliceKey;
using evaluate::SliceSpec;
using evaluate::TimePart;

constexpr size_t kMostKeys = 3;  // of a cross

Declaration<SliceKey> DeclareSliceKey() {
  Declaration<SliceKey> key;
  key.Text("column", &SliceKey::column, "the column that rows are cut by", Presence::kRequired)
      .Custom("value", "text", "", "only rows with this value; by default a slice for each", Presence::kOptional,
              [](const YamlNode& node, SliceKey& target) -> absl::Status {
                if (!node.IsScalar()) return node.Error("want a value, as it is shown");
                target.value = node.scalar();
                return absl::OkStatus();
              })
      .Shaped(ValueShape::Text())
      .Numbers("borders", &SliceKey::borders, {.min = -1e300, .max = 1e300}, "numbers: ranges with these borders")
      .Integer("quantiles", &SliceKey::quantiles, {.min = 0, .max = 100},
               "numbers: so many ranges of about equally many rows")
      .OptionalChoice("part", &SliceKey::part,
                      std::vector<std::pair<std::string, TimePart>>{
                          {"month", TimePart::kMonth}, {"weekday", TimePart::kWeekday}, {"hour", TimePart::kHour}},
                      "times: which part of them, in UTC");
  return key;
}

ValueShape SlicesShape() {
  const ValueShape key = ValueShape::Section(DeclareSliceKey().keys(), "column");
  return ValueShape::List(ValueShape::Either({key, ValueShape::List(key)}));
}

absl::StatusOr<SliceKey> ReadSliceKey(const YamlNode& node) {
  SliceKey key;
  if (node.IsScalar()) {
    key.column = node.scalar();
    return key;
  }
  TRY(DeclareSliceKey().keys()->Read(node, &key));
  return key;
}

absl::StatusOr<SliceSpec> ReadSlice(const YamlNode& node) {
  SliceSpec spec;
  if (!node.IsList()) {
    TRY_ASSIGN(SliceKey key, ReadSliceKey(node));
    spec.keys.push_back(std::move(key));
    return spec;
  }
  if (node.Elements().size() < 2 || node.Elements().size() > kMostKeys) {
    return node.Error("a cross is a list of two or three columns");
  }
  for (const YamlNode& element : node.Elements()) {
    TRY_ASSIGN(SliceKey key, ReadSliceKey(element));
    spec.keys.push_back(std::move(key));
  }
  return spec;
}

absl::Status ReadSlices(const YamlNode& node, EvaluationConfig& evaluation) {
  if (!node.IsList() || node.Elements().empty()) return node.Error("want a list of columns or of mappings");
  for (const YamlNode& element : node.Elements()) {
    TRY_ASSIGN(SliceSpec spec, ReadSlice(element));
    evaluation.slices.push_back(std::move(spec));
  }
  return absl::OkStatus();
}

/// A number, or an expression over the columns.
std::function<absl::Status(const YamlNode&, ValueConfig&)> ReadAmount(AmountConfig ValueConfig::*field) {
  return [field](const YamlNode& node, ValueConfig& value) -> absl::Status {
    AmountConfig& amount = value.*field;
    const auto number = ReadNumber(node, {.min = -1e100, .max = 1e100});
    if (number.ok()) {
      amount.constant = *number;
      return absl::OkStatus();
    }
    TRY_ASSIGN(amount.expression, ReadText(node));
    if (const absl::Status bad = CheckExpression(amount.expression); !bad.ok()) {
      return node.Error(std::string(bad.message()));
    }
    return absl::OkStatus();
  };
}

Declaration<ValueConfig> DeclareValue() {
  Declaration<ValueConfig> value;
  const auto amount = [&](std::string name, AmountConfig ValueConfig::*field, std::string meaning) {
    value
        .Custom(std::move(name), "number, or an expression", "0", std::move(meaning), Presence::kOptional,
                ReadAmount(field))
        .Shaped(ValueShape::Either({ValueShape::Number({.min = -1e100, .max = 1e100}), ValueShape::Text()}));
  };
  amount("true_positive", &ValueConfig::true_positive, "binary: acting on a row that is positive");
  amount("false_positive", &ValueConfig::false_positive, "binary: acting on a row that is not");
  amount("false_negative", &ValueConfig::false_negative, "binary: not acting on a row that is positive");
  amount("true_negative", &ValueConfig::true_negative, "binary: not acting on a row that is not");
  amount("over", &ValueConfig::over, "number, counts: the cost, at least 0, of a unit predicted too much");
  amount("under", &ValueConfig::under, "number, counts: the cost, at least 0, of a unit predicted too little");
  value
      .Numbers("hits", &ValueConfig::hits, {.min = -1e100, .max = 1e100},
               "ranking: what a relevant row is worth at the first place, the second, and so on")
      .Text(
          "each", &ValueConfig::each,
          "in place of all others, an expression: what a row is worth by its columns, `label`, `score` and `decision` "
          "(1 where the score is at least the threshold, else 0); not for classes and rankings",
          Presence::kOptional, CheckExpression);
  return value;
}

/// One entry of `rules`: a metric, and an intent or more.
struct RuleEntry {
  std::string metric;
  std::vector<std::pair<judge::Intent, double>> intents;
  bool each_slice = false;
  bool proven = false;
};

std::string_view MeaningOf(judge::Intent intent) {
  switch (intent) {
    case judge::Intent::kAtLeast: return "the metric is at least this";
    case judge::Intent::kAtMost:
      return "the metric is at most this; of bias and calibration_ratio the distance from 0 and 1";
    case judge::Intent::kMaxRegression: return "it is worse than the champion's by at most this";
    case judge::Intent::kMinGain: return "it is better than the champion's by at least this, proven";
    case judge::Intent::kMaxSuspiciousGain:
      return "it is better than the champion's by at most this: more is likely a leak of the label";
  }
  return "";
}

Declaration<RuleEntry> DeclareRule() {
  Declaration<RuleEntry> rule;
  rule.Text("metric", &RuleEntry::metric, "a metric of the model's task (docs/gate.md)", Presence::kRequired);
  for (const judge::Intent intent : judge::AllIntents()) {
    rule.Custom(std::string(judge::IntentName(intent)), "number", "", std::string(MeaningOf(intent)),
                Presence::kOptional,
                [intent](const YamlNode& node, RuleEntry& entry) -> absl::Status {
                  TRY_ASSIGN(const double bound, ReadNumber(node, {.min = -1e300, .max = 1e300}));
                  entry.intents.emplace_back(intent, bound);
                  return absl::OkStatus();
                })
        .Shaped(ValueShape::Number({.min = -1e300, .max = 1e300}));
  }
  rule.Flag("each_slice", &RuleEntry::each_slice, "of each slice of `model.evaluation.slices`, instead of all rows")
      .Flag("proven", &RuleEntry::proven,
            "refuse unless the rows show that the rule is kept; by default: refuse where they show that it is broken");
  return rule;
}

absl::Status ReadRules(const YamlNode& node, GateConfig& gate) {
  if (!node.IsList() || node.Elements().empty()) return node.Error("want a list of rules, each a mapping");
  const auto keys = DeclareRule().keys();
  for (const YamlNode& element : node.Elements()) {
    RuleEntry entry;
    TRY(keys->Read(element, &entry));
    if (entry.intents.empty()) {
      return element.Error("a rule says at_least, at_most, max_regression, min_gain or max_suspicious_gain");
    }
    for (const auto& [intent, bound] : entry.intents) {
      gate.rules.push_back({.metric = entry.metric,
                            .intent = intent,
                            .bound = bound,
                            .each_slice = entry.each_slice,
                            .proven = entry.proven});
    }
  }
  return absl::OkStatus();
}

}  // namespace

Declaration<EvaluationConfig> DeclareEvaluation() {
  Declaration<EvaluationConfig> evaluation;
  evaluation.Texts("metrics", &EvaluationConfig::metrics, "which figures; by default the usual ones of the task")
      .Custom("slices", "list", "",
              "parts of the rows that are measured too: a column (a slice for each value), a mapping, or a list of two "
              "or three of these (all combinations)",
              Presence::kOptional, ReadSlices, DeclareSliceKey().keys())
      .Shaped(SlicesShape())
      .Integer("min_rows", &EvaluationConfig::min_rows, {.min = 1, .max = 1'000'000'000},
               "slices of fewer rows are left out")
      .Integer("max_values", &EvaluationConfig::max_values, {.min = 1, .max = 1'000},
               "so many slices of one kind, those with the most rows")
      .Integer("resamples", &EvaluationConfig::resamples, {.min = 20, .max = 10'000},
               "of the bootstrap, from which errors come")
      .Number("confidence", &EvaluationConfig::confidence, {.min = 0.5, .max = 0.9999}, "of the intervals")
      .Text("unit", &EvaluationConfig::unit,
            "a column: rows of one value (a customer, a day) depend on each other and are drawn together")
      .Section("value", &EvaluationConfig::value, DeclareValue(), "what predictions are worth: the metric `value`");
  return evaluation;
}

Declaration<judge::ServerLimits> DeclareServerLimits() {
  using judge::ServerLimits;
  Declaration<ServerLimits> server;
  server
      .Number("max_row_ratio", &ServerLimits::max_row_ratio, {.min = 1, .max = 1e6},
              "processor time of a row, of the champion's; less than 5 µs more is never too much")
      .Number("max_memory_ratio", &ServerLimits::max_memory_ratio, {.min = 1, .max = 1e6},
              "memory of a server of this version alone, of the champion's; less than 64 MiB more is never too much")
      .Number("max_row_us", &ServerLimits::max_row_us, {.min = 0, .max = 1e9},
              "processor time of a row in microseconds; 0: no limit");
  return server;
}

Declaration<ServedConfig> DeclareServed() {
  Declaration<ServedConfig> served;
  served
      .Text("source", &ServedConfig::source,
            "rows that were served: a dataset version, or files (a path or glob, relative to roost.yaml)",
            Presence::kRequired)
      .Texts("join", &ServedConfig::join,
             "columns that tell rows apart: served and training rows of one key are compared value by value")
      .Number("max_skewed", &ServedConfig::max_skewed, {.min = 0, .max = 1},
              "with `join`: the share of the joined rows that may differ in a column of the model")
      .Integer("digits", &ServedConfig::digits, {.min = -1, .max = 15},
               "with `join`: fractional numbers are rounded to so many digits first; -1: they are not");
  return served;
}

absl::Status ReadMaxAge(const YamlNode& node, GateConfig& gate) {
  TRY_ASSIGN(const std::string text, ReadText(node));
  const absl::StatusOr<absl::Duration> age = ParseTimeSpan(text);
  if (!age.ok() || *age == absl::ZeroDuration()) return node.Error("want a length of time such as 12h or 30d");
  gate.max_age = *age;
  return absl::OkStatus();
}

Declaration<GateConfig> DeclareGate() {
  Declaration<GateConfig> gate;
  gate.Number("confidence", &GateConfig::confidence, {.min = 0.5, .max = 0.9999},
              "a version as good as the champion is refused in at most the rest of all gates")
      .Choice("baseline", &GateConfig::baseline, {{"dummy", GateBaseline::kDummy}, {"linear", GateBaseline::kLinear}},
              "what a version must be proven better than: `dummy` knows the training targets only, `linear` is a plain "
              "linear model of the same rows (of linear models the dummy)")
      .Custom("rules", "list", "", "what a version must keep", Presence::kRequired, ReadRules, DeclareRule().keys())
      .Shaped(ValueShape::List(ValueShape::Section(DeclareRule().keys())))
      .Section("server", &GateConfig::server, DeclareServerLimits(), "what a version may cost a server")
      .Custom("max_age", "length of time", "",
              "the newest training data (the last training row's time in the split's column; else the dataset "
              "version's) is at most so old when the version is judged: `12h`, `30d`",
              Presence::kOptional, ReadMaxAge)
      .Shaped(ValueShape::Text())
      .Section("serving", &GateConfig::serving, DeclareServed(), "what was served, which training data must be like");
  return gate;
}

}  // namespace roost::config
