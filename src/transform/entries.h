#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "transform/calendar.h"
#include "transform/fitted.h"

// What each operation computes. Batches, single rows and the trace all go through these functions: a sink gets the
// entries of one feature, Add(slot, value), by ascending slot.

namespace roost::transform {

inline constexpr double kMissingNumber = std::numeric_limits<double>::quiet_NaN();

inline bool IsMissing(double value) { return !std::isfinite(value); }

inline double Bounded(double value) { return std::clamp(value, -kMaxFeatureValue, kMaxFeatureValue); }

/// `value` after the steps, or missing.
inline double Prepare(const NumberSteps& steps, double value) {
  if (!steps.any()) return value;
  if (IsMissing(value)) {
    if (!steps.imputed.has_value()) return kMissingNumber;
    value = *steps.imputed;
  }
  if (steps.clip_low.has_value()) value = std::max(value, *steps.clip_low);
  if (steps.clip_high.has_value()) value = std::min(value, *steps.clip_high);
  if (steps.log_floor.has_value()) value = std::log1p(std::max(value, *steps.log_floor));
  return value;
}

inline double Standardize(const FittedFeature& feature, double value) {
  if (IsMissing(value) || feature.standard_deviation == 0) return 0.0;
  return Bounded((value - feature.mean) / feature.standard_deviation);
}

inline double ScaleToUnit(const FittedFeature& feature, double value) {
  return std::clamp((value - feature.min) / (feature.max - feature.min), 0.0, 1.0);
}

/// The number of borders <= value, by a binary search whose steps are arithmetic: its branches would be mispredicted.
/// Missing values come last.
inline int32_t Bucketize(const FittedFeature& feature, double value) {
  if (IsMissing(value)) return static_cast<int32_t>(feature.borders.size()) + 1;
  const double* const borders = feature.borders.data();
  size_t below = 0;
  size_t count = feature.borders.size();
  while (count > 1) {
    const size_t half = count / 2;
    below += half * static_cast<size_t>(borders[below + half - 1] <= value);
    count -= half;
  }
  below += static_cast<size_t>(borders[below] <= value);
  return static_cast<int32_t>(below);
}

template <typename Sink>
void AddIndicator(const FittedFeature& feature, bool is_missing, Sink& sink) {
  if (feature.indicator) sink.Add(feature.num_operation_slots(), is_missing ? 1.0 : 0.0);
}

/// The entries of an operation of numbers.
template <Operation use, typename Sink>
void AddNumber(const FittedFeature& feature, double raw, Sink& sink) {
  const double value = Prepare(feature.steps, raw);
  if constexpr (use == Operation::kNumber) {
    if (!IsMissing(value)) sink.Add(0, Bounded(value));
  } else if constexpr (use == Operation::kMinMax) {
    if (!IsMissing(value)) sink.Add(0, ScaleToUnit(feature, value));
  } else if constexpr (use == Operation::kBucketize) {
    sink.Add(Bucketize(feature, value), 1.0);
    return;
  } else if constexpr (use == Operation::kPolynomial) {
    const double standardized = Standardize(feature, value);
    double power = standardized;
    for (int32_t slot = 0; slot < feature.degree; ++slot) {
      sink.Add(slot, power);
      power = Bounded(power * standardized);
    }
  } else {
    sink.Add(0, Standardize(feature, value));
  }
  AddIndicator(feature, IsMissing(raw), sink);
}

/// A number as a word: the shortest text that reads back to the same bits; -0 is "0". The text lies in `buffer`.
using NumberBuffer = std::array<char, 32>;
inline std::string_view NumberWord(double value, NumberBuffer& buffer) {
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value == 0 ? 0.0 : value).ptr;
  return {buffer.data(), static_cast<size_t>(end - buffer.data())};
}

/// The slot of a word of one_hot, ordinal (-1: unknown), hash or cross.
inline int32_t WordSlot(const FittedFeature& feature, std::string_view word) {
  if (feature.hash_buckets > 0) return HashSlot(Hash64(word), feature.hash_buckets);
  return feature.vocabulary.SlotOf(word);
}
/// The same of a missing value.
inline int32_t MissingSlot(const FittedFeature& feature) {
  return feature.use == Operation::kOrdinal ? -1 : feature.num_operation_slots() - 1;
}

/// The entries of an operation of words, by the word's slot.
template <Operation use, typename Sink>
void AddSlot(const FittedFeature& feature, int32_t slot, bool is_missing, Sink& sink) {
  if constexpr (use == Operation::kOrdinal) {
    if (slot >= 0) sink.Add(0, slot);
    AddIndicator(feature, is_missing, sink);
  } else {
    sink.Add(slot, 1.0);
  }
}

