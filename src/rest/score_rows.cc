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

}  // namespace

absl::Status ScoreJsonRows(const Servable& servable, std::string_view body, net::HttpResponse& response) {
  TRY_ASSIGN(const JsonBody json, JsonBody::Parse(body));
  TRY_ASSIGN(const ScoreCall call, ReadCall(json.root(), servable));
  std::string answer;
  answer.reserve(256);
  answer = call.rows.has_value() ? "{\"rows\":[" : "{";
  const auto append = [&](const ScoredRows& rows) { return AppendRows(servable, call, rows, answer); };
  RowScorer scorer(servable, Dialect::kRoost, append);
  if (call.rows.has_value()) {
    for (const element row : *call.rows) TRY(scorer.Add({&row, 1}));
  } else {
    const element row = json.root();
    TRY(scorer.Add({&row, 1}));
  }
  TRY(scorer.Finish());
  response.notes.rows = scorer.num_rows();
  if (call.rows.has_value()) answer.push_back(']');
  if (IsBinary(servable)) {
    answer.append(",\"threshold\":");
    AppendJsonNumber(call.threshold, answer);
  }
  answer.append(",\"model\":");
  AppendJsonString(servable.name(), answer);
  answer.append(",\"version\":");
  AppendJsonNumber(servable.version(), answer);
  answer.append(",\"request_id\":");
  AppendJsonString(response.notes.request_id, answer);
  answer.push_back('}');
  response.body = std::move(answer);
  return absl::OkStatus();
}

}  // namespace roost::rest
