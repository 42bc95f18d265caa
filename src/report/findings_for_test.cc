#include "report/findings_for_test.h"

#include "base/check.h"

namespace roost::report {
namespace {

using evaluate::FeatureNeed;

const evaluate::NamedMetric* LogLoss() {
  const auto found = evaluate::FindMetric(predict::Task::kBinary, "log_loss");
  ROOST_CHECK(found.ok(), "there is a log loss");
  return *found;
}

evaluate::Estimate Loss(double value) { return {.value = value, .standard_error = 0.0005, .degrees = 199}; }

}  // namespace

evaluate::FeatureFindings FindingsOfFlights() {
  evaluate::FeatureFindings findings{.metric = LogLoss(),
                                     .value = 0.45033,
                                     .dummy = 0.46935,
                                     .max_loss = 0.002,
                                     .least_correlation = 0.9,
                                     .order = {5, 3, 4, 2, 1, 0}};
  findings.features = {{.name = "date hour",
                        .declared = "{column: date, use: hour}",
                        .columns = {"date"},
                        .places = 25,
                        .missing_share = 0,
                        .importance = 0.0357,
                        .row_ns = 31.4,
                        .need = FeatureNeed::kNeeded,
                        .value = 0.4712,
                        .loss = Loss(0.0209)},
                       {.name = "origin one_hot",
                        .declared = "{column: origin, use: one_hot}",
                        .columns = {"origin"},
                        .places = 96,
                        .missing_share = 0.024,
                        .importance = 0.0056,
                        .row_ns = 55.1,
                        .need = FeatureNeed::kEpsilon,
                        .value = 0.4515,
                        .loss = Loss(0.0011)},
                       {.name = "distance standardize",
                        .declared = "{column: distance, use: standardize}",
                        .columns = {"distance"},
                        .places = 1,
                        .importance = 0.0001,
                        .row_ns = 8,
                        .need = FeatureNeed::kNoGain,
                        .value = 0.4503,
                        .loss = Loss(0.0001),
                        .repeats = {"miles standardize"}},
                       {.name = "miles standardize",
                        .declared = "{column: miles, use: standardize}",
                        .columns = {"miles"},
                        .places = 1,
                        .importance = -0.00002,
                        .row_ns = 8.2,
                        .need = FeatureNeed::kHarmful,
                        .value = 0.448,
                        .loss = Loss(-0.0023),
                        .repeats = {"distance standardize"}},
                       {.name = "tail hash",
                        .declared = "{column: tail, use: hash}",
                        .columns = {"tail"},
                        .places = 1025,
                        .importance = 0.0002,
                        .need = FeatureNeed::kFailed,
                        .failure = "the solver did not come to an end"},
                       {.name = "destination one_hot",
                        .declared = "{column: destination, use: one_hot}",
                        .columns = {"destination"},
                        .places = 110,
                        .importance = -0.0003}};
  findings.together =
      evaluate::RemovableSet{.names = {"origin one_hot", "miles standardize"}, .value = 0.4492, .loss = Loss(-0.0011)};
  findings.groups = {{"distance standardize", "miles standardize"}};
  findings.is_whole = false;
  return findings;
}

evaluate::FeatureFindings HostileFindings() {
  evaluate::FeatureFindings findings = FindingsOfFlights();
  findings.features[0].name = "<script>alert(1)</script>";
  findings.features[0].columns = {"</table></section></main>", "\x1b[31mred"};
  findings.features[3].repeats = {"<img src=x onerror=alert(2)>"};
  findings.features[4].failure = "<b>now\xe2\x80\xae";
  findings.features[5].name = std::string(500, 'w');
  findings.together->names = {"<style>*{}"};
  findings.groups = {{"\" onmouseover=\"alert(3)", "\xff\xfe raw"}};
  return findings;
}

}  // namespace roost::report
