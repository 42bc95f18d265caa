#include "profile/row_sample.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/status.h"

namespace roost::profile {

void RowSample::Add(std::span<const uint64_t> row_hashes) {
  for (const uint64_t hash : row_hashes) {
    if (int64_t* count = counts_.At(hash)) ++*count;
  }
  rows_ += static_cast<int64_t>(row_hashes.size());
}

void RowSample::Merge(const RowSample& other) {
  counts_.Merge(other.counts_, [](int64_t& ours, int64_t theirs) { ours += theirs; });
  rows_ += other.rows_;
}

bool RowSample::exact() const {
  int64_t sampled = 0;
  for (const auto& [hash, count] : counts_.Sorted()) sampled += *count;
  return sampled == rows_;
}

std::optional<double> RowSample::DuplicateShare() const {
  if (rows_ == 0) return std::nullopt;
  const auto sorted = counts_.Sorted();
  int64_t sampled = 0;
  for (const auto& [hash, count] : sorted) sampled += *count;
  const auto distinct = static_cast<double>(sorted.size());
  const double share = 1 - distinct / static_cast<double>(sampled);
  if (sampled == rows_) return share;
  constexpr double kHashes = 0x1p64;
  const double standard_error = 1 / std::sqrt(distinct - 2);
  const double implied = (distinct - 1) * kHashes / static_cast<double>(sorted.back().first);
  const double told = (1 - share) * static_cast<double>(rows_);
  if (std::abs(implied - told) <= 4 * standard_error * std::max(implied, told)) return share;
  return std::clamp(1 - implied / static_cast<double>(rows_), 0.0, 1.0);
}

void RowSample::Serialize(std::string& bytes) const {
  const auto sorted = counts_.Sorted();
  AppendVarint(bytes, sorted.size());
  for (const auto& [hash, count] : sorted) {
    AppendFixed(bytes, hash);
    AppendVarint(bytes, static_cast<uint64_t>(*count));
  }
}

absl::StatusOr<RowSample> RowSample::Parse(ByteReader& reader, int64_t rows) {
  const size_t start = reader.position();
  const auto broken = [start](std::string_view what) {
    return absl::DataLossError(fmt::format("sample of rows at byte {}: {}", start, what));
  };
  RowSample state;
  TRY_ASSIGN(const uint64_t num_rows, reader.Varint());
  if (num_rows > kRows) return broken("more distinct rows than may be");
  uint64_t last = 0;
  int64_t rest = rows;
  for (uint64_t i = 0; i < num_rows; ++i) {
    TRY_ASSIGN(const uint64_t hash, reader.Fixed<uint64_t>());
    TRY_ASSIGN(const uint64_t count, reader.Varint());
    if (i > 0 && hash <= last) return broken("hashes that do not ascend");
    if (count == 0 || count > static_cast<uint64_t>(rest)) return broken("counts that do not sum up");
    rest -= static_cast<int64_t>(count);
    *state.counts_.At(hash) = static_cast<int64_t>(count);
    last = hash;
  }
  if (rest != 0 && num_rows < kRows) return broken("counts that do not sum up");
  state.rows_ = rows;
  return state;
}

}  // namespace roost::profile
