#include "evaluate/resample.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "base/status.h"
#include "base/thread_pool.h"
#include "evaluate/resample_kernels.h"

namespace roost::evaluate {
namespace {

using predict::Task;
using testing::HasSubstr;

std::vector<const NamedMetric*> Metrics(Task task, std::initializer_list<const char*> names) {
  std::vector<const NamedMetric*> metrics;
  for (const char* name : names) metrics.push_back(FindMetric(task, name).value());
  return metrics;
}

// All metrics of a task but value.
std::vector<const NamedMetric*> AllMetrics(Task task) {
  std::vector<const NamedMetric*> metrics;
  for (const NamedMetric& metric : MetricsOf(task)) {
    if (metric.name != "value") metrics.push_back(&metric);
  }
  return metrics;
}

// Rows of two models of any task.
struct Data {
  Task task = Task::kBinary;
  int32_t num_outputs = 1;
  std::vector<double> targets, weights;
  std::vector<int64_t> groups, units;
  std::vector<double> scores[2];

  size_t size() const { return targets.size(); }
  void Append(const Data& from, size_t row) {
    task = from.task;
    num_outputs = from.num_outputs;
    targets.push_back(from.targets[row]);
    if (!from.weights.empty()) weights.push_back(from.weights[row]);
    if (!from.groups.empty()) groups.push_back(from.groups[row]);
    if (!from.units.empty()) units.push_back(from.units[row]);
    const auto outputs = static_cast<size_t>(num_outputs);
    for (int model : {0, 1}) {
      for (size_t i = 0; i < outputs; ++i) scores[model].push_back(from.scores[model][row * outputs + i]);
    }
  }
};

SliceSet WholeOf(size_t num_rows) {
  SliceSet slices{.num_rows = num_rows, .slices = {{"all rows", static_cast<int64_t>(num_rows), 0}}};
  slices.groups.push_back({std::vector<uint32_t>(num_rows), {{0}}});
  return slices;
}

// All rows, the even ones, and in a second group the first half.
SliceSet OverlappingOf(size_t num_rows) {
  SliceSet slices = WholeOf(num_rows);
  slices.slices.push_back({"even", 0, 1});
  slices.slices.push_back({"first half", 0, 2});
  slices.groups[0].slices_of_cell = {{0}, {0, 1}};
  slices.groups.push_back({std::vector<uint32_t>(num_rows), {{}, {2}}});
  for (size_t row = 0; row < num_rows; ++row) {
    slices.groups[0].cell_of_row[row] = row % 2 == 0 ? 1 : 0;
    slices.groups[1].cell_of_row[row] = row < num_rows / 2 ? 1 : 0;
  }
  return slices;
}

absl::StatusOr<std::vector<SliceFigures>> TryMeasure(const Data& data, const SliceSet& slices,
                                                     const MeasureOptions& options, size_t threads = 1,
                                                     uint64_t seed = 7) {
  ThreadPool pool(threads);
  const Context context{.pool = &pool, .seed = seed};
  const ModelScores models[] = {{data.scores[0], data.num_outputs}, {data.scores[1], data.num_outputs}};
  return MeasureSlices(
      {.task = data.task, .targets = data.targets, .weights = data.weights, .groups = data.groups, .units = data.units},
      models, slices, options, context);
}

std::vector<SliceFigures> Measure(const Data& data, const SliceSet& slices, const MeasureOptions& options,
                                  size_t threads = 1, uint64_t seed = 7) {
  return TryMeasure(data, slices, options, threads, seed).value();
}

double Probability(double x) { return 1 / (1 + std::exp(-x)); }

// Rows of every task; the second model is somewhat worse than the first, and errs where that does.
Data RandomData(Task task, size_t num_rows, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  Data data{.task = task, .num_outputs = task == Task::kClasses ? 3 : 1};
  for (size_t row = 0; row < num_rows; ++row) {
    const double signal = normal(random);
    const double noise[] = {0.5 * normal(random), 0.5 * normal(random)};
    const double seen[] = {signal + noise[0], signal + noise[0] + noise[1]};
    data.groups.push_back(static_cast<int64_t>(row / 5));
    for (int model : {0, 1}) {
      std::vector<double>& scores = data.scores[model];
      switch (task) {
        case Task::kBinary: scores.push_back(Probability(seen[model])); break;
        case Task::kNumber: scores.push_back(100 + seen[model]); break;
        case Task::kCounts: scores.push_back(std::exp(seen[model])); break;
        case Task::kRanking: scores.push_back(std::round(4 * seen[model])); break;
        case Task::kClasses: {
          const double middle = 0.4;
          const double high = (1 - middle) * Probability(seen[model]);
          scores.insert(scores.end(), {1 - middle - high, middle, high});
        }
      }
    }
    const double draw = std::uniform_real_distribution<double>()(random);
    switch (task) {
      case Task::kBinary: data.targets.push_back(draw < Probability(signal) ? 1 : 0); break;
      case Task::kNumber: data.targets.push_back(100 + signal + normal(random)); break;
      case Task::kCounts: data.targets.push_back(std::poisson_distribution<int>(std::exp(signal))(random)); break;
      case Task::kRanking: data.targets.push_back(signal > 0.5 ? std::round(2 * signal) : 0); break;
      case Task::kClasses: data.targets.push_back(draw < 0.3 ? 1 : signal > 0 ? 2 : 0);
    }
  }
  if (task != Task::kRanking) data.groups.clear();
  return data;
}

constexpr Task kTasks[] = {Task::kBinary, Task::kClasses, Task::kNumber, Task::kCounts, Task::kRanking};

bool Same(const Estimate& a, const Estimate& b) {
  return a.value == b.value && a.standard_error == b.standard_error && a.degrees == b.degrees;
}

void ExpectSame(const std::vector<SliceFigures>& a, const std::vector<SliceFigures>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t slice = 0; slice < a.size(); ++slice) {
    for (size_t model = 0; model < a[slice].models.size(); ++model) {
      for (size_t metric = 0; metric < a[slice].models[model].size(); ++metric) {
        EXPECT_TRUE(Same(a[slice].models[model][metric], b[slice].models[model][metric])) << slice << " " << metric;
      }
    }
    for (size_t metric = 0; metric < a[slice].differences[0].size(); ++metric) {
      EXPECT_TRUE(Same(a[slice].differences[0][metric], b[slice].differences[0][metric])) << slice << " " << metric;
    }
  }
}

void ExpectNearValues(const SliceFigures& a, const SliceFigures& b, double tolerance) {
  for (size_t model = 0; model < a.models.size(); ++model) {
    for (size_t metric = 0; metric < a.models[model].size(); ++metric) {
      const std::optional<double> x = a.models[model][metric].value;
      const std::optional<double> y = b.models[model][metric].value;
      ASSERT_EQ(x.has_value(), y.has_value()) << metric;
      if (x.has_value()) {
        EXPECT_NEAR(*x, *y, tolerance * std::max(1.0, std::abs(*x))) << metric;
      }
    }
  }
}

TEST(PoissonWeights, AreThoseOfAPlainGenerator) {
  const auto mix = [](uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  };
  constexpr uint64_t kGolden = 0x9e3779b97f4a7c15;
  for (uint64_t unit = 0; unit < 100; ++unit) {
    const uint64_t key = UnitKey(3, unit);
    EXPECT_EQ(key, mix(mix(3 + kGolden) + unit * kGolden));
    double weights[kLanes];
    PoissonWeights(key, 2, weights);
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const uint64_t word = mix(key + (16 + lane / 4 + 1) * kGolden);
      const auto draw = static_cast<double>((word >> (16 * (lane % 4))) & 0xffff);
      double chance = std::exp(-1.0), below = chance;  // Poisson's, of a count and of no more
      double count = 0;
      while (std::round(65536 * below) <= draw && count < 8) {
        chance /= ++count;
        below += chance;
      }
      EXPECT_EQ(weights[lane], count) << unit << " " << lane << " " << draw;
    }
  }
}

