#include "table/read.h"

#include <unistd.h>

#include <arrow/compute/cast.h>
#include <arrow/io/compressed.h>
#include <arrow/io/file.h>
#include <arrow/util/compression.h>
#include <gmock/gmock.h>

#include "base/status.h"
#include "table/arrow_status.h"
#include "table/testing.h"
#include "table/write.h"

namespace roost::table {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class ReadTest : public TableTest {
 protected:
  void ExpectFails(const std::string& path, absl::StatusCode code, const std::string& part,
                   const ReadOptions& options = {}) {
    const auto read = Read(path, options);
    EXPECT_EQ(read.status().code(), code) << read.status();
    EXPECT_THAT(Message(read.status()), AllOf(HasSubstr(part), HasSubstr(path), Not(HasSubstr("\n"))));
  }

  std::string WriteRows(const std::string& name, const std::shared_ptr<arrow::RecordBatch>& batch) {
    const auto written = WriteTable(*ReaderOf({batch}), *FormatOfOutput(name), Path(name), Overwrite::kYes, ctx_);
    EXPECT_TRUE(written.ok()) << written.status();
    return Path(name);
  }

  static constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;
};

std::shared_ptr<arrow::RecordBatch> ManyRows(int64_t count) {
  arrow::Int64Builder numbers;
  arrow::StringBuilder texts;
  for (int64_t i = 0; i < count; ++i) {
    EXPECT_TRUE(numbers.Append(i * i).ok());
    EXPECT_TRUE(texts.Append("text " + std::to_string(i * 7919 % 1000)).ok());
  }
  return Rows({{"n", numbers.Finish().ValueOrDie()}, {"s", texts.Finish().ValueOrDie()}});
}

TEST_F(ReadTest, FormatsAreKnownByExtension) {
  EXPECT_EQ(*FormatOf("a.csv"), Format::kCsv);
  EXPECT_EQ(*FormatOf("dir.parquet/a.TSV"), Format::kCsv);
  EXPECT_EQ(*FormatOf("a.csv.gz"), Format::kCsv);
  EXPECT_EQ(*FormatOf("a.jsonl"), Format::kJsonLines);
  EXPECT_EQ(*FormatOf("a.ndjson.zst"), Format::kJsonLines);
  EXPECT_EQ(*FormatOf("a.parquet"), Format::kParquet);
  EXPECT_EQ(*FormatOf("a.feather"), Format::kArrow);
  EXPECT_EQ(ParseFormat("xlsx").status().code(), kInvalid);
  EXPECT_EQ(FormatOfOutput("rows").status().code(), kInvalid);
}

TEST_F(ReadTest, FormatsAreKnownByContentWhereTheNameSaysNothing) {
  const auto batch = Rows({{"n", Integers({1, 2})}});
  for (const char* name : {"a.parquet", "a.arrow", "a.jsonl"}) {
    const std::string bytes = Bytes(WriteRows(name, batch));
    EXPECT_EQ(*FormatOf(Write("rows", bytes)), *FormatOf(name));
    EXPECT_TRUE(Read(Path("rows")).ok());
  }
  ExpectFails(Write("notes.txt", "hello\n"), kInvalid, "cannot tell the format");
  EXPECT_TRUE(Read(Write("notes.txt", "a,b\n1,2\n"), {.format = Format::kCsv}).ok());
}

TEST_F(ReadTest, AMissingFileIsNotFoundAndItsNeighbourSuggested) {
  Write("flights.csv", "a\n1\n");
  ExpectFails(Path("flihgts.csv"), absl::StatusCode::kNotFound, "no such file");
  EXPECT_THAT(HintOf(Read(Path("flihgts.csv")).status()), HasSubstr("flights.csv"));
  ExpectFails(Path("nowhere/a.csv"), absl::StatusCode::kNotFound, "no such file");
}

TEST_F(ReadTest, AFolderIsNotAFile) {
  std::filesystem::create_directories(Path("2013.csv"));
  ExpectFails(Path("2013.csv"), kInvalid, "is a folder");
  EXPECT_THAT(HintOf(Read(Path("2013.csv")).status()), HasSubstr("*"));
}

TEST_F(ReadTest, AFileThatMayNotBeReadIsPermissionDenied) {
  const std::string path = Write("a.csv", "a\n1\n");
  std::filesystem::permissions(path, std::filesystem::perms::none);
  // Root may read everything: be nobody for a moment.
  const bool root = ::geteuid() == 0;
  ASSERT_EQ(root ? ::seteuid(65534) : 0, 0);
  const auto read = Read(path);
  ASSERT_EQ(root ? ::seteuid(0) : 0, 0);
  EXPECT_EQ(read.status().code(), absl::StatusCode::kPermissionDenied) << read.status();
}

TEST_F(ReadTest, EmptyFilesAreNamedSo) {
  for (const char* name : {"a.csv", "a.jsonl", "a.parquet", "a.arrow"})
    ExpectFails(Write(name, ""), kInvalid, "is empty");
  ExpectFails(Write("a.jsonl", "\n \n"), kInvalid, "no rows");
  ExpectFails(Write("a.csv", "\n\n"), kInvalid, "no rows and no header");
}

TEST_F(ReadTest, ForeignFilesAreToldFromDamagedOnes) {
  const std::string png("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16);
  for (const char* name : {"a.parquet", "a.arrow", "a.csv", "a.jsonl"}) {
    ExpectFails(Write(name, png), kInvalid, "looks like a PNG image");
  }
  for (const char* name : {"a.parquet", "a.arrow"}) ExpectFails(Write(name, "a,b\n1,2\n"), kInvalid, "looks like text");
  const std::string parquet = Bytes(WriteRows("rows.parquet", Rows({{"n", Integers({1})}})));
  for (const char* name : {"a.csv", "a.jsonl", "a.arrow"})
    ExpectFails(Write(name, parquet), kInvalid, "looks like Parquet");
  ExpectFails(Write("a.csv", "\xff\xfe"), kInvalid, "UTF-16");
  ExpectFails(Write("a.csv", "\x1f\x8b\x08"), kInvalid, "looks like gzip");
  ExpectFails(Write("a.csv.gz", "a,b\n1,2\n"), kInvalid, "is not gz");
  ExpectFails(Write("a.json", "[{\"a\": 1}]"), kInvalid, "one JSON array");
}

TEST_F(ReadTest, CutOffFilesAreErrorsWhereverTheyAreCut) {
  const auto batch = ManyRows(2000);
  for (const char* name : {"whole.parquet", "whole.arrow"}) {
    const std::string bytes = Bytes(WriteRows(name, batch));
    const std::string cut = std::string("cut") + std::filesystem::path(name).extension().string();
    for (size_t length = 1; length < bytes.size(); length += 1 + bytes.size() / 200) {
      const auto read = Read(Write(cut, bytes.substr(0, length)));
      EXPECT_EQ(read.status().code(), kInvalid) << name << " cut at " << length << ": " << read.status();
    }
    ExpectFails(Write(cut, bytes.substr(0, bytes.size() / 2)), kInvalid, "damaged or cut off");
  }
}

TEST_F(ReadTest, DamagedBytesNeverCrash) {
  const auto batch = ManyRows(500);
  for (const char* name : {"whole.parquet", "whole.arrow", "whole.csv", "whole.jsonl"}) {
    const std::string bytes = Bytes(WriteRows(name, batch));
    const std::string damaged = std::string("damaged") + std::filesystem::path(name).extension().string();
    for (size_t position = 0; position < bytes.size(); position += 1 + bytes.size() / 150) {
      std::string changed = bytes;
      changed[position] = static_cast<char>(changed[position] ^ (1 << (position % 8)));
      const auto read = Read(Write(damaged, changed));
      EXPECT_TRUE(read.ok() || !read.status().message().empty());
    }
  }
}

TEST_F(ReadTest, CompressedTextIsReadAndItsTruncationSeen) {
  std::string text = "n\n";
  for (int i = 0; i < 20000; ++i) text += std::to_string(i * 7919 % 10007) + "\n";
  const auto codec = arrow::util::Codec::Create(arrow::Compression::GZIP).ValueOrDie();
  auto file = arrow::io::FileOutputStream::Open(Path("a.csv.gz")).ValueOrDie();
  auto out = arrow::io::CompressedOutputStream::Make(codec.get(), file).ValueOrDie();
  ASSERT_TRUE(out->Write(text).ok() && out->Close().ok());
  const auto read = Read(Path("a.csv.gz"));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ((*read)->num_rows(), 20000);
  const std::string bytes = Bytes(Path("a.csv.gz"));
  ExpectFails(Write("b.csv.gz", bytes.substr(0, bytes.size() / 2)), kInvalid, "damaged or cut off");
}

TEST_F(ReadTest, CsvTellsRowAndColumnOfAValueThatDoesNotFit) {
  std::string text = "day,delay\n";
  for (int i = 0; i < 700'000; ++i) text += "2001-05-01,1\n";
  const std::string path = Write("flights.csv", text + "2001-05-02,late\n");
  ExpectFails(path, kInvalid, "row 700002, column 'delay': 'late' is not of type int64");
  ExpectFails(Write("b.csv", "a,b\n1,2\nx,3\n"), kInvalid, "row 3, column 'a': 'x' is not of type int64",
              {.types = arrow::schema({arrow::field("a", arrow::int64())})});
}

TEST_F(ReadTest, CsvWithRaggedRowsTellsTheRow) {
  ExpectFails(Write("a.csv", "a,b\n1,2\n1,2,3\n"), kInvalid, "row 3: expected 2 columns, got 3");
  ExpectFails(Write("a.csv", "a,b\n1,2\n1\n"), kInvalid, "row 3: expected 2 columns, got 1");
}

TEST_F(ReadTest, ColumnNamesMustBeUniqueAndThere) {
  ExpectFails(Write("a.csv", "a,b,a\n1,2,3\n"), kInvalid, "two columns named 'a'");
  ExpectFails(Write("a.csv", ",b\n1,2\n"), kInvalid, "column 1 has no name");
  ExpectFails(Write("a.csv", "b\xff,c\n1,2\n"), kInvalid, "name of column 1 is not UTF-8");
  ExpectFails(Write("b.csv", "a\n\xff\n"), kInvalid, "column 'a' is not UTF-8");
  ExpectFails(Write("a.jsonl", "{}\n{}\n"), kInvalid, "no columns");
}

TEST_F(ReadTest, CsvInfersTheUsualTypes) {
  const auto read = Read(
      Write("a.csv", "n,x,b,d,t,z,s,e\n1,0.5,true,2001-05-01,2001-05-01 10:00:00,2001-05-01T10:00:00Z,q,\n,,,,,,,\n"));
  ASSERT_TRUE(read.ok()) << read.status();
  std::vector<std::string> types;
  for (const auto& field : (*read)->schema()->fields()) types.push_back(field->type()->ToString());
  EXPECT_THAT(types, ElementsAre("int64", "double", "bool", "date32[day]", "timestamp[s]", "timestamp[s, tz=UTC]",
                                 "string", "string"));
  for (const auto& column : (*read)->columns()) EXPECT_TRUE(column->chunk(0)->IsNull(1));
}

TEST_F(ReadTest, TabsAndOtherDelimitersAndNullsAreRead) {
  const auto tabs = Read(Write("a.tsv", "a\tb\n1\tx,y\n"));
  ASSERT_TRUE(tabs.ok()) << tabs.status();
  EXPECT_TRUE((*tabs)->column(1)->chunk(0)->Equals(*Texts({"x,y"})));
  const auto other = Read(Write("a.csv", "a;b\n1;NA\n"), {.delimiter = ';', .nulls = {"", "NA"}});
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_EQ((*other)->column(1)->null_count(), 1);
}

TEST_F(ReadTest, JsonLinesTellsTheLineAtFault) {
  ExpectFails(Write("a.jsonl", "{\"a\": 1}\n{\"a\": 2\n"), kInvalid, "line 2");
  ExpectFails(Write("a.jsonl", "{\"a\": 1}\n[2]\n"), kInvalid, "line 2: an array where an object was expected");
  ExpectFails(Write("a.jsonl", "{\"a\": 1}\n\n{\"a\": \"x\"}\n"), kInvalid,
              "line 3: column 'a' holds text, but a number in the lines before");
}

// Arrow's reader would end the program, at the beginning of any of its blocks.
TEST_F(ReadTest, JsonLinesThatAreNullAreRefused) {
  for (const char* text : {"null\n", " null}{\"#\xa2", "{\"a\": 1}\r\n\tnull", "{\"a\": 1}\rnull\r"}) {
    EXPECT_EQ(Read(Write("a.jsonl", text)).status().code(), kInvalid) << text;
  }
  std::string many;
  for (int i = 0; i < 1'500'000; ++i) many += i < 500'000 ? "{\"a\":1}\n" : "null\n";
  many += "{\"a\":1}\n";
  ExpectFails(Write("a.jsonl", many), kInvalid, "null");
  EXPECT_TRUE(Read(Write("a.jsonl", "\n{\"a\": null}\r\n  {\"a\":1}")).ok());
}

TEST_F(ReadTest, JsonLinesThatAreNotUtf8AreRefusedOrKept) {
  const std::string path = Write("a.jsonl", "{\"a\": {\"b\": [\"2001-04-01T\xff\xff/0:00Z\"]}}\n");
  ExpectFails(path, kInvalid, "UTF");
  EXPECT_TRUE(Read(path, {.keep_invalid_utf8 = true}).ok());
}

TEST_F(ReadTest, TypesThatAreGivenWinOverInferredOnes) {
  const auto types = arrow::schema({arrow::field("x", arrow::float64()), arrow::field("d", arrow::date32()),
                                    arrow::field("unused", arrow::int64())});
  for (const auto& path :
       {Write("a.csv", "d,x\n2001-05-01,1\n"), Write("a.jsonl", "{\"d\":\"2001-05-01\",\"x\":1}\n")}) {
    const auto read = Read(path, {.types = types});
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ((*read)->schema()->ToString(), "d: date32[day]\nx: double") << path;
  }
  ExpectFails(Write("a.jsonl", "{\"d\":\"May\"}\n"), kInvalid, "column 'd'", {.types = types});
}

TEST_F(ReadTest, ARowOfSeveralBlocksIsRefused) {
  const std::string large(25 << 20, 'x');
  ExpectFails(Write("a.csv", "a,b\n1,\"" + large + "\"\n2,3\n"), kInvalid, "more than 8 MB");
  ExpectFails(Write("a.jsonl", "{\"a\":\"" + large + "\"}\n{\"a\":\"x\"}\n"), kInvalid, "more than 8 MB");
}

TEST_F(ReadTest, BatchesAreTheSameForAnyNumberOfThreads) {
  const auto batch = ManyRows(200'000);
  ThreadPool single(1);
  Context alone = ctx_;
  alone.pool = &single;
  for (const char* name : {"a.parquet", "a.csv", "a.jsonl", "a.arrow"}) {
    WriteRows(name, batch);
    const auto many = OpenFile(Path(name), {}, ctx_);
    const auto one = OpenFile(Path(name), {}, alone);
    ASSERT_TRUE(many.ok() && one.ok());
    while (true) {
      const auto a = Next(**many);
      const auto b = Next(**one);
      ASSERT_TRUE(a.ok() && b.ok());
      ASSERT_EQ(*a == nullptr, *b == nullptr);
      if (*a == nullptr) break;
      EXPECT_TRUE((*a)->Equals(**b));
      EXPECT_LE((*a)->num_rows(), name == std::string("a.parquet") ? 65536 : 200'000);
    }
  }
}

TEST_F(ReadTest, CancellationStopsReading) {
  const std::string path = WriteRows("a.parquet", ManyRows(10));
  Cancellation cancellation;
  Context ctx = ctx_;
  ctx.cancellation = &cancellation;
  const auto reader = OpenFile(path, {}, ctx);
  ASSERT_TRUE(reader.ok());
  cancellation.Cancel();
  EXPECT_EQ(Next(**reader).status().code(), absl::StatusCode::kCancelled);
}

TEST_F(ReadTest, FilesOfOneTableFollowEachOther) {
  const std::vector<std::string> paths{Write("a.csv", "n,s\n1,x\n"), Write("b.csv", "s,n\ny,2\n"),
                                       WriteRows("c.parquet", Rows({{"n", Integers({3})}, {"s", Texts({"z"})}}))};
  const auto read = All(OpenFiles(paths, {}, ctx_));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE((*read)->column(0)->chunk(0)->Equals(*Integers({1, 2, 3})));
  EXPECT_TRUE((*read)->column(1)->chunk(0)->Equals(*Texts({"x", "y", "z"})));
  EXPECT_EQ(All(OpenFiles({}, {}, ctx_)).status().code(), kInvalid);
}

TEST_F(ReadTest, FilesMayDifferInWhetherTextIsADictionary) {
  const std::string csv = Write("a.csv", "s\nx\n");
  const std::string json = Write("b.jsonl", "{\"s\":\"y\"}\n");
  const std::string parquet = WriteRows("c.parquet", Rows({{"s", Texts({"z"})}}));
  for (std::vector<std::string> paths : {std::vector{csv, json, parquet}, std::vector{parquet, json, csv}}) {
    const auto reader = OpenFiles(paths, {.dictionary_strings = true}, ctx_);
    ASSERT_TRUE(reader.ok()) << reader.status();
    for (size_t i = 0; i < paths.size(); ++i) {
      const auto batch = Next(**reader);
      ASSERT_TRUE(batch.ok()) << batch.status();
      EXPECT_TRUE((*batch)->schema()->Equals(*(*reader)->schema()));
      const auto values = arrow::compute::Cast(*(*batch)->column(0), arrow::utf8()).ValueOrDie();
      EXPECT_TRUE(values->Equals(*Texts({paths[i] == csv ? "x" : paths[i] == json ? "y" : "z"})));
    }
  }
}

TEST_F(ReadTest, TextIsADictionaryOnlyWhereTheFileHasOneThroughout) {
  std::vector<std::optional<std::string>> few;
  std::vector<std::optional<std::string>>
      many;  // beyond the megabyte of values at which a writer gives the dictionary up
  for (int i = 0; i < 40'000; ++i) {
    few.push_back(i % 2 == 0 ? "even" : "odd");
    many.push_back("a text with a number of its own, so that no two of them are equal: " + std::to_string(i));
  }
  const std::string path = WriteRows("a.parquet", Rows({{"few", Texts(few)}, {"many", Texts(many)}}));
  const auto read = All(OpenFile(path, {.dictionary_strings = true}, ctx_));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ((*read)->schema()->field(0)->type()->id(), arrow::Type::DICTIONARY);
  EXPECT_TRUE((*read)->schema()->field(1)->type()->Equals(*arrow::utf8()));
  EXPECT_TRUE((*read)->column(1)->Slice(39'999)->chunk(0)->Equals(*Texts({many.back()})));
}

TEST_F(ReadTest, EveryDifferenceBetweenFilesIsNamed) {
  const std::vector<std::string> paths{
      WriteRows("a.parquet", Rows({{"delay", Integers({1})}, {"origin", Texts({"x"})}})),
      WriteRows("b.parquet", Rows({{"delay", Texts({"1"})}, {"Origin", Texts({"x"})}})),
      WriteRows("c.parquet", Rows({{"delay", Integers({1})}, {"origin", Texts({"x"})}, {"tail", Texts({"x"})}}))};
  const auto status = All(OpenFiles(paths, {}, ctx_)).status();
  EXPECT_EQ(status.code(), kInvalid);
  EXPECT_THAT(Message(status), AllOf(HasSubstr(paths[1] + "': column 'delay' is string, int64 wanted"),
                                     HasSubstr(paths[1] + "': column 'origin' is missing ('Origin' is it, renamed?)"),
                                     HasSubstr(paths[1] + "': column 'Origin' (string) is not wanted"),
                                     HasSubstr(paths[2] + "': column 'tail' (string) is not wanted")));
}

TEST_F(ReadTest, HeadGivesTheFirstRowsOfSeveralBatches) {
  const auto batch = ManyRows(10);
  const auto reader = ReaderOf({batch->Slice(0, 4), batch->Slice(4)});
  EXPECT_TRUE((*Head(*reader, 6))->Equals(*batch->Slice(0, 6)));
  EXPECT_TRUE((*Head(*ReaderOf({batch}), 100))->Equals(*batch));
  EXPECT_EQ((*Head(*ReaderOf({batch}), 0))->num_rows(), 0);
}

}  // namespace
}  // namespace roost::table
