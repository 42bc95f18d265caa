#include "serving/recorded_requests.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <deque>
#include <optional>
#include <vector>

#include <fmt/format.h>
#include <simdjson.h>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/status.h"
#include "column/value.h"

namespace roost::serving {
namespace {

constexpr int64_t kMaxRows = 16;
constexpr size_t kMaxBytes = size_t{256} << 10;
constexpr double kOnnxTolerance = 1e-4;
constexpr int kFormatVersion = 1;

bool IsUtf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

// Empty where JSON cannot hold the value; a missing value is null.
std::optional<Json> ToJson(const column::Value& value) {
  if (std::holds_alternative<std::monostate>(value)) return Json(nullptr);
  if (const auto* number = std::get_if<double>(&value)) {
    return std::isfinite(*number) ? std::optional<Json>(*number) : std::nullopt;
  }
  if (const auto* micros = std::get_if<int64_t>(&value)) return Json(*micros);
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    return IsUtf8(*text) ? std::optional<Json>(std::string(*text)) : std::nullopt;
  }
  Json list = Json::array();
  if (const auto* texts = std::get_if<std::span<const std::string_view>>(&value)) {
    for (const std::string_view text : *texts) {
      if (!IsUtf8(text)) return std::nullopt;
      list.push_back(std::string(text));
    }
    return list;
  }
  for (const double number : std::get<std::span<const double>>(value)) {
    if (!std::isfinite(number)) return std::nullopt;
    list.push_back(number);
  }
  return list;
}

// The values of one row, read from JSON; owns what they point to.
class RecordedRow {
 public:
  absl::Status Add(const Json& json, const transform::InputColumn& input) {
    const auto fail = [&] {
      return absl::InvalidArgumentError(
          fmt::format("a recorded '{}' is no {}", input.name, column::KindName(input.kind)));
    };
    column::Value value;
    if (!json.is_null()) {
      switch (input.kind) {
        case column::Kind::kNumber:
          if (!json.is_number()) return fail();
          value = json.get<double>();
          break;
        case column::Kind::kTime:
          if (!json.is_number_integer()) return fail();
          value = json.get<int64_t>();
          break;
        case column::Kind::kText:
          if (!json.is_string()) return fail();
          value = std::string_view(texts_.emplace_back(json.get<std::string>()));
          break;
        case column::Kind::kTextList:
        case column::Kind::kNumberList:
          if (!AddList(json, input.kind, value)) return fail();
      }
    }
    values_.push_back(value);
    return absl::OkStatus();
  }

  std::span<const column::Value> values() const { return values_; }

 private:
  bool AddList(const Json& json, column::Kind kind, column::Value& value) {
    if (!json.is_array()) return false;
    if (kind == column::Kind::kNumberList) {
      auto& numbers = number_lists_.emplace_back();
      for (const Json& element : json) {
        if (!element.is_number()) return false;
        numbers.push_back(element.get<double>());
      }
      value = std::span<const double>(numbers);
      return true;
    }
    auto& list = text_lists_.emplace_back();
    for (const Json& element : json) {
      if (!element.is_string()) return false;
      list.emplace_back(texts_.emplace_back(element.get<std::string>()));
    }
    value = std::span<const std::string_view>(list);
    return true;
  }

