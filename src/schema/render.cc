#include "schema/render.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/format.h"

namespace roost::schema {
namespace {

// A list of known values may be long: its head says enough for a terminal, the JSON has it whole.
std::string EditLines(char sign, const std::vector<std::string>& lines) {
  constexpr size_t kShown = 8;
  std::string text;
  const size_t shown = lines.size() <= kShown ? lines.size() : kShown - 1;
  for (size_t i = 0; i < shown; ++i) text += fmt::format("    {} {}\n", sign, Printable(lines[i]));
  if (lines.size() > shown) {
    text += fmt::format("    {} ... {} more lines\n", sign, FormatCount(static_cast<int64_t>(lines.size() - shown)));
  }
  return text;
}

std::string CountText(int64_t count, std::string_view what) {
  return fmt::format("{} {}{}", FormatCount(count), what, count == 1 ? "" : "s");
}

std::string RowsText(const std::vector<int64_t>& rows) {
  if (rows.empty()) return "";
  std::string text = rows.size() == 1 ? "    in row " : "    in rows ";
  for (const int64_t row : rows) text += fmt::format("{}{}", row == rows.front() ? "" : ", ", FormatCount(row));
  return text + "\n";
}

}  // namespace

std::string EditText(const Edit& edit) {
  std::string text;
  for (const std::string& line : edit.removed) text += fmt::format("    - {}\n", Printable(line));
  for (const std::string& line : edit.added) text += fmt::format("    + {}\n", Printable(line));
  return text;
}

std::string ToText(const Report& report) {
  std::string text;
  for (const Anomaly& anomaly : report.anomalies) {
    const bool is_decided = !anomaly.decided.empty();
    text += fmt::format("{}: ", is_decided ? "decided" : SeverityName(anomaly.severity));
    if (!anomaly.column.empty()) text += fmt::format("{}: ", Printable(anomaly.column));
    text += Printable(anomaly.message);
    if (is_decided) {
      text += fmt::format(" ({})\n", Printable(anomaly.decided));
      continue;
    }
    text += "\n" + RowsText(anomaly.rows);
    text += EditLines('-', anomaly.edit.removed) + EditLines('+', anomaly.edit.added);
  }
  text += fmt::format("{}, {}", CountText(report.Count(Severity::kError), "error"),
                      CountText(report.Count(Severity::kWarning), "warning"));
  if (report.CountDecided() > 0) text += fmt::format(", {} decided", FormatCount(report.CountDecided()));
  return text + "\n";
}

Json ToJson(const Report& report) {
  Json anomalies = Json::array();
  for (const Anomaly& anomaly : report.anomalies) {
    Json samples = Json::array();
    for (const profile::ValueCount& sample : anomaly.samples) {
      samples.push_back({{"value", sample.value}, {"count", sample.count}});
    }
    Json json = {{"severity", SeverityName(anomaly.severity)},
                 {"column", anomaly.column},
                 {"rule", RuleName(anomaly.rule)},
                 {"message", anomaly.message},
                 {"observed", anomaly.observed},
                 {"bound", anomaly.bound},
                 {"samples", std::move(samples)},
                 {"rows", anomaly.rows},
                 {"edit", {{"removed", anomaly.edit.removed}, {"added", anomaly.edit.added}}}};
    if (!anomaly.detail.empty()) json["detail"] = anomaly.detail;
    if (anomaly.broken.has_value()) {
      json["broken"] = *anomaly.broken;
      json["broken_is_exact"] = anomaly.broken_is_exact;
    }
    if (!anomaly.tfx.empty()) json["tfx"] = anomaly.tfx;
    if (!anomaly.decided.empty()) json["decided"] = anomaly.decided;
    anomalies.push_back(std::move(json));
  }
  Json json = {{"rows", report.rows},
               {"errors", report.Count(Severity::kError)},
               {"warnings", report.Count(Severity::kWarning)},
               {"anomalies", std::move(anomalies)}};
  if (report.CountDecided() > 0) json["decided"] = report.CountDecided();
  if (report.distances.empty()) return json;
  Json& distances = json["distances"] = Json::array();
  for (const DistanceCheck& check : report.distances) {
    Json distance = {{"column", check.column},
                     {"against", RuleName(check.against)},
                     {"measure", profile::MeasureName(check.measure)},
                     {"observed", check.observed},
                     {"max", check.max}};
    if (check.p_value.has_value()) distance["p_value"] = *check.p_value;
    distance["broken"] = check.broken;
    distances.push_back(std::move(distance));
  }
  return json;
}

}  // namespace roost::schema
