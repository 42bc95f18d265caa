#include "serving/recorded_requests.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "column/builder.h"
#include "serving/servable.h"
#include "serving/test_model.h"

namespace roost::serving {
namespace {

using testing::HasSubstr;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

predict::ScoringModel Model(uint32_t seed = 1) {
  return *predict::ScoringModel::FromJson(*ParseJson(TestModelJson(seed), "model"));
}

column::OwnedBatch Rows(std::vector<std::optional<double>> distances, std::vector<std::optional<std::string>> origins) {
  std::vector<std::optional<int64_t>> dates(distances.size(), 988'718'400'000'000);
  return column::BatchBuilder()
      .Texts("origin", std::move(origins))
      .Times("date", std::move(dates))
      .Numbers("distance", std::move(distances))
      .Build();
}

std::string RecordOf(const predict::ScoringModel& model, const std::vector<const column::OwnedBatch*>& batches) {
  std::vector<column::BatchView> views;
  for (const column::OwnedBatch* batch : batches) views.push_back(batch->view());
  const absl::StatusOr<std::string> recorded = RecordRequests(model, views);
  EXPECT_TRUE(recorded.ok()) << recorded.status();
  return recorded.value_or("");
}

std::string Message(const absl::Status& status) { return std::string(status.message()); }

TEST(RecordedRequests, TheModelAnswersItsOwnAsItDid) {
  const predict::ScoringModel model = Model();
  const column::OwnedBatch rows = Rows({418.25, std::nullopt, 0.1}, {"SFO", "Zürich", std::nullopt});
  const std::string recorded = RecordOf(model, {&rows});
  EXPECT_EQ((*ParseJson(recorded, "recorded"))["rows"].size(), 3u);
  EXPECT_TRUE(ReplayRequests(model, recorded).ok()) << ReplayRequests(model, recorded);
  EXPECT_EQ(RecordOf(model, {&rows}), recorded);
  const absl::Status other = ReplayRequests(Model(2), recorded);
  EXPECT_TRUE(absl::IsInternal(other));
  EXPECT_THAT(Message(other), HasSubstr("it answers recorded request 0 with 0."));
}

TEST(RecordedRequests, OneBitIsAnotherAnswer) {
  const predict::ScoringModel model = Model();
  const column::OwnedBatch rows = Rows({418.25}, {"SFO"});
  Json recorded = *ParseJson(RecordOf(model, {&rows}), "recorded");
  Json& answer = recorded["rows"][0]["outputs"][0];
  answer = std::nextafter(answer.get<double>(), 1.0);
  EXPECT_TRUE(absl::IsInternal(ReplayRequests(model, ToLine(recorded))));
}

TEST(RecordedRequests, AreSpreadOverAllBatches) {
  const predict::ScoringModel model = Model();
  std::vector<column::OwnedBatch> batches;
  std::vector<const column::OwnedBatch*> pointers;
  for (int batch = 0; batch < 20; ++batch) {
    std::vector<std::optional<double>> distances;
    for (int row = 0; row < 7; ++row) distances.emplace_back(batch * 7 + row);
    batches.push_back(Rows(distances, std::vector<std::optional<std::string>>(7, "SFO")));
  }
  for (const column::OwnedBatch& batch : batches) pointers.push_back(&batch);
  const Json recorded = *ParseJson(RecordOf(model, pointers), "recorded");
  ASSERT_EQ(recorded["rows"].size(), 16u);
  for (int i = 0; i < 16; ++i) EXPECT_EQ(recorded["rows"][static_cast<size_t>(i)]["inputs"][0], i * 140 / 16);
}

TEST(RecordedRequests, WhatJsonCannotHoldIsLeftOut) {
  const predict::ScoringModel model = Model();
  const column::OwnedBatch rows =
      Rows({kNaN, std::numeric_limits<double>::infinity(), 3.0, 4.0}, {"SFO", "SFO", "\xff", "SFO"});
  const Json recorded = *ParseJson(RecordOf(model, {&rows}), "recorded");
  ASSERT_EQ(recorded["rows"].size(), 1u);
  EXPECT_EQ(recorded["rows"][0]["inputs"][0], 4.0);
  const column::OwnedBatch none = Rows({}, {});
  EXPECT_EQ(RecordOf(model, {&none}), "{\"version\":1,\"rows\":[]}\n");
}

TEST(RecordedRequests, LongTextsEndTheList) {
  const predict::ScoringModel model = Model();
  const column::OwnedBatch rows =
      Rows({1, 2, 3, 4}, std::vector<std::optional<std::string>>(4, std::string(100'000, 'x')));
  const std::string recorded = RecordOf(model, {&rows});
  EXPECT_LT(recorded.size(), size_t{256} << 10);
  EXPECT_EQ((*ParseJson(recorded, "recorded"))["rows"].size(), 2u);
}

TEST(RecordedRequests, DamageIsRefused) {
  const predict::ScoringModel model = Model();
  for (const char* damaged :
       {"", "{", "[]", "{}", R"({"version":2,"rows":[]})", R"({"version":1,"rows":{}})", R"({"version":1,"rows":[1]})",
        R"({"version":1,"rows":[{"inputs":[1,"SFO"],"outputs":[0.5]}]})",
        R"({"version":1,"rows":[{"inputs":["1","SFO",0],"outputs":[0.5]}]})",
        R"({"version":1,"rows":[{"inputs":[1,2,0],"outputs":[0.5]}]})",
        R"({"version":1,"rows":[{"inputs":[1,"SFO",0.5],"outputs":[0.5]}]})",
        R"({"version":1,"rows":[{"inputs":[1,"SFO",0],"outputs":[0.5,0.5]}]})",
        R"({"version":1,"rows":[{"inputs":[1,"SFO",0],"outputs":["0.5"]}]})"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ReplayRequests(model, damaged))) << damaged;
  }
}

}  // namespace
}  // namespace roost::serving
