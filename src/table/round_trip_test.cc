#include <cmath>
#include <limits>
#include <random>

#include <arrow/io/memory.h>
#include <arrow/util/decimal.h>
#include <gmock/gmock.h>

#include "table/arrow_status.h"
#include "table/testing.h"
#include "table/write.h"

namespace roost::table {
namespace {

using ::testing::HasSubstr;

/// Random values of every type that all formats can hold, a tenth of them null.
class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}

  /// Parquet has no times in seconds: `coarsest` is what to make instead.
  std::shared_ptr<arrow::RecordBatch> Batch(int64_t rows, arrow::TimeUnit::type coarsest = arrow::TimeUnit::SECOND) {
    return Rows(
        {{"id", Fill<arrow::Int64Builder>(arrow::int64(), rows, [&] { return Bits(); })},
         {"small", Fill<arrow::Int8Builder>(arrow::int8(), rows, [&] { return static_cast<int8_t>(Bits()); })},
         {"big", Fill<arrow::UInt64Builder>(arrow::uint64(), rows, [&] { return static_cast<uint64_t>(Bits()); })},
         {"flag", Fill<arrow::BooleanBuilder>(arrow::boolean(), rows, [&] { return Bits() % 2 == 0; })},
         {"price", Fill<arrow::DoubleBuilder>(arrow::float64(), rows, [&] { return Double(); })},
         {"ratio", Fill<arrow::FloatBuilder>(arrow::float32(), rows, [&] { return static_cast<float>(Bits()) / 7; })},
         {"day",
          Fill<arrow::Date32Builder>(arrow::date32(), rows, [&] { return static_cast<int32_t>(Bits() % 20000); })},
         {"second", Times(arrow::timestamp(coarsest), rows, 1)},
         {"micro", Times(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), rows, 1'000'000)},
         {"nano", Times(arrow::timestamp(arrow::TimeUnit::NANO), rows, 1'000'000'000)},
         {"text", Fill<arrow::StringBuilder>(arrow::utf8(), rows, [&] { return Text(); })}});
  }

 private:
  template <typename Builder, typename Value>
  std::shared_ptr<arrow::Array> Fill(const std::shared_ptr<arrow::DataType>& type, int64_t rows, Value value) {
    auto made = arrow::MakeBuilder(type).ValueOrDie();
    auto& builder = static_cast<Builder&>(*made);
    for (int64_t row = 0; row < rows; ++row) {
      EXPECT_TRUE((random_() % 10 == 0 ? builder.AppendNull() : builder.Append(value())).ok());
    }
    return builder.Finish().ValueOrDie();
  }

  std::shared_ptr<arrow::Array> Times(const std::shared_ptr<arrow::DataType>& type, int64_t rows, int64_t per_second) {
    return Fill<arrow::TimestampBuilder>(type, rows, [&, per_second] {
      const int64_t second = Bits() % 4'000'000'000;
      return second * per_second +
             (per_second == 1 ? 0 : static_cast<int64_t>(random_() % static_cast<uint64_t>(per_second)));
    });
  }

  int64_t Bits() { return static_cast<int64_t>(random_()); }

  double Double() {
    if (random_() % 4 == 0) return static_cast<double>(Bits() % 1000);
    return std::ldexp(static_cast<double>(Bits()), static_cast<int>(random_() % 400) - 200);
  }

  std::string Text() {
    static const std::vector<std::string> kPieces{"a",  "Zürich", "\"",   ",",  "\n",   "\r", " ",
                                                  "\\", "\t",     "日本", "🙂", "null", "'"};
    std::string text;
    for (uint64_t pieces = random_() % 6; pieces > 0; --pieces) text += kPieces[random_() % kPieces.size()];
    return text;
  }

  std::mt19937_64 random_;
};

class RoundTripTest : public TableTest {
 protected:
  void ExpectSame(const std::string& path, const arrow::RecordBatchVector& batches, bool types_from_file) {
    const auto wanted = arrow::Table::FromRecordBatches(batches).ValueOrDie()->CombineChunks().ValueOrDie();
    ReadOptions options;
    if (!types_from_file) options.types = wanted->schema();
    const auto written = WriteTable(*ReaderOf(batches), *FormatOfOutput(path), path, Overwrite::kNo, ctx_);
    ASSERT_TRUE(written.ok()) << written.status();
    EXPECT_EQ(*written, wanted->num_rows());
    const auto read = Read(path, options);
    ASSERT_TRUE(read.ok()) << read.status();
    ASSERT_TRUE((*read)->schema()->Equals(*wanted->schema())) << (*read)->schema()->ToString();
    for (int i = 0; i < wanted->num_columns(); ++i) {
      EXPECT_TRUE((*read)->column(i)->Equals(*wanted->column(i))) << wanted->field(i)->name();
    }
  }
};

TEST_F(RoundTripTest, ParquetKeepsEveryValueAndType) {
  Generator generator(1);
  const auto batch = [&](int64_t rows) { return generator.Batch(rows, arrow::TimeUnit::MILLI); };
  ExpectSame(Path("a.parquet"), {batch(1000), batch(1), batch(70000)}, true);
}

TEST_F(RoundTripTest, ArrowKeepsEveryValueAndType) {
  Generator generator(2);
  ExpectSame(Path("a.arrow"), {generator.Batch(1000), generator.Batch(1), generator.Batch(300)}, true);
}

TEST_F(RoundTripTest, CsvKeepsEveryValueWhenTypesAreGiven) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    Generator generator(seed);
    ExpectSame(Path("a" + std::to_string(seed) + ".csv"), {generator.Batch(1000), generator.Batch(7)}, false);
  }
}

