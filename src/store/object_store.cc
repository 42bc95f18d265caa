#include "store/object_store.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "base/status.h"

namespace roost::store {
namespace {

constexpr uint64_t kLargestEnd = std::numeric_limits<int64_t>::max();

bool IsName(std::string_view name) {
  if (name.empty() || name.front() == '.') return false;
  return std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' || c == '_' ||
           c == '-';
  });
}

/// The one of `reads`, which are in order of their offsets and cover `range`, that holds it.
size_t ReadOf(std::span<const ByteRange> reads, const ByteRange& range) {
  const auto after = std::upper_bound(reads.begin(), reads.end(), range.offset,
                                      [](uint64_t offset, const ByteRange& read) { return offset < read.offset; });
  return static_cast<size_t>(after - reads.begin()) - 1;
}

}  // namespace

absl::Status CheckKey(std::string_view key) {
  for (std::string_view rest = key;;) {
    const size_t slash = rest.find('/');
    if (!IsName(rest.substr(0, slash))) {
      return absl::InvalidArgumentError(fmt::format("'{}' is not a key of the object store", key));
    }
    if (slash == std::string_view::npos) return absl::OkStatus();
    rest.remove_prefix(slash + 1);
  }
}

std::vector<ByteRange> MergeRanges(std::span<const ByteRange> ranges, const RangeLimits& limits) {
  std::vector<ByteRange> sorted(ranges.begin(), ranges.end());
  std::sort(sorted.begin(), sorted.end(), [](const ByteRange& left, const ByteRange& right) {
    return left.offset != right.offset ? left.offset < right.offset : left.length > right.length;
  });
  std::vector<ByteRange> reads;
  for (const ByteRange& range : sorted) {
    const uint64_t end = range.offset + range.length;
    if (!reads.empty()) {
      ByteRange& last = reads.back();
      const uint64_t last_end = last.offset + last.length;
      const bool is_inside = end <= last_end;
      const bool is_near = range.offset <= last_end || range.offset - last_end <= limits.largest_gap;
      if (is_inside || (is_near && end - last.offset <= limits.largest_read)) {
        last.length = std::max(last_end, end) - last.offset;
        continue;
      }
    }
    reads.push_back(range);
  }
  return reads;
}

absl::StatusOr<std::vector<std::string>> ObjectStore::GetRanges(std::string_view key,
                                                                std::span<const ByteRange> ranges) {
  for (const ByteRange& range : ranges) {
    if (range.offset > kLargestEnd || range.length > kLargestEnd - range.offset) {
      return absl::InvalidArgumentError(
          fmt::format("{}: {} bytes from byte {} on are no range of an object", key, range.length, range.offset));
    }
  }
  const std::vector<ByteRange> reads = MergeRanges(ranges, Limits());
  TRY_ASSIGN(std::vector<std::string> bytes, ReadEach(key, reads));
  if (std::equal(ranges.begin(), ranges.end(), reads.begin(), reads.end())) return bytes;
  std::vector<std::string> pieces;
  pieces.reserve(ranges.size());
  for (const ByteRange& range : ranges) {
    const size_t read = ReadOf(reads, range);
    pieces.push_back(bytes[read].substr(range.offset - reads[read].offset, range.length));
  }
  return pieces;
}

absl::StatusOr<std::vector<std::string>> ObjectStore::ReadEach(std::string_view key, std::span<const ByteRange> reads) {
  std::vector<std::string> bytes;
  bytes.reserve(reads.size());
  for (const ByteRange& read : reads) {
    TRY_ASSIGN(bytes.emplace_back(), GetRange(key, read.offset, read.length));
  }
  return bytes;
}

}  // namespace roost::store
