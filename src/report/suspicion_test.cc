#include "report/suspicion.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/summaries_for_test.h"

namespace roost::report {
namespace {

using profile::ColumnSummary;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::Not;

std::vector<Suspicion> Whats(const ColumnSummary& column) {
  std::vector<Suspicion> whats;
  for (const Finding& finding : FindingsOf(column)) whats.push_back(finding.what);
  return whats;
}

std::string Sentence(const ColumnSummary& column, Suspicion what) {
  for (const Finding& finding : FindingsOf(column)) {
    if (finding.what == what) return finding.sentence;
  }
  return "";
}

ColumnSummary PlainTexts() { return Texts("origin", Codes(20, 1000)); }
ColumnSummary PlainNumbers() { return Numbers("delay", 1000, 20, 0.3); }

ColumnSummary WithKinds(profile::TextKinds kinds) {
  ColumnSummary column = PlainTexts();
  column.text->kinds = std::move(kinds);
  return column;
}

TEST(Suspicion, OrdinaryColumnsRaiseNone) {
  EXPECT_THAT(FindingsOf(PlainTexts()), IsEmpty());
  EXPECT_THAT(FindingsOf(PlainNumbers()), IsEmpty());
  EXPECT_THAT(FindingsOf(Times("date", 1000, 100)), IsEmpty());
  EXPECT_EQ(ScoreOf({}), 0);
}

TEST(Suspicion, NoRowsAreNothingToJudge) {
  EXPECT_THAT(FindingsOf(ColumnSummary{.name = "a", .text = profile::TextSummary{}}), IsEmpty());
}

TEST(Suspicion, AColumnOfNullsIsTheWorstAndNothingElse) {
  ColumnSummary column = Texts("a", {}, 50);
  EXPECT_THAT(Whats(column), ElementsAre(Suspicion::kAllMissing));
  EXPECT_EQ(Sentence(column, Suspicion::kAllMissing), "None of the 50 rows has a value.");
}

TEST(Suspicion, MissingValuesCountFromFivePercentOnAndWeighMoreTheMoreThereAre) {
  const auto missing = [](int64_t count) { return Texts("a", Codes(20, 1000 - count), count); };
  EXPECT_THAT(Whats(missing(49)), IsEmpty());
  EXPECT_THAT(Whats(missing(50)), ElementsAre(Suspicion::kManyMissing));
  EXPECT_EQ(Sentence(missing(50), Suspicion::kManyMissing), "5.0 % of the rows have no value.");
  EXPECT_LT(ScoreOf(FindingsOf(missing(50))), ScoreOf(FindingsOf(missing(500))));
  EXPECT_LT(ScoreOf(FindingsOf(missing(999))), ScoreOf(FindingsOf(missing(1000))) + 40);
}

TEST(Suspicion, OneValueOnlyIsConstantButASingleRowIsNot) {
  EXPECT_EQ(Sentence(Texts("a", {{"x", 7}}), Suspicion::kConstant), "All 7 values are the same.");
  EXPECT_THAT(Whats(Texts("a", {{"x", 1}})), IsEmpty());
}

TEST(Suspicion, NinetyNineOfAHundredEqualValuesAreAlmostConstant) {
  EXPECT_THAT(Whats(Texts("a", {{"x", 990}, {"y", 10}})), Contains(Suspicion::kAlmostConstant));
  EXPECT_THAT(Whats(Texts("a", {{"x", 989}, {"y", 11}})), Not(Contains(Suspicion::kAlmostConstant)));
  ColumnSummary numbers = PlainNumbers();
  for (size_t q = 0; q < 100; ++q) numbers.number->percentiles[q] = 5;
  EXPECT_THAT(Whats(numbers), Contains(Suspicion::kAlmostConstant));
}

TEST(Suspicion, AnIdentifierWithRepeatsIsWorseThanOneWithout) {
  std::vector<profile::ValueCount> values;
  for (int i = 0; i < 200; ++i) values.push_back({std::to_string(i), 1});
  ColumnSummary unique = Texts("id", values);
  values[0].count = 2;
  ColumnSummary almost = Texts("id", values);
  EXPECT_THAT(Whats(unique), Contains(Suspicion::kIdentifier));
  EXPECT_EQ(Sentence(almost, Suspicion::kAlmostUnique), "Nearly every value came once, but 1 value repeated.");
  almost.distinct_is_exact = false;  // an estimate cannot tell
  EXPECT_THAT(Whats(almost), Not(Contains(Suspicion::kAlmostUnique)));
}

TEST(Suspicion, NanAndInfinitiesAreNamedWithTheirCounts) {
  ColumnSummary column = PlainNumbers();
  column.number->nan = 2;
  EXPECT_EQ(Sentence(column, Suspicion::kNotFinite), "2 NaN: no figure below counts them.");
  column.number->negative_infinity = 1;
  EXPECT_EQ(Sentence(column, Suspicion::kNotFinite), "2 NaN and 1 infinite value: no figure below counts them.");
}

TEST(Suspicion, NinesFarFromTheOthersStandForMissing) {
  ColumnSummary column = PlainNumbers();
  column.number->percentiles[100] = 9999;
  EXPECT_THAT(Whats(column), Contains(Suspicion::kStandIns));
  column.number->percentiles[100] = 9998;
  EXPECT_THAT(Whats(column), AllOf(Not(Contains(Suspicion::kStandIns)), Contains(Suspicion::kFarOutliers)));
  column = PlainNumbers();
  for (size_t q = 0; q <= 100; ++q) column.number->percentiles[q] = static_cast<double>(q);
  column.number->percentiles[100] = 99;  // ordinary among 0 to 98
  EXPECT_THAT(Whats(column), IsEmpty());
}

TEST(Suspicion, WordsForNothingStandForMissing) {
  for (const char* word : {"n/a", "NULL", "None", "-", "Unknown"}) {
    EXPECT_THAT(Whats(Texts("a", {{"x", 500}, {"y", 490}, {word, 10}})), Contains(Suspicion::kStandIns)) << word;
  }
  EXPECT_THAT(Whats(Texts("a", {{"x", 500}, {"y", 490}, {"nab", 10}})), Not(Contains(Suspicion::kStandIns)));
}

TEST(Suspicion, TextsThatCouldBeOfAnotherType) {
  EXPECT_THAT(Whats(WithKinds({.integer = 1, .number = 1})), ElementsAre(Suspicion::kTextNumbers));
  EXPECT_THAT(Whats(WithKinds({.number = 0.98})), ElementsAre(Suspicion::kNearlyNumbers));
  EXPECT_THAT(Whats(WithKinds({.number = 0.5})), IsEmpty());
  EXPECT_THAT(Whats(WithKinds({.boolean = 1})), ElementsAre(Suspicion::kTextBooleans));
  EXPECT_THAT(Whats(WithKinds({.time = 1, .time_format = "%Y-%m-%d"})), ElementsAre(Suspicion::kTextTimes));
  EXPECT_EQ(Sentence(WithKinds({.time = 0.7, .time_format = "%Y-%m-%d", .other_times = 0.3}), Suspicion::kMixedTimes),
            "70 % are times as “%Y-%m-%d”, 30 % are times in another format.");
  EXPECT_THAT(Whats(WithKinds({.words = 1})), IsEmpty());
}

TEST(Suspicion, InvalidUtf8AndEmptyTexts) {
  ColumnSummary column = PlainTexts();
  column.text->invalid_utf8 = 1;
  EXPECT_EQ(Sentence(column, Suspicion::kInvalidUtf8), "1 text is not UTF-8.");
  EXPECT_THAT(Whats(Texts("a", {{"x", 500}, {"y", 490}, {"", 10}})), Contains(Suspicion::kEmptyTexts));
  EXPECT_THAT(Whats(Texts("a", {{"x", 500}, {"y", 491}, {"", 9}})), Not(Contains(Suspicion::kEmptyTexts)));
  EXPECT_THAT(Whats(Texts("a", {{"x", 500}, {"y", 499}, {"", 1}}, 1)), Contains(Suspicion::kEmptyTexts));
}

TEST(Suspicion, AShapeThatRulesMakesTheOthersSuspicious) {
  ColumnSummary column = PlainTexts();
  column.text->patterns = {{"AAA", 0.95, "LAX"}, {"9", 0.05, "7"}};
  EXPECT_THAT(Whats(column), ElementsAre(Suspicion::kRarePatterns));
  column.text->patterns = {{"AAA", 0.5, "LAX"}, {"9", 0.5, "7"}};
  EXPECT_THAT(Whats(column), IsEmpty());
}

TEST(Suspicion, ShapesOfNumbers) {
  ColumnSummary column = PlainNumbers();
  column.number->skewness = -3.5;
  EXPECT_EQ(Sentence(column, Suspicion::kHeavySkew), "The skewness is -3.5: a long tail of small values.");
  column.number->zeros = 500;
  EXPECT_THAT(Whats(column), Contains(Suspicion::kMostlyZero));
  column.number->negative = 9;
  EXPECT_EQ(Sentence(column, Suspicion::kFewNegative), "9 values are negative, 991 not.");
  column.number->negative = 10;
  EXPECT_THAT(Whats(column), Not(Contains(Suspicion::kFewNegative)));
}

TEST(Suspicion, StrangeTimes) {
  const auto from = [](double first, double last) {
    ColumnSummary column = Times("date", 1000, 100);
    column.number->min = first;
    column.number->max = last;
    return column;
  };
  EXPECT_EQ(Sentence(from(-2'300'000'000, 1e9), Suspicion::kStrangeTimes), "The first time is 1897-02-11 15:06:40.");
  EXPECT_THAT(Whats(from(1e9, 4'102'444'800)), ElementsAre(Suspicion::kStrangeTimes));
  EXPECT_THAT(Whats(from(0, 1e9)), ElementsAre(Suspicion::kStrangeTimes));
  EXPECT_THAT(Whats(from(1, 4'102'444'799)), IsEmpty());
}

TEST(Suspicion, ImagesAndLists) {
  ColumnSummary column = PlainTexts();
  column.type = column::Type::kBinary;
  column.text->images = profile::ImageSummary{.images = 999};
  EXPECT_THAT(Whats(column), ElementsAre(Suspicion::kBrokenImages));
  column.text->images->images = 1000;
  EXPECT_THAT(Whats(column), IsEmpty());
  ColumnSummary list{.name = "tags", .type = column::Type::kOther, .rows = 100};
  list.list = profile::ListSummary{.empty = 50};
  EXPECT_THAT(Whats(list), ElementsAre(Suspicion::kMostlyEmptyLists));
}

TEST(Suspicion, ForeignTextsInSentencesAreCut) {
  ColumnSummary column = PlainTexts();
  column.text->patterns = {{std::string(10'000, 'A'), 0.95, ""}};
  EXPECT_EQ(Sentence(column, Suspicion::kRarePatterns),
            "95 % look like “" + std::string(40, 'A') + "…”, the others do not.");
}

TEST(Suspicion, FindingsComeHeaviestFirstAndOneGraveOutweighsManySmall) {
  ColumnSummary column = PlainNumbers();
  column.number->skewness = 4;
  column.number->zeros = 600;
  column.number->negative = 1;
  column.number->nan = 1;
  const std::vector<Finding> findings = FindingsOf(column);
  ASSERT_EQ(findings.size(), 4u);
  for (size_t i = 1; i < findings.size(); ++i) EXPECT_GE(findings[i - 1].weight, findings[i].weight);
  EXPECT_EQ(findings[0].what, Suspicion::kNotFinite);
  const std::vector<Finding> grave(1, findings[0]);
  const std::vector<Finding> small(findings.begin() + 1, findings.end());
  EXPECT_GT(ScoreOf(grave), ScoreOf(small));
  EXPECT_GT(ScoreOf(findings), ScoreOf(grave));
}

TEST(Suspicion, EveryOneHasALabelOfItsOwn) {
  std::vector<std::string_view> labels;
  for (int i = 0; i <= static_cast<int>(Suspicion::kIdentifier); ++i) {
    const std::string_view label = Label(static_cast<Suspicion>(i));
    EXPECT_FALSE(label.empty());
    EXPECT_THAT(labels, Not(Contains(label)));
    labels.push_back(label);
  }
}

}  // namespace
}  // namespace roost::report
