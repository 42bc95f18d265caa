#include "evaluate/ranked_group.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>

#include "base/status.h"
#include "evaluate/sum.h"

namespace roost::evaluate {
namespace {

// By group, the best score first.
bool IsBefore(const RankedRow& a, const RankedRow& b) {
  return std::tie(a.group, b.score, a.target, a.weight) < std::tie(b.group, a.score, b.target, b.weight);
}

// `group` with the score that `score_of` gives to each row, the best first.
template <typename ScoreOf>
std::vector<RankedRow> Ordered(std::span<const RankedRow> group, const ScoreOf& score_of) {
  std::vector<RankedRow> rows(group.begin(), group.end());
  for (RankedRow& row : rows) row.score = score_of(row);
  std::sort(rows.begin(), rows.end(), IsBefore);
  return rows;
}

// Rows of one score: `rows` of them after `before` others, `relevant` of them with a target above 0.
struct Tie {
  double before, relevant_before, rows, relevant;
};

std::vector<Tie> TiesOf(std::span<const RankedRow> group) {
  std::vector<Tie> ties;
  double relevant_before = 0;
  for (size_t first = 0; first < group.size();) {
    Tie tie{static_cast<double>(first), relevant_before, 0, 0};
    size_t end = first;
    while (end < group.size() && group[end].score == group[first].score)
      tie.relevant += group[end++].target > 0 ? 1 : 0;
    tie.rows = static_cast<double>(end - first);
    ties.push_back(tie);
    relevant_before += tie.relevant;
    first = end;
  }
  return ties;
}

// The precision at a relevant row's place counts that row and the relevant ones before it: those of earlier ties, and
// of its own tie's rows before it the share that is relevant among its other rows.
double AveragePrecision(std::span<const Tie> ties) {
  Sum sum;
  double relevant = 0;
  for (const Tie& tie : ties) {
    relevant += tie.relevant;
    const double others = tie.rows > 1 ? (tie.relevant - 1) / (tie.rows - 1) : 0;
    for (double place = 1; tie.relevant > 0 && place <= tie.rows; ++place) {
      sum.Add(tie.relevant / tie.rows * (tie.relevant_before + 1 + (place - 1) * others) / (tie.before + place));
    }
  }
  return sum.value() / relevant;
}

// The chance that one of the first `places` rows is relevant.
double HitWithin(std::span<const Tie> ties, double places) {
  double none_yet = 1;
  for (const Tie& tie : ties) {
    for (double row = 0; row < std::min(tie.rows, places - tie.before); ++row) {
      none_yet *= std::max(0.0, tie.rows - tie.relevant - row) / (tie.rows - row);
    }
  }
  return 1 - none_yet;
}

// The mean number of relevant rows among the first `places`.
double RelevantWithin(std::span<const Tie> ties, double places) {
  double relevant = 0;
  for (const Tie& tie : ties) relevant += tie.relevant * std::clamp(places - tie.before, 0.0, tie.rows) / tie.rows;
  return relevant;
}

// In a tie of n rows with r relevant ones, the first of these is at place (n + 1) / (r + 1) of the tie in the mean.
double FirstPlace(std::span<const Tie> ties) {
  const auto first = std::find_if(ties.begin(), ties.end(), [](const Tie& tie) { return tie.relevant > 0; });
  return first->before + (first->rows + 1) / (first->relevant + 1);
}

double ValueOf(std::span<const Tie> ties, const PlaceAmounts& places) {
  Sum sum;
  for (const Tie& tie : ties) {
    for (auto place = static_cast<size_t>(tie.before);
         place < std::min(static_cast<size_t>(tie.before + tie.rows), places.hit.size()); ++place) {
      sum.Add(places.hit[place] * tie.relevant / tie.rows);
    }
  }
  return sum.value();
}

}  // namespace

absl::StatusOr<std::vector<RankedRow>> SortedRankedRows(const ScoredRows& rows) {
  TRY(CheckRows(rows));
  if (rows.num_outputs != 1) {
    return absl::InvalidArgumentError(fmt::format("a row has {} scores; it must have one", rows.num_outputs));
  }
  if (rows.groups.size() != rows.targets.size()) {
    return WithHint(absl::InvalidArgumentError(fmt::format("{} rows have {} groups; every row needs one",
                                                           rows.targets.size(), rows.groups.size())),
                    "A ranking is measured within groups: name the column that tells them apart.");
  }
  std::vector<RankedRow> sorted;
  sorted.reserve(rows.targets.size());
  for (size_t row = 0; row < rows.targets.size(); ++row) {
    if (!std::isfinite(rows.scores[row])) {
      return absl::InvalidArgumentError(
          fmt::format("row {}: the score is {}; it must be a finite number", row, rows.scores[row]));
    }
    if (!(rows.targets[row] >= 0 && rows.targets[row] <= kLargestValue)) {
      return absl::InvalidArgumentError(
          fmt::format("row {}: the target is {}; it must be 0 to {}", row, rows.targets[row], kLargestValue));
    }
    if (rows.WeightOf(row) == 0) continue;
    sorted.push_back({rows.groups[row], rows.scores[row] + 0.0, rows.targets[row] + 0.0, rows.WeightOf(row)});
  }
  std::sort(sorted.begin(), sorted.end(), IsBefore);
  return sorted;
}

Discounts::Discounts(size_t places) : sums_{0} {
  Sum sum;
  for (size_t place = 1; place <= places; ++place) {
    sum.Add(1 / std::log2(1 + static_cast<double>(place)));
    sums_.push_back(sum.value());
  }
}

std::vector<RankedRow> BestOrder(std::span<const RankedRow> group) {
  return Ordered(group, [](const RankedRow& row) { return row.target; });
}

std::vector<RankedRow> AnyOrder(std::span<const RankedRow> group) {
  return Ordered(group, [](const RankedRow&) { return 0.0; });
}

double Gain(std::span<const RankedRow> rows, size_t cutoff, const Discounts& discounts) {
  Sum gain;
  for (size_t first = 0; first < std::min(cutoff, rows.size());) {
    Sum targets;
    size_t end = first;
    while (end < rows.size() && rows[end].score == rows[first].score) targets.Add(rows[end++].target);
    gain.Add(targets.value() * discounts.Between(first, std::min(end, cutoff)) / static_cast<double>(end - first));
    first = end;
  }
  return gain.value();
}

// In a tie of n rows with r relevant ones, the first of these is at place j of the tie with the probability that j - 1
// rows without relevance come before it.
double ReciprocalRank(std::span<const RankedRow> rows) {
  for (size_t first = 0; first < rows.size();) {
    size_t end = first;
    double relevant = 0;
    while (end < rows.size() && rows[end].score == rows[first].score) relevant += rows[end++].target > 0 ? 1 : 0;
    if (relevant > 0) {
      Sum mean;
      double none_yet = 1;
      for (size_t place = first; place < end && none_yet > 0; ++place) {
        const auto left = static_cast<double>(end - place);
        mean.Add(none_yet * relevant / left / static_cast<double>(place + 1));
        none_yet *= (left - relevant) / left;
      }
      return mean.value();
    }
    first = end;
  }
  return 0;
}

double MeanWeight(std::span<const RankedRow> group) {
  std::vector<double> weights;
  for (const RankedRow& row : group) weights.push_back(row.weight);
  std::sort(weights.begin(), weights.end());
  Sum sum;
  for (const double weight : weights) sum.Add(weight);
  return sum.value() / static_cast<double>(weights.size());
}

size_t LargestGroup(std::span<const RankedRow> rows) {
  size_t largest = 0;
  for (size_t first = 0, row = 0; row < rows.size(); ++row) {
    if (rows[row].group != rows[first].group) first = row;
    largest = std::max(largest, row - first + 1);
  }
  return largest;
}

std::array<double, ranking_sums::kNumSums> GroupTerms(std::span<const RankedRow> group, const Discounts& discounts,
                                                      const PlaceAmounts& places) {
  using namespace ranking_sums;
  const std::vector<RankedRow> best = BestOrder(group);
  const auto share = [&](size_t cutoff) { return Gain(group, cutoff, discounts) / Gain(best, cutoff, discounts); };
  const std::vector<Tie> ties = TiesOf(group);
  const double relevant = RelevantWithin(ties, static_cast<double>(group.size()));
  std::array<double, kNumSums> terms{};
  terms[kWeights] = 1;
  terms[kNdcg5] = share(5);
  terms[kNdcg10] = share(10);
  terms[kNdcg] = share(group.size());
  terms[kReciprocalRanks] = ReciprocalRank(group);
  terms[kAveragePrecisions] = AveragePrecision(ties);
  terms[kHit1] = HitWithin(ties, 1);
  terms[kHit3] = HitWithin(ties, 3);
  terms[kHit5] = HitWithin(ties, 5);
  terms[kHit10] = HitWithin(ties, 10);
  terms[kPrecision5] = RelevantWithin(ties, 5) / 5;
  terms[kPrecision10] = RelevantWithin(ties, 10) / 10;
  terms[kRecall5] = RelevantWithin(ties, 5) / relevant;
  terms[kRecall10] = RelevantWithin(ties, 10) / relevant;
  terms[kFirstPlaces] = FirstPlace(ties);
  terms[kValues] = ValueOf(ties, places);
  return terms;
}

}  // namespace roost::evaluate
