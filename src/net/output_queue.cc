#include "net/output_queue.h"

#include <algorithm>
#include <utility>

namespace roost::net {
namespace {

constexpr size_t kJoinedPieceBytes = 64 << 10;  // what follows quickly is joined up to here
constexpr size_t kLeastPieceBytes = 512;
constexpr size_t kKeptPieceBytes = 4 << 10;  // an empty piece up to this size waits for the next answer

}  // namespace

std::string& OutputQueue::Begin(size_t expected) {
  if (pieces_.empty() || (!pieces_.back().empty() && pieces_.back().size() + expected > kJoinedPieceBytes)) {
    pieces_.emplace_back();
    counted_ = 0;
  }
  std::string& piece = pieces_.back();
  const size_t needed = piece.size() + expected;
  if (piece.capacity() < needed) piece.reserve(std::max({needed, kLeastPieceBytes, 2 * piece.capacity()}));
  return piece;
}

void OutputQueue::End() {
  bytes_ += pieces_.back().size() - counted_;
  counted_ = pieces_.back().size();
}

void OutputQueue::Append(std::string_view bytes) {
  Begin(bytes.size()).append(bytes);
  End();
}

void OutputQueue::AppendPiece(std::string piece) {
  if (piece.size() <= kOwnPieceBytes) return Append(std::string_view(piece));
  pieces_.push_back(std::move(piece));
  counted_ = 0;
  End();
}

size_t OutputQueue::Pieces(std::span<iovec> pieces) const {
  size_t count = 0;
  for (const std::string& piece : pieces_) {
    const size_t skip = &piece == &pieces_.front() ? written_ : 0;
    if (count == pieces.size()) break;
    if (piece.size() == skip) continue;
    pieces[count++] = {const_cast<char*>(piece.data()) + skip, piece.size() - skip};
  }
  return count;
}

void OutputQueue::Remove(size_t size) {
  bytes_ -= size;
  written_ += size;
  while (!pieces_.empty() && written_ >= pieces_.front().size()) {
    std::string& piece = pieces_.front();
    if (pieces_.size() == 1 && piece.capacity() <= kKeptPieceBytes) {
      piece.clear();
      written_ = counted_ = 0;
      return;
    }
    written_ -= piece.size();
    pieces_.pop_front();
  }
  if (pieces_.empty()) counted_ = 0;
}

}  // namespace roost::net
