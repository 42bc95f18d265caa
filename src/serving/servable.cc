#include "serving/servable.h"

#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/status.h"

namespace roost::serving {
namespace {

Datatype PreferredDatatype(column::Kind kind) {
  switch (kind) {
    case column::Kind::kNumber: return Datatype::kFp64;
    case column::Kind::kText: return Datatype::kBytes;
    case column::Kind::kTime: return Datatype::kInt64;
    case column::Kind::kTextList:
    case column::Kind::kNumberList: return Datatype::kBytes;
  }
  return Datatype::kBytes;
}

column::Value PlainValue(column::Kind kind) {
  switch (kind) {
    case column::Kind::kNumber: return 1.0;
    case column::Kind::kText: return std::string_view("a");
    case column::Kind::kTime: return int64_t{0};
    case column::Kind::kTextList: return std::span<const std::string_view>();
    case column::Kind::kNumberList: return std::span<const double>();
  }
  return {};
}

}  // namespace

Servable::Servable(std::string name, int64_t version, predict::ScoringModel model)
    : name_(std::move(name)), version_(version), model_(std::move(model)) {
  for (const auto& input : model_.inputs()) inputs_.push_back({input.name, PreferredDatatype(input.kind), {-1}});
  outputs_.push_back({"probability", Datatype::kFp64, {-1}});
}

absl::StatusOr<std::shared_ptr<const Servable>> Servable::Parse(std::string name, int64_t version,
                                                                std::string_view bytes) {
  const std::string what = fmt::format("model {}@{}", name, version);
  TRY_ASSIGN(const Json json, ParseJson(bytes, what));
  auto model = predict::ScoringModel::FromJson(json);
  if (!model.ok()) return Annotate(model.status(), what);
  return std::make_shared<const Servable>(std::move(name), version, *std::move(model));
}

absl::Status Servable::WarmUp() const {
  transform::FeatureVector scratch;
  std::vector<column::Value> row(model_.inputs().size());
  const double score_of_missing = model_.ScoreRow(row, scratch);
  for (size_t i = 0; i < row.size(); ++i) row[i] = PlainValue(model_.inputs()[i].kind);
  const double score_of_plain = model_.ScoreRow(row, scratch);
  if (std::isfinite(score_of_missing) && std::isfinite(score_of_plain)) return absl::OkStatus();
  return absl::InternalError(fmt::format("model {}@{}: its warm-up rows score {} and {}, which are no probabilities",
                                         name_, version_, score_of_missing, score_of_plain));
}

}  // namespace roost::serving