TEST(PoissonWeights, HaveMeanAndVarianceOneAndNothingInCommon) {
  double sum = 0, squares = 0, neighbours = 0;
  constexpr int kUnits = 20'000;
  double last[kLanes] = {};
  for (uint64_t unit = 0; unit < kUnits; ++unit) {
    double weights[kLanes];
    PoissonWeights(UnitKey(1, unit), 0, weights);
    for (size_t lane = 0; lane < kLanes; ++lane) {
      sum += weights[lane];
      squares += weights[lane] * weights[lane];
      neighbours += (weights[lane] - 1) * (last[lane] - 1 + weights[(lane + 1) % kLanes] - 1);
    }
    std::copy_n(weights, kLanes, last);
  }
  constexpr double kDraws = kUnits * double{kLanes};
  EXPECT_NEAR(sum / kDraws, 1, 4 / std::sqrt(kDraws));
  EXPECT_NEAR(squares / kDraws - 1, 1, 4 * std::sqrt(10 / kDraws));
  EXPECT_NEAR(neighbours / kDraws, 0, 5 * std::sqrt(2 / kDraws));
}

TEST(MeasureSlices, ThreadsChangeNoBit) {
  for (const Task task : kTasks) {
    const Data data = RandomData(task, 400, 1);
    const MeasureOptions options{.metrics = AllMetrics(task), .pairs = {{0, 1}}, .resamples = 70};
    const std::vector<SliceFigures> one = Measure(data, OverlappingOf(data.size()), options, 1);
    ExpectSame(one, Measure(data, OverlappingOf(data.size()), options, 3));
    EXPECT_TRUE(one[0].models[0][0].standard_error.has_value());
  }
}

