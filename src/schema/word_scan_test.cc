#include "schema/word_scan.h"

#include <gtest/gtest.h>

#include "column/builder.h"
#include "profile/profile.h"
#include "schema/validate.h"

namespace roost::schema {
namespace {

using column::BatchBuilder;

Schema Notes(std::string name) {
  ColumnRules notes{.name = std::move(name), .type = Type::kText};
  notes.words = WordsRule{.vocabulary = "words", .min_coverage = 0.5, .tokens = {{.token = "LATE", .min_in_row = 1}}};
  return {.columns = {notes}, .domains = {{.name = "words", .values = {"Late", "train"}}}};
}

TEST(WordScan, CountsOverBatchesWhatTheRulesAskFor) {
  Schema schema = Notes("note");
  schema.columns.push_back({.name = "other", .type = Type::kText, .words = WordsRule{}});
  schema.columns.push_back(schema.columns.front());
  schema.columns.back().name = "old";
  schema.columns.back().presence = Presence::kDeprecated;
  WordScan scan(schema);
  BatchBuilder builder;
  scan.Add(builder.Texts("note", {"Late train", std::nullopt}).Texts("other", {"x", "y"}).Build().view());
  scan.Add(builder.Texts("note", {"late late", "on time"}).Texts("other", {"x", "y"}).Build().view());
  const WordCounts counts = scan.Counts();
  ASSERT_EQ(counts.size(), 1u);
  const profile::TokenSummary& note = counts.at("note");
  EXPECT_EQ(note.tokens, 6);
  EXPECT_EQ(note.top.front().token, "late");
  EXPECT_EQ(note.top.front().count, 3);
  EXPECT_DOUBLE_EQ(note.coverage.value(), 4.0 / 6);
}

TEST(WordScan, CountsWhatListsAndStructsHold) {
  BatchBuilder values;
  BatchBuilder builder;
  const column::OwnedBatch lists =
      builder.Lists("tags", {2, std::nullopt, 0, 1}, values.Texts("v", {"late", "train", "on time"}).Build()).Build();
  WordScan of_lists(Notes("tags[]"));
  of_lists.Add(lists.view());
  EXPECT_EQ(of_lists.Counts().at("tags[]").tokens, 4);
  EXPECT_EQ(of_lists.Counts().at("tags[]").max_tokens, 2);
  const column::OwnedBatch structs =
      builder.Structs("a", {true, false, true}, values.Texts("b", {"late", "lost", std::nullopt}).Build()).Build();
  WordScan of_structs(Notes("a.b"));
  of_structs.Add(structs.view());
  EXPECT_EQ(of_structs.Counts().at("a.b").tokens, 1);
}

TEST(WordScan, IsWhatTheRulesAboutWordsAreHeldAgainst) {
  const Schema schema = Notes("note");
  BatchBuilder builder;
  const column::OwnedBatch batch = builder.Texts("note", {"on time", "Late"}).Build();
  profile::Profile profile;
  ASSERT_TRUE(profile.Add(batch.view()).ok());
  const Report without = Validate(schema, profile.Summarize());
  ASSERT_EQ(without.anomalies.size(), 1u);
  EXPECT_EQ(without.anomalies.front().rule, Rule::kNotCounted);
  WordScan scan(schema);
  scan.Add(batch.view());
  const WordCounts words = scan.Counts();
  const Report with = Validate(schema, profile.Summarize(), {.words = &words});
  ASSERT_EQ(with.anomalies.size(), 2u);
  EXPECT_EQ(with.anomalies.front().message, "33.3 % of the words are known, at least 50 % must be");
  // The word of the rule is meant in any case.
  EXPECT_EQ(with.anomalies.back().message, "the word 'LATE' comes in some row 0 times, want at least 1 time");
}

}  // namespace
}  // namespace roost::schema
