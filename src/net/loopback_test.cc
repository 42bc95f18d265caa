#include "net/loopback.h"

#include <gtest/gtest.h>

namespace roost::net {
namespace {

TEST(Loopback, KnowsTheNamesAndAddressesOfThisMachine) {
  for (const char* host : {"localhost", "LocalHost", "a.localhost", "127.0.0.1", "127.8.9.10", "::1", "[::1]"}) {
    EXPECT_TRUE(IsLoopbackHost(host)) << host;
  }
}

TEST(Loopback, RefusesEveryOtherHost) {
  for (const char* host : {"", "0.0.0.0", "::", "10.0.0.1", "example.com", "localhost.example.com", "127.0.0.1.nip.io",
                           ".localhost", "127.1", "[", "[]", "128.0.0.1", "notlocalhost"}) {
    EXPECT_FALSE(IsLoopbackHost(host)) << host;
  }
}

TEST(Loopback, CutsThePortOff) {
  EXPECT_EQ(WithoutPort("localhost:80"), "localhost");
  EXPECT_EQ(WithoutPort("localhost"), "localhost");
  EXPECT_EQ(WithoutPort("[::1]:80"), "[::1]");
  EXPECT_EQ(WithoutPort("[::1]"), "[::1]");
  EXPECT_EQ(WithoutPort("::1"), "::1");
  EXPECT_EQ(WithoutPort(""), "");
  EXPECT_EQ(WithoutPort(":"), "");
}

}  // namespace
}  // namespace roost::net
