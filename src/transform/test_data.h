#pragma once

// Data for the tests of transform and of the folders above it: summaries by hand and generated rows.

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/context.h"
#include "base/thread_pool.h"
#include "column/batch.h"
#include "column/value.h"
#include "profile/profile.h"
#include "profile/summary.h"
#include "transform/raw_column.h"
#include "transform/transform.h"

namespace roost::transform {

/// A number column whose percentiles rise evenly from `min` to `max`.
inline profile::ColumnSummary NumberColumn(std::string name, double min, double max, double mean, double deviation) {
  profile::NumberSummary number{.finite = 1'000, .min = min, .max = max, .mean = mean, .standard_deviation = deviation};
  for (int q = 0; q <= 100; ++q) number.percentiles.push_back(min + (max - min) * q / 100);
  return {.name = std::move(name),
          .type = column::Type::kInt64,
          .type_text = "int64",
          .rows = 1'000,
          .number = std::move(number)};
}

inline profile::ColumnSummary TextColumn(std::string name, std::vector<profile::ValueCount> top) {
  return {.name = std::move(name),
          .type = column::Type::kString,
          .type_text = "string",
          .rows = 1'000,
          .text = profile::TextSummary{.top = std::move(top)}};
}

inline profile::ColumnSummary TimeColumn(std::string name) {
  return {.name = std::move(name), .type = column::Type::kTimestamp, .type_text = "timestamp[us]", .rows = 1'000};
}

inline profile::ProfileSummary FlightsSummary() {
  return {.rows = 1'000,
          .columns = {TimeColumn("date"), NumberColumn("delay", -50, 150, 8.25, 30),
                      NumberColumn("distance", 100, 2'100, 700, 512.5),
                      TextColumn("origin", {{"SFO", 500}, {"LAX", 300}, {"JFK", 150}, {"", 50}}),
                      TextColumn("destination", {{"LAX", 600}, {"SFO", 400}})}};
}

inline std::vector<FeatureSpec> FlightsFeatures() {
  return {{.column = "date", .use = Operation::kHour},
          {.column = "date", .use = Operation::kWeekday},
          {.column = "date", .use = Operation::kMonth},
          {.column = "distance", .use = Operation::kBucketize, .buckets = 10},
          {.column = "distance", .use = Operation::kStandardize},
          {.column = "origin", .use = Operation::kOneHot, .unknown_buckets = 3},
          {.column = "destination", .use = Operation::kOneHot}};
}

/// Rows with nulls, NaN, infinities, unknown and odd words, and times at the ends of what there is.
struct GeneratedRows {
  std::vector<std::optional<int64_t>> date;
  std::vector<std::optional<double>> delay, distance;
  std::vector<std::optional<std::string>> origin, destination;

  GeneratedRows(size_t rows, uint32_t seed) {
    std::mt19937_64 random(seed);
    const auto pick = [&random](const auto& choices) { return choices[random() % choices.size()]; };
    const double infinity = std::numeric_limits<double>::infinity();
    const std::vector<double> odd_numbers = {std::nan(""), infinity, -infinity, 0.0, -0.0, 1e308,
                                             -1e308,       5e-324,   100,       300, 2'100};
    const std::vector<int64_t> odd_times = {std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max(),
                                            -1, 0, -86'400'000'000};
    const std::vector<std::string> words = {
        "SFO", "LAX", "JFK", "", "sfo", "XYZ", "\xff\xfe", std::string("a\0b", 3), "Zürich", std::string(300, 'x')};
    const auto number = [&]() -> std::optional<double> {
      if (random() % 8 == 0) return std::nullopt;
      if (random() % 4 == 0) return pick(odd_numbers);
      return static_cast<double>(static_cast<int64_t>(random() % 3'000'000)) / 1'000 - 500;
    };
    const auto text = [&]() -> std::optional<std::string> {
      if (random() % 8 == 0) return std::nullopt;
      return random() % 16 == 0 ? std::to_string(random()) : pick(words);
    };
    for (size_t row = 0; row < rows; ++row) {
      if (random() % 8 == 0) {
        date.push_back(std::nullopt);
      } else {
        date.push_back(random() % 4 == 0 ? pick(odd_times) : std::bit_cast<int64_t>(random()) >> (random() % 32));
      }
      delay.push_back(number());
      distance.push_back(number());
      origin.push_back(text());
      destination.push_back(text());
    }
  }

  /// The columns as float64, timestamp[us], and strings with 32-bit offsets.
  std::vector<RawColumn> Columns() const {
    std::vector<RawColumn> columns;
    columns.push_back(RawColumn::Fixed<int64_t>("date", "tsu:UTC", date));
    columns.push_back(RawColumn::Fixed<double>("delay", "g", delay));
    columns.push_back(RawColumn::Fixed<double>("distance", "g", distance));
    columns.push_back(RawColumn::Text<int32_t>("origin", origin));
    columns.push_back(RawColumn::Text<int32_t>("destination", destination));
    return columns;
  }
};

/// The dictionary encoding of `values`: every distinct word once, in an order of its own, and one null entry.
inline RawColumn DictionaryOf(std::string name, const std::vector<std::optional<std::string>>& values) {
  std::vector<std::optional<std::string>> words = {std::nullopt};
  std::vector<std::optional<int16_t>> codes;
  for (const auto& value : values) {
    if (!value.has_value()) {
      // A null is either a null code or the code of a null word.
      codes.push_back(codes.size() % 2 == 0 ? std::nullopt : std::optional<int16_t>(0));
      continue;
    }
    size_t code = 1;
    while (code < words.size() && words[code] != value) ++code;
    if (code == words.size()) words.push_back(value);
    codes.push_back(static_cast<int16_t>(code));
  }
  return RawColumn::Dictionary<int16_t>(std::move(name), "s", codes, RawColumn::Text<int64_t>("", words));
}

inline column::BatchView BatchOf(std::vector<RawColumn>& columns) {
  std::vector<column::ColumnView> views;
  for (RawColumn& column : columns) views.push_back(column.View());
  const int64_t rows = views.front().length();
  return column::BatchView(rows, std::move(views));
}

/// The values of `row` in the order of a transform's inputs.
inline std::vector<column::Value> RowOf(const column::BatchView& batch, std::span<const InputColumn> inputs,
                                        int64_t row) {
  std::vector<column::Value> values;
  for (const InputColumn& input : inputs) values.push_back(ValueAt(*batch.Find(input.name), input.kind, row));
  return values;
}

/// Fit of what `summary` says exactly, without any rows.
inline absl::StatusOr<Transform> FitSummary(std::vector<FeatureSpec> features, const profile::ProfileSummary& summary) {
  ThreadPool pool(1);
  return Transform::Fit({.derived = {}, .features = std::move(features)}, {summary, {}}, {.pool = &pool});
}

/// Fit of the rows of `batches` and of what their profile says.
inline absl::StatusOr<Transform> FitRows(const TransformSpec& spec, std::span<const column::BatchView> batches) {
  ThreadPool pool(1);
  const Context context{.pool = &pool};
  profile::Profile profile;
  if (const absl::Status added = profile.AddAll(batches, context); !added.ok()) return added;
  return Transform::Fit(spec, {profile.Summarize(), batches}, context);
}

/// A context with its own threads.
struct Threads {
  explicit Threads(size_t count = 1) : pool(count), context{.pool = &pool} {}
  ThreadPool pool;
  Context context;
};

}  // namespace roost::transform
