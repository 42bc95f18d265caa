#include "store/testing/erase_fixture.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <utility>

#include <arrow/api.h>
#include <fmt/format.h>

#include "base/status.h"
#include "store/compression.h"
#include "store/leaf_codec.h"
#include "store/names.h"
#include "store/pack_index.h"
#include "store/recover.h"
#include "store/testing/test_server.h"
#include "store/testing/test_tables.h"
#include "store/tile_patch.h"
#include "store/value_map.h"
#include "store/verify.h"

namespace roost::store {
namespace {

/// What a version is, but for its rows and its commit.
std::string FactsOf(const CommitInfo& info) {
  std::string columns;
  for (const ColumnInfo& column : info.columns) columns += column.name + ":" + column.type + " ";
  return fmt::format("{} {} {} {} {} {} {}", info.Name(), info.branch, absl::ToUnixMicros(info.time), info.author,
                     info.message, columns, info.parents.size());
}

}  // namespace

std::string EmailOf(int64_t id) { return fmt::format("<mark-{}-erase>", id); }

std::shared_ptr<arrow::Table> TableOf(const People& people, const Columns& columns) {
  arrow::Int64Builder ids;
  arrow::StringBuilder emails;
  arrow::Int64Builder values;
  arrow::StringBuilder texts;
  bool ok = true;
  for (const Person& person : people) {
    ok = ok && ids.Append(person.id).ok() && emails.Append(EmailOf(person.id)).ok() && values.Append(person.value).ok();
    std::string text = fmt::format("text of {} ", EmailOf(person.id));
    while (std::cmp_less(text.size(), columns.text_bytes)) text += text;
    ok = ok && texts.Append(text).ok();
  }
  EXPECT_TRUE(ok);
  arrow::FieldVector fields{arrow::field("id", arrow::int64())};
  arrow::ArrayVector arrays{*ids.Finish()};
  const auto email = *emails.Finish();
  if (!columns.email.empty()) {
    fields.push_back(arrow::field(columns.email, arrow::utf8()));
    arrays.push_back(email);
  }
  const auto value = *values.Finish();
  fields.push_back(arrow::field("value", arrow::int64()));
  arrays.push_back(value);
  fields.push_back(arrow::field("text", arrow::utf8()));
  arrays.push_back(*texts.Finish());
  if (!columns.extra.empty()) {
    fields.push_back(arrow::field(columns.extra, arrow::int64()));
    arrays.push_back(value);
  }
  return arrow::Table::Make(arrow::schema(fields), arrays);
}

std::shared_ptr<arrow::RecordBatchReader> EmailKeys(const std::set<int64_t>& ids, const std::string& name) {
  arrow::StringBuilder emails;
  for (const int64_t id : ids) EXPECT_TRUE(emails.Append(EmailOf(id)).ok());
  const auto table = arrow::Table::Make(arrow::schema({arrow::field(name, arrow::utf8())}), {*emails.Finish()});
  return *arrow::RecordBatchReader::Make(arrow::TableBatchReader(*table).ToRecordBatches().ValueOrDie(),
                                         table->schema());
}

std::shared_ptr<arrow::Table> Without(const std::shared_ptr<arrow::Table>& table, const std::set<int64_t>& ids) {
  const auto combined = *table->CombineChunks();
  if (combined->num_rows() == 0) return combined;
  const auto& id = static_cast<const arrow::Int64Array&>(*combined->GetColumnByName("id")->chunk(0));
  std::vector<std::shared_ptr<arrow::Table>> parts{combined->Slice(0, 0)};
  int64_t start = 0;
  for (int64_t row = 0; row <= id.length(); ++row) {
    if (row < id.length() && !ids.contains(id.Value(row))) continue;
    if (row > start) parts.push_back(combined->Slice(start, row - start));
    start = row + 1;
  }
  return *arrow::ConcatenateTables(parts);
}

std::string AllBytes(ObjectStore& objects, const std::string& folder) {
  std::string all;
  const auto keys = objects.List("");
  EXPECT_TRUE(keys.ok());
  for (const std::string& key : *keys) {
    const std::string bytes = *objects.Get(key);
    all += bytes;
    if (!key.starts_with("packs/")) continue;
    const auto entries = LoadPackIndex(objects, key);
    EXPECT_TRUE(entries.ok()) << entries.status();
    for (const PackEntry& entry : *entries) {
      const std::string record = bytes.substr(entry.offset, entry.length);
      const auto add_leaf = [&](std::string_view leaf) {
        const auto decoded = DecodeLeaf(leaf);
        EXPECT_TRUE(decoded.ok()) << decoded.status();
        if (decoded.ok()) all += decoded->values;
      };
      if (record[0] == 1) {
        add_leaf(record);
      } else if (record[0] == 2) {
        const auto patch = ReadTilePatch(record);
        EXPECT_TRUE(patch.ok());
        for (const LeafPatch& leaf : patch->leaves) {
          if (!leaf.given.empty()) add_leaf(leaf.given);
          if (leaf.form != LeafPatch::Form::kMapped) continue;
          const auto map = ReadValueMap(leaf.map);
          EXPECT_TRUE(map.ok()) << map.status();
          if (map.ok()) all += map->from.values + map->to.values;
        }
      } else {
        all += *ReadCompressed(std::string_view(record).substr(1), kMaxObjectBytes);
      }
    }
  }
  std::error_code error;
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder, error)) {
    if (!file.is_regular_file() || file.path().string().find("/objects/") != std::string::npos) continue;
    std::ostringstream bytes;
    bytes << std::ifstream(file.path(), std::ios::binary).rdbuf();
    all += bytes.str();
  }
  return all;
}

