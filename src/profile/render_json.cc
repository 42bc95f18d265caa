#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "base/format.h"
#include "profile/render.h"

namespace roost::profile {
namespace {

constexpr size_t kMaxTop = 20;

template <typename T>
Json OrNull(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json TimeOrNull(const std::optional<int64_t>& micros) {
  return micros ? Json(FormatUtc(absl::FromUnixMicros(*micros))) : Json(nullptr);
}

Json NumberJson(const NumberSummary& number, bool is_time) {
  Json json{{"finite", number.finite},
            {"zeros", number.zeros},
            {"negative", number.negative},
            {"nan", number.nan},
            {"positive_infinity", number.positive_infinity},
            {"negative_infinity", number.negative_infinity},
            {"min", OrNull(number.min)},
            {"max", OrNull(number.max)},
            {"mean", OrNull(number.mean)},
            {"standard_deviation", OrNull(number.standard_deviation)},
            {"percentiles", number.percentiles},
            {"histogram", Json::array()}};
  for (const HistogramBar& bar : number.histogram) {
    json["histogram"].push_back(Json{{"low", bar.low}, {"high", bar.high}, {"count", bar.count}});
  }
  if (is_time) {
    json["first"] = TimeOrNull(number.min_micros);
    json["last"] = TimeOrNull(number.max_micros);
  }
  return json;
}

Json TextJson(const TextSummary& text) {
  Json json{{"empty", text.empty},
            {"invalid_utf8", text.invalid_utf8},
            {"min_length", text.min_length},
            {"max_length", text.max_length},
            {"mean_length", text.mean_length},
            {"top", Json::array()},
            {"top_cut", text.top.size() > kMaxTop},
            {"exact", text.exact}};
  for (size_t i = 0; i < std::min(text.top.size(), kMaxTop); ++i) {
    json["top"].push_back(Json{{"value", text.top[i].value}, {"count", text.top[i].count}});
  }
  return json;
}

}  // namespace

Json ToJson(const ProfileSummary& summary) {
  Json json{{"rows", summary.rows}, {"columns", Json::array()}};
  for (const ColumnSummary& column : summary.columns) {
    Json entry{{"name", column.name},
               {"type", column.type_text},
               {"rows", column.rows},
               {"missing", column.missing},
               {"distinct", std::llround(column.distinct)},
               {"distinct_is_exact", column.distinct_is_exact}};
    if (column.number) entry["number"] = NumberJson(*column.number, column::IsTime(column.type));
    if (column.text) entry["text"] = TextJson(*column.text);
    json["columns"].push_back(std::move(entry));
  }
  return json;
}

}  // namespace roost::profile
