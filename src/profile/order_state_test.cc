#include "profile/order_state.h"

#include <limits>
#include <random>

#include <gtest/gtest.h>

#include "profile/testing.h"

namespace roost::profile {
namespace {

template <typename T>
OrderSummary OrderOf(const std::string& format, const std::vector<T>& values, const std::vector<bool>& valid = {}) {
  OrderState state(/*is_float=*/std::is_floating_point_v<T>);
  state.Add(TestColumn("x", format, values, valid).View());
  return state.Summarize(1);
}

TEST(OrderState, TellsRisesFallsAndRepeats) {
  const OrderSummary order = OrderOf<int64_t>("l", {1, 2, 2, 9, 3});
  EXPECT_EQ(order.rises, 2);
  EXPECT_EQ(order.repeats, 1);
  EXPECT_EQ(order.falls, 1);
  EXPECT_EQ(order.greatest_gap, 7);
  EXPECT_FALSE(order.ascending() || order.descending());
}

TEST(OrderState, AscendingAndDescendingAreStrictWithoutRepeats) {
  EXPECT_TRUE(OrderOf<int32_t>("i", {-5, 0, 7}).ascending());
  EXPECT_TRUE(OrderOf<int32_t>("i", {-5, 0, 7}).strict());
  EXPECT_TRUE(OrderOf<double>("g", {3.5, 3.5, 1}).descending());
  EXPECT_FALSE(OrderOf<double>("g", {3.5, 3.5, 1}).strict());
  // One value, or the same one throughout, is neither.
  EXPECT_FALSE(OrderOf<double>("g", {1, 1}).ascending() || OrderOf<double>("g", {1, 1}).descending());
}

TEST(OrderState, LeavesOutNullsNaNAndInfinities) {
  constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const OrderSummary order = OrderOf<double>("g", {1, kNaN, kInfinity, 2, 0, 3}, {true, true, true, true, false, true});
  EXPECT_EQ(order.rises, 2);
  EXPECT_EQ(order.falls, 0);
  EXPECT_EQ(order.greatest_gap, 1);
}

TEST(OrderState, ComparesUnsignedIntegersBeyondTheSignedOnes) {
  const OrderSummary order = OrderOf<uint64_t>("L", {1, uint64_t{1} << 63, std::numeric_limits<uint64_t>::max()});
  EXPECT_EQ(order.rises, 2);
  EXPECT_EQ(order.falls, 0);
}

TEST(OrderState, AnySplitThatKeepsTheOrderGivesTheSameBytes) {
  std::mt19937 random(5);
  std::vector<int64_t> values(5'000);
  for (int64_t& value : values) value = static_cast<int64_t>(random() % 1000) - 500;
  OrderState whole(/*is_float=*/false);
  whole.Add(TestColumn("x", "l", values).View());
  OrderState parts(/*is_float=*/false);
  for (size_t start = 0; start < values.size();) {
    const size_t end = std::min(values.size(), start + random() % 900);
    OrderState part(/*is_float=*/false);
    part.Add(TestColumn("x", "l",
                        std::vector<int64_t>(values.begin() + static_cast<int64_t>(start),
                                             values.begin() + static_cast<int64_t>(end)))
                 .View());
    parts.Merge(part);
    start = end;
  }
  EXPECT_EQ(BytesOf(parts), BytesOf(whole));
  const std::string bytes = BytesOf(whole);
  ByteReader reader(bytes);
  const auto parsed = OrderState::Parse(reader, /*is_float=*/false, 5'000);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(BytesOf(*parsed), bytes);
  ByteReader too_many(bytes);
  EXPECT_EQ(OrderState::Parse(too_many, /*is_float=*/false, 4'999).status().code(), absl::StatusCode::kDataLoss);
}

TEST(OrderState, HasTheGapOfTimesInSeconds) {
  OrderState state(/*is_float=*/false);
  state.Add(TestColumn("t", "tsm:", std::vector<int64_t>{0, 1'500, 1'000}).View());
  EXPECT_EQ(state.Summarize(1e6).greatest_gap, 1.5);
}

}  // namespace
}  // namespace roost::profile
