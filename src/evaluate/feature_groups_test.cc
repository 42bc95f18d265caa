#include "evaluate/feature_groups.h"

#include <cmath>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roost::evaluate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr int kRows = 2'000;

/// Rows of blocks, each given as the entry of a row: a place within the block, and its value.
class Rows {
 public:
  template <typename Entry>
  void Add(int32_t places, const Entry& entry) {
    for (int row = 0; row < kRows; ++row) entries_[static_cast<size_t>(row)].push_back(entry(row));
    first_.push_back(first_.back() + places);
  }
  std::vector<double> Correlations() const {
    transform::FeatureRows rows{.num_features = first_.back()};
    for (const auto& row : entries_) {
      for (size_t block = 0; block < row.size(); ++block) {
        rows.indices.push_back(first_[block] + row[block].first);
        rows.values.push_back(row[block].second);
      }
      rows.starts.push_back(static_cast<int64_t>(rows.indices.size()));
    }
    return BlockCorrelations(rows, first_);
  }

 private:
  std::vector<int32_t> first_{0};
  std::vector<std::vector<std::pair<int32_t, double>>> entries_ =
      std::vector<std::vector<std::pair<int32_t, double>>>(kRows);
};

TEST(BlockCorrelations, AMultipleSaysTheSame) {
  std::mt19937_64 random(1);
  std::vector<double> numbers(kRows);
  for (double& number : numbers) number = std::normal_distribution<double>()(random);
  Rows rows;
  rows.Add(1, [&](int row) { return std::pair(0, numbers[static_cast<size_t>(row)]); });
  rows.Add(1, [&](int row) { return std::pair(0, -3e100 * numbers[static_cast<size_t>(row)] + 7e100); });
  EXPECT_NEAR(rows.Correlations()[1], 1, 1e-6);
}

TEST(BlockCorrelations, OfTwoNumbersIsAboutTheSquareOfPearsons) {
  std::mt19937_64 random(2);
  std::normal_distribution<double> normal;
  Rows rows;
  std::vector<double> numbers(kRows);
  rows.Add(1, [&](int row) { return std::pair(0, numbers[static_cast<size_t>(row)] = normal(random)); });
  rows.Add(1, [&](int row) { return std::pair(0, 0.8 * numbers[static_cast<size_t>(row)] + 0.6 * normal(random)); });
  EXPECT_NEAR(rows.Correlations()[1], 0.64, 0.08);
}

TEST(BlockCorrelations, WordsAndTheirTranslationSayTheSameAndIndependentWordsNothing) {
  std::mt19937_64 random(3);
  std::vector<int32_t> words(kRows);
  for (int32_t& word : words) word = static_cast<int32_t>(random() % 400);
  Rows rows;
  rows.Add(400, [&](int row) { return std::pair(words[static_cast<size_t>(row)], 1.0); });
  rows.Add(400, [&](int row) { return std::pair(399 - words[static_cast<size_t>(row)], 1.0); });
  rows.Add(400, [&](int) { return std::pair(static_cast<int32_t>(random() % 400), 1.0); });
  const std::vector<double> correlations = rows.Correlations();
  EXPECT_NEAR(correlations[1], 1, 1e-6);
  EXPECT_NEAR(correlations[2], 0, 0.05) << "though there are hardly more rows than words";
  EXPECT_NEAR(correlations[5], 0, 0.05);
}

TEST(BlockCorrelations, ABlockWithoutChangeSaysNothing) {
  Rows rows;
  rows.Add(1, [](int) { return std::pair(0, 5.0); });
  rows.Add(1, [](int row) { return std::pair(0, static_cast<double>(row)); });
  rows.Add(1, [](int) { return std::pair(0, 0.0); });
  const std::vector<double> correlations = rows.Correlations();
  EXPECT_EQ(correlations[0], 0);
  EXPECT_EQ(correlations[1], 0);
  EXPECT_NEAR(correlations[4], 1, 1e-6);
  EXPECT_EQ(correlations[5], 0);
}

TEST(CorrelatedGroups, HangTogetherByChains) {
  //                           0    1    2    3    4
  const std::vector<double> c{1,   0.9, 0.2, 0,   0,    //
                              0.9, 1,   0.9, 0,   0,    //
                              0.2, 0.9, 1,   0,   0,    //
                              0,   0,   0,   1,   0.5,  //
                              0,   0,   0,   0.5, 1};
  EXPECT_THAT(CorrelatedGroups(c, 0.8), ElementsAre(ElementsAre(0, 1, 2)));
  EXPECT_THAT(CorrelatedGroups(c, 0.5), ElementsAre(ElementsAre(0, 1, 2), ElementsAre(3, 4)));
  EXPECT_THAT(CorrelatedGroups(c, 0.95), IsEmpty());
}

}  // namespace
}  // namespace roost::evaluate
