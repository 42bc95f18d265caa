#include "store/testing/test_tables.h"

#include <unistd.h>

#include <filesystem>
#include <random>
#include <utility>
#include <vector>

#include <arrow/api.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/check.h"
#include "base/status.h"
#include "store/names.h"
#include "store/store.h"
#include "table/arrow_status.h"

namespace roost::store {

std::shared_ptr<arrow::Table> TestTable(int64_t rows, uint64_t seed) {
  std::mt19937_64 random(seed);
  arrow::Int64Builder numbers;
  arrow::StringBuilder names;
  arrow::StringBuilder texts;
  for (int64_t row = 0; row < rows; ++row) {
    const uint64_t value = random();
    const bool done = numbers.Append(static_cast<int64_t>(value >> 20)).ok() &&
                      (value % 7 == 0 ? names.AppendNull() : names.Append(fmt::format("name {}", value % 13))).ok() &&
                      texts.Append(fmt::format("{:x}", random())).ok();
    ROOST_CHECK(done, "no memory for a table of the tests");
  }
  return arrow::Table::Make(arrow::schema({arrow::field("number", arrow::int64()), arrow::field("name", arrow::utf8()),
                                           arrow::field("text", arrow::utf8())}),
                            {*numbers.Finish(), *names.Finish(), *texts.Finish()});
}

std::shared_ptr<arrow::Table> WithNumber(const std::shared_ptr<arrow::Table>& table, int64_t row, int64_t number) {
  const auto combined = *table->CombineChunks();
  const auto& old = static_cast<const arrow::Int64Array&>(*combined->column(0)->chunk(0));
  arrow::Int64Builder numbers;
  for (int64_t i = 0; i < old.length(); ++i) {
    ROOST_CHECK(numbers.Append(i == row ? number : old.Value(i)).ok(), "no memory for a table of the tests");
  }
  return *combined->SetColumn(0, combined->schema()->field(0),
                              std::make_shared<arrow::ChunkedArray>(*numbers.Finish()));
}

absl::StatusOr<CommitInfo> CommitTable(Store& store, const std::string& dataset,
                                       const std::shared_ptr<arrow::Table>& table, const Context& context,
                                       const std::string& attachment) {
  CommitRequest request{.dataset = dataset, .author = "ada"};
  if (!attachment.empty()) {
    request.attachments = [&]() -> absl::StatusOr<std::map<std::string, std::string>> {
      return std::map<std::string, std::string>{{"note", attachment}};
    };
  }
  arrow::TableBatchReader reader(table);
  return store.Commit(request, reader, context);
}

absl::StatusOr<std::shared_ptr<arrow::Table>> ReadVersion(Store& store, const std::string& dataset, int64_t version,
                                                          const Context& context) {
  TRY_ASSIGN(const CommitInfo info, store.Resolve({dataset, version}));
  TRY_ASSIGN(const auto reader, store.Read(info, {}, context));
  auto table = reader->ToTable();
  if (!table.ok()) return table::FromArrow(table.status());
  return *table;
}

absl::Status DeleteVersion(Store& store, const std::string& dataset, int64_t version) {
  DeleteRequest request{.dataset = dataset, .version = version, .author = "ada", .reason = "a test"};
  TRY_ASSIGN(std::vector<CommitInfo> others, store.Log(dataset));
  std::erase_if(others, [&](const CommitInfo& info) { return info.version == version; });
  if (others.empty()) request.version.reset();
  TRY_ASSIGN(const std::vector<NameMove> names, store.names().List(dataset));
  for (const NameMove& name : names) {
    if (name.to != version || others.empty()) continue;
    const NameChange change{.dataset = dataset,
                            .name = name.name,
                            .kind = name.kind,
                            .to = others.front().version,
                            .force = true,
                            .author = request.author,
                            .reason = request.reason};
    TRY(store.names().Change(change).status());
  }
  return store.names().Delete(request).status();
}

std::string FreshTestFolder() {
  const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
  std::string name = fmt::format("{}_{}", test->test_suite_name(), test->name());
  for (char& c : name) c = c == '/' ? '_' : c;
  const std::string base = ::access("/dev/shm", W_OK) == 0 ? "/dev/shm/" : ::testing::TempDir();
  std::string folder = fmt::format("{}roost_{}_{}", base, name, ::getpid());
  std::filesystem::remove_all(folder);
  return folder;
}

}  // namespace roost::store
