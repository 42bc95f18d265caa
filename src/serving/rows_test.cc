#include "serving/rows.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "serving/test_model.h"

namespace roost::serving {
namespace {

using testing::HasSubstr;

TEST(Rows, AreScoredAsTheModelScoresThem) {
  const auto servable = *Servable::Parse("delay", 4, TestModelJson());
  const std::vector<column::Value> values{418.0, std::string_view("SFO"), int64_t{0}, {}, std::string_view("OAK"), {}};
  RowScratch scratch;
  std::vector<double> scores(2), alone(1);
  ASSERT_TRUE(ScoreRows(*servable, values, scratch, scores).ok());
  for (size_t row = 0; row < 2; ++row) {
    ASSERT_TRUE(servable->model().ScoreRow(std::span(values).subspan(3 * row, 3), scratch, alone).ok());
    EXPECT_EQ(scores[row], alone[0]);
  }
}

TEST(Rows, ScoresThatAreNoNumbersAreNamedByTheirRow) {
  const auto servable = *Servable::Parse("delay", 4, TestModelJson());
  EXPECT_TRUE(CheckFinite(*servable, std::vector<double>{0, 1}, 0).ok());
  for (const double wrong : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    const absl::Status status = CheckFinite(*servable, std::vector<double>{0.5, wrong}, 7);
    EXPECT_EQ(status.code(), absl::StatusCode::kInternal);
    EXPECT_THAT(std::string(status.message()), HasSubstr("model delay@4 scores row 8 as"));
  }
}

TEST(Rows, TooManyOutputsAreRefused) {
  const auto servable = *Servable::Parse("delay", 4, TestModelJson());
  EXPECT_TRUE(CheckOutputs(*servable, kMaxOutputs).ok());
  EXPECT_EQ(CheckOutputs(*servable, kMaxOutputs + 1).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(CheckOutputs(*servable, std::numeric_limits<int64_t>::max()).code(), absl::StatusCode::kInvalidArgument);
}

TEST(Rows, OfEqualOutputsTheFirstIsTheMostProbable) {
  EXPECT_EQ(MostProbable(std::vector<double>{0.2, 0.4, 0.4}), 1u);
  EXPECT_EQ(MostProbable(std::vector<double>{1}), 0u);
}

TEST(Servable, FindsItsInputsByName) {
  const auto servable = *Servable::Parse("delay", 4, TestModelJson());
  for (size_t i = 0; i < servable->inputs().size(); ++i) EXPECT_EQ(servable->FindInput(servable->inputs()[i].name), i);
  for (const char* name : {"", "a", "dist", "distances", "zone"}) EXPECT_EQ(servable->FindInput(name), std::nullopt);
}

}  // namespace
}  // namespace roost::serving
