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

inline profile::ProfileSummary Summary(std::vector<profile::ColumnSummary> columns) {
  const int64_t rows = columns.empty() ? 0 : columns.front().rows;
  return {.rows = rows, .columns = std::move(columns)};
}

}  // namespace roost::schema
