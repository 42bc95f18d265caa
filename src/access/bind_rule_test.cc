#include "access/bind_rule.h"

#include <gtest/gtest.h>

#include "base/status.h"

namespace roost::access {
namespace {

TEST(BindRule, ThisMachineNeedsNothing) {
  for (const char* host : {"127.0.0.1", "::1", "localhost"}) EXPECT_TRUE(CheckBind({.host = host}).ok()) << host;
}

TEST(BindRule, OtherMachinesNeedTokensAndTlsOrAWord) {
  for (const char* host : {"0.0.0.0", "::", "10.1.2.3", "models.example.com"}) {
    for (int bits = 0; bits < 16; ++bits) {
      const Bind bind{.host = host,
                      .tls = (bits & 1) != 0,
                      .has_callers = (bits & 2) != 0,
                      .allow_anonymous = (bits & 4) != 0,
                      .allow_plaintext = (bits & 8) != 0};
      const bool guarded = (bind.has_callers || bind.allow_anonymous) && (bind.tls || bind.allow_plaintext);
      EXPECT_EQ(CheckBind(bind).ok(), guarded) << host << " " << bits;
    }
  }
}

TEST(BindRule, SaysWhatToDo) {
  EXPECT_NE(HintOf(CheckBind({.host = "0.0.0.0"})).find("roost token create"), std::string::npos);
  EXPECT_NE(HintOf(CheckBind({.host = "0.0.0.0"})).find("--allow-anonymous"), std::string::npos);
  const absl::Status clear = CheckBind({.host = "0.0.0.0", .has_callers = true});
  EXPECT_NE(HintOf(clear).find("--tls-certificate"), std::string::npos);
  EXPECT_NE(HintOf(clear).find("--allow-plaintext"), std::string::npos);
}

}  // namespace
}  // namespace roost::access
