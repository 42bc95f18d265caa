// Files that are written to while they are read, that hold other types behind their beginning, and that come by a pipe.

#include <unistd.h>

#include <filesystem>
#include <functional>
#include <thread>

#include <gmock/gmock.h>

#include "base/status.h"
#include "table/read.h"
#include "table/spooled_input.h"
#include "table/testing.h"

namespace roost::table {
namespace {

using ::testing::HasSubstr;

class ChangingFileTest : public TableTest {
 protected:
  // Opens `path`, reads a batch, lets `change` change the file, and reads to the end.
  absl::Status ReadWhile(const std::string& path, const std::function<void()>& change) {
    TRY_ASSIGN(const std::shared_ptr<arrow::RecordBatchReader> reader, OpenFile(path, {}, ctx_));
    TRY_ASSIGN(const std::shared_ptr<arrow::RecordBatch> first, Next(*reader));
    EXPECT_NE(first, nullptr);
    change();
    while (true) {
      TRY_ASSIGN(const std::shared_ptr<arrow::RecordBatch> batch, Next(*reader));
      if (batch == nullptr) return absl::OkStatus();
    }
  }

  void ExpectTold(const absl::Status& status, const std::string& how) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr("changed while it was read"));
    EXPECT_THAT(std::string(status.message()), HasSubstr(how));
    EXPECT_FALSE(HintOf(status).empty());
  }
};

TEST_F(ChangingFileTest, AFileThatGrowsShrinksGoesOrIsReplacedIsTold) {
  const std::string path = Write("a.csv", "a,b\n1,2\n");
  EXPECT_TRUE(ReadWhile(path, [] {}).ok());
  ExpectTold(ReadWhile(path, [&] { std::ofstream(path, std::ios::app) << "3,4\n"; }), "it had 8 B, now it has 12 B");
  ExpectTold(ReadWhile(path, [&] { std::filesystem::resize_file(path, 4); }), "now it has 4 B");
  Write("a.csv", "a,b\n1,2\n");
  ExpectTold(ReadWhile(path, [&] { std::filesystem::rename(Write("b.csv", "a,b\n1,2\n"), path); }), "another file");
  ExpectTold(ReadWhile(path, [&] { std::filesystem::remove(path); }), "it is gone");
}

TEST_F(ChangingFileTest, AFileThatIsWrittenOverIsToldByItsTime) {
  const std::string path = Write("a.csv", "a,b\n1,2\n");
  const auto later = std::filesystem::last_write_time(path) + std::chrono::seconds(1);
  ExpectTold(ReadWhile(path,
                       [&] {
                         Write("a.csv", "a,b\n3,4\n");
                         std::filesystem::last_write_time(path, later);
                       }),
             "it was written to");
}

TEST_F(ChangingFileTest, AColumnOfAnotherTypeFarBehindIsNamedAndCanBeReadWider) {
  std::string text = "id,n\n";
  for (int i = 0; i < 1'000'000; ++i) text += std::to_string(i) + ",7\n";
  ASSERT_GT(text.size(), size_t{8} << 20) << "types are taken from so much";
  const std::string path = Write("a.csv", text + "1,x\n");
  const auto read = Read(path);
  ASSERT_EQ(ColumnOfOtherType(read.status()), "n") << read.status();
  EXPECT_EQ(ColumnOfOtherType(absl::InvalidArgumentError("another")), std::nullopt);

  const auto as_double = WithWiderType(nullptr, *arrow::field("n", arrow::int64()));
  ASSERT_TRUE(as_double->Equals(*arrow::schema({arrow::field("n", arrow::float64())})));
  EXPECT_EQ(ColumnOfOtherType(Read(path, {.types = as_double}).status()), "n");
  const auto as_text = WithWiderType(as_double, *as_double->field(0));
  const auto whole = Read(path, {.types = as_text});
  ASSERT_TRUE(whole.ok()) << whole.status();
  EXPECT_EQ((*whole)->num_rows(), 1'000'001);
  EXPECT_EQ(WithWiderType(as_text, *as_text->field(0)), nullptr) << "nothing is wider than text";
}

TEST_F(ChangingFileTest, TypesOfBothAreThoseOfTheSecondWhereBothHaveOne) {
  const auto types = arrow::schema({arrow::field("a", arrow::int64()), arrow::field("b", arrow::int64())});
  const auto over = arrow::schema({arrow::field("b", arrow::utf8()), arrow::field("c", arrow::utf8())});
  EXPECT_TRUE(WithTypes(types, over)
                  ->Equals(*arrow::schema({arrow::field("a", arrow::int64()), arrow::field("b", arrow::utf8()),
                                           arrow::field("c", arrow::utf8())})));
  EXPECT_EQ(WithTypes(nullptr, over), over);
  EXPECT_EQ(WithTypes(types, nullptr), types);
}

TEST_F(ChangingFileTest, TextsThatAreNotUtf8AreKeptOnRequest) {
  const std::string path = Write("a.csv", "name\nJos\xe9\n");
  EXPECT_FALSE(Read(path).ok());
  const auto kept = Read(path, {.keep_invalid_utf8 = true});
  ASSERT_TRUE(kept.ok()) << kept.status();
  const auto names = std::static_pointer_cast<arrow::StringArray>((*kept)->column(0)->chunk(0));
  EXPECT_EQ(names->GetView(0), "Jos\xe9");
}

TEST_F(ChangingFileTest, WhatComesByAPipeIsReadLikeAFileAndCalledStdin) {
  int pipe[2];
  ASSERT_EQ(::pipe(pipe), 0);
  const std::string text = "a,b\n1,x\n2,y\n";
  std::thread writer([&] {
    EXPECT_EQ(::write(pipe[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
    ::close(pipe[1]);
  });
  const auto input = SpooledInput::Read(pipe[0], ctx_);
  writer.join();
  ::close(pipe[0]);
  ASSERT_TRUE(input.ok()) << input.status();
  const auto rows = Read(input->path(), {.format = Format::kCsv});
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ((*rows)->num_rows(), 2);
  const absl::Status wrong = Read(input->path(), {.format = Format::kParquet}).status();
  EXPECT_EQ(input->Renamed(wrong).message(), "stdin is not parquet: it looks like text");
  EXPECT_EQ(input->Renamed(wrong).code(), wrong.code());
}

}  // namespace
}  // namespace roost::table
