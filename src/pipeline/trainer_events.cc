#include "pipeline/trainer_events.h"

#include <cmath>
#include <utility>

#include <nlohmann/json.hpp>

#include "base/format.h"
#include "base/json.h"
#include "base/utf8.h"

namespace roost::pipeline {
namespace {

constexpr size_t kMaxNameBytes = 100;
constexpr size_t kMaxTextBytes = 1000;

std::optional<double> FiniteIn(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_number()) return std::nullopt;
  const double value = found->get<double>();
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

/// A whole number that is not negative; 0 where there is none.
int64_t CountIn(const Json& json, const char* key) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_number_unsigned()) return 0;
  const auto count = found->get<uint64_t>();
  return count > INT64_MAX ? INT64_MAX : static_cast<int64_t>(count);
}

std::optional<TrainerEvent> ProgressIn(const Json& json) {
  if (!json.is_object() || !json.contains("step")) return std::nullopt;
  return TrainerProgress{CountIn(json, "step"), CountIn(json, "steps"), FiniteIn(json, "loss")};
}

std::optional<TrainerEvent> MetricIn(const Json& json) {
  if (!json.is_object()) return std::nullopt;
  const auto name = json.find("name");
  const std::optional<double> value = FiniteIn(json, "value");
  if (name == json.end() || !name->is_string() || !value.has_value()) return std::nullopt;
  const auto& text = name->get_ref<const std::string&>();
  if (text.empty() || text.size() > kMaxNameBytes) return std::nullopt;
  return TrainerMetric{Printable(text), *value};
}

std::optional<TrainerEvent> MessageIn(const Json& json) {
  if (!json.is_string()) return std::nullopt;
  return TrainerMessage{Printable(CutUtf8(json.get_ref<const std::string&>(), kMaxTextBytes))};
}

}  // namespace

std::optional<TrainerEvent> ParseTrainerEvent(std::string_view line) {
  // Most lines of a log are none: they are not parsed.
  if (!line.starts_with('{') || line.size() > TrainerEvents::kMaxLineBytes) return std::nullopt;
  const auto json = ParseJson(line, "an event");
  if (!json.ok() || !json->is_object() || json->size() != 1) return std::nullopt;
  const std::string& key = json->begin().key();
  const Json& value = json->begin().value();
  if (key == "progress") return ProgressIn(value);
  if (key == "metric") return MetricIn(value);
  if (key == "message") return MessageIn(value);
  return std::nullopt;
}

void TrainerEvents::Append(std::string_view bytes, const std::function<void(std::string_view)>& log,
                           const std::function<void(const TrainerEvent&)>& on_event) {
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
    if (!too_long_ && line_.size() + piece.size() > kMaxLineBytes) {
      too_long_ = true;
      log(line_);
      line_.clear();
    }
    if (too_long_) {
      log(piece);
    } else {
      line_ += piece;
    }
    if (end == std::string_view::npos) break;
    if (too_long_) {
      log("\n");
    } else {
      TakeLine(line_, log, on_event);
    }
    line_.clear();
    too_long_ = false;
  }
  if (progress_.has_value()) on_event(*std::exchange(progress_, std::nullopt));
}

void TrainerEvents::Finish(const std::function<void(std::string_view)>& log,
                           const std::function<void(const TrainerEvent&)>& on_event) {
  if (!line_.empty() || too_long_) Append("\n", log, on_event);
}

void TrainerEvents::TakeLine(std::string_view line, const std::function<void(std::string_view)>& log,
                             const std::function<void(const TrainerEvent&)>& on_event) {
  const std::optional<TrainerEvent> event = ParseTrainerEvent(line);
  if (event.has_value() && std::holds_alternative<TrainerProgress>(*event)) {
    progress_ = std::get<TrainerProgress>(*event);
    return;
  }
  if (event.has_value() && std::holds_alternative<TrainerMetric>(*event)) {
    const auto& metric = std::get<TrainerMetric>(*event);
    if (metrics_.size() < kMaxMetrics || metrics_.contains(metric.name)) {
      metrics_[metric.name] = metric.value;
      return on_event(*event);
    }
  }
  if (event.has_value() && std::holds_alternative<TrainerMessage>(*event) && messages_ < kMaxMessages) {
    ++messages_;
    return on_event(*event);
  }
  log(line);
  log("\n");
}

}  // namespace roost::pipeline
