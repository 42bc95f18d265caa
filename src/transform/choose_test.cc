#include "transform/choose.h"

#include <gtest/gtest.h>

#include "base/yaml.h"
#include "column/builder.h"
#include "profile/profile.h"
#include "transform/feature_yaml.h"
#include "transform/test_data.h"

namespace roost::transform {
namespace {

using profile::ColumnSummary;

constexpr int64_t kMicrosPerDay = int64_t{86'400} * 1'000'000;

// What was chosen, each feature a line of YAML; "left out: why" for a column that gives none.
std::vector<std::string> Chosen(const ColumnSummary& column, bool trees = false) {
  const FeatureChoice choice = ChooseForColumn(column, trees);
  std::vector<std::string> lines;
  for (const ChosenFeature& feature : choice.features) lines.push_back(ToYaml(feature.spec));
  for (const LeftOutColumn& left : choice.left_out) lines.push_back("left out: " + left.reason);
  return lines;
}
std::string ReasonOf(const ColumnSummary& column, bool trees = false) {
  return ChooseForColumn(column, trees).features.at(0).reason;
}

using Lines = std::vector<std::string>;

// 10,000 numbers that rise evenly from `min` to `max`, of `distinct` values.
ColumnSummary Numbers(double min, double max, double distinct, column::Type type = column::Type::kFloat64) {
  ColumnSummary column = NumberColumn("x", min, max, (min + max) / 2, (max - min) / 4);
  column.type = type;
  column.rows = column.number->finite = 10'000;
  column.distinct = distinct;
  column.distinct_is_exact = distinct < 4'096;
  return column;
}

ColumnSummary WithMissing(ColumnSummary column, int64_t missing) {
  column.missing = missing;
  if (column.number.has_value()) column.number->finite -= missing;
  return column;
}

// 10,000 texts: `counts` times each of as many words.
ColumnSummary Words(const std::vector<int64_t>& counts) {
  std::vector<profile::ValueCount> top;
  for (size_t i = 0; i < counts.size(); ++i) top.push_back({"w" + std::to_string(i), counts[i]});
  ColumnSummary column = TextColumn("x", std::move(top));
  column.rows = 10'000;
  column.distinct = static_cast<double>(counts.size());
  column.distinct_is_exact = true;
  return column;
}

ColumnSummary Times(int64_t first, int64_t last, double distinct, column::Type type = column::Type::kTimestamp) {
  ColumnSummary column = NumberColumn("x", 0, 1, 0.5, 0.2);
  column.type = type;
  column.distinct = distinct;
  column.number->min_micros = first;
  column.number->max_micros = last;
  return column;
}

TEST(Choose, WhatHoldsNothingIsLeftOut) {
  ColumnSummary column = Numbers(0, 10, 11);
  column.missing = column.rows;
  EXPECT_EQ(Chosen(column), Lines{"left out: it has no value in any row"});
  column = Numbers(0, 10, 11);
  column.number->finite = 0;  // all NaN
  EXPECT_EQ(Chosen(column), Lines{"left out: it has no value in any row"});
  column = Numbers(3, 3, 1);
  EXPECT_EQ(Chosen(column), Lines{"left out: all its values are the same"});
  EXPECT_EQ(Chosen(WithMissing(column, 50)), Lines{"left out: all its values are the same"});
  EXPECT_EQ(Chosen(WithMissing(column, 5'000)), Lines{"{column: x, use: number, indicator: true}"});
  column.name = "\xff";
  EXPECT_EQ(Chosen(column), Lines{"left out: its name is no UTF-8, so roost.yaml cannot name it"});
}

TEST(Choose, WhatNoOperationTakesIsLeftOut) {
  EXPECT_EQ(Chosen({.name = "x", .type = column::Type::kBinary, .type_text = "binary", .rows = 10, .distinct = 3}),
            Lines{"left out: no operation takes a column of type binary"});
  EXPECT_EQ(Chosen({.name = "x",
                    .type = column::Type::kOther,
                    .type_text = "struct",
                    .rows = 10,
                    .distinct = 3,
                    .children = {Numbers(0, 1, 9)}}),
            Lines{"left out: it is a struct, which no operation takes; make columns of its fields"});
}

TEST(Choose, NumbersOfALinearModelAreStandardized) {
  EXPECT_EQ(Chosen(Numbers(-10, 10, 50)), Lines{"{column: x, use: standardize}"});
  EXPECT_EQ(Chosen(Numbers(-10, 10, 5'000)),
            (Lines{"{column: x, use: standardize}", "{column: x, use: bucketize}"}));  // enough values for a bend
  ColumnSummary short_column = Numbers(-10, 10, 500);
  short_column.rows = short_column.number->finite = 900;
  EXPECT_EQ(Chosen(short_column), Lines{"{column: x, use: standardize}"});
  EXPECT_EQ(Chosen(WithMissing(Numbers(-10, 10, 50), 100)), Lines{"{column: x, use: standardize}"});
  const ColumnSummary gaps = WithMissing(Numbers(-10, 10, 50), 250);
  EXPECT_EQ(Chosen(gaps), Lines{"{column: x, use: standardize, impute: median, indicator: true}"});
  EXPECT_EQ(ReasonOf(gaps),
            "50 distinct values from -10 to 10; 2.5 % missing become the median and have a feature of their own");
}

TEST(Choose, HeavyTailsGetALogarithmAndOutliersAnEnd) {
  ColumnSummary column = Numbers(0, 100, 50);
  column.number->skewness = 3.21;
  EXPECT_EQ(Chosen(column), Lines{"{column: x, use: standardize, log: true}"});
  EXPECT_EQ(ReasonOf(column),
            "50 distinct values from 0 to 100; none is negative and the skewness is 3.21, so their logarithm is taken");
  column.number->skewness = 1.9;
  EXPECT_EQ(Chosen(column), Lines{"{column: x, use: standardize}"});

  column = Numbers(-50, 50, 50);
  column.number->skewness = 3.21;  // negative values have no logarithm
  column.number->percentiles[100] = 1'000;
  column.number->percentiles[0] = -60;
  EXPECT_EQ(Chosen(column), Lines{"{column: x, use: standardize, clip_high: 98}"});
  EXPECT_NE(ReasonOf(column).find("the greatest, 1000, lies far beyond percentile 99, 49: clipped at 98, twice as far"),
            std::string::npos)
      << ReasonOf(column);
  column.number->percentiles[0] = -1'000;
  EXPECT_EQ(Chosen(column), Lines{"{column: x, use: standardize, clip_low: -98, clip_high: 98}"});
}

TEST(Choose, FewWholeNumbersMayBeCodes) {
  EXPECT_EQ(Chosen(Numbers(0, 100, 5, column::Type::kInt64)), Lines{"{column: x, use: one_hot}"});
  EXPECT_EQ(Chosen(Numbers(0, 100, 5)), Lines{"{column: x, use: one_hot}"});  // whole, whatever the type is
  EXPECT_EQ(Chosen(Numbers(0.5, 100.5, 5)), Lines{"{column: x, use: standardize}"});
  EXPECT_EQ(Chosen(Numbers(0, 100, 13, column::Type::kInt64)), Lines{"{column: x, use: standardize}"});
  EXPECT_EQ(Chosen(Numbers(0, 100, 5, column::Type::kInt64), /*trees=*/true), Lines{"{column: x, use: number}"});
  EXPECT_EQ(Chosen(Numbers(0, 1, 2, column::Type::kInt64)), Lines{"{column: x, use: number}"});
  EXPECT_EQ(Chosen(WithMissing(Numbers(0, 1, 2), 1'000)), Lines{"{column: x, use: number, indicator: true}"});
  ColumnSummary flag = Numbers(0, 1, 2, column::Type::kBool);
  EXPECT_EQ(Chosen(flag), Lines{"{column: x, use: number}"});
}

TEST(Choose, IdentifiersAreLeftOut) {
  ColumnSummary column = Numbers(1, 10'000, 9'900, column::Type::kInt64);  // about, as a sketch says
  EXPECT_EQ(Chosen(column),
            Lines{"left out: about 9,900 distinct whole values in 10,000 rows: an identifier, which says nothing about "
                  "other rows"});
  EXPECT_EQ(Chosen(column, /*trees=*/true).size(), 1U);
  column = Numbers(1, 1e9, 9'900, column::Type::kInt64);  // spread: may be an amount
  EXPECT_NE(Chosen(column).front().substr(0, 8), "left out");
  column.number->order = profile::OrderSummary{.rises = 9'999};
  EXPECT_EQ(Chosen(column).front().substr(0, 8), "left out");
  column.number->order->repeats = 1;
  EXPECT_NE(Chosen(column).front().substr(0, 8), "left out");
}

TEST(Choose, TreesTakeNumbersAsTheyAre) {
  ColumnSummary column = WithMissing(Numbers(0, 100, 5'000), 3'000);
  column.number->skewness = 10;
  EXPECT_EQ(Chosen(column, /*trees=*/true), Lines{"{column: x, use: number}"});
}

TEST(Choose, WordsThatAreRareAreUnknown) {
  EXPECT_EQ(Chosen(Words({5'000, 4'000, 1'000})), Lines{"{column: x, use: one_hot, min_count: 20}"});
  EXPECT_EQ(ReasonOf(Words({5'000, 4'000, 1'000})),
            "3 distinct words, the 3 that came 20 times or more cover 100 % of the rows");
  EXPECT_EQ(Chosen(Words({9'000, 600, 400 - 8, 8})), Lines{"{column: x, use: one_hot, min_count: 20}"});
}

TEST(Choose, TheLeastCountIsAsHighAsTheWordsAllow) {
  std::vector<int64_t> counts(10, 500);
  counts.insert(counts.end(), 1'000, 5);
  const ColumnSummary column = Words(counts);  // 5,000 rows of frequent words, 5,000 of words that came five times
  EXPECT_EQ(Chosen(column), Lines{"{column: x, use: one_hot, top: 1010, min_count: 5}"});
  EXPECT_EQ(ReasonOf(column), "1,010 distinct words, the 1,010 that came 5 times or more cover 100 % of the rows");
  EXPECT_EQ(Chosen(column, /*trees=*/true), Lines{"{column: x, use: one_hot, top: 300, min_count: 5}"});

  std::vector<int64_t> single(1, 6'000);
  single.insert(single.end(), 4'000, 1);
  EXPECT_EQ(Chosen(Words(single)), Lines{"{column: x, use: one_hot, min_count: 2, unknown_buckets: 16}"});
  EXPECT_EQ(Chosen(Words({5'000, 5'000}), /*trees=*/true), Lines{"{column: x, use: ordinal, min_count: 20}"});
}

TEST(Choose, TextsThatComeOnceSayNothing) {
  ColumnSummary column = Words({2, 1, 1});
  column.distinct = 9'999;
  EXPECT_EQ(Chosen(column),
            Lines{"left out: 9,999 distinct texts in 10,000 rows: an identifier, which says nothing about other rows"});
  column.distinct = 6'000;
  EXPECT_EQ(Chosen(column),
            Lines{"left out: 6,000 distinct texts in 10,000 rows: most come once, and say nothing about "
                  "other rows"});
  column.text->kinds = profile::TextKinds{.number = 0.99};
  EXPECT_EQ(Chosen(column),
            Lines{"left out: 99 % of its texts are numbers: derive a column by number(...) to use them"});
  column.text->kinds = profile::TextKinds{.time = 1, .time_format = "%Y"};
  EXPECT_EQ(Chosen(column),
            Lines{"left out: 100 % of its texts are times (%Y): derive a column by time(...) to use them"});
}

TEST(Choose, SentencesAreCountedByWords) {
  ColumnSummary column = Words({2, 1, 1});
  column.distinct = 9'999;
  column.text->kinds = profile::TextKinds{.words = 0.8};
  EXPECT_EQ(Chosen(column), Lines{"{column: x, use: tokens, top: 20000, min_count: 5, weight: tf_idf, "
                                  "unit_length: true}"});
  EXPECT_EQ(Chosen(column, /*trees=*/true), Lines{"{column: x, use: tokens, min_count: 5}"});
  column.distinct = 100;  // sentences of a form: a category
  EXPECT_NE(Chosen(column).front().find("one_hot"), std::string::npos);
}

TEST(Choose, TimesGiveThePartsThatTheirSpanCanShow) {
  EXPECT_EQ(Chosen(Times(0, 400 * kMicrosPerDay + 1, 900)),
            (Lines{"{column: x, use: hour}", "{column: x, use: weekday}", "{column: x, use: month}"}));
  EXPECT_EQ(
      Chosen(Times(0, 400 * kMicrosPerDay + 1, 900), /*trees=*/true),
      (Lines{"{column: x, use: cyclic}", "{column: x, use: weekday}", "{column: x, use: cyclic, period: month}"}));
  EXPECT_EQ(Chosen(Times(0, 59 * kMicrosPerDay + 1, 900)),
            (Lines{"{column: x, use: hour}", "{column: x, use: weekday}"}));
  EXPECT_EQ(Chosen(Times(0, 400 * kMicrosPerDay, 400)),  // as many as there are days
            (Lines{"{column: x, use: weekday}", "{column: x, use: month}"}));
  EXPECT_EQ(Chosen(Times(0, 20 * kMicrosPerDay, 20, column::Type::kDate32)), Lines{"{column: x, use: weekday}"});
  EXPECT_EQ(Chosen(Times(0, kMicrosPerDay + 7, 900)),
            Lines{"left out: the times span 1 days: too few for weekdays or seasons to show"});
}

TEST(Choose, ListsAreTakenByTheirValues) {
  ColumnSummary list{.name = "tags", .type = column::Type::kOther, .type_text = "list<string>", .rows = 10'000};
  list.list = profile::ListSummary{.total = 10'000, .min_length = 0, .max_length = 4, .mean_length = 1};
  list.children = {Words({6'000, 4'000})};
  EXPECT_EQ(Chosen(list), Lines{"{column: tags, use: multi_hot, min_count: 20}"});
  EXPECT_EQ(Chosen(list, /*trees=*/true), Lines{"{column: tags, use: multi_hot, min_count: 20}"});
  list.children = {Numbers(0, 1, 5'000)};
  EXPECT_EQ(Chosen(list), (Lines{"{column: tags, use: list_mean}", "{column: tags, use: list_count}"}));
  list.list->min_length = 4;
  EXPECT_EQ(Chosen(list), Lines{"{column: tags, use: list_mean}"});
  list.children = {Times(0, kMicrosPerDay, 5)};
  list.children[0].type_text = "date32";
  EXPECT_EQ(Chosen(list), Lines{"left out: no operation takes lists of date32"});
  list.children = {};
  EXPECT_EQ(Chosen(list), Lines{"left out: its lists hold no value"});
}

TEST(Choose, OfMoreFeaturesThanAllowedTheEmptiestColumnsGo) {
  profile::ProfileSummary summary{.rows = 10'000};
  for (const int64_t missing : {50, 0, 90}) {
    summary.columns.push_back(WithMissing(Numbers(-10, 10, 50), missing));
    summary.columns.back().name = "m" + std::to_string(missing);
  }
  const auto choice = ChooseFeatures(summary, {.max_features = 2});
  ASSERT_TRUE(choice.ok()) << choice.status();
  EXPECT_EQ(ToYaml(*choice, "  "),
            "  features:\n"
            "    - {column: m50, use: standardize}  # 50 distinct values from -10 to 10\n"
            "    - {column: m0, use: standardize}  # 50 distinct values from -10 to 10\n"
            "    # m90 is left out: there are more than 2 features, and 0.9 % of its values are missing\n");
}

TEST(Choose, WithoutAnyFeatureItSaysWhy) {
  const profile::ProfileSummary summary{.rows = 10'000, .columns = {Numbers(3, 3, 1), Numbers(-1, 1, 50)}};
  const absl::Status status = ChooseFeatures(summary, {.leave_out = {"x"}}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(status.message().find("no column gives a feature (x: it is the label's, the split's, a weight or a key"),
            std::string::npos)
      << status;
  EXPECT_FALSE(ChooseFeatures({}, {}).ok());
}

TEST(Choose, YamlReadsBack) {
  FeatureSpec spec{.column = "a \"b\": {c}\n#", .use = Operation::kBucketize, .impute = Impute::kValue};
  spec.impute_value = -1;
  spec.borders = {0.5, 2};
  spec.lower = false;
  spec.columns = {"no", "origin"};
  EXPECT_EQ(ToYaml(spec),
            "{column: \"a \\\"b\\\": {c}\\n#\", columns: [\"no\", origin], use: bucketize, "
            "impute: -1, borders: [0.5, 2], lower: false}");
  const FeatureChoice choice{.features = {{spec, "why\nnot"}}, .left_out = {{"b\n", "c"}}};
  const auto yaml = YamlNode::Parse(ToYaml(choice, ""), "roost.yaml");
  ASSERT_TRUE(yaml.ok()) << yaml.status();
  const std::vector<YamlNode> entries = yaml->Members().at(0).value.Elements();
  ASSERT_EQ(entries.size(), 1U);
  EXPECT_EQ(entries[0].Members().at(0).value.scalar(), spec.column);
  EXPECT_EQ(entries[0].Members().at(1).value.Elements().at(0).scalar(), "no");
}

// The profile of real rows: flights with an identifier, a category, a heavy tail, a time and a constant.
TEST(Choose, ARealProfileGivesFeaturesThatSuit) {
  std::vector<std::optional<int64_t>> ids, times;
  std::vector<std::optional<double>> distances, delays;
  std::vector<std::optional<std::string>> origins, remarks, countries;
  for (int row = 0; row < 2'000; ++row) {
    ids.push_back(7 + row);
    times.push_back(row * (kMicrosPerDay / 20) + 3);
    distances.push_back(row % 20 == 0 ? std::nullopt : std::optional<double>(std::exp((row * 37 % 2'000) / 200.0)));
    delays.push_back((row * 61 % 2'000) / 10.0 - 100);
    origins.push_back(row % 3 == 0 ? "SFO" : row % 3 == 1 ? "LAX" : "JFK");
    remarks.push_back("the flight number " + std::to_string(row) + " was late again");
    countries.push_back("US");
  }
  column::BatchBuilder builder;
  builder.Integers("id", ids).Times("date", times).Numbers("distance", distances).Numbers("delay", delays);
  const auto batch = builder.Texts("origin", origins).Texts("remark", remarks).Texts("country", countries).Build();
  profile::Profile profile;
  ASSERT_TRUE(profile.Add(batch.view()).ok());
  const auto choice = ChooseFeatures(profile.Summarize(), {.leave_out = {"delay"}});
  ASSERT_TRUE(choice.ok()) << choice.status();
  Lines lines;
  for (const ChosenFeature& feature : choice->features) lines.push_back(ToYaml(feature.spec));
  EXPECT_EQ(lines, (Lines{"{column: date, use: hour}", "{column: date, use: weekday}", "{column: date, use: month}",
                          "{column: distance, use: standardize, impute: median, log: true, indicator: true}",
                          "{column: distance, use: bucketize}", "{column: origin, use: one_hot, min_count: 20}",
                          "{column: remark, use: tokens, top: 20000, min_count: 2, weight: tf_idf, "
                          "unit_length: true}"}));
  Lines left_out;
  for (const LeftOutColumn& left : choice->left_out) left_out.push_back(left.column);
  EXPECT_EQ(left_out, (Lines{"id", "delay", "country"}));
}

}  // namespace
}  // namespace roost::transform
