#include "pipeline/trainer_log.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roost::pipeline {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class TrainerLogTest : public testing::Test {
 protected:
  TrainerLog Create() { return *TrainerLog::Create(path_); }

  std::string Written() const {
    std::ifstream file(path_, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }

  const std::string path_ = testing::TempDir() + "trainer-log-" + std::to_string(getpid()) + ".txt";
  void TearDown() override { std::filesystem::remove(path_); }
};

TEST_F(TrainerLogTest, ShortOutputIsKeptWholeAndAtOnce) {
  TrainerLog log = Create();
  log.Append("one\n");
  log.Append("two\n");
  EXPECT_EQ(Written(), "one\ntwo\n");
  log.Finish();
  EXPECT_EQ(Written(), "one\ntwo\n");
  EXPECT_EQ(log.Tail(100, 10), "one\ntwo");
}

TEST_F(TrainerLogTest, WhatFitsTheTwoMegabytesIsWhole) {
  std::string all;
  TrainerLog log = Create();
  for (int i = 0; all.size() < TrainerLog::kHeadBytes + TrainerLog::kTailBytes - 100; ++i) {
    const std::string line = "line " + std::to_string(i) + "\n";
    all += line;
    log.Append(line);
  }
  log.Finish();
  EXPECT_EQ(Written(), all);
}

TEST_F(TrainerLogTest, OfEndlessOutputTheBeginningAndTheEndAreKept) {
  TrainerLog log = Create();
  const std::string piece = std::string(65535, 'x') + "\n";
  log.Append("begin\n");
  for (int i = 0; i < 1000; ++i) log.Append(piece);
  log.Append(std::string(3 << 20, 'y'));  // a piece that is longer than what is kept
  log.Append("end\n");
  log.Finish();
  const std::string written = Written();
  EXPECT_LT(written.size(), TrainerLog::kHeadBytes + TrainerLog::kTailBytes + 100);
  EXPECT_GE(written.size(), TrainerLog::kHeadBytes + TrainerLog::kTailBytes);
  EXPECT_THAT(written, StartsWith("begin\nx"));
  EXPECT_THAT(written, EndsWith("yend\n"));
  EXPECT_THAT(written, HasSubstr("... 66,584,586 bytes are left out here ..."));
}

TEST_F(TrainerLogTest, TheTailIsWholeLines) {
  TrainerLog log = Create();
  log.Append("first\nsecond\nthird\n\n  \n");
  EXPECT_EQ(log.Tail(1000, 2), "second\nthird");
  EXPECT_EQ(log.Tail(13, 9), "second\nthird");
  EXPECT_EQ(log.Tail(8, 9), "third");
  EXPECT_EQ(log.Tail(3, 9), "ird") << "a line that is longer than the whole tail";
}

TEST_F(TrainerLogTest, TheTailMayBeShownOnATerminal) {
  TrainerLog log = Create();
  log.Append("\x1b[31mred \xff\n");
  EXPECT_EQ(log.Tail(100, 3), "\\x1b[31mred \\xff");
}

TEST_F(TrainerLogTest, ALinkInItsPlaceIsNotFollowed) {
  std::filesystem::create_symlink("/dev/null", path_);
  EXPECT_FALSE(TrainerLog::Create(path_).ok());
}

}  // namespace
}  // namespace roost::pipeline
