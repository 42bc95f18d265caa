// A connection of HTTP/1.1 or HTTP/2 without its socket: no bytes crash it, every request that its handler sees is
// whole, and what it writes is bounded. Over HTTP/1.1 the answers are the same for any cuts of the bytes; over HTTP/2
// every frame that is written is well-formed. The first byte of an input says what happens to the connection.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "base/check.h"
#include "net/http1.h"
#include "net/http2.h"

namespace roost::net {
namespace {

constexpr bool kIsHttp2 = std::is_same_v<ROOST_FUZZ_PROTOCOL, Http2>;
constexpr uint8_t kDrains = 1, kEnds = 2, kWaits = 4, kAnswersLater = 8, kCuts = 16, kGreets = 32;
constexpr std::string_view kGreeting("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", 33);

ServerOptions Options() {
  ServerOptions options;
  options.max_streams = 4;
  // A part is a byte and as many more as it says.
  options.conversations = {.paths = {"/"}, .part_bytes = [](std::string_view body) {
                             const size_t size = 1 + static_cast<uint8_t>(body.front());
                             return body.size() < size ? size_t{0} : size;
                           }};
  options.limits = {.max_head_bytes = 1'000, .max_headers = 8, .max_body_bytes = 2'000};
  return options;
}

void CheckFrames(std::string_view bytes) {
  constexpr size_t kHeadBytes = 9;
  constexpr size_t kMaxFrameBytes = 16 << 10;
  while (!bytes.empty()) {
    ROOST_CHECK(bytes.size() >= kHeadBytes, "a frame is cut");
    size_t size = 0;
    for (size_t i = 0; i < 3; ++i) size = size << 8 | static_cast<uint8_t>(bytes[i]);
    ROOST_CHECK(size <= kMaxFrameBytes && bytes.size() >= kHeadBytes + size, "a frame has a wrong length: " << size);
    ROOST_CHECK(static_cast<uint8_t>(bytes[3]) <= 9, "a frame has an unknown type");
    bytes.remove_prefix(kHeadBytes + size);
  }
}

/// What the connection writes to `bytes`, handed over in pieces of `cut`.
std::string Serve(std::string_view bytes, size_t cut, uint8_t happenings) {
  static const ServerOptions options = Options();
  std::vector<LaterReply> replies;
  const Handler handler = [&](const HttpRequest& request, HttpResponse& response) {
    ROOST_CHECK(request.path.starts_with('/') && !request.method.empty(), "a request is not whole");
    ROOST_CHECK(request.http2 == kIsHttp2 && request.body.size() <= options.limits.max_body_bytes, "a wrong request");
    if (kIsHttp2) ROOST_CHECK(!request.host.empty(), "a request has no host");
    response.body = request.body;
    response.goes_on = request.body.size() != 3;
    response.AddTrailer("path", request.path);
    if ((happenings & kAnswersLater) != 0 && request.can_answer_later() && request.path.size() % 2 == 0)
      replies.push_back(request.AnswerLater());
  };
  ConnectionContext context{&options, &handler, *Mailbox::Make(), "now", absl::UnixEpoch(), {}, {}, false, {}};
  OutputQueue output;
  std::string written;
  {
    ROOST_FUZZ_PROTOCOL protocol(context, Peer{}, output);
    const auto settle = [&] {
      while (protocol.OnRoom() || !output.empty()) {
        std::array<iovec, 4> pieces;
        for (size_t count = output.Pieces(pieces), i = 0; i < count; ++i) {
          written.append(static_cast<const char*>(pieces[i].iov_base), pieces[i].iov_len);
          output.Remove(pieces[i].iov_len);
        }
      }
    };
    bool half = false;
    while (!bytes.empty() && protocol.wants_read() && protocol.state() == Protocol::State::kServing) {
      const std::string_view piece = bytes.substr(0, cut);
      bytes.remove_prefix(piece.size());
      protocol.OnBytes(piece);
      settle();
      if (!half && bytes.size() < 200 && (happenings & kDrains) != 0) {
        half = context.draining = true;
        protocol.OnDrain();
      }
    }
    if ((happenings & kEnds) != 0) protocol.OnEnd();
    while (!replies.empty()) {
      replies.clear();  // the answers are 500
      for (auto& letter : context.mailbox->Take()) protocol.OnReply(letter.stream, std::move(letter.response));
      settle();
    }
    settle();
    for (int turn = 0; turn < 3 && (happenings & kWaits) != 0; ++turn) {
      context.now += options.idle_timeout + absl::Seconds(1);
      protocol.OnTick();
      settle();
    }
  }
  return written;
}

void Check(std::string_view input) {
  if (input.empty()) return;
  const auto happenings = static_cast<uint8_t>(input.front());
  std::string bytes((happenings & kGreets) != 0 && kIsHttp2 ? kGreeting : std::string_view());
  bytes.append(input.substr(1));
  const std::string whole = Serve(bytes, bytes.size() + 1, happenings);
  ROOST_CHECK(whole.size() < (4 << 20), "too much was written");
  const std::string cut = (happenings & kCuts) != 0 ? Serve(bytes, 1 + bytes.size() % 7, happenings) : whole;
  if (kIsHttp2) {
    CheckFrames(whole);
    CheckFrames(cut);
    return;
  }
  // When a client is told to continue, or the connection ends by another than its own bytes, depends on the cuts.
  const bool depends = (happenings & (kDrains | kAnswersLater)) != 0 ||
                       whole.find("100 Continue") != std::string::npos || cut.find("100 Continue") != std::string::npos;
  ROOST_CHECK(depends || whole == cut, "the answers depend on the cuts:\n" << whole << "\nand\n" << cut);
}

}  // namespace
}  // namespace roost::net

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  roost::net::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
