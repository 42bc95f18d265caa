#pragma once

#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <arrow/api.h>
#include <gtest/gtest.h>

#include "base/context.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "table/read.h"

namespace roost::table {

/// A folder of one test, empty at its start and gone after it, and a Context to work in.
class TableTest : public ::testing::Test {
 protected:
  TableTest() {
    const auto* const info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::path(::testing::TempDir()) /
              (std::string("roost_table_") + info->test_suite_name() + "_" + info->name());
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    ctx_.pool = &pool_;
  }
  ~TableTest() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return (folder_ / name).string(); }

  /// Writes `content` to the file of that name, and returns its path.
  std::string Write(const std::string& name, const std::string& content) const {
    std::ofstream(Path(name), std::ios::binary) << content;
    return Path(name);
  }

  static std::string Bytes(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::vector<std::string> Files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) names.push_back(entry.path().filename());
    return names;
  }

  /// All rows of a reader, as one table.
  static absl::StatusOr<std::shared_ptr<arrow::Table>> All(
      absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> reader) {
    TRY(reader.status());
    arrow::RecordBatchVector batches;
    while (true) {
      TRY_ASSIGN(auto batch, Next(**reader));
      if (batch == nullptr) break;
      batches.push_back(std::move(batch));
    }
    return arrow::Table::FromRecordBatches((*reader)->schema(), batches).ValueOrDie()->CombineChunks().ValueOrDie();
  }

  absl::StatusOr<std::shared_ptr<arrow::Table>> Read(const std::string& path, const ReadOptions& options = {}) const {
    return All(OpenFile(path, options, ctx_));
  }

  static std::string Message(const absl::Status& status) { return std::string(status.message()); }

  std::filesystem::path folder_;
  ThreadPool pool_{2};
  Context ctx_;
};

/// A column from its JSON text, as arrow's own tests write them: Column(arrow::int64(), {1, 2, std::nullopt}).
template <typename Builder, typename Value>
std::shared_ptr<arrow::Array> Column(const std::shared_ptr<arrow::DataType>& type,
                                     const std::vector<std::optional<Value>>& values) {
  auto made = arrow::MakeBuilder(type).ValueOrDie();
  auto& builder = static_cast<Builder&>(*made);
  for (const auto& value : values) {
    EXPECT_TRUE((value.has_value() ? builder.Append(*value) : builder.AppendNull()).ok());
  }
  return builder.Finish().ValueOrDie();
}

inline std::shared_ptr<arrow::Array> Integers(const std::vector<std::optional<int64_t>>& values) {
  return Column<arrow::Int64Builder>(arrow::int64(), values);
}
inline std::shared_ptr<arrow::Array> Numbers(const std::vector<std::optional<double>>& values) {
  return Column<arrow::DoubleBuilder>(arrow::float64(), values);
}
inline std::shared_ptr<arrow::Array> Texts(const std::vector<std::optional<std::string>>& values) {
  return Column<arrow::StringBuilder>(arrow::utf8(), values);
}

/// A batch of named columns.
inline std::shared_ptr<arrow::RecordBatch> Rows(
    const std::vector<std::pair<std::string, std::shared_ptr<arrow::Array>>>& columns) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const auto& [name, array] : columns) {
    fields.push_back(arrow::field(name, array->type()));
    arrays.push_back(array);
  }
  return arrow::RecordBatch::Make(arrow::schema(fields), arrays.front()->length(), arrays);
}

inline std::shared_ptr<arrow::RecordBatchReader> ReaderOf(const arrow::RecordBatchVector& batches) {
  return arrow::RecordBatchReader::Make(batches, batches.front()->schema()).ValueOrDie();
}

}  // namespace roost::table
