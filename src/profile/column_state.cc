#include "profile/column_state.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/status.h"

namespace roost::profile {
namespace {

using column::Type;

// Types that differ only in how the bytes lie are one type: their statistics can be merged.
Type LogicalType(Type type) {
  switch (type) {
    case Type::kLargeString: return Type::kString;
    case Type::kLargeBinary: return Type::kBinary;
    case Type::kDate64: return Type::kDate32;
    default: return type;
  }
}

bool HasText(Type type) { return column::IsText(type) || column::IsBytes(type); }
bool HasNumbers(Type type) { return column::IsNumber(type) || column::IsTime(type) || type == Type::kBool; }

TextSummary BoolsAsText(int64_t num_false, int64_t num_true) {
  TextSummary text;
  if (num_false > 0) text.top.push_back({.value = "false", .count = num_false});
  if (num_true > 0) text.top.insert(num_true > num_false ? text.top.begin() : text.top.end(), {"true", num_true});
  return text;
}

}  // namespace

ColumnState::ColumnState(const column::ColumnView& column)
    : name_(column.name()), type_text_(column.TypeText()), type_(LogicalType(column.type())) {
  if (HasNumbers(type_)) values_.emplace<NumberState>(NumberState::KindOf(type_));
  if (HasText(type_)) values_.emplace<TextState>(TextState::KindOf(type_));
}

absl::Status ColumnState::CheckType(std::string_view type_text) const {
  if (type_text == type_text_) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("column '{}' is {} here and was {} before", name_, type_text, type_text_));
}

void ColumnState::Add(const column::ColumnView& column) {
  rows_ += column.length();
  if (auto* numbers = std::get_if<NumberState>(&values_)) {
    const int64_t before = numbers->count();
    numbers->Add(column);
    missing_ += column.length() - (numbers->count() - before);
  } else if (auto* text = std::get_if<TextState>(&values_)) {
    const int64_t before = text->count();
    text->Add(column);
    missing_ += column.length() - (text->count() - before);
  } else {
    missing_ += column.CountNulls();
  }
}

void ColumnState::Merge(const ColumnState& other) {
  rows_ += other.rows_;
  missing_ += other.missing_;
  if (auto* numbers = std::get_if<NumberState>(&values_)) numbers->Merge(std::get<NumberState>(other.values_));
  if (auto* text = std::get_if<TextState>(&values_)) text->Merge(std::get<TextState>(other.values_));
}

ColumnSummary ColumnState::Summarize() const {
  ColumnSummary summary{.name = name_, .type = type_, .type_text = type_text_, .rows = rows_, .missing = missing_};
  if (const auto* numbers = std::get_if<NumberState>(&values_)) {
    summary.distinct = numbers->Distinct();
    summary.distinct_is_exact = numbers->distinct_is_exact();
    summary.number = numbers->Summarize();
    if (type_ == Type::kBool) summary.text = BoolsAsText(numbers->zeros(), numbers->count() - numbers->zeros());
  } else if (const auto* text = std::get_if<TextState>(&values_)) {
    summary.distinct = std::min(text->Distinct(), static_cast<double>(text->count()));
    summary.distinct_is_exact = text->exact();
    summary.text = text->Summarize();
  } else {
    summary.distinct_is_exact = type_ == Type::kNull;
  }
  return summary;
}

std::optional<Distribution> ColumnState::GetDistribution() const {
  if (const auto* numbers = std::get_if<NumberState>(&values_)) {
    Distribution distribution = numbers->GetDistribution();
    if (type_ == Type::kBool) {
      distribution = {.values = BoolsAsText(numbers->zeros(), numbers->count() - numbers->zeros()).top};
    }
    distribution.missing = missing_;
    return distribution;
  }
  const auto* text = std::get_if<TextState>(&values_);
  if (text == nullptr) return std::nullopt;
  TextSummary summary = text->Summarize();
  Distribution distribution{.missing = missing_, .values = std::move(summary.top), .exact = summary.exact};
  distribution.others = text->count();
  for (const ValueCount& value : distribution.values) distribution.others -= value.count;
  // A sketch's counts may be too high.
  distribution.others = std::max<int64_t>(distribution.others, 0);
  return distribution;
}

void ColumnState::Serialize(std::string& bytes) const {
  AppendString(bytes, name_);
  AppendString(bytes, type_text_);
  AppendFixed(bytes, static_cast<uint8_t>(type_));
  AppendVarint(bytes, static_cast<uint64_t>(missing_));
  if (const auto* numbers = std::get_if<NumberState>(&values_)) numbers->Serialize(bytes);
  if (const auto* text = std::get_if<TextState>(&values_)) text->Serialize(bytes);
}

absl::StatusOr<ColumnState> ColumnState::Parse(ByteReader& reader, int64_t rows) {
  ColumnState state;
  state.rows_ = rows;
  TRY_ASSIGN(state.name_, reader.String());
  TRY_ASSIGN(state.type_text_, reader.String());
  TRY_ASSIGN(const uint8_t type, reader.Fixed<uint8_t>());
  TRY_ASSIGN(const uint64_t missing, reader.Varint());
  state.type_ = static_cast<Type>(type);
  if (type > static_cast<uint8_t>(Type::kOther) || LogicalType(state.type_) != state.type_) {
    return absl::DataLossError(fmt::format("unknown type {} before byte {}", type, reader.position()));
  }
  if (missing > static_cast<uint64_t>(rows)) {
    return absl::DataLossError(fmt::format("{} nulls in {} rows before byte {}", missing, rows, reader.position()));
  }
  state.missing_ = static_cast<int64_t>(missing);
  const int64_t count = rows - state.missing_;
  if (HasNumbers(state.type_)) {
    TRY_ASSIGN(state.values_, NumberState::Parse(reader, NumberState::KindOf(state.type_), count));
  } else if (HasText(state.type_)) {
    TRY_ASSIGN(state.values_, TextState::Parse(reader, TextState::KindOf(state.type_), count, /*version=*/2));
  }
  return state;
}

}  // namespace roost::profile
