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

// JSON has no infinities.
Json FiniteOrNull(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json BarsJson(const std::vector<HistogramBar>& bars) {
  Json json = Json::array();
  for (const HistogramBar& bar : bars) {
    json.push_back(Json{{"low", bar.low}, {"high", bar.high}, {"count", bar.count}});
  }
  return json;
}

Json CountsJson(const std::vector<ValueCount>& values) {
  Json json = Json::array();
  for (size_t i = 0; i < std::min(values.size(), kMaxTop); ++i) {
    json.push_back(Json{{"value", values[i].value}, {"count", values[i].count}});
  }
  return json;
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
            {"skewness", OrNull(number.skewness)},
            {"kurtosis", OrNull(number.kurtosis)},
            {"percentiles", number.percentiles},
            {"histogram", BarsJson(number.histogram)}};
  if (is_time) {
    json["first"] = TimeOrNull(number.min_micros);
    json["last"] = TimeOrNull(number.max_micros);
  }
  if (number.order) {
    json["order"] =
        Json{{"rises", number.order->rises},           {"falls", number.order->falls},
             {"repeats", number.order->repeats},       {"greatest_gap", FiniteOrNull(number.order->greatest_gap)},
             {"ascending", number.order->ascending()}, {"descending", number.order->descending()},
             {"strict", number.order->strict()}};
  }
  return json;
}

Json TokensJson(const TokenSummary& tokens) {
  Json json{{"tokens", tokens.tokens},
            {"mean_token_length", tokens.mean_token_length},
            {"token_lengths", BarsJson(tokens.token_lengths)},
            {"min_tokens", tokens.min_tokens},
            {"max_tokens", tokens.max_tokens},
            {"sequence_lengths", BarsJson(tokens.sequence_lengths)},
            {"top", Json::array()},
            {"exact", tokens.exact},
            {"coverage", OrNull(tokens.coverage)}};
  for (size_t i = 0; i < std::min(tokens.top.size(), kMaxTop); ++i) {
    const TokenSummary::Token& token = tokens.top[i];
    json["top"].push_back(Json{{"token", token.token},
                               {"count", token.count},
                               {"rows", token.rows},
                               {"min_in_row", token.min_in_row},
                               {"max_in_row", token.max_in_row},
                               {"mean_position", token.mean_position}});
  }
  return json;
}

Json TextJson(const TextSummary& text) {
  Json json{{"empty", text.empty},
            {"invalid_utf8", text.invalid_utf8},
            {"min_length", text.min_length},
            {"max_length", text.max_length},
            {"mean_length", text.mean_length},
            {"top", CountsJson(text.top)},
            {"top_cut", text.top.size() > kMaxTop},
            {"exact", text.exact},
            {"entropy", OrNull(text.entropy)}};
  if (!text.patterns.empty()) {
    json["patterns"] = Json::array();
    for (const PatternShare& pattern : text.patterns) {
      json["patterns"].push_back(
          Json{{"pattern", pattern.pattern}, {"share", pattern.share}, {"example", pattern.example}});
    }
    json["patterns_are_exact"] = text.patterns_are_exact;
  }
  if (text.kinds) {
    json["kinds"] = Json{{"integer", text.kinds->integer},
                         {"number", text.kinds->number},
                         {"boolean", text.kinds->boolean},
                         {"time", text.kinds->time},
                         {"time_format", text.kinds->time_format},
                         {"other_times", text.kinds->other_times},
                         {"words", text.kinds->words}};
  }
  if (text.images) {
    json["images"] = Json{{"images", text.images->images},
                          {"formats", CountsJson(text.images->formats)},
                          {"max_width", text.images->max_width},
                          {"max_height", text.images->max_height}};
  }
  if (text.tokens) json["tokens"] = TokensJson(*text.tokens);
  return json;
}

Json ListJson(const ListSummary& list) {
  return Json{{"empty", list.empty},
              {"total", list.total},
              {"min_length", list.min_length},
              {"max_length", list.max_length},
              {"mean_length", list.mean_length},
              {"percentiles", list.percentiles},
              {"histogram", BarsJson(list.histogram)}};
}

Json WeightedJson(const WeightedSummary& weighted) {
  Json json{{"present", weighted.present},
            {"missing", weighted.missing},
            {"mean", OrNull(weighted.mean)},
            {"standard_deviation", OrNull(weighted.standard_deviation)},
            {"percentiles", weighted.percentiles},
            {"histogram", Json::array()},
            {"top", Json::array()}};
  for (const WeightedSummary::Bar& bar : weighted.histogram) {
    json["histogram"].push_back(Json{{"low", bar.low}, {"high", bar.high}, {"weight", bar.weight}});
  }
  for (size_t i = 0; i < std::min(weighted.top.size(), kMaxTop); ++i) {
    json["top"].push_back(Json{{"value", weighted.top[i].value}, {"weight", weighted.top[i].weight}});
  }
  return json;
}

Json ColumnJson(const ColumnSummary& column) {
  Json json{{"name", column.name},
            {"type", column.type_text},
            {"rows", column.rows},
            {"missing", column.missing},
            {"distinct", std::llround(column.distinct)},
            {"distinct_is_exact", column.distinct_is_exact}};
  if (column.number) json["number"] = NumberJson(*column.number, column::IsTime(column.type));
  if (column.text) json["text"] = TextJson(*column.text);
  if (column.list) json["list"] = ListJson(*column.list);
  if (column.weighted) json["weighted"] = WeightedJson(*column.weighted);
  if (!column.children.empty()) json["children"] = Json::array();
  for (const ColumnSummary& child : column.children) json["children"].push_back(ColumnJson(child));
  return json;
}

}  // namespace

Json ToJson(const ProfileSummary& summary) {
  Json json{{"rows", summary.rows},
            {"duplicate_share", OrNull(summary.duplicate_share)},
            {"duplicate_share_is_exact", summary.duplicate_share_is_exact},
            {"columns", Json::array()}};
  if (summary.weight) json["weight"] = *summary.weight;
  for (const ColumnSummary& column : summary.columns) json["columns"].push_back(ColumnJson(column));
  if (!summary.slices.empty()) json["slices"] = Json::array();
  for (const SliceSummary& slice : summary.slices) {
    Json entry = ToJson(slice.profile);
    entry["slice"] = slice.slice;
    json["slices"].push_back(std::move(entry));
  }
  return json;
}

}  // namespace roost::profile
