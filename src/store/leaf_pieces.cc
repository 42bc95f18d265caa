#include "store/leaf_pieces.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include <arrow/util/bit_util.h>
#include <arrow/util/bitmap_ops.h>
#include <fmt/format.h>

#include "base/status.h"
#include "store/edit_walk.h"
#include "store/leaf_rows.h"

namespace roost::store {
namespace {

constexpr size_t kMaxBytes = std::numeric_limits<int32_t>::max();

uint8_t* Bits(std::string& bits) { return reinterpret_cast<uint8_t*>(bits.data()); }
const uint8_t* Bits(const std::string& bits) { return reinterpret_cast<const uint8_t*>(bits.data()); }

std::string AllSet(int64_t rows) {
  std::string bits(static_cast<size_t>(arrow::bit_util::BytesForBits(rows)), '\0');
  arrow::bit_util::SetBitsTo(Bits(bits), 0, rows, true);
  return bits;
}

void CountNulls(Leaf& leaf) {
  leaf.nulls = leaf.rows - arrow::internal::CountSetBits(Bits(leaf.validity), 0, leaf.rows);
  if (leaf.nulls == 0) leaf.validity.clear();
}

template <typename T>
void SetWords(char* values, std::span<const int64_t> changed, const char* given) {
  for (size_t i = 0; i < changed.size(); ++i) {
    std::memcpy(values + static_cast<size_t>(changed[i]) * sizeof(T), given + i * sizeof(T), sizeof(T));
  }
}

/// What has one width: the values of a leaf of form kFixed, or codes.
const char* WordsOf(const Leaf& leaf) {
  return leaf.is_dictionary ? reinterpret_cast<const char*>(leaf.codes.data()) : leaf.values.data();
}

template <size_t width>
char* CopyWords(char* to, const char* from, size_t words) {
  // Most pieces are one row or few.
  for (size_t i = 0; i < words && words < 8; ++i) std::memcpy(to + i * width, from + i * width, width);
  if (words >= 8) std::memcpy(to, from, words * width);
  return to + words * width;
}

}  // namespace

LeafPieces::LeafPieces(Leaf leaf) : rows_(leaf.rows), bytes_(leaf.values.size()) {
  pieces_.push_back({.length = static_cast<int32_t>(rows_)});
  sources_.push_back(std::move(leaf));
}

bool LeafPieces::IsWhole() const {
  return pieces_.size() == 1 && pieces_.front().source == 0 && rows_ == sources_.front().rows;
}

bool LeafPieces::IsSetInPlace() const {
  const Leaf& first = sources_.front();
  return IsWhole() && (first.is_dictionary || (first.type.form == LeafForm::kFixed && first.type.width > 0));
}

absl::Status LeafPieces::Edit(const RowEdits& edits, std::span<const int64_t> changed, Leaf given) {
  const int64_t wanted = InsertedRows(edits) + static_cast<int64_t>(changed.size());
  if (rows_ != edits.base_rows || given.rows != wanted || type() != given.type ||
      ChangedInKept(edits, changed) != static_cast<int64_t>(changed.size())) {
    return absl::DataLossError(fmt::format("a patch of {} values of {} for {} rows of {} does not fit {} rows",
                                           given.rows, given.type.tag, edits.base_rows, type().tag, rows_));
  }
  if (wanted == 0 && NothingMoves(edits)) return absl::OkStatus();
  is_edited_ = true;
  bytes_ += given.values.size();
  if (bytes_ > kMaxBytes && !IsWhole()) {
    *this = LeafPieces(std::move(*this).Gather());
    bytes_ += given.values.size();
    is_edited_ = true;
  }
  if (bytes_ > kMaxBytes) return absl::DataLossError("the values of a patched leaf take too many bytes");
  if (sources_.front().is_dictionary) {
    given = ToDictionaryForm(std::move(given));
    ShareDictionary(sources_.front(), given);
  }
  if (NothingMoves(edits) && IsSetInPlace()) {
    SetRows(changed, given);
    return absl::OkStatus();
  }
  sources_.push_back(std::move(given));
  Cut(edits, changed, static_cast<int32_t>(sources_.size()) - 1);
  rows_ = edits.rows;
  return absl::OkStatus();
}

void LeafPieces::SetRows(std::span<const int64_t> changed, const Leaf& given) {
  Leaf& leaf = sources_.front();
  if (leaf.nulls > 0 || given.nulls > 0) {
    if (leaf.nulls == 0) leaf.validity = AllSet(leaf.rows);
    for (size_t i = 0; i < changed.size(); ++i) {
      arrow::bit_util::SetBitTo(Bits(leaf.validity), changed[i], given.IsValid(static_cast<int64_t>(i)));
    }
    CountNulls(leaf);
  }
  char* words = leaf.is_dictionary ? reinterpret_cast<char*>(leaf.codes.data()) : leaf.values.data();
  const size_t width = leaf.is_dictionary ? sizeof(int32_t) : static_cast<size_t>(leaf.type.width);
  if (width == 8) return SetWords<uint64_t>(words, changed, WordsOf(given));
  if (width == 4) return SetWords<uint32_t>(words, changed, WordsOf(given));
  for (size_t i = 0; i < changed.size(); ++i) {
    std::memcpy(words + static_cast<size_t>(changed[i]) * width, WordsOf(given) + i * width, width);
  }
}

/// The pieces after `edits`, with new rows from the source `given`.
void LeafPieces::Cut(const RowEdits& edits, std::span<const int64_t> changed, int32_t given) {
  std::vector<Piece> pieces;
  pieces.reserve(pieces_.size() + 2 * changed.size() + 2 * edits.steps.size());
  const auto add = [&pieces](int32_t source, int32_t start, int32_t length) {
    if (!pieces.empty() && pieces.back().source == source && pieces.back().start + pieces.back().length == start) {
      pieces.back().length += length;
    } else {
      pieces.push_back({source, start, length});
    }
  };
  size_t at = 0;
  int64_t at_row = 0;  // where pieces_[at] begins
  int32_t from = 0;    // of the given rows
  EditWalk(edits, changed)
      .Run(
          [&](int64_t base, int64_t length) {
            while (length > 0) {
              while (at_row + pieces_[at].length <= base) at_row += pieces_[at++].length;
              const auto skipped = static_cast<int32_t>(base - at_row);
              const auto taken = static_cast<int32_t>(std::min<int64_t>(length, pieces_[at].length - skipped));
              add(pieces_[at].source, pieces_[at].start + skipped, taken);
              base += taken;
              length -= taken;
            }
          },
          [&](int64_t) { add(given, from++, 1); },
          [&](int64_t length) {
            add(given, from, static_cast<int32_t>(length));
            from += static_cast<int32_t>(length);
          });
  pieces_ = std::move(pieces);
}

void LeafPieces::GatherValidity(Leaf& leaf) const {
  if (std::all_of(sources_.begin(), sources_.end(), [](const Leaf& source) { return source.nulls == 0; })) return;
  leaf.validity = AllSet(rows_);
  int64_t row = 0;
  for (const Piece& piece : pieces_) {
    const Leaf& source = sources_[static_cast<size_t>(piece.source)];
    if (source.nulls > 0) {
      arrow::internal::CopyBitmap(Bits(source.validity), piece.start, piece.length, Bits(leaf.validity), row);
    }
    row += piece.length;
  }
  CountNulls(leaf);
}

void LeafPieces::GatherWords(Leaf& leaf) const {
  const size_t width = leaf.is_dictionary ? sizeof(int32_t) : static_cast<size_t>(leaf.type.width);
  if (leaf.is_dictionary) {
    leaf.codes.resize(static_cast<size_t>(rows_));
  } else {
    leaf.values.resize(static_cast<size_t>(rows_) * width);
  }
  char* to = leaf.is_dictionary ? reinterpret_cast<char*>(leaf.codes.data()) : leaf.values.data();
  for (const Piece& piece : pieces_) {
    const char* start = WordsOf(sources_[static_cast<size_t>(piece.source)]) + static_cast<size_t>(piece.start) * width;
    const auto words = static_cast<size_t>(piece.length);
    switch (width) {
      case 4: to = CopyWords<4>(to, start, words); break;
      case 8: to = CopyWords<8>(to, start, words); break;
      default: std::memcpy(to, start, words * width); to += words * width;
    }
  }
}

Leaf LeafPieces::Gather() && {
  if (IsWhole()) {
    if (is_edited_ && sources_.front().is_dictionary) DropUnusedValues(sources_.front());
    return std::move(sources_.front());
  }
  Leaf& first = sources_.front();
  Leaf leaf{.type = first.type};
  leaf.is_dictionary = first.is_dictionary;
  if (leaf.is_dictionary || leaf.type.form == LeafForm::kFixed) {
    leaf.rows = rows_;
    GatherValidity(leaf);
    GatherWords(leaf);
    if (!leaf.is_dictionary) return leaf;
    leaf.values = std::move(first.values);
    leaf.offsets = std::move(first.offsets);
    DropUnusedValues(leaf);
    return leaf;
  }
  if (leaf.type.form == LeafForm::kVariable) {
    leaf.offsets.reserve(static_cast<size_t>(rows_) + 1);
    leaf.offsets.push_back(0);
    leaf.values.reserve(bytes_);
  }
  for (const Piece& piece : pieces_) {
    AppendRows(leaf, sources_[static_cast<size_t>(piece.source)], piece.start, piece.length);
  }
  return leaf;
}

}  // namespace roost::store
