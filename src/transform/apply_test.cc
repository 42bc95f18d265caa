#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hash.h"
#include "base/status.h"
#include "transform/test_data.h"
#include "transform/transform.h"

namespace roost::transform {
namespace {

using column::Value;
using testing::ElementsAre;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Transform Flights() { return *FitSummary(FlightsFeatures(), FlightsSummary()); }

Transform FitOne(FeatureSpec spec) { return *FitSummary({std::move(spec)}, FlightsSummary()); }

// The name and value of the only feature of a transform of one declared feature.
std::pair<std::string, double> Only(const Transform& transform, Value value) {
  FeatureVector features;
  transform.ApplyRow(std::vector{value}, features);
  EXPECT_EQ(features.indices.size(), 1u);
  return {transform.FeatureName(features.indices.front()), features.values.front()};
}

std::string NameOf(const Transform& transform, Value value) {
  const auto [name, number] = Only(transform, value);
  EXPECT_EQ(number, 1.0);
  return name;
}

bool SameBits(const std::vector<double>& a, const std::vector<double>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0);
}

void ExpectSame(const FeatureRows& a, const FeatureRows& b) {
  EXPECT_EQ(a.num_features, b.num_features);
  EXPECT_EQ(a.starts, b.starts);
  EXPECT_EQ(a.indices, b.indices);
  EXPECT_TRUE(SameBits(a.values, b.values));
}

void ExpectRowsGiveTheBatch(const Transform& transform, const column::BatchView& batch, const FeatureRows& rows) {
  ASSERT_EQ(rows.num_rows(), batch.num_rows());
  EXPECT_EQ(rows.num_features, transform.num_features());
  FeatureVector features;
  for (int64_t row = 0; row < batch.num_rows(); ++row) {
    transform.ApplyRow(RowOf(batch, transform.inputs(), row), features);
    const auto begin = rows.starts[row];
    const auto end = rows.starts[row + 1];
    ASSERT_EQ(features.indices, std::vector<int32_t>(rows.indices.begin() + begin, rows.indices.begin() + end));
    ASSERT_TRUE(SameBits(features.values, std::vector<double>(rows.values.begin() + begin, rows.values.begin() + end)));
    ASSERT_TRUE(std::is_sorted(features.indices.begin(), features.indices.end()));
    ASSERT_GE(features.indices.front(), 0);
    ASSERT_LT(features.indices.back(), transform.num_features());
  }
}

FeatureRows Apply(const Transform& transform, const column::BatchView& batch) {
  Threads threads;
  auto rows = transform.ApplyBatch(batch, threads.context);
  EXPECT_TRUE(rows.ok()) << rows.status();
  return *std::move(rows);
}

TEST(Apply, StandardizeByHand) {
  const Transform transform = FitOne({.column = "distance", .use = Operation::kStandardize});
  EXPECT_EQ(Only(transform, 1'212.5).second, 1.0);
  EXPECT_EQ(Only(transform, 187.5).second, -1.0);
  EXPECT_EQ(Only(transform, 700.0).second, 0.0);
  for (const Value missing : {Value(), Value(std::nan("")), Value(kInfinity), Value(-kInfinity)}) {
    EXPECT_EQ(Only(transform, missing).second, 0.0);
  }
}

TEST(Apply, StandardizedValuesAreBounded) {
  auto summary = FlightsSummary();
  summary.columns[2].number->standard_deviation = 5e-324;
  const std::vector<FeatureSpec> features = {{.column = "distance", .use = Operation::kStandardize}};
  const Transform transform = *FitSummary(features, summary);
  EXPECT_EQ(Only(transform, 1e308).second, 1e150);
  EXPECT_EQ(Only(transform, -1e308).second, -1e150);
}

TEST(Apply, AConstantColumnStandardizesToZero) {
  auto summary = FlightsSummary();
  summary.columns[2].number->standard_deviation = 0;
  const std::vector<FeatureSpec> features = {{.column = "distance", .use = Operation::kStandardize}};
  EXPECT_EQ(Only(*FitSummary(features, summary), 1e308).second, 0.0);
}

TEST(Apply, ABucketHoldsItsLowerBorder) {
  const Transform transform = FitOne({.column = "distance", .use = Operation::kBucketize, .buckets = 4});
  EXPECT_EQ(NameOf(transform, -1e308), "distance < 600");
  EXPECT_EQ(NameOf(transform, 599.999), "distance < 600");
  EXPECT_EQ(NameOf(transform, 600.0), "distance in [600, 1100)");
  EXPECT_EQ(NameOf(transform, 1'599.0), "distance in [1100, 1600)");
  EXPECT_EQ(NameOf(transform, 1'600.0), "distance >= 1600");
  EXPECT_EQ(NameOf(transform, 1e308), "distance >= 1600");
  for (const Value missing : {Value(), Value(std::nan("")), Value(kInfinity), Value(-kInfinity)}) {
    EXPECT_EQ(NameOf(transform, missing), "distance missing");
  }
}

TEST(Apply, TheBucketIsTheNumberOfBordersNotAbove) {
  for (int64_t buckets = 2; buckets <= 100; ++buckets) {
    const Transform transform = FitOne({.column = "distance", .use = Operation::kBucketize, .buckets = buckets});
    std::mt19937 random(static_cast<uint32_t>(buckets));
    FeatureVector features;
    for (int i = 0; i < 50; ++i) {
      // The percentiles are 100, 120, ... 2100; the borders the nearest ones to i / buckets.
      const double value = 20.0 * (random() % 120) + (random() % 2);
      transform.ApplyRow(std::vector<Value>{value}, features);
      int32_t not_above = 0;
      for (int64_t border = 1; border < buckets; ++border) {
        not_above += 100 + 20.0 * std::floor(100.0 * border / buckets + 0.5) <= value ? 1 : 0;
      }
      EXPECT_EQ(features.indices.front(), not_above) << buckets << " buckets, value " << value;
    }
  }
}

TEST(Apply, OneHotKnowsWordsUnknownOnesAndMissing) {
  const Transform transform = FitOne({.column = "origin", .use = Operation::kOneHot, .unknown_buckets = 3});
  EXPECT_EQ(NameOf(transform, std::string_view("SFO")), "origin=SFO");
  EXPECT_EQ(NameOf(transform, std::string_view("")), "origin=");
  EXPECT_EQ(NameOf(transform, std::string_view("sfo")), "origin unknown " + std::to_string(Hash64("sfo") % 3));
  EXPECT_EQ(NameOf(transform, Value()), "origin missing");
}

TEST(Apply, PartsOfTimes) {
  const Value may = int64_t{988'724'700'000'000};  // 2001-05-01T13:45:00Z
  EXPECT_EQ(NameOf(FitOne({.column = "date", .use = Operation::kHour}), may), "date hour=13");
  EXPECT_EQ(NameOf(FitOne({.column = "date", .use = Operation::kWeekday}), may), "date weekday=Tuesday");
  EXPECT_EQ(NameOf(FitOne({.column = "date", .use = Operation::kMonth}), may), "date month=May");
  EXPECT_EQ(NameOf(FitOne({.column = "date", .use = Operation::kHour}), int64_t{-1}), "date hour=23");
  EXPECT_EQ(NameOf(FitOne({.column = "date", .use = Operation::kMonth}), Value()), "date month missing");
}

TEST(Apply, BatchAndRowsGiveTheSameBits) {
  const Transform transform = Flights();
  for (uint32_t seed = 1; seed <= 5; ++seed) {
    std::vector<RawColumn> columns = GeneratedRows(seed * 1'500, seed).Columns();
    const column::BatchView batch = BatchOf(columns);
    ExpectRowsGiveTheBatch(transform, batch, Apply(transform, batch));
  }
}

TEST(Apply, AnyNumberOfThreadsGivesTheSameBytes) {
  const Transform transform = Flights();
  std::vector<RawColumn> columns = GeneratedRows(10'000, 6).Columns();
  const column::BatchView batch = BatchOf(columns);
  const FeatureRows one = Apply(transform, batch);
  for (const size_t count : {2, 3, 8}) {
    Threads threads(count);
    ExpectSame(*transform.ApplyBatch(batch, threads.context), one);
  }
}

TEST(Apply, AnyCutOfTheRowsGivesTheSameFeatures) {
  const Transform transform = Flights();
  const GeneratedRows rows(3'000, 7);
  std::vector<RawColumn> columns = rows.Columns();
  const FeatureRows whole = Apply(transform, BatchOf(columns));
  GeneratedRows first = rows;
  first.date.resize(2'049);
  for (auto* numbers : {&first.delay, &first.distance}) numbers->resize(2'049);
  for (auto* texts : {&first.origin, &first.destination}) texts->resize(2'049);
  std::vector<RawColumn> first_columns = first.Columns();
  const FeatureRows part = Apply(transform, BatchOf(first_columns));
  EXPECT_TRUE(std::equal(part.indices.begin(), part.indices.end(), whole.indices.begin()));
  EXPECT_TRUE(std::equal(part.values.begin(), part.values.end(), whole.values.begin()));
}

TEST(Apply, DictionariesGiveTheSameFeaturesAsPlainText) {
  const Transform transform = Flights();
  // In the short batch the dictionary has more words than there are rows.
  for (const size_t count : {4'000, 3}) {
    const GeneratedRows rows(count, 8);
    std::vector<RawColumn> plain = rows.Columns();
    std::vector<RawColumn> encoded = rows.Columns();
    encoded[3] = DictionaryOf("origin", rows.origin);
    encoded[4] = DictionaryOf("destination", rows.destination);
    const column::BatchView batch = BatchOf(encoded);
    const FeatureRows features = Apply(transform, batch);
    ExpectSame(features, Apply(transform, BatchOf(plain)));
    ExpectRowsGiveTheBatch(transform, batch, features);
    encoded[3] = RawColumn::Text<int64_t>("origin", rows.origin);
    ExpectSame(Apply(transform, BatchOf(encoded)), features);
  }
}

template <typename T>
RawColumn Narrow(std::string format, const std::vector<std::optional<double>>& values) {
  std::vector<std::optional<T>> narrow;
  for (const auto& value : values) {
    narrow.push_back(value.has_value() ? std::optional<T>(static_cast<T>(*value)) : std::nullopt);
  }
  return RawColumn::Fixed<T>("distance", std::move(format), narrow);
}

TEST(Apply, AnyWidthOfANumberGivesTheSameFeatures) {
  auto summary = FlightsSummary();
  summary.columns[2] = NumberColumn("distance", 0, 100, 40, 20);
  const std::vector<FeatureSpec> specs = {{.column = "distance", .use = Operation::kStandardize},
                                          {.column = "distance", .use = Operation::kBucketize}};
  const Transform transform = *FitSummary(specs, summary);
  std::vector<std::optional<double>> values;
  for (int i = 0; i < 1'000; ++i) values.push_back(i % 9 == 0 ? std::nullopt : std::optional<double>(i % 120));
  std::vector<RawColumn> columns;
  columns.push_back(Narrow<double>("g", values));
  const FeatureRows wanted = Apply(transform, BatchOf(columns));
  const auto check = [&](RawColumn column) {
    columns[0] = std::move(column);
    const column::BatchView batch = BatchOf(columns);
    ExpectSame(Apply(transform, batch), wanted);
    ExpectRowsGiveTheBatch(transform, batch, wanted);
  };
  check(Narrow<float>("f", values));
  check(Narrow<int8_t>("c", values));
  check(Narrow<int16_t>("s", values));
  check(Narrow<int32_t>("i", values));
  check(Narrow<int64_t>("l", values));
  check(Narrow<uint8_t>("C", values));
  check(Narrow<uint16_t>("S", values));
  check(Narrow<uint32_t>("I", values));
  check(Narrow<uint64_t>("L", values));
  std::vector<std::optional<int8_t>> codes;
  std::vector<std::optional<double>> numbers;
  for (int i = 0; i < 120; ++i) numbers.push_back(i);
  for (const auto& value : values) codes.push_back(value.has_value() ? std::optional<int8_t>(*value) : std::nullopt);
  check(RawColumn::Dictionary<int8_t>("distance", "c", codes, Narrow<double>("g", numbers)));
}

TEST(Apply, BoolsAreZeroAndOne) {
  const Transform transform = FitOne({.column = "distance", .use = Operation::kStandardize});
  std::vector<RawColumn> columns;
  columns.push_back(RawColumn::Bools("distance", {true, false, std::nullopt}));
  EXPECT_THAT(Apply(transform, BatchOf(columns)).values, ElementsAre((1 - 700) / 512.5, (0 - 700) / 512.5, 0.0));
}

TEST(Apply, AnyUnitOfATimeGivesTheSameFeatures) {
  const std::vector<FeatureSpec> specs = {{.column = "date", .use = Operation::kHour},
                                          {.column = "date", .use = Operation::kWeekday},
                                          {.column = "date", .use = Operation::kMonth}};
  const Transform transform = *FitSummary(specs, FlightsSummary());
  std::vector<std::optional<int32_t>> days;
  for (int i = 0; i < 1'000; ++i) days.push_back(i % 7 == 0 ? std::nullopt : std::optional<int32_t>(i * 37 - 20'000));
  std::vector<RawColumn> columns;
  columns.push_back(RawColumn::Fixed<int32_t>("date", "tdD", days));
  const FeatureRows wanted = Apply(transform, BatchOf(columns));
  const std::pair<std::string, int64_t> units[] = {
      {"tdm", 1'000}, {"tss:", 1}, {"tsm:UTC", 1'000}, {"tsu:", 1'000'000}, {"tsn:UTC", 1'000'000'000}};
  for (const auto& [format, per_second] : units) {
    std::vector<std::optional<int64_t>> times;
    for (const auto& day : days) {
      times.push_back(day.has_value() ? std::optional<int64_t>(*day * 86'400 * per_second) : std::nullopt);
    }
    columns[0] = RawColumn::Fixed<int64_t>("date", format, times);
    const column::BatchView batch = BatchOf(columns);
    ExpectSame(Apply(transform, batch), wanted);
    ExpectRowsGiveTheBatch(transform, batch, wanted);
  }
}

TEST(Apply, AColumnOfTypeNullIsMissingEverywhere) {
  const Transform transform = Flights();
  std::vector<RawColumn> columns;
  for (const InputColumn& input : transform.inputs()) columns.push_back(RawColumn::Nulls(input.name, 2'500));
  const column::BatchView batch = BatchOf(columns);
  const FeatureRows rows = Apply(transform, batch);
  ExpectRowsGiveTheBatch(transform, batch, rows);
  EXPECT_EQ(transform.FeatureName(rows.indices[0]), "date hour missing");
}

TEST(Apply, NoRowsGiveNoRows) {
  std::vector<RawColumn> columns = GeneratedRows(0, 1).Columns();
  EXPECT_EQ(Apply(Flights(), BatchOf(columns)).num_rows(), 0);
}

TEST(Apply, AMissingColumnIsNotFound) {
  std::vector<RawColumn> columns = GeneratedRows(3, 1).Columns();
  columns.erase(columns.begin() + 3);
  Threads threads;
  const absl::Status status = Flights().ApplyBatch(BatchOf(columns), threads.context).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(std::string(status.message()),
            "no column 'origin' in the data; its columns are date, delay, distance, destination");
}

TEST(Apply, AColumnOfAnotherKindIsRefused) {
  std::vector<RawColumn> columns = GeneratedRows(3, 1).Columns();
  columns[2] = RawColumn::Text<int32_t>("distance", {"1", "2", "3"});
  Threads threads;
  const absl::Status status = Flights().ApplyBatch(BatchOf(columns), threads.context).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(std::string(status.message()), "column 'distance' holds string, and the model takes a number from it");
}

TEST(Apply, CanBeCancelled) {
  std::vector<RawColumn> columns = GeneratedRows(5'000, 1).Columns();
  Threads threads(2);
  Cancellation cancellation;
  cancellation.Cancel();
  threads.context.cancellation = &cancellation;
  EXPECT_EQ(Flights().ApplyBatch(BatchOf(columns), threads.context).status().code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace roost::transform
