#include "report/measured_for_test.h"

#include <cmath>
#include <random>
#include <utility>

#include <fmt/format.h>

#include "base/thread_pool.h"

namespace roost::report {
namespace {

using predict::Task;

constexpr size_t kRows = 4000;

// Rows and the scores of some versions.
struct Rows {
  Task task = Task::kBinary;
  int32_t num_outputs = 1;
  std::vector<double> targets;
  std::vector<std::vector<double>> scores;
  evaluate::TrainingBaseline baseline;
};

double Probability(double x) { return 1 / (1 + std::exp(-x)); }

void AppendScores(Task task, double seen, std::vector<double>& scores) {
  if (task == Task::kBinary) {
    scores.push_back(Probability(seen - 1.5));
  } else if (task == Task::kNumber) {
    scores.push_back(10 + 5 * seen);
  } else {
    const double first = std::exp(seen), third = std::exp(-seen);
    const double sum = first + 1 + third;
    scores.insert(scores.end(), {first / sum, 1 / sum, third / sum});
  }
}

double TargetOf(Task task, double signal, double chance) {
  if (task == Task::kBinary) return chance < Probability(signal - 1.5) ? 1 : 0;
  if (task == Task::kNumber) return 10 + 5 * signal + 4 * (chance - 0.5);
  return signal > 0.5 ? 0 : signal > -0.5 ? 1 : 2;
}

// The later the version, the less it sees of what decides.
Rows MakeRows(Task task, size_t num_versions) {
  std::mt19937_64 random(11);
  std::normal_distribution<double> normal;
  Rows rows{.task = task, .num_outputs = task == Task::kClasses ? 3 : 1};
  rows.scores.resize(num_versions);
  for (size_t row = 0; row < kRows; ++row) {
    const double signal = normal(random);
    rows.targets.push_back(TargetOf(task, signal, static_cast<double>(random() % 1000) / 1000));
    double seen = signal;
    for (std::vector<double>& scores : rows.scores) {
      AppendScores(task, seen, scores);
      seen += 0.6 * normal(random);
    }
  }
  const int32_t num_classes = task == Task::kClasses ? 3 : 0;
  rows.baseline = evaluate::MakeBaseline(task, rows.targets, {}, num_classes).value();
  return rows;
}

// All rows, then the named parts: each row in one of them.
evaluate::SliceSet MakeSlices(const std::vector<std::string>& parts) {
  evaluate::SliceSet slices{.num_rows = kRows, .slices = {{"all rows", kRows, 0}}};
  evaluate::SliceSet::Group group;
  for (size_t part = 0; part < parts.size(); ++part) {
    slices.slices.push_back({parts[part], 0, 1});
    group.slices_of_cell.push_back({0, static_cast<uint32_t>(part + 1)});
  }
  for (size_t row = 0; row < kRows; ++row) {
    const auto part = static_cast<uint32_t>(row % parts.size());
    group.cell_of_row.push_back(part);
    ++slices.slices[part + 1].rows;
  }
  slices.groups.push_back(std::move(group));
  return slices;
}

MeasuredForTest Measure(const Rows& rows, std::vector<std::string> names, evaluate::SliceSet slices,
                        const std::vector<std::string>& metrics, const evaluate::ValueAmounts* amounts = nullptr,
                        const std::vector<std::string>& class_names = {}) {
  MeasuredForTest measured{.names = std::move(names), .num_versions = rows.scores.size(), .slices = std::move(slices)};
  ThreadPool pool(1);
  const Context context{.pool = &pool, .seed = 7};
  for (const std::string& name : metrics) {
    measured.metrics.push_back(evaluate::FindMetric(rows.task, name).value());
  }
  std::vector<double> dummy;
  for (size_t row = 0; row < kRows; ++row) {
    dummy.insert(dummy.end(), rows.baseline.outputs.begin(), rows.baseline.outputs.end());
  }
  std::vector<evaluate::ModelScores> models;
  for (const std::vector<double>& scores : rows.scores) models.push_back({scores, rows.num_outputs, 0.4});
  models.push_back({dummy, rows.num_outputs, 0.4});
  const evaluate::MeasuredRows measured_rows{.task = rows.task, .targets = rows.targets, .amounts = amounts};
  evaluate::MeasureOptions options{.metrics = measured.metrics, .resamples = 40};
  for (size_t other = 1; other < models.size(); ++other) options.pairs.emplace_back(0, other);
  measured.figures = evaluate::MeasureSlices(measured_rows, models, measured.slices, options, context).value();
  for (size_t version = 0; version < rows.scores.size(); ++version) {
    const evaluate::ScoredRows scored{
        .scores = rows.scores[version], .num_outputs = rows.num_outputs, .targets = rows.targets};
    measured.evaluations.push_back(
        evaluate::EvaluateScores(rows.task, scored, {.baseline = rows.baseline, .class_names = class_names}).value());
    if (version > 0) {
      measured.changes.push_back(
          evaluate::CompareScores(measured_rows, models[0], models[version], measured.slices, context).value());
    }
    if (rows.task != Task::kBinary) continue;
    measured.curves.push_back(
        evaluate::MakeCurves(scored, amounts == nullptr ? nullptr : &amounts->outcomes, {}).value());
    measured.calibration.push_back(evaluate::CalibrationBySlice(scored, measured.slices, 10, context).value());
  }
  return measured;
}

MeasuredForTest MeasuredBinary(std::vector<std::string> names, const std::vector<std::string>& parts) {
  evaluate::ValueAmounts amounts;
  amounts.outcomes.true_positive.constant = 4;
  amounts.outcomes.false_positive.constant = -1;
  const Rows rows = MakeRows(Task::kBinary, names.size() - 1);
  MeasuredForTest measured =
      Measure(rows, std::move(names), MakeSlices(parts),
              {"log_loss", "auc", "accuracy", "precision", "recall", "calibration_ratio", "value"}, &amounts);
  measured.break_even = evaluate::BreakEvenProbability(amounts.outcomes);
  for (size_t version = 0; version < measured.num_versions; ++version) {
    measured.thresholds.push_back({0.4, version == 0 ? "model.threshold of its roost.yaml" : "the default"});
  }
  return measured;
}

}  // namespace

MeasuredModels MeasuredForTest::view() const {
  return {.names = names,
          .num_versions = num_versions,
          .metrics = metrics,
          .slices = slices.slices,
          .left_out = slices.left_out,
          .figures = figures,
          .changes = changes,
          .evaluations = evaluations,
          .curves = curves,
          .calibration = calibration,
          .thresholds = thresholds,
          .amounts = amounts,
          .break_even = break_even};
}

MeasuredForTest MeasuredLateFlights() {
  MeasuredForTest measured = MeasuredBinary({"late-flights@3", "late-flights@2", "late-flights@1", "dummy"},
                                            {"origin=ORD", "origin=DFW", "origin=ATL", "origin=LAX", "distance < 500",
                                             "distance in [500, 1000)", "distance >= 1000"});
  measured.amounts = {{"true positive", "4"}, {"false positive", "-1"}};
  measured.slices.left_out = {{"origin=HNL", 12, true}, {"origin=BOS", 130, false}};
  return measured;
}

MeasuredForTest MeasuredHostile() {
  MeasuredForTest measured = MeasuredBinary(
      {"<b>now</b>", "\" onmouseover=\"alert(1)", "dummy"},
      {"origin=<script>alert(1)</script>", "origin=<img src=x onerror=alert(1)>", "origin=\x1b[31mred", "\xff\xfe raw",
       "origin=\u202e"
       "right to left",
       std::string("a\0b", 3), "", std::string(5000, 'x'), "</table></section></main>"});
  measured.amounts = {{"<i>hit</i>", "what '<u>' has"}};
  measured.thresholds[1].source = "</dd><script>alert(2)</script>";
  measured.slices.left_out = {{"<style>*{display:none}</style>", 1, true}};
  return measured;
}

MeasuredForTest MeasuredClasses() {
  return Measure(MakeRows(Task::kClasses, 1), {"kinds@1", "dummy"}, MakeSlices({"small", "large"}),
                 {"log_loss", "accuracy", "macro_f1"}, nullptr, {"car", "<b>bus</b>", "tram"});
}

MeasuredForTest MeasuredNumber() {
  std::vector<std::string> parts;
  for (int i = 0; i < 300; ++i) parts.push_back(fmt::format("station={}", i));
  return Measure(MakeRows(Task::kNumber, 2), {"load@2", "load@1", "dummy"}, MakeSlices(parts),
                 {"rmse", "mae", "bias", "r2"});
}

}  // namespace roost::report
