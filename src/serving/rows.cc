#include "serving/rows.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/format.h"
#include "base/status.h"

namespace roost::serving {

absl::Status ScoreRows(const Servable& servable, std::span<const column::Value> values, RowScratch& scratch,
                       std::span<double> scores) {
  const absl::Status scored = servable.model().ScoreRows(values, scratch, scores);
  return scored.ok() ? scored : Annotate(scored, fmt::format("model {}@{}", servable.name(), servable.version()));
}

absl::Status CheckFinite(const Servable& servable, std::span<const double> scores, int64_t first_row) {
  for (size_t i = 0; i < scores.size(); ++i) {
    if (std::isfinite(scores[i])) continue;
    const int64_t row = first_row + static_cast<int64_t>(i) / servable.model().num_outputs();
    return absl::InternalError(
        fmt::format("model {}@{} scores row {} as {}", servable.name(), servable.version(), row, scores[i]));
  }
  return absl::OkStatus();
}

absl::Status CheckOutputs(const Servable& servable, int64_t num_rows) {
  const int64_t width = servable.model().num_outputs();
  if (num_rows <= kMaxOutputs / width) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("the outputs of {} rows are {} numbers each; one request gets at most {}", FormatCount(num_rows),
                  FormatCount(width), FormatCount(kMaxOutputs)));
}

size_t MostProbable(std::span<const double> outputs) {
  return static_cast<size_t>(std::max_element(outputs.begin(), outputs.end()) - outputs.begin());
}

}  // namespace roost::serving
