#include <algorithm>
#include <utility>

#include "base/status.h"
#include "base/thread_pool.h"
#include "transform/source_columns.h"

namespace roost::transform {
namespace {

using column::ColumnView;
using column::Kind;

// Rows of one piece of work: its entries (12 bytes each) stay in the second-level cache, and the pieces depend on the
// data alone.
constexpr int64_t kPieceRows = 1'024;

// A batch on its way to its features. Where all features have a fixed number of entries, row r has its entries at
// r * stride, and pieces write to their places at once; else each piece has rows of its own.
struct Work {
  const Transform::Fitted* fitted = nullptr;
  const SourceColumns* columns = nullptr;
  std::vector<std::vector<int32_t>> code_slots;  // of each feature: of each code of its dictionary, or empty
  std::vector<bool> is_decoded;                  // of each source: whether some feature reads its values row by row
  std::vector<size_t> offsets;                   // of each feature with a fixed number of entries, within `stride`
  size_t stride = 0;
  bool all_fixed = true;
};

// The entries of the features with a fixed number: of row r of the piece at r * stride.
struct Cells {
  int32_t* indices = nullptr;
  double* values = nullptr;
};

// Those of a feature whose rows differ.
struct Lists {
  std::vector<size_t> ends;  // of each row
  std::vector<int32_t> indices;
  std::vector<double> values;
};

struct CellSink {
  int32_t* index;
  double* value;
  int32_t first;

  void Add(int32_t slot, double number) {
    *index++ = first + slot;
    *value++ = number;
  }
};

struct ListSink {
  Lists* lists;
  int32_t first;

