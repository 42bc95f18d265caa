#include "net/transport.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>

namespace roost::net {
namespace {

constexpr size_t kMaxPieces = 64;  // of one writev

bool WouldBlock(int error_number) { return error_number == EAGAIN || error_number == EWOULDBLOCK; }

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
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = output.Pieces(pieces);
    const ssize_t sent = sendmsg(fd(), &message, MSG_NOSIGNAL);  // writev that raises no SIGPIPE
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
