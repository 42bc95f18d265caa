#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "evaluate/curves.h"
#include "report/options.h"

namespace roost::report {

/// A step of a run, in words.
struct RunStepText {
  std::string name;     ///< "train"
  std::string state;    ///< "done", "hit of run 2"
  std::string made;     ///< "late-flights@2 from flights@1, warm start"
  std::string reason;   ///< why it was done, or not
  std::string details;  ///< lines that a person must see: anomalies, broken rules
  std::string took;     ///< empty: nothing was done
};

/// A figure of all rows kept back, beside the dummy's.
struct RunMetricText {
  std::string name;
  std::optional<double> value, dummy;
};

/// A run of the pipeline, as its page tells it. Empty texts: there is no such thing.
struct RunText {
  int64_t number = 0;
  std::string asked;  ///< what was asked for: "all", "only train"
  std::string state;  ///< "done", "refused", "waits", "failed"
  std::string who, began, took, message;
  std::string data, model, verdict;  ///< "flights@2", "late-flights@3", "blessed"
  std::vector<RunStepText> steps;
  std::vector<RunMetricText> metrics;  ///< the main one first
  std::map<std::string, std::string> parameters, inputs;
  std::optional<evaluate::BinaryCurves> curves;
  std::string curves_absent;  ///< why there are none, where that is worth telling
};

/// All three are documents of the kind that ProfileReport makes: the same values give the same bytes, long lists are
/// cut, and the page says so.

/// Runs as a table, the newest first, with their main figures; how each metric went from run to run; the steps of each
/// run, folded.
std::string RunsReport(std::span<const RunText> runs, const ReportOptions& options);

/// One run: its steps, metrics beside the dummy, parameters, inputs, curves.
std::string RunReport(const RunText& run, const ReportOptions& options);

/// Two runs or more beside each other: what differs of parameters, inputs and metrics, what is the same folded; the
/// curves of the first two that have any.
std::string RunComparisonReport(std::span<const RunText> runs, const ReportOptions& options);

}  // namespace roost::report