TEST(MeasureSlices, TheOrderOfRowsChangesNoBitOfAValue) {
  for (const Task task : kTasks) {
    Data data = RandomData(task, 300, 2);
    std::mt19937_64 random(3);
    for (size_t row = 0; row < data.size(); ++row) data.weights.push_back(0.25 * static_cast<double>(random() % 9));
    std::vector<size_t> order(data.size());
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), random);
    Data shuffled;
    for (const size_t row : order) shuffled.Append(data, row);
    const MeasureOptions options{.metrics = AllMetrics(task), .pairs = {{0, 1}}, .resamples = 0};
    ExpectSame(Measure(data, WholeOf(data.size()), options), Measure(shuffled, WholeOf(data.size()), options));
  }
}

TEST(MeasureSlices, ARowOfWeightTwoIsAsTwoRowsAndOneOfNoneAsNone) {
  for (const Task task : {Task::kBinary, Task::kClasses, Task::kNumber, Task::kCounts}) {
    Data weighted = RandomData(task, 200, 4);
    Data plain;
    for (size_t row = 0; row < weighted.size(); ++row) {
      weighted.weights.push_back(static_cast<double>(row % 3));
      for (size_t copy = 0; copy < row % 3; ++copy) {
        Data one = weighted;
        one.weights.clear();
        plain.Append(one, row);
      }
    }
    MeasureOptions options{.metrics = AllMetrics(task), .resamples = 0};
    // The bins of the calibration are cut by rows, as its header says.
    std::erase_if(options.metrics, [](const NamedMetric* metric) { return metric->name == "calibration_error"; });
    ExpectNearValues(Measure(weighted, WholeOf(weighted.size()), options)[0],
                     Measure(plain, WholeOf(plain.size()), options)[0], 1e-12);
  }
}

// Values and errors: rows are told by their units here, so that they have the same weights in both.
TEST(MeasureSlices, ASliceIsAsItsRowsAlone) {
  for (const Task task : kTasks) {
    Data data = RandomData(task, 300, 5);
    for (size_t row = 0; row < data.size() && task != Task::kRanking; ++row) {
      data.units.push_back(static_cast<int64_t>(row));
    }
    const SliceSet slices = OverlappingOf(data.size());
    const MeasureOptions options{.metrics = AllMetrics(task), .pairs = {{0, 1}}, .resamples = 64};
    const std::vector<SliceFigures> figures = Measure(data, slices, options);
    for (size_t slice = 0; slice < slices.slices.size(); ++slice) {
      Data alone;
      for (const size_t row : slices.RowsOf(slice)) alone.Append(data, row);
      const SliceFigures of_alone = Measure(alone, WholeOf(alone.size()), options)[0];
      EXPECT_EQ(figures[slice].rows, static_cast<int64_t>(alone.size()));
      EXPECT_EQ(figures[slice].effective_units, of_alone.effective_units);
      ExpectNearValues(figures[slice], of_alone, 1e-12);
      for (size_t metric = 0; metric < options.metrics.size(); ++metric) {
        const std::optional<double> a = figures[slice].differences[0][metric].standard_error;
        const std::optional<double> b = of_alone.differences[0][metric].standard_error;
        ASSERT_EQ(a.has_value(), b.has_value()) << options.metrics[metric]->name;
        if (a.has_value()) {
          EXPECT_NEAR(*a, *b, 1e-6 * *b + 1e-12) << options.metrics[metric]->name;
        }
      }
    }
  }
}

