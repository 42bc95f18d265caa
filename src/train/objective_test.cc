#include "train/objective.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "base/thread_pool.h"

namespace roost::train {
namespace {

constexpr double kL2 = 0.7;

struct Data {
  transform::FeatureRows rows;
  std::vector<int8_t> labels;
};

Data RandomData(int num_rows, int num_features, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  Data data;
  data.rows.num_features = num_features;
  for (int row = 0; row < num_rows; ++row) {
    for (int feature = 0; feature < num_features; ++feature) {
      if (random() % 2 == 0) continue;
      data.rows.indices.push_back(feature);
      data.rows.values.push_back(normal(random));
    }
    data.rows.starts.push_back(static_cast<int64_t>(data.rows.indices.size()));
    data.labels.push_back(static_cast<int8_t>(random() % 2));
  }
  return data;
}

std::vector<double> RandomVector(size_t size, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  std::vector<double> vector(size);
  for (double& x : vector) x = normal(random);
  return vector;
}

class ObjectiveTest : public testing::Test {
 protected:
  ThreadPool pool_{2};
  Context context_{.pool = &pool_};
  Data data_ = RandomData(200, 6, 1);
  LogisticObjective objective_{data_.rows, data_.labels, kL2, context_};
  std::vector<double> point_ = RandomVector(objective_.num_parameters(), 2);

  double ObjectiveAt(std::vector<double> point, size_t moved, double by) {
    point[moved] += by;
    return objective_.Evaluate(point)->objective;
  }
  double GradientAt(std::vector<double> point, size_t moved, double by, size_t component) {
    point[moved] += by;
    return objective_.Evaluate(point)->gradient[component];
  }
};

TEST_F(ObjectiveTest, OfAKnownRowIsTheFormula) {
  const Data data{{.num_features = 2, .starts = {0, 1}, .indices = {1}, .values = {2.0}}, {1}};
  LogisticObjective objective(data.rows, data.labels, 4.0, context_);
  const Evaluation at = *objective.Evaluate(std::vector<double>{3.0, 0.5, -1.0});
  EXPECT_DOUBLE_EQ(at.loss, std::log(2));  // 2 * 0.5 - 1 = 0: the probability is a half
  EXPECT_DOUBLE_EQ(at.objective, std::log(2) + 4.0 / 2 * (9 + 0.25));
  EXPECT_DOUBLE_EQ(at.gradient[0], 4.0 * 3);
  EXPECT_DOUBLE_EQ(at.gradient[1], -0.5 * 2 + 4.0 * 0.5);
  EXPECT_DOUBLE_EQ(at.gradient[2], -0.5);
}

TEST_F(ObjectiveTest, TheGradientIsTheSlopeOfTheObjective) {
  const Evaluation at = *objective_.Evaluate(point_);
  for (size_t i = 0; i < point_.size(); ++i) {
    const double slope = (ObjectiveAt(point_, i, 1e-5) - ObjectiveAt(point_, i, -1e-5)) / 2e-5;
    EXPECT_NEAR(at.gradient[i], slope, 1e-8) << i;
  }
}

TEST_F(ObjectiveTest, TheHessianIsTheSlopeOfTheGradient) {
  ASSERT_TRUE(objective_.Evaluate(point_).ok());
  const std::vector<double> hessian = *objective_.PackedHessian();
  for (size_t i = 0; i < point_.size(); ++i) {
    for (size_t j = 0; j <= i; ++j) {
      const double slope = (GradientAt(point_, j, 1e-5, i) - GradientAt(point_, j, -1e-5, i)) / 2e-5;
      EXPECT_NEAR(hessian[LogisticObjective::PackedIndex(i, j)], slope, 1e-8) << i << " " << j;
    }
  }
}

TEST_F(ObjectiveTest, DiagonalAndProductAreThoseOfTheHessian) {
  ASSERT_TRUE(objective_.Evaluate(point_).ok());
  const std::vector<double> hessian = *objective_.PackedHessian();
  const std::vector<double> diagonal = *objective_.HessianDiagonal();
  const std::vector<double> vector = RandomVector(point_.size(), 3);
  const std::vector<double> product = *objective_.HessianTimes(vector);
  for (size_t i = 0; i < point_.size(); ++i) {
    EXPECT_NEAR(diagonal[i], hessian[LogisticObjective::PackedIndex(i, i)], 1e-14);
    double expected = 0;
    for (size_t j = 0; j < point_.size(); ++j) {
      expected += hessian[LogisticObjective::PackedIndex(std::max(i, j), std::min(i, j))] * vector[j];
    }
    EXPECT_NEAR(product[i], expected, 1e-14);
  }
}

TEST_F(ObjectiveTest, HugeMarginsOverflowNowhere) {
  const Data data{{.num_features = 1, .starts = {0, 1, 2}, .indices = {0, 0}, .values = {1e4, 1e4}}, {1, 0}};
  LogisticObjective objective(data.rows, data.labels, 0, context_);
  const Evaluation at = *objective.Evaluate(std::vector<double>{1.0, 0.0});
  EXPECT_DOUBLE_EQ(at.loss, 1e4 / 2);  // right for free, wrong for the whole margin
  EXPECT_DOUBLE_EQ(at.gradient[0], 1e4 / 2);
}

}  // namespace
}  // namespace roost::train
