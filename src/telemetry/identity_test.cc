#include "telemetry/identity.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roost::telemetry {
namespace {

using testing::MatchesRegex;

constexpr std::string_view kTraceId = "0af7651916cd43dd8448eb211c80319c";
const std::string kParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

Identity Of(std::vector<net::HttpHeader> headers) {
  net::HttpRequest request;
  request.headers = std::move(headers);
  return IdentityOf(request);
}

TEST(Identity, ARequestIdIsTheCallersWhereItCanBe) {
  EXPECT_EQ(Of({{"accept", "*/*"}, {"x-request-id", "order-17"}}).request_id, "order-17");
  EXPECT_EQ(Of({{"X-REQUEST-ID", std::string(128, '~')}}).request_id, std::string(128, '~'));
  for (const std::string& id : {std::string(), std::string("a b"), std::string("\xc3\xa9"), std::string(129, 'x')}) {
    EXPECT_THAT(Of({{"x-request-id", id}}).request_id, MatchesRegex("[0-9a-f]{32}")) << id;
  }
  EXPECT_NE(Of({}).request_id, Of({}).request_id);
}

TEST(Identity, ATraceIsPassedOn) {
  const Identity identity = Of({{"TraceParent", kParent}});
  ASSERT_TRUE(identity.trace.has_value());
  EXPECT_EQ(identity.trace->id_text(), kTraceId);
  EXPECT_TRUE(identity.trace->sampled);
  const std::string next = NextTraceParent(*identity.trace);
  EXPECT_THAT(next, MatchesRegex("00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01"));
  EXPECT_NE(next, kParent) << "the span is another one";
  EXPECT_NE(next, NextTraceParent(*identity.trace));
  EXPECT_EQ(ParseTraceParent(next)->id_text(), kTraceId);
  EXPECT_FALSE(Of({}).trace.has_value());
}

TEST(Identity, ATraceparentThatIsNoneOrComesTwiceBeginsANewTrace) {
  for (const std::vector<net::HttpHeader>& headers :
       {std::vector<net::HttpHeader>{{"traceparent", "00-" + std::string(kTraceId)}},
        std::vector<net::HttpHeader>{{"traceparent", kParent}, {"traceparent", kParent}}}) {
    const Identity identity = Of(headers);
    ASSERT_TRUE(identity.trace.has_value());
    EXPECT_THAT(std::string(identity.trace->id_text()), MatchesRegex("[0-9a-f]{32}"));
    EXPECT_NE(identity.trace->id_text(), kTraceId);
    EXPECT_FALSE(identity.trace->sampled);
  }
}

// The cases of the Recommendation, section 3.2, and of its test suite.
TEST(Identity, TraceparentsAreReadAsTheRecommendationSays) {
  const auto with = [](size_t position, std::string_view bytes) {
    return std::string(kParent).replace(position, bytes.size(), bytes);
  };
  EXPECT_FALSE(ParseTraceParent(with(53, "00"))->sampled);
  EXPECT_FALSE(ParseTraceParent(with(53, "fe"))->sampled);
  EXPECT_TRUE(ParseTraceParent(with(53, "ff"))->sampled);
  EXPECT_TRUE(ParseTraceParent(with(0, "cc")).has_value()) << "a higher version has these parts too";
  EXPECT_TRUE(ParseTraceParent(with(0, "cc") + "-what-the-future-brings").has_value());
  const std::vector<std::string> bad = {
      "",
      "-",
      kParent.substr(0, 54),
      kParent + ".",
      kParent + "-",
      kParent + "-what-the-future-brings",
      with(0, "cc") + ".what-the-future-brings",
      with(0, "ff"),
      with(0, ".0"),
      with(0, "AA"),
      with(2, "_"),
      with(3, std::string(32, '0')),
      with(3, "0AF7"),
      with(3, "."),
      with(35, "0"),
      with(36, std::string(16, '0')),
      with(36, "X"),
      with(52, "_"),
      with(53, "0g"),
      with(53, ".0"),
  };
  for (const std::string& text : bad) EXPECT_FALSE(ParseTraceParent(text).has_value()) << text;
}

}  // namespace
}  // namespace roost::telemetry
