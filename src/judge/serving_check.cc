#include "judge/serving_check.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/format.h"

namespace roost::judge {
namespace {

std::string DistanceText(const ServedDistance& distance) {
  return fmt::format("'{}': {} {} from the training rows, {} allows {}", distance.column, distance.measure,
                     FormatNumber(distance.value, 3), distance.limit_from, FormatNumber(distance.limit, 3));
}

double ShareOf(const JoinedRows::Column& column, const JoinedRows& joined) {
  return joined.joined == 0 ? 0 : static_cast<double>(column.skewed) / static_cast<double>(joined.joined);
}

std::string JoinedText(const JoinedRows& joined) {
  if (joined.joined == 0) return "no served row has the key of a training row";
  return fmt::format("{} rows joined by their keys", FormatCount(joined.joined));
}

Json JoinedJson(const std::optional<JoinedRows>& joined) {
  if (!joined.has_value()) return nullptr;
  Json columns = Json::array();
  for (const JoinedRows::Column& column : joined->columns) {
    columns.push_back({{"column", column.column}, {"skewed", column.skewed}, {"share", ShareOf(column, *joined)}});
  }
  return {{"joined", joined->joined}, {"max_skewed", joined->max_skewed}, {"columns", std::move(columns)}};
}

Json DistanceJson(const ServedDistance& distance) {
  return {{"column", distance.column},
          {"measure", distance.measure},
          {"value", distance.value},
          {"limit", distance.limit},
          {"limit_from", distance.limit_from},
          {"p_value", distance.p_value.has_value() ? Json(*distance.p_value) : Json(nullptr)},
          {"broken", distance.broken}};
}

}  // namespace

std::vector<std::string> ServingCheck::Broken() const {
  std::vector<std::string> broken = gone;
  for (const ServedDistance& distance : distances) {
    if (distance.broken) broken.push_back(DistanceText(distance));
  }
  if (!joined.has_value()) return broken;
  for (const JoinedRows::Column& column : joined->columns) {
    if (ShareOf(column, *joined) <= joined->max_skewed) continue;
    broken.push_back(fmt::format("'{}' has another value at serving in {} of {} joined rows; max_skewed allows {}",
                                 column.column, FormatCount(column.skewed), FormatCount(joined->joined),
                                 FormatShare(joined->max_skewed)));
  }
  return broken;
}

std::string ServingCheck::ToText() const {
  if (!judged()) return absent;
  std::vector<std::string> columns;
  for (const ServedDistance& distance : distances) columns.push_back(distance.column);
  std::sort(columns.begin(), columns.end());
  const auto compared = std::unique(columns.begin(), columns.end()) - columns.begin();
  std::string text =
      fmt::format("{} rows of {} beside {} training rows, {} {} compared", FormatCount(served_rows), source,
                  FormatCount(training_rows), FormatCount(compared), compared == 1 ? "column" : "columns");
  if (joined.has_value()) text += ", " + JoinedText(*joined);
  if (!not_compared.empty()) text += fmt::format(" (not {})", fmt::join(not_compared, ", "));
  for (const std::string& sentence : Broken()) text += "; " + sentence;
  return text;
}

Json ServingCheck::ToJson() const {
  Json list = Json::array();
  for (const ServedDistance& distance : distances) list.push_back(DistanceJson(distance));
  return {{"judged", judged()},
          {"passed", judged() ? Json(passed()) : Json(nullptr)},
          {"source", source},
          {"absent", absent.empty() ? Json(nullptr) : Json(absent)},
          {"served_rows", served_rows},
          {"training_rows", training_rows},
          {"distances", std::move(list)},
          {"not_compared", not_compared},
          {"joined", JoinedJson(joined)},
          {"broken", Broken()}};
}

double MissingPValue(int64_t served, int64_t served_rows, int64_t training, int64_t training_rows) {
  const auto n = static_cast<double>(served_rows);
  const auto m = static_cast<double>(training_rows);
  if (n == 0 || m == 0) return 1;
  const double pooled = static_cast<double>(served + training) / (n + m);
  const double variance = pooled * (1 - pooled) * (1 / n + 1 / m);
  if (!(variance > 0)) return 1;
  const double difference = static_cast<double>(served) / n - static_cast<double>(training) / m;
  return std::erfc(std::abs(difference) / std::sqrt(2 * variance));
}

}  // namespace roost::judge
