#include "train/linear.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "base/status.h"
#include "base/thread_pool.h"
#include "train/test_rows.h"

namespace roost::train {
namespace {

using testing::HasSubstr;

constexpr Loss kLosses[] = {Loss::kSquared, Loss::kLogistic,     Loss::kSoftmax,
                            Loss::kHinge,   Loss::kSquaredHinge, Loss::kPoisson};

absl::StatusOr<LinearFit> Fit(const TestRows& data, const LinearOptions& options, const LinearFit* start = nullptr,
                              size_t num_threads = 1) {
  ThreadPool pool(num_threads);
  return FitLinear(data.Training(), options, start, Context{.pool = &pool});
}

std::string ErrorOf(const TestRows& data, const LinearOptions& options = {}, const LinearFit* start = nullptr) {
  const absl::Status status = Fit(data, options, start).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  return std::string(status.message());
}

// The rows of tests/train/linear_oracles.py.
TestRows OracleData(Loss loss) {
  TestRows data;
  data.rows.num_features = 4;
  data.num_classes = loss == Loss::kSoftmax ? 3 : 2;
  for (int i = 0; i < 40; ++i) {
    std::vector<std::pair<int32_t, double>> entries;
    for (int j = 0; j < 4; ++j) entries.emplace_back(j, std::sin(1 + 3 * i + 7 * j + i * j));
    const double margin = 1.5 * entries[0].second - entries[1].second + 0.5 * entries[3].second + 0.3;
    const double noise = std::sin(100 * i + 1.0);
    double target = margin + noise > 0 ? 1 : 0;
    if (loss == Loss::kSquared) target = margin + 0.5 * noise;
    if (loss == Loss::kPoisson) target = std::nearbyint(std::exp(0.7 * margin + 0.3 * noise));
    if (loss == Loss::kSoftmax) target = (margin + noise > -0.5 ? 1 : 0) + (margin + noise > 0.9 ? 1 : 0);
    data.Add(entries, target);
    data.weights.push_back(i == 5 ? 0 : i % 3 == 0 ? 2 : 1);
  }
  return data;
}

struct Oracle {
  Loss loss;
  double l2, l1, minimum;
};
// Printed by tests/train/linear_oracles.py: scipy's minima, which are scikit-learn's 1.9 too where it has the problem.
constexpr Oracle kOracles[] = {
    {Loss::kSquared, 0.5, 0.0, 0.0754618741},      {Loss::kSquared, 0.0, 0.5, 0.0870070457},
    {Loss::kSquared, 0.3, 0.4, 0.0911617601},      {Loss::kLogistic, 0.5, 0.0, 0.3803961823},
    {Loss::kLogistic, 0.0, 0.5, 0.3738130639},     {Loss::kLogistic, 0.3, 0.4, 0.3997911172},
    {Loss::kSoftmax, 0.5, 0.0, 0.6299770404},      {Loss::kSoftmax, 0.0, 0.5, 0.6270626563},
    {Loss::kSoftmax, 0.3, 0.4, 0.6676569760},      {Loss::kHinge, 0.5, 0.0, 0.3817778441},
    {Loss::kHinge, 0.0, 0.5, 0.3896015784},        {Loss::kHinge, 0.3, 0.4, 0.4004094367},
    {Loss::kSquaredHinge, 0.5, 0.0, 0.4162130554}, {Loss::kSquaredHinge, 0.0, 0.5, 0.4283349419},
    {Loss::kSquaredHinge, 0.3, 0.4, 0.4322458413}, {Loss::kPoisson, 0.5, 0.0, 0.1266955448},
    {Loss::kPoisson, 0.0, 0.5, 0.1392072062},      {Loss::kPoisson, 0.3, 0.4, 0.1413098661},
};

TEST(FitLinear, ReachesThePeersMinimumForEveryLossPenaltyAndSolver) {
  for (const Oracle& oracle : kOracles) {
    const TestRows data = OracleData(oracle.loss);
    for (const Solver solver : {Solver::kAuto, Solver::kNewton, Solver::kNewtonCg, Solver::kProximal}) {
      if (oracle.l1 > 0 && (solver == Solver::kNewton || solver == Solver::kNewtonCg)) continue;
      for (const int32_t max_dense_features : {0, 2000}) {
        const LinearOptions options{.loss = oracle.loss,
                                    .l2 = oracle.l2,
                                    .l1 = oracle.l1,
                                    .solver = solver,
                                    .max_iterations = 500,
                                    .tolerance = oracle.loss == Loss::kHinge ? 1e-6 : 1e-8,
                                    .max_dense_features = max_dense_features};
        const auto fit = Fit(data, options);
        ASSERT_TRUE(fit.ok()) << fit.status();
        const std::string what = std::string(LossName(oracle.loss)) + " l2=" + std::to_string(oracle.l2) + " " +
                                 std::string(SolverName(solver)) + " " + std::to_string(max_dense_features) + ": " +
                                 fit->reason;
        EXPECT_TRUE(fit->converged) << what;
        EXPECT_NEAR(fit->objective, oracle.minimum, oracle.loss == Loss::kHinge ? 2e-6 : 1e-9) << what;
        EXPECT_GT(fit->passes, fit->iterations) << what;
      }
    }
  }
}

// Between the whole Hessian and its diagonal: one matrix a class, made when passes enough were spent without it.
TEST(FitLinear, ManyParametersOfAFewFeaturesReachTheSameMinimum) {
  const TestRows data = Matrix(Loss::kSoftmax, 6000, 30, 4);
  LinearOptions options{.loss = Loss::kSoftmax, .solver = Solver::kNewtonCg, .tolerance = 1e-10};
  const LinearFit whole = *Fit(data, options);
  options.max_dense_features = 40;  // 31 of an output, but not the 93 parameters
  const LinearFit of_outputs = *Fit(data, options);
  EXPECT_TRUE(of_outputs.converged) << of_outputs.reason;
  EXPECT_NEAR(of_outputs.objective, whole.objective, 1e-12);
  options.max_dense_features = 0;
  EXPECT_LT(of_outputs.passes, Fit(data, options)->passes) << "than with the diagonal";
}

class EveryLoss : public testing::TestWithParam<Loss> {
 protected:
  double Tolerance() const { return GetParam() == Loss::kHinge ? 1e-3 : 1e-8; }
};

TEST_P(EveryLoss, WarmIsColdInFewerPasses) {
  const TestRows before = Categories(GetParam(), 20'000, 15, 10);
  TestRows after = before;  // a few more rows came
  const TestRows more = Categories(GetParam(), 400, 15, 11);
  for (int64_t row = 0; row < more.rows.num_rows(); ++row) {
    const int64_t e = more.rows.starts[row];
    after.Add({{more.rows.indices[e], 1.0}, {more.rows.indices[e + 1], 1.0}, {30, more.rows.values[e + 2]}},
              more.targets[row]);
  }
  for (const double l1 : {0.0, 3.0}) {
    for (const int32_t max_dense_features : {0, 2000}) {
      // Coordinate descent is too slow at the hinge's sharp bends to compare passes; the fit says where it stopped.
      if (GetParam() == Loss::kHinge && l1 > 0) continue;
      const LinearOptions options{
          .loss = GetParam(), .l1 = l1, .tolerance = Tolerance(), .max_dense_features = max_dense_features};
      const LinearFit parent = *Fit(before, options);
      const LinearFit cold = *Fit(after, options);
      const LinearFit warm = *Fit(after, options, &parent);
      EXPECT_TRUE(warm.converged) << warm.reason;
      EXPECT_TRUE(cold.converged) << l1 << " " << max_dense_features << ": " << cold.reason;
      // A quadratic is solved in one step from anywhere.
      if (GetParam() != Loss::kSquared) {
        EXPECT_LT(warm.passes, cold.passes) << l1 << " " << max_dense_features;
      }
      EXPECT_NEAR(warm.objective, cold.objective, GetParam() == Loss::kHinge ? 1e-3 : 1e-6 * cold.objective);
    }
  }
}

TEST_P(EveryLoss, GivesTheSameBitsForAnyNumberOfThreads) {
  for (const bool few_numbers : {false, true}) {
    const TestRows data = Categories(GetParam(), 30'000, 12, 9, few_numbers);
    for (const Solver solver : {Solver::kNewton, Solver::kNewtonCg, Solver::kProximal, Solver::kFtrl}) {
      const LinearOptions options{.loss = GetParam(), .solver = solver, .max_iterations = 3, .tolerance = Tolerance()};
      const LinearFit one = *Fit(data, options, nullptr, 1);
      for (const size_t num_threads : {2, 5}) {
        const LinearFit other = *Fit(data, options, nullptr, num_threads);
        EXPECT_EQ(one.weights, other.weights);
        EXPECT_EQ(one.intercepts, other.intercepts);
        EXPECT_EQ(one.objective, other.objective);
        EXPECT_EQ(one.gradient_norm, other.gradient_norm);
        EXPECT_EQ(one.passes, other.passes);
      }
    }
  }
}

TEST_P(EveryLoss, AWeightIsThatManyRows) {
  const TestRows data = Categories(GetParam(), 3000, 6, 20);
  TestRows weighted = data;
  TestRows repeated = data;
  for (int64_t row = 0; row < data.rows.num_rows(); ++row) {
    weighted.weights.push_back(static_cast<double>(row % 3));
    if (row % 3 == 0) weighted.targets[row] = GetParam() == Loss::kSquared ? 1e6 : 0;  // counts for nothing
  }
  repeated.rows = {.num_features = data.rows.num_features};
  repeated.targets.clear();
  for (int64_t row = 0; row < data.rows.num_rows(); ++row) {
    const int64_t e = data.rows.starts[row];
    for (int64_t copy = 0; copy < row % 3; ++copy) {
      repeated.Add({{data.rows.indices[e], 1.0}, {data.rows.indices[e + 1], 1.0}, {12, data.rows.values[e + 2]}},
                   data.targets[row]);
    }
  }
  const LinearOptions options{.loss = GetParam(), .tolerance = Tolerance()};
  const LinearFit by_weight = *Fit(weighted, options);
  const LinearFit by_copies = *Fit(repeated, options);
  EXPECT_NEAR(by_weight.objective, by_copies.objective, GetParam() == Loss::kHinge ? 1e-3 : 1e-10);
  for (size_t i = 0; i < by_weight.weights.size() && GetParam() != Loss::kHinge; ++i) {
    EXPECT_NEAR(by_weight.weights[i], by_copies.weights[i], 1e-4);
  }
}

TEST_P(EveryLoss, MergedRowsGiveTheFitOfTheRowsThemselves) {
  // Below 4,096 rows none are merged; twice as many of the same are, and their penalty must be twice as large.
  const TestRows half = Categories(GetParam(), 3000, 8, 21, true);
  TestRows twice = half;
  for (int64_t row = 0; row < half.rows.num_rows(); ++row) {
    const int64_t e = half.rows.starts[row];
    twice.Add({{half.rows.indices[e], 1.0}, {half.rows.indices[e + 1], 1.0}, {16, half.rows.values[e + 2]}},
              half.targets[row]);
  }
  LinearOptions options{.loss = GetParam(), .tolerance = Tolerance()};
  const LinearFit alone = *Fit(half, options);
  options.l2 *= 2;
  const LinearFit merged = *Fit(twice, options);
  EXPECT_NEAR(alone.objective, merged.objective, GetParam() == Loss::kHinge ? 1e-3 : 1e-10);
  EXPECT_NEAR(alone.loss, merged.loss, GetParam() == Loss::kHinge ? 1e-3 : 1e-6);
}

TEST_P(EveryLoss, FtrlComesNearTheMinimumAndGoesOnFromItsState) {
  const TestRows data = Categories(GetParam(), 20'000, 6, 22);
  const LinearOptions ftrl{.loss = GetParam(), .solver = Solver::kFtrl, .passes = 4};
  const LinearFit best = *Fit(data, {.loss = GetParam(), .tolerance = Tolerance()});
  const LinearFit fit = *Fit(data, ftrl);
  EXPECT_EQ(fit.iterations, 80'000);
  EXPECT_LT(fit.objective, best.objective + 0.03 * std::abs(best.objective));
  EXPECT_GE(fit.objective, best.objective - 1e-4);
  // Two passes and two more from the state are four.
  LinearOptions two = ftrl;
  two.passes = 2;
  const LinearFit first = *Fit(data, two);
  const LinearFit second = *Fit(data, two, &first);
  EXPECT_EQ(second.weights, fit.weights);
  EXPECT_EQ(second.ftrl_state, fit.ftrl_state);
}

TEST_P(EveryLoss, OneRowOrOneOfEachClassIsFitted) {
  TestRows data;
  data.rows.num_features = 2;
  data.num_classes = 3;
  const bool is_number = GetParam() == Loss::kSquared || GetParam() == Loss::kPoisson;
  for (int row = 0; row < (is_number ? 1 : GetParam() == Loss::kSoftmax ? 3 : 2); ++row) {
    data.Add({{0, 1.0 + row}, {1, -1.0}}, is_number ? 3 : row);
  }
  for (const double l1 : {0.0, 0.01}) {
    const LinearFit fit = *Fit(data, {.loss = GetParam(), .l1 = l1, .tolerance = 1e-5});
    EXPECT_TRUE(fit.converged) << fit.reason;
  }
}

INSTANTIATE_TEST_SUITE_P(All, EveryLoss, testing::ValuesIn(kLosses),
                         [](const auto& test) { return std::string(LossName(test.param)); });

TEST(FitLinear, WithoutFeaturesIsTheBestConstant) {
  TestRows data;
  for (const double target : {1, 0, 0, 0}) data.Add({}, target);
  const LinearFit logistic = *Fit(data, {.loss = Loss::kLogistic});
  EXPECT_NEAR(logistic.intercepts[0], std::log(1.0 / 3), 1e-12);
  EXPECT_NEAR(logistic.loss, -(std::log(0.25) + 3 * std::log(0.75)) / 4, 1e-12);
  EXPECT_EQ(logistic.iterations, 0);
  EXPECT_EQ(logistic.passes, 1);
  EXPECT_NEAR(Fit(data, {.loss = Loss::kSquared})->intercepts[0], 0.25, 1e-15);
  EXPECT_NEAR(Fit(data, {.loss = Loss::kPoisson})->intercepts[0], std::log(0.25), 1e-12);
  EXPECT_NEAR(Fit(data, {.loss = Loss::kSquaredHinge})->intercepts[0], -0.5, 1e-12);
  EXPECT_NEAR(Fit(data, {.loss = Loss::kHinge})->intercepts[0], -1, 1e-5);
}

TEST(FitLinear, OfOneBinaryFeatureIsTheLogOddsOfItsTable) {
  // Without a penalty the fit meets the rates of both groups: 1 of 4 without the feature, 2 of 3 with it.
  TestRows data;
  data.rows.num_features = 1;
  for (const double target : {1, 0, 0, 0}) data.Add({}, target);
  for (const double target : {1, 1, 0}) data.Add({{0, 1.0}}, target);
  for (const Solver solver : {Solver::kNewton, Solver::kNewtonCg}) {
    const LinearFit fit = *Fit(data, {.l2 = 0, .solver = solver, .tolerance = 1e-12});
    EXPECT_TRUE(fit.converged);
    EXPECT_NEAR(fit.intercepts[0], std::log(1.0 / 3), 1e-9);
    EXPECT_NEAR(fit.weights[0], std::log(2.0) - std::log(1.0 / 3), 1e-9);
  }
}

TEST(FitLinear, AConstantTargetIsAConstantModel) {
  TestRows data = Categories(Loss::kSquared, 5000, 4, 30);
  std::fill(data.targets.begin(), data.targets.end(), 1e9 + 0.1);
  const LinearFit fit = *Fit(data, {.loss = Loss::kSquared});
  EXPECT_TRUE(fit.converged) << fit.reason;
  EXPECT_NEAR(fit.intercepts[0], 1e9 + 0.1, 1e-5);
  for (const double weight : fit.weights) EXPECT_NEAR(weight, 0, 1e-5);
}

TEST(FitLinear, TheL1PenaltySetsWeightsToZero) {
  const TestRows data = Categories(Loss::kLogistic, 2000, 20, 31);
  for (const int32_t max_dense_features : {0, 2000}) {
    const LinearFit some = *Fit(data, {.l2 = 0, .l1 = 20, .max_dense_features = max_dense_features});
    const auto zeros = std::count(some.weights.begin(), some.weights.end(), 0.0);
    EXPECT_GT(zeros, 20);
    EXPECT_LT(zeros, 41);
    const LinearFit none = *Fit(data, {.l2 = 0, .l1 = 2000, .max_dense_features = max_dense_features});
    EXPECT_EQ(std::count(none.weights.begin(), none.weights.end(), 0.0), 41);
    EXPECT_TRUE(none.converged);
  }
}

TEST(FitLinear, ChoosesItsSolver) {
  const TestRows data = Categories(Loss::kLogistic, 500, 5, 32);
  EXPECT_EQ(Fit(data, {})->solver, "newton");
  EXPECT_EQ(Fit(data, {.max_dense_features = 5})->solver, "newton_cg");
  EXPECT_EQ(Fit(data, {.l1 = 1})->solver, "proximal");
  EXPECT_EQ(Fit(Matrix(Loss::kLogistic, 500, 40, 1), {})->solver, "newton_cg");
}

TEST(FitLinear, AStartWorseThanNoneIsAsGoodAsNone) {
  const TestRows data = Categories(Loss::kLogistic, 2000, 5, 12);
  for (const int32_t max_dense_features : {0, 2000}) {
    const LinearOptions options{.max_dense_features = max_dense_features};
    const LinearFit cold = *Fit(data, options);
    for (const double weight : {-80.0, 1e6, 1e308}) {
      const LinearFit far{.intercepts = {50}, .weights = std::vector<double>(11, weight)};
      const LinearFit fit = *Fit(data, options, &far);
      EXPECT_TRUE(fit.converged);
      EXPECT_EQ(fit.weights, cold.weights);
      EXPECT_EQ(fit.iterations, cold.iterations);
    }
  }
}

TEST(FitLinear, SeparableClassesConvergeWithAPenalty) {
  TestRows data;
  data.rows.num_features = 1;
  for (int i = 0; i < 100; ++i) data.Add({{0, i - 49.5}}, i >= 50 ? 1 : 0);
  for (const double l2 : {1e-6, 1.0}) {
    const LinearFit fit = *Fit(data, {.l2 = l2});
    EXPECT_TRUE(fit.converged) << fit.reason;
    EXPECT_GT(fit.weights[0], 0.1);
  }
}

TEST(FitLinear, SaysWhenItDidNotConverge) {
  for (const Solver solver : {Solver::kNewton, Solver::kNewtonCg, Solver::kProximal}) {
    const LinearFit fit =
        *Fit(Categories(Loss::kLogistic, 1000, 10, 13), {.solver = solver, .max_iterations = 1, .tolerance = 1e-12});
    EXPECT_FALSE(fit.converged);
    EXPECT_EQ(fit.iterations, 1);
    EXPECT_GT(fit.gradient_norm, 1e-12);
    EXPECT_THAT(fit.reason, HasSubstr("stopped after 1 iterations"));
  }
}

TEST(FitLinear, AFeatureThatNoRowHasGetsNoWeight) {
  TestRows data = Categories(Loss::kLogistic, 1000, 10, 14);
  data.rows.num_features += 1;
  for (const double l2 : {0.0, 1.0}) {
    for (const int32_t max_dense_features : {0, 2000}) {
      const LinearFit fit = *Fit(data, {.l2 = l2, .max_dense_features = max_dense_features});
      EXPECT_TRUE(fit.converged) << fit.reason;
      EXPECT_EQ(fit.weights.back(), 0);
    }
  }
}

TEST(FitLinear, ReportsEachIterationAndStopsWhenCancelled) {
  const TestRows data = Categories(Loss::kLogistic, 1000, 10, 15);
  ThreadPool pool(2);
  Cancellation cancellation;
  std::vector<int64_t> done;
  Context context{.pool = &pool, .cancellation = &cancellation};
  context.progress = [&](const ProgressUpdate& update) {
    done.push_back(update.done);
    if (update.done == 2) cancellation.Cancel();
  };
  const auto fit = FitLinear(data.Training(), {.tolerance = 1e-12}, nullptr, context);
  EXPECT_EQ(fit.status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(done, (std::vector<int64_t>{1, 2}));
}

TEST(FitLinear, RefusesRowsThatCannotBeTrainedOn) {
  const TestRows good = Categories(Loss::kLogistic, 100, 3, 16);
  EXPECT_THAT(ErrorOf(TestRows{}), HasSubstr("no rows"));
  TestRows too_few = good;
  too_few.targets.pop_back();
  EXPECT_THAT(ErrorOf(too_few), HasSubstr("100 rows of features have 99 targets"));
  TestRows not_finite = good;
  not_finite.rows.values[3 * 70 + 2] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(ErrorOf(not_finite), HasSubstr("row 70: feature 6 is nan"));
  not_finite.rows.values[3 * 20] = std::numeric_limits<double>::infinity();
  EXPECT_THAT(ErrorOf(not_finite), HasSubstr("row 20: feature "));
  TestRows out_of_range = good;
  out_of_range.rows.indices[3 * 5 + 2] = 7;
  EXPECT_THAT(ErrorOf(out_of_range), HasSubstr("row 5: feature 7"));
  out_of_range.rows.indices[3 * 4] = -1;
  EXPECT_THAT(ErrorOf(out_of_range), HasSubstr("row 4: feature -1"));
  TestRows torn = good;
  torn.rows.values.pop_back();
  EXPECT_THAT(ErrorOf(torn), HasSubstr("do not describe their entries"));
  TestRows overflowing = good;
  for (double& value : overflowing.rows.values) value *= 1e200;
  for (const Solver solver : {Solver::kNewton, Solver::kNewtonCg, Solver::kProximal, Solver::kFtrl}) {
    const auto fit = Fit(overflowing, {.solver = solver});
    EXPECT_TRUE(!fit.ok() || !fit->converged || std::isfinite(fit->objective)) << SolverName(solver);
  }
}

TEST(FitLinear, RefusesTargetsOutOfRange) {
  TestRows one_class = Categories(Loss::kLogistic, 100, 3, 16);
  one_class.targets.assign(100, 1);
  EXPECT_THAT(ErrorOf(one_class), HasSubstr("all rows that count have the target 1"));
  TestRows odd = Categories(Loss::kLogistic, 100, 3, 16);
  for (const double target : {2.0, -1.0, 0.5, std::nan("")}) {
    odd.targets[42] = target;
    for (const Loss loss : {Loss::kLogistic, Loss::kHinge, Loss::kSquaredHinge}) {
      EXPECT_THAT(ErrorOf(odd, {.loss = loss}), HasSubstr("row 42: the target is"));
    }
  }
  TestRows classes = Categories(Loss::kSoftmax, 100, 3, 16);
  classes.num_classes = 4;
  EXPECT_THAT(ErrorOf(classes, {.loss = Loss::kSoftmax}), HasSubstr("class 3 of 4 has no row that counts"));
  classes.targets[9] = 4;
  EXPECT_THAT(ErrorOf(classes, {.loss = Loss::kSoftmax}), HasSubstr("row 9: the target is 4; it must be a class from"));
  classes.num_classes = 1;
  EXPECT_THAT(ErrorOf(classes, {.loss = Loss::kSoftmax}), HasSubstr("softmax needs 2 or more"));
  TestRows counts = Categories(Loss::kPoisson, 100, 3, 16);
  counts.targets[3] = -1;
  EXPECT_THAT(ErrorOf(counts, {.loss = Loss::kPoisson}), HasSubstr("row 3: the target is -1"));
  counts.targets.assign(100, 0);
  EXPECT_THAT(ErrorOf(counts, {.loss = Loss::kPoisson}), HasSubstr("all counts are 0"));
  TestRows numbers = Categories(Loss::kSquared, 100, 3, 16);
  numbers.targets[8] = HUGE_VAL;
  EXPECT_THAT(ErrorOf(numbers, {.loss = Loss::kSquared}), HasSubstr("row 8: the target is inf"));
  numbers.targets[8] = 1.7e308;
  numbers.targets[9] = 1.7e308;
  EXPECT_THAT(ErrorOf(numbers, {.loss = Loss::kSquared}), HasSubstr("overflow"));
}

TEST(FitLinear, RefusesWeightsOutOfRange) {
  TestRows data = Categories(Loss::kLogistic, 100, 3, 16);
  data.weights.assign(100, 1);
  for (const double weight : {-1.0, std::nan(""), HUGE_VAL}) {
    data.weights[33] = weight;
    EXPECT_THAT(ErrorOf(data), HasSubstr("row 33: the weight is"));
  }
  data.weights.assign(100, 0);
  EXPECT_THAT(ErrorOf(data), HasSubstr("all 100 rows have the weight 0"));
  for (size_t row = 0; row < 100; ++row) data.weights[row] = data.targets[row];
  EXPECT_THAT(ErrorOf(data), HasSubstr("all rows that count have the target 1"));
  data.weights.pop_back();
  EXPECT_THAT(ErrorOf(data), HasSubstr("100 rows of features have 99 weights"));
}

TEST(FitLinear, RefusesOptionsAndStartsOutOfRange) {
  const TestRows data = Categories(Loss::kLogistic, 100, 3, 17);
  EXPECT_THAT(ErrorOf(data, {.l2 = -1}), HasSubstr("l2 is -1"));
  EXPECT_THAT(ErrorOf(data, {.l1 = std::nan("")}), HasSubstr("l1 is nan"));
  EXPECT_THAT(ErrorOf(data, {.max_iterations = 0}), HasSubstr("max_iterations is 0"));
  EXPECT_THAT(ErrorOf(data, {.tolerance = 0}), HasSubstr("tolerance is 0"));
  EXPECT_THAT(ErrorOf(data, {.passes = 0}), HasSubstr("passes is 0"));
  EXPECT_THAT(ErrorOf(data, {.ftrl_alpha = 0}), HasSubstr("ftrl_alpha is 0"));
  EXPECT_THAT(ErrorOf(data, {.l1 = 1, .solver = Solver::kNewtonCg}), HasSubstr("newton_cg cannot do l1 = 1"));
  const LinearFit short_start{.intercepts = {0}, .weights = {1.0}};
  EXPECT_THAT(ErrorOf(data, {}, &short_start), HasSubstr("1 intercepts and 1 weights; 1 outputs of 7 features"));
  const LinearFit nan_start{.intercepts = {0}, .weights = std::vector<double>(7, NAN)};
  EXPECT_THAT(ErrorOf(data, {}, &nan_start), HasSubstr("not finite"));
  LinearFit state = *Fit(data, {.solver = Solver::kFtrl});
  state.ftrl_state.back() = -1;
  EXPECT_THAT(ErrorOf(data, {.solver = Solver::kFtrl}, &state), HasSubstr("n is negative"));
  state.ftrl_state.pop_back();
  EXPECT_THAT(ErrorOf(data, {.solver = Solver::kFtrl}, &state), HasSubstr("ftrl_state has 15 numbers"));
}

}  // namespace
}  // namespace roost::train
