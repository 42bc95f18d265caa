#include "pipeline/alert.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "pipeline/run_program.h"

namespace roost::pipeline {
namespace {

using testing::HasSubstr;

class AlertTest : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  absl::Status Send(const std::string& script, absl::Duration limit = absl::Seconds(60), int tries = 2) const {
    return SendAlert({.arguments = {"sh", "-c", script},
                      .folder = folder_,
                      .environment = OwnEnvironment(),
                      .limit = limit,
                      .tries = tries},
                     Json{{"event", "refused"}, {"run", 7}}, Context());
  }
  std::string Read(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(folder_ + "/" + name).rdbuf();
    return text.str();
  }

  const std::string folder_ =
      testing::TempDir() + "alert." + testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(AlertTest, TheProgramGetsALineOfJson) {
  ASSERT_TRUE(Send("cat > got").ok());
  EXPECT_EQ(Read("got"), "{\"event\":\"refused\",\"run\":7}\n");
}

TEST_F(AlertTest, AProgramThatFailsIsStartedAgain) {
  EXPECT_TRUE(Send("echo x >> tries; test $(wc -l < tries) = 2").ok());
  EXPECT_EQ(Read("tries"), "x\nx\n");
}

TEST_F(AlertTest, WhatItSaidIsToldWhereNoTryEndsWell) {
  const absl::Status status = Send("echo no route to the pager >&2; exit 3");
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("ended with exit code 3: no route to the pager"));
}

TEST_F(AlertTest, OneThatHangsIsEnded) {
  const absl::Status status = Send("sleep 1000", absl::Milliseconds(50), 1);
  EXPECT_THAT(std::string(status.message()), HasSubstr("did not end within 50 ms"));
}

TEST_F(AlertTest, OneThatSaysMuchDoesNotHang) { EXPECT_TRUE(Send("yes | head -c 1000000").ok()); }

TEST_F(AlertTest, OneThatIsNotThereIsTold) {
  const absl::Status status = SendAlert({.arguments = {"./pager"}, .folder = folder_}, Json::object(), Context());
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace roost::pipeline
