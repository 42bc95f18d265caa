#include "train/objective.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "base/thread_pool.h"
#include "train/cell_design.h"
#include "train/test_rows.h"

namespace roost::train {
namespace {

constexpr double kL2 = 0.7;
constexpr Loss kLosses[] = {Loss::kSquared, Loss::kLogistic,     Loss::kSoftmax,
                            Loss::kHinge,   Loss::kSquaredHinge, Loss::kPoisson};

std::vector<double> RandomVector(size_t size, uint64_t seed, double scale = 1) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  std::vector<double> vector(size);
  for (double& x : vector) x = scale * normal(random);
  return vector;
}

Problem ProblemOf(const TestRows& data, const Design& design) {
  Problem problem{.design = &design, .targets = data.targets, .weights = data.weights, .l2 = kL2};
  problem.outputs = data.num_classes > 2 ? data.num_classes : 1;
  for (size_t row = 0; row < data.targets.size(); ++row) {
    problem.total_weight += data.weights.empty() ? 1 : data.weights[row];
  }
  return problem;
}

class ObjectiveTest : public testing::TestWithParam<Loss> {
 protected:
  ThreadPool pool_{2};
  Context context_{.pool = &pool_};
  LossShape shape_{.loss = GetParam(), .smoothing = 0.5};

