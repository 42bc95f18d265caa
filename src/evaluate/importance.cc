#include "evaluate/importance.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "base/format.h"
#include "base/hash.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "column/take.h"
#include "evaluate/table_text.h"

namespace roost::evaluate {
namespace {

uint64_t HashOf(int64_t number, uint64_t seed) {
  return Hash64({reinterpret_cast<const char*>(&number), sizeof(number)}, seed);
}

// 0 to size - 1 by their hashes: an order drawn by lot.
std::vector<size_t> DrawnOrder(size_t size, uint64_t seed) {
  std::vector<std::pair<uint64_t, size_t>> hashed(size);
  for (size_t i = 0; i < size; ++i) hashed[i] = {HashOf(static_cast<int64_t>(i), seed), i};
  std::sort(hashed.begin(), hashed.end());
  std::vector<size_t> order(size);
  for (size_t i = 0; i < size; ++i) order[i] = hashed[i].second;
  return order;
}

// Rows that are copied and scored at a time, by one thread.
constexpr size_t kPieceRows = 8192;

// A row of a batch.
struct Place {
  size_t batch;
  int64_t row;
};

absl::Status CheckRequest(const HeldOutRows& rows, std::span<const std::string> columns,
                          const ImportanceOptions& options) {
  if (options.repeats < 2 || options.repeats > 1000) {
    return absl::InvalidArgumentError(fmt::format("repeats is {}; it must be 2 to 1000", options.repeats));
  }
  if (options.max_rows < 1) {
    return absl::InvalidArgumentError(fmt::format("max_rows is {}; it must be 1 or more", options.max_rows));
  }
  if (columns.empty()) return absl::InvalidArgumentError("there are no columns to permute");
  int64_t num_rows = 0;
  for (const column::BatchView& batch : rows.batches) {
    num_rows += batch.num_rows();
    for (const std::string& column : columns) TRY(batch.Require(column).status());
  }
  const auto size = static_cast<size_t>(num_rows);
  if (rows.targets.size() != size || (!rows.weights.empty() && rows.weights.size() != size) ||
      (!rows.groups.empty() && rows.groups.size() != size)) {
    return absl::InvalidArgumentError(
        fmt::format("{} rows have {} targets, {} weights and {} groups; every row needs one, weights and groups may be "
                    "left out",
                    size, rows.targets.size(), rows.weights.size(), rows.groups.size()));
  }
  return absl::OkStatus();
}

// Row numbers over all batches, ascending: those to measure.
std::vector<size_t> SampledRows(size_t num_rows, size_t max_rows, uint64_t seed) {
  std::vector<size_t> rows = DrawnOrder(num_rows, seed);
  rows.resize(std::min(num_rows, max_rows));
  std::sort(rows.begin(), rows.end());
  return rows;
}

std::vector<size_t> SampledGroups(std::span<const int64_t> groups, size_t max_rows, uint64_t seed) {
  std::map<int64_t, size_t> sizes;
  for (const int64_t group : groups) ++sizes[group];
  std::vector<std::pair<uint64_t, int64_t>> hashed;
  for (const auto& [group, size] : sizes) hashed.emplace_back(HashOf(group, seed), group);
  std::sort(hashed.begin(), hashed.end());
  size_t num_rows = 0;
  for (size_t i = 0; i < hashed.size(); ++i) {
    const size_t size = sizes[hashed[i].second];
    if (i > 0 && num_rows + size > max_rows) {
      sizes.erase(hashed[i].second);
    } else {
      num_rows += size;
    }
  }
  std::vector<size_t> rows;
  for (size_t row = 0; row < groups.size(); ++row) {
    if (sizes.contains(groups[row])) rows.push_back(row);
  }
  return rows;
}

// The rows that are measured, and how the scores of any change to them are made.
class Sample {
 public:
  Sample(const HeldOutRows& rows, std::span<const size_t> chosen, const BatchScorer& score, const ImportanceTask& task,
         const Context& context)
      : batches_(rows.batches), score_(score), task_(task), context_(context) {
    size_t batch = 0;
    size_t first = 0;  // row of the batch
    for (const size_t row : chosen) {
      while (row >= first + static_cast<size_t>(batches_[batch].num_rows())) {
        first += static_cast<size_t>(batches_[batch++].num_rows());
      }
      places_.push_back({batch, static_cast<int64_t>(row - first)});
      targets_.push_back(rows.targets[row]);
      if (!rows.weights.empty()) weights_.push_back(rows.weights[row]);
      if (!rows.groups.empty()) groups_.push_back(rows.groups[row]);
    }
  }

