#include <algorithm>
#include <numeric>

#include "absl/container/flat_hash_map.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "evaluate/ranked_group.h"
#include "evaluate/replicates.h"
#include "evaluate/terms.h"
#include "profile/exact_sum.h"

namespace roost::evaluate {
namespace {

using predict::Task;

constexpr size_t kPieceRows = size_t{1} << 20;  // whose terms are in memory at a time
constexpr size_t kChunkRows = size_t{1} << 14;

// Rows that are in the same slices, one after the other in a Piece.
struct Run {
  size_t begin;
  size_t end;
  std::span<const uint32_t> slices;
};

// Terms of rows (or of the groups of a ranking), row after row, those of all models beside each other.
struct Piece {
  size_t terms = 0;  // of a row
  std::vector<uint64_t> keys;
  std::vector<double> values;
  std::vector<int32_t> sums;
  std::vector<Run> runs;

  void Resize(size_t rows) {
    keys.resize(rows);
    values.resize(rows * terms);
    sums.resize(rows * terms);
  }
};

// Exact sums of one slice or run.
class ExactSums {
 public:
  explicit ExactSums(size_t num_sums) : sums_(num_sums), waiting_(num_sums) {}

  void Add(int32_t sum, double term) {
    std::vector<double>& waiting = waiting_[static_cast<size_t>(sum)];
    waiting.push_back(term);
    if (waiting.size() == kBlock) Flush(static_cast<size_t>(sum));
  }
  // Moves all to the sums of the slices.
  void MoveTo(std::span<const uint32_t> slices, std::vector<std::vector<profile::FloatSums>>& of_slices) {
    for (size_t sum = 0; sum < sums_.size(); ++sum) {
      if (!waiting_[sum].empty()) Flush(sum);
      if (!used_[sum]) continue;
      for (const uint32_t slice : slices) of_slices[slice][sum].Merge(sums_[sum]);
      sums_[sum] = profile::FloatSums();
      used_[sum] = false;
    }
  }

 private:
  static constexpr size_t kBlock = 1024;  // as FloatSums takes them

  void Flush(size_t sum) {
    sums_[sum].Add(waiting_[sum]);
    used_[sum] = true;
    waiting_[sum].clear();
  }

  std::vector<profile::FloatSums> sums_;
  std::vector<std::vector<double>> waiting_;
  std::vector<bool> used_ = std::vector<bool>(sums_.size());
};

class Summing {
 public:
  Summing(const Measurement& measurement, SliceSums& sums)
      : measurement_(measurement),
        sums_(sums),
        exact_(measurement.slices.slices.size(), std::vector<profile::FloatSums>(sums.first_sum.back())) {
    for (size_t model = 0; model < measurement.models.size(); ++model) {
      terms_.emplace_back(measurement.rows.task, measurement.RowsOf(model),
                          TermOptions{.terms = measurement.needs(),
                                      .threshold = measurement.models[model].threshold,
                                      .centre = measurement.centre,
                                      .amounts = measurement.rows.amounts,
                                      .values = measurement.models[model].values});
    }
  }

  absl::Status Run() {
    if (measurement_.rows.task == Task::kRanking) {
      for (uint32_t slice = 0; slice < measurement_.slices.slices.size(); ++slice) TRY(SumRanking(slice));
    } else {
      for (const SliceSet::Group& group : measurement_.slices.groups) TRY(SumGroup(group));
    }
    for (size_t slice = 0; slice < exact_.size(); ++slice) {
      for (const profile::FloatSums& sum : exact_[slice]) sums_.exact[slice].push_back(sum.Sum());
    }
    return absl::OkStatus();
  }

 private:
  size_t num_terms() const {
    return std::accumulate(terms_.begin(), terms_.end(), size_t{0},
                           [](size_t sum, const RowTerms& terms) { return sum + terms.count(); });
  }

  // The rows that are in a slice, by cell, a million at a time.
  absl::Status SumGroup(const SliceSet::Group& group) {
    std::vector<size_t> first(group.slices_of_cell.size() + 1);
    for (const uint32_t cell : group.cell_of_row) ++first[cell + 1];
    std::partial_sum(first.begin(), first.end(), first.begin());
    std::vector<uint32_t> order(group.cell_of_row.size());
    std::vector<size_t> next(first.begin(), first.end() - 1);
    for (size_t row = 0; row < order.size(); ++row) {
      order[next[group.cell_of_row[row]]++] = static_cast<uint32_t>(row);
    }
    Piece piece{.terms = num_terms()};
    for (size_t begin = 0, cell = 0; begin < order.size(); begin += kPieceRows) {
      const size_t end = std::min(order.size(), begin + kPieceRows);
      piece.runs.clear();
      while (first[cell + 1] <= begin) ++cell;
      for (size_t at = cell; at + 1 < first.size() && first[at] < end; ++at) {
        if (group.slices_of_cell[at].empty()) continue;
        piece.runs.push_back(
            {std::max(first[at], begin) - begin, std::min(first[at + 1], end) - begin, group.slices_of_cell[at]});
      }
      TRY(FillPiece(std::span(order).subspan(begin, end - begin), piece));
      TRY(AddPiece(piece));
    }
    return absl::OkStatus();
  }

  absl::Status FillPiece(std::span<const uint32_t> rows, Piece& piece) {
    piece.Resize(rows.size());
    return measurement_.context.pool->ParallelFor(
        (rows.size() + kChunkRows - 1) / kChunkRows, [&](size_t chunk) -> absl::Status {
          TRY(measurement_.context.CheckCancelled());
          const size_t end = std::min(rows.size(), (chunk + 1) * kChunkRows);
          for (size_t i = chunk * kChunkRows; i < end; ++i) {
            piece.keys[i] = measurement_.keys[rows[i]];
            size_t at = i * piece.terms;
            for (size_t model = 0; model < terms_.size(); ++model) {
              terms_[model].Write(rows[i], &piece.values[at], &piece.sums[at]);
              for (size_t term = 0; term < terms_[model].count(); ++term, ++at) {
                piece.sums[at] += static_cast<int32_t>(sums_.first_sum[model]);
              }
            }
          }
          return absl::OkStatus();
        });
  }

