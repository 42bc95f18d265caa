#include "profile/column_state.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"
#include "base/status.h"

namespace roost::profile {
namespace {

using column::Nesting;
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
constexpr int kMaxDepth = 64;  // of nested columns
constexpr uint64_t kMaxChildren = 1 << 16;
constexpr int64_t kMaxValues = int64_t{1} << 56;  // of all lists together: more than memory has
constexpr double kMicrosPerSecond = 1e6;

// What a column's bytes hold beside its values: bits of a byte.
enum Part : uint8_t { kOrder = 1, kWeights = 2 };

bool HasNumbers(Type type) { return column::IsNumber(type) || column::IsTime(type) || type == Type::kBool; }

bool IsFloat(Type type) { return NumberState::KindOf(type) == NumberState::Kind::kFloat; }

// Calls visit(first, length) for each run of rows that are not null.
template <typename Visit>
void ForEachRun(const column::ColumnView& column, const Visit& visit) {
  if (column.CountNulls() == 0) {
    if (column.length() > 0) visit(int64_t{0}, column.length());
    return;
  }
  for (int64_t row = 0; row < column.length();) {
    const int64_t first = row;
    while (row < column.length() && !column.IsNull(row)) ++row;
    if (row > first) visit(first, row - first);
    while (row < column.length() && column.IsNull(row)) ++row;
  }
}

// A column of integers over `values`, for the states that read columns.
column::ColumnView ViewOf(std::span<const int64_t> values) {
  ArrowSchema schema{};
  schema.format = "l";
  const void* buffers[] = {nullptr, values.data()};
  ArrowArray array{};
  array.length = static_cast<int64_t>(values.size());
  array.n_buffers = 2;
  array.buffers = buffers;
  auto view = column::ColumnView::Make(schema, array);
  ROOST_CHECK(view.ok(), view.status());
  return *std::move(view);
}

TextSummary BoolsAsText(int64_t num_false, int64_t num_true) {
  TextSummary text;
  if (num_false > 0) text.top.push_back({.value = "false", .count = num_false});
  if (num_true > 0) text.top.insert(num_true > num_false ? text.top.begin() : text.top.end(), {"true", num_true});
  return text;
}

}  // namespace

ColumnState::ColumnState(const column::ColumnView& column, std::string name, const ColumnOptions& options)
    : name_(std::move(name)),
      type_text_(column.TypeText()),
      type_(LogicalType(column.type())),
      nesting_(column.nesting()) {
  if (HasNumbers(type_)) {
    values_.emplace<NumberState>(NumberState::KindOf(type_));
    order_.emplace(IsFloat(type_));
  }
  if (HasText(type_)) values_.emplace<TextState>(TextState::KindOf(type_), options.text);
  if (options.is_weighted && nesting_ == Nesting::kNone) weights_.emplace(HasText(type_));
  for (const column::ColumnView& child : column.children()) {
    const bool is_field = nesting_ == Nesting::kStruct;
    children_.push_back(ColumnState(child, is_field ? fmt::format("{}.{}", name_, child.name()) : name_ + "[]",
                                    {.text = options.text}));
  }
  if (nesting_ == Nesting::kList) lengths_.emplace(NumberState::Kind::kInteger);
}

absl::Status ColumnState::CheckType(std::string_view type_text) const {
  if (type_text == type_text_) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("column '{}' is {} here and was {} before", name_, type_text, type_text_));
}

absl::Status ColumnState::CheckMerge(const ColumnState& later) const {
  TRY(CheckType(later.type_text_));
  // Of states that were read, the text need not be that of the type.
  if (type_ != later.type_ || nesting_ != later.nesting_ || weights_.has_value() != later.weights_.has_value() ||
      children_.size() != later.children_.size()) {
    return absl::InvalidArgumentError(fmt::format("column '{}' has statistics of another kind here", name_));
  }
  if (rows_ > kMaxValues - later.rows_) {
    return absl::OutOfRangeError(fmt::format("column '{}' has more than {} values", name_, kMaxValues));
  }
  if (const auto* text = std::get_if<TextState>(&values_)) TRY(text->CheckMerge(std::get<TextState>(later.values_)));
  for (size_t i = 0; i < children_.size(); ++i) {
    if (children_[i].name_ != later.children_[i].name_) {
      return absl::InvalidArgumentError(
          fmt::format("column '{}' is '{}' here", children_[i].name_, later.children_[i].name_));
    }
    TRY(children_[i].CheckMerge(later.children_[i]));
  }
  return absl::OkStatus();
}

