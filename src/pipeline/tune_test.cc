#include "pipeline/tune.h"

#include <algorithm>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roost::pipeline {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TuneSettings Settings(std::vector<Rung> rungs, bool higher_is_better = true) {
  return {*SearchSpace::Make({{"rate", NumberRange{0, 1}}}), std::move(rungs), 7, "AUC", higher_is_better};
}

/// A score that grows with the rate, and fails for some trials.
TrialResult Train(const TrialRun& run) {
  TrialResult result{run.trial, run.rung, std::get<double>(run.values[0]) + 0.1 * run.budget, run.budget, "note"};
  if (run.trial % 5 == 4) result.score.reset();
  return result;
}

std::vector<int64_t> TrialsIn(const std::vector<TrialRun>& runs) {
  std::vector<int64_t> trials;
  for (const TrialRun& run : runs) trials.push_back(run.trial);
  return trials;
}

/// Runs all that is asked for, `at_once` at a time, and writes the record.
std::string RunAll(TuneState& state, size_t at_once) {
  std::string record;
  for (auto runs = state.NextTrials(); !runs.empty(); runs = state.NextTrials()) {
    runs.resize(std::min(runs.size(), at_once));
    std::reverse(runs.begin(), runs.end());
    for (const TrialRun& run : runs) {
      EXPECT_TRUE(state.Record(Train(run)).ok());
      record += ResultLine(Train(run));
    }
  }
  return record;
}

TEST(Plan, HalvingGivesTheBestMoreAndMore) {
  EXPECT_THAT(*PlanHalving(27, 3, 1.0 / 27),
              ElementsAre(Rung{27, 1.0 / 27}, Rung{9, 1.0 / 27 * 3}, Rung{3, 1.0 / 27 * 3 * 3}, Rung{1, 1}));
  EXPECT_THAT(*PlanHalving(10, 4, 0.25), ElementsAre(Rung{10, 0.25}, Rung{2, 1}));
  EXPECT_THAT(*PlanHalving(3, 4, 0.01), ElementsAre(Rung{3, 0.01}, Rung{1, 1}));
  EXPECT_THAT(*PlanHalving(1, 2, 0.1), ElementsAre(Rung{1, 1}));
  EXPECT_THAT(*PlanHalving(5, 2, 1), ElementsAre(Rung{5, 1}));
  EXPECT_THAT(PlanRandom(8), ElementsAre(Rung{8, 1}));
}

TEST(Plan, RefusesWhatIsNoPlan) {
  EXPECT_FALSE(PlanHalving(0, 2, 0.5).ok());
  EXPECT_FALSE(PlanHalving(5, 1, 0.5).ok());
  EXPECT_FALSE(PlanHalving(5, 2, 0).ok());
  EXPECT_FALSE(PlanHalving(5, 2, 1.5).ok());
  EXPECT_FALSE(PlanHalving(5, NAN, 0.5).ok());
  EXPECT_FALSE(TuneState::Make(Settings({})).ok());
  EXPECT_FALSE(TuneState::Make(Settings({{2, 0.5}, {3, 1}})).ok());
  EXPECT_FALSE(TuneState::Make(Settings({{2, 1}, {1, 0.5}})).ok());
  EXPECT_FALSE(TuneState::Make(Settings(std::vector<Rung>(1000, Rung{1, 1}))).ok());
}

TEST(Tune, EachRungKeepsTheBestOfTheOneBefore) {
  for (const bool higher : {true, false}) {
    TuneState state = *TuneState::Make(Settings(*PlanHalving(20, 3, 0.1), higher));
    RunAll(state, 100);
    for (int64_t rung = 1; rung < static_cast<int64_t>(state.settings().rungs.size()); ++rung) {
      const std::vector<int64_t> kept = state.TrialsOf(rung);
      ASSERT_THAT(kept, SizeIs(state.settings().rungs[static_cast<size_t>(rung)].trials));
      double worst_kept = higher ? 1e9 : -1e9;
      double best_left = higher ? -1e9 : 1e9;
      for (const TrialResult& result : state.results()) {
        if (result.rung != rung - 1 || !result.score.has_value()) continue;
        const bool is_kept = std::binary_search(kept.begin(), kept.end(), result.trial);
        double& bound = is_kept ? worst_kept : best_left;
        bound = (is_kept == higher) ? std::min(bound, *result.score) : std::max(bound, *result.score);
      }
      EXPECT_TRUE(higher ? worst_kept >= best_left : worst_kept <= best_left);
    }
  }
}

TEST(Tune, AnotherOrderOfResultsChangesNothing) {
  TuneState one = *TuneState::Make(Settings(*PlanHalving(20, 2, 0.1)));
  TuneState many = *TuneState::Make(Settings(*PlanHalving(20, 2, 0.1)));
  RunAll(one, 1);
  RunAll(many, 100);
  EXPECT_EQ(one.results(), many.results());
  EXPECT_EQ(one.Best(), many.Best());
}

