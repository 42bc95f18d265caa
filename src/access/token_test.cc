#include "access/token.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace roost::access {
namespace {

TEST(Token, IsNewEachTimeAndHasAFormThatScannersFind) {
  std::set<std::string> seen;
  std::set<char> digits;
  for (int i = 0; i < 200; ++i) {
    const std::string text = NewTokenText();
    EXPECT_TRUE(IsTokenText(text)) << text;
    EXPECT_EQ(text.size(), 55U);
    EXPECT_EQ(text.substr(0, 6), "roost_");
    EXPECT_EQ(text.find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 6),
              std::string::npos);
    digits.insert(text.begin() + 6, text.begin() + 49);
    seen.insert(text);
  }
  EXPECT_EQ(seen.size(), 200U);
  EXPECT_EQ(digits.size(), 62U);
}

// The vector pins the form: scanners elsewhere know it.
TEST(Token, ChecksItself) {
  const std::string body = "roost_" + std::string(43, '0');
  size_t fitting = 0;
  const std::string text = NewTokenText();
  for (size_t i = 0; i < text.size(); ++i) {
    std::string wrong = text;
    wrong[i] = wrong[i] == 'a' ? 'b' : 'a';
    fitting += IsTokenText(wrong) ? 1 : 0;
  }
  EXPECT_EQ(fitting, 0U) << "of all tokens with one wrong letter";
  EXPECT_FALSE(IsTokenText(text.substr(1)));
  EXPECT_FALSE(IsTokenText(text.substr(0, 54)));
  EXPECT_FALSE(IsTokenText(text + "0"));
  EXPECT_FALSE(IsTokenText(body + "000000"));
  EXPECT_FALSE(IsTokenText(""));
}

TEST(Token, IsActiveUntilItExpiresOrIsRevoked) {
  const absl::Time now = absl::FromUnixSeconds(1'000);
  Token token;
  EXPECT_TRUE(token.IsActive(now));
  token.expires = now;
  EXPECT_FALSE(token.IsActive(now));
  EXPECT_TRUE(token.IsActive(now - absl::Microseconds(1)));
  token.revoked = now;
  EXPECT_FALSE(token.IsActive(now - absl::Seconds(1)));
}

TEST(Token, RolesAndNamesAreChecked) {
  for (const Role role : {Role::kInfer, Role::kRead, Role::kAdmin}) EXPECT_EQ(*ParseRole(RoleName(role)), role);
  EXPECT_FALSE(ParseRole("Admin").ok());
  EXPECT_LT(Role::kInfer, Role::kRead);
  EXPECT_LT(Role::kRead, Role::kAdmin);
  EXPECT_TRUE(CheckConsumer("web-shop.2").ok());
  for (const char* name : {"", "-a", ".a", "a b", "a/b", "a\n", "anonymous", "caf\xc3\xa9"}) {
    EXPECT_FALSE(CheckConsumer(name).ok()) << name;
  }
  EXPECT_TRUE(CheckConsumer(std::string(100, 'a')).ok());
  EXPECT_FALSE(CheckConsumer(std::string(101, 'a')).ok());
}

}  // namespace
}  // namespace roost::access
