#include "profile/profile.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/thread_pool.h"
#include "column/builder.h"
#include "profile/testing.h"

namespace roost::profile {
namespace {

using column::BatchBuilder;
using column::BatchView;
using column::OwnedBatch;
using ::testing::HasSubstr;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// One row of the table that the laws are tested on.
struct Row {
  std::optional<double> number;
  std::optional<int64_t> integer;
  std::optional<std::string> text;
  std::optional<int64_t> time;
};

std::vector<Row> RandomRows(int count, uint32_t seed) {
  std::mt19937_64 random(seed);
  const double special[] = {1e300, -1e300, 1, -0.0, 0.0, 5e-324, kInfinity, -kInfinity, kNaN};
  std::vector<Row> rows(count);
  for (Row& row : rows) {
    if (random() % 10 != 0) {
      const bool is_special = random() % 4 == 0;
      row.number =
          is_special ? special[random() % 9] : std::ldexp(static_cast<int64_t>(random()), random() % 200 - 100);
    }
    if (random() % 10 != 0) row.integer = static_cast<int64_t>(random()) >> (random() % 64);
    if (random() % 10 != 0) row.text = std::string(random() % 3, 'x') + std::to_string(random() % 500);
    if (random() % 10 != 0) row.time = static_cast<int64_t>(random() % 100'000'000) * 1'000'000;
  }
  return rows;
}

OwnedBatch BatchOf(std::span<const Row> rows) {
  std::vector<std::optional<double>> numbers;
  std::vector<std::optional<int64_t>> integers, times;
  std::vector<std::optional<std::string>> texts;
  for (const Row& row : rows) {
    numbers.push_back(row.number);
    integers.push_back(row.integer);
    texts.push_back(row.text);
    times.push_back(row.time);
  }
  return BatchBuilder()
      .Numbers("number", numbers)
      .Integers("integer", integers)
      .Texts("text", texts)
      .Times("time", times)
      .Build();
}

Profile ProfileOf(const BatchView& batch) {
  Profile profile;
  EXPECT_TRUE(profile.Add(batch).ok());
  return profile;
}

ColumnSummary SummaryOf(const TestColumn& column) {
  const column::ColumnView view = column.View();
  return ProfileOf(BatchView(view.length(), {view})).Summarize().columns[0];
}

std::string BytesWithoutOrder(Profile profile) {
  profile.ForgetOrder();
  return profile.Serialize();
}

TEST(Profile, AnySplitInAnyOrderGivesTheSameBytes) {
  std::vector<Row> rows = RandomRows(6'000, /*seed=*/1);
  const std::string whole = BytesWithoutOrder(ProfileOf(BatchOf(rows).view()));
  std::mt19937 random(2);
  for (int round = 0; round < 12; ++round) {
    std::shuffle(rows.begin(), rows.end(), random);
    std::vector<Profile> shards(1 + random() % 6);
    for (size_t start = 0; start < rows.size();) {
      const size_t size = std::min<size_t>(rows.size() - start, 1 + random() % 2'000);
      const OwnedBatch batch = BatchOf(std::span(rows).subspan(start, size));
      ASSERT_TRUE(shards[random() % shards.size()].Add(batch.view()).ok());
      start += size;
    }
    // Merged as a random tree, not only from left to right.
    while (shards.size() > 1) {
      const size_t from = random() % shards.size();
      const size_t into = (from + 1 + random() % (shards.size() - 1)) % shards.size();
      ASSERT_TRUE(shards[into].Merge(shards[from]).ok());
      shards.erase(shards.begin() + static_cast<int64_t>(from));
    }
    ASSERT_TRUE(BytesWithoutOrder(shards[0]) == whole) << "round " << round;
  }
}

TEST(Profile, AnySplitThatKeepsTheOrderGivesTheSameBytesWithIt) {
  const std::vector<Row> rows = RandomRows(6'000, /*seed=*/11);
  const std::string whole = ProfileOf(BatchOf(rows).view()).Serialize();
  std::mt19937 random(12);
  for (int round = 0; round < 8; ++round) {
    std::vector<Profile> shards;
    for (size_t start = 0; start < rows.size();) {
      const size_t size = std::min<size_t>(rows.size() - start, 1 + random() % 2'000);
      shards.push_back(ProfileOf(BatchOf(std::span(rows).subspan(start, size)).view()));
      start += size;
    }
    // Neighbours are merged in any order of doing it.
    while (shards.size() > 1) {
      const auto left = static_cast<int64_t>(random() % (shards.size() - 1));
      ASSERT_TRUE(shards[static_cast<size_t>(left)].Merge(shards[static_cast<size_t>(left) + 1]).ok());
      shards.erase(shards.begin() + left + 1);
    }
    ASSERT_TRUE(shards[0].Serialize() == whole) << "round " << round;
  }
}

TEST(Profile, AnyNumberOfThreadsGivesTheSameBytes) {
  std::vector<OwnedBatch> batches;
  for (uint32_t i = 0; i < 12; ++i) batches.push_back(BatchOf(RandomRows(1'000, /*seed=*/i)));
  Profile one_by_one;
  for (const OwnedBatch& batch : batches) ASSERT_TRUE(one_by_one.Add(batch.view()).ok());
  for (const size_t threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    const Context context{.pool = &pool};
    const auto profile = ProfileBatches(batches, context);
    ASSERT_TRUE(profile.ok());
    EXPECT_TRUE(profile->Serialize() == one_by_one.Serialize()) << threads;
  }
}

TEST(Profile, ACancelledWorkSaysSo) {
  const std::vector<OwnedBatch> batches = [] {
    std::vector<OwnedBatch> one;
    one.push_back(BatchOf(RandomRows(10, 1)));
    return one;
  }();
  ThreadPool pool(1);
  Cancellation cancellation;
  cancellation.Cancel();
  const Context context{.pool = &pool, .cancellation = &cancellation};
  EXPECT_EQ(ProfileBatches(batches, context).status().code(), absl::StatusCode::kCancelled);
}

TEST(Profile, ADictionaryGivesTheSameBytesAsPlainText) {
  const TestColumn plain =
      TestColumn::Texts("airport", "u", {"SFO", "OAK", std::nullopt, "SFO", "", "\xff", std::nullopt, "SFO"});
  // With an unused value, one that is there twice and a null in the dictionary.
  const TestColumn dictionary =
      TestColumn::Dictionary("airport", {1, 2, -1, 3, 4, 5, 6, 1},
                             TestColumn::Texts("", "u", {"unused", "SFO", "OAK", "SFO", "", "\xff", {}}));
  EXPECT_EQ(ProfileOf(BatchView(8, {plain.View()})).Serialize(),
            ProfileOf(BatchView(8, {dictionary.View()})).Serialize());
  const TestColumn numbers("n", "g", std::vector<double>{1.5, -2, 1.5});
  const TestColumn codes = TestColumn::Dictionary("n", {1, 0, 1}, TestColumn("", "g", std::vector<double>{-2, 1.5}));
  EXPECT_EQ(ProfileOf(BatchView(3, {numbers.View()})).Serialize(), ProfileOf(BatchView(3, {codes.View()})).Serialize());
}

TEST(Profile, NumbersAreCountedByTheirKind) {
  const ColumnSummary column =
      SummaryOf(TestColumn("x", "g", std::vector<double>{1, -0.0, 0, -3, kNaN, kInfinity, -kInfinity, kInfinity, 9},
                           {true, true, true, true, true, true, true, true, false}));
  EXPECT_EQ(column.rows, 9);
  EXPECT_EQ(column.missing, 1);
  EXPECT_EQ(column.number->finite, 4);
  EXPECT_EQ(column.number->zeros, 2);
  EXPECT_EQ(column.number->negative, 1);
  EXPECT_EQ(column.number->nan, 1);
  EXPECT_EQ(column.number->positive_infinity, 2);
  EXPECT_EQ(column.number->negative_infinity, 1);
  EXPECT_EQ(column.number->min, -3);
  EXPECT_EQ(column.number->max, 1);
  EXPECT_EQ(column.number->mean, -0.5);
  EXPECT_EQ(column.distinct, 3);
  EXPECT_FALSE(column.text.has_value());
}

TEST(Profile, NothingFiniteHasNoFigures) {
  const ColumnSummary column = SummaryOf(TestColumn("x", "g", std::vector<double>{kNaN, kInfinity}));
  EXPECT_EQ(column.number->finite, 0);
  EXPECT_FALSE(column.number->min || column.number->max || column.number->mean || column.number->standard_deviation);
  EXPECT_TRUE(column.number->percentiles.empty());
  EXPECT_EQ(column.distinct, 0);
}

template <typename T>
class EveryNumberType : public ::testing::Test {};
using NumberTypes =
    ::testing::Types<int8_t, int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t, float, double>;
TYPED_TEST_SUITE(EveryNumberType, NumberTypes);

TYPED_TEST(EveryNumberType, HasExactEndsMeanAndDeviation) {
  using Limits = std::numeric_limits<TypeParam>;
  const std::string formats = sizeof(TypeParam) == 1   ? "cC"
                              : sizeof(TypeParam) == 2 ? "sS"
                              : sizeof(TypeParam) == 4 ? "iIf"
                                                       : "lLg";
  const char format = Limits::is_integer ? formats[Limits::is_signed ? 0 : 1] : formats[2];
  const std::vector<TypeParam> values{Limits::lowest(), Limits::max(), 1, 1};
  const NumberSummary number = *SummaryOf(TestColumn("x", std::string(1, format), values)).number;
  EXPECT_EQ(*number.min, static_cast<double>(Limits::lowest()));
  EXPECT_EQ(*number.max, static_cast<double>(Limits::max()));
  EXPECT_EQ(number.finite, 4);
  if constexpr (!Limits::is_integer) {
    EXPECT_EQ(*number.mean, 0.5);
  }
  EXPECT_EQ(number.percentiles[50], 1);
  const NumberSummary small =
      *SummaryOf(TestColumn("x", std::string(1, format), std::vector<TypeParam>{1, 2, 3, 6})).number;
  EXPECT_EQ(*small.mean, 3);
  EXPECT_EQ(*small.standard_deviation, std::sqrt(3.5));
}

TEST(Profile, BoolsAreNumbersAndTwoTexts) {
  const ColumnSummary column =
      SummaryOf(TestColumn::Bools("late", {true, false, true, true}, {true, true, true, false}));
  EXPECT_EQ(column.type_text, "bool");
  EXPECT_EQ(column.missing, 1);
  EXPECT_EQ(*column.number->mean, 2.0 / 3);
  EXPECT_EQ(column.text->top, (std::vector<ValueCount>{{"true", 2}, {"false", 1}}));
  EXPECT_TRUE(column.distinct_is_exact);
  EXPECT_EQ(column.distinct, 2);
}

TEST(Profile, TimesOfEveryUnitAreSecondsAndExactMicroseconds) {
  const auto expect_day = [](const TestColumn& column, const char* type_text) {
    const ColumnSummary summary = SummaryOf(column);
    EXPECT_EQ(summary.type_text, type_text);
    EXPECT_EQ(summary.number->min_micros, 0);
    EXPECT_EQ(summary.number->max_micros, 86'400'000'000);
    EXPECT_EQ(*summary.number->max, 86'400);
    EXPECT_EQ(*summary.number->mean, 43'200);
    EXPECT_EQ(*summary.number->standard_deviation, 43'200);
    EXPECT_EQ(summary.distinct, 2);
    EXPECT_TRUE(summary.distinct_is_exact);
  };
  expect_day(TestColumn("t", "tdD", std::vector<int32_t>{0, 1}), "date");
  expect_day(TestColumn("t", "tdm", std::vector<int64_t>{0, 86'400'000}), "date");
  expect_day(TestColumn("t", "tss:", std::vector<int64_t>{0, 86'400}), "timestamp[s]");
  expect_day(TestColumn("t", "tsm:UTC", std::vector<int64_t>{0, 86'400'000}), "timestamp[ms, UTC]");
  expect_day(TestColumn("t", "tsu:", std::vector<int64_t>{0, 86'400'000'000}), "timestamp[us]");
  expect_day(TestColumn("t", "tsn:", std::vector<int64_t>{0, 86'400'000'000'000}), "timestamp[ns]");
}

TEST(Profile, TextHasLengthsAndWrongBytesCounted) {
  const ColumnSummary column =
      SummaryOf(TestColumn::Texts("t", "u", {"", "ab", "grüße", "\xc3", "\xed\xa0\x80", std::nullopt, "ab"}));
  EXPECT_EQ(column.missing, 1);
  EXPECT_EQ(column.text->empty, 1);
  EXPECT_EQ(column.text->invalid_utf8, 2);
  EXPECT_EQ(column.text->min_length, 0);
  EXPECT_EQ(column.text->max_length, 7);
  EXPECT_EQ(column.text->mean_length, 15.0 / 6);
  EXPECT_EQ(column.text->top[0], (ValueCount{"ab", 2}));
  EXPECT_EQ(column.distinct, 5);
  EXPECT_FALSE(column.number.has_value());
  EXPECT_EQ(SummaryOf(TestColumn::Texts("b", "z", {"x"})).type_text, "binary");
}

TEST(Profile, ColumnsThatCannotBeReadAreCounted) {
  const ColumnSummary nulls = SummaryOf(TestColumn::Opaque("n", "n", 5));
  EXPECT_EQ(nulls.rows, 5);
  EXPECT_EQ(nulls.missing, 5);
  const ColumnSummary times = SummaryOf(TestColumn::Opaque("t", "ttu", 5));
  EXPECT_EQ(times.rows, 5);
  EXPECT_EQ(times.missing, 0);
  EXPECT_FALSE(times.number.has_value() || times.text.has_value());
}

TEST(Profile, OtherColumnsAreRefusedByName) {
  const TestColumn a("a", "l", std::vector<int64_t>{1});
  const TestColumn b("b", "l", std::vector<int64_t>{1});
  const TestColumn a_text = TestColumn::Texts("a", "u", {"x"});
  Profile profile = ProfileOf(BatchView(1, {a.View()}));
  const std::string before = profile.Serialize();
  const auto message = [&](std::vector<column::ColumnView> columns) {
    const BatchView batch(1, std::move(columns));
    const absl::Status status = profile.Add(batch);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    const std::string text(status.message());
    Profile other;
    const absl::Status adopted = other.Add(batch);
    EXPECT_EQ(profile.Merge(other).message(), adopted.ok() ? text : "");
    return text;
  };
  EXPECT_EQ(message({b.View()}), "column 'a' is missing here and was there before");
  EXPECT_EQ(message({a.View(), b.View()}), "column 'b' is new here and was not there before");
  EXPECT_EQ(message({a_text.View()}), "column 'a' is string here and was int64 before");
  EXPECT_EQ(message({a.View(), a.View()}), "column 'a' is there twice");
  EXPECT_EQ(profile.Serialize(), before);
}

TEST(Profile, TheOrderOfLaterColumnsIsFree) {
  const TestColumn a("a", "l", std::vector<int64_t>{1});
  const TestColumn b("b", "l", std::vector<int64_t>{2});
  Profile profile = ProfileOf(BatchView(1, {a.View(), b.View()}));
  ASSERT_TRUE(profile.Add(BatchView(1, {b.View(), a.View()})).ok());
  const ProfileSummary summary = profile.Summarize();
  EXPECT_EQ(summary.rows, 2);
  EXPECT_EQ(summary.columns[0].name, "a");
  EXPECT_EQ(*summary.Find("b")->number->mean, 2);
}

TEST(Profile, AnEmptyProfileIsNeutral) {
  const Profile profile = ProfileOf(BatchOf(RandomRows(50, /*seed=*/3)).view());
  Profile left;
  ASSERT_TRUE(left.Merge(profile).ok());
  ASSERT_TRUE(left.Merge(Profile()).ok());
  EXPECT_EQ(left.Serialize(), profile.Serialize());
}

TEST(Profile, MergedWithItselfItIsAllRowsTwice) {
  const OwnedBatch batch = BatchOf(RandomRows(5'000, /*seed=*/4));
  Profile merged = ProfileOf(batch.view());
  ASSERT_TRUE(merged.Merge(merged).ok());
  Profile twice = ProfileOf(batch.view());
  ASSERT_TRUE(twice.Add(batch.view()).ok());
  EXPECT_TRUE(merged.Serialize() == twice.Serialize());
}

TEST(Profile, DistinctValuesAreEstimatedOnlyWhereTheyAreMany) {
  std::vector<int64_t> few, many;
  for (int64_t i = 0; i < 50'000; ++i) {
    few.push_back(i % 600 - 300);
    many.push_back(i * 7);
  }
  const ColumnSummary of_few = SummaryOf(TestColumn("few", "l", few));
  EXPECT_TRUE(of_few.distinct_is_exact);
  EXPECT_EQ(of_few.distinct, 600);
  const ColumnSummary of_many = SummaryOf(TestColumn("many", "l", many));
  EXPECT_FALSE(of_many.distinct_is_exact);
  EXPECT_NEAR(of_many.distinct, 50'000, 50'000 * 4 * 0.0163);
}

}  // namespace
}  // namespace roost::profile
