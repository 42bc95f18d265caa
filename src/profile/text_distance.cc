#include "profile/text_distance.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <tuple>

#include "absl/container/flat_hash_map.h"
#include "base/hash.h"
#include "profile/cells.h"
#include "profile/special_functions.h"

namespace roost::profile {
namespace {

constexpr std::string_view kOthers = "other values";
// A sketch lists a value of this share with a probability of at least 96 % (value_sketch.h), far more often if no other
// frequent value competes with it.
constexpr double kSureShare = 1.0 / 50;
// Below it the chi-square distribution is a poor approximation (Cochran, 1954).
constexpr double kLeastExpected = 5;

struct Cell {
  std::string_view value;
  int64_t now = 0;
  int64_t baseline = 0;

  CellMass mass() const { return {static_cast<double>(now), static_cast<double>(baseline)}; }
};

struct Hasher {
  size_t operator()(std::string_view value) const { return Hash64(value); }
};

// All values of both sides, those of `now` first, and the others (if there are any) last.
std::vector<Cell> CellsOf(const Distribution& now, const Distribution& baseline) {
  std::vector<Cell> cells;
  cells.reserve(now.values.size() + baseline.values.size() + 1);
  absl::flat_hash_map<std::string_view, size_t, Hasher> place_of;
  place_of.reserve(now.values.size() + baseline.values.size());
  Cell others{.value = kOthers, .now = now.others, .baseline = baseline.others};
  int64_t total = now.others;
  int64_t baseline_total = baseline.others;
  for (const ValueCount& value : now.values) {
    total += value.count;
    place_of.emplace(value.value, cells.size());
    cells.push_back({.value = value.value, .now = value.count});
  }
  for (const ValueCount& value : baseline.values) {
    baseline_total += value.count;
    const auto [place, is_new] = place_of.emplace(value.value, cells.size());
    if (is_new) cells.push_back({.value = value.value});
    cells[place->second].baseline = value.count;
  }
  const auto is_unsure = [&](const Cell& cell) {
    if (cell.now == 0) return !now.exact && cell.mass().baseline < kSureShare * static_cast<double>(baseline_total);
    if (cell.baseline == 0) return !baseline.exact && cell.mass().now < kSureShare * static_cast<double>(total);
    return false;
  };
  std::erase_if(cells, [&](const Cell& cell) {
    if (!is_unsure(cell)) return false;
    others.now += cell.now;
    others.baseline += cell.baseline;
    return true;
  });
  if (others.now > 0 || others.baseline > 0) cells.push_back(others);
  return cells;
}

// The frequent cells as they are, the rare ones joined, the more frequent first, until there are `least_count` rows.
// What is joined depends on the sum of both sides alone, so the test keeps its level.
std::vector<CellMass> Joined(const std::vector<Cell>& cells, double least_count) {
  const auto before = [](const Cell* a, const Cell* b) {
    return std::tuple(b->now + b->baseline, a->value) < std::tuple(a->now + a->baseline, b->value);
  };
  std::vector<const Cell*> frequent;
  std::vector<const Cell*> rare;
  double rare_rows = 0;
  for (const Cell& cell : cells) {
    const auto rows = static_cast<double>(cell.now + cell.baseline);
    (rows < least_count ? rare : frequent).push_back(&cell);
    if (rows < least_count) rare_rows += rows;
  }
  if (!rare.empty() && rare_rows < least_count && !frequent.empty()) {
    const auto last = std::max_element(frequent.begin(), frequent.end(), before);
    rare.push_back(*last);
    frequent.erase(last);
  }
  std::sort(rare.begin(), rare.end(), before);
  std::vector<CellMass> joined;
  for (const Cell* cell : frequent) joined.push_back(cell->mass());
  CellMass sum;
  for (const Cell* cell : rare) {
    sum.now += cell->mass().now;
    sum.baseline += cell->mass().baseline;
    if (sum.now + sum.baseline < least_count) continue;
    joined.push_back(sum);
    sum = {};
  }
  // What is left is too little for a cell of its own.
  if (joined.empty()) joined.emplace_back();
  joined.back().now += sum.now;
  joined.back().baseline += sum.baseline;
  return joined;
}

Distance ChiSquare(const std::vector<Cell>& cells, const CellMass& total) {
  const double all = total.now + total.baseline;
  const double share = total.now / all;
  const double baseline_share = total.baseline / all;
  const std::vector<CellMass> joined = Joined(cells, kLeastExpected / std::min(share, baseline_share));
  double statistic = 0;
  for (const CellMass& cell : joined) {
    const double both = cell.now + cell.baseline;
    const double excess = cell.now - both * share;  // the baseline's is the same with the other sign
    statistic += excess * excess / both * (1 / share + 1 / baseline_share);
  }
  return {.measure = Measure::kChiSquare,
          .value = std::min(std::sqrt(statistic / all), 1.0),
          .p_value = ChiSquareTail(statistic, static_cast<double>(joined.size() - 1))};
}

}  // namespace

Comparison CompareTexts(const Distribution& now, const Distribution& baseline) {
  const std::vector<Cell> cells = CellsOf(now, baseline);
  std::vector<CellMass> masses;
  masses.reserve(cells.size());
  for (const Cell& cell : cells) masses.push_back(cell.mass());
  const CellMass total = TotalOf(masses);
  double share_difference = 0;
  double count_difference = 0;
  for (const CellMass& cell : masses) {
    share_difference = std::max(share_difference, std::abs(cell.now / total.now - cell.baseline / total.baseline));
    count_difference = std::max(count_difference, std::abs(cell.now - cell.baseline));
  }
  Comparison comparison;
  comparison.distances = {
      {.measure = Measure::kLInfinity, .value = share_difference},
      {.measure = Measure::kJensenShannon, .value = JensenShannon(masses)},
      {.measure = Measure::kNormalizedAbsoluteDifference, .value = count_difference / (total.now + total.baseline)},
      {.measure = Measure::kPopulationStability, .value = PopulationStability(masses)},
      ChiSquare(cells, total),
  };
  for (const size_t place : GreatestDifferences(masses)) {
    comparison.contributors.push_back({.value = std::string(cells[place].value),
                                       .share = masses[place].now / total.now,
                                       .baseline_share = masses[place].baseline / total.baseline});
  }
  return comparison;
}

}  // namespace roost::profile
