#include "profile/order_state.h"

#include <limits>
#include <random>

#include <gtest/gtest.h>

#include "profile/testing.h"

namespace roost::profile {
namespace {

constexpr uint16_t kVersion = 3;  // of the format

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
  const auto parsed = OrderState::Parse(reader, /*is_float=*/false, 5'000, kVersion);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(BytesOf(*parsed), bytes);
  ByteReader too_many(bytes);
  EXPECT_EQ(OrderState::Parse(too_many, /*is_float=*/false, 4'999, kVersion).status().code(),
            absl::StatusCode::kDataLoss);
}

// Of values 1.5, -2 and of 3, 9: count, rises, falls, gap, and each end as a double and as an integer.
TEST(OrderState, OfTheFormatBeforeIsRead) {
  const auto bytes_of = [](std::vector<uint64_t> counts, double gap, double first, int64_t first_integer, double last,
                           int64_t last_integer) {
    std::string bytes;
    for (const uint64_t count : counts) AppendVarint(bytes, count);
    AppendFixed(bytes, gap);
    AppendFixed(bytes, first);
    AppendFixed(bytes, first_integer);
    AppendFixed(bytes, last);
    AppendFixed(bytes, last_integer);
    return bytes;
  };
  OrderState floats(/*is_float=*/true);
  floats.Add(TestColumn("x", "g", std::vector<double>{1.5, -2}).View());
  const std::string old_floats = bytes_of({2, 0, 1}, 3.5, 1.5, 0, -2, 0);
  ByteReader float_reader(old_floats);
  const auto read_floats = OrderState::Parse(float_reader, /*is_float=*/true, 2, 2);
  ASSERT_TRUE(read_floats.ok()) << read_floats.status();
  EXPECT_TRUE(float_reader.done());
  EXPECT_EQ(BytesOf(*read_floats), BytesOf(floats));
  OrderState integers(/*is_float=*/false);
  integers.Add(TestColumn("x", "l", std::vector<int64_t>{3, 9}).View());
  const std::string old_integers = bytes_of({2, 1, 0}, 6, 3, 3, 9, 9);
  ByteReader integer_reader(old_integers);
  const auto read_integers = OrderState::Parse(integer_reader, /*is_float=*/false, 2, 2);
  ASSERT_TRUE(read_integers.ok()) << read_integers.status();
  EXPECT_EQ(BytesOf(*read_integers), BytesOf(integers));
}

TEST(OrderState, HasTheGapOfTimesInSeconds) {
  OrderState state(/*is_float=*/false);
  state.Add(TestColumn("t", "tsm:", std::vector<int64_t>{0, 1'500, 1'000}).View());
  EXPECT_EQ(state.Summarize(1e6).greatest_gap, 1.5);
}

}  // namespace
}  // namespace roost::profile