  // With weights, one of them 0.
  TestRows SomeRows() {
    TestRows data = Matrix(GetParam(), 203, 9, 1);
    data.weights = RandomVector(data.targets.size(), 5);
    for (double& weight : data.weights) weight = std::abs(weight);
    data.weights[7] = 0;
    return data;
  }
};

TEST_P(ObjectiveTest, TheGradientIsTheSlopeOfTheObjective) {
  const TestRows data = SomeRows();
  const auto design = MakeSparseDesign(data.rows);
  Objective objective(ProblemOf(data, *design), shape_, context_);
  std::vector<double> point = RandomVector(objective.num_parameters(), 2, 0.5);
  const Evaluation at = *objective.Evaluate(point);
  for (size_t i = 0; i < point.size(); ++i) {
    const double before = point[i];
    point[i] = before + 1e-5;
    const double above = objective.Evaluate(point)->objective;
    point[i] = before - 1e-5;
    const double below = objective.Evaluate(point)->objective;
    point[i] = before;
    EXPECT_NEAR(at.gradient[i], (above - below) / 2e-5, 2e-8 * (1 + std::abs(at.gradient[i]))) << i;
  }
}

TEST_P(ObjectiveTest, TheHessianIsTheSlopeOfTheGradient) {
  if (GetParam() == Loss::kHinge) return;  // has the least curvature that HingesByHand shows
  const TestRows data = SomeRows();
  const auto design = MakeSparseDesign(data.rows);
  Objective objective(ProblemOf(data, *design), shape_, context_);
  std::vector<double> point = RandomVector(objective.num_parameters(), 2, 0.5);
  ASSERT_TRUE(objective.Evaluate(point).ok());
  const size_t n = point.size();
  const std::vector<double> hessian = *objective.Hessian(1);
  // Where a row is right at a bend of a hinge the second derivative jumps; the step is too short to meet one here.
  const double h = 1e-7;
  for (size_t j = 0; j < n; ++j) {
    const double before = point[j];
    point[j] = before + h;
    const std::vector<double> above = objective.Evaluate(point)->gradient;
    point[j] = before - h;
    const std::vector<double> below = objective.Evaluate(point)->gradient;
    point[j] = before;
    for (size_t i = j; i < n; ++i) EXPECT_NEAR(hessian[i * n + j], (above[i] - below[i]) / (2 * h), 1e-5) << i << j;
  }
}

TEST_P(ObjectiveTest, DiagonalProductAndMeanAreThoseOfTheHessian) {
  const TestRows data = SomeRows();
  const auto design = MakeSparseDesign(data.rows);
  Objective objective(ProblemOf(data, *design), shape_, context_);
  ASSERT_TRUE(objective.Evaluate(RandomVector(objective.num_parameters(), 2, 0.5)).ok());
  const size_t n = objective.num_parameters();
  const size_t size = objective.num_features() + 1;
  const std::vector<double> hessian = *objective.Hessian(1);
  const std::vector<double> diagonal = *objective.HessianDiagonal();
  const std::vector<double> mean = *objective.MeanHessian(1);
  const std::vector<double> vector = RandomVector(n, 3);
  const std::vector<double> product = *objective.HessianTimes(vector);
  for (size_t i = 0; i < n; ++i) {
    EXPECT_NEAR(diagonal[i], hessian[i * n + i], 1e-13);
    double expected = 0;
    for (size_t j = 0; j < n; ++j) expected += hessian[std::max(i, j) * n + std::min(i, j)] * vector[j];
    EXPECT_NEAR(product[i], expected, 1e-12);
  }
  for (size_t i = 0; i < size; ++i) {
    double expected = 0;
    for (size_t k = 0; k < objective.outputs(); ++k) expected += hessian[(k * size + i) * n + k * size + i];
    EXPECT_NEAR(mean[i * size + i], expected / static_cast<double>(objective.outputs()), 1e-13);
  }
}

// One point's derivatives by two forms of the same rows.
void ExpectSame(Objective& one, Objective& other) {
  const std::vector<double> point = RandomVector(one.num_parameters(), 2, 0.3);
  const Evaluation a = *one.Evaluate(point), b = *other.Evaluate(point);
  EXPECT_NEAR(a.objective, b.objective, 1e-12 * std::abs(a.objective));
  const size_t n = point.size();
  const std::vector<double> hessian_a = *one.Hessian(1), hessian_b = *other.Hessian(1);
  const std::vector<double> product_a = *one.HessianTimes(point), product_b = *other.HessianTimes(point);
  const std::vector<double> diagonal_a = *one.HessianDiagonal(), diagonal_b = *other.HessianDiagonal();
  for (size_t i = 0; i < n; ++i) {
    EXPECT_NEAR(a.gradient[i], b.gradient[i], 1e-12);
    EXPECT_NEAR(product_a[i], product_b[i], 1e-12);
    EXPECT_NEAR(diagonal_a[i], diagonal_b[i], 1e-12);
    for (size_t j = 0; j <= i; ++j) EXPECT_NEAR(hessian_a[i * n + j], hessian_b[i * n + j], 1e-12) << i << " " << j;
  }
}

TEST_P(ObjectiveTest, AMatrixIsTheSameAsItsEntries) {
  for (const int num_features : {1, 3, 8, 9, 17}) {
    const TestRows data = Matrix(GetParam(), 5000, num_features, 3);
    ASSERT_TRUE(FeaturesAreDense(data.rows));
    const auto sparse = MakeSparseDesign(data.rows);
    const auto dense = MakeDenseDesign(data.rows);
    Objective one(ProblemOf(data, *sparse), shape_, context_);
    Objective other(ProblemOf(data, *dense), shape_, context_);
    ExpectSame(one, other);
  }
}

TEST_P(ObjectiveTest, CellsAreTheSameAsTheirEntries) {
  TestRows data = Categories(GetParam(), 6000, 7, 4, true);
  // Some rows have fewer entries, and some features of the same run are never there.
  data.weights.resize(data.targets.size());
  for (size_t row = 0; row < data.weights.size(); ++row) data.weights[row] = static_cast<double>(row % 4);
  std::optional<CellRows> cells = FindCells(data.rows);
  ASSERT_TRUE(cells.has_value());
  const bool means = GetParam() == Loss::kSquared || GetParam() == Loss::kLogistic || GetParam() == Loss::kPoisson;
  const MergedRows merged =
      MergeRows(*std::move(cells), data.targets, data.weights, means ? MergeTargets::kMean : MergeTargets::kKeep, 3);
  EXPECT_LE(merged.targets.size(), 7U * 7U * 3U);
  const auto sparse = MakeSparseDesign(data.rows);
  Objective one(ProblemOf(data, *sparse), shape_, context_);
  Problem problem = ProblemOf(data, *merged.design);
  problem.targets = merged.targets;
  problem.weights = merged.weights;
  if (GetParam() == Loss::kSquared) problem.offset = merged.spread / 2;
  Objective other(problem, shape_, context_);
  ExpectSame(one, other);
}

INSTANTIATE_TEST_SUITE_P(All, ObjectiveTest, testing::ValuesIn(kLosses),
                         [](const auto& test) { return std::string(LossName(test.param)); });

// Several fields that do not depend on each other stay apart.
// Of many features those of many rows come first inside; nobody sees it.
TEST(SparseDesign, ManyFeaturesAreTheSameAsFew) {
  const TestRows few = Matrix(Loss::kSquared, 200, 20, 3);
  TestRows many = few;
  constexpr int32_t kApart = 150;
  many.rows.num_features = 20 * kApart;
  for (int32_t& feature : many.rows.indices) feature = feature * kApart + 7;
  many.Add({{5, 2.0}}, 1);  // a feature of one row, before all others
  for (const size_t outputs : {1, 3}) {
    const std::vector<double> parameters = RandomVector(outputs * 21, 4);
    std::vector<double> spread(outputs * (20 * kApart + 1));
    for (size_t k = 0; k < outputs; ++k) {
      double* to = &spread[k * (20 * kApart + 1)];
      for (size_t j = 0; j < 20; ++j) to[j * kApart + 7] = parameters[k * 21 + j];
      to[20 * kApart] = parameters[k * 21 + 20];
    }
    const auto one = MakeSparseDesign(few.rows);
    const auto other = MakeSparseDesign(many.rows);
    EXPECT_EQ(other->FromInner(other->ToInner(spread, outputs), outputs), spread);
    std::vector<double> margins(200 * outputs), same(200 * outputs);
    one->Margins(0, 200, one->ToInner(parameters, outputs), outputs, margins);
    other->Margins(0, 200, other->ToInner(spread, outputs), outputs, same);
    EXPECT_EQ(same, margins);
    std::vector<double> sums(one->InnerSize(outputs)), others(other->InnerSize(outputs));
    one->AddTransposed(0, 200, margins, outputs, sums);
    other->AddTransposed(0, 200, margins, outputs, others);
    const std::vector<double> of_few = one->FromInner(sums, outputs), of_many = other->FromInner(others, outputs);
    for (size_t k = 0; k < outputs; ++k) {
      for (size_t j = 0; j < 20; ++j) {
        EXPECT_EQ(of_many[k * (20 * kApart + 1) + j * kApart + 7], of_few[k * 21 + j]);
      }
      EXPECT_EQ(of_many[k * (20 * kApart + 1) + 20 * kApart], of_few[k * 21 + 20]);
    }
  }
}

// Every tile of the dense kernels, and what is left over beside them.
TEST(DenseDesign, AnyNumberOfOutputsAndFeaturesIsTheSameAsItsEntries) {
  for (const int features : {1, 8, 37, 131}) {
    const TestRows data = Matrix(Loss::kSquared, 150, features, 3);
    const auto entries = MakeSparseDesign(data.rows);
    const auto dense = MakeDenseDesign(data.rows);
    const int64_t num_rows = data.rows.num_rows();
    const auto size = static_cast<size_t>(features + 1);
    for (const size_t outputs : {1, 2, 5, 8, 13}) {
      const std::vector<double> parameters = RandomVector(outputs * size, 4);
      const std::vector<double> slopes = RandomVector(outputs * static_cast<size_t>(num_rows), 5);
      std::vector<std::vector<double>> margins, sums;
      for (const Design* design : {entries.get(), dense.get()}) {
        margins.emplace_back(slopes.size());
        design->Margins(0, num_rows, design->ToInner(parameters, outputs), outputs, margins.back());
        std::vector<double> inner(design->InnerSize(outputs));
        design->AddTransposed(0, num_rows, slopes, outputs, inner);
        sums.push_back(design->FromInner(inner, outputs));
      }
      for (size_t i = 0; i < slopes.size(); ++i) ASSERT_NEAR(margins[1][i], margins[0][i], 1e-12);
      for (size_t i = 0; i < parameters.size(); ++i) ASSERT_NEAR(sums[1][i], sums[0][i], 1e-11);
    }
    const std::vector<double> factors = RandomVector(static_cast<size_t>(num_rows), 6);
    std::vector<std::vector<double>> grams;
    for (const Design* design : {entries.get(), dense.get()}) {
      std::vector<double> of_rows(design->num_gram_sums());
      design->AddGram(0, num_rows, factors, of_rows);
      grams.push_back(design->FinishGram(std::move(of_rows)));
    }
    for (size_t i = 0; i < size; ++i) {
      for (size_t j = 0; j <= i; ++j) ASSERT_NEAR(grams[1][i * size + j], grams[0][i * size + j], 1e-11);
    }
  }
}

TEST(Cells, OfIndependentFieldsAreTheSameAsTheirEntries) {
  std::mt19937_64 random(8);
  TestRows data;
  data.rows.num_features = 361;
  for (int row = 0; row < 20'000; ++row) {
    std::vector<std::pair<int32_t, double>> entries;
    for (int32_t f = 0; f < 3; ++f) {
      const auto word = static_cast<int32_t>(random() % 130);
      if (word < 120) entries.emplace_back(120 * f + word, word == 5 ? 0.5 : 1.0);
    }
    if (row % 2 == 0) entries.emplace_back(360, static_cast<double>(random() % 5));
    data.Add(entries, static_cast<double>(random() % 2));
  }
  std::optional<CellRows> cells = FindCells(data.rows);
  ASSERT_TRUE(cells.has_value());
  EXPECT_GE(cells->fields.size(), 3U);
  const MergedRows merged = MergeRows(*std::move(cells), data.targets, {}, MergeTargets::kMean, 2);
  ThreadPool pool(2);
  const Context context{.pool = &pool};
  const auto sparse = MakeSparseDesign(data.rows);
  Objective one(ProblemOf(data, *sparse), {.loss = Loss::kLogistic}, context);
  Problem problem = ProblemOf(data, *merged.design);
  problem.targets = merged.targets;
  problem.weights = merged.weights;
  Objective other(problem, {.loss = Loss::kLogistic}, context);
  ExpectSame(one, other);
}

TEST(Cells, AreNotMadeOfNumbersThatDiffer) {
  EXPECT_FALSE(FindCells(Matrix(Loss::kLogistic, 5000, 3, 1).rows).has_value() &&
               FindCells(Matrix(Loss::kLogistic, 5000, 3, 1).rows)->fields.size() < 3);
  EXPECT_FALSE(FindCells(Matrix(Loss::kLogistic, 5000, 30, 1).rows).has_value());
  EXPECT_FALSE(FindCells(Categories(Loss::kLogistic, 100, 5, 1).rows).has_value());
}

double LossOf(Loss loss, double margin, double target, double& slope, double& curvature) {
  return AddLosses({.loss = loss, .smoothing = 0.25}, {&margin, 1}, {&target, 1}, {}, {&slope, 1}, {&curvature, 1});
}

TEST(Losses, LogisticAgreesWithLongDoublesEverywhere) {
  for (double margin = -745; margin < 745; margin += 0.37) {
    for (const double target : {0.0, 1.0, 0.25}) {
      double slope = 0, curvature = 0;
      const double loss = LossOf(Loss::kLogistic, margin, target, slope, curvature);
      const long double m = margin, p = 1 / (1 + std::exp(-m));
      const long double expected = std::max(m, 0.0L) + std::log1p(std::exp(-std::abs(m))) - target * m;
      EXPECT_NEAR(loss, static_cast<double>(expected), 1e-15 * (1 + std::abs(static_cast<double>(expected)))) << margin;
      EXPECT_NEAR(slope, static_cast<double>(p - target), 4e-16) << margin;
      EXPECT_NEAR(curvature, static_cast<double>(p * (1 / (1 + std::exp(m)))), 1e-16 + 1e-15 * curvature) << margin;
    }
  }
}

TEST(Losses, PoissonIsTheFormulaAndOverflowsToInfinity) {
  double slope = 0, curvature = 0;
  for (double margin = -300; margin < 300; margin += 0.71) {
    EXPECT_NEAR(LossOf(Loss::kPoisson, margin, 2, slope, curvature), std::exp(margin) - 2 * margin,
                4e-16 * (std::exp(margin) + std::abs(2 * margin)));
    EXPECT_NEAR(curvature, std::exp(margin), 4e-16 * std::exp(margin));
  }
  EXPECT_EQ(LossOf(Loss::kPoisson, 1e4, 2, slope, curvature), HUGE_VAL);
  EXPECT_EQ(LossOf(Loss::kPoisson, -1e4, 0, slope, curvature), curvature);
}

TEST(Losses, HingesByHand) {
  double slope = 0, curvature = 0;
  EXPECT_EQ(LossOf(Loss::kSquaredHinge, 0.5, 1, slope, curvature), 0.25);
  EXPECT_EQ(slope, -1);
  EXPECT_EQ(curvature, 2);
  EXPECT_EQ(LossOf(Loss::kSquaredHinge, 1.5, 1, slope, curvature), 0);
  EXPECT_EQ(curvature, 0);
  EXPECT_EQ(LossOf(Loss::kHinge, 0.5, 0, slope, curvature), 1.5 - 0.125);  // the smoothed one is smoothing / 2 below
  EXPECT_EQ(slope, 1);
  EXPECT_EQ(curvature, 0.01);
  EXPECT_EQ(LossOf(Loss::kHinge, 0.875, 1, slope, curvature), 0.125 * 0.125 / 0.5);
  EXPECT_EQ(slope, -0.5);
  EXPECT_EQ(curvature, 4);
}

TEST(Losses, HugeMarginsOverflowNowhere) {
  double slope = 0, curvature = 0;
  EXPECT_LT(LossOf(Loss::kLogistic, 1e300, 1, slope, curvature), 1e-300);
  EXPECT_EQ(LossOf(Loss::kLogistic, 1e300, 0, slope, curvature), 1e300);
  EXPECT_EQ(slope, 1);
  std::vector<double> margins = {1e300, -1e300, 0}, slopes(3);
  const double target = 1;
  EXPECT_EQ(AddSoftmaxLosses(margins, 3, {&target, 1}, {}, slopes), 2e300);
  EXPECT_EQ(margins[0], 1);
}

}  // namespace
}  // namespace roost::train