TEST(Tune, ResumedAnywhereItEndsTheSame) {
  TuneState whole = *TuneState::Make(Settings(*PlanHalving(9, 3, 0.2)));
  const std::string settings = SettingsLine(whole.settings());
  const std::string record = settings + RunAll(whole, 2);
  for (size_t cut = 0; cut <= record.size(); ++cut) {
    auto read = ReadTuneRecord(std::string_view(record).substr(0, cut), "tune.jsonl");
    if (cut < settings.size()) {
      EXPECT_EQ(read.status().code(), absl::StatusCode::kNotFound) << cut;
      continue;
    }
    ASSERT_TRUE(read.ok()) << cut << ": " << read.status();
    EXPECT_EQ(read->bytes, record.rfind('\n', cut - 1) + 1) << "the torn line is cut off";
    EXPECT_EQ(read->state.settings(), whole.settings());
    RunAll(read->state, 3);
    EXPECT_EQ(read->state.results(), whole.results()) << cut;
  }
}

TEST(Tune, TiesGoToTheLowerIndex) {
  TuneState state = *TuneState::Make(Settings({{4, 0.5}, {2, 1}}));
  for (const int64_t trial : {3, 2, 1, 0}) ASSERT_TRUE(state.Record({trial, 0, 0.5}).ok());
  EXPECT_THAT(TrialsIn(state.NextTrials()), ElementsAre(0, 1));
  EXPECT_EQ(state.Best()->trial, 0);
  ASSERT_TRUE(state.Record({1, 1, 0.1}).ok());
  EXPECT_EQ(state.Best()->trial, 1) << "the later rung counts, whatever its score";
  ASSERT_TRUE(state.Record({0, 1, 0.1}).ok());
  EXPECT_EQ(state.Best()->trial, 0);
}

TEST(Tune, FailedTrialsGoNoFurther) {
  TuneState state = *TuneState::Make(Settings({{3, 0.5}, {2, 1}}));
  ASSERT_TRUE(state.Record({0, 0, std::nullopt}).ok());
  ASSERT_TRUE(state.Record({1, 0, -5.0}).ok());
  EXPECT_THAT(TrialsIn(state.NextTrials()), ElementsAre(2)) << "the rung is not complete";
  ASSERT_TRUE(state.Record({2, 0, std::nullopt}).ok());
  EXPECT_THAT(TrialsIn(state.NextTrials()), ElementsAre(1));
  ASSERT_TRUE(state.Record({1, 1, std::nullopt}).ok());
  EXPECT_THAT(state.NextTrials(), IsEmpty());
  EXPECT_EQ(state.Best()->rung, 0) << "the last rung with a result";

  TuneState none = *TuneState::Make(Settings({{1, 0.5}, {1, 1}}));
  ASSERT_TRUE(none.Record({0, 0, std::nullopt}).ok());
  EXPECT_THAT(none.NextTrials(), IsEmpty());
  EXPECT_FALSE(none.Best().has_value());
}

TEST(Tune, OnlyWhatWasAskedForIsRecorded) {
  TuneState state = *TuneState::Make(Settings({{2, 0.5}, {1, 1}}));
  EXPECT_FALSE(state.Record({2, 0, 0.5}).ok());
  EXPECT_FALSE(state.Record({-1, 0, 0.5}).ok());
  EXPECT_FALSE(state.Record({0, 1, 0.5}).ok()) << "its rung has not begun";
  EXPECT_FALSE(state.Record({0, 2, 0.5}).ok());
  EXPECT_FALSE(state.Record({0, -1, 0.5}).ok());
  EXPECT_FALSE(state.Record({0, 0, NAN}).ok());
  EXPECT_FALSE(state.Record({0, 0, 0.5, -1}).ok());
  EXPECT_TRUE(state.Record({0, 0, 0.5}).ok());
  EXPECT_FALSE(state.Record({0, 0, 0.5}).ok()) << "twice";
}

TEST(TuneRecord, DamageIsTold) {
  const TuneSettings settings = Settings({{2, 1}});
  const std::string good = SettingsLine(settings) + ResultLine({0, 0, 0.5, 1.5, "late@3"});
  ASSERT_TRUE(ReadTuneRecord(good, "tune.jsonl").ok());
  for (const std::string& line : {std::string("garbage"), std::string("{}"), std::string(R"({"trial": -1})"),
                                  std::string(R"({"trial":1,"rung":0,"score":"x","seconds":1,"note":""})"),
                                  ResultLine({0, 0, 0.5}), ResultLine({9, 0, 0.5})}) {
    const auto read = ReadTuneRecord(good + line + "\n", "tune.jsonl");
    EXPECT_EQ(read.status().code(), absl::StatusCode::kDataLoss) << line;
    EXPECT_THAT(std::string(read.status().message()), HasSubstr("tune.jsonl:3")) << line;
  }
  EXPECT_EQ(ReadTuneRecord("{\"tune\": 2}\n", "x").status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace roost::pipeline
