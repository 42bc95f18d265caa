#include "telemetry/access_log.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"

namespace roost::telemetry {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

bool Eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 2'000 && !condition(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  return condition();
}

std::string TextOf(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

class AccessLogTest : public testing::Test {
 protected:
  AccessLogTest() : folder_(testing::TempDir() + "access_log_test." + std::to_string(getpid())) {
    std::filesystem::create_directories(folder_);
  }
  ~AccessLogTest() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }

  std::unique_ptr<AccessLog> Open(const std::string& path, double sample = 1) {
    auto log = AccessLog::Open({.path = path, .sample = sample, .tell = [this](const std::string& line) {
                                  const std::lock_guard lock(mutex_);
                                  told_.push_back(line);
                                }});
    EXPECT_TRUE(log.ok()) << log.status();
    return std::move(log).value();
  }

  std::vector<std::string> told() {
    const std::lock_guard lock(mutex_);
    return told_;
  }

 private:
  std::string folder_;
  std::mutex mutex_;
  std::vector<std::string> told_;
};

TEST(LineRing, LinesComeOutAsTheyWentInAcrossTheEnd) {
  LineRing ring;
  std::string in, out;
  for (int i = 0; in.size() < 3 * LineRing::kBytes; ++i) {
    const std::string line = fmt::format("{}{}\n", i, std::string(static_cast<size_t>(i % 700), 'x'));
    ring.Push(line);
    in += line;
    if (i % 50 != 0) continue;
    const auto pieces = ring.Peek();
    out.append(pieces[0]).append(pieces[1]);
    ring.Pop(pieces[0].size() + pieces[1].size());
  }
  const auto pieces = ring.Peek();
  out.append(pieces[0]).append(pieces[1]);
  EXPECT_EQ(out, in);
  EXPECT_EQ(ring.dropped(), 0);
}

TEST(LineRing, WhatFindsNoRoomIsDroppedWhole) {
  LineRing ring;
  const std::string line(1'000, 'x');
  const auto fits = static_cast<int64_t>(LineRing::kBytes / line.size());
  for (int64_t i = 0; i < fits + 7; ++i) ring.Push(line);
  EXPECT_EQ(ring.pushed(), fits);
  EXPECT_EQ(ring.dropped(), 7);
  ring.Pop(line.size());
  ring.Push(line);
  EXPECT_EQ(ring.pushed(), fits + 1);
}

TEST_F(AccessLogTest, LinesOfAllThreadsAreWrittenAndAppended) {
  constexpr int kThreads = 3, kLines = 2'000;
  for (int run = 0; run < 2; ++run) {
    const auto log = Open(Path("log"));
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kLines; ++i) log->Append(fmt::format("{} {} {}\n", run, t, i));
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(log->counts().lines, kThreads * kLines);
  }
  std::vector<std::string> lines;
  std::ifstream file(Path("log"));
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  EXPECT_EQ(lines.size(), 2u * kThreads * kLines);
  std::sort(lines.begin(), lines.end());
  EXPECT_EQ(std::unique(lines.begin(), lines.end()), lines.end());
  struct stat made {};
  ASSERT_EQ(stat(Path("log").c_str(), &made), 0);
  EXPECT_EQ(made.st_mode & 07, 0u) << "others may not read it";
}

