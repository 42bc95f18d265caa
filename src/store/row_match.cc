#include "store/row_match.h"

#include <algorithm>
#include <atomic>
#include <span>
#include <tuple>

#include "base/status.h"
#include "base/thread_pool.h"

namespace roost::store {
namespace {

constexpr size_t kParts = 32;  // ranges of hashes that are matched one by one

struct Row {
  uint64_t cut = 0;
  uint32_t whole = 0;
  uint32_t row = 0;
};

size_t PartOf(uint64_t hash) { return hash >> 59; }

std::vector<Row> RowsOfPart(const RowHashes& hashes, size_t part) {
  std::vector<Row> rows;
  for (size_t i = 0; i < hashes.cut.size(); ++i) {
    if (PartOf(hashes.cut[i]) != part) continue;
    rows.push_back({hashes.cut[i], hashes.whole.empty() ? 0 : hashes.whole[i], static_cast<uint32_t>(i)});
  }
  return rows;
}

/// Pairs the rows of both sides that have the same key(row), in order, and takes them out of `parent` and `rows`.
template <typename Key>
int64_t Pair(std::vector<Row>& parent, std::vector<Row>& rows, const Key& key, std::vector<uint32_t>& match) {
  const auto by_key = [&](const Row& a, const Row& b) {
    return std::tuple_cat(key(a), std::tuple(a.row)) < std::tuple_cat(key(b), std::tuple(b.row));
  };
  std::sort(parent.begin(), parent.end(), by_key);
  std::sort(rows.begin(), rows.end(), by_key);
  std::vector<Row> parent_left;
  std::vector<Row> rows_left;
  int64_t pairs = 0;
  size_t i = 0;
  for (const Row& row : rows) {
    while (i < parent.size() && key(parent[i]) < key(row)) parent_left.push_back(parent[i++]);
    if (i < parent.size() && key(parent[i]) == key(row)) {
      match[row.row] = parent[i++].row;
      ++pairs;
    } else {
      rows_left.push_back(row);
    }
  }
  parent_left.insert(parent_left.end(), parent.begin() + static_cast<std::ptrdiff_t>(i), parent.end());
  parent = std::move(parent_left);
  rows = std::move(rows_left);
  return pairs;
}

/// Whether a `cut` hash stands on both sides, and on one of them twice. Both are sorted by it.
bool HasSeveral(const std::vector<Row>& parent, const std::vector<Row>& rows) {
  const auto repeats = [](const std::vector<Row>& some, const std::vector<Row>& others) {
    for (size_t i = 1; i < some.size(); ++i) {
      if (some[i].cut != some[i - 1].cut) continue;
      if (std::binary_search(others.begin(), others.end(), some[i],
                             [](const Row& a, const Row& b) { return a.cut < b.cut; })) {
        return true;
      }
    }
    return false;
  };
  return repeats(parent, rows) || repeats(rows, parent);
}

}  // namespace

absl::StatusOr<RowMatch> MatchRows(const RowHashes& parent, const RowHashes& rows, const Context& context) {
  RowMatch match{.rows = std::vector<uint32_t>(rows.cut.size(), kNoRow)};
  std::vector<int64_t> matched(kParts, 0);
  std::atomic<bool> is_ambiguous = false;
  const absl::Status done = context.pool->ParallelFor(kParts, [&](size_t part) -> absl::Status {
    TRY(context.CheckCancelled());
    std::vector<Row> before = RowsOfPart(parent, part);
    std::vector<Row> now = RowsOfPart(rows, part);
    const auto by_whole = [](const Row& row) { return std::tuple(row.cut, row.whole); };
    const auto by_cut = [](const Row& row) { return std::tuple(row.cut); };
    if (!parent.whole.empty()) {
      matched[part] += Pair(before, now, by_whole, match.rows);
      matched[part] += Pair(before, now, by_cut, match.rows);
      return absl::OkStatus();
    }
    const auto by_hash = [](const Row& a, const Row& b) { return a.cut < b.cut; };
    std::sort(before.begin(), before.end(), by_hash);
    std::sort(now.begin(), now.end(), by_hash);
    if (HasSeveral(before, now)) is_ambiguous = true;
    matched[part] += Pair(before, now, by_cut, match.rows);
    return absl::OkStatus();
  });
  TRY(done);
  for (const int64_t count : matched) match.matched += count;
  match.is_ambiguous = is_ambiguous;
  return match;
}

int64_t LongestAscent(std::span<const uint32_t> rows) {
  std::vector<uint32_t> ends;  // the least end of an ascent of each length
  for (const uint32_t row : rows) {
    if (row == kNoRow) continue;
    const auto at = std::lower_bound(ends.begin(), ends.end(), row);
    if (at == ends.end()) {
      ends.push_back(row);
    } else {
      *at = row;
    }
  }
  return static_cast<int64_t>(ends.size());
}

int64_t StartOfTail(const RowMatch& match, int64_t parent_rows) {
  std::vector<bool> is_kept(static_cast<size_t>(parent_rows));
  for (const uint32_t row : match.rows) {
    if (row != kNoRow) is_kept[row] = true;
  }
  int64_t last = parent_rows;  // all kept rows from here on are in the tail
  auto start = static_cast<int64_t>(match.rows.size());
  for (; start > 0; --start) {
    const uint32_t row = match.rows[static_cast<size_t>(start - 1)];
    if (row == kNoRow) continue;
    while (last > 0 && !is_kept[static_cast<size_t>(last - 1)]) --last;
    if (static_cast<int64_t>(row) != last - 1) break;
    --last;
  }
  return start;
}

std::vector<uint32_t> PlaceRows(const RowMatch& match, int64_t parent_rows, const std::function<bool(size_t)>& joins) {
  const size_t total = match.rows.size();
  const auto is_new = [&](size_t row) { return match.rows[row] == kNoRow; };
  enum class Place : uint8_t { kEnd, kBehind, kInFront };
  std::vector<Place> places(total, Place::kEnd);
  for (size_t row = 1; row < total; ++row) {
    if (!is_new(row) || !joins(row)) continue;
    if (!is_new(row - 1) || places[row - 1] == Place::kBehind) places[row] = Place::kBehind;
  }
  for (size_t row = total; row-- > 1;) {
    if (!is_new(row - 1) || places[row - 1] != Place::kEnd || !joins(row)) continue;
    if (!is_new(row) || places[row] == Place::kInFront) places[row - 1] = Place::kInFront;
  }
  std::vector<uint32_t> at_parent(static_cast<size_t>(parent_rows), kNoRow);
  for (size_t row = 0; row < total; ++row) {
    if (!is_new(row)) at_parent[match.rows[row]] = static_cast<uint32_t>(row);
  }
  std::vector<uint32_t> stored(total);
  uint32_t next = 0;
  for (const uint32_t row : at_parent) {
    if (row == kNoRow) continue;
    size_t first = row;
    while (first > 0 && is_new(first - 1) && places[first - 1] == Place::kInFront) --first;
    for (; first < row; ++first) stored[first] = next++;
    stored[row] = next++;
    for (size_t i = row + 1; i < total && is_new(i) && places[i] == Place::kBehind; ++i) stored[i] = next++;
  }
  for (size_t row = 0; row < total; ++row) {
    if (is_new(row) && places[row] == Place::kEnd) stored[row] = next++;
  }
  return stored;
}

int64_t MetInOrder(std::span<const uint64_t> before, std::span<const uint64_t> after) {
  constexpr size_t kWindow = 32;
  constexpr size_t kAnchor = 4;  // equal rows in a row: of few different values one alone tells little
  const auto fits = [&](size_t i, size_t j) {
    const size_t end =
        std::min({kAnchor, before.size() - std::min(i, before.size()), after.size() - std::min(j, after.size())});
    for (size_t step = 0; step < end; ++step) {
      if (before[i + step] != after[j + step]) return false;
    }
    return end > 0;
  };
  int64_t met = 0;
  size_t i = 0;
  size_t j = 0;
  while (i < before.size() && j < after.size()) {
    if (before[i] == after[j]) {
      ++met;
      ++i;
      ++j;
      continue;
    }
    // A row that changed, else rows that went, or came; else go on with the next of both.
    size_t gone = 1;
    size_t came = 1;
    for (size_t skip = 1; skip < kWindow && !fits(i + 1, j + 1); ++skip) {
      if (!fits(i + skip, j) && !fits(i, j + skip)) continue;
      gone = fits(i + skip, j) ? skip : 0;
      came = gone > 0 ? 0 : skip;
      break;
    }
    i += gone;
    j += came;
  }
  return met;
}

}  // namespace roost::store