  size_t size() const { return places_.size(); }

  // The primary metric where row i has the value of row from[i] in `column`.
  absl::StatusOr<Figure> Measure(const std::string& column, std::span<const size_t> from) const {
    // The rows by their batch and the batch of their value.
    std::map<std::pair<size_t, size_t>, std::vector<size_t>> by_batches;
    for (size_t i = 0; i < from.size(); ++i) by_batches[{places_[i].batch, places_[from[i]].batch}].push_back(i);
    std::vector<std::span<const size_t>> pieces;
    for (const auto& [batches, rows] : by_batches) {
      for (size_t first = 0; first < rows.size(); first += kPieceRows) {
        pieces.push_back(std::span(rows).subspan(first, std::min(kPieceRows, rows.size() - first)));
      }
    }
    const auto num_outputs = static_cast<size_t>(task_.num_outputs);
    std::vector<double> scores(size() * num_outputs);
    const auto score_piece = [&](size_t piece) -> absl::Status {
      TRY(context_.CheckCancelled());
      return ScorePiece(pieces[piece], column, from, scores);
    };
    TRY(context_.pool->ParallelFor(pieces.size(), score_piece));
    TRY_ASSIGN(const Evaluation evaluation, EvaluateScores(task_.task,
                                                           {.scores = scores,
                                                            .num_outputs = task_.num_outputs,
                                                            .targets = targets_,
                                                            .weights = weights_,
                                                            .groups = groups_},
                                                           task_.scoring));
    return PrimaryMetric(evaluation);
  }

 private:
  // `rows` are of one batch and have their values of `column` from one batch. Fills in their `scores`.
  absl::Status ScorePiece(std::span<const size_t> rows, const std::string& column, std::span<const size_t> from,
                          std::span<double> scores) const {
    std::vector<int64_t> own_rows;
    std::vector<int64_t> value_rows;
    for (const size_t row : rows) {
      own_rows.push_back(places_[row].row);
      value_rows.push_back(places_[from[row]].row);
    }
    const column::TakenBatch own(batches_[places_[rows.front()].batch], own_rows);
    TRY_ASSIGN(const column::ColumnView* source, batches_[places_[from[rows.front()]].batch].Require(column));
    const column::TakenBatch values(column::BatchView(source->length(), {*source}), value_rows);
    std::vector<column::ColumnView> columns(own.view().columns().begin(), own.view().columns().end());
    for (column::ColumnView& view : columns) {
      if (view.name() == column) view = values.view().columns().front();
    }
    TRY_ASSIGN(const std::vector<double> piece, score_(column::BatchView(own.view().num_rows(), std::move(columns))));
    const auto num_outputs = static_cast<size_t>(task_.num_outputs);
    if (piece.size() != rows.size() * num_outputs) {
      return absl::InternalError(fmt::format("the model gave {} scores for {} rows; it must give {} a row",
                                             piece.size(), rows.size(), num_outputs));
    }
    for (size_t i = 0; i < rows.size(); ++i) {
      std::copy_n(piece.begin() + static_cast<std::ptrdiff_t>(i * num_outputs), num_outputs,
                  scores.begin() + static_cast<std::ptrdiff_t>(rows[i] * num_outputs));
    }
    return absl::OkStatus();
  }