TEST_F(AccessLogTest, SamplesByTheIdAndTakesAllErrors) {
  const auto log = Open(Path("log"), 0.25), again = Open(Path("log"), 0.25);
  int taken = 0;
  for (int i = 0; i < 10'000; ++i) {
    const std::string id = std::to_string(i);
    EXPECT_TRUE(log->Takes(id, true));
    EXPECT_EQ(log->Takes(id, false), again->Takes(id, false));
    taken += log->Takes(id, false) ? 1 : 0;
  }
  EXPECT_NEAR(taken, 2'500, 200);
  EXPECT_TRUE(Open(Path("log"), 1)->Takes("x", false));
  EXPECT_FALSE(Open(Path("log"), 0)->Takes("x", false));
}

TEST_F(AccessLogTest, AFileThatWasRenamedIsOpenedAnew) {
  const auto log = Open(Path("log"));
  log->Append("before\n");
  ASSERT_TRUE(Eventually([&] { return TextOf(Path("log")) == "before\n"; }));
  std::filesystem::rename(Path("log"), Path("log.1"));
  log->Append("between\n");
  ASSERT_TRUE(Eventually([&] { return std::filesystem::exists(Path("log")); }));
  log->Append("after\n");
  ASSERT_TRUE(Eventually([&] { return TextOf(Path("log")) == "after\n"; })) << TextOf(Path("log"));
  EXPECT_EQ(TextOf(Path("log.1")), "before\nbetween\n");
  std::filesystem::rename(Path("log"), Path("log.2"));
  log->Reopen();
  EXPECT_TRUE(Eventually([&] { return std::filesystem::exists(Path("log")); }));
  EXPECT_THAT(told(), ElementsAre());
}

TEST_F(AccessLogTest, AFullDiskIsToldOnceAndWritingGoesOnWhenThereIsRoom) {
  std::filesystem::create_symlink("/dev/full", Path("log"));
  const auto log = Open(Path("log"));
  for (int i = 0; i < 100; ++i) log->Append("kept back\n");
  ASSERT_TRUE(Eventually([&] { return log->counts().errors >= 2; })) << "it is tried again";
  EXPECT_THAT(told(), ElementsAre(HasSubstr("No space left on device")));
  const std::string long_line = std::string(1'023, 'x') + "\n";
  for (size_t i = 0; i < LineRing::kBytes / long_line.size() + 10; ++i) log->Append(long_line);
  EXPECT_GE(log->counts().dropped, 10);
  std::filesystem::remove(Path("log"));
  ASSERT_TRUE(Eventually([&] { return TextOf(Path("log")).size() > 1'000; }));
  EXPECT_TRUE(TextOf(Path("log")).starts_with("kept back\nkept back\n"));
  ASSERT_TRUE(Eventually([&] { return told().size() == 2; }));
  EXPECT_EQ(told()[1], "the access log is written again");
}

TEST_F(AccessLogTest, ALineThatADiskTookInPartGoesOnWhereItStopped) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto old = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 25;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto log = Open(Path("log"));
  log->Append("0123456789\n0123456789\n0123456789\n");
  EXPECT_TRUE(Eventually([&] { return log->counts().errors > 0; }));
  EXPECT_EQ(TextOf(Path("log")), "0123456789\n0123456789\n012");
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old);
  EXPECT_TRUE(Eventually([&] { return TextOf(Path("log")) == "0123456789\n0123456789\n0123456789\n"; }));
}

TEST_F(AccessLogTest, AReaderThatTakesNothingHoldsNobodyUp) {
  ASSERT_EQ(mkfifo(Path("log").c_str(), 0600), 0);
  const int reader = open(Path("log").c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  {
    const auto log = Open(Path("log"));
    const auto start = std::chrono::steady_clock::now();
    const std::string line = std::string(1'023, 'x') + "\n";
    for (size_t i = 0; i < 4 * LineRing::kBytes / line.size(); ++i) log->Append(line);
    EXPECT_GT(log->counts().dropped, 0);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
  }
  close(reader);
}

TEST_F(AccessLogTest, WhatCannotBeOpenedIsToldAtOnce) {
  const auto log = AccessLog::Open({.path = Path("no/such/folder"), .sample = 1, .tell = nullptr});
  EXPECT_TRUE(absl::IsNotFound(log.status())) << log.status();
  EXPECT_THAT(HintOf(log.status()), HasSubstr("- for stderr"));
  EXPECT_FALSE(AccessLog::Open({.path = Path(""), .sample = 1, .tell = nullptr}).ok()) << "a folder is no file";
}

}  // namespace
}  // namespace roost::telemetry