EraseTest::EraseTest() : folder_(FreshTestFolder()) {
  context_.pool = &pool_;
  context_.now = [this] { return now_ += absl::Seconds(1); };
  Start();
}

EraseTest::~EraseTest() {
  store_.reset();
  std::filesystem::remove_all(folder_);
}

void EraseTest::Start() {
  store_.reset();
  std::filesystem::remove_all(folder_);
  location_ = NewLocation(folder_);
  store_ = *Store::Create(location_);
}

CommitInfo EraseTest::Add(const std::string& dataset, const std::shared_ptr<arrow::Table>& table,
                          CommitRequest::Mode mode, const std::string& branch) {
  CommitRequest request{.dataset = dataset, .mode = mode, .branch = branch, .message = "m", .author = "ada"};
  request.attachments = [&]() -> absl::StatusOr<std::map<std::string, std::string>> {
    return std::map<std::string, std::string>{{"profile", "least " + table->ToString()}};
  };
  arrow::TableBatchReader reader(table);
  auto info = store_->Commit(request, reader, context_);
  EXPECT_TRUE(info.ok()) << info.status();
  return info.ok() ? *info : CommitInfo{};
}

EraseTest::Tables EraseTest::ReadAll(Store& store, const std::string& dataset) {
  Tables tables;
  const auto log = store.Log(dataset);
  EXPECT_TRUE(log.ok()) << log.status();
  if (!log.ok()) return tables;
  for (const CommitInfo& info : *log) {
    const auto rows = ReadVersion(store, dataset, info.version, context_);
    EXPECT_TRUE(rows.ok()) << rows.status();
    if (!rows.ok()) continue;
    tables[FactsOf(info)] = *rows;
    EXPECT_EQ(info.rows, (*rows)->num_rows());
  }
  return tables;
}

absl::StatusOr<EraseReport> EraseTest::Erase(const std::set<int64_t>& ids, bool dry_run, const std::string& column) {
  return EraseRows(
      *store_, {.dataset = "d", .keys = EmailKeys(ids, column), .author = "eve", .reason = "asked", .dry_run = dry_run},
      context_);
}

void EraseTest::ExpectErased(Store& store, const Tables& before, const std::set<int64_t>& ids) {
  const Tables after = ReadAll(store, "d");
  ASSERT_EQ(after.size(), before.size());
  for (const auto& [facts, table] : before) {
    ASSERT_TRUE(after.contains(facts)) << facts;
    EXPECT_TRUE(after.at(facts)->Equals(*Without(table, ids))) << facts;
  }
}

void EraseTest::ExpectNoBytes(const std::set<int64_t>& ids) {
  const std::string all = AllBytes(store_->objects(), folder_);
  for (const int64_t id : ids) EXPECT_EQ(all.find(EmailOf(id)), std::string::npos) << id;
}

void EraseTest::ExpectSound(Store& store) {
  const auto report = Verify(store, {.level = VerifyLevel::kContent}, context_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_TRUE(report->sound()) << report->damages.front().object << ": " << report->damages.front().message;
}

void EraseTest::ExpectRecovers() {
  const Tables before = ReadAll(*store_, "d");
  const auto log = *store_->Log("d");
  const std::string copy = folder_ + "_copy";
  StoreLocation location = location_;
  location.database = NewDatabase(KindOfThisRun(), copy);
  const auto report = Recover(location, context_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->damages, std::vector<std::string>());
  {
    const auto store = *Store::Open(location);
    const Tables after = ReadAll(*store, "d");
    ASSERT_EQ(after.size(), before.size());
    for (const auto& [facts, table] : before) {
      ASSERT_TRUE(after.contains(facts));
      EXPECT_TRUE(after.at(facts)->Equals(*table)) << facts;
    }
    const auto again = *store->Log("d");
    for (size_t i = 0; i < log.size(); ++i) EXPECT_EQ(log[i].digest, again[i].digest);
    EXPECT_EQ(*store->names().Deleted("d"), *store_->names().Deleted("d"));
    EXPECT_EQ(*ErasuresOf(*store, "d"), *ErasuresOf(*store_, "d"));
    ExpectSound(*store);
  }
  std::filesystem::remove_all(copy);
}

People EraseTest::AddHistory(uint64_t seed, int64_t people, int versions, Columns columns) {
  std::mt19937_64 random(seed);
  People now;
  for (int64_t id = 0; id < people; ++id) now.push_back({id, static_cast<int64_t>(random() % 1000)});
  Add("d", TableOf(now, columns));
  int64_t next = people;
  for (int version = 2; version <= versions; ++version) {
    for (int change = 0; change < 3; ++change) now[random() % now.size()].value = -static_cast<int64_t>(random() % 99);
    now.erase(now.begin() + static_cast<ptrdiff_t>(random() % now.size()));
    now.insert(now.begin() + static_cast<ptrdiff_t>(random() % now.size()), Person{next++, version});
    if (version % 4 == 0) {
      std::sort(now.begin(), now.end(),
                [](const Person& a, const Person& b) { return std::pair(a.value, a.id) < std::pair(b.value, b.id); });
    }
    if (version == 3) columns.extra = "extra";
    if (version == 5) columns.email = "mail";
    Add("d", TableOf(now, columns));
  }
  return now;
}

}  // namespace roost::store
