#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "profile/summary.h"

namespace roost::schema {

/// Summaries as Summarize would make them, for this folder's tests.

inline profile::ColumnSummary Texts(std::string name, std::vector<profile::ValueCount> top, int64_t missing = 0) {
  profile::ColumnSummary column{
      .name = std::move(name), .type = column::Type::kString, .type_text = "string", .missing = missing};
  int64_t rows = missing;
  int64_t longest = 0;
  for (const profile::ValueCount& value : top) {
    rows += value.count;
    longest = std::max(longest, static_cast<int64_t>(value.value.size()));
  }
  column.rows = rows;
  column.distinct = static_cast<double>(top.size());
  column.distinct_is_exact = true;
  column.text = profile::TextSummary{.max_length = longest, .top = std::move(top)};
  return column;
}

inline profile::ColumnSummary Numbers(std::string name, column::Type type, double min, double max, int64_t rows,
                                      int64_t missing = 0) {
  profile::ColumnSummary column{.name = std::move(name),
                                .type = type,
                                .type_text = std::string(column::TypeName(type)),
                                .rows = rows,
                                .missing = missing};
  column.number = profile::NumberSummary{.finite = rows - missing, .min = min, .max = max};
  for (int q = 0; q <= 100; ++q) column.number->percentiles.push_back(min + (max - min) * q / 100);
  return column;
}

inline profile::ColumnSummary Plain(std::string name, column::Type type, int64_t rows) {
  return {.name = std::move(name), .type = type, .type_text = std::string(column::TypeName(type)), .rows = rows};
}

/// Lists of `min` to `max` values, `total` in all, of which none is missing.
inline profile::ColumnSummary Lists(std::string name, int64_t min, int64_t max, int64_t total, int64_t rows,
                                    int64_t missing = 0) {
  profile::ColumnSummary values{
      .name = name + "[]", .type = column::Type::kFloat64, .type_text = "float64", .rows = total};
  values.number = profile::NumberSummary{.finite = total};
  profile::ColumnSummary column{
      .name = std::move(name), .type_text = "list<float64>", .rows = rows, .missing = missing};
  column.type = column::Type::kOther;
  column.list = profile::ListSummary{.total = total, .min_length = min, .max_length = max};
  column.children.push_back(std::move(values));
  return column;
}

/// Binary values of which `images` are images, the longest of `max_length` bytes.
inline profile::ColumnSummary Images(std::string name, int64_t images, int64_t max_length, int64_t rows) {
  profile::ColumnSummary column = {
      .name = std::move(name), .type = column::Type::kBinary, .type_text = "binary", .rows = rows};
  column.text = profile::TextSummary{.max_length = max_length, .exact = false};
  column.text->images = profile::ImageSummary{.images = images};
  return column;
}

inline profile::ProfileSummary Summary(std::vector<profile::ColumnSummary> columns) {
  const int64_t rows = columns.empty() ? 0 : columns.front().rows;
  return {.rows = rows, .columns = std::move(columns)};
}

}  // namespace roost::schema
