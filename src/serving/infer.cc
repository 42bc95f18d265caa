#include "serving/infer.h"

#include <algorithm>

#include "base/status.h"
#include "serving/bound_request.h"
#include "serving/rows.h"

namespace roost::serving {
namespace {

/// The model's outputs of all rows, row-major. Internal where one is no number.
absl::StatusOr<std::vector<double>> Score(const Servable& servable, const BoundRequest& request) {
  constexpr int64_t kPieceRows = 1'024;
  const auto width = static_cast<size_t>(servable.model().num_outputs());
  const int64_t num_rows = request.num_rows();
  std::vector<double> scores(static_cast<size_t>(num_rows) * width);
  std::vector<column::Value> values;
  RowScratch scratch;
  for (int64_t begin = 0; begin < num_rows; begin += kPieceRows) {
    const int64_t end = std::min(begin + kPieceRows, num_rows);
    values.clear();
    request.AppendValues(begin, end, values);
    const auto piece =
        std::span(scores).subspan(static_cast<size_t>(begin) * width, static_cast<size_t>(end - begin) * width);
    TRY(ScoreRows(servable, values, scratch, piece));
    TRY(CheckFinite(servable, piece, begin));
  }
  return scores;
}

absl::StatusOr<InferResponse> InferFrom(Clock::time_point start, const Servable& servable,
                                        const InferRequest& request) {
  TRY_ASSIGN(const BoundRequest bound, BoundRequest::Bind(servable, request));
  const Clock::time_point began = Clock::now();
  TRY_ASSIGN(const std::vector<double> scores, Score(servable, bound));
  InferResponse response = bound.Answer(scores);
  const Clock::time_point scored = Clock::now();
  servable.statistics().AddSuccess(bound.num_rows(), scored - start, scored - began);
  return response;
}

}  // namespace

absl::StatusOr<InferResponse> Infer(const ModelManager& models, const InferRequest& request) {
  TRY_ASSIGN(const auto servable, models.Find(request.model_name, request.model_version));
  return Infer(*servable, request, Clock::now());
}

absl::StatusOr<InferResponse> Infer(const Servable& servable, const InferRequest& request, Clock::time_point start) {
  absl::StatusOr<InferResponse> response = InferFrom(start, servable, request);
  if (!response.ok()) servable.statistics().AddFailure(Clock::now() - start);
  return response;
}

}  // namespace roost::serving
