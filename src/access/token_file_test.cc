#include "access/token_file.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <fmt/format.h>

namespace roost::access {
namespace {

const std::string kHash(64, 'a');

std::vector<Token> TwoTokens() {
  Token first{
      .consumer = "web", .role = Role::kInfer, .hash = Sha256("one"), .created = absl::FromUnixSeconds(1'700'000'000)};
  Token second{.consumer = "ops",
               .role = Role::kAdmin,
               .hash = Sha256("two"),
               .created = absl::FromUnixMicros(1'700'000'000'000'001)};
  second.expires = absl::FromUnixSeconds(1'800'000'000);
  second.revoked = absl::FromUnixSeconds(1'750'000'000);
  return {first, second};
}

std::string ErrorOf(const std::string& text) {
  const auto tokens = ParseTokenFile(text, "t.json");
  EXPECT_EQ(tokens.status().code(), absl::StatusCode::kInvalidArgument) << text;
  return std::string(tokens.status().message());
}

std::string WithToken(const std::string& token) {
  return fmt::format(R"({{"format":"roost tokens","version":1,"tokens":[{}]}})", token);
}

TEST(TokenFile, ReadsWhatItWrote) {
  const std::string text = ToTokenFile(TwoTokens());
  EXPECT_EQ(*ParseTokenFile(text, "t.json"), TwoTokens());
  EXPECT_EQ(ToTokenFile(*ParseTokenFile(text, "t.json")), text);
  EXPECT_TRUE(ParseTokenFile(ToTokenFile({}), "t.json")->empty());
  EXPECT_NE(text.find(R"("expires":"2027-01-15T08:00:00Z","revoked":"2025-06-15T15:06:40Z"})"), std::string::npos)
      << text;
}

TEST(TokenFile, WhatAPersonLeavesOutIsNever) {
  const auto tokens = ParseTokenFile(
      WithToken(fmt::format(R"({{"consumer":"web","role":"read","sha256":"{}","created":"2026-01-01T00:00:00+01:00"}})",
                            kHash)),
      "t.json");
  ASSERT_TRUE(tokens.ok()) << tokens.status();
  EXPECT_EQ(tokens->at(0).expires, std::nullopt);
  EXPECT_EQ(tokens->at(0).created, absl::FromCivil(absl::CivilHour(2025, 12, 31, 23), absl::UTCTimeZone()));
}

TEST(TokenFile, ErrorsNameThePlace) {
  EXPECT_EQ(ErrorOf("[]"), "t.json: this is no file of tokens: its 'format' is not \"roost tokens\"");
  EXPECT_EQ(ErrorOf(R"({"format":"roost tokens","version":2,"tokens":[]})"), "t.json: version 2; this program reads 1");
  EXPECT_EQ(ErrorOf(R"({"format":"roost tokens","version":1})"), "t.json: 'tokens' is not a list");
  EXPECT_EQ(ErrorOf(R"({"format":"roost tokens","version":1,"tokens":[],"x":1})"),
            "t.json: unknown member 'x'; there are format, version, tokens");
  EXPECT_EQ(ErrorOf(WithToken("7")), "t.json: tokens[0]: want an object");
  EXPECT_EQ(ErrorOf(WithToken("{}")), "t.json: tokens[0].consumer: want a text");
  const auto with = [](std::string_view member, std::string_view value) {
    const auto part = [&](std::string_view name, std::string_view usual) {
      return fmt::format(R"("{}":{})", name, name == member ? value : usual);
    };
    return WithToken(fmt::format("{{{},{},{},{},{}}}", part("consumer", "\"web\""), part("role", "\"infer\""),
                                 part("sha256", fmt::format("\"{}\"", kHash)),
                                 part("created", "\"2026-01-01T00:00:00Z\""), part("expires", "null")));
  };
  EXPECT_TRUE(ParseTokenFile(with("", ""), "t.json").ok());
  EXPECT_EQ(ErrorOf(with("role", "\"root\"")), "t.json: tokens[0].role: 'root' is no role; want infer, read or admin");
  EXPECT_EQ(ErrorOf(with("consumer", "\"anonymous\"")),
            "t.json: tokens[0].consumer: 'anonymous' means callers without a token");
  EXPECT_EQ(ErrorOf(with("sha256", "\"12\"")), "t.json: tokens[0].sha256: not a SHA-256 in hexadecimal: '12'");
  for (const char* time : {"\"tomorrow\"", "\"2026-01-01\"", "\"infinite-future\"", "\"2026-02-30T00:00:00Z\""}) {
    EXPECT_NE(ErrorOf(with("expires", time)).find("tokens[0].expires: '"), std::string::npos) << time;
  }
  EXPECT_EQ(ErrorOf(with("expires", "7")), "t.json: tokens[0].expires: want a text");
  const std::string twice = ToTokenFile({TwoTokens()[0], TwoTokens()[0]});
  EXPECT_EQ(ErrorOf(twice), "t.json: tokens[1]: this token is there twice");
}

TEST(TokenFile, HalfAFileIsAnError) {
  const std::string text = ToTokenFile(TwoTokens());
  for (size_t size = 0; size + 1 < text.size(); ++size) {
    EXPECT_FALSE(ParseTokenFile(text.substr(0, size), "t.json").ok()) << size;
  }
  EXPECT_NE(ErrorOf(std::string(kMaxTokenFileBytes + 1, ' ')).find("too much"), std::string::npos);
}

}  // namespace
}  // namespace roost::access