  std::deque<std::string> texts_;  // a deque: what was handed out stays where it is
  std::deque<std::vector<std::string_view>> text_lists_;
  std::deque<std::vector<double>> number_lists_;
  std::vector<column::Value> values_;
};

// The record of one row; empty where it cannot be one.
std::optional<Json> Record(const predict::ScoringModel& model, std::span<const column::ColumnView* const> columns,
                           int64_t row) {
  std::vector<column::ListStorage> lists(columns.size());
  std::vector<column::Value> values(columns.size());
  Json inputs = Json::array();
  for (size_t i = 0; i < columns.size(); ++i) {
    const bool none = columns[i]->type() == column::Type::kNull;
    if (!none) values[i] = column::ValueAt(*columns[i], model.inputs()[i].kind, row, lists[i]);
    std::optional<Json> json = ToJson(values[i]);
    if (!json.has_value()) return std::nullopt;
    inputs.push_back(*std::move(json));
  }
  std::vector<double> outputs(static_cast<size_t>(model.num_outputs()));
  transform::FeatureVector scratch;
  const bool scored = model.ScoreRows(values, scratch, outputs).ok();
  if (!scored || !std::all_of(outputs.begin(), outputs.end(), [](double o) { return std::isfinite(o); })) {
    return std::nullopt;
  }
  return Json{{"inputs", std::move(inputs)}, {"outputs", outputs}};
}

bool IsSame(double answer, double recorded, bool onnx) {
  if (!onnx) return std::bit_cast<uint64_t>(answer) == std::bit_cast<uint64_t>(recorded);
  return std::fabs(answer - recorded) <= kOnnxTolerance * std::max(1.0, std::fabs(recorded));
}

absl::Status Replay(const predict::ScoringModel& model, const Json& record, size_t number) {
  const auto damaged = [&] {
    return absl::InvalidArgumentError(
        fmt::format("recorded request {} is not one of a model with {} inputs and {} outputs", number,
                    model.inputs().size(), model.num_outputs()));
  };
  if (!record.is_object() || !record.contains("inputs") || !record.contains("outputs")) return damaged();
  const Json& inputs = record["inputs"];
  const Json& outputs = record["outputs"];
  if (!inputs.is_array() || inputs.size() != model.inputs().size() || !outputs.is_array() ||
      outputs.size() != static_cast<size_t>(model.num_outputs())) {
    return damaged();
  }
  RecordedRow row;
  for (size_t i = 0; i < inputs.size(); ++i) TRY(row.Add(inputs[i], model.inputs()[i]));
  std::vector<double> answers(outputs.size());
  transform::FeatureVector scratch;
  TRY(Annotate(model.ScoreRows(row.values(), scratch, answers), fmt::format("recorded request {}", number)));
  for (size_t i = 0; i < answers.size(); ++i) {
    if (!outputs[i].is_number()) return damaged();
    const double recorded = outputs[i].get<double>();
    if (IsSame(answers[i], recorded, model.onnx() != nullptr)) continue;
    return absl::InternalError(fmt::format(
        "it answers recorded request {} with {}; when it was registered it answered {}", number, answers[i], recorded));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> RecordRequests(const predict::ScoringModel& model,
                                           std::span<const column::BatchView> batches) {
  int64_t num_rows = 0;
  for (const column::BatchView& batch : batches) num_rows += batch.num_rows();
  const int64_t wanted = std::min(kMaxRows, num_rows);
  Json rows = Json::array();
  size_t bytes = 0;
  int64_t first = 0, next = 0;  // the first row of the batch, and which of the wanted rows comes next
  for (const column::BatchView& batch : batches) {
    std::vector<const column::ColumnView*> columns;
    for (const transform::InputColumn& input : model.inputs()) {
      TRY_ASSIGN(const column::ColumnView* column, batch.Require(input.name));
      TRY(predict::CheckColumnKind(*column, input));
      columns.push_back(column);
    }
    for (; next < wanted && next * num_rows / wanted < first + batch.num_rows(); ++next) {
      std::optional<Json> record = Record(model, columns, next * num_rows / wanted - first);
      if (!record.has_value()) continue;
      bytes += ToLine(*record).size();
      if (bytes <= kMaxBytes) rows.push_back(*std::move(record));
    }
    first += batch.num_rows();
  }
  return ToLine(Json{{"version", kFormatVersion}, {"rows", std::move(rows)}}) + "\n";
}

absl::Status ReplayRequests(const predict::ScoringModel& model, std::string_view recorded) {
  TRY_ASSIGN(const Json json, ParseJson(recorded, "the recorded requests"));
  const bool known = json.is_object() && json.value("version", Json()) == kFormatVersion && json.contains("rows") &&
                     json["rows"].is_array();
  if (!known) {
    return absl::InvalidArgumentError(fmt::format("the recorded requests are not of version {}", kFormatVersion));
  }
  for (size_t i = 0; i < json["rows"].size(); ++i) TRY(Replay(model, json["rows"][i], i));
  return absl::OkStatus();
}

}  // namespace roost::serving
