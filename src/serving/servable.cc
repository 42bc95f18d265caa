#include "serving/servable.h"

#include <algorithm>
#include <cmath>
#include <numeric>
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
    : name_(std::move(name)), version_(version), model_(std::move(model)), statistics_(std::make_unique<Statistics>()) {
  for (const auto& input : model_.inputs()) inputs_.push_back({input.name, PreferredDatatype(input.kind), {-1}});
  inputs_by_name_.resize(model_.inputs().size());
  std::iota(inputs_by_name_.begin(), inputs_by_name_.end(), size_t{0});
  std::sort(inputs_by_name_.begin(), inputs_by_name_.end(),
            [&](size_t a, size_t b) { return model_.inputs()[a].name < model_.inputs()[b].name; });
  if (model_.task() == predict::Task::kClasses) {
    outputs_.push_back({"probabilities", Datatype::kFp64, {-1, model_.num_outputs()}});
    outputs_.push_back({"class", Datatype::kBytes, {-1}});
  } else {
    outputs_.push_back({model_.OutputNames().front(), Datatype::kFp64, {-1}});
  }
}

std::optional<size_t> Servable::FindInput(std::string_view input) const {
  const auto inputs = model_.inputs();
  const auto found =
      std::lower_bound(inputs_by_name_.begin(), inputs_by_name_.end(), input,
                       [&](size_t position, std::string_view name) { return inputs[position].name < name; });
  if (found == inputs_by_name_.end() || inputs[*found].name != input) return std::nullopt;
  return *found;
}

absl::StatusOr<std::shared_ptr<const Servable>> Servable::Parse(std::string name, int64_t version,
                                                                std::string_view bytes, std::string onnx) {
  const std::string what = fmt::format("model {}@{}", name, version);
  TRY_ASSIGN(const Json json, ParseJson(bytes, what));
  auto model = predict::ScoringModel::FromParts(json, std::move(onnx));
  if (!model.ok()) return Annotate(model.status(), what);
  return std::make_shared<const Servable>(std::move(name), version, *std::move(model));
}

absl::Status Servable::WarmUp() const {
  const size_t num_inputs = model_.inputs().size();
  std::vector<column::Value> values(2 * num_inputs);
  for (size_t i = 0; i < num_inputs; ++i) values[num_inputs + i] = PlainValue(model_.inputs()[i].kind);
  std::vector<double> outputs(2 * static_cast<size_t>(model_.num_outputs()));
  transform::FeatureVector scratch;
  const absl::Status scored = model_.ScoreRows(values, scratch, outputs);
  if (!scored.ok()) return Annotate(scored, fmt::format("model {}@{}: its warm-up rows", name_, version_));
  for (const double output : outputs) {
    if (std::isfinite(output)) continue;
    return absl::InternalError(
        fmt::format("model {}@{}: a warm-up row scores {}, which is no number", name_, version_, output));
  }
  return absl::OkStatus();
}

}  // namespace roost::serving
