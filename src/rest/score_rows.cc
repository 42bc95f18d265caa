#include "rest/score_rows.h"

#include <optional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/format.h"
#include "base/status.h"
#include "predict/explanation.h"
#include "rest/json_body.h"
#include "rest/json_text.h"
#include "rest/row_scorer.h"
#include "serving/rows.h"

namespace roost::rest {
namespace {

using serving::Servable;
using simdjson::SUCCESS;
using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

constexpr size_t kMaxAnswerBytes = 512 << 20;

/// What a body asks for.
struct ScoreCall {
  std::optional<array> rows;  ///< none: the body is the row
  bool explain = false;
  double threshold;
};

bool IsBinary(const Servable& servable) { return servable.model().task() == predict::Task::kBinary; }

absl::Status ReadMember(std::string_view name, element value, const Servable& servable, ScoreCall& call) {
  if (name == "rows") {
    array rows;
    if (value.get(rows) != SUCCESS) return absl::InvalidArgumentError("'rows' must be an array of rows");
    call.rows = rows;
    return absl::OkStatus();
  }
  if (name == "explain") {
    if (value.get(call.explain) == SUCCESS) return absl::OkStatus();
    return absl::InvalidArgumentError("'explain' must be true or false");
  }
  if (name == "threshold") {
    if (!IsBinary(servable)) {
      return absl::InvalidArgumentError("a 'threshold' is for models of two outcomes only, which this one is not");
    }
    if (value.get(call.threshold) == SUCCESS && call.threshold >= 0 && call.threshold <= 1) return absl::OkStatus();
    return absl::InvalidArgumentError("'threshold' must be a number from 0 to 1");
  }
  const std::string known[] = {"rows", "explain", "threshold"};
  const std::string_view closest = ClosestName(name, known);
  return WithHint(absl::InvalidArgumentError(
                      fmt::format("a request of 'rows' has no member '{}'; it has rows, explain, threshold", name)),
                  closest.empty() ? "columns belong into the rows" : fmt::format("did you mean '{}'?", closest));
}

absl::StatusOr<ScoreCall> ReadCall(element root, const Servable& servable) {
  object members;
  if (root.get(members) != SUCCESS) {
    return absl::InvalidArgumentError(
        fmt::format("the request is {}; it must be a row, an object, or {{\"rows\": [row, ...]}}", KindOf(root)));
  }
  ScoreCall call{.threshold = servable.model().threshold()};
  if (members["rows"].error() != SUCCESS) return call;
  for (const auto [name, value] : members) TRY(ReadMember(name, value, servable, call));
  if (call.explain && call.rows->size() > static_cast<size_t>(kMaxExplainedRows)) {
    return absl::InvalidArgumentError(fmt::format("at most {} rows are explained at once", kMaxExplainedRows));
  }
  return call;
}

void AppendClasses(const Servable& servable, std::span<const double> outputs, std::string& json) {
  const auto classes = servable.model().classes();
  json.append("\"class\":");
  AppendJsonString(classes[serving::MostProbable(outputs)], json);
  json.append(",\"probabilities\":{");
  for (size_t i = 0; i < classes.size(); ++i) {
    if (i > 0) json.push_back(',');
    AppendJsonString(classes[i], json);
    json.push_back(':');
    AppendJsonNumber(outputs[i], json);
  }
  json.push_back('}');
}

/// The members of one row's answer, without braces.
absl::Status AppendRow(const Servable& servable, const ScoreCall& call, std::span<const column::Value> values,
                       std::span<const double> outputs, std::string& json) {
  if (servable.model().task() == predict::Task::kClasses) {
    AppendClasses(servable, outputs, json);
  } else {
    AppendJsonString(servable.outputs().front().name, json);
    json.push_back(':');
    AppendJsonNumber(outputs.front(), json);
    if (IsBinary(servable))
      json.append(outputs.front() >= call.threshold ? ",\"decision\":true" : ",\"decision\":false");
  }
  if (call.explain) {
    TRY_ASSIGN(const predict::Explanation explanation, predict::Explain(servable.model(), values));
    json.append(",\"explanation\":").append(ToLine(predict::ToJson(explanation)));
  }
  return absl::OkStatus();
}

absl::Status AppendRows(const Servable& servable, const ScoreCall& call, const ScoredRows& rows, std::string& json) {
  TRY(serving::CheckFinite(servable, rows.scores, rows.first));
  const size_t columns = servable.inputs().size();
  const auto width = static_cast<size_t>(servable.model().num_outputs());
  for (size_t row = 0; row * width < rows.scores.size(); ++row) {
    if (call.rows.has_value()) json.append(rows.first == 0 && row == 0 ? "{" : ",{");
    TRY(AppendRow(servable, call, rows.values.subspan(row * columns, columns), rows.scores.subspan(row * width, width),
                  json));
    if (call.rows.has_value()) json.push_back('}');
  }
  if (json.size() <= kMaxAnswerBytes) return absl::OkStatus();
  return WithHint(absl::InvalidArgumentError("the answer is too long"), "send fewer rows at once");
}

class ScoreRowsCall final : public RowsCall {
 public:
  explicit ScoreRowsCall(const Servable& servable) : servable_(servable) {}

  Dialect dialect() const override { return Dialect::kRoost; }

  absl::Status Parse(std::string_view body, bool own_memory) override {
    TRY_ASSIGN(json_, JsonBody::Parse(body, own_memory));
    TRY_ASSIGN(call_, ReadCall(json_->root(), servable_));
    answer_.reserve(256);
    answer_ = call_.rows.has_value() ? "{\"rows\":[" : "{";
    return absl::OkStatus();
  }

  absl::Status Read(RowSink& rows) override {
    if (!call_.rows.has_value()) {
      const element row = json_->root();
      return rows.Add({&row, 1});
    }
    for (const element row : *call_.rows) TRY(rows.Add({&row, 1}));
    return absl::OkStatus();
  }

  absl::Status Take(const ScoredRows& rows) override { return AppendRows(servable_, call_, rows, answer_); }

  absl::Status Finish(net::HttpResponse& response) override {
    if (call_.rows.has_value()) answer_.push_back(']');
    if (IsBinary(servable_)) {
      answer_.append(",\"threshold\":");
      AppendJsonNumber(call_.threshold, answer_);
    }
    answer_.append(",\"model\":");
    AppendJsonString(servable_.name(), answer_);
    answer_.append(",\"version\":");
    AppendJsonNumber(servable_.version(), answer_);
    answer_.append(",\"request_id\":");
    AppendJsonString(response.notes.request_id, answer_);
    answer_.push_back('}');
    response.body = std::move(answer_);
    return absl::OkStatus();
  }

 private:
  const Servable& servable_;
  std::optional<JsonBody> json_;
  ScoreCall call_{};
  std::string answer_;
};

}  // namespace

absl::Status ScoreJsonRows(const Servable& servable, std::string_view body, net::HttpResponse& response,
                           serving::Clock::time_point start) {
  ScoreRowsCall call(servable);
  return ScoreNow(call, servable, body, start, response);
}

std::unique_ptr<RowsCall> NewScoreCall(const Servable& servable) { return std::make_unique<ScoreRowsCall>(servable); }

}  // namespace roost::rest
