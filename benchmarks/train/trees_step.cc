#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/status.h"
#include "dump.h"
#include "predict/trees.h"
#include "step.h"
#include "steps.h"
#include "train/boosted_trees.h"

namespace roost::benchmark {
namespace {

constexpr int64_t kScoredRows = 20'000;
constexpr int kScoredRuns = 5;

std::vector<transform::FeatureVector> FirstRows(const transform::FeatureRows& rows) {
  std::vector<transform::FeatureVector> first(static_cast<size_t>(std::min(rows.num_rows(), kScoredRows)));
  for (size_t row = 0; row < first.size(); ++row) {
    for (auto entry = static_cast<size_t>(rows.starts[row]); entry < static_cast<size_t>(rows.starts[row + 1]);
         ++entry) {
      first[row].Add(rows.indices[entry], rows.values[entry]);
    }
  }
  return first;
}

// Nanoseconds a row, the least of a few runs; the last run's outputs go to `scores`.
double ScoreRows(const predict::Predictor& predictor, std::span<const transform::FeatureVector> rows,
                 std::vector<double>& scores) {
  double least = 0;
  scores.resize(rows.size());
  for (int run = 0; run < kScoredRuns; ++run) {
    const Step step;
    for (size_t row = 0; row < rows.size(); ++row) predictor.Score(rows[row], std::span(&scores[row], 1));
    const double nanoseconds = step.wall() * 1e9 / static_cast<double>(rows.size());
    least = run == 0 ? nanoseconds : std::min(least, nanoseconds);
  }
  return least;
}

}  // namespace

absl::StatusOr<Json> TreesStep(Words words, const Context& context) {
  TRY_ASSIGN(const Dump dump, ReadDump(words[0]));
  const train::TreesOptions options{
      .task = predict::Task::kBinary, .rounds = 100, .max_depth = 6, .learning_rate = 0.1, .early_stopping = 0};
  const Step step(std::stoll(words[1]));
  TRY_ASSIGN(const train::TreesFit fit, train::FitTrees(dump.Rows(), nullptr, options, nullptr, context));
  Json said{{"wall", step.wall()}, {"cpu", step.cpu()}, {"trees", fit.rounds}};
  std::vector<double> scores;
  said["nanoseconds"] = ScoreRows(*fit.predictor, FirstRows(dump.features), scores);
  TRY(WriteDoubles(words[2], scores));
  return said;
}

}  // namespace roost::benchmark
