#include "predict/model.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "absl/status/status.h"
#include "base/check.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "predict/parse.h"
#include "transform/json_object.h"

namespace roost::predict {
namespace {

constexpr int64_t kVersion = 1;
constexpr int64_t kPieceRows = 4'096;

}  // namespace

absl::StatusOr<ScoringModel> ScoringModel::Make(transform::Transform transform,
                                                std::shared_ptr<const Predictor> predictor) {
  ROOST_CHECK(predictor != nullptr, "a model without a predictor");
  if (predictor->num_features() != transform.num_features()) {
    return absl::InvalidArgumentError(
        fmt::format("model: its {} predictor takes {} features, and its transform gives {}", predictor->kind(),
                    predictor->num_features(), transform.num_features()));
  }
  return ScoringModel(std::move(transform), std::move(predictor));
}

absl::StatusOr<std::vector<double>> ScoringModel::ScoreBatch(const column::BatchView& batch,
                                                             const Context& context) const {
  TRY_ASSIGN(const transform::FeatureRows rows, transform_.ApplyBatch(batch, context));
  std::vector<double> scores(static_cast<size_t>(rows.num_rows()));
  const auto num_pieces = static_cast<size_t>((rows.num_rows() + kPieceRows - 1) / kPieceRows);
  const auto score_piece = [&](size_t piece) -> absl::Status {
    TRY(context.CheckCancelled());
    transform::FeatureVector features;
    const int64_t begin = static_cast<int64_t>(piece) * kPieceRows;
    const int64_t end = std::min(begin + kPieceRows, rows.num_rows());
    for (int64_t row = begin; row < end; ++row) {
      const int64_t first = rows.starts[static_cast<size_t>(row)];
      const int64_t last = rows.starts[static_cast<size_t>(row) + 1];
      features.indices.assign(rows.indices.begin() + first, rows.indices.begin() + last);
      features.values.assign(rows.values.begin() + first, rows.values.begin() + last);
      predictor_->Score(features, {&scores[static_cast<size_t>(row)], 1});
    }
    return absl::OkStatus();
  };
  TRY(context.pool->ParallelFor(num_pieces, score_piece));
  return scores;
}

double ScoringModel::ScoreRow(std::span<const column::Value> row, transform::FeatureVector& scratch) const {
  transform_.ApplyRow(row, scratch);
  double score = 0;
  predictor_->Score(scratch, {&score, 1});
  return score;
}

Json ScoringModel::ToJson() const {
  return {{"version", kVersion}, {"transform", transform_.ToJson()}, {"predictor", predictor_->ToJson()}};
}

absl::StatusOr<ScoringModel> ScoringModel::FromJson(const Json& json) {
  TRY_ASSIGN(const auto object, transform::JsonObject::Make(json, "model", {"version", "transform", "predictor"}));
  TRY(object.Integer("version", kVersion, kVersion).status());
  TRY_ASSIGN(const Json* transform_json, object.Any("transform"));
  TRY_ASSIGN(const Json* predictor_json, object.Any("predictor"));
  auto transform = transform::Transform::FromJson(*transform_json);
  if (!transform.ok()) return Annotate(transform.status(), "model");
  auto predictor = ParsePredictor(*predictor_json);
  if (!predictor.ok()) return Annotate(predictor.status(), "model");
  return Make(*std::move(transform), *std::move(predictor));
}

}  // namespace roost::predict
