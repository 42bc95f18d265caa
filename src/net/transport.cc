#include "net/transport.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>

namespace roost::net {
namespace {

constexpr size_t kMaxPieces = 64;  // of one writev

bool WouldBlock(int error_number) { return error_number == EAGAIN || error_number == EWOULDBLOCK; }

/// writev that raises no SIGPIPE; one piece, which most answers are, costs less without a list.
ssize_t SendPieces(int fd, std::span<iovec> pieces) {
  if (pieces.size() == 1) return send(fd, pieces[0].iov_base, pieces[0].iov_len, MSG_NOSIGNAL);
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = pieces.size();
  return sendmsg(fd, &message, MSG_NOSIGNAL);
}

}  // namespace

size_t Transport::ReadSocket(std::span<char> buffer) {
  const ssize_t size = recv(fd(), buffer.data(), buffer.size(), 0);
  if (size > 0) return static_cast<size_t>(size);
  if (size == 0) {
    End();
  } else if (!WouldBlock(errno) && errno != EINTR) {
    Break();
  }
  return 0;
}

bool Transport::WriteSocket(OutputQueue& output) {
  bool any = false;
  std::array<iovec, kMaxPieces> pieces;
  while (!output.empty() && state_ != State::kBroken) {
    const size_t count = output.Pieces(pieces);
    const ssize_t sent = SendPieces(fd(), {pieces.data(), count});
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (!WouldBlock(errno)) Break();
      break;
    }
    output.Remove(static_cast<size_t>(sent));
    any = true;
  }
  return any;
}

void Transport::EndWriting() { shutdown(fd(), SHUT_WR); }

void Transport::Discard(std::span<char> scratch) { ReadSocket(scratch); }

}  // namespace roost::net
