#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/check.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "transform/fitted.h"

namespace roost::transform {
namespace {

using column::ColumnView;
using column::Kind;
using column::Type;

constexpr double kMissing = std::numeric_limits<double>::quiet_NaN();

// Rows of one piece of work: its entries (12 bytes a feature) stay in the second-level cache, and the pieces depend on
// the data alone.
constexpr int64_t kPieceRows = 1'024;

Entry EntryOf(const FittedFeature& feature, const column::Value& value) {
  if (std::holds_alternative<std::monostate>(value)) return MissingEntry(feature);
  switch (feature.use) {
    case Operation::kStandardize: return Standardize(feature, std::get<double>(value));
    case Operation::kBucketize: return Bucketize(feature, std::get<double>(value));
    case Operation::kOneHot: return OneHot(feature, std::get<std::string_view>(value));
    case Operation::kHour: return Hour(std::get<int64_t>(value));
    case Operation::kWeekday: return Weekday(std::get<int64_t>(value));
    case Operation::kMonth:
    default: return Month(std::get<int64_t>(value));
  }
  return MissingEntry(feature);
}

// One column of one piece as its kind, decoded once for all features that use it. Text is read in place.
struct Decoded {
  std::vector<double> numbers;  // NaN for missing
  std::vector<int64_t> micros;
  std::vector<uint8_t> missing;  // of `micros`
};

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
      numbers[i] = kMissing;
    } else if (!as_stored) {
      numbers[i] = column.NumberAt(row);
    }
  }
}

void Decode(const ColumnView& column, Kind kind, int64_t begin, size_t rows, Decoded& decoded) {
  if (kind == Kind::kNumber) {
    decoded.numbers.resize(rows);
    DecodeNumbers(column, begin, decoded.numbers);
  } else if (kind == Kind::kTime) {
    decoded.micros.assign(rows, 0);
    decoded.missing.assign(rows, 0);
    for (size_t i = 0; i < rows; ++i) {
      const int64_t row = begin + static_cast<int64_t>(i);
      if (column.IsNull(row)) {
        decoded.missing[i] = 1;
      } else {
        decoded.micros[i] = column.MicrosAt(row);
      }
    }
  }
}

// A batch on its way to its features.
struct Work {
  std::span<const FittedFeature> features;
  std::span<const InputColumn> inputs;
  std::vector<const ColumnView*> columns;   // of each input
  std::vector<std::vector<int32_t>> slots;  // of each feature: of each code of its dictionary, or empty
  FeatureRows* rows = nullptr;
};

// Every feature has one entry in every row, so that entry `feature` of row r lies at r * features + feature.
template <typename EntryAt>
void Write(const Work& work, size_t feature, int64_t begin, size_t rows, const EntryAt& entry_at) {
  const size_t stride = work.features.size();
  const int32_t first = work.features[feature].first;
  int32_t* index = work.rows->indices.data() + static_cast<size_t>(begin) * stride + feature;
  double* value = work.rows->values.data() + static_cast<size_t>(begin) * stride + feature;
  for (size_t i = 0; i < rows; ++i, index += stride, value += stride) {
    const Entry entry = entry_at(i);
    *index = first + entry.slot;
    *value = entry.value;
  }
}

void WriteText(const Work& work, size_t position, int64_t begin, size_t rows) {
  const FittedFeature& feature = work.features[position];
  const ColumnView& column = *work.columns[feature.input];
  const std::vector<int32_t>& slots = work.slots[position];
  const Entry missing = MissingEntry(feature);
  Write(work, position, begin, rows, [&](size_t i) -> Entry {
    const int64_t row = begin + static_cast<int64_t>(i);
    if (column.IsNull(row)) return missing;
    if (!slots.empty()) return {slots[static_cast<size_t>(column.CodeAt(row))], 1.0};
    return OneHot(feature, column.TextAt(row));
  });
}

void WriteFeature(const Work& work, size_t position, int64_t begin, size_t rows, const Decoded& decoded) {
  const FittedFeature& feature = work.features[position];
  const auto write = [&](const auto& entry_at) { Write(work, position, begin, rows, entry_at); };
  const auto write_time = [&](const auto& entry_of) {
    const Entry missing = MissingEntry(feature);
    write([&](size_t i) { return decoded.missing[i] != 0 ? missing : entry_of(decoded.micros[i]); });
  };
  switch (feature.use) {
    case Operation::kStandardize: write([&](size_t i) { return Standardize(feature, decoded.numbers[i]); }); break;
    case Operation::kBucketize: write([&](size_t i) { return Bucketize(feature, decoded.numbers[i]); }); break;
    case Operation::kOneHot: WriteText(work, position, begin, rows); break;
    case Operation::kHour: write_time([](int64_t micros) { return Hour(micros); }); break;
    case Operation::kWeekday: write_time([](int64_t micros) { return Weekday(micros); }); break;
    case Operation::kMonth:
    default: write_time([](int64_t micros) { return Month(micros); }); break;
  }
}