void ColumnState::Add(const column::ColumnView& column, std::span<const int64_t> weights) {
  rows_ += column.length();
  if (auto* numbers = std::get_if<NumberState>(&values_)) {
    const int64_t before = numbers->count();
    numbers->Add(column);
    missing_ += column.length() - (numbers->count() - before);
    if (order_.has_value()) order_->Add(column);
  } else if (auto* text = std::get_if<TextState>(&values_)) {
    const int64_t before = text->count();
    text->Add(column);
    missing_ += column.length() - (text->count() - before);
  } else {
    missing_ += column.CountNulls();
    if (nesting_ == Nesting::kList) AddLists(column);
    if (nesting_ == Nesting::kStruct) AddStructs(column);
  }
  if (weights_.has_value()) weights_->Add(column, weights);
}

void ColumnState::AddLists(const column::ColumnView& column) {
  std::vector<int64_t> lengths;
  lengths.reserve(static_cast<size_t>(column.length()));
  // The values of neighbouring lists lie together: they are added at once.
  int64_t begin = 0;
  int64_t end = 0;
  const auto add_values = [&] {
    if (end > begin) children_.front().Add(column.children().front().Slice(begin, end - begin), {});
  };
  ForEachRun(column, [&](int64_t first, int64_t length) {
    for (int64_t row = first; row < first + length; ++row) {
      const auto [from, to] = column.ListRange(row);
      lengths.push_back(to - from);
      if (from != end) {
        add_values();
        begin = from;
      }
      end = to;
    }
  });
  add_values();
  lengths_->Add(ViewOf(lengths));
}

void ColumnState::AddStructs(const column::ColumnView& column) {
  ForEachRun(column, [&](int64_t first, int64_t length) {
    for (size_t i = 0; i < children_.size(); ++i) children_[i].Add(column.children()[i].Slice(first, length), {});
  });
}

void ColumnState::Merge(const ColumnState& later) {
  rows_ += later.rows_;
  missing_ += later.missing_;
  if (auto* numbers = std::get_if<NumberState>(&values_)) numbers->Merge(std::get<NumberState>(later.values_));
  if (auto* text = std::get_if<TextState>(&values_)) text->Merge(std::get<TextState>(later.values_));
  if (later.order_.has_value() && order_.has_value()) {
    order_->Merge(*later.order_);
  } else {
    order_.reset();
  }
  if (weights_.has_value()) weights_->Merge(*later.weights_);
  if (lengths_.has_value()) lengths_->Merge(*later.lengths_);
  for (size_t i = 0; i < children_.size(); ++i) children_[i].Merge(later.children_[i]);
}

void ColumnState::ForgetOrder() {
  order_.reset();
  for (ColumnState& child : children_) child.ForgetOrder();
}

ColumnSummary ColumnState::Summarize() const {
  ColumnSummary summary{.name = name_, .type = type_, .type_text = type_text_, .rows = rows_, .missing = missing_};
  if (const auto* numbers = std::get_if<NumberState>(&values_)) {
    summary.distinct = numbers->Distinct();
    summary.distinct_is_exact = numbers->distinct_is_exact();
    summary.number = numbers->Summarize();
    if (type_ == Type::kBool) summary.text = BoolsAsText(numbers->zeros(), numbers->count() - numbers->zeros());
    if (order_.has_value()) summary.number->order = order_->Summarize(column::IsTime(type_) ? kMicrosPerSecond : 1);
  } else if (const auto* text = std::get_if<TextState>(&values_)) {
    summary.distinct = std::min(text->Distinct(), static_cast<double>(text->count()));
    summary.distinct_is_exact = text->exact();
    summary.text = text->Summarize();
  } else {
    summary.distinct_is_exact = type_ == Type::kNull;
  }
  if (weights_.has_value()) {
    const bool has_ends = summary.number.has_value();
    summary.weighted = weights_->Summarize(has_ends ? summary.number->min : std::nullopt,
                                           has_ends ? summary.number->max : std::nullopt);
  }
  if (lengths_.has_value()) summary.list = SummarizeLists();
  for (const ColumnState& child : children_) summary.children.push_back(child.Summarize());
  return summary;
}

ListSummary ColumnState::SummarizeLists() const {
  NumberSummary lengths = lengths_->Summarize();
  return {.empty = lengths.zeros,
          .total = children_.front().rows_,
          .min_length = static_cast<int64_t>(lengths.min.value_or(0)),
          .max_length = static_cast<int64_t>(lengths.max.value_or(0)),
          .mean_length = lengths.mean.value_or(0),
          .percentiles = std::move(lengths.percentiles),
          .histogram = std::move(lengths.histogram)};
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
  Distribution distribution{.missing = missing_, .values = text->Top(), .exact = text->exact()};
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
  AppendFixed(bytes, static_cast<uint8_t>(nesting_));
  AppendFixed(bytes, static_cast<uint8_t>((order_.has_value() ? kOrder : 0) | (weights_.has_value() ? kWeights : 0)));
  AppendVarint(bytes, static_cast<uint64_t>(missing_));
  if (const auto* numbers = std::get_if<NumberState>(&values_)) numbers->Serialize(bytes);
  if (const auto* text = std::get_if<TextState>(&values_)) text->Serialize(bytes);
  if (order_.has_value()) order_->Serialize(bytes);
  if (weights_.has_value()) weights_->Serialize(bytes);
  if (lengths_.has_value()) lengths_->Serialize(bytes);
  if (nesting_ == Nesting::kNone) return;
  AppendVarint(bytes, children_.size());
  for (const ColumnState& child : children_) {
    AppendVarint(bytes, static_cast<uint64_t>(child.rows_));
    child.Serialize(bytes);
  }
}

