#include "serving/servable.h"

#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <numeric>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/status.h"
#include "predict/plain_onnx.h"
#include "serving/recorded_requests.h"

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

// Bytes that the process has allocated, whichever way, in all arenas.
int64_t HeapBytes() {
  const struct mallinfo2 heap = mallinfo2();
  return static_cast<int64_t>(heap.uordblks + heap.hblkhd);
}

absl::StatusOr<predict::ScoringModel> ParseModel(std::string_view bytes, std::string onnx, int intra_op_threads) {
  if (bytes.empty() && !onnx.empty()) return predict::FromPlainOnnx(std::move(onnx), intra_op_threads);
  TRY_ASSIGN(const Json json, ParseJson(bytes, "model.json"));
  return predict::ScoringModel::FromParts(json, std::move(onnx), intra_op_threads);
}

/// What scoring `row` takes: the least of some times, of the processor and not of the clock, because the thread that
/// loads has the lowest priority.
std::chrono::nanoseconds MeasureRow(const predict::ScoringModel& model, std::span<const column::Value> row) {
  constexpr int kTimes = 5;
  const auto now = [] {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  };
  std::vector<double> outputs(static_cast<size_t>(model.num_outputs()));
  transform::FeatureVector scratch;
  auto least = std::chrono::nanoseconds::max();
  for (int i = 0; i < kTimes; ++i) {
    const auto begin = now();
    if (!model.ScoreRows(row, scratch, outputs).ok()) break;
    least = std::min<std::chrono::nanoseconds>(least, now() - begin);
  }
  return least == std::chrono::nanoseconds::max() ? std::chrono::nanoseconds(0) : least;
}

absl::Status ScoreFinite(const predict::ScoringModel& model, std::span<const column::Value> row) {
  std::vector<double> outputs(static_cast<size_t>(model.num_outputs()));
  transform::FeatureVector scratch;
  TRY(model.ScoreRows(row, scratch, outputs));
  for (const double output : outputs) {
    if (!std::isfinite(output)) return absl::InternalError(fmt::format("it scores {}, which is no number", output));
  }
  return absl::OkStatus();
}

}  // namespace

Servable::Servable(std::string name, int64_t version, predict::ScoringModel model, ServingOptions options)
    : name_(std::move(name)),
      version_(version),
      model_(std::move(model)),
      options_(std::move(options)),
      may_be_slow_(options_.execution == Execution::kAuto && model_.onnx() != nullptr),
      statistics_(std::make_unique<Statistics>()),
      row_cost_(std::make_unique<RowCost>()) {
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
                                                                std::string_view bytes, std::string onnx,
                                                                ServingOptions options) {
  const std::string what = fmt::format("model {}@{}", name, version);
  const int64_t before = HeapBytes();
  const auto file_bytes = static_cast<int64_t>(bytes.size() + onnx.size());
  auto model = ParseModel(bytes, std::move(onnx), options.intra_op_threads);
  if (!model.ok()) return Annotate(model.status(), what);
  auto servable = std::make_shared<Servable>(std::move(name), version, *std::move(model), std::move(options));
  servable->memory_bytes_ = std::max(file_bytes, HeapBytes() - before);
  return servable;
}

absl::Status Servable::WarmUp(std::string_view recorded) const {
  const std::string what = fmt::format("model {}@{}", name_, version_);
  std::vector<column::Value> plain(model_.inputs().size());
  for (size_t i = 0; i < plain.size(); ++i) plain[i] = PlainValue(model_.inputs()[i].kind);
  TRY(Annotate(ScoreFinite(model_, plain), fmt::format("{}: a warm-up row", what)));
  const absl::Status missing = ScoreFinite(model_, std::vector<column::Value>(plain.size()));
  // Inputs of integers cannot say that a value is missing.
  const bool refused = model_.onnx() != nullptr && absl::IsInvalidArgument(missing);
  if (!refused) TRY(Annotate(missing, fmt::format("{}: a warm-up row without values", what)));
  if (!recorded.empty()) TRY(Annotate(ReplayRequests(model_, recorded), what));
  row_cost_->Begin(MeasureRow(model_, plain));
  return absl::OkStatus();
}

}  // namespace roost::serving
