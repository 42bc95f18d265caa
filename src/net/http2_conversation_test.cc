// Requests whose body comes in parts that are answered one by one (Conversations). A part here is a line.

#include <algorithm>
#include <atomic>
#include <string>
#include <string_view>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/time/clock.h"
#include "net/http2_testing.h"
#include "net/testing.h"

namespace roost::net {
namespace {

using testing::ElementsAre;
using testing::Pair;

constexpr char kPath[] = "/talk";

size_t LineBytes(std::string_view body) { return body.find('\n') + 1; }

ServerOptions WithLines(ServerOptions options = {}) {
  options.conversations = {.paths = {kPath}, .part_bytes = LineBytes};
  return options;
}

/// Answers "[line]"; after "bye" it answers no more. The trailers tell of the last part that was answered.
void Talk(const HttpRequest& request, HttpResponse& response) {
  std::string_view line = request.body;
  if (line.ends_with('\n')) line.remove_suffix(1);
  response.goes_on = line != "bye";
  response.body = "[" + std::string(line) + "]";
  response.AddHeader("first", line);
  response.AddTrailer("last", line);
}

/// Reads until the stream's answer is `body`, and is not over.
void ExpectBody(Http2Client& client, int32_t id, const std::string& body) {
  while (client.answer(id).body.size() < body.size() && !client.answer(id).closed && client.Turn()) {
  }
  EXPECT_EQ(client.answer(id).body, body);
  EXPECT_FALSE(client.answer(id).closed);
}

TEST(Http2Conversation, EachPartIsAnsweredBeforeTheNextOneIsSent) {
  const auto server = StartServer(WithLines(), [](const HttpRequest& request, HttpResponse& response) {
    EXPECT_EQ(request.can_answer_later(), request.path != kPath);
    Talk(request, response);
  });
  Client socket(server->port());
  Http2Client client(socket);
  const int32_t id = client.Open("POST", kPath);
  client.Body(id, "a\n", false);
  ExpectBody(client, id, "[a]");
  EXPECT_EQ(client.Wait(client.Post("/other", "x")).body, "[x]") << "other streams go on meanwhile";
  client.Body(id, "b", false);
  client.Flush();
  client.Body(id, "c\n", false);
  ExpectBody(client, id, "[a][bc]");
  client.Body(id, "", true);
  const Http2Answer& answer = client.Wait(id);
  EXPECT_EQ(answer.error, 0U);
  EXPECT_EQ(answer.statuses, std::vector<std::string>{"200"});
  EXPECT_EQ(answer.body, "[a][bc]");
  EXPECT_EQ(answer.fields.at("first"), "a");
  EXPECT_FALSE(answer.fields.contains("content-length"));
  EXPECT_THAT(answer.trailers, ElementsAre(Pair("last", "bc")));
}

TEST(Http2Conversation, PartsMayComeTogetherAndInPieces) {
  const auto server = StartServer(WithLines(), Talk);
  Client socket(server->port());
  Http2Client client(socket);
  EXPECT_EQ(client.Wait(client.Post(kPath, "a\nb\n\nc\n")).body, "[a][b][][c]");
  const int32_t id = client.Open("POST", kPath);
  for (const char c : std::string("one\ntwo\nthree\n")) {
    client.Body(id, {&c, 1}, false);
    client.Flush();
  }
  ExpectBody(client, id, "[one][two][three]");
  client.Body(id, "cut", true);
  EXPECT_EQ(client.Wait(id).body, "[one][two][three][cut]") << "what is left is a part, too";
}

TEST(Http2Conversation, OneWithoutAPartIsARequestWithoutABody) {
  const auto server = StartServer(WithLines(), Talk);
  Client socket(server->port());
  Http2Client client(socket);
  const int32_t empty = client.Open("POST", kPath);
  client.Body(empty, "", true);
  EXPECT_EQ(client.Wait(empty).body, "[]");
  EXPECT_EQ(client.Wait(client.Get(kPath)).body, "[]");
}

TEST(Http2Conversation, OtherRequestsAreHandedOnWhole) {
  const auto server = StartServer(WithLines(), Talk);
  Client socket(server->port());
  Http2Client client(socket);
  EXPECT_EQ(client.Wait(client.Post("/talk/", "a\nb\n")).body, "[a\nb]");
  const int32_t put = client.Open("PUT", kPath);
  client.Body(put, "a\nb\n", true);
  EXPECT_TRUE(client.Wait(put).closed);
}

TEST(Http2Conversation, TheHandlerMayEndItAndTheRestIsThrownAway) {
  const auto server = StartServer(WithLines(), Talk);
  Client socket(server->port());
  Http2Client client(socket);
  for (const std::string& begin : {std::string("bye\n"), std::string("a\nbye\n")}) {
    const int32_t id = client.Open("POST", kPath);
    client.Body(id, begin + "never\nread\n", false);
    const Http2Answer& answer = client.Wait(id);
    EXPECT_EQ(answer.body, begin.size() > 4 ? "[a][bye]" : "[bye]");
    EXPECT_EQ(answer.trailers.at("last"), "bye");
    EXPECT_EQ(answer.error, 0U);
  }
}

TEST(Http2Conversation, ManyBigPartsPassBothWays) {
  const auto server = StartServer(WithLines(), Talk);
  Client socket(server->port());
  Http2Client client(socket);
  std::string sent, wanted;
  for (int i = 0; i < 200; ++i) {
    const std::string line(static_cast<size_t>(i * 571 % 40'000), static_cast<char>('a' + i % 26));
    sent += line + "\n";
    wanted += "[" + line + "]";
  }
  EXPECT_TRUE(client.Wait(client.Post(kPath, sent)).body == wanted);
}

TEST(Http2Conversation, AMillionSmallPartsCostTheirBytes) {
  const auto server = StartServer(WithLines(), Talk);
  Client socket(server->port());
  Http2Client client(socket, {.stream_window = 10 << 20, .renews_windows = true});
  std::string sent;
  for (int i = 0; i < 1'000'000; ++i) sent += "\n";
  const absl::Time start = absl::Now();
  EXPECT_EQ(client.Wait(client.Post(kPath, sent)).body.size(), 2'000'000U);
  EXPECT_LT(absl::Now() - start, absl::Seconds(30));
}

TEST(Http2Conversation, HandlersWaitForAClientThatDoesNotReadItsAnswers) {
  std::atomic<int> handled = 0;
  const auto server = StartServer(WithLines(), [&](const HttpRequest&, HttpResponse& response) {
    ++handled;
    response.goes_on = true;
    response.body.assign(100'000, 'x');
  });
  Client socket(server->port());
  Http2Client client(socket, {.stream_window = 10, .renews_windows = false});
  const int32_t id = client.Open("POST", kPath);
  client.Body(id, std::string(1'000, '\n'), false);
  client.Flush();
  for (int i = 0; i < 500 && handled < 11; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(handled, 11) << "1 MiB of answers may wait";
}

TEST(Http2Conversation, APartThatIsTooLargeEndsIt) {
  ServerOptions options;
  options.limits.max_body_bytes = 1'000;
  const auto server = StartServer(WithLines(options), Talk);
  Client socket(server->port());
  Http2Client client(socket);
  const int32_t first = client.Open("POST", kPath);
  client.Body(first, std::string(1'001, 'x'), false);
  EXPECT_EQ(client.Wait(first).status(), "413");
  const int32_t later = client.Open("POST", kPath);
  client.Body(later, std::string(999, 'x') + "\n", false);
  ExpectBody(client, later, "[" + std::string(999, 'x') + "]");
  client.Body(later, std::string(999, 'x') + "\n", false);
  ExpectBody(client, later, "[" + std::string(999, 'x') + "][" + std::string(999, 'x') + "]");
  client.Body(later, std::string(1'001, 'x'), false);
  EXPECT_EQ(client.Wait(later).error, static_cast<uint32_t>(NGHTTP2_CANCEL)) << "its status is sent";
}

TEST(Http2Conversation, SilenceIsTheEnd) {
  const auto server = StartServer(WithLines(Impatient()), Talk);
  Client socket(server->port());
  Http2Client client(socket);
  const int32_t talked = client.Open("POST", kPath);
  client.Body(talked, "a\n", false);
  EXPECT_EQ(client.Wait(talked).body, "[a]");
  EXPECT_EQ(client.answer(talked).trailers.at("last"), "a");
  const int32_t silent = client.Open("POST", kPath);
  EXPECT_EQ(client.Wait(silent).body, "[]");
  EXPECT_EQ(client.answer(silent).error, 0U);
}

TEST(Http2Conversation, APartThatDribblesEndsIt) {
  ServerOptions options = WithLines(Impatient());
  options.idle_timeout = absl::Seconds(60);
  const auto server = StartServer(options, Talk);
  Client socket(server->port());
  Http2Client client(socket);
  const int32_t slow = client.Open("POST", kPath);
  client.Body(slow, "a\nb", false);
  const Http2Answer& answer = client.Wait(slow);
  EXPECT_EQ(answer.body, "[a]");
  EXPECT_EQ(answer.error, static_cast<uint32_t>(NGHTTP2_CANCEL));
}

TEST(Http2Conversation, AnAnswerThatIsNotTakenIsReset) {
  const auto server = StartServer(WithLines(Impatient()), Talk);
  Client socket(server->port());
  Http2Client client(socket, {.stream_window = 2, .renews_windows = false});
  const int32_t id = client.Open("POST", kPath);
  client.Body(id, "abc\n", false);
  EXPECT_EQ(client.Wait(id).error, static_cast<uint32_t>(NGHTTP2_CANCEL));
  EXPECT_EQ(client.answer(id).body, "[a");
}

TEST(Http2Conversation, ADrainEndsThoseThatWait) {
  const auto server = StartServer(WithLines(), Talk);
  Client socket(server->port());
  Http2Client client(socket);
  const int32_t waits = client.Open("POST", kPath);
  const int32_t halfway = client.Open("POST", kPath);
  client.Body(waits, "a\n", false);
  client.Body(halfway, "b\nhal", false);
  ExpectBody(client, waits, "[a]");
  ExpectBody(client, halfway, "[b]");
  std::thread drain([&] { server->Drain(absl::Seconds(20)); });
  EXPECT_EQ(client.Wait(waits).trailers.at("last"), "a");
  EXPECT_FALSE(client.answer(halfway).closed);
  client.Body(halfway, "f\n", false);
  EXPECT_EQ(client.Wait(halfway).body, "[b][half]");
  EXPECT_EQ(client.answer(halfway).error, 0U);
  EXPECT_EQ(client.GoAway(), NGHTTP2_NO_ERROR);
  socket.Close();
  drain.join();
}

TEST(Http2Conversation, AClientThatGoesAwayTroublesNobody) {
  const auto server = StartServer(WithLines(), Talk);
  for (int round = 0; round < 50; ++round) {
    Client socket(server->port());
    Http2Client client(socket);
    const int32_t id = client.Open("POST", kPath);
    client.Body(id, "a\nb\nc", false);
    if (round % 2 == 0) ExpectBody(client, id, "[a][b]");
    nghttp2_submit_rst_stream(client.session(), NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
    client.Flush();
    EXPECT_EQ(client.Wait(client.Post(kPath, "d\n")).body, "[d]");
  }
}

}  // namespace
}  // namespace roost::net
