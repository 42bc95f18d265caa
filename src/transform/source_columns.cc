#include "transform/source_columns.h"

#include <utility>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/check.h"
#include "base/status.h"

namespace roost::transform {
namespace {

using column::ColumnView;
using column::Kind;
using column::Type;

std::vector<uint8_t> BitsOf(size_t rows, const auto& is_set) {
  std::vector<uint8_t> bits(rows / 8 + 1);
  for (size_t row = 0; row < rows; ++row) {
    if (is_set(row)) bits[row / 8] = static_cast<uint8_t>(bits[row / 8] | (1 << (row % 8)));
  }
  return bits;
}

absl::Status CheckColumn(const ColumnView& column, const InputColumn& input) {
  if (column.type() == Type::kNull) return absl::OkStatus();
  const auto kind = column::KindOf(column);
  if (kind.ok() && *kind == input.kind) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format("column '{}' holds {}, and the model takes a {} from it", input.name,
                                                column.TypeText(), column::KindName(input.kind)));
}

// A column of type null as one of its kind, for expressions.
std::unique_ptr<ValuesColumn> AllMissing(const InputColumn& input, bool is_boolean, int64_t rows) {
  const auto size = static_cast<size_t>(rows);
  expr::Values values;
  values.is_null.assign(size, 1);
  if (is_boolean) {
    values.kind = expr::Kind::kBoolean;
    values.booleans.assign(size, -1);
  } else if (input.kind == Kind::kNumber) {
    values.numbers.resize(size);
  } else if (input.kind == Kind::kTime) {
    values.kind = expr::Kind::kTime;
    values.times.resize(size);
  } else {
    values.kind = expr::Kind::kText;
    values.texts.resize(size);
  }
  return std::make_unique<ValuesColumn>(input.name, std::move(values));
}

void DecodeNumbers(const ColumnView& column, int64_t begin, std::span<double> numbers) {
  const bool as_stored = column.VisitStored([&](const auto values) {
    for (size_t i = 0; i < numbers.size(); ++i) {
      numbers[i] = static_cast<double>(values[static_cast<size_t>(begin) + i]);
    }
  });
  if (as_stored && !column.has_nulls()) return;
  for (size_t i = 0; i < numbers.size(); ++i) {
    const int64_t row = begin + static_cast<int64_t>(i);
    if (column.IsNull(row)) {
      numbers[i] = kMissingNumber;
    } else if (!as_stored) {
      numbers[i] = column.NumberAt(row);
    }
  }
}

// Calls read(row, i) for the rows that are not null, and notes the others.
template <typename Read>
void DecodePresent(const ColumnView& column, int64_t begin, std::vector<uint8_t>& missing, const Read& read) {
  const bool has_nulls = column.has_nulls();
  for (size_t i = 0; i < missing.size(); ++i) {
    const int64_t row = begin + static_cast<int64_t>(i);
    missing[i] = has_nulls && column.IsNull(row) ? 1 : 0;
    if (missing[i] == 0) read(row, i);
  }
}

void DecodeLists(const ColumnView& column, int64_t begin, size_t rows, Decoded& decoded) {
  column::ListStorage storage;
  const bool of_texts = decoded.kind == Kind::kTextList;
  decoded.list_texts.clear();
  decoded.list_numbers.clear();
  decoded.starts.assign(1, 0);
  for (size_t i = 0; i < rows; ++i) {
    const int64_t row = begin + static_cast<int64_t>(i);
    decoded.missing[i] = column.IsNull(row) ? 1 : 0;
    if (decoded.missing[i] == 0) {
      ValueAt(column, decoded.kind, row, storage);
      if (of_texts) {
        decoded.list_texts.insert(decoded.list_texts.end(), storage.texts.begin(), storage.texts.end());
      } else {
        decoded.list_numbers.insert(decoded.list_numbers.end(), storage.numbers.begin(), storage.numbers.end());
      }
    }
    decoded.starts.push_back(of_texts ? decoded.list_texts.size() : decoded.list_numbers.size());
  }
}

}  // namespace

