// The law of the folder: a batch and its rows give the same bits, in every encoding, on any number of threads, and what
// is fitted does not hang on how the rows are split.

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/allocation_counter.h"
#include "column/builder.h"
#include "profile/profile.h"
#include "transform/test_data.h"
#include "transform/transform.h"

namespace roost::transform {
namespace {

using column::BatchBuilder;
using column::OwnedBatch;

constexpr std::string_view kTexts[] = {"the quick brown fox",
                                       "The  QUICK fox; the fox",
                                       "",
                                       "Z\xc3\xbcrich \xff fox",
                                       "brown",
                                       "\x1f",
                                       "a\x1f"
                                       "b",
                                       "42 42 42"};

// Rows of every kind of column, with what is odd of each.
OwnedBatch Rows(size_t rows, uint64_t seed) {
  GeneratedRows generated(rows, static_cast<uint32_t>(seed));
  std::mt19937_64 random(seed);
  std::vector<std::optional<std::string>> texts, words;
  std::vector<std::optional<int64_t>> word_lengths, number_lengths, later;
  std::vector<std::optional<double>> numbers, small;
  for (size_t row = 0; row < rows; ++row) {
    texts.push_back(random() % 8 == 0 ? std::nullopt
                                      : std::optional<std::string>(kTexts[random() % std::size(kTexts)]));
    later.push_back(random() % 8 == 0 ? std::nullopt : std::optional<int64_t>(static_cast<int64_t>(random() >> 12)));
    small.push_back(random() % 8 == 0 ? std::nullopt : std::optional<double>(static_cast<double>(random() % 7)));
    for (auto* lengths : {&word_lengths, &number_lengths}) {
      lengths->push_back(random() % 8 == 0 ? std::nullopt : std::optional<int64_t>(random() % 4));
    }
    for (int64_t i = 0; i < word_lengths.back().value_or(0); ++i) {
      words.push_back(random() % 8 == 0 ? std::nullopt
                                        : std::optional<std::string>(kTexts[random() % std::size(kTexts)]));
    }
    for (int64_t i = 0; i < number_lengths.back().value_or(0); ++i) {
      numbers.push_back(random() % 8 == 0 ? std::nullopt : generated.delay[random() % rows]);
    }
  }
  BatchBuilder builder;
  builder.Times("date", generated.date).Times("later", later).Numbers("delay", generated.delay);
  builder.Numbers("distance", generated.distance).Numbers("small", small);
  builder.Texts("origin", generated.origin).Texts("destination", generated.destination).Texts("text", texts);
  builder.Lists("tags", word_lengths, BatchBuilder().Texts("", words).Build());
  builder.Lists("scores", number_lengths, BatchBuilder().Numbers("", numbers).Build());
  return builder.Build();
}

std::vector<DerivedColumn> Derived() {
  return {{.name = "ratio", .expression = "delay / distance"},
          {.name = "ratio_or_small", .expression = "coalesce(ratio, small)"},
          {.name = "far", .expression = "distance > 300"},
          {.name = "route", .expression = "coalesce(origin, lower(destination))"}};
}

// One feature of every operation, with parameters that `random` chooses.
std::vector<FeatureSpec> RandomFeatures(std::mt19937_64& random) {
  const auto coin = [&random] { return random() % 2 == 0; };
  std::vector<FeatureSpec> features;
  for (const Operation use : {Operation::kNumber, Operation::kStandardize, Operation::kMinMax, Operation::kBucketize,
                              Operation::kPolynomial}) {
    for (const char* column : {"distance", "small", "ratio", "ratio_or_small", "far"}) {
      FeatureSpec spec{.column = column, .use = use};
      const bool is_rough = spec.column != "small" && spec.column != "far";
      if (is_rough) spec.clip_low = 0;
      if (is_rough) spec.clip_high = 2'000;
      spec.log = is_rough ? coin() : false;
      spec.impute = static_cast<Impute>(random() % 6);
      spec.impute_value = 3;
      spec.indicator = use != Operation::kBucketize && coin();
      if (spec.column == "far" && use == Operation::kBucketize) spec.borders = {0.5};
      spec.degree = 2 + static_cast<int64_t>(random() % 4);
      features.push_back(spec);
    }
  }
  for (const Operation use : {Operation::kOneHot, Operation::kOrdinal, Operation::kHash}) {
    for (const char* column : {"origin", "small", "route"}) {
      FeatureSpec spec{.column = column, .use = use, .top = 5};
      spec.unknown_buckets = 1 + static_cast<int64_t>(random() % 3);
      spec.hash_buckets = use == Operation::kHash ? 7 : 0;
      spec.indicator = use == Operation::kOrdinal && coin();
      features.push_back(spec);
    }
  }
  features.push_back({.column = "text",
                      .use = Operation::kTokens,
                      .indicator = coin(),
                      .hash_buckets = coin() ? 11 : 0,
                      .ngrams = 1 + static_cast<int64_t>(random() % 3),
                      .lower = coin(),
                      .unit_length = coin()});
  if (features.back().hash_buckets == 0) features.back().weight = static_cast<TokenWeight>(random() % 3);
  features.push_back({.columns = {"origin", "small"}, .use = Operation::kCross});
  features.push_back(
      {.columns = {"route", "text", "origin"}, .use = Operation::kCross, .hash_buckets = coin() ? 13 : 0});
  for (const Operation use : {Operation::kHour, Operation::kWeekday, Operation::kMonth, Operation::kDay}) {
    features.push_back({.column = "date", .use = use});
  }
  for (const Period period : {Period::kHour, Period::kWeekday, Period::kMonth, Period::kDayOfYear}) {
    features.push_back({.column = "date", .use = Operation::kCyclic, .indicator = coin(), .period = period});
  }
  features.push_back({.column = "date", .use = Operation::kAge, .since = "2001-05-01"});
  features.push_back({.column = "date", .use = Operation::kAge, .indicator = coin(), .until = "later"});
  features.push_back({.column = "tags", .use = Operation::kMultiHot, .unknown_buckets = 2});
  features.push_back({.column = "tags", .use = Operation::kListCount, .log = coin()});
  features.push_back({.column = "scores", .use = Operation::kListCount});
  features.push_back({.column = "scores", .use = Operation::kListMean, .clip_low = 0, .clip_high = 100});
  return features;
}

profile::ProfileSummary SummaryOf(std::span<const column::BatchView> batches, const Context& context) {
  profile::Profile profile;
  EXPECT_TRUE(profile.AddAll(batches, context).ok());
  return profile.Summarize();
}

Transform FitTo(std::span<const column::BatchView> batches, const std::vector<FeatureSpec>& features, size_t threads) {
  Threads pool(threads);
  const profile::ProfileSummary summary = SummaryOf(batches, pool.context);
  auto transform = Transform::Fit({.derived = Derived(), .features = features}, {summary, batches}, pool.context);
  EXPECT_TRUE(transform.ok()) << transform.status();
  return *std::move(transform);
}

bool SameBits(std::span<const double> a, std::span<const double> b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size_bytes()) == 0);
}