void WritePiece(const Work& work, int64_t begin, size_t rows) {
  std::vector<Decoded> decoded(work.inputs.size());
  for (size_t i = 0; i < work.inputs.size(); ++i) {
    Decode(*work.columns[i], work.inputs[i].kind, begin, rows, decoded[i]);
  }
  for (size_t i = 0; i < work.features.size(); ++i) {
    WriteFeature(work, i, begin, rows, decoded[work.features[i].input]);
  }
  for (size_t i = 0; i < rows; ++i) {
    const size_t row = static_cast<size_t>(begin) + i;
    work.rows->starts[row + 1] = static_cast<int64_t>((row + 1) * work.features.size());
  }
}

// Columns of type null hold no value, which suits every kind.
absl::Status CheckColumn(const ColumnView& column, const InputColumn& input) {
  const auto kind = column::KindOf(column.type());
  if (column.type() == Type::kNull || (kind.ok() && *kind == input.kind)) return absl::OkStatus();
  return WithHint(absl::InvalidArgumentError(fmt::format("column '{}' holds {}, and the model takes a {} from it",
                                                         input.name, column.TypeText(), column::KindName(input.kind))),
                  "convert the column to the type that it had in training");
}

// Looks every word of a dictionary up once; not where it has more words than there are rows.
std::vector<int32_t> SlotsOfCodes(const FittedFeature& feature, const ColumnView& column, int64_t num_rows) {
  if (feature.use != Operation::kOneHot || !column.is_dictionary() || column.dictionary().length() > num_rows) {
    return {};
  }
  const ColumnView& words = column.dictionary();
  std::vector<int32_t> slots(static_cast<size_t>(words.length()));
  for (int64_t code = 0; code < words.length(); ++code) {
    if (!words.IsNull(code)) slots[static_cast<size_t>(code)] = OneHot(feature, words.TextAt(code)).slot;
  }
  return slots;
}

}  // namespace

void Transform::ApplyRow(std::span<const column::Value> row, FeatureVector& features) const {
  ROOST_CHECK(row.size() == fitted_->inputs.size(), "got " << row.size() << " values, want " << inputs().size());
  features.Clear();
  for (const FittedFeature& feature : fitted_->features) {
    const column::Value& value = row[feature.input];
    ROOST_CHECK(HasKind(value, KindFor(feature.use)), "the value of '" << feature.column << "' has another kind");
    const Entry entry = EntryOf(feature, value);
    features.Add(feature.first + entry.slot, entry.value);
  }
}

absl::StatusOr<FeatureRows> Transform::ApplyBatch(const column::BatchView& batch, const Context& context) const {
  FeatureRows rows{.num_features = num_features()};
  Work work{.features = fitted_->features, .inputs = fitted_->inputs, .rows = &rows};
  for (const InputColumn& input : work.inputs) {
    TRY_ASSIGN(const ColumnView* column, batch.Require(input.name));
    TRY(CheckColumn(*column, input));
    work.columns.push_back(column);
  }
  for (const FittedFeature& feature : work.features) {
    work.slots.push_back(SlotsOfCodes(feature, *work.columns[feature.input], batch.num_rows()));
  }
  const auto num_rows = static_cast<size_t>(batch.num_rows());
  rows.starts.resize(num_rows + 1);
  rows.indices.resize(num_rows * work.features.size());
  rows.values.resize(num_rows * work.features.size());
  const auto num_pieces = static_cast<size_t>((batch.num_rows() + kPieceRows - 1) / kPieceRows);
  const auto write_piece = [&](size_t piece) -> absl::Status {
    TRY(context.CheckCancelled());
    const int64_t begin = static_cast<int64_t>(piece) * kPieceRows;
    WritePiece(work, begin, static_cast<size_t>(std::min(kPieceRows, batch.num_rows() - begin)));
    return absl::OkStatus();
  };
  TRY(context.pool->ParallelFor(num_pieces, write_piece));
  return rows;
}

}  // namespace roost::transform
