#include "train/logistic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "base/status.h"
#include "base/thread_pool.h"

namespace roost::train {
namespace {

using testing::HasSubstr;
using transform::FeatureRows;

struct Data {
  FeatureRows rows;
  std::vector<int8_t> labels;

  void Add(const std::vector<std::pair<int32_t, double>>& entries, int8_t label) {
    for (const auto& [index, value] : entries) {
      rows.indices.push_back(index);
      rows.values.push_back(value);
    }
    rows.starts.push_back(static_cast<int64_t>(rows.indices.size()));
    labels.push_back(label);
  }
};

// Rows as a transform makes them: one category out of `num_categories` as one-hot features, and one number. The labels
// follow a logistic model of both.
Data CategoryAndNumber(int num_rows, int num_categories, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  std::vector<double> weights(num_categories);
  for (double& weight : weights) weight = normal(random);
  Data data;
  data.rows.num_features = num_categories + 1;
  for (int row = 0; row < num_rows; ++row) {
    const auto category = static_cast<int32_t>(random() % num_categories);
    const double number = normal(random);
    const double probability = 1 / (1 + std::exp(-(weights[category] + 0.8 * number - 1)));
    data.Add({{category, 1.0}, {num_categories, number}}, uniform(random) < probability ? 1 : 0);
  }
  return data;
}

// The largest component of the gradient at `fit`, by the definition alone.
double GradientNorm(const Data& data, const LogisticFit& fit, double l2) {
  std::vector<double> gradient(fit.weights.size() + 1);
  for (size_t i = 0; i < fit.weights.size(); ++i) gradient[i] = l2 * fit.weights[i];
  for (int64_t row = 0; row < data.rows.num_rows(); ++row) {
    double margin = fit.intercept;
    for (int64_t e = data.rows.starts[row]; e < data.rows.starts[row + 1]; ++e) {
      margin += fit.weights[data.rows.indices[e]] * data.rows.values[e];
    }
    const double slope = 1 / (1 + std::exp(-margin)) - data.labels[row];
    for (int64_t e = data.rows.starts[row]; e < data.rows.starts[row + 1]; ++e) {
      gradient[data.rows.indices[e]] += slope * data.rows.values[e];
    }
    gradient.back() += slope;
  }
  double largest = 0;
  for (const double x : gradient) largest = std::max(largest, std::abs(x) / static_cast<double>(data.rows.num_rows()));
  return largest;
}

absl::StatusOr<LogisticFit> Fit(const Data& data, const LogisticOptions& options = {},
                                const std::optional<LogisticFit>& start = std::nullopt, size_t num_threads = 1) {
  ThreadPool pool(num_threads);
  return FitLogistic(data.rows, data.labels, options, start, Context{.pool = &pool});
}

std::string ErrorOf(const Data& data, const LogisticOptions& options = {},
                    const std::optional<LogisticFit>& start = std::nullopt) {
  const absl::Status status = Fit(data, options, start).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

TEST(FitLogistic, WithoutFeaturesIsTheBaseRate) {
  Data data;
  for (const int8_t label : {1, 0, 0, 0}) data.Add({}, label);
  const LogisticFit fit = *Fit(data);
  EXPECT_TRUE(fit.converged);
  EXPECT_NEAR(fit.intercept, std::log(1.0 / 3), 1e-12);
  EXPECT_NEAR(fit.loss, -(std::log(0.25) + 3 * std::log(0.75)) / 4, 1e-12);
}

TEST(FitLogistic, OfOneBinaryFeatureIsTheLogOddsOfItsTable) {
  // Without a penalty the fit meets the rates of both groups: 1 of 4 without the feature, 2 of 3 with it.
  Data data;
  data.rows.num_features = 1;
  for (const int8_t label : {1, 0, 0, 0}) data.Add({}, label);
  for (const int8_t label : {1, 1, 0}) data.Add({{0, 1.0}}, label);
  for (const int32_t max_dense_features : {0, 10}) {
    const LogisticFit fit = *Fit(data, {.l2 = 0, .tolerance = 1e-12, .max_dense_features = max_dense_features});
    EXPECT_TRUE(fit.converged);
    EXPECT_NEAR(fit.intercept, std::log(1.0 / 3), 1e-9);
    EXPECT_NEAR(fit.weights[0], std::log(2.0) - std::log(1.0 / 3), 1e-9);
  }
}

TEST(FitLogistic, PenaltyIsScikitLearnsWithCOneOverL2) {
  // LogisticRegression(C=0.5, tol=1e-12).fit([[0], [1], [2], [3]], [0, 1, 0, 1]) in closed form: by symmetry the
  // intercept is -1.5 w, and w solves 2w = sum of (label - p) x.
  Data data;
  data.rows.num_features = 1;
  for (int i = 0; i < 4; ++i) data.Add({{0, double(i)}}, static_cast<int8_t>(i % 2));
  const LogisticFit fit = *Fit(data, {.l2 = 2, .tolerance = 1e-13});
  const double w = fit.weights[0];
  EXPECT_NEAR(fit.intercept, -1.5 * w, 1e-12);
  const auto p = [w](double x) { return 1 / (1 + std::exp(-w * (x - 1.5))); };
  EXPECT_NEAR(2 * w, (1 - p(1)) + 3 * (1 - p(3)) - 2 * p(2), 1e-12);
}

TEST(FitLogistic, TheGradientVanishesAtTheSolution) {
  for (const double l2 : {0.0, 1e-3, 1.0, 100.0}) {
    for (const int32_t max_dense_features : {0, 2000}) {
      const Data data = CategoryAndNumber(3000, 20, 7);
      const LogisticFit fit = *Fit(data, {.l2 = l2, .tolerance = 1e-9, .max_dense_features = max_dense_features});
      EXPECT_TRUE(fit.converged);
      EXPECT_LE(fit.gradient_norm, 1e-9);
      EXPECT_LE(fit.iterations, 12);
      EXPECT_NEAR(GradientNorm(data, fit, l2), fit.gradient_norm, 1e-12);
    }
  }
}

TEST(FitLogistic, DenseAndTruncatedNewtonAgree) {
  const Data data = CategoryAndNumber(5000, 50, 8);
  const LogisticFit dense = *Fit(data, {.tolerance = 1e-12});
  const LogisticFit truncated = *Fit(data, {.tolerance = 1e-12, .max_dense_features = 0});
  EXPECT_NEAR(dense.objective, truncated.objective, 1e-12);
  EXPECT_NEAR(dense.intercept, truncated.intercept, 1e-6);
  for (size_t i = 0; i < dense.weights.size(); ++i) EXPECT_NEAR(dense.weights[i], truncated.weights[i], 1e-6);
}

TEST(FitLogistic, GivesTheSameBitsForAnyNumberOfThreads) {
  const Data data = CategoryAndNumber(100'000, 30, 9);
  for (const int32_t max_dense_features : {0, 2000}) {
    const LogisticOptions options{.max_dense_features = max_dense_features};
    const LogisticFit one = *Fit(data, options, std::nullopt, 1);
    for (const size_t num_threads : {2, 5}) {
      const LogisticFit other = *Fit(data, options, std::nullopt, num_threads);
      EXPECT_EQ(one.weights, other.weights);
      EXPECT_EQ(one.intercept, other.intercept);
      EXPECT_EQ(one.objective, other.objective);
      EXPECT_EQ(one.gradient_norm, other.gradient_norm);
    }
  }
}

TEST(FitLogistic, WarmStartReachesTheSameSolutionInFewerIterations) {
  const Data before = CategoryAndNumber(20'000, 30, 10);
  Data after = before;  // a few more rows came
  const Data more = CategoryAndNumber(400, 30, 11);
  for (int64_t row = 0; row < more.rows.num_rows(); ++row) {
    const int64_t e = more.rows.starts[row];
    after.Add({{more.rows.indices[e], 1.0}, {30, more.rows.values[e + 1]}}, more.labels[row]);
  }
  for (const int32_t max_dense_features : {0, 2000}) {
    const LogisticOptions options{.tolerance = 1e-8, .max_dense_features = max_dense_features};
    const LogisticFit parent = *Fit(before, options);
    const LogisticFit cold = *Fit(after, options);
    const LogisticFit warm = *Fit(after, options, parent);
    EXPECT_TRUE(warm.converged);
    EXPECT_LT(warm.iterations, cold.iterations);
    EXPECT_NEAR(warm.objective, cold.objective, 1e-12);
    for (size_t i = 0; i < cold.weights.size(); ++i) EXPECT_NEAR(warm.weights[i], cold.weights[i], 1e-3);
    EXPECT_EQ(Fit(before, options, parent)->iterations, 0);
  }
}

TEST(FitLogistic, AStartWorseThanNoneIsAsGoodAsNone) {
  const Data data = CategoryAndNumber(2000, 5, 12);
  for (const int32_t max_dense_features : {0, 2000}) {
    const LogisticOptions options{.max_dense_features = max_dense_features};
    const LogisticFit cold = *Fit(data, options);
    for (const double weight : {-80.0, 1e6, 1e308}) {
      const LogisticFit far{.intercept = 50, .weights = std::vector<double>(6, weight)};
      const LogisticFit fit = *Fit(data, options, far);
      EXPECT_TRUE(fit.converged);
      EXPECT_EQ(fit.weights, cold.weights);
      EXPECT_EQ(fit.iterations, cold.iterations);
    }
  }
}

TEST(FitLogistic, SeparableLabelsConvergeWithAPenalty) {
  Data data;
  data.rows.num_features = 1;
  for (int i = 0; i < 100; ++i) data.Add({{0, i - 49.5}}, i >= 50 ? 1 : 0);
  for (const double l2 : {1e-6, 1.0}) {
    const LogisticFit fit = *Fit(data, {.l2 = l2});
    EXPECT_TRUE(fit.converged);
    EXPECT_GT(fit.weights[0], 0.1);
  }
}

TEST(FitLogistic, SaysWhenItDidNotConverge) {
  const LogisticFit fit = *Fit(CategoryAndNumber(1000, 10, 13), {.max_iterations = 1, .tolerance = 1e-12});
  EXPECT_FALSE(fit.converged);
  EXPECT_EQ(fit.iterations, 1);
  EXPECT_GT(fit.gradient_norm, 1e-12);
}

TEST(FitLogistic, AFeatureThatNoRowHasGetsNoWeight) {
  Data data = CategoryAndNumber(1000, 10, 14);
  data.rows.num_features += 1;
  for (const double l2 : {0.0, 1.0}) {
    for (const int32_t max_dense_features : {0, 2000}) {
      const LogisticFit fit = *Fit(data, {.l2 = l2, .max_dense_features = max_dense_features});
      EXPECT_TRUE(fit.converged);
      EXPECT_EQ(fit.weights.back(), 0);
    }
  }
}

TEST(FitLogistic, ReportsEachIterationAndStopsWhenCancelled) {
  const Data data = CategoryAndNumber(1000, 10, 15);
  ThreadPool pool(2);
  Cancellation cancellation;
  std::vector<int64_t> done;
  Context context{.pool = &pool, .cancellation = &cancellation};
  context.progress = [&](const ProgressUpdate& update) {
    done.push_back(update.done);
    if (update.done == 2) cancellation.Cancel();
  };
  const auto fit = FitLogistic(data.rows, data.labels, {.tolerance = 1e-12}, std::nullopt, context);
  EXPECT_EQ(fit.status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(done, (std::vector<int64_t>{1, 2}));
}

TEST(FitLogistic, RefusesRowsThatCannotBeTrainedOn) {
  Data good = CategoryAndNumber(100, 3, 16);
  EXPECT_THAT(ErrorOf(Data{}), HasSubstr("no rows"));

  Data one_class = good;
  one_class.labels.assign(100, 1);
  EXPECT_THAT(ErrorOf(one_class), HasSubstr("all 100 rows have the label 1"));
  Data too_few = good;
  too_few.labels.pop_back();
  EXPECT_THAT(ErrorOf(too_few), HasSubstr("100 rows of features have 99 labels"));
  Data odd_label = good;
  odd_label.labels[42] = 2;
  EXPECT_THAT(ErrorOf(odd_label), HasSubstr("row 42: the label is 2"));

  Data not_finite = good;
  not_finite.rows.values[2 * 70 + 1] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(ErrorOf(not_finite), HasSubstr("row 70: feature 3 is nan"));
  not_finite.rows.values[2 * 20] = std::numeric_limits<double>::infinity();
  EXPECT_THAT(ErrorOf(not_finite), HasSubstr("row 20: feature "));

  Data out_of_range = good;
  out_of_range.rows.indices[2 * 5 + 1] = 4;
  EXPECT_THAT(ErrorOf(out_of_range), HasSubstr("row 5: feature 4"));
  Data torn = good;
  torn.rows.values.pop_back();
  EXPECT_THAT(ErrorOf(torn), HasSubstr("do not describe their entries"));
  Data overflowing = good;
  for (double& value : overflowing.rows.values) value *= 1e200;
  EXPECT_THAT(ErrorOf(overflowing), HasSubstr("overflow"));
}

TEST(FitLogistic, RefusesOptionsAndStartsOutOfRange) {
  const Data data = CategoryAndNumber(100, 3, 17);
  EXPECT_THAT(ErrorOf(data, {.l2 = -1}), HasSubstr("l2 is -1"));
  EXPECT_THAT(ErrorOf(data, {.l2 = std::numeric_limits<double>::quiet_NaN()}), HasSubstr("l2 is nan"));
  EXPECT_THAT(ErrorOf(data, {.max_iterations = 0}), HasSubstr("max_iterations is 0"));
  EXPECT_THAT(ErrorOf(data, {.tolerance = 0}), HasSubstr("tolerance is 0"));
  EXPECT_THAT(ErrorOf(data, {}, LogisticFit{.weights = {1.0}}), HasSubstr("1 weights for 4 features"));
  EXPECT_THAT(ErrorOf(data, {}, LogisticFit{.weights = {1.0, NAN, 1.0, 1.0}}), HasSubstr("not finite"));
}

}  // namespace
}  // namespace roost::train