void ExpectRowsGiveTheBatch(const Transform& transform, const column::BatchView& batch, const FeatureRows& rows) {
  ASSERT_EQ(rows.num_rows(), batch.num_rows());
  FeatureVector features;
  std::vector<column::ListStorage> storage(transform.inputs().size());
  std::vector<column::Value> row(transform.inputs().size());
  for (int64_t r = 0; r < batch.num_rows(); ++r) {
    for (size_t i = 0; i < row.size(); ++i) {
      const InputColumn& input = transform.inputs()[i];
      row[i] = ValueAt(*batch.Find(input.name), input.kind, r, storage[i]);
    }
    transform.ApplyRow(row, features);
    const auto begin = static_cast<size_t>(rows.starts[static_cast<size_t>(r)]);
    const auto count = static_cast<size_t>(rows.starts[static_cast<size_t>(r) + 1]) - begin;
    const std::vector<int32_t> indices(rows.indices.begin() + static_cast<int64_t>(begin),
                                       rows.indices.begin() + static_cast<int64_t>(begin + count));
    ASSERT_EQ(features.indices, indices) << r;
    ASSERT_TRUE(SameBits(features.values, std::span(rows.values).subspan(begin, count))) << r;
    ASSERT_TRUE(std::adjacent_find(indices.begin(), indices.end(), std::greater_equal<>()) == indices.end());
    ASSERT_TRUE(indices.empty() || (indices.front() >= 0 && indices.back() < transform.num_features()));
    for (const double value : features.values) ASSERT_LE(std::abs(value), 1e150);
  }
}