TEST_F(RoundTripTest, JsonLinesKeepsEveryValueWhenTypesAreGiven) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    Generator generator(seed);
    ExpectSame(Path("a" + std::to_string(seed) + ".jsonl"), {generator.Batch(1000), generator.Batch(7)}, false);
  }
}

TEST_F(RoundTripTest, TheUsualTypesAreInferredFromText) {
  const auto batch = Rows({{"n", Integers({1, std::nullopt, -3})},
                           {"x", Numbers({1.0, 0.25, std::nullopt})},
                           {"s", Texts({"a", "", std::nullopt})}});
  ExpectSame(Path("a.csv"), {batch}, true);
  ExpectSame(Path("a.jsonl"), {batch}, true);
  const auto single = Rows({{"n", Integers({1, std::nullopt, 3})}});
  ExpectSame(Path("single.csv"), {single}, true);
}

TEST_F(RoundTripTest, TheArrowStreamOfStandardOutputIsReadToo) {
  Generator generator(3);
  const auto batch = generator.Batch(500);
  auto out = arrow::io::BufferOutputStream::Create().ValueOrDie();
  ASSERT_TRUE(WriteTable(*ReaderOf({batch}), Format::kArrow, *out, ctx_).ok());
  const auto read = Read(Write("a.arrows", out->Finish().ValueOrDie()->ToString()));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE((*read)->CombineChunksToBatch().ValueOrDie()->Equals(*batch));
}

TEST_F(RoundTripTest, TextOfCsvAndJsonLinesIsAsDocumented) {
  const auto zoned = Column<arrow::TimestampBuilder, int64_t>(arrow::timestamp(arrow::TimeUnit::MILLI, "UTC"), {-1, 0});
  const auto batch = Rows({{"a b", Texts({"x,\"y\"", std::nullopt})},
                           {"n", Numbers({0.1, std::numeric_limits<double>::quiet_NaN()})},
                           {"t", zoned},
                           {"d", Column<arrow::Date64Builder, int64_t>(arrow::date64(), {-86'400'000, 86'400'000})},
                           {"m", Column<arrow::Decimal128Builder, arrow::Decimal128>(
                                     arrow::decimal128(10, 2), {arrow::Decimal128(1250), std::nullopt})}});
  const auto text = [&](Format format) {
    auto out = arrow::io::BufferOutputStream::Create().ValueOrDie();
    EXPECT_TRUE(WriteTable(*ReaderOf({batch}), format, *out, ctx_).ok());
    return out->Finish().ValueOrDie()->ToString();
  };
  EXPECT_EQ(text(Format::kCsv),
            "a b,n,t,d,m\n"
            "\"x,\"\"y\"\"\",0.1,1969-12-31T23:59:59.999Z,1969-12-31,12.50\n"
            ",nan,1970-01-01T00:00:00Z,1970-01-02,\n");
  EXPECT_EQ(
      text(Format::kJsonLines),
      "{\"a b\":\"x,\\\"y\\\"\",\"n\":0.1,\"t\":\"1969-12-31T23:59:59.999Z\",\"d\":\"1969-12-31\",\"m\":\"12.50\"}\n"
      "{\"a b\":null,\"n\":null,\"t\":\"1970-01-01T00:00:00Z\",\"d\":\"1970-01-02\",\"m\":null}\n");
}

