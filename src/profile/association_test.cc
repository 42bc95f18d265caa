#include "profile/association.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "base/thread_pool.h"
#include "column/builder.h"
#include "profile/profile.h"
#include "profile/testing.h"

namespace roost::profile {
namespace {

using ::testing::HasSubstr;

std::shared_ptr<const AssociationPlan> PlanOf(const column::BatchView& rows, const AssociationOptions& options) {
  Profile profile;
  EXPECT_TRUE(profile.Add(rows).ok());
  auto plan = AssociationPlan::Make(profile.Summarize(), options);
  EXPECT_TRUE(plan.ok()) << plan.status();
  return std::make_shared<const AssociationPlan>(*std::move(plan));
}

AssociationSummary Associated(const column::BatchView& rows, const AssociationOptions& options) {
  AssociationState state(PlanOf(rows, options));
  const absl::Status added = state.Add(rows);
  EXPECT_TRUE(added.ok()) << added;
  return state.Summarize();
}

// The one feature of a summary.
LabelAssociation FeatureOf(const column::BatchView& rows, std::string label, std::string feature) {
  const AssociationSummary summary = Associated(rows, {.label = std::move(label), .features = {std::move(feature)}});
  EXPECT_EQ(summary.features.size(), 1u);
  return summary.features.at(0);
}

using Numbers = std::vector<std::optional<double>>;
using Texts = std::vector<std::optional<std::string>>;
using Times = std::vector<std::optional<int64_t>>;

// Rows of every kind of column with nulls, NaN, infinities and magnitudes of all sizes.
struct Columns {
  Numbers x, y;
  Texts color, late;
  Times time;

