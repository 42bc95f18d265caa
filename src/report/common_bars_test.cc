#include "report/common_bars.h"

#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "report/summaries_for_test.h"

namespace roost::report {
namespace {

profile::NumberSummary Skewed(std::string name, double scale) {
  return *Numbers(std::move(name), 10'000, scale, 1).number;
}

TEST(CommonBars, EdgesSpanBothSidesInEqualSteps) {
  profile::NumberSummary a{.min = 0, .max = 10}, b{.min = -10, .max = 5};
  EXPECT_EQ(CommonEdges(a, b, 4), (std::vector<double>{-10, -5, 0, 5, 10}));
  EXPECT_EQ(CommonEdges(b, a, 4), CommonEdges(a, b, 4));
  EXPECT_EQ(CommonEdges(a, {}, 2), (std::vector<double>{0, 5, 10}));
  EXPECT_EQ(CommonEdges({.min = 3, .max = 3}, {}, 4), (std::vector<double>{3, 3}));
  EXPECT_TRUE(CommonEdges({}, {}, 4).empty());
}

TEST(CommonBars, EdgesOfTheGreatestDoublesAreFinite) {
  constexpr double kHuge = std::numeric_limits<double>::max();
  for (const double edge : CommonEdges({.min = -kHuge, .max = kHuge}, {}, 20)) EXPECT_TRUE(std::isfinite(edge));
}

TEST(CommonBars, SharesSumToOneAndNoneIsNegativeWhateverTheOtherSideIs) {
  for (const double scale : {1.0, 7.0, 300.0}) {
    const profile::NumberSummary a = Skewed("a", 5), b = Skewed("b", scale);
    for (const int bars : {1, 3, 20, 64}) {
      const std::vector<double> edges = CommonEdges(a, b, bars);
      for (const auto* side : {&a, &b}) {
        const std::vector<double> shares = SharesOfBars(*side, edges);
        EXPECT_EQ(shares.size(), edges.size() - 1);
        EXPECT_NEAR(std::accumulate(shares.begin(), shares.end(), 0.0), 1, 1e-12);
        for (const double share : shares) EXPECT_GE(share, 0);
      }
    }
  }
}

TEST(CommonBars, OwnHistogramComesBackExactly) {
  const profile::NumberSummary number = Skewed("a", 12);
  const std::vector<double> shares = SharesOfBars(number, CommonEdges(number, number, 10));
  ASSERT_EQ(shares.size(), 10u);
  for (size_t i = 0; i < shares.size(); ++i) {
    EXPECT_NEAR(shares[i], static_cast<double>(number.histogram[i].count) / static_cast<double>(number.finite), 1e-9);
  }
}

TEST(CommonBars, AValueThatManyRowsHaveStaysInItsBar) {
  profile::NumberSummary number{.finite = 100, .min = 0, .max = 10};
  for (int q = 0; q <= 100; ++q) number.percentiles.push_back(q < 20 ? 0.2 * q : q <= 80 ? 5 : 5 + 0.25 * (q - 80));
  const std::vector<double> shares = SharesOfBars(number, {0, 4, 4.5, 5.5, 6, 10});
  EXPECT_NEAR(shares[2], 0.64, 0.02);  // 60 of them are exactly 5
}

TEST(CommonBars, NoValuesAreNoShares) {
  EXPECT_EQ(SharesOfBars({}, {0, 1, 2}), (std::vector<double>{0, 0}));
  EXPECT_TRUE(SharesOfBars({}, {}).empty());
}

}  // namespace
}  // namespace roost::report
