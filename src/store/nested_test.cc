// Columns of every type, through commits, edits and orders: read back equal to the bit.
#include <algorithm>
#include <memory>
#include <random>

#include <arrow/api.h>
#include <arrow/compute/api.h>
#include <arrow/util/bit_util.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/thread_pool.h"
#include "store/arrow_leaf.h"
#include "store/leaf_codec.h"
#include "store/nested_parts.h"
#include "store/nested_rows.h"
#include "store/row_hash.h"
#include "store/store.h"
#include "store/table_diff.h"
#include "store/testing/test_server.h"
#include "store/testing/test_tables.h"
#include "store/verify.h"
#include "table/nested_type.h"

namespace roost::store {
namespace {

using ArrayPtr = std::shared_ptr<arrow::Array>;
using TablePtr = std::shared_ptr<arrow::Table>;
using TypePtr = std::shared_ptr<arrow::DataType>;
using Random = std::mt19937_64;

std::vector<TypePtr> FlatTypes() {
  return {arrow::null(),
          arrow::boolean(),
          arrow::int8(),
          arrow::int16(),
          arrow::int32(),
          arrow::int64(),
          arrow::uint8(),
          arrow::uint16(),
          arrow::uint32(),
          arrow::uint64(),
          arrow::float16(),
          arrow::float32(),
          arrow::float64(),
          arrow::utf8(),
          arrow::large_utf8(),
          arrow::binary(),
          arrow::large_binary(),
          arrow::fixed_size_binary(0),
          arrow::fixed_size_binary(3),
          arrow::fixed_size_binary(32),
          arrow::fixed_size_binary(33),
          arrow::date32(),
          arrow::date64(),
          arrow::time32(arrow::TimeUnit::MILLI),
          arrow::time64(arrow::TimeUnit::NANO),
          arrow::timestamp(arrow::TimeUnit::MICRO, "Europe/Paris"),
          arrow::timestamp(arrow::TimeUnit::SECOND),
          arrow::duration(arrow::TimeUnit::SECOND),
          arrow::decimal32(7, 2),
          arrow::decimal64(15, -3),
          arrow::decimal128(38, 10),
          arrow::decimal256(76, 5),
          arrow::month_interval(),
          arrow::day_time_interval(),
          arrow::month_day_nano_interval()};
}

TypePtr RandomType(Random& random, int depth) {
  const auto flat = FlatTypes();
  if (depth == 0) return flat[random() % flat.size()];
  const auto field = [&](const char* name) {
    return arrow::field(name, RandomType(random, static_cast<int>(random() % static_cast<uint64_t>(depth))),
                        random() % 4 > 0);
  };
  switch (random() % 5) {
    case 0: return arrow::list(arrow::field("item", RandomType(random, depth - 1)));
    case 1: return arrow::large_list(field("a \"quoted\\ name>"));
    case 2: return arrow::fixed_size_list(field("item"), static_cast<int32_t>(random() % 4));
    case 3: return arrow::map(random() % 2 == 0 ? arrow::utf8() : arrow::int32(), RandomType(random, depth - 1));
    default: {
      arrow::FieldVector fields;
      for (uint64_t i = random() % 4; i > 0; --i) fields.push_back(field("x, y"));
      fields.push_back(arrow::field("last", RandomType(random, depth - 1)));
      return arrow::struct_(std::move(fields));
    }
  }
}

std::shared_ptr<arrow::Buffer> RandomBytes(Random& random, int64_t size) {
  std::string bytes(static_cast<size_t>(size), '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return arrow::Buffer::FromString(std::move(bytes));
}

/// Random bits in every place, also under nulls; lists under nulls have items.
std::shared_ptr<arrow::ArrayData> RandomData(Random& random, const TypePtr& type, int64_t rows, bool nullable = true) {
  const auto bits = [&] { return RandomBytes(random, arrow::bit_util::BytesForBits(rows)); };
  std::shared_ptr<arrow::Buffer> validity;
  if (nullable && random() % 4 > 0) validity = bits();
  const auto make = [&](arrow::BufferVector buffers, arrow::ArrayDataVector children = {}) {
    buffers.insert(buffers.begin(), validity);
    return arrow::ArrayData::Make(type, rows, std::move(buffers), std::move(children));
  };
  const auto offsets = [&](auto zero, int64_t most) {
    std::vector<decltype(zero)> ends{zero};
    for (int64_t i = 0; i < rows; ++i) {
      ends.push_back(ends.back() + static_cast<decltype(zero)>(random() % static_cast<uint64_t>(most)));
    }
    return ends;
  };
  const auto texts = [&](auto zero) {
    auto ends = offsets(zero, 9);
    std::string bytes(static_cast<size_t>(ends.back()), 'x');
    for (char& byte : bytes) byte = static_cast<char>('a' + random() % 3);
    return make({arrow::Buffer::FromVector(std::move(ends)), arrow::Buffer::FromString(std::move(bytes))});
  };
  switch (type->id()) {
    case arrow::Type::NA: return arrow::ArrayData::Make(type, rows, {nullptr}, rows);
    case arrow::Type::BOOL: return make({bits()});
    case arrow::Type::STRING:
    case arrow::Type::BINARY: return texts(int32_t{0});
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY: return texts(int64_t{0});
    case arrow::Type::LIST: {
      auto ends = offsets(int32_t{0}, 4);
      const auto child = RandomData(random, type->field(0)->type(), ends.back(), type->field(0)->nullable());
      return make({arrow::Buffer::FromVector(std::move(ends))}, {child});
    }
    case arrow::Type::LARGE_LIST: {
      auto ends = offsets(int64_t{0}, 4);
      const auto child = RandomData(random, type->field(0)->type(), ends.back(), type->field(0)->nullable());
      return make({arrow::Buffer::FromVector(std::move(ends))}, {child});
    }
    case arrow::Type::MAP: {
      const auto& map = static_cast<const arrow::MapType&>(*type);
      auto ends = offsets(int32_t{0}, 4);
      const int64_t entries = ends.back();
      auto child = arrow::ArrayData::Make(
          map.value_type(), entries, {nullptr},
          {RandomData(random, map.key_type(), entries, false), RandomData(random, map.item_type(), entries)});
      return make({arrow::Buffer::FromVector(std::move(ends))}, {child});
    }
    case arrow::Type::FIXED_SIZE_LIST: {
      const int64_t items = static_cast<const arrow::FixedSizeListType&>(*type).list_size();
      return make({}, {RandomData(random, type->field(0)->type(), rows * items, type->field(0)->nullable())});
    }
    case arrow::Type::STRUCT: {
      arrow::ArrayDataVector children;
      for (const auto& field : type->fields()) {
        children.push_back(RandomData(random, field->type(), rows, field->nullable()));
      }
      return make({}, std::move(children));
    }
    default: break;
  }
  const int width = static_cast<const arrow::FixedWidthType&>(*type).bit_width() / 8;
  return make({RandomBytes(random, rows * width)});
}

ArrayPtr RandomArray(Random& random, const TypePtr& type, int64_t rows) {
  return arrow::MakeArray(RandomData(random, type, rows + 7))->Slice(3, rows);
}

/// A number for each row, and columns of `types`, in chunks that are slices of larger arrays.
TablePtr RandomTable(Random& random, const std::vector<TypePtr>& types, int64_t rows, int64_t first = 0) {
  arrow::Int64Builder ids;
  for (int64_t i = 0; i < rows; ++i) EXPECT_TRUE(ids.Append(first + i).ok());
  arrow::FieldVector fields{arrow::field("id", arrow::int64())};
  arrow::ChunkedArrayVector columns{std::make_shared<arrow::ChunkedArray>(*ids.Finish())};
  for (size_t i = 0; i < types.size(); ++i) {
    arrow::ArrayVector chunks;
    for (int64_t left = rows; left > 0;) {
      const int64_t length = std::min<int64_t>(left, 1 + static_cast<int64_t>(random() % 900));
      chunks.push_back(RandomArray(random, types[i], length));
      left -= length;
    }
    fields.push_back(arrow::field(fmt::format("c{}", i), types[i]));
    columns.push_back(std::make_shared<arrow::ChunkedArray>(std::move(chunks), types[i]));
  }
  return arrow::Table::Make(arrow::schema(std::move(fields)), std::move(columns), rows);
}

ArrayPtr Whole(const arrow::ChunkedArray& column) {
  if (column.num_chunks() == 0) return *arrow::MakeEmptyArray(column.type());
  return *arrow::Concatenate(column.chunks());
}

/// Arrow's own comparison, which takes NaNs of any bits for equal, and then that of the bits.
void ExpectSame(const arrow::Table& read, const arrow::Table& given) {
  ASSERT_TRUE(read.schema()->Equals(*given.schema())) << read.schema()->ToString() << given.schema()->ToString();
  ASSERT_EQ(read.num_rows(), given.num_rows());
  ASSERT_TRUE(read.Validate().ok()) << read.Validate();
  const auto options = arrow::EqualOptions::Defaults().nans_equal(true).signed_zeros_equal(false);
  for (int i = 0; i < read.num_columns(); ++i) {
    const ArrayPtr a = Whole(*read.column(i));
    const ArrayPtr b = Whole(*given.column(i));
    ASSERT_TRUE(a->Equals(*b, options)) << given.field(i)->ToString();
    const auto a_bytes = ToLeafArray(a);
    const auto b_bytes = ToLeafArray(b);
    ASSERT_TRUE(a_bytes.ok()) << a_bytes.status();
    LeafBuilder a_leaf(*LeafTypeOfName(*TypeNameOf(*a->type(), "")));
    LeafBuilder b_leaf(*LeafTypeOfName(*TypeNameOf(*a->type(), "")));
    a_leaf.Append(**a_bytes, 0, a->length());
    b_leaf.Append(**b_bytes, 0, b->length());
    EXPECT_EQ(IdOf(a_leaf.Finish()), IdOf(b_leaf.Finish())) << given.field(i)->ToString();
  }
}

class NestedTest : public ::testing::Test {
 protected:
  void SetUp() override {
    store_ = *Store::Create(NewLocation(FreshTestFolder()));
    context_.pool = &pool_;
  }

  void CommitAndCompare(const std::string& dataset, const TablePtr& table) {
    const auto version = CommitTable(*store_, dataset, table, context_);
    ASSERT_TRUE(version.ok()) << version.status();
    const auto read = ReadVersion(*store_, dataset, version->version, context_);
    ASSERT_TRUE(read.ok()) << read.status();
    ExpectSame(**read, *table);
  }

  ThreadPool pool_{2};
  Context context_;
  std::unique_ptr<Store> store_;
};

TEST_F(NestedTest, EveryTypeIsReadBackToTheBit) {
  Random random(1);
  for (const int64_t rows : {0, 1, 3000}) {
    CommitAndCompare(fmt::format("flat{}", rows), RandomTable(random, FlatTypes(), rows));
    for (int depth = 1; depth <= 3; ++depth) {
      std::vector<TypePtr> types;
      for (int i = 0; i < 12; ++i) types.push_back(RandomType(random, depth));
      CommitAndCompare(fmt::format("nested{}-{}", depth, rows), RandomTable(random, types, rows));
    }
  }
}

TEST_F(NestedTest, EditsOfRowsArePatchesAndAreReadBack) {
  Random random(2);
  std::vector<TypePtr> types = FlatTypes();
  for (int i = 0; i < 9; ++i) types.push_back(RandomType(random, 1 + i % 3));
  TablePtr table = RandomTable(random, types, 4000);
  std::vector<TablePtr> versions{table};
  CommitAndCompare("t", table);
  for (int version = 2; version <= 6; ++version) {
    const int64_t at = static_cast<int64_t>(random() % 3000);
    const TablePtr block = RandomTable(random, types, 20, at);
    const TablePtr tail = table->Slice(at + 20 + (version == 4 ? 5 : 0));
    table = *(*arrow::ConcatenateTables({table->Slice(0, at), block, tail}))->CombineChunks();
    versions.push_back(table);
    CommitAndCompare("t", table);
  }
  const auto first = store_->Resolve({"t", 1});
  const auto last = store_->Resolve({"t", 6});
  EXPECT_LT(last->bytes_stored * 5, first->bytes_stored);
  for (size_t i = 0; i < versions.size(); ++i) {
    const auto read = ReadVersion(*store_, "t", static_cast<int64_t>(i) + 1, context_);
    ASSERT_TRUE(read.ok()) << read.status();
    ExpectSame(**read, *versions[i]);
  }
  const auto report = Verify(*store_, {.level = VerifyLevel::kContent}, context_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_TRUE(report->sound());
}

TEST_F(NestedTest, UpsertsAndOtherOrdersKeepValues) {
  Random random(3);
  std::vector<TypePtr> types = FlatTypes();
  for (int i = 0; i < 6; ++i) types.push_back(RandomType(random, 1 + i % 3));
  const TablePtr table = RandomTable(random, types, 20'000);
  CommitRequest request{.dataset = "t", .key = {"id"}, .author = "ada"};
  arrow::TableBatchReader reader(table);
  ASSERT_TRUE(store_->Commit(request, reader, context_).ok());
  const TablePtr rows = RandomTable(random, types, 30, 70);
  request.mode = CommitRequest::Mode::kUpsert;
  request.key.clear();
  arrow::TableBatchReader changes(rows);
  const auto upserted = store_->Commit(request, changes, context_);
  ASSERT_TRUE(upserted.ok()) << upserted.status();
  const TablePtr expected = *arrow::ConcatenateTables({table->Slice(0, 70), rows, table->Slice(100)});
  ExpectSame(**ReadVersion(*store_, "t", 2, context_), *expected);
  // The whole table backwards.
  std::vector<int64_t> backwards;
  for (int64_t row = expected->num_rows() - 1; row >= 0; --row) backwards.push_back(row);
  arrow::Int64Builder indices;
  ASSERT_TRUE(indices.AppendValues(backwards).ok());
  const auto turned = arrow::compute::Take(expected, arrow::Datum(*indices.Finish()));
  ASSERT_TRUE(turned.ok()) << turned.status();
  CommitAndCompare("t", turned->table());
}

TEST_F(NestedTest, ADiffSeesOneValueDeepWithin) {
  const auto lists = [](int64_t changed) {
    auto values = std::make_shared<arrow::DoubleBuilder>();
    auto item = std::make_shared<arrow::ListBuilder>(arrow::default_memory_pool(), values);
    arrow::Int64Builder ids;
    for (int64_t row = 0; row < 1000; ++row) {
      EXPECT_TRUE(ids.Append(row).ok() && item->Append().ok());
      for (int64_t i = 0; i < row % 4; ++i) EXPECT_TRUE(values->Append(row == changed && i == 0 ? -0.0 : 0.0).ok());
    }
    const ArrayPtr column = *item->Finish();
    return arrow::Table::Make(arrow::schema({arrow::field("id", arrow::int64()), arrow::field("v", column->type())}),
                              {*ids.Finish(), column});
  };
  CommitAndCompare("t", lists(-1));
  CommitAndCompare("t", lists(501));
  const auto rows = DiffRows(*store_, *store_->Resolve({"t", 1}), *store_->Resolve({"t", 2}), {}, context_, nullptr);
  ASSERT_TRUE(rows.ok()) << rows.status();
  const auto changes = (*rows)->ToTable();
  ASSERT_TRUE(changes.ok()) << changes.status();
  EXPECT_EQ((*changes)->num_rows(), 1);
}

TEST_F(NestedTest, WhatCannotBeStoredOrBeAKeyIsRefused) {
  Random random(4);
  const TablePtr table = RandomTable(random, {arrow::list(arrow::int32())}, 10);
  CommitRequest request{.dataset = "t", .key = {"c0"}, .author = "ada"};
  arrow::TableBatchReader reader(table);
  EXPECT_TRUE(absl::IsInvalidArgument(store_->Commit(request, reader, context_).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(TypeNameOf(*arrow::list(arrow::utf8_view()), "c").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(TypeNameOf(*arrow::list_view(arrow::int8()), "c").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      TypeNameOf(*arrow::list(arrow::run_end_encoded(arrow::int32(), arrow::utf8())), "c").status()));
}

TEST(TypeName, ReadsBackAsTheSameType) {
  Random random(5);
  for (int i = 0; i < 500; ++i) {
    const TypePtr type = RandomType(random, static_cast<int>(random() % 5));
    const auto name = TypeNameOf(*type, "c");
    ASSERT_TRUE(name.ok()) << name.status();
    const auto read = ArrowTypeOf(*name);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_TRUE((*read)->Equals(*type)) << *name;
    EXPECT_EQ(*TypeNameOf(**read, "c"), *name);
    for (size_t size = 0; size < name->size(); size += 1 + random() % 4) {
      const auto cut = ArrowTypeOf(name->substr(0, size));
      EXPECT_TRUE(cut.ok() || absl::IsDataLoss(cut.status()));
    }
  }
}

TEST(RowHash, OfNestedValuesIsThatOfTheirLeaf) {
  Random random(7);
  for (int i = 0; i < 60; ++i) {
    const TypePtr type = i % 2 == 0 ? RandomType(random, 2) : FlatTypes()[static_cast<size_t>(i) % FlatTypes().size()];
    const ArrayPtr array = RandomArray(random, type, 50);
    LeafBuilder builder(*LeafTypeOfName(*TypeNameOf(*type, "c")));
    builder.Append(**ToLeafArray(array), 0, 50);
    std::vector<uint64_t> of_array(50);
    std::vector<uint64_t> of_leaf(50);
    AddValueHashes(*array, 3, of_array);
    AddLeafHashes(builder.Finish(), 3, of_leaf);
    EXPECT_EQ(of_array, of_leaf) << type->ToString();
  }
}

Leaf LeafOf(const ArrayPtr& array) {
  LeafBuilder builder(*LeafTypeOfName(*TypeNameOf(*array->type(), "c")));
  builder.Append(**ToLeafArray(array), 0, array->length());
  return builder.Finish();
}

/// All parts of `leaf`, handed out by PutTogether's numbers of rows.
absl::StatusOr<Leaf> Rejoined(const Leaf& leaf, const std::vector<Leaf>& parts) {
  size_t next = 0;
  return PutTogether({.type = leaf.type, .rows = leaf.rows, .nulls = leaf.nulls, .validity = leaf.validity},
                     [&](const LeafType& type, int64_t rows) -> absl::StatusOr<Leaf> {
                       const Leaf& part = parts.at(next++);
                       EXPECT_EQ(part.type, type);
                       if (part.rows != rows) return absl::DataLossError("rows");
                       return part;
                     });
}

TEST(NestedParts, AreTheLeafAgain) {
  Random random(8);
  for (int i = 0; i < 300; ++i) {
    TypePtr type = RandomType(random, 1 + i % 4);
    if (!table::IsNested(*type)) type = arrow::list(type);
    const Leaf leaf = LeafOf(RandomArray(random, type, i % 60));
    const auto parts = TakeApart(leaf);
    ASSERT_TRUE(parts.ok()) << parts.status() << type->ToString();
    const auto again = Rejoined(leaf, *parts);
    ASSERT_TRUE(again.ok()) << again.status() << type->ToString();
    EXPECT_EQ(IdOf(*again), IdOf(leaf)) << type->ToString();
    const auto decoded = DecodeLeaf(EncodeLeaf(leaf));
    ASSERT_TRUE(decoded.ok()) << decoded.status() << type->ToString();
    EXPECT_EQ(IdOf(*decoded), IdOf(leaf)) << type->ToString();
  }
}

TEST(NestedParts, DeepTypesTakeNoLongerThanTheyAreDeep) {
  Random random(12);
  TypePtr type = arrow::timestamp(arrow::TimeUnit::MICRO);
  for (int depth = 0; depth < 50; ++depth) type = arrow::struct_({arrow::field("in", type)});
  const Leaf leaf = LeafOf(RandomArray(random, type, 900));
  const auto decoded = DecodeLeaf(EncodeLeaf(leaf));
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(IdOf(*decoded), IdOf(leaf));
}

TEST(NestedParts, CompressLikeColumns) {
  Random random(9);
  arrow::ListBuilder lists(arrow::default_memory_pool(), std::make_shared<arrow::Int64Builder>());
  std::vector<uint64_t> numbers;
  for (int row = 0; row < 20'000; ++row) {
    ASSERT_TRUE(lists.Append().ok());
    for (uint64_t i = random() % 6; i > 0; --i) {
      numbers.push_back(random() % 1000);
      ASSERT_TRUE(static_cast<arrow::Int64Builder&>(*lists.value_builder()).Append(numbers.back()).ok());
    }
  }
  const std::string record = EncodeLeaf(LeafOf(*lists.Finish()));
  // Ten bits a number and less than three a length, and a little for heads.
  EXPECT_LT(record.size(), numbers.size() * 10 / 8 + 20'000 * 3 / 8 + 500);
}

TEST(NestedParts, ValuesThatAreNotCanonicalStayWhole) {
  Leaf leaf{.type = *LeafTypeOf("list<item: uint8>"), .rows = 1, .offsets = {0}};
  leaf.values = std::string("\x81\x00\x01\x07", 4);  // a length of one in two bytes
  leaf.offsets.push_back(4);
  EXPECT_FALSE(TakeApart(leaf).ok());
  const auto read = DecodeLeaf(EncodeLeaf(leaf));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(IdOf(*read), IdOf(leaf));
}

TEST(NestedParts, ForeignRecordsAreDataLossOrSomeLeaf) {
  Random random(10);
  for (int i = 0; i < 100; ++i) {
    TypePtr type = arrow::list(RandomType(random, i % 4));
    const Leaf leaf = LeafOf(RandomArray(random, type, 400));
    const std::string record = EncodeLeaf(leaf);
    for (int flip = 0; flip < 60; ++flip) {
      std::string flipped = record;
      flipped[random() % flipped.size()] ^= static_cast<char>(1 << random() % 8);
      const auto read = DecodeLeaf(flipped);
      EXPECT_TRUE(read.ok() || absl::IsDataLoss(read.status())) << read.status();
    }
  }
}

TEST(NestedParts, ThatDoNotFitAreDataLoss) {
  Random random(11);
  const Leaf leaf = LeafOf(RandomArray(random, arrow::list(arrow::utf8()), 50));
  const auto parts = *TakeApart(leaf);
  ASSERT_TRUE(Rejoined(leaf, parts).ok());
  const auto broken = [&](const auto& change) {
    std::vector<Leaf> changed = parts;
    change(changed);
    return absl::IsDataLoss(Rejoined(leaf, changed).status());
  };
  EXPECT_TRUE(broken([](auto& leaves) { leaves[0].values[0] ^= 1; }));       // one item more or less
  EXPECT_TRUE(broken([](auto& leaves) { leaves[0].values[3] ^= '\x40'; }));  // a billion more
  EXPECT_TRUE(broken([](auto& leaves) { leaves[0].rows -= 1; }));
  EXPECT_TRUE(broken([](auto& leaves) { leaves[1].rows -= 1; }));
}

TEST(NestedRows, AMapWithANullKeyIsRefused) {
  // Arrow does not see the null behind a code.
  arrow::StringBuilder words;
  arrow::Int8Builder codes;
  arrow::Int32Builder ends;
  ASSERT_TRUE(words.Append("a").ok() && words.AppendNull().ok());
  for (int row = 0; row < 2; ++row) ASSERT_TRUE(codes.Append(static_cast<int8_t>(row)).ok());
  for (int end = 0; end < 3; ++end) ASSERT_TRUE(ends.Append(end).ok());
  const ArrayPtr keys = *arrow::DictionaryArray::FromArrays(arrow::dictionary(arrow::int8(), arrow::utf8()),
                                                            *codes.Finish(), *words.Finish());
  const ArrayPtr map = *arrow::MapArray::FromArrays(*ends.Finish(), keys, keys);
  EXPECT_TRUE(absl::IsInvalidArgument(ToLeafArray(map).status()));
  Leaf leaf{.type = *LeafTypeOf("map<\"key\": string not null, \"value\": string>"), .rows = 1};
  leaf.values = std::string("\x01\x00\x00", 3);  // an item: no key, no value
  leaf.offsets = {0, 3};
  EXPECT_TRUE(absl::IsDataLoss(NestedArray(leaf, *ArrowTypeOf(leaf.type.tag)).status()));
}

TEST(NestedRows, ForeignBytesAreDataLossOrSomeValue) {
  Random random(6);
  for (int i = 0; i < 300; ++i) {
    const TypePtr type = arrow::list(arrow::field("item", RandomType(random, static_cast<int>(random() % 4))));
    const auto bytes = ToLeafArray(RandomArray(random, type, 20));
    ASSERT_TRUE(bytes.ok()) << bytes.status();
    LeafBuilder builder(*LeafTypeOfName(*TypeNameOf(*type, "c")));
    builder.Append(**bytes, 0, 20);
    const Leaf leaf = builder.Finish();
    for (int flip = 0; flip < 50 && !leaf.values.empty(); ++flip) {
      Leaf flipped = leaf;
      flipped.values[random() % leaf.values.size()] ^= static_cast<char>(1 << random() % 8);
      const auto array = NestedArray(flipped, type);
      if (!array.ok()) {
        EXPECT_TRUE(absl::IsDataLoss(array.status())) << array.status();
      } else {
        EXPECT_EQ((*array)->length(), 20);
        (*array)->ValidateFull().ok();  // a text may be no UTF-8; nothing is read out of bounds
      }
    }
  }
}

}  // namespace
}  // namespace roost::store
