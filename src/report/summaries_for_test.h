#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/hash.h"
#include "profile/summary.h"

namespace roost::report {

/// Summaries as Summarize makes them of data that looks real, for this folder's tests. All figures are made from fixed
/// seeds.

/// A column of `rows` numbers that lie like exp(spread · normal) · scale + shift.
inline profile::ColumnSummary Numbers(std::string name, int64_t rows, double scale, double spread, double shift = 0,
                                      int64_t missing = 0) {
  std::mt19937_64 random(Hash64(name));
  std::vector<double> values(2000);
  for (double& value : values) {
    double normal = -6;
    for (int i = 0; i < 12; ++i) normal += static_cast<double>(random() >> 11) * 0x1p-53;
    value = std::round(scale * std::exp(spread * normal) + shift);
  }
  std::sort(values.begin(), values.end());
  profile::ColumnSummary column{
      .name = std::move(name), .type = column::Type::kInt64, .type_text = "int64", .rows = rows, .missing = missing};
  profile::NumberSummary& number = column.number.emplace();
  const int64_t present = rows - missing;
  const auto share = [&](auto test) {
    return present * std::count_if(values.begin(), values.end(), test) / static_cast<int64_t>(values.size());
  };
  number.finite = present;
  number.zeros = share([](double value) { return value == 0; });
  number.negative = share([](double value) { return value < 0; });
  number.min = values.front();
  number.max = values.back();
  double mean = 0, second = 0, third = 0, fourth = 0;
  for (const double value : values) mean += value / 2000;
  for (const double value : values) {
    second += std::pow(value - mean, 2) / 2000;
    third += std::pow(value - mean, 3) / 2000;
    fourth += std::pow(value - mean, 4) / 2000;
  }
  number.mean = mean;
  number.standard_deviation = std::sqrt(second);
  number.skewness = third / std::pow(second, 1.5);
  number.kurtosis = fourth / (second * second) - 3;
  for (size_t q = 0; q <= 100; ++q) number.percentiles.push_back(values[std::min<size_t>(1999, q * 20)]);
  const double width = (values.back() - values.front()) / 10;
  for (int i = 0; i < 10; ++i) {
    const double low = values.front() + width * i;
    const double high = i == 9 ? values.back() : values.front() + width * (i + 1);
    number.histogram.push_back(
        {low, high, share([&](double value) { return value >= low && (value < high || i == 9); })});
  }
  number.order = profile::OrderSummary{present / 2, present / 2 - 200, 199, values.back() - values.front()};
  column.distinct = static_cast<double>(std::unique(values.begin(), values.end()) - values.begin());
  column.distinct_is_exact = false;
  return column;
}

/// Timestamps spread evenly over `days` days from 2001-01-01T00:25:00Z on.
inline profile::ColumnSummary Times(std::string name, int64_t rows, int days) {
  constexpr double kFirst = 978'308'700;
  profile::ColumnSummary column{
      .name = std::move(name), .type = column::Type::kTimestamp, .type_text = "timestamp[us]", .rows = rows};
  profile::NumberSummary& number = column.number.emplace();
  const double last = kFirst + 86'400.0 * days;
  number.finite = rows;
  number.min = kFirst;
  number.max = last;
  number.min_micros = static_cast<int64_t>(kFirst) * 1'000'000;
  number.max_micros = static_cast<int64_t>(last) * 1'000'000;
  number.mean = (kFirst + last) / 2;
  number.standard_deviation = (last - kFirst) / std::sqrt(12);
  for (int q = 0; q <= 100; ++q) number.percentiles.push_back(kFirst + (last - kFirst) * q / 100);
  for (int i = 0; i < 10; ++i) {
    number.histogram.push_back(
        {kFirst + (last - kFirst) * i / 10, kFirst + (last - kFirst) * (i + 1) / 10, rows / 10 + (i * 37 % 11) * 100});
  }
  number.order = profile::OrderSummary{rows - 1200, 0, 1199, 7260};
  column.distinct = static_cast<double>(rows) * 0.9;
  return column;
}

/// Texts with the counts given.
inline profile::ColumnSummary Texts(std::string name, std::vector<profile::ValueCount> top, int64_t missing = 0) {
  profile::ColumnSummary column{
      .name = std::move(name), .type = column::Type::kString, .type_text = "string", .missing = missing};
  profile::TextSummary& text = column.text.emplace();
  int64_t present = 0, bytes = 0;
  for (const profile::ValueCount& value : top) {
    const auto length = static_cast<int64_t>(value.value.size());
    present += value.count;
    bytes += value.count * length;
    if (length == 0) text.empty += value.count;
    text.min_length = present == value.count ? length : std::min(text.min_length, length);
    text.max_length = std::max(text.max_length, length);
  }
  text.mean_length = present > 0 ? static_cast<double>(bytes) / static_cast<double>(present) : 0;
  double entropy = 0;
  for (const profile::ValueCount& value : top) {
    const double share = static_cast<double>(value.count) / static_cast<double>(present);
    entropy -= share > 0 ? share * std::log2(share) : 0;
  }
  text.entropy = entropy;
  column.rows = present + missing;
  column.distinct = static_cast<double>(top.size());
  column.distinct_is_exact = true;
  text.top = std::move(top);
  return column;
}

/// `count` airports-like codes with falling counts that sum up to about `rows`.
inline std::vector<profile::ValueCount> Codes(size_t count, int64_t rows, std::string_view prefix = "") {
  std::vector<profile::ValueCount> codes;
  double harmonic = 0;
  for (size_t i = 1; i <= count; ++i) harmonic += 1 / static_cast<double>(i + 3);
  int64_t left = rows;
  for (size_t i = 0; i < count; ++i) {
    const auto share = static_cast<double>(rows) / harmonic / static_cast<double>(i + 4);
    const int64_t number = i + 1 == count ? left : std::min(left, static_cast<int64_t>(share));
    left -= number;
    const auto letter = [i](size_t step) { return static_cast<char>('A' + (i * step + step) % 26); };
    codes.push_back({fmt::format("{}{}{}{}", prefix, letter(7), letter(11), letter(5 + i / 26)), number});
  }
  return codes;
}

/// Three million flights: numbers, times, texts, lists and structs, weights, slices; most faults occur once.
profile::ProfileSummary Flights();
/// The same a month later: some columns drifted, one is new, one is gone, one has another type.
profile::ProfileSummary LaterFlights();
/// Names, types, values and slices that try to break out of the page, to hide, or to fill it.
profile::ProfileSummary Hostile();
/// `columns` columns of all kinds with everything that a column can have.
profile::ProfileSummary Wide(int columns);

}  // namespace roost::report