TEST_F(RoundTripTest, JsonTextIsEscapedAndBrokenUtf8Replaced) {
  const auto batch =
      Rows({{"s", Texts({std::string("\x01\b\f\n\r\t\\\"/\0", 10), "\xff\xc3(\xed\xa0\x80", "\u00e9"})}});
  auto out = arrow::io::BufferOutputStream::Create().ValueOrDie();
  ASSERT_TRUE(WriteTable(*ReaderOf({batch}), Format::kJsonLines, *out, ctx_).ok());
  EXPECT_EQ(out->Finish().ValueOrDie()->ToString(),
            "{\"s\":\"\\u0001\\b\\f\\n\\r\\t\\\\\\\"/\\u0000\"}\n"
            "{\"s\":\"\uFFFD\uFFFD(\uFFFD\uFFFD\uFFFD\"}\n"
            "{\"s\":\"\u00e9\"}\n");
}

TEST_F(RoundTripTest, ColumnsWithoutTextFormAreNamed) {
  auto binary = Rows({{"blob", Column<arrow::BinaryBuilder, std::string>(arrow::binary(), {"x"})}});
  for (const char* name : {"a.csv", "a.jsonl"}) {
    const auto written = WriteTable(*ReaderOf({binary}), *FormatOfOutput(name), Path(name), Overwrite::kNo, ctx_);
    EXPECT_THAT(Message(written.status()), HasSubstr("column 'blob' is binary"));
  }
  for (const auto& type : {arrow::month_interval(), arrow::list(arrow::month_interval())}) {
    const auto others = Rows({{"tags", *arrow::MakeArrayOfNull(type, 1)}});
    const auto written = WriteTable(*ReaderOf({others}), Format::kCsv, Path("a.csv"), Overwrite::kNo, ctx_);
    EXPECT_EQ(written.status().code(), absl::StatusCode::kUnimplemented);
    EXPECT_THAT(Message(written.status()), HasSubstr("column 'tags'"));
  }
  const auto bytes = Rows({{"tags", *arrow::MakeArrayOfNull(arrow::list(arrow::binary()), 1)}});
  const auto written = WriteTable(*ReaderOf({bytes}), Format::kJsonLines, Path("a.jsonl"), Overwrite::kNo, ctx_);
  EXPECT_TRUE(absl::IsInvalidArgument(written.status()));
  EXPECT_TRUE(Files().empty());
}

TEST_F(RoundTripTest, DictionariesAreKeptByParquetAndDecodedInArrowFiles) {
  const auto codes = [](std::vector<std::string> words) {
    arrow::StringDictionary32Builder builder;
    for (const std::string& word : words) EXPECT_TRUE(builder.Append(word).ok());
    return Rows({{"s", builder.Finish().ValueOrDie()}});
  };
  const arrow::RecordBatchVector batches{codes({"a", "b", "a"}), codes({"c", "a"})};
  ExpectSame(Path("a.parquet"), {batches[0]}, true);
  ASSERT_TRUE(WriteTable(*ReaderOf(batches), Format::kArrow, Path("a.arrow"), Overwrite::kNo, ctx_).ok());
  const auto read = Read(Path("a.arrow"));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE((*read)->column(0)->chunk(0)->Equals(*Texts({"a", "b", "a", "c", "a"})));
}

TEST_F(RoundTripTest, StringsOfParquetComeAsDictionariesWhereWanted) {
  const auto batch = Rows({{"n", Integers({1, 2, 3})}, {"s", Texts({"b", std::nullopt, "b"})}});
  ASSERT_TRUE(WriteTable(*ReaderOf({batch}), Format::kParquet, Path("a.parquet"), Overwrite::kNo, ctx_).ok());
  const auto read = Read(Path("a.parquet"), {.dictionary_strings = true});
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE((*read)->field(0)->type()->Equals(arrow::int64()));
  EXPECT_TRUE((*read)->field(1)->type()->Equals(arrow::dictionary(arrow::int32(), arrow::utf8())));
}

TEST_F(RoundTripTest, ATableWithoutRowsKeepsItsColumns) {
  const auto batch = Rows({{"n", Integers({})}, {"s", Texts({})}});
  ExpectSame(Path("a.parquet"), {batch}, true);
  ExpectSame(Path("a.arrow"), {batch}, true);
  ExpectSame(Path("a.csv"), {batch}, false);
}

}  // namespace
}  // namespace roost::table