  std::span<const column::BatchView> batches_;
  const BatchScorer& score_;
  const ImportanceTask& task_;
  const Context& context_;
  std::vector<Place> places_;
  std::vector<double> targets_;
  std::vector<double> weights_;
  std::vector<int64_t> groups_;
};

ColumnImportance Summarize(const std::string& column, std::span<const double> drops) {
  Sum sum;
  for (const double drop : drops) sum.Add(drop);
  const auto count = static_cast<double>(drops.size());
  const double mean = sum.value() / count;
  Sum squares;
  for (const double drop : drops) squares.Add((drop - mean) * (drop - mean));
  return {column, mean, std::sqrt(squares.value() / (count - 1)), static_cast<int64_t>(drops.size())};
}

}  // namespace

absl::StatusOr<Importance> PermutationImportance(const HeldOutRows& rows, std::span<const std::string> columns,
                                                 const BatchScorer& score, const ImportanceTask& task,
                                                 const ImportanceOptions& options, const Context& context) {
  TRY(CheckRequest(rows, columns, options));
  const size_t num_rows = rows.targets.size();
  const auto max_rows = static_cast<size_t>(options.max_rows);
  const bool by_group = task.task == predict::Task::kRanking && !rows.groups.empty();
  const Sample sample(
      rows,
      by_group ? SampledGroups(rows.groups, max_rows, context.seed) : SampledRows(num_rows, max_rows, context.seed),
      score, task, context);
  std::vector<size_t> unchanged(sample.size());
  for (size_t i = 0; i < unchanged.size(); ++i) unchanged[i] = i;
  // With the rows as they are it does not matter which column has their own values.
  TRY_ASSIGN(const Figure original, sample.Measure(columns.front(), unchanged));
  Importance importance{.metric = original.name,
                        .value = original.value,
                        .rows = static_cast<int64_t>(sample.size()),
                        .rows_left_out = static_cast<int64_t>(num_rows - sample.size())};
  const auto repeats = static_cast<size_t>(options.repeats);
  std::vector<std::vector<double>> drops(columns.size());
  for (size_t repeat = 0; repeat < repeats; ++repeat) {
    // Seeds of their own, so that the permutations have nothing to do with the sample.
    const uint64_t seed = HashOf(static_cast<int64_t>(repeat), context.seed + 1);
    const std::vector<size_t> from = DrawnOrder(sample.size(), seed);
    for (size_t i = 0; i < columns.size(); ++i) {
      TRY_ASSIGN(const Figure permuted, sample.Measure(columns[i], from));
      drops[i].push_back(original.BetterBy(permuted.value));
      context.Report({"importance", "permutations", static_cast<int64_t>(repeat * columns.size() + i + 1),
                      static_cast<int64_t>(repeats * columns.size())});
    }
  }
  for (size_t i = 0; i < columns.size(); ++i) importance.columns.push_back(Summarize(columns[i], drops[i]));
  std::stable_sort(importance.columns.begin(), importance.columns.end(),
                   [](const ColumnImportance& a, const ColumnImportance& b) { return a.mean_drop > b.mean_drop; });
  return importance;
}

std::string ToText(const Importance& importance) {
  size_t width = 6;
  for (const ColumnImportance& column : importance.columns) {
    width = std::max(width, DisplayWidth(Printable(column.column)));
  }
  std::string text = fmt::format("{} is {} on {} rows; how much worse it is with a column's values from other rows\n\n",
                                 Printable(importance.metric), Share(importance.value), FormatCount(importance.rows));
  text += fmt::format("{:<{}}  {:>11}  {:>11}  {:>12}\n", "column", width, "drop", "deviation", "permutations");
  for (const ColumnImportance& column : importance.columns) {
    const std::string name = Printable(column.column);
    text += fmt::format("{}{:{}}  {:>11}  {:>11}  {:>12}\n", name, "", width - DisplayWidth(name),
                        Quantity(column.mean_drop), Quantity(column.deviation), FormatCount(column.repeats));
  }
  return text;
}

}  // namespace roost::evaluate