TEST(MeasureSlices, EqualModelsDoNotDiffer) {
  Data data = RandomData(Task::kBinary, 200, 6);
  data.scores[1] = data.scores[0];
  const SliceFigures figures =
      Measure(data, WholeOf(200), {.metrics = AllMetrics(Task::kBinary), .pairs = {{0, 1}}})[0];
  for (const Estimate& difference : figures.differences[0]) {
    EXPECT_EQ(difference.value, 0);
    EXPECT_EQ(difference.standard_error, 0);
  }
}

TEST(MeasureSlices, ClaimsNothingOfFewUnits) {
  Data data = RandomData(Task::kNumber, 200, 7);
  MeasureOptions options{.metrics = Metrics(Task::kNumber, {"rmse"}), .least_units = 30};
  const SliceFigures rows = Measure(data, WholeOf(200), options)[0];
  EXPECT_NEAR(rows.effective_units, 200, 1e-9);
  EXPECT_TRUE(rows.models[0][0].At(0.95).has_value());
  for (size_t row = 0; row < 200; ++row) data.units.push_back(static_cast<int64_t>(row % 20));
  const SliceFigures units = Measure(data, WholeOf(200), options)[0];
  EXPECT_NEAR(units.effective_units, 20, 1e-9);
  EXPECT_EQ(units.models[0][0].standard_error, std::nullopt);
  EXPECT_TRUE(units.models[0][0].value.has_value());
  data.units.clear();
  data.weights.assign(200, 1e-6);
  data.weights[0] = 1;
  EXPECT_NEAR(Measure(data, WholeOf(200), options)[0].effective_units, 1, 1e-3);
}

TEST(MeasureSlices, AValueThatNoResampleChangesHasNoError) {
  Data data = RandomData(Task::kBinary, 100, 9);
  for (size_t row = 0; row < 100; ++row) data.scores[0][row] = 0.25 + 0.5 * data.targets[row];
  const SliceFigures figures =
      Measure(data, WholeOf(100), {.metrics = Metrics(Task::kBinary, {"accuracy", "log_loss"}), .pairs = {{0, 1}}})[0];
  EXPECT_EQ(figures.models[0][0].value, 1);
  EXPECT_EQ(figures.models[0][0].standard_error, std::nullopt);
  EXPECT_TRUE(figures.models[1][0].standard_error.has_value());
  EXPECT_TRUE(figures.differences[0][0].standard_error.has_value());
}

TEST(MeasureSlices, OfARankingOnlyGroupsWithARelevantRowAreUnits) {
  const Data data = RandomData(Task::kRanking, 500, 10);
  std::vector<bool> is_relevant(100);
  for (size_t row = 0; row < 500; ++row) is_relevant[row / 5] = is_relevant[row / 5] || data.targets[row] > 0;
  const auto expected = static_cast<double>(std::count(is_relevant.begin(), is_relevant.end(), true));
  ASSERT_LT(expected, 100);
  const SliceFigures figures = Measure(data, WholeOf(500), {.metrics = Metrics(Task::kRanking, {"mrr", "weight"})})[0];
  EXPECT_NEAR(figures.effective_units, expected, 1e-9);
  EXPECT_EQ(figures.models[0][1].value, expected);
  EXPECT_EQ(figures.rows, 500);
}

