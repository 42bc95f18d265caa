#include "table/output.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>

#include <arrow/io/interfaces.h>
#include <gmock/gmock.h>

#include "table/arrow_status.h"
#include "table/glob.h"
#include "table/testing.h"
#include "table/write.h"

namespace roost::table {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class OutputTest : public TableTest {
 protected:
  static absl::Status WriteText(const OutputFile& file, const std::string& text) {
    return FromArrow(file.stream().Write(text));
  }
};

TEST_F(OutputTest, AFileAppearsWholeAtCommitAndNotBefore) {
  auto file = OutputFile::Open(Path("a.csv"), Overwrite::kNo);
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE(WriteText(*file, "a\n1\n").ok());
  EXPECT_FALSE(std::filesystem::exists(Path("a.csv")));
  ASSERT_TRUE(file->Commit().ok());
  EXPECT_EQ(Bytes(Path("a.csv")), "a\n1\n");
  EXPECT_THAT(Files(), ElementsAre("a.csv"));
}

TEST_F(OutputTest, WithoutCommitNothingIsLeft) {
  {
    auto file = OutputFile::Open(Path("a.csv"), Overwrite::kNo);
    ASSERT_TRUE(file.ok() && WriteText(*file, "half").ok());
    OutputFile moved = *std::move(file);
  }
  EXPECT_THAT(Files(), IsEmpty());
}

TEST_F(OutputTest, AFileIsReplacedOnlyWhenToldSo) {
  Write("a.csv", "old");
  EXPECT_EQ(OutputFile::Open(Path("a.csv"), Overwrite::kNo).status().code(), absl::StatusCode::kAlreadyExists);
  auto file = OutputFile::Open(Path("a.csv"), Overwrite::kYes);
  ASSERT_TRUE(file.ok() && WriteText(*file, "new").ok());
  EXPECT_EQ(Bytes(Path("a.csv")), "old");
  ASSERT_TRUE(file->Commit().ok());
  EXPECT_EQ(Bytes(Path("a.csv")), "new");
  EXPECT_THAT(Files(), ElementsAre("a.csv"));
}

TEST_F(OutputTest, AFileThatAppearsMeanwhileIsNotReplaced) {
  auto file = OutputFile::Open(Path("a.csv"), Overwrite::kNo);
  ASSERT_TRUE(file.ok() && WriteText(*file, "ours").ok());
  Write("a.csv", "theirs");
  EXPECT_EQ(file->Commit().code(), absl::StatusCode::kAlreadyExists);
  file = absl::CancelledError();
  EXPECT_EQ(Bytes(Path("a.csv")), "theirs");
  EXPECT_THAT(Files(), ElementsAre("a.csv"));
}

TEST_F(OutputTest, AFileIsReplacedThroughALink) {
  Write("a.csv", "old");
  std::filesystem::create_symlink(Path("a.csv"), Path("link.csv"));
  auto file = OutputFile::Open(Path("link.csv"), Overwrite::kYes);
  ASSERT_TRUE(file.ok() && WriteText(*file, "new").ok() && file->Commit().ok());
  EXPECT_TRUE(std::filesystem::is_symlink(Path("link.csv")));
  EXPECT_EQ(Bytes(Path("a.csv")), "new");
}

TEST_F(OutputTest, PlacesThatCannotBeWrittenAreNamed) {
  EXPECT_EQ(OutputFile::Open(folder_, Overwrite::kYes).status().code(), absl::StatusCode::kInvalidArgument);
  const auto missing = OutputFile::Open(Path("nowhere/a.csv"), Overwrite::kNo);
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Message(missing.status()), HasSubstr("nowhere/a.csv"));
}

TEST_F(OutputTest, AFullDiskIsResourceExhausted) {
  auto file = OutputFile::Open("/dev/full", Overwrite::kYes);
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_TRUE(WriteText(*file, "x").ok());
  const absl::Status status = file->Commit();
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(Message(status), HasSubstr("/dev/full"));
}

TEST_F(OutputTest, AClosedPipeIsABrokenPipe) {
  std::signal(SIGPIPE, SIG_IGN);
  ASSERT_EQ(::mkfifo(Path("pipe").c_str(), 0600), 0);
  const int reader = ::open(Path("pipe").c_str(), O_RDONLY | O_NONBLOCK);
  const auto batch = Rows({{"n", Integers({1, 2, 3})}});
  auto file = OutputFile::Open(Path("pipe"), Overwrite::kNo);
  ASSERT_TRUE(file.ok()) << file.status();
  ::close(reader);
  ASSERT_TRUE(WriteTable(*ReaderOf({batch}), Format::kCsv, file->stream(), ctx_).ok());
  const absl::Status status = file->Commit();
  EXPECT_TRUE(IsBrokenPipe(status)) << status;
}

TEST_F(OutputTest, AFailedTableLeavesNothing) {
  const auto batch = Rows({{"n", Integers({1})}});
  Cancellation cancellation;
  cancellation.Cancel();
  Context ctx = ctx_;
  ctx.cancellation = &cancellation;
  for (const char* name : {"a.csv", "a.jsonl", "a.parquet", "a.arrow"}) {
    const auto written = WriteTable(*ReaderOf({batch}), *FormatOfOutput(name), Path(name), Overwrite::kNo, ctx);
    EXPECT_EQ(written.status().code(), absl::StatusCode::kCancelled);
  }
  EXPECT_THAT(Files(), IsEmpty());
}

TEST_F(OutputTest, TheSameRowsAreTheSameBytes) {
  const auto batch = Rows({{"n", Integers({1, 2, 3})}, {"s", Texts({"a", "b", "a"})}});
  for (const char* name : {"a.csv", "a.jsonl", "a.parquet", "a.arrow"}) {
    ASSERT_TRUE(WriteTable(*ReaderOf({batch}), *FormatOfOutput(name), Path(name), Overwrite::kNo, ctx_).ok());
    const std::string first = Bytes(Path(name));
    ASSERT_TRUE(WriteTable(*ReaderOf({batch}), *FormatOfOutput(name), Path(name), Overwrite::kYes, ctx_).ok());
    EXPECT_EQ(Bytes(Path(name)), first) << name;
  }
}

TEST_F(OutputTest, GlobsAreExpandedInByteOrder) {
  for (const char* name : {"b.csv", "a.csv", "Z.csv", "[x].csv", ".hidden.csv", "a.txt"}) Write(name, "a\n");
  std::filesystem::create_directories(Path("folder.csv"));
  const auto expand = [](std::vector<std::string> patterns) { return ExpandGlobs(patterns); };
  EXPECT_THAT(*expand({Path("*.csv")}), ElementsAre(Path("Z.csv"), Path("[x].csv"), Path("a.csv"), Path("b.csv")));
  EXPECT_THAT(*expand({Path("b.csv"), Path("?.txt")}), ElementsAre(Path("b.csv"), Path("a.txt")));
  EXPECT_THAT(*expand({Path("[x].csv")}), ElementsAre(Path("[x].csv")));
  EXPECT_THAT(*expand({Path("missing.csv")}), ElementsAre(Path("missing.csv")));
  const absl::Status nothing = expand({Path("*.parquet")}).status();
  EXPECT_EQ(nothing.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Message(nothing), HasSubstr("no file matches '" + Path("*.parquet")));
  EXPECT_EQ(expand({Path("folder*")}).status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(Message(expand({Path("a.csv"), Path("*.csv")}).status()), HasSubstr("named twice"));
}

}  // namespace
}  // namespace roost::table
