#include "net/http_parser.h"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace roost::net {
namespace {

using std::string_literals::operator""s;

/// What a parser made of some bytes, as text that can be compared.
std::string Describe(const HttpParser& parser, size_t taken) {
  if (parser.failed()) return std::to_string(parser.error().status) + " " + parser.error().message;
  if (!parser.done()) return "unfinished";
  const HttpRequest& request = parser.request();
  std::string text = std::string(request.method) + "|" + std::string(request.path) + "|" + std::string(request.query) +
                     "|" + std::string(request.host) + "|" + (request.keep_alive ? "keep" : "close") + "|";
  for (const HttpHeader& header : request.headers) {
    text += std::string(header.name) + "=" + std::string(header.value) + ";";
  }
  return text + "|" + std::string(request.body) + "|" + std::to_string(taken);
}

HttpLimits SmallLimits() { return {.max_head_bytes = 256, .max_headers = 4, .max_body_bytes = 20}; }

std::string Parse(std::string_view bytes) {
  HttpParser parser(SmallLimits());
  const size_t taken = parser.Consume(bytes);
  return Describe(parser, taken);
}

std::string ParseInTwo(std::string_view bytes, size_t cut) {
  HttpParser parser(SmallLimits());
  size_t taken = parser.Consume(bytes.substr(0, cut));
  if (taken == cut) taken += parser.Consume(bytes.substr(cut));
  return Describe(parser, taken);
}

struct Case {
  std::string bytes;
  std::string expected;  // of a request all that Describe says but the bytes taken; of an error its status
};

const std::vector<Case>& GoodCases() {
  static const std::vector<Case> cases{
      {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET|/||a|keep|Host=a;|"},
      {"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET|/||a|keep|Host=a;|"},
      {"GET /x%20y?q=1?2 HTTP/1.1\r\nhOST:a:80\r\n\r\n", "GET|/x%20y|q=1?2|a:80|keep|hOST=a:80;|"},
      {"GET http://b:1/x HTTP/1.1\r\nHost: a\r\n\r\n", "GET|/x||b:1|keep|Host=a;|"},
      {"GET / HTTP/1.0\r\n\r\n", "GET|/|||close||"},
      {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "GET|/|||keep|Connection=Keep-Alive;|"},
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: x , Close\r\n\r\n", "GET|/||a|close|Host=a;Connection=x , Close;|"},
      {"GET / HTTP/1.1\r\nHost: \t a b\xc3\xa9 \t\r\nX:\r\n\r\n", "GET|/||a b\xc3\xa9|keep|Host=a b\xc3\xa9;X=;|"},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", "POST|/||a|keep|Host=a;Content-Length=3;|abc"},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", "POST|/||a|keep|Host=a;Content-Length=0;|"},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n1;x=y\r\nd\r\n0\r\nT: u\r\n\r\n",
       "POST|/||a|keep|Host=a;Transfer-Encoding=Chunked;|abcd"},
      {"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n00000000000a\r\n0123456789\r\n0\r\n\r\n",
       "POST|/||a|keep|Host=a;Transfer-Encoding=chunked;|0123456789"},
  };
  return cases;
}