// Each resample is measured exactly here, as rows with weights.
TEST(MeasureSlices, BinsOfScoresChangeErrorsByNextToNothing) {
  constexpr size_t kRows = 30'000;
  const Data data = RandomData(Task::kBinary, kRows, 16);
  const MeasureOptions options{
      .metrics = Metrics(Task::kBinary, {"auc", "average_precision", "recall@precision=0.9", "kolmogorov_smirnov",
                                         "log_loss", "accuracy", "calibration_error"}),
      .resamples = static_cast<int64_t>(kLanes)};
  const SliceFigures figures = Measure(data, WholeOf(kRows), options)[0];
  std::vector<double> weights(kRows * kLanes);
  for (size_t row = 0; row < kRows; ++row) PoissonWeights(UnitKey(7, row), 0, &weights[row * kLanes]);
  MeasureOptions exact = options;
  exact.resamples = 0;
  std::vector<std::vector<double>> resampled(options.metrics.size());
  for (size_t lane = 0; lane < kLanes; ++lane) {
    Data one = data;
    for (size_t row = 0; row < kRows; ++row) one.weights.push_back(weights[row * kLanes + lane]);
    const SliceFigures of_one = Measure(one, WholeOf(kRows), exact)[0];
    for (size_t metric = 0; metric < resampled.size(); ++metric) {
      resampled[metric].push_back(*of_one.models[0][metric].value);
    }
  }
  for (size_t metric = 0; metric < resampled.size(); ++metric) {
    const std::vector<double>& values = resampled[metric];
    const double mean = std::accumulate(values.begin(), values.end(), 0.0) / kLanes;
    double squares = 0;
    for (const double value : values) squares += (value - mean) * (value - mean);
    const NamedMetric& of = *options.metrics[metric];
    // Calibration bins are those of all rows in the one, and of each resample's rows in the other.
    // A best threshold jumps from row to row, or from bin to bin.
    const bool is_rough = of.by_order == ByOrder::kCalibrationError || of.by_order == ByOrder::kBestThreshold;
    const double tolerance = of.by_order == ByOrder::kNone ? 1e-9 : is_rough ? 0.1 : 0.01;
    EXPECT_NEAR(*figures.models[0][metric].standard_error / std::sqrt(squares / (kLanes - 1)), 1, tolerance) << of.name;
  }
}

TEST(MeasureSlices, ErrorsOfAMeanAreThoseOfTheFormula) {
  const Data data = RandomData(Task::kNumber, 2000, 8);
  const SliceFigures figures =
      Measure(data, WholeOf(2000), {.metrics = Metrics(Task::kNumber, {"bias"}), .resamples = 2000})[0];
  double squares = 0;
  for (size_t row = 0; row < 2000; ++row) {
    const double error = data.scores[0][row] - data.targets[row] - *figures.models[0][0].value;
    squares += error * error;
  }
  EXPECT_NEAR(*figures.models[0][0].standard_error / std::sqrt(squares / 2000 / 2000), 1, 0.06);
}

// How often intervals that claim kConfidence hold what is true of all rows of a population, of which samples are drawn.
struct Coverage {
  std::vector<double> models;       // of the first model, by metric
  std::vector<double> differences;  // of the two models
};
constexpr double kConfidence = 0.9;
constexpr int kRepetitions = 1000;
// Three standard errors of the binomial share.
const double kBound = 3 * std::sqrt(kConfidence * (1 - kConfidence) / kRepetitions);

// Units of `unit_rows` neighbours are drawn; intervals know of the units where `by_unit`.
Coverage CoverageOf(const Data& population, const MeasureOptions& options, size_t sample_units, size_t unit_rows,
                    bool by_unit) {
  MeasureOptions exact = options;
  exact.resamples = 0;
  const SliceFigures truth = Measure(population, WholeOf(population.size()), exact)[0];
  Coverage coverage{std::vector<double>(options.metrics.size()), std::vector<double>(options.metrics.size())};
  std::mt19937_64 random(99);
  for (int repetition = 0; repetition < kRepetitions; ++repetition) {
    Data sample;
    for (size_t unit = 0; unit < sample_units; ++unit) {
      const size_t first = random() % (population.size() / unit_rows) * unit_rows;
      for (size_t row = first; row < first + unit_rows; ++row) {
        sample.Append(population, row);
        if (by_unit) sample.units.push_back(static_cast<int64_t>(unit));
        if (!sample.groups.empty()) sample.groups.back() = static_cast<int64_t>(unit);
      }
    }
    const SliceFigures figures =
        Measure(sample, WholeOf(sample.size()), options, 1, static_cast<uint64_t>(repetition))[0];
    const auto holds = [](const Estimate& estimate, const Estimate& of_all) {
      const std::optional<Interval> interval = estimate.At(kConfidence);
      return interval.has_value() && interval->low <= *of_all.value && *of_all.value <= interval->high;
    };
    for (size_t metric = 0; metric < options.metrics.size(); ++metric) {
      coverage.models[metric] += holds(figures.models[0][metric], truth.models[0][metric]) ? 1.0 / kRepetitions : 0;
      coverage.differences[metric] +=
          holds(figures.differences[0][metric], truth.differences[0][metric]) ? 1.0 / kRepetitions : 0;
    }
  }
  return coverage;
}

