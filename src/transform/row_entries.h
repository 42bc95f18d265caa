#pragma once

#include <span>
#include <string>
#include <string_view>

#include "column/value.h"
#include "transform/entries.h"

namespace roost::transform {

/// The values of a row in the order of a transform's sources: its inputs, then the derived columns.
using RowValues = std::span<const column::Value>;

inline double NumberOf(const column::Value& value) {
  const double* number = std::get_if<double>(&value);
  return number == nullptr ? kMissingNumber : *number;
}

/// The number that an operation of numbers begins with.
inline double RawNumber(const FittedFeature& feature, RowValues values) {
  const column::Value& value = values[feature.sources.front()];
  switch (feature.use) {
    case Operation::kAge: {
      const int64_t* micros = std::get_if<int64_t>(&value);
      if (micros == nullptr) return kMissingNumber;
      if (feature.sources.size() == 1) return DaysBetween(feature.since_micros, *micros);
      const int64_t* until = std::get_if<int64_t>(&values[feature.sources[1]]);
      return until == nullptr ? kMissingNumber : DaysBetween(*micros, *until);
    }
    case Operation::kListCount:
      if (const auto* texts = std::get_if<std::span<const std::string_view>>(&value)) {
        return static_cast<double>(texts->size());
      }
      if (const auto* numbers = std::get_if<std::span<const double>>(&value)) {
        return static_cast<double>(numbers->size());
      }
      return kMissingNumber;
    case Operation::kListMean: {
      const auto* numbers = std::get_if<std::span<const double>>(&value);
      return numbers == nullptr ? kMissingNumber : ListMean(*numbers);
    }
    default: return NumberOf(value);
  }
}

/// The word of a text or number; false where it is missing.
inline bool WordOf(const column::Value& value, NumberBuffer& buffer, std::string_view& word) {
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    word = *text;
    return true;
  }
  const double number = NumberOf(value);
  if (IsMissing(number)) return false;
  word = NumberWord(number, buffer);
  return true;
}

/// The words of a cross, with separators, in `key`; false where one of them is missing.
inline bool CrossKey(const FittedFeature& feature, RowValues values, std::string& key) {
  key.clear();
  NumberBuffer buffer;
  for (const size_t source : feature.sources) {
    std::string_view word;
    if (!WordOf(values[source], buffer, word)) return false;
    if (source != feature.sources.front()) key.push_back(kCrossSeparator);
    key.append(word);
  }
  return true;
}

template <Operation use, typename Sink>
void AddWordOf(const FittedFeature& feature, const column::Value& value, Sink& sink) {
  NumberBuffer buffer;
  std::string_view word;
  const bool is_missing = !WordOf(value, buffer, word);
  AddSlot<use>(feature, is_missing ? MissingSlot(feature) : WordSlot(feature, word), is_missing, sink);
}

template <Operation use, typename Sink>
void AddTimeOf(const FittedFeature& feature, const column::Value& value, Sink& sink) {
  const int64_t* micros = std::get_if<int64_t>(&value);
  AddTime<use>(feature, micros == nullptr, micros == nullptr ? 0 : *micros, sink);
}

/// The entries of one feature of one row.
template <typename Sink>
void AddEntries(const FittedFeature& feature, RowValues values, EntryScratch& scratch, Sink& sink) {
  using enum Operation;
  const column::Value& value = values[feature.sources.front()];
  switch (feature.use) {
    case kNumber: return AddNumber<kNumber>(feature, NumberOf(value), sink);
    case kStandardize: return AddNumber<kStandardize>(feature, NumberOf(value), sink);
    case kMinMax: return AddNumber<kMinMax>(feature, NumberOf(value), sink);
    case kBucketize: return AddNumber<kBucketize>(feature, NumberOf(value), sink);
    case kPolynomial: return AddNumber<kPolynomial>(feature, NumberOf(value), sink);
    case kAge:
    case kListCount:
    case kListMean: return AddNumber<kStandardize>(feature, RawNumber(feature, values), sink);
    case kOneHot: return AddWordOf<kOneHot>(feature, value, sink);
    case kOrdinal: return AddWordOf<kOrdinal>(feature, value, sink);
    case kHash: return AddWordOf<kHash>(feature, value, sink);
    case kCross: {
      const bool is_missing = !CrossKey(feature, values, scratch.key);
      return AddSlot<kCross>(feature, is_missing ? MissingSlot(feature) : WordSlot(feature, scratch.key), is_missing,
                             sink);
    }
    case kTokens: {
      const auto* text = std::get_if<std::string_view>(&value);
      return AddTokens(feature, text == nullptr, text == nullptr ? std::string_view() : *text, scratch, sink);
    }
    case kMultiHot: {
      const auto* list = std::get_if<std::span<const std::string_view>>(&value);
      return AddMultiHot(feature, list == nullptr, list == nullptr ? std::span<const std::string_view>() : *list,
                         scratch, sink);
    }
    case kHour: return AddTimeOf<kHour>(feature, value, sink);
    case kWeekday: return AddTimeOf<kWeekday>(feature, value, sink);
    case kMonth: return AddTimeOf<kMonth>(feature, value, sink);
    case kDay: return AddTimeOf<kDay>(feature, value, sink);
    case kCyclic: return AddTimeOf<kCyclic>(feature, value, sink);
  }
}

/// The values of a row's sources: `row` itself where there are no derived columns, else in `scratch`.
RowValues SourceValues(const Transform::Fitted& fitted, RowValues row, RowScratch& scratch);

}  // namespace roost::transform