TEST(Property, BatchesRowsAndThreadsGiveTheSameBits) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 6; ++round) {
    const std::vector<FeatureSpec> features = RandomFeatures(random);
    const OwnedBatch training = Rows(1'500, random());
    const Transform transform = FitTo(std::vector{training.view()}, features, 2);
    const OwnedBatch later = Rows(2'500, random());
    Threads one(1);
    const auto rows = transform.ApplyBatch(later.view(), one.context);
    ASSERT_TRUE(rows.ok()) << rows.status();
    ExpectRowsGiveTheBatch(transform, later.view(), *rows);
    for (const size_t threads : {2, 5}) {
      Threads pool(threads);
      const auto again = transform.ApplyBatch(later.view(), pool.context);
      EXPECT_EQ(again->starts, rows->starts);
      EXPECT_EQ(again->indices, rows->indices);
      EXPECT_TRUE(SameBits(again->values, rows->values));
    }
    const auto read = Transform::FromJson(*ParseJson(ToLine(transform.ToJson()), "transform"));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(ToLine(read->ToJson()), ToLine(transform.ToJson()));
    const auto from_read = read->ApplyBatch(later.view(), one.context);
    EXPECT_EQ(from_read->indices, rows->indices);
    EXPECT_TRUE(SameBits(from_read->values, rows->values));
  }
}

TEST(Property, TheFitDoesNotHangOnTheSplitOfTheRows) {
  std::mt19937_64 random(2);
  const std::vector<FeatureSpec> features = RandomFeatures(random);
  const OwnedBatch rows = Rows(1'200, 3);
  const std::string whole = ToLine(FitTo(std::vector{rows.view()}, features, 1).ToJson());
  std::vector<column::BatchView> parts;
  for (const auto& [begin, count] : {std::pair(700, 500), {0, 1}, {1, 699}}) {
    std::vector<column::ColumnView> columns;
    for (const column::ColumnView& column : rows.view().columns()) columns.push_back(column.Slice(begin, count));
    parts.emplace_back(count, std::move(columns));
  }
  EXPECT_TRUE(ToLine(FitTo(parts, features, 3).ToJson()) == whole);
}

TEST(Property, NamesAreDistinct) {
  std::mt19937_64 random(4);
  const OwnedBatch rows = Rows(1'000, 5);
  const Transform transform = FitTo(std::vector{rows.view()}, RandomFeatures(random), 1);
  std::vector<std::string> names;
  for (int32_t i = 0; i < transform.num_features(); ++i) names.push_back(transform.FeatureName(i));
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
}

TEST(Property, DenseRowsAreTheSameEntries) {
  std::mt19937_64 random(6);
  const OwnedBatch rows = Rows(300, 7);
  const Transform transform = FitTo(std::vector{rows.view()}, RandomFeatures(random), 1);
  Threads threads;
  const auto sparse = transform.ApplyBatch(rows.view(), threads.context);
  const auto dense = transform.ApplyDense(rows.view(), -7, threads.context);
  ASSERT_EQ(dense->num_rows(), 300);
  size_t absent = dense->values.size();
  for (size_t row = 0; row < 300; ++row) {
    for (auto entry = sparse->starts[row]; entry < sparse->starts[row + 1]; ++entry, --absent) {
      const auto at = row * static_cast<size_t>(dense->num_features) +
                      static_cast<size_t>(sparse->indices[static_cast<size_t>(entry)]);
      ASSERT_EQ(dense->values[at], sparse->values[static_cast<size_t>(entry)]);
    }
  }
  EXPECT_EQ(std::count(dense->values.begin(), dense->values.end(), -7.0), static_cast<int64_t>(absent));
}

TEST(Property, ARowAllocatesNothingOnceTheVectorHasGrown) {
  std::mt19937_64 random(8);
  const OwnedBatch rows = Rows(400, 9);
  const std::vector<FeatureSpec> features = RandomFeatures(random);  // of derived columns too
  const Transform transform = FitTo(std::vector{rows.view()}, features, 1);
  std::vector<std::vector<column::Value>> values(400);
  std::vector<column::ListStorage> storage(400 * transform.inputs().size());
  for (size_t r = 0; r < values.size(); ++r) {
    for (size_t i = 0; i < transform.inputs().size(); ++i) {
      const InputColumn& input = transform.inputs()[i];
      values[r].push_back(ValueAt(*rows.view().Find(input.name), input.kind, static_cast<int64_t>(r),
                                  storage[r * transform.inputs().size() + i]));
    }
  }
  FeatureVector scratch;
  for (const auto& row : values) transform.ApplyRow(row, scratch);
  const int64_t before = num_allocations;
  for (const auto& row : values) transform.ApplyRow(row, scratch);
  EXPECT_EQ(num_allocations, before);
}

}  // namespace
}  // namespace roost::transform