void ExpectCovers(const Coverage& coverage, const MeasureOptions& options) {
  for (size_t metric = 0; metric < options.metrics.size(); ++metric) {
    EXPECT_NEAR(coverage.models[metric], kConfidence, kBound) << options.metrics[metric]->name;
    EXPECT_NEAR(coverage.differences[metric], kConfidence, kBound) << options.metrics[metric]->name << ", difference";
  }
}

TEST(Intervals, OfBinaryRowsHoldTheTruthAsOftenAsTheyClaim) {
  const MeasureOptions options{
      .metrics = Metrics(Task::kBinary, {"auc", "average_precision", "log_loss", "accuracy", "bias"}),
      .pairs = {{0, 1}},
      .resamples = 96};
  ExpectCovers(CoverageOf(RandomData(Task::kBinary, 10'000, 11), options, 300, 1, false), options);
}

TEST(Intervals, OfNumbersHoldTheTruthAsOftenAsTheyClaim) {
  const MeasureOptions options{
      .metrics = Metrics(Task::kNumber, {"rmse", "mae", "bias", "r2"}), .pairs = {{0, 1}}, .resamples = 96};
  ExpectCovers(CoverageOf(RandomData(Task::kNumber, 10'000, 12), options, 300, 1, false), options);
}

TEST(Intervals, OfClassesHoldTheTruthAsOftenAsTheyClaim) {
  const MeasureOptions options{
      .metrics = Metrics(Task::kClasses, {"log_loss", "accuracy", "macro_f1"}), .pairs = {{0, 1}}, .resamples = 96};
  ExpectCovers(CoverageOf(RandomData(Task::kClasses, 10'000, 16), options, 300, 1, false), options);
}

TEST(Intervals, OfCountsHoldTheTruthAsOftenAsTheyClaim) {
  const MeasureOptions options{
      .metrics = Metrics(Task::kCounts, {"poisson_deviance", "mae"}), .pairs = {{0, 1}}, .resamples = 96};
  ExpectCovers(CoverageOf(RandomData(Task::kCounts, 10'000, 17), options, 400, 1, false), options);
}

TEST(Intervals, OfWeightedRowsHoldTheTruthAsOftenAsTheyClaim) {
  Data data = RandomData(Task::kBinary, 10'000, 18);
  std::mt19937_64 random(19);
  for (size_t row = 0; row < data.size(); ++row) data.weights.push_back(0.5 + static_cast<double>(random() % 3));
  const MeasureOptions options{
      .metrics = Metrics(Task::kBinary, {"auc", "log_loss", "bias"}), .pairs = {{0, 1}}, .resamples = 96};
  ExpectCovers(CoverageOf(data, options, 400, 1, false), options);
}

TEST(Intervals, OfRankingsHoldTheTruthAsOftenAsTheyClaim) {
  const MeasureOptions options{
      .metrics = Metrics(Task::kRanking, {"ndcg@10", "mrr"}), .pairs = {{0, 1}}, .resamples = 96};
  ExpectCovers(CoverageOf(RandomData(Task::kRanking, 10'000, 13), options, 150, 5, false), options);
}

// Rows of ten that have an error in common.
Data DependentData() {
  Data data = RandomData(Task::kNumber, 10'000, 14);
  std::mt19937_64 random(15);
  std::normal_distribution<double> normal;
  for (size_t row = 0; row < data.size(); row += 10) {
    const double shared = normal(random);
    const double of_second = normal(random);
    for (size_t i = row; i < row + 10; ++i) {
      data.scores[0][i] += shared;
      data.scores[1][i] += of_second;
    }
  }
  return data;
}

TEST(Intervals, OfRowsThatBelongTogetherNeedTheirUnits) {
  const Data data = DependentData();
  const MeasureOptions options{.metrics = Metrics(Task::kNumber, {"rmse", "bias"}), .pairs = {{0, 1}}, .resamples = 96};
  ExpectCovers(CoverageOf(data, options, 100, 10, true), options);
  const Coverage by_row = CoverageOf(data, options, 100, 10, false);
  for (size_t metric = 0; metric < 2; ++metric) {
    EXPECT_LT(by_row.models[metric], 0.8);
    EXPECT_LT(by_row.differences[metric], 0.8);
  }
}

TEST(MeasureSlices, NamesWhatIsWrong) {
  const auto error_of = [](const Data& data, const MeasureOptions& options) {
    const absl::Status status = TryMeasure(data, WholeOf(20), options).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  const Data data = RandomData(Task::kBinary, 20, 1);
  const MeasureOptions options{.metrics = Metrics(Task::kBinary, {"auc"})};
  EXPECT_THAT(error_of(data, {}), HasSubstr("nothing to measure"));
  EXPECT_THAT(error_of(data, {.metrics = Metrics(Task::kNumber, {"rmse"})}),
              HasSubstr("rmse is no metric of task binary"));
  // Of the same name, but another task's.
  EXPECT_THAT(error_of(data, {.metrics = Metrics(Task::kClasses, {"accuracy"})}), HasSubstr("accuracy is no metric"));
  EXPECT_THAT(error_of(data, {.metrics = options.metrics, .resamples = 19}), HasSubstr("20 to 10,000"));
  EXPECT_THAT(error_of(data, {.metrics = options.metrics, .pairs = {{0, 2}}}), HasSubstr("0 and 2"));
  EXPECT_THAT(error_of(data, {.metrics = Metrics(Task::kBinary, {"value"})}), HasSubstr("worth"));
  EXPECT_THAT(error_of(RandomData(Task::kBinary, 21, 1), options), HasSubstr("21 rows are measured in slices of 20"));
  Data bad = data;
  bad.scores[1][3] = 1.5;
  EXPECT_THAT(error_of(bad, options), HasSubstr("model 1: row 3: the score is 1.5"));
  bad = data;
  bad.units.assign(3, 0);
  EXPECT_THAT(error_of(bad, options), HasSubstr("3 units"));
  bad = RandomData(Task::kRanking, 20, 1);
  bad.units.resize(20);
  std::iota(bad.units.begin(), bad.units.end(), 0);
  EXPECT_THAT(error_of(bad, {.metrics = Metrics(Task::kRanking, {"mrr"})}), HasSubstr("another unit"));
}

TEST(MeasureSlices, StopsWhereItIsCancelled) {
  const Data data = RandomData(Task::kBinary, 20, 1);
  ThreadPool pool(1);
  Cancellation cancellation;
  cancellation.Cancel();
  const Context context{.pool = &pool, .cancellation = &cancellation};
  const ModelScores model{data.scores[0]};
  EXPECT_EQ(MeasureSlices({.targets = data.targets}, std::span(&model, 1), WholeOf(20),
                          {.metrics = Metrics(Task::kBinary, {"auc"})}, context)
                .status()
                .code(),
            absl::StatusCode::kCancelled);
}

TEST(Tendency, IsClearWhereZeroIsOutsideOfTheInterval) {
  const NamedMetric& auc = *FindMetric(Task::kBinary, "auc").value();
  const NamedMetric& loss = *FindMetric(Task::kBinary, "log_loss").value();
  const NamedMetric& ratio = *FindMetric(Task::kBinary, "calibration_ratio").value();
  const Estimate up{0.1, 0.01, 199}, down{-0.1, 0.01, 199}, small{0.015, 0.01, 199}, unknown{0.1, std::nullopt, 0};
  EXPECT_EQ(TendencyOf(auc, up, 0.95), Tendency::kBetter);
  EXPECT_EQ(TendencyOf(auc, down, 0.95), Tendency::kWorse);
  EXPECT_EQ(TendencyOf(loss, up, 0.95), Tendency::kWorse);
  EXPECT_EQ(TendencyOf(loss, down, 0.95), Tendency::kBetter);
  EXPECT_EQ(TendencyOf(auc, small, 0.95), Tendency::kUnclear);
  EXPECT_EQ(TendencyOf(auc, small, 0.8), Tendency::kBetter);  // Student's t of 199 degrees is 1.286 there
  EXPECT_EQ(TendencyOf(auc, unknown, 0.95), Tendency::kUnclear);
  EXPECT_EQ(TendencyOf(ratio, up, 0.95), Tendency::kUnclear);
}

}  // namespace
}  // namespace roost::evaluate
