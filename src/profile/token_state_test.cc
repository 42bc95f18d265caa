#include "profile/token_state.h"

#include <numeric>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profile/law_testing.h"
#include "profile/top_values.h"

namespace roost::profile {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> words;
  for (const Token& token : TokensOf(text)) words.push_back(token.text);
  return words;
}

struct Row {
  std::string text;
  int64_t count = 1;
};

void AddRow(TokenState& state, const Row& row) { state.Add(row.text, row.count); }

TokenState StateOf(const std::vector<Row>& rows, std::shared_ptr<const Vocabulary> vocabulary = nullptr) {
  TokenState state(std::move(vocabulary));
  for (const Row& row : rows) AddRow(state, row);
  return state;
}

int64_t CountOf(const std::vector<Row>& rows) {
  return std::accumulate(rows.begin(), rows.end(), int64_t{0},
                         [](int64_t sum, const Row& row) { return sum + row.count; });
}

std::vector<Row> RandomRows(int count, uint64_t distinct, uint32_t seed) {
  std::mt19937_64 random(seed);
  std::vector<Row> rows(static_cast<size_t>(count));
  for (Row& row : rows) {
    const uint64_t words = random() % 12;
    for (uint64_t i = 0; i < words; ++i) {
      row.text += (random() % 8 == 0 ? "The, " : "word") + std::to_string(random() % (1 + random() % distinct)) + " ";
    }
    row.count = 1 + static_cast<int64_t>(random() % 3);
  }
  return rows;
}

// Rows with more distinct words than are counted each, and frequent ones among them.
std::vector<Row> ManyWords() {
  std::vector<Row> rows;
  for (size_t i = 0; i < TopValues::kMaxDistinct + 1'000; i += 10) {
    Row row{.text = "the flight to "};
    for (size_t j = 0; j < 10; ++j) row.text += "w" + std::to_string(i + j) + (j % 3 == 0 ? " the " : " ");
    rows.push_back(row);
  }
  return rows;
}

const TokenSummary::Token& Find(const TokenSummary& summary, std::string_view token) {
  const auto found =
      std::find_if(summary.top.begin(), summary.top.end(), [&](const auto& a) { return a.token == token; });
  EXPECT_NE(found, summary.top.end()) << token;
  return *found;
}

TEST(TokensOf, AreRunsOfLettersAndDigitsInLowerCase) {
  EXPECT_THAT(Words("The plane N123UA, don't wait_for 2 Hours!"),
              ElementsAre("the", "plane", "n123ua", "don", "t", "wait", "for", "2", "hours"));
  EXPECT_THAT(Words("Über ÄRGER—Ελλάδα«ЖЁЛТЫЙ»東京。"), ElementsAre("über", "ärger", "ελλάδα", "жёлтый", "東京"));
  EXPECT_THAT(Words("a\xff"
                    "b"),
              ElementsAre("a", "b"));
  EXPECT_THAT(Words(" ... "), ElementsAre());
  EXPECT_EQ(TokensOf("Über")[0].characters, 4u);
}

TEST(TokenState, CountsWordsAndWhereTheyStand) {
  const TokenSummary summary = StateOf({{"the plane the train", 1}, {"The bus", 2}, {"", 1}}).Summarize();
  EXPECT_EQ(summary.tokens, 8);
  EXPECT_EQ(summary.mean_token_length, (3 + 5 + 3 + 5 + 2 * (3 + 3)) / 8.0);
  EXPECT_EQ(summary.min_tokens, 0);
  EXPECT_EQ(summary.max_tokens, 4);
  EXPECT_TRUE(summary.exact);
  EXPECT_FALSE(summary.coverage.has_value());
  ASSERT_EQ(summary.top.size(), 4u);
  EXPECT_EQ(summary.top[0].token, "the");
  EXPECT_EQ(summary.top[0].count, 4);
  EXPECT_EQ(summary.top[0].rows, 3);
  EXPECT_EQ(summary.top[0].min_in_row, 0);
  EXPECT_EQ(summary.top[0].max_in_row, 2);
  EXPECT_NEAR(summary.top[0].mean_position, (0 + 2.0 / 3) / 4, 1e-4);
  EXPECT_EQ(summary.top[1].token, "bus");
  EXPECT_EQ(summary.top[1].mean_position, 1);
  EXPECT_EQ(summary.top[2].token, "plane");
  EXPECT_EQ(summary.top[3].token, "train");
  int64_t lengths = 0, rows = 0;
  for (const HistogramBar& bar : summary.token_lengths) lengths += bar.count;
  for (const HistogramBar& bar : summary.sequence_lengths) rows += bar.count;
  EXPECT_EQ(lengths, 8);
  EXPECT_EQ(rows, 4);
  EXPECT_EQ(summary.sequence_lengths.front().low, 0);
  EXPECT_EQ(summary.sequence_lengths.back().high, 4);
}

TEST(TokenState, AWordOfEveryRowHasALeastNumber) {
  const TokenSummary summary = StateOf({{"a a b", 1}, {"a b b", 1}, {"a a a b", 5}}).Summarize();
  EXPECT_EQ(Find(summary, "a").min_in_row, 1);
  EXPECT_EQ(Find(summary, "a").max_in_row, 3);
  EXPECT_EQ(Find(summary, "b").min_in_row, 1);
}

