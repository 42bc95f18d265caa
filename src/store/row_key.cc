#include "store/row_key.h"

#include <algorithm>
#include <cerrno>
#include <optional>
#include <queue>

#include <arrow/api.h>

#include "base/status.h"
#include "store/row_hash.h"

namespace roost::store {
namespace {

// The second half of a key is made with seeds of its own: ids of columns stay far below this.
constexpr uint64_t kSecondSeed = uint64_t{1} << 40;
constexpr size_t kRunBuffer = 4096;  // entries read from a file at a time

/// `add` adds the hashes of the i-th of `columns` columns, under an id, to sums.
template <typename Add>
std::vector<RowKey> KeysBy(size_t rows, std::span<const int64_t> ids, const Add& add) {
  std::vector<uint64_t> high(rows, 0);
  std::vector<uint64_t> low(rows, 0);
  for (size_t i = 0; i < ids.size(); ++i) {
    add(i, static_cast<uint64_t>(ids[i]), high);
    add(i, static_cast<uint64_t>(ids[i]) + kSecondSeed, low);
  }
  std::vector<RowKey> keys(rows);
  for (size_t row = 0; row < rows; ++row) keys[row] = {.high = high[row], .low = low[row]};
  return keys;
}

}  // namespace

std::vector<RowKey> RowKeysOf(std::span<const std::shared_ptr<arrow::Array>> columns, std::span<const int64_t> ids) {
  const auto rows = columns.empty() ? 0 : static_cast<size_t>(columns.front()->length());
  return KeysBy(rows, ids,
                [&](size_t i, uint64_t id, std::vector<uint64_t>& sums) { AddValueHashes(*columns[i], id, sums); });
}

std::vector<RowKey> RowKeysOf(std::span<const Leaf> leaves, std::span<const int64_t> ids) {
  const auto rows = leaves.empty() ? 0 : static_cast<size_t>(leaves.front().rows);
  return KeysBy(rows, ids,
                [&](size_t i, uint64_t id, std::vector<uint64_t>& sums) { AddLeafHashes(leaves[i], id, sums); });
}

/// A file of sorted entries, read piece by piece.
class UniqueKeys::Run {
 public:
  explicit Run(std::FILE* file) : file_(file) {}

  /// The entry that comes next; nothing at the end.
  absl::StatusOr<std::optional<Entry>> Next() {
    if (at_ == buffer_.size()) {
      buffer_.resize(kRunBuffer);
      buffer_.resize(std::fread(buffer_.data(), sizeof(Entry), kRunBuffer, file_));
      at_ = 0;
      if (std::ferror(file_) != 0) return ErrnoStatus(errno, "reading keys back from a temporary file");
    }
    if (buffer_.empty()) return std::nullopt;
    return buffer_[at_++];
  }

 private:
  std::FILE* file_;
  std::vector<Entry> buffer_;
  size_t at_ = 0;
};

absl::Status UniqueKeys::Add(std::span<const RowKey> keys) {
  for (const RowKey& key : keys) entries_.push_back({.key = key, .row = rows_++});
  return entries_.size() < max_rows_ ? absl::OkStatus() : Spill();
}

absl::Status UniqueKeys::Spill() {
  std::sort(entries_.begin(), entries_.end());
  File file(std::tmpfile());
  if (file == nullptr) return ErrnoStatus(errno, "making a temporary file for keys");
  const size_t written = std::fwrite(entries_.data(), sizeof(Entry), entries_.size(), file.get());
  if (written != entries_.size() || std::fflush(file.get()) != 0) {
    return ErrnoStatus(errno, "writing keys to a temporary file");
  }
  std::rewind(file.get());
  files_.push_back(std::move(file));
  entries_.clear();
  return absl::OkStatus();
}

absl::StatusOr<std::pair<int64_t, int64_t>> UniqueKeys::FindTwice() {
  if (files_.empty()) {
    std::sort(entries_.begin(), entries_.end());
    for (size_t i = 1; i < entries_.size(); ++i) {
      if (entries_[i].key == entries_[i - 1].key) return std::pair(entries_[i - 1].row, entries_[i].row);
    }
    return std::pair<int64_t, int64_t>(-1, -1);
  }
  TRY(Spill());
  std::vector<Run> runs;
  for (const File& file : files_) runs.emplace_back(file.get());
  using Head = std::pair<Entry, size_t>;
  std::priority_queue<Head, std::vector<Head>, std::greater<>> heads;
  const auto advance = [&](size_t run) -> absl::Status {
    TRY_ASSIGN(const std::optional<Entry> entry, runs[run].Next());
    if (entry.has_value()) heads.emplace(*entry, run);
    return absl::OkStatus();
  };
  for (size_t run = 0; run < runs.size(); ++run) TRY(advance(run));
  std::optional<Entry> before;
  while (!heads.empty()) {
    const auto [entry, run] = heads.top();
    heads.pop();
    if (before.has_value() && before->key == entry.key) return std::pair(before->row, entry.row);
    before = entry;
    TRY(advance(run));
  }
  return std::pair<int64_t, int64_t>(-1, -1);
}

}  // namespace roost::store