  column::OwnedBatch Build(size_t begin, size_t end) const {
    const auto part = [&](const auto& values) {
      return std::remove_cvref_t<decltype(values)>(values.begin() + static_cast<ptrdiff_t>(begin),
                                                   values.begin() + static_cast<ptrdiff_t>(end));
    };
    column::BatchBuilder builder;
    builder.Numbers("x", part(x)).Texts("color", part(color)).Times("time", part(time));
    return builder.Numbers("y", part(y)).Texts("late", part(late)).Build();
  }
};

Columns RandomColumns(size_t rows, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  Columns columns;
  const auto odd = [&random](double value) -> std::optional<double> {
    switch (random() % 20) {
      case 0: return std::nullopt;
      case 1: return std::numeric_limits<double>::quiet_NaN();
      case 2: return -std::numeric_limits<double>::infinity();
      default: return value;
    }
  };
  for (size_t row = 0; row < rows; ++row) {
    const double value = normal(random) * std::pow(10, static_cast<double>(random() % 7) - 3);
    columns.x.push_back(odd(value));
    columns.y.push_back(odd(value / 3 + normal(random)));
    columns.color.push_back(random() % 9 == 0 ? std::nullopt
                                              : std::optional(std::string(1, static_cast<char>('a' + random() % 20))));
    columns.late.push_back(random() % 7 == 0 ? std::nullopt : std::optional<std::string>(value > 0 ? "yes" : "no"));
    columns.time.push_back(static_cast<int64_t>(random()) * 1'000'003);
  }
  return columns;
}

TEST(Association, AnySplitAndOrderGivesTheSameBytes) {
  constexpr size_t kRows = 9'000;
  const Columns columns = RandomColumns(kRows, 3);
  const auto all = columns.Build(0, kRows);
  std::mt19937 random(4);
  for (const std::string label : {"late", "y"}) {
    const auto plan = PlanOf(all.view(), {.label = label, .correlated = {"x", "y", "time"}});
    AssociationState whole(plan);
    ASSERT_TRUE(whole.Add(all.view()).ok());
    const std::string bytes = whole.Serialize();
    for (int round = 0; round < 8; ++round) {
      std::vector<AssociationState> parts;
      for (size_t begin = 0; begin < kRows;) {
        const size_t end = std::min(kRows, begin + 1 + random() % 5'000);
        const auto part = columns.Build(begin, end);
        if (parts.empty() || random() % 2 == 0) parts.emplace_back(plan);
        ASSERT_TRUE(parts[random() % parts.size()].Add(part.view()).ok());
        begin = end;
      }
      while (parts.size() > 1) {
        const size_t into = random() % (parts.size() - 1);
        ASSERT_TRUE(parts[into].Merge(parts.back()).ok());
        parts.pop_back();
      }
      ASSERT_EQ(parts[0].Serialize(), bytes);
    }
  }
}

TEST(Association, AnyNumberOfThreadsGivesTheSameBytes) {
  constexpr size_t kRows = 6'000;
  const Columns columns = RandomColumns(kRows, 5);
  std::vector<column::OwnedBatch> owned;
  std::vector<column::BatchView> views;
  for (size_t begin = 0; begin < kRows; begin += 500) owned.push_back(columns.Build(begin, begin + 500));
  for (const column::OwnedBatch& batch : owned) views.push_back(batch.view());
  const auto plan = PlanOf(columns.Build(0, kRows).view(), {.label = "late"});
  ThreadPool one(1);
  ThreadPool three(3);
  auto single = AssociateBatches(views, plan, {.pool = &one});
  auto several = AssociateBatches(views, plan, {.pool = &three});
  ASSERT_TRUE(single.ok() && several.ok()) << single.status() << several.status();
  EXPECT_EQ(single->rows(), static_cast<int64_t>(kRows));
  EXPECT_EQ(single->Serialize(), several->Serialize());
  EXPECT_EQ(AssociateBatches({}, plan, {.pool = &one})->rows(), 0);
  Cancellation cancellation;
  cancellation.Cancel();
  EXPECT_EQ(AssociateBatches(views, plan, {.pool = &one, .cancellation = &cancellation}).status().code(),
            absl::StatusCode::kCancelled);
}

TEST(Association, DictionariesGiveTheBytesOfPlainTexts) {
  const Texts values = {"a", "b", std::nullopt, "a", "c", "b"};
  const auto label = TestColumn("y", "g", std::vector<double>{1, 2, 1, 1, 2, 2});
  const auto plain = TestColumn::Texts("x", "u", values);
  const auto coded =
      TestColumn::Dictionary("x", {2, 0, 3, 2, 1, 0}, TestColumn::Texts("", "u", {"b", "c", "a", std::nullopt}));
  const column::BatchView plain_rows(6, {plain.View(), label.View()});
  const column::BatchView coded_rows(6, {coded.View(), label.View()});
  const auto plan = PlanOf(plain_rows, {.label = "y"});
  AssociationState of_plain(plan);
  AssociationState of_coded(plan);
  ASSERT_TRUE(of_plain.Add(plain_rows).ok());
  ASSERT_TRUE(of_coded.Add(coded_rows).ok());
  EXPECT_EQ(of_plain.Serialize(), of_coded.Serialize());
}

TEST(Association, WhatTellsTheLabelIsCalledALeakage) {
  std::mt19937 random(6);
  Numbers delay, weight, noise;
  Texts late, code, coin;
  for (int row = 0; row < 20'000; ++row) {
    delay.push_back(static_cast<double>(random() % 300) - 100);
    late.push_back(*delay.back() > 15 ? "late" : "in time");
    code.push_back(*late.back() == "late" ? "L" : "T");
    coin.push_back(random() % 2 == 0 ? "heads" : "tails");
    weight.push_back(3 * *delay.back() + 1'000);
    noise.push_back(static_cast<double>(random()));
  }
  column::BatchBuilder builder;
  builder.Numbers("delay", delay).Numbers("weight", weight).Numbers("noise", noise);
  const auto rows = builder.Texts("late", late).Texts("code", code).Texts("coin", coin).Build();

  const LabelAssociation by_code = FeatureOf(rows.view(), "late", "code");
  EXPECT_GT(*by_code.power, 0.999);
  EXPECT_TRUE(by_code.leakage);
  EXPECT_NEAR(by_code.mutual_information, Associated(rows.view(), {.label = "late"}).label_entropy, 0.001);
  // The border lies within a bin.
  const LabelAssociation by_delay = FeatureOf(rows.view(), "late", "delay");
  EXPECT_GT(*by_delay.power, 0.97);
  EXPECT_TRUE(by_delay.leakage);
  const LabelAssociation by_coin = FeatureOf(rows.view(), "late", "coin");
  EXPECT_EQ(*by_coin.power, 0);
  EXPECT_FALSE(by_coin.leakage);
  EXPECT_LT(by_coin.mutual_information, 0.001);
  const LabelAssociation by_noise = FeatureOf(rows.view(), "late", "noise");
  EXPECT_LT(*by_noise.power, 0.01);
  EXPECT_LT(by_noise.mutual_information, 0.005);

  // Numbers: a line is found whole, a bin's mean nearly.
  const LabelAssociation by_line = FeatureOf(rows.view(), "delay", "weight");
  EXPECT_GT(*by_line.power, 0.999999);
  EXPECT_TRUE(by_line.leakage);
  EXPECT_NEAR(*by_line.correlation, 1, 1e-12);
  const LabelAssociation by_class = FeatureOf(rows.view(), "delay", "late");
  EXPECT_GT(*by_class.power, 0.7);
  EXPECT_FALSE(by_class.leakage);
  EXPECT_FALSE(by_class.correlation.has_value());
  EXPECT_LT(*FeatureOf(rows.view(), "delay", "noise").power, 0.01);
}

TEST(Association, SmallTablesWithFewDifferentRowsKeepTheirPower) {
  const auto rows = column::BatchBuilder()
                        .Texts("x", {"a", "a", "a", "a", "b", "b", "b", "b"})
                        .Texts("y", {"n", "n", "n", "n", "y", "y", "y", "y"})
                        .Build();
  EXPECT_GT(*FeatureOf(rows.view(), "y", "x").power, 0.9);
}

TEST(Association, MissingValuesCanTellTheLabel) {
  Numbers x;
  Texts y;
  for (int row = 0; row < 1'000; ++row) {
    x.push_back(row % 2 == 0 ? std::nullopt : std::optional<double>(row));
    y.push_back(row % 2 == 0 ? "yes" : "no");
  }
  const auto rows = column::BatchBuilder().Numbers("x", x).Texts("y", y).Build();
  const LabelAssociation feature = FeatureOf(rows.view(), "y", "x");
  EXPECT_TRUE(feature.leakage);
  const Lift& greatest = feature.lifts.front();  // of those as great the most frequent
  EXPECT_EQ(greatest.value, "missing");
  EXPECT_EQ(greatest.label, "yes");
  EXPECT_EQ(greatest.count, 500);
  EXPECT_DOUBLE_EQ(greatest.lift, 2);
}

TEST(Association, RowsWithoutALabelCountForNothing) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto rows =
      column::BatchBuilder().Texts("x", {"a", "b", "a", "b", "a"}).Numbers("y", {1, 2, 1, std::nullopt, nan}).Build();
  const AssociationSummary summary = Associated(rows.view(), {.label = "y"});
  EXPECT_EQ(summary.rows, 5);
  EXPECT_EQ(summary.labelled, 3);
  EXPECT_TRUE(summary.label_is_class);
}

TEST(Association, WithoutVariationThereIsNoPowerAndNoCorrelation) {
  const auto rows = column::BatchBuilder()
                        .Numbers("x", {1, 2, 3, 4})
                        .Numbers("same", {7, 7, 7, 7})
                        .Texts("one", {"a", "a", "a", "a"})
                        .Build();
  const LabelAssociation of_class = FeatureOf(rows.view(), "one", "x");
  EXPECT_EQ(of_class.power, std::nullopt);
  EXPECT_FALSE(of_class.leakage);
  EXPECT_EQ(of_class.mutual_information, 0);
  const AssociationSummary summary = Associated(rows.view(), {.correlated = {"x", "same"}});
  EXPECT_EQ(summary.correlations[0].covariance, 0);
  EXPECT_EQ(summary.correlations[0].correlation, std::nullopt);
  const auto none = column::BatchBuilder().Numbers("x", {}).Numbers("y", {}).Build();
  const AssociationSummary empty = Associated(none.view(), {.label = "y", .correlated = {"x", "y"}});
  EXPECT_EQ(empty.features[0].power, std::nullopt);
  EXPECT_EQ(empty.correlations[0].covariance, std::nullopt);
}

TEST(Association, OnlyRowsWithBothNumbersCorrelate) {
  const auto rows = column::BatchBuilder()
                        .Numbers("x", {1, 2, 3, std::nullopt, 1e6})
                        .Numbers("y", {3, 2, 1, 1e6, std::nullopt})
                        .Build();
  const AssociationSummary summary = Associated(rows.view(), {.correlated = {"x", "y"}});
  EXPECT_EQ(summary.correlations[0].rows, 3);
  // The three rows lie within millionths of the columns' spreads.
  EXPECT_NEAR(*summary.correlations[0].correlation, -1, 1e-5);
  EXPECT_NEAR(*summary.correlations[0].covariance, -2.0 / 3, 1e-5);
}

TEST(Association, TimesCorrelateInSeconds) {
  Times times;
  Numbers seconds;
  for (int row = 0; row < 100; ++row) {
    times.push_back(1'700'000'000'000'000 + int64_t{row} * row * 1'000'000);
    seconds.push_back(row * row);
  }
  const auto rows = column::BatchBuilder().Times("t", times).Numbers("s", seconds).Build();
  const AssociationSummary summary = Associated(rows.view(), {.correlated = {"t", "s"}});
  EXPECT_NEAR(*summary.correlations[0].correlation, 1, 1e-11);
}

TEST(Association, NegativeNumbersAreNotSplitBetweenBins) {
  Numbers x;
  Texts y;
  for (int row = 0; row < 3'000; ++row) {
    x.push_back(-0.1 * (1 + row % 3));
    y.push_back(row % 3 == 1 ? "middle" : "end");
  }
  const auto rows = column::BatchBuilder().Numbers("x", x).Texts("y", y).Build();
  EXPECT_GT(*FeatureOf(rows.view(), "y", "x").power, 0.99);
}

TEST(Association, NumbersThatThePercentilesCannotTellApartAreNoClasses) {
  Numbers year, code;
  Texts x;
  for (int row = 0; row < 900; ++row) {
    year.push_back(4'001 + row % 3);
    code.push_back(row % 3);
    x.push_back(std::string(1, static_cast<char>('a' + row % 3)));
  }
  const auto rows = column::BatchBuilder().Numbers("year", year).Numbers("code", code).Texts("x", x).Build();
  const AssociationSummary of_code = Associated(rows.view(), {.label = "code", .features = {"x"}});
  const AssociationSummary of_year = Associated(rows.view(), {.label = "year", .features = {"x"}});
  EXPECT_TRUE(of_code.label_is_class);
  EXPECT_FALSE(of_year.label_is_class);
  EXPECT_GT(*of_code.features[0].power, 0.98);
  EXPECT_GT(*of_year.features[0].power, 0.98);
}

TEST(Association, BoolsAreClassesByName) {
  const auto flag = TestColumn::Bools("flag", {true, false, true, false, true, true, true, false, false, false,
                                               true, false, true, false, true, true, true, false, false, false});
  std::vector<double> values;
  for (int row = 0; row < 20; ++row) values.push_back(row % 2);
  const auto x = TestColumn("x", "g", values);
  const column::BatchView rows(20, {flag.View(), x.View()});
  const AssociationSummary summary = Associated(rows, {.label = "flag"});
  EXPECT_TRUE(summary.label_is_class);
  EXPECT_THAT(summary.features[0].lifts.front().label, ::testing::AnyOf("true", "false"));
  EXPECT_TRUE(summary.features[0].correlation.has_value());
}

absl::Status Refused(const column::BatchView& rows, const AssociationOptions& options) {
  Profile profile;
  EXPECT_TRUE(profile.Add(rows).ok());
  return AssociationPlan::Make(profile.Summarize(), options).status();
}

TEST(Association, PlansThatCannotBeAreRefusedWithTheirColumn) {
  const auto rows = column::BatchBuilder().Numbers("delay", {1}).Texts("origin", {"a"}).Build();
  EXPECT_THAT(std::string(Refused(rows.view(), {}).message()), HasSubstr("neither a label nor"));
  const absl::Status unknown = Refused(rows.view(), {.label = "dely"});
  EXPECT_EQ(std::string(unknown.message()), "no column 'dely'");
  EXPECT_EQ(HintOf(unknown), "did you mean 'delay'?");
  EXPECT_EQ(std::string(Refused(rows.view(), {.label = "delay", .features = {"delay"}}).message()),
            "'delay' is the label itself");
  EXPECT_EQ(std::string(Refused(rows.view(), {.label = "delay", .features = {"origin", "origin"}}).message()),
            "column 'origin' is named twice");
  EXPECT_EQ(std::string(Refused(rows.view(), {.correlated = {"origin"}}).message()),
            "column 'origin' has texts: only numbers and times correlate");
  const auto list = TestColumn::Opaque("list", "ttu", 1);
  const auto alone = TestColumn("x", "g", std::vector<double>{1});
  const column::BatchView other(1, {list.View(), alone.View()});
  EXPECT_THAT(std::string(Refused(other, {.label = "list"}).message()), HasSubstr("column 'list' is"));
  EXPECT_THAT(std::string(Refused(other, {.label = "x"}).message()), HasSubstr("nothing to hold against the label"));
}

TEST(Association, OtherRowsAreRefusedAndLeaveTheStateAsItWas) {
  const auto rows = column::BatchBuilder().Numbers("x", {1, 2}).Texts("y", {"a", "b"}).Build();
  const auto plan = PlanOf(rows.view(), {.label = "y"});
  AssociationState state(plan);
  const std::string before = state.Serialize();
  const auto texts = column::BatchBuilder().Texts("x", {"1"}).Texts("y", {"a"}).Build();
  const absl::Status other_kind = state.Add(texts.view());
  EXPECT_EQ(other_kind.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(other_kind.message()), HasSubstr("column 'x' is string here"));
  EXPECT_EQ(state.Add(column::BatchBuilder().Texts("y", {"a"}).Build().view()).code(), absl::StatusCode::kNotFound);
  const AssociationState other(PlanOf(rows.view(), {.label = "x"}));
  EXPECT_EQ(state.Merge(other).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(state.Serialize(), before);
}

TEST(Association, WhatWasWrittenIsReadBackAndDamageIsRefused) {
  const Columns columns = RandomColumns(300, 8);
  const auto rows = columns.Build(0, 300);
  const auto plan = PlanOf(rows.view(), {.label = "y", .correlated = {"x", "time"}});
  AssociationState state(plan);
  ASSERT_TRUE(state.Add(rows.view()).ok());
  const std::string bytes = state.Serialize();
  auto parsed = AssociationState::Parse(bytes, plan);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->Serialize(), bytes);
  for (size_t length = 0; length < bytes.size(); length += 7) {
    EXPECT_EQ(AssociationState::Parse(bytes.substr(0, length), plan).status().code(), absl::StatusCode::kDataLoss);
  }
  std::mt19937 random(9);
  int read = 0;
  for (int round = 0; round < 500; ++round) {
    std::string wrong = bytes.substr(0, bytes.size() - sizeof(uint32_t));
    wrong[random() % wrong.size()] ^= static_cast<char>(1 << (random() % 8));
    EXPECT_FALSE(AssociationState::Parse(wrong + bytes.substr(wrong.size()), plan).ok());
    AppendFixed(wrong, Crc32c(wrong));  // what a hostile writer would send
    auto accepted = AssociationState::Parse(wrong, plan);
    if (!accepted.ok()) continue;
    ++read;
    static_cast<void>(accepted->Summarize());
    EXPECT_TRUE(accepted->Merge(state).ok());
  }
  EXPECT_GT(read, 0);
  const auto other_plan = PlanOf(rows.view(), {.label = "late"});
  EXPECT_EQ(AssociationState::Parse(bytes, other_plan).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace roost::profile
