#include "evaluate/feature_groups.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"

namespace roost::evaluate {
namespace {

constexpr double kMostRows = 512;
constexpr double kMostNumbers = 64e6;  // of all blocks together

/// The entries of one row in one block.
struct Entries {
  size_t begin = 0;
  size_t end = 0;
};

double Product(const transform::FeatureRows& rows, Entries a, Entries b, double scale) {
  double product = 0;
  while (a.begin < a.end && b.begin < b.end) {
    const int32_t left = rows.indices[a.begin];
    const int32_t right = rows.indices[b.begin];
    if (left == right) product += (rows.values[a.begin] * scale) * (rows.values[b.begin] * scale);
    a.begin += left <= right ? 1 : 0;
    b.begin += right <= left ? 1 : 0;
  }
  return product;
}

std::vector<size_t> SampledRows(const transform::FeatureRows& rows, size_t num_blocks) {
  const auto total = static_cast<size_t>(rows.num_rows());
  const double most = std::min(kMostRows, std::sqrt(kMostNumbers / static_cast<double>(num_blocks)));
  const size_t count = std::min(total, static_cast<size_t>(most));
  std::vector<size_t> sampled;
  for (size_t i = 0; i < count; ++i) sampled.push_back(i * total / count);
  return sampled;
}

/// Products of the centred rows of a block with each other, each pair of two rows once, of length 1 as a vector; empty
/// where all rows are the same.
std::vector<float> PairsOf(const transform::FeatureRows& rows, const std::vector<size_t>& sampled, int32_t first,
                           int32_t end) {
  const size_t n = sampled.size();
  std::vector<Entries> entries;
  double greatest = 0;
  for (const size_t row : sampled) {
    const auto begin = rows.indices.begin() + rows.starts[row];
    const auto stop = rows.indices.begin() + rows.starts[row + 1];
    const auto from = std::lower_bound(begin, stop, first);
    const auto to = std::lower_bound(from, stop, end);
    entries.push_back(
        {static_cast<size_t>(from - rows.indices.begin()), static_cast<size_t>(to - rows.indices.begin())});
    for (size_t i = entries.back().begin; i < entries.back().end; ++i) {
      greatest = std::max(greatest, std::abs(rows.values[i]));
    }
  }
  if (!(greatest > 0) || !std::isfinite(greatest)) return {};
  std::vector<double> products(n * n);
  std::vector<double> means(n);
  double mean = 0;
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j <= i; ++j) {
      products[i * n + j] = products[j * n + i] = Product(rows, entries[i], entries[j], 1 / greatest);
    }
  }
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) means[i] += products[i * n + j] / static_cast<double>(n);
    mean += means[i] / static_cast<double>(n);
  }
  std::vector<float> pairs;
  double squares = 0;
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < i; ++j) {
      const double centred = products[i * n + j] - means[i] - means[j] + mean;
      pairs.push_back(static_cast<float>(centred));
      squares += centred * centred;
    }
  }
  if (squares < 1e-20 * static_cast<double>(n)) return {};
  const auto scale = static_cast<float>(1 / std::sqrt(squares));
  for (float& pair : pairs) pair *= scale;
  return pairs;
}

}  // namespace

std::vector<double> BlockCorrelations(const transform::FeatureRows& rows, std::span<const int32_t> first) {
  ROOST_CHECK(!first.empty(), "blocks end with the number of features");
  const size_t blocks = first.size() - 1;
  std::vector<double> correlations(blocks * blocks, 0);
  if (blocks == 0 || rows.num_rows() < 3) return correlations;
  const std::vector<size_t> sampled = SampledRows(rows, blocks);
  std::vector<std::vector<float>> pairs;
  for (size_t b = 0; b < blocks; ++b) pairs.push_back(PairsOf(rows, sampled, first[b], first[b + 1]));
  for (size_t a = 0; a < blocks; ++a) {
    if (pairs[a].empty()) continue;
    for (size_t b = 0; b <= a; ++b) {
      if (pairs[b].empty()) continue;
      double product = 0;
      for (size_t i = 0; i < pairs[a].size(); ++i) product += static_cast<double>(pairs[a][i]) * pairs[b][i];
      correlations[a * blocks + b] = correlations[b * blocks + a] = std::clamp(product, -1.0, 1.0);
    }
  }
  return correlations;
}

std::vector<std::vector<size_t>> CorrelatedGroups(std::span<const double> correlations, double least) {
  const auto blocks = static_cast<size_t>(std::lround(std::sqrt(static_cast<double>(correlations.size()))));
  std::vector<bool> is_taken(blocks, false);
  std::vector<std::vector<size_t>> groups;
  for (size_t start = 0; start < blocks; ++start) {
    if (is_taken[start]) continue;
    is_taken[start] = true;
    std::vector<size_t> group{start};
    for (size_t i = 0; i < group.size(); ++i) {
      for (size_t other = 0; other < blocks; ++other) {
        if (is_taken[other] || correlations[group[i] * blocks + other] < least) continue;
        is_taken[other] = true;
        group.push_back(other);
      }
    }
    if (group.size() < 2) continue;
    std::sort(group.begin(), group.end());
    groups.push_back(std::move(group));
  }
  return groups;
}

}  // namespace roost::evaluate