  void Add(int32_t slot, double value) {
    lists->indices.push_back(first + slot);
    lists->values.push_back(value);
  }
};

// One piece of the rows.
struct Piece {
  const Work* work = nullptr;
  int64_t begin = 0;
  size_t rows = 0;
  std::vector<Decoded> sources;
  EntryScratch scratch;
  Cells cells;
  std::vector<Lists> lists;  // of each feature
};

// Calls add(row of the piece, sink) for every row.
template <typename AddRow>
void WriteRows(Piece& piece, size_t position, const AddRow& add) {
  const Work& work = *piece.work;
  const FittedFeature& feature = work.fitted->features[position];
  if (feature.fixed_entries() > 0) {
    CellSink sink{piece.cells.indices + work.offsets[position], piece.cells.values + work.offsets[position],
                  feature.first};
    for (size_t row = 0; row < piece.rows; ++row) {
      CellSink row_sink = sink;
      add(row, row_sink);
      sink.index += work.stride;
      sink.value += work.stride;
    }
    return;
  }
  Lists& lists = piece.lists[position];
  ListSink sink{&lists, feature.first};
  for (size_t row = 0; row < piece.rows; ++row) {
    add(row, sink);
    lists.ends.push_back(lists.indices.size());
  }
}

template <Operation use>
void WriteNumbers(Piece& piece, size_t position) {
  const FittedFeature& feature = piece.work->fitted->features[position];
  VisitNumbers(feature, piece.sources, [&](const auto& number_at) {
    WriteRows(piece, position, [&](size_t row, auto& sink) { AddNumber<use>(feature, number_at(row), sink); });
  });
}

template <Operation use>
void WriteTimes(Piece& piece, size_t position) {
  const FittedFeature& feature = piece.work->fitted->features[position];
  const Decoded& column = piece.sources[feature.sources.front()];
  WriteRows(piece, position,
            [&](size_t row, auto& sink) { AddTime<use>(feature, column.missing[row] != 0, column.micros[row], sink); });
}

template <Operation use>
void WriteWords(Piece& piece, size_t position) {
  const FittedFeature& feature = piece.work->fitted->features[position];
  const int32_t missing = MissingSlot(feature);
  const std::vector<int32_t>& slots = piece.work->code_slots[position];
  if (!slots.empty()) {
    const ColumnView& column = (*piece.work->columns)[feature.sources.front()];
    const bool has_nulls = column.has_nulls();
    WriteRows(piece, position, [&](size_t i, auto& sink) {
      const int64_t row = piece.begin + static_cast<int64_t>(i);
      const bool is_missing = has_nulls && column.IsNull(row);
      AddSlot<use>(feature, is_missing ? missing : slots[static_cast<size_t>(column.CodeAt(row))], is_missing, sink);
    });
    return;
  }
  const Decoded& column = piece.sources[feature.sources.front()];
  WriteRows(piece, position, [&](size_t row, auto& sink) {
    NumberBuffer buffer;
    const WordAtRow word = WordAt(column, row, buffer);
    AddSlot<use>(feature, word.is_missing ? missing : WordSlot(feature, word.word), word.is_missing, sink);
  });
}

void WriteCrosses(Piece& piece, size_t position) {
  const FittedFeature& feature = piece.work->fitted->features[position];
  std::string& key = piece.scratch.key;
  WriteRows(piece, position, [&](size_t row, auto& sink) {
    const bool is_missing = !CrossKeyAt(feature, piece.sources, row, key);
    AddSlot<Operation::kCross>(feature, is_missing ? MissingSlot(feature) : WordSlot(feature, key), is_missing, sink);
  });
}

void WriteTokens(Piece& piece, size_t position) {
  const FittedFeature& feature = piece.work->fitted->features[position];
  const Decoded& column = piece.sources[feature.sources.front()];
  WriteRows(piece, position, [&](size_t row, auto& sink) {
    AddTokens(feature, column.missing[row] != 0, column.texts[row], piece.scratch, sink);
  });
}

void WriteMultiHot(Piece& piece, size_t position) {
  const FittedFeature& feature = piece.work->fitted->features[position];
  const Decoded& column = piece.sources[feature.sources.front()];
  WriteRows(piece, position, [&](size_t row, auto& sink) {
    AddMultiHot(feature, column.missing[row] != 0, column.TextsAt(row), piece.scratch, sink);
  });
}

void WriteFeature(Piece& piece, size_t position) {
  using enum Operation;
  switch (piece.work->fitted->features[position].use) {
    case kNumber: return WriteNumbers<kNumber>(piece, position);
    case kStandardize:
    case kAge:
    case kListCount:
    case kListMean: return WriteNumbers<kStandardize>(piece, position);
    case kMinMax: return WriteNumbers<kMinMax>(piece, position);
    case kBucketize: return WriteNumbers<kBucketize>(piece, position);
    case kPolynomial: return WriteNumbers<kPolynomial>(piece, position);
    case kOneHot: return WriteWords<kOneHot>(piece, position);
    case kOrdinal: return WriteWords<kOrdinal>(piece, position);
    case kHash: return WriteWords<kHash>(piece, position);
    case kTokens: return WriteTokens(piece, position);
    case kCross: return WriteCrosses(piece, position);
    case kHour: return WriteTimes<kHour>(piece, position);
    case kWeekday: return WriteTimes<kWeekday>(piece, position);
    case kMonth: return WriteTimes<kMonth>(piece, position);
    case kDay: return WriteTimes<kDay>(piece, position);
    case kCyclic: return WriteTimes<kCyclic>(piece, position);
    case kMultiHot: return WriteMultiHot(piece, position);
  }
}

void WritePiece(Piece& piece) {
  const Work& work = *piece.work;
  piece.sources.resize(work.fitted->num_sources());
  for (size_t source = 0; source < piece.sources.size(); ++source) {
    if (!work.is_decoded[source]) continue;
    Decode((*work.columns)[source], work.fitted->SourceKind(source), piece.begin, piece.rows, piece.sources[source]);
  }
  piece.lists.resize(work.fitted->features.size());
  for (size_t position = 0; position < work.fitted->features.size(); ++position) WriteFeature(piece, position);
}

// The piece's rows, each feature's entries after those of the one before. `starts` counts from the piece's first.
void GatherRows(const Piece& piece, FeatureRows& rows) {
  const auto& features = piece.work->fitted->features;
  const auto append = [&rows](const int32_t* indices, const double* values, size_t count) {
    rows.indices.insert(rows.indices.end(), indices, indices + count);
    rows.values.insert(rows.values.end(), values, values + count);
  };
  for (size_t row = 0; row < piece.rows; ++row) {
    const size_t cells = row * piece.work->stride;
    for (size_t position = 0; position < features.size(); ++position) {
      if (const auto fixed = static_cast<size_t>(features[position].fixed_entries()); fixed > 0) {
        const size_t at = cells + piece.work->offsets[position];
        append(piece.cells.indices + at, piece.cells.values + at, fixed);
      } else {
        const Lists& lists = piece.lists[position];
        const size_t at = row == 0 ? 0 : lists.ends[row - 1];
        append(lists.indices.data() + at, lists.values.data() + at, lists.ends[row] - at);
      }
    }
    rows.starts.push_back(static_cast<int64_t>(rows.indices.size()));
  }
}

// The slots of the words of a dictionary, each looked up once: 0 for null entries, which no row reads. Empty where the
// column has no dictionary, or one of more words than there are rows to save a look-up for.
std::vector<int32_t> SlotsOfCodes(const FittedFeature& feature, const ColumnView& column, int64_t rows) {
  const bool of_words =
      feature.use == Operation::kOneHot || feature.use == Operation::kOrdinal || feature.use == Operation::kHash;
  if (!of_words || !column.is_dictionary() || !column::IsText(column.type())) return {};
  const ColumnView& words = column.dictionary();
  if (words.length() > rows) return {};
  std::vector<int32_t> slots(static_cast<size_t>(words.length()));
  for (int64_t code = 0; code < words.length(); ++code) {
    if (!words.IsNull(code)) slots[static_cast<size_t>(code)] = WordSlot(feature, words.TextAt(code));
  }
  return slots;
}

Work Plan(const Transform::Fitted& fitted, const SourceColumns& columns, int64_t rows) {
  Work work{.fitted = &fitted, .columns = &columns};
  work.is_decoded.resize(fitted.num_sources());
  for (const FittedFeature& feature : fitted.features) {
    work.code_slots.push_back(SlotsOfCodes(feature, columns[feature.sources.front()], rows));
    if (work.code_slots.back().empty()) {
      for (const size_t source : feature.sources) work.is_decoded[source] = true;
    }
    work.offsets.push_back(work.stride);
    work.stride += static_cast<size_t>(feature.fixed_entries());
    work.all_fixed = work.all_fixed && feature.fixed_entries() > 0;
  }
  return work;
}

// Every piece writes to its place in `rows`.
absl::Status WriteFixed(const Work& work, int64_t num_rows, const Context& context, FeatureRows& rows) {
  const auto total = static_cast<size_t>(num_rows) * work.stride;
  rows.starts.resize(static_cast<size_t>(num_rows) + 1);
  rows.indices.resize(total);
  rows.values.resize(total);
  const auto write = [&](size_t number) -> absl::Status {
    TRY(context.CheckCancelled());
    Piece piece{.work = &work, .begin = static_cast<int64_t>(number) * kPieceRows};
    piece.rows = static_cast<size_t>(std::min(kPieceRows, num_rows - piece.begin));
    const auto first = static_cast<size_t>(piece.begin);
    piece.cells = {rows.indices.data() + first * work.stride, rows.values.data() + first * work.stride};
    WritePiece(piece);
    for (size_t row = first + 1; row <= first + piece.rows; ++row) {
      rows.starts[row] = static_cast<int64_t>(row * work.stride);
    }
    return absl::OkStatus();
  };
  return context.pool->ParallelFor(static_cast<size_t>((num_rows + kPieceRows - 1) / kPieceRows), write);
}

// The rows of all pieces, one piece after the other.
absl::Status Join(std::vector<FeatureRows> pieces, const Context& context, FeatureRows& rows) {
  std::vector<size_t> first_rows, first_entries;
  size_t num_rows = 0, num_entries = 0;
  for (const FeatureRows& piece : pieces) {
    first_rows.push_back(num_rows);
    first_entries.push_back(num_entries);
    num_rows += piece.starts.size() - 1;
    num_entries += piece.indices.size();
  }
  rows.starts.resize(num_rows + 1);
  rows.indices.resize(num_entries);
  rows.values.resize(num_entries);
  return context.pool->ParallelFor(pieces.size(), [&](size_t number) {
    FeatureRows& piece = pieces[number];
    const size_t entry = first_entries[number];
    std::copy(piece.indices.begin(), piece.indices.end(), rows.indices.begin() + static_cast<int64_t>(entry));
    std::copy(piece.values.begin(), piece.values.end(), rows.values.begin() + static_cast<int64_t>(entry));
    for (size_t row = 1; row < piece.starts.size(); ++row) {
      rows.starts[first_rows[number] + row] = piece.starts[row] + static_cast<int64_t>(entry);
    }
    piece = {};
    return absl::OkStatus();
  });
}

absl::Status WriteVarying(const Work& work, int64_t num_rows, const Context& context, FeatureRows& rows) {
  std::vector<FeatureRows> pieces(static_cast<size_t>((num_rows + kPieceRows - 1) / kPieceRows));
  const auto write = [&](size_t number) -> absl::Status {
    TRY(context.CheckCancelled());
    Piece piece{.work = &work, .begin = static_cast<int64_t>(number) * kPieceRows};
    piece.rows = static_cast<size_t>(std::min(kPieceRows, num_rows - piece.begin));
    std::vector<int32_t> indices(piece.rows * work.stride);
    std::vector<double> values(piece.rows * work.stride);
    piece.cells = {indices.data(), values.data()};
    WritePiece(piece);
    GatherRows(piece, pieces[number]);
    return absl::OkStatus();
  };
  TRY(context.pool->ParallelFor(pieces.size(), write));
  return Join(std::move(pieces), context, rows);
}

}  // namespace

absl::StatusOr<FeatureRows> Transform::ApplyBatch(const column::BatchView& batch, const Context& context) const {
  TRY_ASSIGN(const SourceColumns columns, SourceColumns::Make(*fitted_, batch, context));
  const Work work = Plan(*fitted_, columns, batch.num_rows());
  FeatureRows rows{.num_features = num_features()};
  TRY(work.all_fixed ? WriteFixed(work, batch.num_rows(), context, rows)
                     : WriteVarying(work, batch.num_rows(), context, rows));
  return rows;
}

absl::StatusOr<DenseRows> Transform::ApplyDense(const column::BatchView& batch, double absent,
                                                const Context& context) const {
  TRY_ASSIGN(const FeatureRows rows, ApplyBatch(batch, context));
  DenseRows dense{.num_features = rows.num_features};
  const auto width = static_cast<size_t>(rows.num_features);
  dense.values.assign(static_cast<size_t>(rows.num_rows()) * width, absent);
  for (size_t row = 0; row + 1 < rows.starts.size(); ++row) {
    for (auto entry = static_cast<size_t>(rows.starts[row]); entry < static_cast<size_t>(rows.starts[row + 1]);
         ++entry) {
      dense.values[row * width + static_cast<size_t>(rows.indices[entry])] = rows.values[entry];
    }
  }
  return dense;
}

}  // namespace roost::transform