ValuesColumn::ValuesColumn(std::string name, expr::Values values) : name_(std::move(name)), values_(std::move(values)) {
  validity_ = BitsOf(values_.is_null.size(), [this](size_t row) { return values_.is_null[row] == 0; });
  switch (values_.kind) {
    case expr::Kind::kNumber: MakeView("g", values_.numbers.data(), nullptr); break;
    case expr::Kind::kTime: MakeView("tsu:UTC", values_.times.data(), nullptr); break;
    case expr::Kind::kBoolean:
      bits_ = BitsOf(values_.is_null.size(), [this](size_t row) { return values_.booleans[row] > 0; });
      MakeView("b", bits_.data(), nullptr);
      break;
    case expr::Kind::kText:
      PackTexts();
      MakeView("U", offsets_.data(), bytes_.data());
      break;
  }
}

ValuesColumn::ValuesColumn(std::vector<double> numbers) {
  values_.is_null.assign(numbers.size(), 0);
  values_.numbers = std::move(numbers);
  validity_ = BitsOf(values_.is_null.size(), [](size_t) { return true; });
  MakeView("g", values_.numbers.data(), nullptr);
}

void ValuesColumn::PackTexts() {
  offsets_.assign(1, 0);
  for (const std::string_view text : values_.texts) {
    bytes_.append(text);
    offsets_.push_back(static_cast<int64_t>(bytes_.size()));
  }
}

void ValuesColumn::MakeView(const char* format, const void* data, const void* text) {
  // The view keeps what the structs point to, not the structs.
  ArrowSchema schema{};
  schema.format = format;
  schema.name = name_.c_str();
  static constexpr double kNothing = 0;
  const void* buffers[] = {validity_.data(), data == nullptr ? &kNothing : data, text};
  ArrowArray array{};
  array.length = static_cast<int64_t>(values_.is_null.size());
  array.null_count = -1;
  array.n_buffers = text == nullptr ? 2 : 3;
  array.buffers = buffers;
  auto view = ColumnView::Make(schema, array);
  ROOST_CHECK(view.ok(), view.status());
  view_ = std::make_unique<ColumnView>(*std::move(view));
}

absl::StatusOr<SourceColumns> SourceColumns::Make(const Transform::Fitted& fitted, const column::BatchView& batch,
                                                  const Context& context) {
  SourceColumns sources;
  for (size_t i = 0; i < fitted.inputs.size(); ++i) {
    const InputColumn& input = fitted.inputs[i];
    TRY_ASSIGN(const ColumnView* column, batch.Require(input.name));
    TRY(CheckColumn(*column, input));
    sources.columns_.push_back(*column);
    const bool is_list = input.kind == Kind::kTextList || input.kind == Kind::kNumberList;
    if (column->type() != Type::kNull || is_list || fitted.derived.empty()) continue;
    sources.computed_.push_back(AllMissing(input, fitted.input_is_boolean[i], batch.num_rows()));
    sources.columns_.back() = sources.computed_.back()->view();
  }
  for (const FittedDerived& derived : fitted.derived) {
    const column::BatchView known(batch.num_rows(), sources.columns_);
    auto values = derived.expression->Evaluate(known, context);
    if (!values.ok()) return Annotate(values.status(), fmt::format("derived column '{}'", derived.declared.name));
    sources.computed_.push_back(std::make_unique<ValuesColumn>(derived.declared.name, *std::move(values)));
    sources.columns_.push_back(sources.computed_.back()->view());
  }
  return sources;
}

void Decode(const ColumnView& column, Kind kind, int64_t begin, size_t rows, Decoded& decoded) {
  decoded.kind = kind;
  if (kind == Kind::kNumber) {
    decoded.numbers.resize(rows);
    DecodeNumbers(column, begin, decoded.numbers);
    return;
  }
  decoded.missing.resize(rows);
  if (kind == Kind::kTime) {
    decoded.micros.assign(rows, 0);
    DecodePresent(column, begin, decoded.missing,
                  [&](int64_t row, size_t i) { decoded.micros[i] = column.MicrosAt(row); });
  } else if (kind == Kind::kText) {
    decoded.texts.assign(rows, {});
    DecodePresent(column, begin, decoded.missing,
                  [&](int64_t row, size_t i) { decoded.texts[i] = column.TextAt(row); });
  } else {
    DecodeLists(column, begin, rows, decoded);
  }
}

bool CrossKeyAt(const FittedFeature& feature, std::span<const Decoded> sources, size_t row, std::string& key) {
  key.clear();
  NumberBuffer buffer;
  for (const size_t source : feature.sources) {
    const WordAtRow part = WordAt(sources[source], row, buffer);
    if (part.is_missing) return false;
    if (source != feature.sources.front()) key.push_back(kCrossSeparator);
    key.append(part.word);
  }
  return true;
}

}  // namespace roost::transform
