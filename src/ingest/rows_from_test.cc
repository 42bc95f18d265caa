#include "ingest/rows_from.h"

#include <filesystem>
#include <fstream>

#include <arrow/api.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/thread_pool.h"
#include "table/read.h"

namespace roost::ingest {
namespace {

namespace fs = std::filesystem;

class RowsFromTest : public testing::Test {
 protected:
  RowsFromTest() {
    fs::create_directories(folder_);
    context_.pool = &pool_;
    std::ofstream(folder_ + "/a.csv") << "day,n\n2013-07-01,1\n2013-07-03,2\n,3\n2013-07-02,4\n2013-06-30,5\n";
    source_ = FileSource::Make({folder_ + "/a.csv"}).value();
  }
  ~RowsFromTest() override { fs::remove_all(folder_); }

  absl::StatusOr<std::vector<int64_t>> Numbers(const RowsFrom& from) {
    auto rows = LaterRows(*source_, from).Open(nullptr, context_);
    if (!rows.ok()) return rows.status();
    std::vector<int64_t> numbers;
    while (true) {
      const auto batch = table::Next(**rows);
      if (!batch.ok()) return batch.status();
      if (*batch == nullptr) return numbers;
      const auto& column = static_cast<const arrow::Int64Array&>(*(*batch)->GetColumnByName("n"));
      for (int64_t row = 0; row < column.length(); ++row) numbers.push_back(column.Value(row));
    }
  }

  static absl::Time Day(int day) { return absl::FromCivil(absl::CivilDay(2013, 7, day), absl::UTCTimeZone()); }

  const std::string folder_ =
      testing::TempDir() + "rows_from." + testing::UnitTest::GetInstance()->current_test_info()->name();
  ThreadPool pool_{2};
  Context context_;
  std::unique_ptr<FileSource> source_;
};

TEST_F(RowsFromTest, TheRowsFromATimeOnAreHandedOver) {
  EXPECT_EQ(*Numbers({"day", Day(2)}), (std::vector<int64_t>{2, 4}));
  EXPECT_EQ(*Numbers({"day", absl::UnixEpoch()}), (std::vector<int64_t>{1, 2, 4, 5})) << "all that have a time";
  EXPECT_EQ(*Numbers({"day", Day(4)}), std::vector<int64_t>());
}

TEST_F(RowsFromTest, TheLatestTimeIsFound) {
  EXPECT_EQ(*LatestTime(*source_, "day", context_), Day(3));
  std::ofstream(folder_ + "/a.csv") << "day,n\n,1\n";
  EXPECT_EQ(LatestTime(*source_, "n", context_).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(RowsFromTest, AColumnThatIsNoTimeIsAnError) {
  EXPECT_EQ(Numbers({"n", Day(1)}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Numbers({"days", Day(1)}).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(RowsFromTest, TheRecordSaysFromWhen) {
  EXPECT_EQ(LaterRows(*source_, {"day", Day(2)}).Provenance()["rows_from"]["time"], "2013-07-02T00:00:00Z");
}

}  // namespace
}  // namespace roost::ingest
