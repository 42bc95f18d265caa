#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <set>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "column/builder.h"
#include "schema/feature_skew.h"

namespace roost::schema {
namespace {

using column::BatchBuilder;
using column::OwnedBatch;

struct Row {
  std::optional<int64_t> key;
  std::optional<std::string> text;
  std::optional<double> number;

  friend auto operator<=>(const Row&, const Row&) = default;
};

// Rows of both sides, mostly with a partner that mostly is equal; some keys are repeated, some missing.
struct Tables {
  std::vector<Row> training;
  std::vector<Row> serving;
};

Tables RandomTables(std::mt19937_64& random, int64_t keys) {
  Tables tables;
  for (int64_t key = 0; key < keys; ++key) {
    Row row{.key = key, .text = std::string(random() % 3 * 40, 'x') + std::to_string(random() % 5)};
    row.number = static_cast<double>(random() % 10) / 4;
    if (random() % 10 == 0) row.text.reset();
    if (random() % 50 == 0) row.key.reset();
    const uint64_t copies = random() % 20;
    if (copies != 0) tables.training.push_back(row);
    if (copies == 1) tables.training.push_back(row);
    if (random() % 5 == 0) row.text = random() % 3 == 0 ? std::optional<std::string>() : "other";
    if (random() % 5 == 0) row.number = *row.number + 1;
    if (copies != 2) tables.serving.push_back(row);
    if (copies == 3) tables.serving.push_back(row);
  }
  return tables;
}

OwnedBatch BatchOf(std::span<const Row> rows) {
  std::vector<std::optional<int64_t>> keys;
  std::vector<std::optional<std::string>> texts;
  std::vector<std::optional<double>> numbers;
  for (const Row& row : rows) {
    keys.push_back(row.key);
    texts.push_back(row.text);
    numbers.push_back(row.number);
  }
  BatchBuilder builder;
  return builder.Integers("id", keys).Texts("text", texts).Numbers("number", numbers).Build();
}

std::string TextOf(const std::optional<std::string>& value) { return value.value_or("(missing)"); }

// Everything that the answer holds, as text.
std::string Whole(const FeatureSkew& skew) {
  std::string text =
      fmt::format("{} {} {} {} {} {} {} {} {} {} {}\n", skew.training_rows, skew.serving_rows,
                  skew.training_without_key, skew.serving_without_key, skew.sampled_share, skew.joined, skew.skewed,
                  skew.only_training, skew.only_serving, skew.repeated_training, skew.repeated_serving);
  for (const ColumnSkew& column : skew.columns) {
    text += fmt::format("{} {} {} {} {}\n", column.column, column.equal, column.different, column.only_training,
                        column.only_serving);
    for (const ValueConfusion& confusion : column.confusions) {
      text += fmt::format("  {} -> {} {}\n", TextOf(confusion.training), TextOf(confusion.serving), confusion.rows);
    }
  }
  for (const SkewSample& sample : skew.samples) {
    text += fmt::format("{}\n", fmt::join(sample.key, ", "));
    for (const SkewSample::Difference& difference : sample.differences) {
      text +=
          fmt::format("  {}: {} -> {}\n", difference.column, TextOf(difference.training), TextOf(difference.serving));
    }
  }
  return text;
}

// The rows in random order, cut into random batches, the sides' batches in random turn.
FeatureSkew SkewOf(Tables tables, std::mt19937_64& random, const FeatureSkewOptions& options) {
  std::shuffle(tables.training.begin(), tables.training.end(), random);
  std::shuffle(tables.serving.begin(), tables.serving.end(), random);
  const OwnedBatch none = BatchOf({});
  auto finder = FeatureSkewFinder::Make(none.view(), none.view(), options);
  EXPECT_TRUE(finder.ok()) << finder.status();
  std::span<const Row> training = tables.training, serving = tables.serving;
  while (!training.empty() || !serving.empty()) {
    const bool is_training = serving.empty() || (!training.empty() && random() % 2 == 0);
    std::span<const Row>& rows = is_training ? training : serving;
    const size_t taken = std::min<size_t>(rows.size(), 1 + random() % 300);
    const OwnedBatch batch = BatchOf(rows.first(taken));
    EXPECT_TRUE((is_training ? finder->AddTraining(batch.view()) : finder->AddServing(batch.view())).ok());
    rows = rows.subspan(taken);
  }
  return finder->Finish();
}

TEST(FeatureSkewLaws, TheAnswerDoesNotDependOnTheOrderOfRowsOrBatches) {
  std::mt19937_64 random(20260802);
  for (const int64_t max_values : {int64_t{1} << 20, int64_t{300}}) {
    for (int round = 0; round < 20; ++round) {
      const Tables tables = RandomTables(random, 500);
      const FeatureSkewOptions options{.keys = {"id"}, .max_values = max_values};
      const std::string expected = Whole(SkewOf(tables, random, options));
      for (int again = 0; again < 5; ++again) EXPECT_EQ(Whole(SkewOf(tables, random, options)), expected);
    }
  }
}

// Against the plain way to do it.
TEST(FeatureSkewLaws, TheCountsAreThoseOfAJoinByHand) {
  std::mt19937_64 random(4);
  for (int round = 0; round < 50; ++round) {
    const Tables tables = RandomTables(random, 200);
    std::map<int64_t, std::vector<Row>> training, serving;
    for (const Row& row : tables.training) {
      if (row.key) training[*row.key].push_back(row);
    }
    for (const Row& row : tables.serving) {
      if (row.key) serving[*row.key].push_back(row);
    }
    int64_t joined = 0, skewed = 0, repeated = 0, texts = 0, numbers = 0, only_training = 0;
    for (const auto& [key, rows] : training) {
      repeated += rows.size() > 1 ? 1 : 0;
      if (rows.size() > 1) continue;
      only_training += serving.contains(key) ? 0 : 1;
      if (!serving.contains(key) || serving[key].size() > 1) continue;
      ++joined;
      texts += rows[0].text == serving[key][0].text ? 1 : 0;
      numbers += rows[0].number == serving[key][0].number ? 1 : 0;
      skewed += rows[0] == serving[key][0] ? 0 : 1;
    }
    const FeatureSkew skew = SkewOf(tables, random, {.keys = {"id"}});
    EXPECT_EQ(skew.joined, joined);
    EXPECT_EQ(skew.skewed, skewed);
    EXPECT_EQ(skew.only_training, only_training);
    EXPECT_EQ(skew.repeated_training, repeated);
    ASSERT_EQ(skew.columns.size(), 2);
    EXPECT_EQ(skew.columns[0].equal, texts);
    EXPECT_EQ(skew.columns[1].equal, numbers);
    for (const ColumnSkew& column : skew.columns) EXPECT_EQ(column.equal + column.skewed(), joined);
  }
}

TEST(FeatureSkewLaws, TheOtherWayRoundTheSidesChangePlaces) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 20; ++round) {
    const Tables tables = RandomTables(random, 200);
    const FeatureSkew forth = SkewOf(tables, random, {.keys = {"id"}});
    const FeatureSkew back = SkewOf({tables.serving, tables.training}, random, {.keys = {"id"}});
    EXPECT_EQ(forth.joined, back.joined);
    EXPECT_EQ(forth.skewed, back.skewed);
    EXPECT_EQ(forth.only_training, back.only_serving);
    EXPECT_EQ(forth.repeated_training, back.repeated_serving);
    for (size_t i = 0; i < forth.columns.size(); ++i) {
      EXPECT_EQ(forth.columns[i].equal, back.columns[i].equal);
      EXPECT_EQ(forth.columns[i].different, back.columns[i].different);
      EXPECT_EQ(forth.columns[i].only_training, back.columns[i].only_serving);
    }
  }
}

TEST(FeatureSkewLaws, ASampleKeepsItsBoundAndTheShares) {
  std::mt19937_64 random(6);
  const Tables tables = RandomTables(random, 20'000);
  const FeatureSkew all = SkewOf(tables, random, {.keys = {"id"}});
  // At most 2,000 keys of 3 values each.
  const FeatureSkew sample = SkewOf(tables, random, {.keys = {"id"}, .max_values = 6'000});
  EXPECT_EQ(all.sampled_share, 1);
  EXPECT_EQ(sample.sampled_share, 1.0 / 16);
  const int64_t keys =
      sample.joined + sample.only_training + sample.only_serving + sample.repeated_training + sample.repeated_serving;
  EXPECT_LE(keys, 2'000);
  EXPECT_GT(keys, 1'000);
  EXPECT_EQ(sample.training_rows, all.training_rows);
  const auto share = [](const FeatureSkew& skew) {
    return static_cast<double>(skew.skewed) / static_cast<double>(skew.joined);
  };
  EXPECT_NEAR(share(sample), share(all), 0.05);
}

}  // namespace
}  // namespace roost::schema