TEST(TokenState, NothingIsToldOfNoWords) {
  for (const TokenState& state : {TokenState(), StateOf({{"", 3}, {"...", 1}})}) {
    const TokenSummary summary = state.Summarize();
    EXPECT_EQ(summary.tokens, 0);
    EXPECT_EQ(summary.mean_token_length, 0);
    EXPECT_TRUE(summary.token_lengths.empty());
    EXPECT_TRUE(summary.top.empty());
  }
}

TEST(TokenState, KeepsTheLaw) {
  for (const uint64_t distinct : {5, 3'000}) {
    ExpectTheLaw(TokenState(), RandomRows(2'000, distinct, /*seed=*/1), AddRow, /*rounds=*/8, /*seed=*/2);
  }
}

TEST(TokenState, KeepsTheLawBeyondTheCap) { ExpectTheLaw(TokenState(), ManyWords(), AddRow, /*rounds=*/2, /*seed=*/3); }

TEST(TokenState, FrequentWordsAreFoundBeyondTheCap) {
  const std::vector<Row> rows = ManyWords();
  const TokenSummary summary = StateOf(rows).Summarize();
  EXPECT_FALSE(summary.exact);
  const auto num_rows = static_cast<int64_t>(rows.size());
  EXPECT_EQ(summary.tokens, num_rows * (3 + 10 + 4));
  EXPECT_EQ(summary.top[0].token, "the");
  EXPECT_NEAR(static_cast<double>(summary.top[0].count), static_cast<double>(5 * num_rows), 0.001 * 17 * num_rows);
  EXPECT_NEAR(static_cast<double>(Find(summary, "flight").rows), static_cast<double>(num_rows), 0.001 * 14 * num_rows);
}

TEST(TokenState, ALongWordGoesBeyondTheCapAndIsHarmless) {
  const TokenSummary summary = StateOf({{std::string(TopValues::kMaxTextBytes + 1, 'A'), 1}}).Summarize();
  EXPECT_FALSE(summary.exact);
  EXPECT_EQ(summary.mean_token_length, TopValues::kMaxTextBytes + 1);
  EXPECT_EQ(summary.top[0].token, std::string(32, 'a') + "...");
}

std::shared_ptr<const Vocabulary> VocabularyOf(const std::vector<std::string>& words) {
  return std::make_shared<const Vocabulary>(words);
}

TEST(TokenState, CoverageIsTheShareOfTheWordsInTheVocabulary) {
  const auto vocabulary = VocabularyOf({"The", "PLANE", "über", "the"});
  EXPECT_EQ(StateOf({{"the plane Über", 1}, {"some train", 1}}, vocabulary).Summarize().coverage, 0.6);
  EXPECT_EQ(vocabulary->fingerprint(), VocabularyOf({"über", "plane", "the"})->fingerprint());
  EXPECT_NE(vocabulary->fingerprint(), VocabularyOf({"über", "plane"})->fingerprint());
}

TEST(TokenState, CoverageKeepsTheLawAndNeedsOneVocabulary) {
  const auto vocabulary = VocabularyOf({"the", "word1", "word2"});
  ExpectTheLaw(TokenState(vocabulary), RandomRows(500, 50, /*seed=*/4), AddRow, /*rounds=*/5, /*seed=*/5);
  const TokenState one = StateOf({{"the plane", 1}}, vocabulary);
  const TokenState other = StateOf({{"the train", 1}}, VocabularyOf({"train"}));
  const TokenState none = StateOf({{"the bus", 1}});
  const auto merged = [](const std::vector<TokenState>& states) {
    TokenState all;
    for (const TokenState& state : states) all.Merge(state);
    return all;
  };
  EXPECT_EQ(merged({one, one}).Summarize().coverage, 0.5);
  EXPECT_FALSE(merged({one, other}).Summarize().coverage.has_value());
  EXPECT_FALSE(merged({one, none}).Summarize().coverage.has_value());
  EXPECT_EQ(BytesOf(merged({one, other, none})), BytesOf(merged({none, other, one})));
}

TEST(TokenState, ReadsWhatItWrote) {
  const auto use = [](const TokenState& state) { static_cast<void>(state.Summarize()); };
  for (const std::vector<Row>& rows : {RandomRows(60, 50, /*seed=*/6), ManyWords()}) {
    const int64_t count = CountOf(rows);
    const auto parse = [count](ByteReader& reader) { return TokenState::Parse(reader, count); };
    ExpectSoundBytes(StateOf(rows, VocabularyOf({"the"})), parse, use, /*seed=*/7);
  }
}

TEST(TokenState, SaysWhatIsWrongAndWhere) {
  const std::string bytes = BytesOf(StateOf({{"a b", 2}}));
  ByteReader reader(bytes);
  EXPECT_THAT(TokenState::Parse(reader, 3).status().message(),
              HasSubstr("words at byte 0: histograms that do not sum up"));
}

}  // namespace
}  // namespace roost::profile
