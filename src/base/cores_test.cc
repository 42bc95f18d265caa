#include "base/cores.h"

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include <gtest/gtest.h>

namespace roost {
namespace {

TEST(Cores, OfAQuotaAreRoundedUp) {
  EXPECT_EQ(CoresOfQuota("200000 100000"), 2u);
  EXPECT_EQ(CoresOfQuota("250000 100000"), 3u);
  EXPECT_EQ(CoresOfQuota("1 100000"), 1u);
  EXPECT_EQ(CoresOfQuota("6400000 100000"), 64u);
}

TEST(Cores, NoQuotaIsNoLimit) {
  for (const char* text : {"max 100000", "", "max", "0 100000", "-1 100000", "100000 0", "1 x", "x 1"}) {
    EXPECT_EQ(CoresOfQuota(text), std::nullopt) << text;
  }
}

TEST(Cores, AreAtMostThoseOfTheAffinity) {
  EXPECT_GE(NumCores(), 1u);
  EXPECT_LE(NumCores(), std::thread::hardware_concurrency());
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<size_t>(sched_getcpu()), &one);
    _exit(sched_setaffinity(0, sizeof one, &one) == 0 && CountCores() == 1 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

}  // namespace
}  // namespace roost