inline int32_t PeriodValue(Period period, int64_t micros) {
  switch (period) {
    case Period::kHour: return HourOf(micros);
    case Period::kWeekday: return WeekdayOf(micros);
    case Period::kMonth: return MonthOf(micros);
    case Period::kDayOfYear: return DateOf(micros).day_of_year;
  }
  return 0;
}

/// The entries of an operation of times but age; `micros` is of no meaning where the time is missing.
template <Operation use, typename Sink>
void AddTime(const FittedFeature& feature, bool is_missing, int64_t micros, Sink& sink) {
  if constexpr (use == Operation::kCyclic) {
    if (!is_missing) {
      const auto& [sine, cosine] = feature.circle[static_cast<size_t>(PeriodValue(feature.period, micros))];
      sink.Add(0, sine);
      sink.Add(1, cosine);
    }
    AddIndicator(feature, is_missing, sink);
  } else if (is_missing) {
    sink.Add(feature.num_operation_slots() - 1, 1.0);
  } else if constexpr (use == Operation::kHour) {
    sink.Add(HourOf(micros), 1.0);
  } else if constexpr (use == Operation::kWeekday) {
    sink.Add(WeekdayOf(micros), 1.0);
  } else if constexpr (use == Operation::kMonth) {
    sink.Add(MonthOf(micros), 1.0);
  } else {
    sink.Add(DateOf(micros).day, 1.0);
  }
}

/// Days from one time to the other.
inline double DaysBetween(int64_t from, int64_t to) {
  __extension__ using Int128 = __int128;  // differences of extreme times do not fit int64
  return static_cast<double>(Int128{to} - Int128{from}) / 86'400e6;
}

/// The mean in the order of the list; missing where there is no number.
inline double ListMean(std::span<const double> numbers) {
  double sum = 0;
  for (const double number : numbers) sum += number;
  return numbers.empty() ? kMissingNumber : sum / static_cast<double>(numbers.size());
}

/// Calls visit(run) for each word and each run of up to `ngrams` words.
template <typename Visit>
void VisitRuns(const Words& words, int32_t ngrams, const Visit& visit) {
  for (size_t first = 0; first < words.size(); ++first) {
    const size_t most = std::min(static_cast<size_t>(ngrams), words.size() - first);
    for (size_t count = 1; count <= most; ++count) visit(words.Run(first, count));
  }
}

/// The words of a text: one entry a distinct slot.
template <typename Sink>
void AddTokens(const FittedFeature& feature, bool is_missing, std::string_view text, EntryScratch& scratch,
               Sink& sink) {
  auto& slots = scratch.slots;
  slots.clear();
  if (!is_missing) {
    scratch.words.Take(text, feature.lower);
    VisitRuns(scratch.words, feature.ngrams, [&](std::string_view run) {
      const int32_t slot = WordSlot(feature, run);
      if (slot >= 0) slots.push_back(slot);
    });
  }
  std::sort(slots.begin(), slots.end());
  const auto visit_entries = [&](const auto& visit) {
    for (size_t i = 0; i < slots.size();) {
      size_t end = i + 1;
      while (end < slots.size() && slots[end] == slots[i]) ++end;
      double value = feature.weight == TokenWeight::kBinary ? 1.0 : static_cast<double>(end - i);
      if (feature.weight == TokenWeight::kTfIdf) value *= feature.word_weights[static_cast<size_t>(slots[i])];
      visit(slots[i], value);
      i = end;
    }
  };
  double length = 1;
  if (feature.unit_length) {
    double squares = 0;
    visit_entries([&](int32_t, double value) { squares += value * value; });
    length = std::sqrt(squares);
  }
  visit_entries([&](int32_t slot, double value) { sink.Add(slot, value / length); });
  AddIndicator(feature, is_missing, sink);
}

/// The words of a list: one entry a distinct slot.
template <typename Sink>
void AddMultiHot(const FittedFeature& feature, bool is_missing, std::span<const std::string_view> list,
                 EntryScratch& scratch, Sink& sink) {
  if (is_missing) {
    sink.Add(feature.num_operation_slots() - 1, 1.0);
    return;
  }
  auto& slots = scratch.slots;
  slots.clear();
  for (const std::string_view word : list) slots.push_back(feature.vocabulary.SlotOf(word));
  std::sort(slots.begin(), slots.end());
  const auto end = std::unique(slots.begin(), slots.end());
  for (auto slot = slots.begin(); slot != end; ++slot) sink.Add(*slot, 1.0);
}

}  // namespace roost::transform