absl::StatusOr<ColumnState> ColumnState::Parse(ByteReader& reader, uint16_t version, int64_t rows,
                                               int64_t weight_units) {
  return ParseAt(reader, version, rows, weight_units, 0);
}

absl::StatusOr<ColumnState> ColumnState::ParseAt(ByteReader& reader, uint16_t version, int64_t rows,
                                                 int64_t weight_units, int depth) {
  ColumnState state;
  state.rows_ = rows;
  TRY_ASSIGN(state.name_, reader.String());
  TRY_ASSIGN(state.type_text_, reader.String());
  TRY_ASSIGN(const uint8_t type, reader.Fixed<uint8_t>());
  uint8_t nesting = 0;
  uint8_t parts = 0;
  if (version > 1) {
    TRY_ASSIGN(nesting, reader.Fixed<uint8_t>());
    TRY_ASSIGN(parts, reader.Fixed<uint8_t>());
  }
  TRY_ASSIGN(const uint64_t missing, reader.Varint());
  state.type_ = static_cast<Type>(type);
  state.nesting_ = static_cast<Nesting>(nesting);
  const bool can_nest = nesting == 0 || state.type_ == Type::kOther;
  if (type > static_cast<uint8_t>(Type::kDecimal) || LogicalType(state.type_) != state.type_ ||
      nesting > static_cast<uint8_t>(Nesting::kStruct) || !can_nest || parts > (kOrder | kWeights) ||
      ((parts & kOrder) != 0 && !HasNumbers(state.type_)) || ((parts & kWeights) != 0 && (nesting != 0 || depth > 0))) {
    return absl::DataLossError(
        fmt::format("unknown type {}, {}, {} before byte {}", type, nesting, parts, reader.position()));
  }
  if (missing > static_cast<uint64_t>(rows)) {
    return absl::DataLossError(fmt::format("{} nulls in {} rows before byte {}", missing, rows, reader.position()));
  }
  state.missing_ = static_cast<int64_t>(missing);
  const int64_t count = rows - state.missing_;
  if (HasNumbers(state.type_)) {
    TRY_ASSIGN(state.values_, NumberState::Parse(reader, NumberState::KindOf(state.type_), count, version));
  } else if (HasText(state.type_)) {
    TRY_ASSIGN(state.values_, TextState::Parse(reader, TextState::KindOf(state.type_), count, version));
  }
  if ((parts & kOrder) != 0) {
    TRY_ASSIGN(state.order_, OrderState::Parse(reader, IsFloat(state.type_), count, version));
  }
  if ((parts & kWeights) != 0) {
    TRY_ASSIGN(state.weights_, WeightState::Parse(reader, HasText(state.type_), weight_units));
  }
  if (state.nesting_ != Nesting::kNone) TRY(state.ParseNested(reader, version, depth + 1));
  return state;
}

absl::Status ColumnState::ParseNested(ByteReader& reader, uint16_t version, int depth) {
  const int64_t count = rows_ - missing_;
  const auto broken = [&](std::string_view what) {
    return absl::DataLossError(fmt::format("nested column '{}' before byte {}: {}", name_, reader.position(), what));
  };
  if (depth > kMaxDepth) return broken("nested too deep");
  if (nesting_ == Nesting::kList) {
    TRY_ASSIGN(lengths_, NumberState::Parse(reader, NumberState::Kind::kInteger, count, version));
  }
  TRY_ASSIGN(const uint64_t children, reader.Varint());
  if (children > kMaxChildren || (nesting_ == Nesting::kList && children != 1)) return broken("too many children");
  for (uint64_t i = 0; i < children; ++i) {
    TRY_ASSIGN(const uint64_t rows, reader.Varint());
    if (rows > static_cast<uint64_t>(kMaxValues) ||
        (nesting_ == Nesting::kStruct && rows != static_cast<uint64_t>(count))) {
      return broken("rows that do not fit");
    }
    TRY_ASSIGN(ColumnState child, ParseAt(reader, version, static_cast<int64_t>(rows), 0, depth));
    children_.push_back(std::move(child));
  }
  return absl::OkStatus();
}

}  // namespace roost::profile
