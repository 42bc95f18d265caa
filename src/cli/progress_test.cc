#include "cli/progress.h"

#include <sstream>

#include <gtest/gtest.h>

namespace roost::cli {
namespace {

class ProgressTest : public testing::Test {
 protected:
  Progress Make(Progress::Style style, int width = 80) {
    return Progress(style, width, out_, [this] { return now_; });
  }

  std::string Take() {
    std::string text = out_.str();
    out_.str("");
    return text;
  }

  std::ostringstream out_;
  absl::Time now_ = absl::FromUnixSeconds(1'000);
};

TEST_F(ProgressTest, ATerminalShowsShareRateAndTimeLeft) {
  Progress progress = Make(Progress::Style::kTerminal);
  progress.Update({"reading", "rows", 0, 2'000});
  EXPECT_EQ(Take(), "\r\x1b[Kreading [....................]   0 %, 0 of 2,000 rows");
  now_ += absl::Seconds(1);
  progress.Update({"reading", "rows", 500, 2'000});
  EXPECT_EQ(Take(), "\r\x1b[Kreading [#####...............]  25 %, 500 of 2,000 rows, 500/s, 3.0 s left");
}

TEST_F(ProgressTest, TrainingShowsItsLoss) {
  Progress progress = Make(Progress::Style::kTerminal);
  progress.Update({"train", "rounds", 1, 0, 0.34567});
  EXPECT_EQ(Take(), "\r\x1b[Ktrain: 1 rounds, loss 0.3457");
}

TEST_F(ProgressTest, ATerminalIsRedrawnTenTimesASecond) {
  Progress progress = Make(Progress::Style::kTerminal);
  progress.Update({"reading", "rows", 1, 0});
  EXPECT_EQ(Take(), "\r\x1b[Kreading: 1 rows");
  now_ += absl::Milliseconds(99);
  progress.Update({"reading", "rows", 2, 0});
  EXPECT_EQ(Take(), "");
  now_ += absl::Milliseconds(1);
  progress.Update({"reading", "rows", 3, 0});
  EXPECT_EQ(Take(), "\r\x1b[Kreading: 3 rows");
}

TEST_F(ProgressTest, ALineIsNeverAsWideAsTheTerminal) {
  Progress progress = Make(Progress::Style::kTerminal, 20);
  progress.Update({"reading", "rows", 5, 10});
  EXPECT_EQ(Take(), "\r\x1b[Kreading [##########");
}

TEST_F(ProgressTest, MoreThanTheTotalIsAFullBar) {
  Progress progress = Make(Progress::Style::kTerminal);
  progress.Update({"reading", "bytes", 3'000, 2'000});
  EXPECT_EQ(Take(), "\r\x1b[Kreading [####################] 100 %, 3,000 of 2.00 kB");
}

TEST_F(ProgressTest, ClearRemovesTheLineOnce) {
  Progress progress = Make(Progress::Style::kTerminal);
  progress.Update({"reading", "rows", 1, 0});
  Take();
  progress.Clear();
  EXPECT_EQ(Take(), "\r\x1b[K");
  progress.Clear();
  EXPECT_EQ(Take(), "");
}

TEST_F(ProgressTest, ALogGetsAPlainLineEveryTenSeconds) {
  Progress progress = Make(Progress::Style::kLog);
  progress.Update({"reading", "rows", 1, 100});
  EXPECT_EQ(Take(), "") << "short work leaves no line";
  now_ += absl::Seconds(10);
  progress.Update({"reading", "rows", 50, 100});
  EXPECT_EQ(Take(), "reading: 50 %, 50 of 100 rows, 5/s, 10.2 s left\n");
  progress.Clear();
  EXPECT_EQ(Take(), "");
}

TEST_F(ProgressTest, WhatIsGoneOnWithDoesNotCountAsFast) {
  Progress progress = Make(Progress::Style::kTerminal);
  progress.Update({"train", "rounds", 900, 1'000});
  Take();
  now_ += absl::Seconds(1);
  progress.Update({"train", "rounds", 910, 1'000});
  EXPECT_EQ(Take(), "\r\x1b[Ktrain [##################..]  91 %, 910 of 1,000 rounds, 10/s, 9.0 s left");
}

TEST_F(ProgressTest, ProgramsGetLinesOfJson) {
  Progress progress = Make(Progress::Style::kJson);
  progress.Update({"train", "rounds", 1, 200, 0.5});
  EXPECT_EQ(Take(), R"({"message_type":"progress","stage":"train","unit":"rounds","done":1,"total":200,"loss":0.5})"
                    "\n");
  now_ += absl::Milliseconds(249);
  progress.Update({"train", "rounds", 2, 200, 0.25});
  EXPECT_EQ(Take(), "") << "not more often than four times a second";
  now_ += absl::Milliseconds(751);
  progress.Update({"train", "rounds", 11, 200, 0.125});
  EXPECT_EQ(Take(), R"({"message_type":"progress","stage":"train","unit":"rounds","done":11,"total":200,"loss":0.125,)"
                    R"("seconds_left":18.9})"
                    "\n");
}

TEST_F(ProgressTest, TheLastLineOfAStageAlwaysComes) {
  Progress progress = Make(Progress::Style::kJson);
  progress.Update({"reading", "rows", 1, 0});
  progress.Update({"reading", "rows", 7, 0});
  progress.Update({"reading", "rows", 9, 0});
  EXPECT_EQ(Take(), R"({"message_type":"progress","stage":"reading","unit":"rows","done":1})"
                    "\n");
  progress.Update({"scoring", "rows", 1, 0});
  EXPECT_EQ(Take(), R"({"message_type":"progress","stage":"reading","unit":"rows","done":9})"
                    "\n"
                    R"({"message_type":"progress","stage":"scoring","unit":"rows","done":1})"
                    "\n");
  progress.Update({"scoring", "rows", 4, 0});
  progress.Clear();
  EXPECT_EQ(Take(), R"({"message_type":"progress","stage":"scoring","unit":"rows","done":4})"
                    "\n");
  progress.Clear();
  EXPECT_EQ(Take(), "");
}

TEST_F(ProgressTest, SilenceIsSilent) {
  Progress progress = Make(Progress::Style::kSilent);
  progress.Update({"reading", "rows", 1, 0});
  progress.Clear();
  EXPECT_EQ(Take(), "");
}

}  // namespace
}  // namespace roost::cli
