// Edits upon edits of a leaf, against a model that keeps its rows in a vector.
#include "store/leaf_pieces.h"

#include <algorithm>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "store/leaf_rows.h"

namespace roost::store {
namespace {

using Random = std::mt19937_64;
using Cells = std::vector<std::optional<std::string>>;  // bytes of each value

std::optional<std::string> RandomCell(Random& random, const LeafType& type) {
  if (type.form == LeafForm::kNull || random() % 6 == 0) return std::nullopt;
  if (type.form == LeafForm::kVariable) return std::string(random() % 7, static_cast<char>('a' + random() % 4));
  const size_t width = type.form == LeafForm::kBool ? 1 : static_cast<size_t>(type.width);
  return std::string(width, static_cast<char>(type.form == LeafForm::kBool ? random() % 2 : random() % 9));
}

Cells RandomCells(Random& random, const LeafType& type, int64_t rows, bool with_nulls) {
  Cells cells;
  while (static_cast<int64_t>(cells.size()) < rows) {
    auto cell = RandomCell(random, type);
    if (cell.has_value() || with_nulls || type.form == LeafForm::kNull) cells.push_back(std::move(cell));
  }
  return cells;
}

void AppendBit(std::string& bits, size_t at, bool is_set) {
  if (at % 8 == 0) bits.push_back('\0');
  if (is_set) bits.back() = static_cast<char>(bits.back() | (1 << (at % 8)));
}

Leaf LeafOf(const LeafType& type, const Cells& cells) {
  Leaf leaf{.type = type, .rows = static_cast<int64_t>(cells.size())};
  if (type.form == LeafForm::kVariable) leaf.offsets.push_back(0);
  for (size_t row = 0; row < cells.size(); ++row) {
    const auto& cell = cells[row];
    AppendBit(leaf.validity, row, cell.has_value());
    if (!cell.has_value() && type.form != LeafForm::kNull) ++leaf.nulls;
    if (type.form == LeafForm::kBool) AppendBit(leaf.values, row, cell.has_value() && (*cell)[0] != 0);
    if (type.form == LeafForm::kFixed) leaf.values += cell.value_or(std::string(static_cast<size_t>(type.width), '\0'));
    if (type.form == LeafForm::kVariable) {
      leaf.values += cell.value_or("");
      leaf.offsets.push_back(static_cast<int32_t>(leaf.values.size()));
    }
  }
  if (leaf.nulls == 0) leaf.validity.clear();
  return leaf;
}

struct Change {
  RowEdits edits;
  std::vector<int64_t> changed;
  Cells given;
};

/// A random change of `cells`, which become what it makes of them.
Change RandomChange(Random& random, const LeafType& type, Cells& cells) {
  const uint64_t kind = random() % 8;  // 0: nothing moves; 1: everything goes; others: rows come and go
  const bool with_nulls = random() % 2 == 0;
  Change change{.edits = {.base_rows = static_cast<int64_t>(cells.size())}};
  Cells after;
  const auto give = [&] {
    change.given.push_back(RandomCells(random, type, 1, with_nulls).front());
    after.push_back(change.given.back());
  };
  for (size_t at = 0; at < cells.size() || change.edits.steps.empty();) {
    EditStep step{.keep = static_cast<int64_t>(kind == 1 ? 0 : std::min(cells.size() - at, 1 + random() % 40))};
    if (kind == 0) step.keep = static_cast<int64_t>(cells.size());
    for (int64_t i = 0; i < step.keep; ++i, ++at) {
      if (random() % 10 == 0) {
        change.changed.push_back(static_cast<int64_t>(after.size()));
        give();
      } else {
        after.push_back(cells[at]);
      }
    }
    if (kind != 0) {
      step.remove = static_cast<int64_t>(kind == 1 ? cells.size() : std::min(cells.size() - at, random() % 3));
      step.insert = static_cast<int64_t>(kind == 1 ? cells.size() : random() % 3);
      at += static_cast<size_t>(step.remove);
      for (int64_t i = 0; i < step.insert; ++i) give();
    }
    change.edits.steps.push_back(step);
  }
  change.edits.rows = static_cast<int64_t>(after.size());
  cells = std::move(after);
  return change;
}

TEST(LeafPieces, ManyEditsGiveTheRowsThatAModelGives) {
  Random random(1);
  for (const std::string tag : {"int64", "int32", "uint8", "decimal128(10, 2)", "fixed_size_binary[0]", "bool", "utf8",
                                "list<item: int8>", "null"}) {
    const LeafType type = *LeafTypeOf(tag);
    for (int run = 0; run < 60; ++run) {
      Cells cells = RandomCells(random, type, run % 7 == 0 ? run % 2 : 300, run % 3 != 0);
      const Leaf base = LeafOf(type, cells);
      LeafPieces plain(base);
      const bool has_codes = type.form == LeafForm::kVariable;
      LeafPieces codes(has_codes ? ToDictionaryForm(base) : base);
      for (int edit = static_cast<int>(random() % 12); edit > 0; --edit) {
        const Change change = RandomChange(random, type, cells);
        ASSERT_TRUE(plain.Edit(change.edits, change.changed, LeafOf(type, change.given)).ok());
        ASSERT_TRUE(codes.Edit(change.edits, change.changed, LeafOf(type, change.given)).ok());
        ASSERT_EQ(plain.rows(), static_cast<int64_t>(cells.size()));
      }
      const Leaf expected = LeafOf(type, cells);
      const Leaf leaf = std::move(plain).Gather();
      ASSERT_EQ(IdOf(leaf), IdOf(expected)) << tag;
      ASSERT_EQ(leaf.nulls, expected.nulls);
      if (!has_codes) continue;
      const Leaf coded = std::move(codes).Gather();
      ASSERT_TRUE(coded.is_dictionary && coded.rows == expected.rows && coded.nulls == expected.nulls);
      for (int64_t row = 0; row < expected.rows; ++row) {
        ASSERT_EQ(coded.IsValid(row), expected.IsValid(row));
        const int32_t code = coded.codes[static_cast<size_t>(row)];
        ASSERT_LT(code, static_cast<int32_t>(coded.offsets.size()) - 1);
        if (expected.IsValid(row)) {
          ASSERT_EQ(coded.Variable(code), expected.Variable(row));
        }
      }
    }
  }
}

TEST(LeafPieces, WhatDoesNotFitIsDataLoss) {
  Random random(2);
  const LeafType type = *LeafTypeOf("int64");
  LeafPieces leaf(LeafOf(type, RandomCells(random, type, 10, false)));
  const Leaf one = LeafOf(type, RandomCells(random, type, 1, false));
  const auto refuses = [&](const RowEdits& edits, const std::vector<int64_t>& changed, const Leaf& given) {
    return absl::IsDataLoss(leaf.Edit(edits, changed, given));
  };
  EXPECT_TRUE(refuses({.base_rows = 9, .rows = 9, .steps = {{.keep = 9}}}, {1}, one));
  EXPECT_TRUE(refuses({.base_rows = 10, .rows = 10, .steps = {{.keep = 10}}}, {1, 2}, one));
  EXPECT_TRUE(refuses({.base_rows = 10, .rows = 10, .steps = {{.keep = 10}}}, {10}, one));
  EXPECT_TRUE(refuses({.base_rows = 10, .rows = 10, .steps = {{.keep = 10}}}, {1},
                      LeafOf(*LeafTypeOf("int32"), Cells{std::string(4, 'x')})));
  EXPECT_TRUE(leaf.Edit({.base_rows = 10, .rows = 10, .steps = {{.keep = 10}}}, std::vector<int64_t>{9}, one).ok());
}

}  // namespace
}  // namespace roost::store
