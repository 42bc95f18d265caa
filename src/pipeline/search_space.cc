#include "pipeline/search_space.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/format.h"
#include "base/hash.h"
#include "base/number_text.h"
#include "base/status.h"

namespace roost::pipeline {
namespace {

constexpr int kDigits = 4;

absl::Status BadParameter(const std::string& name, std::string_view what) {
  return absl::InvalidArgumentError(fmt::format("parameter '{}': {}", Printable(name), what));
}

absl::Status CheckBounds(const std::string& name, double low, double high, bool log) {
  if (!std::isfinite(low) || !std::isfinite(high)) return BadParameter(name, "its bounds must be finite");
  if (low > high) {
    return BadParameter(name, fmt::format("low ({}) is above high ({})", FormatExact(low), FormatExact(high)));
  }
  if (log && low <= 0) {
    return BadParameter(name, fmt::format("a logarithmic range begins above 0, not at {}", FormatExact(low)));
  }
  return absl::OkStatus();
}

absl::Status Check(const std::string& name, const NumberRange& range) {
  return CheckBounds(name, range.low, range.high, range.log);
}

absl::Status Check(const std::string& name, const IntegerRange& range) {
  // Beyond 2^53 a double does not tell neighbours apart, and nobody tunes there.
  constexpr int64_t kMost = int64_t{1} << 53;
  if (range.low < -kMost || range.high > kMost) return BadParameter(name, "whole numbers lie within ±2^53");
  return CheckBounds(name, static_cast<double>(range.low), static_cast<double>(range.high), range.log);
}

absl::Status Check(const std::string& name, const Choice& choice) {
  if (choice.values.empty()) return BadParameter(name, "a choice needs values");
  const std::set<std::string> different(choice.values.begin(), choice.values.end());
  if (different.size() != choice.values.size()) return BadParameter(name, "a value of the choice comes twice");
  return absl::OkStatus();
}

/// The nearest number of 4 significant digits within the range; a range that is narrower than that keeps all digits.
double Rounded(double value, double low, double high) {
  const double rounded = NumberIn(fmt::format("{:.{}g}", value, kDigits)).value_or(value);
  return rounded >= low && rounded <= high ? rounded : std::clamp(value, low, high);
}

double At(double low, double high, bool log, double position) {
  if (!log) return low + (high - low) * position;
  return std::exp(std::log(low) + (std::log(high) - std::log(low)) * position);
}

ParameterValue Draw(const NumberRange& range, double position) {
  return Rounded(At(range.low, range.high, range.log, position), range.low, range.high);
}

ParameterValue Draw(const IntegerRange& range, double position) {
  // Each number owns the stretch from itself to the next, so that the last is as likely as the first.
  const double value =
      std::floor(At(static_cast<double>(range.low), static_cast<double>(range.high) + 1, range.log, position));
  return std::clamp(static_cast<int64_t>(value), range.low, range.high);
}

ParameterValue Draw(const Choice& choice, double position) {
  const auto index = static_cast<size_t>(position * static_cast<double>(choice.values.size()));
  return choice.values[std::min(index, choice.values.size() - 1)];
}

/// A number from 0 to below 1: the upper 53 bits of the hash.
double Position(uint64_t seed, int64_t index, const std::string& name) {
  return static_cast<double>(Hash64(fmt::format("{} {}", index, name), seed) >> 11) * 0x1p-53;
}

absl::StatusOr<Parameter> ParseParameter(const Json& json) {
  if (!json.is_object() || !json.contains("name") || !json["name"].is_string()) {
    return absl::InvalidArgumentError("a parameter has no name");
  }
  const std::string name = json["name"].get<std::string>();
  if (json.contains("choice")) {
    Choice choice;
    if (!json["choice"].is_array()) return BadParameter(name, "'choice' is no list");
    for (const Json& value : json["choice"]) {
      if (!value.is_string()) return BadParameter(name, "'choice' holds something other than texts");
      choice.values.push_back(value.get<std::string>());
    }
    return Parameter{name, choice};
  }
  const auto is_number = [&json](const char* key) { return json.contains(key) && json[key].is_number(); };
  if (!is_number("low") || !is_number("high"))
    return BadParameter(name, "it has neither 'choice' nor 'low' and 'high'");
  const bool log = json.contains("log") && json["log"] == true;
  if (json["low"].is_number_integer() && json["high"].is_number_integer()) {
    return Parameter{name, IntegerRange{json["low"].get<int64_t>(), json["high"].get<int64_t>(), log}};
  }
  return Parameter{name, NumberRange{json["low"].get<double>(), json["high"].get<double>(), log}};
}

Json RangeToJson(const std::string& name, const Choice& choice) { return {{"name", name}, {"choice", choice.values}}; }

template <typename Range>
Json RangeToJson(const std::string& name, const Range& range) {
  return {{"name", name}, {"low", range.low}, {"high", range.high}, {"log", range.log}};
}

}  // namespace

absl::StatusOr<SearchSpace> SearchSpace::Make(std::vector<Parameter> parameters) {
  if (parameters.empty()) return absl::InvalidArgumentError("there is no parameter to tune");
  std::set<std::string> names;
  for (const Parameter& parameter : parameters) {
    if (!names.insert(parameter.name).second) return BadParameter(parameter.name, "it comes twice");
    TRY(std::visit([&parameter](const auto& range) { return Check(parameter.name, range); }, parameter.range));
  }
  return SearchSpace(std::move(parameters));
}

Json SearchSpace::ToJson() const {
  Json json = Json::array();
  for (const Parameter& parameter : parameters_) {
    json.push_back(
        std::visit([&parameter](const auto& range) { return RangeToJson(parameter.name, range); }, parameter.range));
  }
  return json;
}

absl::StatusOr<SearchSpace> SearchSpace::FromJson(const Json& json) {
  if (!json.is_array()) return absl::InvalidArgumentError("a search space is a list of parameters");
  std::vector<Parameter> parameters;
  for (const Json& entry : json) {
    TRY_ASSIGN(Parameter parameter, ParseParameter(entry));
    parameters.push_back(std::move(parameter));
  }
  return Make(std::move(parameters));
}

std::vector<ParameterValue> RandomTrial(const SearchSpace& space, uint64_t seed, int64_t index) {
  std::vector<ParameterValue> values;
  for (const Parameter& parameter : space.parameters()) {
    const double position = Position(seed, index, parameter.name);
    values.push_back(std::visit([position](const auto& range) { return Draw(range, position); }, parameter.range));
  }
  return values;
}

Json ValueToJson(const ParameterValue& value) {
  return std::visit([](const auto& held) { return Json(held); }, value);
}

}  // namespace roost::pipeline