const std::vector<Case>& BadCases() {
  const std::string post = "POST / HTTP/1.1\r\nHost: a\r\n";
  const std::string chunks = post + "Transfer-Encoding: chunked\r\n\r\n";
  static const std::vector<Case> cases{
      {"GET / HTTP/1.1\nHost: a\n\n", "400"},
      {"GET / HTTP/1.1\r\nHost: a\n\r\n", "400"},
      {"GET / HTTP/1.1\r\nHost: a\r\n\n", "400"},
      {"GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", "400"},
      {"\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"GET /\r\nHost: a\r\n\r\n", "400"},
      {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"GET / x HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"G(T / HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"GET x HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"GET http:// HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"GET /#a HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n", "400"},
      {"GET / HTTP/11\r\nHost: a\r\n\r\n", "400"},
      {"GET / http/1.1\r\nHost: a\r\n\r\n", "400"},
      {"GET / HTTP/1.2\r\nHost: a\r\n\r\n", "505"},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505"},
      {"GET / HTTP/1.1\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: b\x01\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: b\0\r\n\r\n"s, "400"},
      {post + "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", "400"},
      {post + "Content-Length: 1, 1\r\n\r\n", "400"},
      {post + "Content-Length: +1\r\n\r\n", "400"},
      {post + "Content-Length: -1\r\n\r\n", "400"},
      {post + "Content-Length: 0x1\r\n\r\n", "400"},
      {post + "Content-Length:\r\n\r\n", "400"},
      {post + "Content-Length: 21\r\n\r\n", "413"},
      {post + "Content-Length: 99999999999999999999999\r\n\r\n", "413"},
      {post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", "400"},
      {post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", "400"},
      {post + "Transfer-Encoding: gzip, chunked\r\n\r\n", "501"},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", "400"},
      {post + "Expect: tea\r\n\r\n", "417"},
      {chunks + "g\r\n", "400"},
      {chunks + "\r\n", "400"},
      {chunks + "-1\r\n", "400"},
      {chunks + "0x1\r\n", "400"},
      {chunks + "1\r\nab\r\n", "400"},
      {chunks + "15\r\n", "413"},
      {chunks + "a\r\n0123456789\r\na\r\n0123456789\r\n1\r\n", "413"},
      {chunks + "fffffffffffffffff\r\n", "413"},
      {chunks + "0\r\n folded\r\n\r\n", "400"},
      {"GET /" + std::string(300, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n", "431"},
      {std::string(300, 'x'), "431"},
      {post + "A: " + std::string(240, 'x') + "\r\n\r\n", "431"},
      {post + "A: 1\r\nB: 2\r\nC: 3\r\nD: 4\r\n\r\n", "431"},
  };
  return cases;
}

TEST(HttpParser, ReadsGoodRequests) {
  for (const Case& c : GoodCases()) {
    EXPECT_EQ(Parse(c.bytes), c.expected + "|" + std::to_string(c.bytes.size())) << c.bytes;
  }
}

TEST(HttpParser, RefusesBadRequestsWithTheRightStatus) {
  for (const Case& c : BadCases()) EXPECT_EQ(Parse(c.bytes).substr(0, 4), c.expected + " ") << c.bytes;
}

TEST(HttpParser, LeavesTheNextRequestAlone) {
  for (const Case& c : GoodCases()) {
    EXPECT_EQ(Parse(c.bytes + "GET /next"), c.expected + "|" + std::to_string(c.bytes.size())) << c.bytes;
  }
}

TEST(HttpParser, FindsTheSameWhereverTheBytesAreCut) {
  std::vector<Case> all = GoodCases();
  all.insert(all.end(), BadCases().begin(), BadCases().end());
  for (const Case& c : all) {
    const std::string whole = Parse(c.bytes);
    for (size_t cut = 0; cut <= c.bytes.size(); ++cut) {
      ASSERT_EQ(ParseInTwo(c.bytes, cut), whole) << c.bytes << "\ncut at " << cut;
    }
    HttpParser parser(SmallLimits());
    size_t taken = 0;
    while (taken < c.bytes.size() && !parser.done() && !parser.failed()) {
      taken += parser.Consume(std::string_view(c.bytes).substr(taken, 1));
    }
    ASSERT_EQ(Describe(parser, taken), whole) << c.bytes << "\nbyte by byte";
  }
}

TEST(HttpParser, WaitsForMoreAfterEveryProperPrefix) {
  for (const Case& c : GoodCases()) {
    for (size_t size = 0; size < c.bytes.size(); ++size) {
      ASSERT_EQ(Parse(c.bytes.substr(0, size)), "unfinished") << c.bytes << "\ncut at " << size;
    }
  }
}

TEST(HttpParser, IsUsedAgainAfterReset) {
  HttpParser parser(SmallLimits());
  for (int round = 0; round < 3; ++round) {
    for (const Case& c : GoodCases()) {
      const size_t taken = parser.Consume(c.bytes);
      EXPECT_EQ(Describe(parser, taken), c.expected + "|" + std::to_string(c.bytes.size()));
      parser.Reset();
      EXPECT_FALSE(parser.started());
    }
  }
}

TEST(HttpParser, ManySmallChunksTakeNoRoomFromTheHead) {
  HttpParser parser({.max_head_bytes = 128, .max_headers = 4, .max_body_bytes = 10'000});
  std::string bytes = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 5'000; ++i) bytes += "1\r\nx\r\n";
  bytes += "0\r\n\r\n";
  EXPECT_EQ(parser.Consume(bytes), bytes.size());
  ASSERT_TRUE(parser.done());
  EXPECT_EQ(parser.request().body, std::string(5'000, 'x'));
}

TEST(HttpParser, SaysWhenTheClientWaitsForContinue) {
  HttpParser parser(SmallLimits());
  parser.Consume("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n");
  EXPECT_FALSE(parser.expects_continue());
  parser.Consume("\r\n");
  EXPECT_TRUE(parser.expects_continue());
  parser.Consume("x");
  EXPECT_TRUE(parser.done());
  EXPECT_FALSE(parser.expects_continue());
}

TEST(HttpParser, TakesAnyGarbageWithoutCrashOrLoop) {
  std::mt19937_64 random(20010501);
  const std::string alphabet =
      "\r\n\t :;/?#GETPOST HTTP/1.1Host:a0123456789abcdefContent-LengthTransfer-Encodingchunked\0\xff"s;
  const std::vector<Case>& good = GoodCases();
  for (int round = 0; round < 50'000; ++round) {
    std::string bytes;
    if (round % 2 == 0) {
      const size_t size = random() % 400;
      for (size_t i = 0; i < size; ++i) bytes.push_back(alphabet[random() % alphabet.size()]);
    } else {
      bytes = good[random() % good.size()].bytes;
      for (size_t flips = 1 + random() % 3; flips > 0; --flips) {
        bytes[random() % bytes.size()] = static_cast<char>(random());
      }
    }
    const std::string whole = Parse(bytes);
    ASSERT_EQ(ParseInTwo(bytes, random() % (bytes.size() + 1)), whole) << bytes;
  }
}

}  // namespace
}  // namespace roost::net
