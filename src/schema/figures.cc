#include "schema/figures.h"

#include <array>

#include "schema/statistics.h"
#include "schema/wording.h"

namespace roost::schema {
namespace {

using profile::ColumnSummary;

constexpr std::array kStatistics = {Statistic::kMissing, Statistic::kDistinct, Statistic::kZeros, Statistic::kMean,
                                    Statistic::kSpread,  Statistic::kP1,       Statistic::kP5,    Statistic::kP25,
                                    Statistic::kP50,     Statistic::kP75,      Statistic::kP95,   Statistic::kP99};

struct OtherFigure {
  std::string_view name;
  std::optional<double> (*of)(const ColumnSummary& column);
};

template <typename Read>
std::optional<double> OfNumber(const ColumnSummary& column, Read read) {
  return column.number.has_value() ? std::optional<double>(read(*column.number)) : std::nullopt;
}

template <typename Read>
std::optional<double> OfText(const ColumnSummary& column, Read read) {
  return column.text.has_value() ? std::optional<double>(read(*column.text)) : std::nullopt;
}

// The shortest or longest value: characters of text in bytes, values of lists.
std::optional<double> LengthOf(const ColumnSummary& column, int64_t profile::ListSummary::*list,
                               int64_t profile::TextSummary::*text) {
  if (column.list.has_value()) return static_cast<double>((*column.list).*list);
  return column.text.has_value() ? std::optional<double>(static_cast<double>((*column.text).*text)) : std::nullopt;
}

constexpr std::array<OtherFigure, 10> kOthers{{
    {"rows", [](const ColumnSummary& column) -> std::optional<double> { return static_cast<double>(column.rows); }},
    {"min", [](const ColumnSummary& column) { return column.number.has_value() ? column.number->min : std::nullopt; }},
    {"max", [](const ColumnSummary& column) { return column.number.has_value() ? column.number->max : std::nullopt; }},
    {"standard_deviation",
     [](const ColumnSummary& column) {
       return column.number.has_value() ? column.number->standard_deviation : std::nullopt;
     }},
    {"negative",
     [](const ColumnSummary& column) {
       return OfNumber(column, [](const auto& number) { return ShareOf(number.negative, number.finite); });
     }},
    {"nan",
     [](const ColumnSummary& column) {
       return OfNumber(column, [](const auto& number) { return static_cast<double>(number.nan); });
     }},
    {"empty",
     [](const ColumnSummary& column) {
       return OfText(column, [](const auto& text) { return static_cast<double>(text.empty); });
     }},
    {"invalid_utf8",
     [](const ColumnSummary& column) {
       return OfText(column, [](const auto& text) { return static_cast<double>(text.invalid_utf8); });
     }},
    {"min_length",
     [](const ColumnSummary& column) {
       return LengthOf(column, &profile::ListSummary::min_length, &profile::TextSummary::min_length);
     }},
    {"max_length",
     [](const ColumnSummary& column) {
       return LengthOf(column, &profile::ListSummary::max_length, &profile::TextSummary::max_length);
     }},
}};

}  // namespace

Figure FigureOf(const profile::ProfileSummary& summary, std::string_view name) {
  if (name == "rows") return {true, static_cast<double>(summary.rows)};
  if (name == "duplicate_share") return {true, summary.duplicate_share};
  const size_t dot = name.rfind('.');
  const ColumnSummary* column = dot == std::string_view::npos ? nullptr : summary.Find(name.substr(0, dot));
  if (column == nullptr) return {};
  const std::string_view figure = name.substr(dot + 1);
  for (const Statistic statistic : kStatistics) {
    if (figure == StatisticName(statistic)) return {true, StatisticOf(*column, statistic)};
  }
  for (const OtherFigure& other : kOthers) {
    if (figure == other.name) return {true, other.of(*column)};
  }
  return {};
}

std::vector<std::string_view> FigureNames() {
  std::vector<std::string_view> names;
  for (const Statistic statistic : kStatistics) names.push_back(StatisticName(statistic));
  for (const OtherFigure& other : kOthers) names.push_back(other.name);
  return names;
}

}  // namespace roost::schema