  // The groups of one slice, which are what a ranking's sums are made of.
  absl::Status SumRanking(uint32_t slice) {
    const std::vector<size_t> rows = measurement_.slices.RowsOf(slice);
    const std::vector<uint32_t> slices{slice};
    Piece piece{.terms = measurement_.models.size() * ranking_sums::kNumSums};
    for (size_t model = 0; model < measurement_.models.size(); ++model) {
      TRY(FillRanking(rows, model, piece));
    }
    piece.runs.push_back({0, piece.keys.size(), slices});
    return AddPiece(piece);
  }

  absl::Status FillRanking(std::span<const size_t> rows, size_t model, Piece& piece) {
    const ScoredRows all = measurement_.RowsOf(model);
    std::vector<double> scores, targets, weights;
    std::vector<int64_t> groups;
    absl::flat_hash_map<int64_t, uint64_t> key_of_group;
    for (const size_t row : rows) {
      if (all.WeightOf(row) == 0) continue;
      scores.push_back(all.scores[row]);
      targets.push_back(all.targets[row]);
      weights.push_back(all.WeightOf(row));
      groups.push_back(all.groups[row]);
      key_of_group.emplace(all.groups[row], measurement_.keys[row]);
    }
    if (groups.empty()) return absl::OkStatus();
    TRY_ASSIGN(const std::vector<RankedRow> sorted,
               SortedRankedRows({.scores = scores, .targets = targets, .weights = weights, .groups = groups}));
    const Discounts discounts(LargestGroup(sorted));
    const ValueAmounts* amounts = measurement_.rows.amounts;
    const PlaceAmounts places = amounts == nullptr ? PlaceAmounts{} : amounts->places;
    size_t at = 0;
    for (size_t first = 0; first < sorted.size();) {
      size_t end = first;
      while (end < sorted.size() && sorted[end].group == sorted[first].group) ++end;
      const std::span<const RankedRow> group = std::span(sorted).subspan(first, end - first);
      first = end;
      if (std::none_of(group.begin(), group.end(), [](const RankedRow& row) { return row.target > 0; })) continue;
      if (at == piece.keys.size()) piece.Resize(at + 1);
      piece.keys[at] = key_of_group[group.front().group];
      const auto terms = GroupTerms(group, discounts, places);
      const double weight = MeanWeight(group);
      for (size_t sum = 0; sum < terms.size(); ++sum) {
        const size_t term = at * piece.terms + model * terms.size() + sum;
        piece.values[term] = weight * terms[sum];
        piece.sums[term] = static_cast<int32_t>(sums_.first_sum[model] + sum);
      }
      ++at;
    }
    return absl::OkStatus();
  }

  // Each block of resamples, and last the exact sums, in parallel: each adds in the order of the runs.
  absl::Status AddPiece(const Piece& piece) {
    const size_t blocks = measurement_.num_blocks();
    return measurement_.context.pool->ParallelFor(blocks + 1, [&](size_t block) -> absl::Status {
      return block == 0 ? AddExact(piece) : AddBlock(piece, block - 1);
    });
  }

  absl::Status AddExact(const Piece& piece) {
    ExactSums of_run(sums_.first_sum.back());
    for (const auto& run : piece.runs) {
      TRY(measurement_.context.CheckCancelled());
      for (size_t at = run.begin * piece.terms; at < run.end * piece.terms; ++at) {
        of_run.Add(piece.sums[at], piece.values[at]);
      }
      of_run.MoveTo(run.slices, exact_);
    }
    return absl::OkStatus();
  }

  absl::Status AddBlock(const Piece& piece, size_t block) {
    const size_t lanes = sums_.first_sum.back() * kLanes;
    std::vector<double> of_run(lanes);
    for (const auto& run : piece.runs) {
      std::fill(of_run.begin(), of_run.end(), 0);
      for (size_t begin = run.begin; begin < run.end; begin += kChunkRows) {
        TRY(measurement_.context.CheckCancelled());
        AddTerms({.rows = std::min(kChunkRows, run.end - begin),
                  .terms = piece.terms,
                  .keys = &piece.keys[begin],
                  .values = piece.values.data() + begin * piece.terms,
                  .sums = piece.sums.data() + begin * piece.terms},
                 block, of_run.data());
      }
      for (const uint32_t slice : run.slices) {
        double* sums = sums_.lanes.Of(block, slice);
        for (size_t i = 0; i < lanes; ++i) sums[i] += of_run[i];
      }
    }
    return absl::OkStatus();
  }

  const Measurement& measurement_;
  SliceSums& sums_;
  std::vector<RowTerms> terms_;
  std::vector<std::vector<profile::FloatSums>> exact_;
};

}  // namespace

absl::StatusOr<SliceSums> SumSlices(const Measurement& measurement) {
  std::vector<size_t> first_sum{0};
  for (const ModelScores& model : measurement.models) {
    first_sum.push_back(first_sum.back() + static_cast<size_t>(NumSums(measurement.rows.task, model.num_outputs)));
  }
  const size_t num_slices = measurement.slices.slices.size();
  SliceSums sums{first_sum, std::vector<std::vector<double>>(num_slices),
                 LaneTable(measurement.num_blocks(), num_slices, first_sum.back())};
  TRY(Summing(measurement, sums).Run());
  return sums;
}

}  // namespace roost::evaluate
