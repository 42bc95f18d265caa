#include "judge/gate.h"

#include <cmath>
#include <random>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace roost::judge {
namespace {

using evaluate::Estimate;
using evaluate::NamedMetric;
using evaluate::SliceFigures;
using testing::HasSubstr;

constexpr auto kTask = predict::Task::kBinary;

const NamedMetric* Metric(std::string_view name) { return *evaluate::FindMetric(kTask, name); }

/// Figures of some metrics on all rows and on slices, set one by one.
class Gate : public testing::Test {
 protected:
  Gate() : metrics_{Metric("auc"), Metric("log_loss"), Metric("calibration_ratio")} {}

  /// Slices beside "all rows", each with figures of nothing.
  void MakeSlices(size_t count) {
    slices_.assign(1, {.name = "all rows", .rows = 10'000});
    for (size_t i = 0; i < count; ++i) slices_.push_back({.name = fmt::format("origin={}", i), .rows = 500});
    figures_.assign(slices_.size(), {});
    for (size_t i = 0; i < figures_.size(); ++i) {
      figures_[i].rows = slices_[i].rows;
      figures_[i].models.assign(2, std::vector<Estimate>(metrics_.size()));
      figures_[i].differences.assign(1, std::vector<Estimate>(metrics_.size()));
    }
  }

  /// The version's value of metric `m` on slice `s`, the champion's, and the standard error of both and their
  /// difference.
  void Set(size_t s, size_t m, double value, double champion, double error, double degrees = 199) {
    figures_[s].models[0][m] = {value, error, degrees};
    figures_[s].models[1][m] = {champion, error, degrees};
    figures_[s].differences[0][m] = {value - champion, error, degrees};
  }

  absl::StatusOr<Verdict> TryJudge(std::vector<Rule> rules, bool has_champion = true, double confidence = 0.95) const {
    return Judge(
        {.task = kTask, .metrics = metrics_, .slices = slices_, .figures = figures_, .has_champion = has_champion},
        {.rules = std::move(rules), .confidence = confidence});
  }
  Verdict MustJudge(std::vector<Rule> rules, bool has_champion = true, double confidence = 0.95) const {
    auto verdict = TryJudge(std::move(rules), has_champion, confidence);
    EXPECT_TRUE(verdict.ok()) << verdict.status();
    return *std::move(verdict);
  }

  static constexpr size_t kAuc = 0, kLogLoss = 1, kCalibration = 2;
  std::vector<const NamedMetric*> metrics_;
  std::vector<evaluate::Slice> slices_;
  std::vector<SliceFigures> figures_;
};

TEST_F(Gate, KnowsWhichWayAMetricGoes) {
  MakeSlices(0);
  Set(0, kAuc, 0.70, 0.75, 0.001);
  Set(0, kLogLoss, 0.45, 0.40, 0.001);
  for (const char* metric : {"auc", "log_loss"}) {
    EXPECT_FALSE(MustJudge({{.metric = metric, .intent = Intent::kMaxRegression, .bound = 0.01}}).blessed);
    EXPECT_TRUE(MustJudge({{.metric = metric, .intent = Intent::kMaxRegression, .bound = 0.06}}).blessed);
    EXPECT_FALSE(MustJudge({{.metric = metric, .intent = Intent::kMinGain}}).blessed);
  }
  Set(0, kAuc, 0.75, 0.70, 0.001);
  Set(0, kLogLoss, 0.40, 0.45, 0.001);
  for (const char* metric : {"auc", "log_loss"}) {
    EXPECT_TRUE(MustJudge({{.metric = metric, .intent = Intent::kMaxRegression}}).blessed);
    EXPECT_TRUE(MustJudge({{.metric = metric, .intent = Intent::kMinGain, .bound = 0.04}}).blessed);
    EXPECT_FALSE(MustJudge({{.metric = metric, .intent = Intent::kMinGain, .bound = 0.06}}).blessed);
    EXPECT_FALSE(MustJudge({{.metric = metric, .intent = Intent::kMaxSuspiciousGain, .bound = 0.03}}).blessed);
    EXPECT_TRUE(MustJudge({{.metric = metric, .intent = Intent::kMaxSuspiciousGain, .bound = 0.06}}).blessed);
  }
}

TEST_F(Gate, AbsoluteBoundsNeedNoChampion) {
  MakeSlices(0);
  Set(0, kAuc, 0.70, 0, 0.001);
  Set(0, kCalibration, 1.2, 0, 0.01);
  const auto judge = [&](std::string metric, Intent intent, double bound) {
    return MustJudge({{.metric = std::move(metric), .intent = intent, .bound = bound}}, /*has_champion=*/false).blessed;
  };
  EXPECT_TRUE(judge("auc", Intent::kAtLeast, 0.69));
  EXPECT_FALSE(judge("auc", Intent::kAtLeast, 0.71));
  EXPECT_TRUE(judge("auc", Intent::kAtMost, 0.71));
  EXPECT_FALSE(judge("auc", Intent::kAtMost, 0.69));
  EXPECT_TRUE(judge("calibration_ratio", Intent::kAtMost, 0.21));  // it is 0.2 from 1
  EXPECT_FALSE(judge("calibration_ratio", Intent::kAtMost, 0.15));
}

TEST_F(Gate, WithoutAChampionNothingPassesForAComparison) {
  MakeSlices(1);
  Set(0, kAuc, 0.70, 0.99, 0.001);
  const Verdict verdict = MustJudge({{.metric = "auc", .intent = Intent::kMaxRegression},
                                     {.metric = "auc", .intent = Intent::kMinGain},
                                     {.metric = "auc", .intent = Intent::kAtLeast, .bound = 0.6}},
                                    /*has_champion=*/false);
  EXPECT_TRUE(verdict.blessed);
  EXPECT_FALSE(verdict.has_champion);
  EXPECT_EQ(verdict.Count(Outcome::kNoChampion), 2);
  EXPECT_EQ(verdict.Count(Outcome::kKept), 1);
  EXPECT_FALSE(verdict.findings[0].champion.has_value());
  EXPECT_THAT(verdict.findings[0].ToText(), HasSubstr("is not judged: there is no champion"));
  EXPECT_NEAR(verdict.findings[2].error_share, 0.05, 1e-12);
}

TEST_F(Gate, TooFewRowsAreNotJudgedUnlessProofIsWanted) {
  MakeSlices(1);
  Set(0, kAuc, 0.7, 0.7, 0.001);
  figures_[1].models[0][kAuc] = {0.2, std::nullopt, 0};
  figures_[1].models[1][kAuc] = {0.9, std::nullopt, 0};
  figures_[1].differences[0][kAuc] = {-0.7, std::nullopt, 0};
  const Verdict tolerant = MustJudge({{.metric = "auc", .intent = Intent::kMaxRegression, .each_slice = true}});
  EXPECT_TRUE(tolerant.blessed);
  EXPECT_EQ(tolerant.Count(Outcome::kNotJudged), 1);
  EXPECT_THAT(tolerant.findings[0].ToText(), HasSubstr("not judged: too few rows"));
  const Verdict strict = MustJudge(
      {{.metric = "auc", .intent = Intent::kMaxRegression, .bound = 0.01, .each_slice = true, .proven = true}});
  EXPECT_FALSE(strict.blessed);
  figures_[1].differences[0][kAuc] = {};  // not defined
  EXPECT_TRUE(MustJudge({{.metric = "auc", .intent = Intent::kMaxRegression, .each_slice = true}}).blessed);
}

TEST_F(Gate, TheSameScoresAreNeitherWorseNorBetter) {
  MakeSlices(0);
  Set(0, kLogLoss, 0.4, 0.4, 0);
  EXPECT_TRUE(MustJudge({{.metric = "log_loss", .intent = Intent::kMaxRegression}}).blessed);
  EXPECT_TRUE(MustJudge({{.metric = "log_loss", .intent = Intent::kMinGain}}).blessed);
  EXPECT_FALSE(MustJudge({{.metric = "log_loss", .intent = Intent::kMinGain, .bound = 1e-9}}).blessed);
}

TEST_F(Gate, SlicesDoNotTakeTheShareOfAllRows) {
  MakeSlices(200);
  for (size_t s = 0; s < slices_.size(); ++s) Set(s, kAuc, 0.7, 0.7, 0.001);
  const Verdict verdict = MustJudge({{.metric = "auc", .intent = Intent::kMaxRegression},
                                     {.metric = "auc", .intent = Intent::kMaxSuspiciousGain, .bound = 0.1},
                                     {.metric = "auc", .intent = Intent::kMaxRegression, .each_slice = true},
                                     {.metric = "auc", .intent = Intent::kMinGain}});
  EXPECT_NEAR(verdict.findings.front().error_share, 0.05 / 2 / 2, 1e-12);
  EXPECT_NEAR(verdict.findings[2].error_share, 0.05 / 2 / 200, 1e-12);
  EXPECT_NEAR(verdict.findings.back().error_share, 0.05, 1e-12);
  double sum = 0;
  for (const Finding& finding : verdict.findings) sum += finding.rule.needs_proof() ? 0 : finding.error_share;
  EXPECT_NEAR(sum, 0.05, 1e-12);
}

/// A bootstrap's estimate of a difference whose true value is `truth` and whose standard deviation is 1: its error is
/// known from `degrees` + 1 resamples only.
Estimate Drawn(double truth, double degrees, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  std::chi_squared_distribution<double> chi(degrees);
  return {truth + normal(random), std::sqrt(chi(random) / degrees), degrees};
}

/// The share of `gates` that refuse a version whose true difference to the champion is `truth` on the first
/// `num_worse` slices, and 0 elsewhere.
double ShareRefused(size_t num_slices, double truth, size_t num_worse, int gates) {
  const std::vector<const NamedMetric*> metrics{Metric("auc"), Metric("log_loss")};
  const std::vector<Rule> rules{{.metric = "auc", .intent = Intent::kMaxRegression},
                                {.metric = "auc", .intent = Intent::kMaxRegression, .each_slice = true},
                                {.metric = "log_loss", .intent = Intent::kMaxRegression, .each_slice = true}};
  std::vector<evaluate::Slice> slices(num_slices + 1, {.name = "slice", .rows = 500});
  std::vector<SliceFigures> figures(slices.size());
  std::mt19937_64 random(20'130'501);
  int refused = 0;
  for (int gate = 0; gate < gates; ++gate) {
    for (size_t s = 0; s < figures.size(); ++s) {
      const double own = s > 0 && s <= num_worse ? truth : 0;
      figures[s].models.assign(2, {{0.7, 0.1, 199}, {0.4, 0.1, 199}});
      figures[s].differences = {{Drawn(own, 199, random), Drawn(-own, 199, random)}};
    }
    const auto verdict =
        Judge({.task = kTask, .metrics = metrics, .slices = slices, .figures = figures, .has_champion = true},
              {.rules = rules});
    refused += verdict->blessed ? 0 : 1;
  }
  return static_cast<double>(refused) / gates;
}

TEST(GateSimulation, AVersionAsGoodAsTheChampionIsRefusedInAtMost5PercentHoweverManySlicesThereAre) {
  constexpr int kGates = 4'000;
  // At exactly 5 % a greater share comes once in 10,000 times (binomial).
  const double most = 0.05 + 3.72 * std::sqrt(0.05 * 0.95 / kGates);
  for (const size_t slices : {0, 1, 10, 100}) {
    const double share = ShareRefused(slices, 0, 0, kGates);
    EXPECT_LE(share, most) << slices << " slices";
    EXPECT_GE(share, 0.02) << slices << " slices: the budget is not used";
  }
}

TEST(GateSimulation, HarmOnOneSliceOfAHundredIsSeen) {
  EXPECT_GE(ShareRefused(100, -6, 1, 500), 0.95);  // six standard errors worse
  EXPECT_LE(ShareRefused(100, 6, 1, 500), 0.08);   // better is no harm
}

TEST_F(Gate, RefusesWhatDoesNotFitTogether) {
  EXPECT_FALSE(TryJudge({}).ok());  // no slice at all
  MakeSlices(1);
  EXPECT_TRUE(TryJudge({}).ok());
  EXPECT_FALSE(TryJudge({}, true, 1).ok());
  EXPECT_FALSE(TryJudge({}, true, std::nan("")).ok());
  EXPECT_FALSE(TryJudge({{.metric = "brier", .intent = Intent::kAtMost, .bound = 1}}).ok());  // not measured
  EXPECT_FALSE(TryJudge({{.metric = "auc", .intent = Intent::kMinGain, .bound = -1}}).ok());
  figures_[1].differences.clear();
  EXPECT_FALSE(TryJudge({}).ok());
  EXPECT_TRUE(TryJudge({}, /*has_champion=*/false).ok());
  figures_.pop_back();
  EXPECT_FALSE(TryJudge({}).ok());
}

TEST_F(Gate, TellsWhatStandsInTheChampionsPlace) {
  MakeSlices(0);
  Set(0, kLogLoss, 0.48, 0.45, 0.004);
  const auto verdict = Judge({.task = kTask,
                              .metrics = metrics_,
                              .slices = slices_,
                              .figures = figures_,
                              .has_champion = true,
                              .champion_name = "dummy"},
                             {.rules = {{.metric = "log_loss", .intent = Intent::kMinGain}}});
  ASSERT_TRUE(verdict.ok()) << verdict.status();
  EXPECT_THAT(verdict->findings[0].ToText(), HasSubstr("worse than the dummy's 0.45 by 0.03"));
}

TEST_F(Gate, ToldToPeopleAndMachines) {
  MakeSlices(1);
  Set(0, kLogLoss, 0.48, 0.45, 0.004);
  Set(1, kLogLoss, 0.52, 0.45, 0.004);
  const Verdict verdict =
      MustJudge({{.metric = "log_loss", .intent = Intent::kMaxRegression, .bound = 0.05, .each_slice = true}});
  EXPECT_EQ(verdict.findings[0].ToText(),
            "log_loss of origin=0 (500 rows): 0.52, worse than the champion's 0.45 by 0.07 (standard error 0.004); "
            "max_regression 0.05 is broken");
  const Json json = verdict.ToJson();
  EXPECT_EQ(json["verdict"], "refused");
  EXPECT_EQ(json["findings"][0]["slice"], "origin=0");
  EXPECT_EQ(json["findings"][0]["outcome"], "broken");
  EXPECT_NEAR(json["findings"][0]["excess"].get<double>(), 0.02, 1e-12);
  figures_[1].models[0][kLogLoss] = {};
  figures_[1].differences[0][kLogLoss] = {};
  EXPECT_EQ(MustJudge({{.metric = "log_loss", .intent = Intent::kAtMost, .bound = 1, .each_slice = true}})
                .ToJson()["findings"][0]["value"],
            nullptr);
}

}  // namespace
}  // namespace roost::judge
