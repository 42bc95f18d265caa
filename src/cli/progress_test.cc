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
  EXPECT_EQ(Take(), "reading: 50 %, 50 of 100 rows, 5/s, 10.0 s left\n");
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
