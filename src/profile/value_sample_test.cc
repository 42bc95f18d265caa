#include "profile/value_sample.h"

#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/hash.h"
#include "profile/law_testing.h"

namespace roost::profile {
namespace {

using ::testing::HasSubstr;

struct Row {
  std::string value;
  int64_t count = 1;
};

void AddRow(ValueSample& state, const Row& row) { state.Add(row.value, Hash64(row.value), row.count); }

// Values of very different frequency, some of them longer than a sample keeps.
std::vector<Row> RandomRows(int count, uint64_t distinct, uint32_t seed) {
  std::mt19937_64 random(seed);
  std::vector<Row> rows;
  for (int i = 0; i < count; ++i) {
    const uint64_t id = std::min(random() % distinct, random() % distinct);
    std::string value = "value " + std::to_string(id);
    if (id % 7 == 0) value = std::string(300, 'x') + "ü" + value;
    rows.push_back({value, 1 + static_cast<int64_t>(random() % 3)});
  }
  return rows;
}

ValueSample SampleOf(const std::vector<Row>& rows) {
  ValueSample state;
  for (const Row& row : rows) AddRow(state, row);
  return state;
}

TEST(ValueSample, KeepsTheLaw) {
  for (const uint64_t distinct : {20, 1'024, 1'025, 20'000}) {
    ExpectTheLaw(ValueSample(), RandomRows(20'000, distinct, /*seed=*/1), AddRow, /*rounds=*/6, /*seed=*/2);
  }
}

TEST(ValueSample, HoldsTheSmallestHashesWithTheirExactCounts) {
  const std::vector<Row> rows = RandomRows(30'000, 10'000, /*seed=*/3);
  std::map<uint64_t, Row> by_hash;
  for (const Row& row : rows) {
    Row& known = by_hash.try_emplace(Hash64(row.value), Row{row.value, 0}).first->second;
    known.count += row.count;
  }
  std::multimap<std::string, int64_t> expected;
  for (const auto& [hash, row] : by_hash) {
    if (expected.size() == ValueSample::kValues) break;
    expected.emplace(row.value.substr(0, ValueSample::kMaxBytes), row.count);
  }
  std::multimap<std::string, int64_t> found;
  for (const ValueCount& value : SampleOf(rows).Values()) found.emplace(value.value, value.count);
  EXPECT_EQ(found.size(), expected.size());
  for (auto a = found.begin(), b = expected.begin(); a != found.end(); ++a, ++b) EXPECT_EQ(a->first, b->first);
  int64_t sum = 0, expected_sum = 0;
  for (const auto& [value, count] : found) sum += count;
  for (const auto& [value, count] : expected) expected_sum += count;
  EXPECT_EQ(sum, expected_sum);
}

TEST(ValueSample, ALongValueIsCutAtACharacter) {
  const std::string value = std::string(255, 'x') + "ü";
  EXPECT_EQ(SampleOf({{value, 5}}).Values(), (std::vector<ValueCount>{{std::string(255, 'x'), 5}}));
}

TEST(ValueSample, ReadsWhatItWrote) {
  const std::vector<Row> rows = RandomRows(2'000, 1'500, /*seed=*/4);
  int64_t count = 0;
  for (const Row& row : rows) count += row.count;
  const auto parse = [count](ByteReader& reader) { return ValueSample::Parse(reader, count); };
  ExpectSoundBytes(
      SampleOf(rows), parse, [](const ValueSample& state) { static_cast<void>(state.Values()); }, /*seed=*/5);
}

TEST(ValueSample, SaysWhatIsWrongAndWhere) {
  const std::string bytes = "..." + BytesOf(SampleOf({{"x", 5}}));
  ByteReader reader(bytes);
  ASSERT_TRUE(reader.Raw(3).ok());
  EXPECT_THAT(ValueSample::Parse(reader, 4).status().message(),
              HasSubstr("sample of values at byte 3: counts that do not sum up"));
}

double WeightOf(const std::vector<WeightedText>& texts, std::string_view value) {
  double weight = 0;
  for (const WeightedText& text : texts) weight += text.value == value ? text.weight : 0;
  return weight;
}

double TotalOf(const std::vector<WeightedText>& texts) {
  double total = 0;
  for (const WeightedText& text : texts) total += text.weight;
  return total;
}

TEST(TextsOf, FrequentValuesThatTheSampleMissedStandForTheirRows) {
  const std::vector<ValueCount> sample = {{"a", 2}, {"b", 1}, {"c", 1}};
  const auto texts = TextsOf(sample, {{"N/A", 9'000}}, 10'000);
  EXPECT_EQ(WeightOf(texts, "N/A"), 9'000);
  EXPECT_EQ(WeightOf(texts, "a"), 500);
  EXPECT_EQ(TotalOf(texts), 10'000);
}

TEST(TextsOf, AFrequentValueInTheSampleHasItsExactCountAndOnlyOnce) {
  const std::string long_value = "a value that is longer than what a sketch spells";
  const std::vector<ValueCount> sample = {{"N/A", 8'000}, {long_value, 1'000}, {"a", 3}, {"b", 1}};
  const auto texts = TextsOf(sample, {{"N/A", 8'003}, {long_value.substr(0, 32) + "...", 1'002}}, 10'000);
  EXPECT_EQ(texts.size(), 4u);
  EXPECT_EQ(WeightOf(texts, "N/A"), 8'000);
  EXPECT_EQ(WeightOf(texts, long_value), 1'000);
  EXPECT_EQ(WeightOf(texts, "a"), 750);
}

TEST(TextsOf, CountsThatAreTooHighNeverExceedTheRows) {
  EXPECT_EQ(TotalOf(TextsOf({{"a", 1}}, {{"x", 600}, {"y", 500}}, 1'000)), 1'000);
  EXPECT_EQ(TotalOf(TextsOf({}, {{"x", 600}}, 1'000)), 600);
  EXPECT_TRUE(TextsOf({}, {}, 1'000).empty());
}

}  // namespace
}  // namespace roost::profile
