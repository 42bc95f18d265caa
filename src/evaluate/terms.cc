#include "evaluate/terms.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "base/status.h"
#include "evaluate/class_row.h"
#include "evaluate/counts.h"
#include "evaluate/ranked_group.h"

namespace roost::evaluate {
namespace {

using predict::Task;

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

TermSet AllTermsOf(Task task) {
  switch (task) {
    case Task::kBinary: return 63;
    case Task::kClasses: return 63;
    case Task::kNumber:
      return ((TermSet{1} << number_sums::kNumSums) - 1) & ~number_sums::Term(number_sums::kDeviances) &
             ~number_sums::Term(number_sums::kTargetLogs);
    case Task::kCounts: return (TermSet{1} << number_sums::kNumSums) - 1;
    case Task::kRanking: return 0;
  }
  return 0;
}

absl::Status CheckBinaryRows(const ScoredRows& rows) {
  for (size_t row = 0; row < rows.targets.size(); ++row) {
    if (!(rows.scores[row] >= 0 && rows.scores[row] <= 1)) {
      return absl::InvalidArgumentError(
          fmt::format("row {}: the score is {}; it must be a probability in [0, 1]", row, rows.scores[row]));
    }
    if (rows.targets[row] != 0 && rows.targets[row] != 1) {
      return absl::InvalidArgumentError(
          fmt::format("row {}: the target is {}; it must be 0 or 1", row, rows.targets[row]));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckClassesRows(const ScoredRows& rows) {
  if (rows.num_outputs < 2) {
    return absl::InvalidArgumentError(
        fmt::format("a row has {} scores; it must have one for each of two or more classes", rows.num_outputs));
  }
  const auto classes = static_cast<size_t>(rows.num_outputs);
  for (size_t row = 0; row < rows.targets.size(); ++row) {
    TRY(ClassOf(rows, row).status());
    TRY(CheckProbabilities(rows.scores.subspan(row * classes, classes), row));
  }
  return absl::OkStatus();
}

absl::Status CheckNumberRows(const ScoredRows& rows, double least) {
  for (size_t row = 0; row < rows.targets.size(); ++row) {
    for (const auto& [name, value] : {std::pair("score", rows.scores[row]), std::pair("target", rows.targets[row])}) {
      if (value >= least && value <= kLargestValue) continue;
      return absl::InvalidArgumentError(fmt::format("row {}: the {} is {}; it must be a number from {} to {}", row,
                                                    name, value, least, kLargestValue));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckTaskRows(Task task, const ScoredRows& rows) {
  TRY(CheckRows(rows));
  if (task == Task::kClasses) return CheckClassesRows(rows);
  if (rows.num_outputs != 1) {
    return absl::InvalidArgumentError(fmt::format("a row has {} scores; it must have one", rows.num_outputs));
  }
  switch (task) {
    case Task::kBinary: return CheckBinaryRows(rows);
    case Task::kNumber: return CheckNumberRows(rows, -kLargestValue);
    case Task::kCounts: return CheckNumberRows(rows, 0);
    case Task::kRanking: return SortedRankedRows(rows).status();
    case Task::kClasses: break;
  }
  return absl::OkStatus();
}

int32_t NumSums(Task task, int32_t num_outputs) {
  switch (task) {
    case Task::kBinary: return binary_sums::kNumSums;
    case Task::kClasses: return classes_sums::kFirstOfClass + (num_outputs + 1) * classes_sums::kSumsOfClass;
    case Task::kNumber:
    case Task::kCounts: return number_sums::kNumSums;
    case Task::kRanking: return ranking_sums::kNumSums;
  }
  return 0;
}

// Writes those terms that are asked for.
class RowTerms::Writer {
 public:
  Writer(double* terms, int32_t* sums, TermSet wanted, double weight)
      : terms_(terms), sums_(sums), wanted_(wanted), weight_(weight) {}

  bool Wants(TermSet term) const { return (wanted_ & term) != 0; }
  void Add(int32_t sum, double term) {
    *terms_++ = weight_ * term;
    *sums_++ = sum;
  }

 private:
  double* terms_;
  int32_t* sums_;
  TermSet wanted_;
  double weight_;
};

RowTerms::RowTerms(Task task, const ScoredRows& rows, const TermOptions& options)
    : task_(task), rows_(rows), options_(options) {
  options_.terms &= AllTermsOf(task);
  if (options.amounts == nullptr && options.values.empty()) {
    if (task == Task::kBinary) options_.terms &= ~TermSet{binary_sums::kValue};
    if (task == Task::kNumber || task == Task::kCounts) options_.terms &= ~number_sums::Term(number_sums::kValues);
  }
  count_ = static_cast<size_t>(std::popcount(options_.terms));
  // Of a class: what is true, what is predicted, and both; of the places 2, 3, 5 and 10.
  if (task == Task::kClasses && (options_.terms & classes_sums::kPerClass) != 0) count_ += 2;
  if (task == Task::kClasses && (options_.terms & classes_sums::kTop) != 0) count_ += 3;
}

void RowTerms::Write(size_t row, double* terms, int32_t* sums) const {
  Writer writer(terms, sums, options_.terms, rows_.WeightOf(row));
  switch (task_) {
    case Task::kBinary: return WriteBinary(row, writer);
    case Task::kClasses: return WriteClasses(row, writer);
    case Task::kNumber: return WriteNumber(row, writer);
    case Task::kCounts: return WriteCounts(row, writer);
    case Task::kRanking: return;
  }
}

void RowTerms::WriteBinary(size_t row, Writer& writer) const {
  using namespace binary_sums;
  const double score = rows_.scores[row];
  const bool is_positive = rows_.targets[row] == 1;
  const bool is_predicted = score >= options_.threshold;
  if (writer.Wants(kOutcome)) writer.Add((is_positive ? 2 : 0) + (is_predicted ? 1 : 0), 1);
  if (writer.Wants(kScore)) writer.Add(kScores, score);
  if (writer.Wants(kLoss)) {
    const double clipped = std::clamp(score, kEpsilon, 1 - kEpsilon);
    writer.Add(kLosses, is_positive ? -std::log(clipped) : -std::log1p(-clipped));
  }
  if (writer.Wants(kSquare)) writer.Add(kSquares, is_positive ? (1 - score) * (1 - score) : score * score);
  if (writer.Wants(kPositiveScore)) writer.Add(kPositiveScores, is_positive ? score : 0);
  if (writer.Wants(kValue) && !options_.values.empty()) {
    writer.Add(kValues, options_.values[row]);
  } else if (writer.Wants(kValue)) {
    const OutcomeAmounts& of = options_.amounts->outcomes;
    writer.Add(kValues, is_positive ? (is_predicted ? of.true_positive : of.false_negative).At(row)
                                    : (is_predicted ? of.false_positive : of.true_negative).At(row));
  }
}

void RowTerms::WriteClasses(size_t row, Writer& writer) const {
  using namespace classes_sums;
  const auto classes = static_cast<size_t>(rows_.num_outputs);
  const std::span<const double> probabilities = rows_.scores.subspan(row * classes, classes);
  const double target = rows_.targets[row];
  const ClassRow judged = JudgeClasses(probabilities, target < 0 ? rows_.num_outputs : static_cast<int32_t>(target), 1);
  if (writer.Wants(kWeight)) writer.Add(kWeights, 1);
  if (writer.Wants(kLoss)) writer.Add(kLosses, -std::log(std::clamp(judged.probability, kEpsilon, 1 - kEpsilon)));
  if (writer.Wants(kSquare)) {
    double squares = judged.truth < rows_.num_outputs ? 1 - 2 * judged.probability : 1;
    for (const double probability : probabilities) squares += probability * probability;
    writer.Add(kSquares, squares);
  }
  const bool is_hit = judged.truth == judged.predicted;
  if (writer.Wants(kHit)) writer.Add(kHits, is_hit ? 1 : 0);
  if (writer.Wants(kTop)) {
    const int32_t place = judged.truth < rows_.num_outputs ? judged.place : std::numeric_limits<int32_t>::max();
    writer.Add(kTop2, place < 2 ? 1 : 0);
    writer.Add(kTop3, place < 3 ? 1 : 0);
    writer.Add(kTop5, place < 5 ? 1 : 0);
    writer.Add(kTop10, place < 10 ? 1 : 0);
  }
  if (writer.Wants(kPerClass)) {
    writer.Add(kFirstOfClass + judged.truth * kSumsOfClass, 1);
    writer.Add(kFirstOfClass + judged.predicted * kSumsOfClass + 1, 1);
    writer.Add(kFirstOfClass + judged.truth * kSumsOfClass + 2, is_hit ? 1 : 0);
  }
}

void RowTerms::WriteNumber(size_t row, Writer& writer) const {
  using namespace number_sums;
  const double target = rows_.targets[row];
  const double score = rows_.scores[row];
  const double centred_target = target - options_.centre;
  const double centred_score = score - options_.centre;
  const double error = score - target;
  const auto add = [&writer](Total sum, double term) {
    if (writer.Wants(Term(sum))) writer.Add(sum, term);
  };
  add(kWeights, 1);
  add(kCentres, options_.centre);
  add(kTargets, centred_target);
  add(kScores, centred_score);
  add(kTargetSquares, centred_target * centred_target);
  add(kScoreSquares, centred_score * centred_score);
  add(kProducts, centred_target * centred_score);
  add(kErrors, error);
  add(kSizes, std::abs(error));
  add(kErrorSquares, error * error);
  add(kErrorShares, std::abs(error) / std::max(std::abs(target), kEpsilon));
  const bool has_logs = target >= 0 && score >= 0;
  if (writer.Wants(Term(kLogSquares))) {
    const double difference = has_logs ? std::log1p(score) - std::log1p(target) : 0;
    writer.Add(kLogSquares, difference * difference);
  }
  add(kNoLogs, has_logs ? 0 : 1);
  add(kTargetsCounted, target);
  add(kZeros, target == 0 ? 1 : 0);
  if (!options_.values.empty()) {
    add(kValues, options_.values[row]);
  } else if (writer.Wants(Term(kValues))) {
    const ErrorAmounts& of = options_.amounts->errors;
    writer.Add(kValues, error > 0 ? -of.over.At(row) * error : of.under.At(row) * error);
  }
}

void RowTerms::WriteCounts(size_t row, Writer& writer) const {
  using namespace number_sums;
  WriteNumber(row, writer);
  const double target = rows_.targets[row];
  if (writer.Wants(Term(kDeviances))) writer.Add(kDeviances, PoissonDeviance(target, rows_.scores[row]));
  if (writer.Wants(Term(kTargetLogs))) writer.Add(kTargetLogs, target > 0 ? target * std::log(target) : 0);
}

}  // namespace roost::evaluate
