#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <deque>
#include <span>
#include <string>
#include <string_view>

namespace roost::net {

/// Bytes on their way to one client, in pieces that one system call can take together.
class OutputQueue {
 public:
  /// From here on nothing should be added: the client does not take what it asked for.
  static constexpr size_t kFullBytes = 1 << 20;
  /// Pieces above this size are better moved in than copied.
  static constexpr size_t kOwnPieceBytes = 16 << 10;

  size_t bytes() const { return bytes_; }
  bool empty() const { return bytes_ == 0; }
  bool full() const { return bytes_ >= kFullBytes; }

  /// The piece to append to, where about `expected` bytes will come; End counts them.
  std::string& Begin(size_t expected);
  void End();

  void Append(std::string_view bytes);
  void AppendPiece(std::string piece);

  /// Fills `pieces` with the first bytes, in order, and returns how many pieces there are.
  size_t Pieces(std::span<iovec> pieces) const;

  /// The first `size` bytes are taken.
  void Remove(size_t size);

 private:
  std::deque<std::string> pieces_;
  size_t written_ = 0;  // of the first piece
  size_t counted_ = 0;  // of the last piece
  size_t bytes_ = 0;
};

}  // namespace roost::net
