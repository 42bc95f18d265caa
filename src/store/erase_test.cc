#include "store/erase.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <thread>

#include <arrow/api.h>
#include <arrow/compute/cast.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "base/thread_pool.h"
#include "store/backup.h"
#include "store/compression.h"
#include "store/garbage.h"
#include "store/leaf_codec.h"
#include "store/local_object_store.h"
#include "store/names.h"
#include "store/pack_index.h"
#include "store/records.h"
#include "store/recover.h"
#include "store/store.h"
#include "store/testing/database_faults.h"
#include "store/testing/fault_object_store.h"
#include "store/testing/test_server.h"
#include "store/testing/test_tables.h"
#include "store/tile_patch.h"
#include "store/verify.h"

namespace roost::store {
namespace {

using ::testing::Test;

struct Person {
  int64_t id = 0;
  int64_t value = 0;
};
using People = std::vector<Person>;

/// Names of columns, to rename and to leave out.
struct Columns {
  std::string email = "email";  // empty: left out
  std::string extra;            // empty: left out
  int64_t text_bytes = 24;
};

std::string EmailOf(int64_t id) { return fmt::format("<mark-{}-erase>", id); }

std::shared_ptr<arrow::Table> TableOf(const People& people, const Columns& columns = {}) {
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

std::shared_ptr<arrow::RecordBatchReader> EmailKeys(const std::set<int64_t>& ids, const std::string& name = "email") {
  arrow::StringBuilder emails;
  for (const int64_t id : ids) EXPECT_TRUE(emails.Append(EmailOf(id)).ok());
  const auto table = arrow::Table::Make(arrow::schema({arrow::field(name, arrow::utf8())}), {*emails.Finish()});
  return *arrow::RecordBatchReader::Make(arrow::TableBatchReader(*table).ToRecordBatches().ValueOrDie(),
                                         table->schema());
}

/// `table` without the rows of `ids`.
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

/// All bytes that the store holds: of each record what it says when it is decompressed, and all objects and files of
/// the database as they are.
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

/// What a version is, but for its rows and its commit.
std::string FactsOf(const CommitInfo& info) {
  std::string columns;
  for (const ColumnInfo& column : info.columns) columns += column.name + ":" + column.type + " ";
  return fmt::format("{} {} {} {} {} {} {}", info.Name(), info.branch, absl::ToUnixMicros(info.time), info.author,
                     info.message, columns, info.parents.size());
}

class EraseTest : public Test {
 protected:
  EraseTest() : folder_(FreshTestFolder()) {
    context_.pool = &pool_;
    context_.now = [this] { return now_ += absl::Seconds(1); };
    Start();
  }
  ~EraseTest() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  void Start() {
    store_.reset();
    std::filesystem::remove_all(folder_);
    location_ = NewLocation(folder_);
    store_ = *Store::Create(location_);
  }

  CommitInfo Add(const std::string& dataset, const std::shared_ptr<arrow::Table>& table,
                 CommitRequest::Mode mode = CommitRequest::Mode::kSnapshot, const std::string& branch = "") {
    CommitRequest request{.dataset = dataset, .mode = mode, .branch = branch, .message = "m", .author = "ada"};
    request.attachments = [&]() -> absl::StatusOr<std::map<std::string, std::string>> {
      return std::map<std::string, std::string>{{"profile", "least " + table->ToString()}};
    };
    arrow::TableBatchReader reader(table);
    auto info = store_->Commit(request, reader, context_);
    EXPECT_TRUE(info.ok()) << info.status();
    return info.ok() ? *info : CommitInfo{};
  }

  using Tables = std::map<std::string, std::shared_ptr<arrow::Table>>;

  Tables ReadAll(Store& store, const std::string& dataset) {
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

  absl::StatusOr<EraseReport> Erase(const std::set<int64_t>& ids, bool dry_run = false,
                                    const std::string& column = "email") {
    return EraseRows(
        *store_,
        {.dataset = "d", .keys = EmailKeys(ids, column), .author = "eve", .reason = "asked", .dry_run = dry_run},
        context_);
  }

  /// Each version is the one before without the rows of `ids`, and everything else is the same.
  void ExpectErased(Store& store, const Tables& before, const std::set<int64_t>& ids) {
    const Tables after = ReadAll(store, "d");
    ASSERT_EQ(after.size(), before.size());
    for (const auto& [facts, table] : before) {
      ASSERT_TRUE(after.contains(facts)) << facts;
      EXPECT_TRUE(after.at(facts)->Equals(*Without(table, ids))) << facts;
    }
  }

  void ExpectNoBytes(const std::set<int64_t>& ids) {
    const std::string all = AllBytes(store_->objects(), folder_);
    for (const int64_t id : ids) EXPECT_EQ(all.find(EmailOf(id)), std::string::npos) << id;
  }

  void ExpectSound(Store& store) {
    const auto report = Verify(store, {.level = VerifyLevel::kContent}, context_);
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_TRUE(report->sound()) << report->damages.front().object << ": " << report->damages.front().message;
  }

  /// What a lost database is made from says the same.
  void ExpectRecovers() {
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

  /// `versions` versions of some people: changed, removed, new and moved ones each time.
  People AddHistory(uint64_t seed, int64_t people, int versions, Columns columns) {
    std::mt19937_64 random(seed);
    People now;
    for (int64_t id = 0; id < people; ++id) now.push_back({id, static_cast<int64_t>(random() % 1000)});
    Add("d", TableOf(now, columns));
    int64_t next = people;
    for (int version = 2; version <= versions; ++version) {
      for (int change = 0; change < 3; ++change)
        now[random() % now.size()].value = -static_cast<int64_t>(random() % 99);
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

  ThreadPool pool_{2};
  Context context_;
  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  std::string folder_;
  StoreLocation location_;
  std::unique_ptr<Store> store_;
};

TEST_F(EraseTest, EachVersionIsTheOneBeforeWithoutTheRowsAndTheirBytesAreGone) {
  for (const uint64_t seed : {1, 2, 3}) {
    SCOPED_TRACE(seed);
    Start();
    // Seed 3 has tiles of some hundred rows.
    AddHistory(seed, seed == 3 ? 900 : 200, 7, {.text_bytes = seed == 3 ? 30'000 : 24});
    const Tables before = ReadAll(*store_, "d");
    const std::set<int64_t> ids{3, 17, 100, seed == 3 ? 901 : 201};
    ASSERT_NE(AllBytes(store_->objects(), folder_).find(EmailOf(17)), std::string::npos);
    const auto tried = Erase(ids, /*dry_run=*/true);
    ASSERT_TRUE(tried.ok()) << tried.status();
    ExpectErased(*store_, before, {});
    const auto report = Erase(ids);
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_EQ(report->number, 1);
    EXPECT_GT(report->bytes, 0);
    ASSERT_EQ(report->versions.size(), tried->versions.size());
    for (size_t i = 0; i < report->versions.size(); ++i) {
      const VersionErasure& version = report->versions[i];
      EXPECT_EQ(version.removed, tried->versions[i].removed);
      EXPECT_EQ(version.is_rewritten, tried->versions[i].is_rewritten);
      // From version 5 on the column has another name.
      EXPECT_EQ(version.not_searched, 0) << version.version;
    }
    EXPECT_EQ(report->versions.back().removed, 3) << "one of them came later";
    ExpectSound(*store_);
    ASSERT_EQ(Erase(ids, false, "mail").status(), absl::OkStatus());
    ExpectErased(*store_, before, ids);
    ExpectErased(**Store::Open(location_), before, ids);
    ExpectNoBytes(ids);
    ExpectSound(*store_);
    const auto garbage = CollectGarbage(*store_, {.dry_run = true}, context_);
    ASSERT_TRUE(garbage.ok()) << garbage.status();
    EXPECT_EQ(garbage->records_dead, 0);
    EXPECT_EQ(garbage->condemned.objects, 0);
    ExpectRecovers();
    const auto again = Erase(ids);
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(again->number, 0) << "there is nothing left to erase";
    EXPECT_EQ(again->bytes_purged, 0);
    // Others upon the first ones.
    std::set<int64_t> everybody = ids;
    everybody.insert({5, 6});
    ASSERT_EQ(Erase({5, 6}).status(), absl::OkStatus());
    ASSERT_EQ(Erase({5, 6}, false, "mail").status(), absl::OkStatus());
    ExpectErased(*store_, before, everybody);
    ExpectNoBytes({5, 6});
    ExpectSound(*store_);
    ExpectRecovers();
    Add("d", TableOf({{1, 1}, {2, 2}}));
    ExpectSound(*store_);
  }
}

TEST_F(EraseTest, NamesStayAndDeletedVersionsAreInNobodysWay) {
  AddHistory(4, 60, 3, {});
  Names& names = store_->names();
  const auto set = [&](NameKind kind, const std::string& name, int64_t to) {
    const auto made = names.Change(
        {.dataset = "d", .name = name, .kind = kind, .to = to, .author = "ada", .reason = "r", .time = context_.now()});
    ASSERT_TRUE(made.ok()) << made.status();
  };
  set(NameKind::kBranch, "side", 1);
  set(NameKind::kTag, "v1", 1);
  set(NameKind::kAlias, "best", 3);
  Add("d", TableOf({{3, 1}, {4, 2}, {500, 1}}), CommitRequest::Mode::kAppend, "side");
  ASSERT_TRUE(names.Delete({.dataset = "d", .version = 2, .author = "ada", .reason = "old", .time = now_}).ok());
  const Tables before = ReadAll(*store_, "d");
  const auto listed = *names.List("d");
  ASSERT_EQ(Erase({3, 500}).status(), absl::OkStatus());
  ExpectErased(*store_, before, {3, 500});
  ExpectNoBytes({3, 500});
  EXPECT_EQ(*names.List("d"), listed);
  const auto log = names.Log("d", {.branch = "main"});
  ASSERT_TRUE(log.ok()) << log.status();
  EXPECT_EQ(log->size(), 2u) << "from version 3 over the deleted one to version 1";
  ExpectSound(*store_);
  ExpectRecovers();
}

TEST_F(EraseTest, RowsOfVersionsWithoutTheColumnStayUnlessTheirTilesHaveIt) {
  const People people{{1, 1}, {2, 2}, {3, 3}, {4, 4}};
  Add("d", TableOf(people, {.email = ""}));                     // never had it
  Add("d", TableOf(people));                                    // has it
  Add("d", TableOf(people, {.email = ""}));                     // dropped: still in the tiles
  Add("d", TableOf({{1, 9}, {2, 9}, {3, 9}, {4, 9}, {5, 9}}));  // again, as another column
  const auto report = Erase({2, 5});
  ASSERT_TRUE(report.ok()) << report.status();
  std::map<int64_t, int64_t> removed;
  std::map<int64_t, int64_t> not_searched;
  for (const VersionErasure& version : report->versions) {
    removed[version.version] = version.removed;
    not_searched[version.version] = version.not_searched;
  }
  EXPECT_EQ(removed[2], 1);
  EXPECT_EQ(removed[4], 2);
  EXPECT_EQ(removed[1], 0);
  EXPECT_EQ(not_searched[1], 4);
  EXPECT_EQ(removed[3], 1);
  EXPECT_TRUE((*ReadVersion(*store_, "d", 3, context_))->Equals(*TableOf({{1, 1}, {3, 3}, {4, 4}}, {.email = ""})));
  EXPECT_EQ((*ReadVersion(*store_, "d", 4, context_))->num_rows(), 3);
  EXPECT_EQ((*ReadVersion(*store_, "d", 1, context_))->num_rows(), 4);
  ExpectSound(*store_);
  ExpectRecovers();
}

TEST_F(EraseTest, AnotherDatasetWithTheSameRowsKeepsThem) {
  const People people{{1, 1}, {2, 2}, {3, 3}};
  const auto table = TableOf(people);
  Add("d", table);
  Add("copy", table);
  Add("apart", TableOf({{8, 8}, {9, 9}}));
  const auto report = Erase({2});
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->still_in, std::vector<std::string>{"copy@1"});
  EXPECT_TRUE((*ReadVersion(*store_, "copy", 1, context_))->Equals(*table));
  EXPECT_EQ((*ReadVersion(*store_, "d", 1, context_))->num_rows(), 2);
  ExpectSound(*store_);
}

TEST_F(EraseTest, APatchOfAnotherDatasetStandsOnNothingThatGoes) {
  People people;
  for (int64_t id = 0; id < 400; ++id) people.push_back({id, id});
  Add("d", TableOf(people));
  people.erase(people.begin() + 7);
  Add("d", TableOf(people));
  Add("copy", TableOf(people));  // the same tile: a patch upon the first version's
  ASSERT_EQ(Erase({7}).status(), absl::OkStatus());
  ExpectNoBytes({7});
  EXPECT_TRUE((*ReadVersion(*store_, "copy", 1, context_))->Equals(*TableOf(people)));
  ExpectSound(*store_);
}

TEST_F(EraseTest, SeveralColumnsMustAllMatchAndOfAnyTypeThatFits) {
  Add("d", TableOf({{1, 10}, {2, 20}, {3, 30}}));
  arrow::Int32Builder ids;
  arrow::Int32Builder values;
  ASSERT_TRUE(ids.AppendValues({1, 2, 2}).ok() && values.AppendValues({10, 99, 99}).ok());
  const auto keys = arrow::RecordBatch::Make(
      arrow::schema({arrow::field("id", arrow::int32()), arrow::field("value", arrow::int32())}), 3,
      {*ids.Finish(), *values.Finish()});
  const auto report = EraseRows(*store_,
                                {.dataset = "d",
                                 .keys = *arrow::RecordBatchReader::Make({keys}, keys->schema()),
                                 .author = "eve",
                                 .reason = "asked",
                                 .dry_run = false},
                                context_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->keys, 2);
  EXPECT_TRUE((*ReadVersion(*store_, "d", 1, context_))->Equals(*TableOf({{2, 20}, {3, 30}})));
}

TEST_F(EraseTest, ABackupOfBeforeTakesTheNewHistory) {
  AddHistory(9, 60, 3, {});
  const std::string backup = folder_ + "/backup";
  ASSERT_EQ(Backup(*store_, backup, context_).status(), absl::OkStatus());
  const Tables before = ReadAll(*store_, "d");
  ASSERT_EQ(Erase({3}).status(), absl::OkStatus());
  const auto report = Backup(*store_, backup, context_);
  ASSERT_EQ(report.status(), absl::OkStatus());
  EXPECT_EQ(report->damages, std::vector<std::string>());
  const auto copy = *Store::Open(backup);
  ExpectErased(*copy, before, {3});
  ExpectSound(*copy);
  EXPECT_EQ(*ErasuresOf(*copy, "d"), *ErasuresOf(*store_, "d"));
}

TEST_F(EraseTest, AWidenedColumnIsOneColumn) {
  const auto table = [](const std::shared_ptr<arrow::DataType>& type, int64_t changed) {
    arrow::Int64Builder ids;
    arrow::StringBuilder texts;
    for (int64_t row = 0; row < 300; ++row) {
      const std::string text = fmt::format("{} {}", EmailOf(row), row % 50 == changed ? changed : 0);
      EXPECT_TRUE(ids.Append(row).ok() && texts.Append(text).ok());
    }
    const auto wide =
        arrow::Table::Make(arrow::schema({arrow::field("id", arrow::int64()), arrow::field("text", arrow::utf8())}),
                           {*ids.Finish(), *texts.Finish()});
    const arrow::Datum cast = *arrow::compute::Cast(wide->column(0), type);
    return *wide->SetColumn(0, arrow::field("id", type), cast.chunked_array());
  };
  Add("d", table(arrow::int32(), 1));
  Add("d", table(arrow::int64(), 2));
  Add("d", table(arrow::int64(), 3));
  ExpectSound(*store_);
  const auto add_id = [](const std::shared_ptr<arrow::DataType>& type, int64_t id) {
    const auto batch = arrow::RecordBatch::Make(arrow::schema({arrow::field("id", type)}), 1,
                                                {*arrow::MakeArrayFromScalar(**arrow::MakeScalar(type, id), 1)});
    return *arrow::RecordBatchReader::Make({batch}, batch->schema());
  };
  const auto report = EraseRows(
      *store_, {.dataset = "d", .keys = add_id(arrow::int8(), 52), .author = "eve", .reason = "r", .dry_run = false},
      context_);
  ASSERT_EQ(report.status(), absl::OkStatus());
  for (int64_t version = 1; version <= 3; ++version) {
    const auto rows = ReadVersion(*store_, "d", version, context_);
    ASSERT_EQ(rows.status(), absl::OkStatus());
    const auto expected = table(version == 1 ? arrow::int32() : arrow::int64(), version);
    EXPECT_TRUE((*rows)->Equals(**arrow::ConcatenateTables({expected->Slice(0, 52), expected->Slice(53)})));
  }
  ExpectNoBytes({52});
  ExpectSound(*store_);
  ExpectRecovers();
}

TEST_F(EraseTest, WhatCannotBeAskedForIsSaid) {
  Add("d", TableOf({{1, 1}}));
  const auto erase = [&](const std::shared_ptr<arrow::RecordBatchReader>& keys, const std::string& reason) {
    return EraseRows(*store_, {.dataset = "d", .keys = keys, .reason = reason, .dry_run = false}, context_).status();
  };
  EXPECT_TRUE(absl::IsInvalidArgument(erase(EmailKeys({1}, "nothing"), "r")));
  EXPECT_TRUE(absl::IsInvalidArgument(erase(EmailKeys({}), "r")));
  EXPECT_TRUE(absl::IsInvalidArgument(erase(EmailKeys({1}), "")));
  EXPECT_TRUE(absl::IsInvalidArgument(erase(EmailKeys({1}, "id"), "r"))) << "no number";
  EXPECT_TRUE(absl::IsNotFound(
      EraseRows(*store_, {.dataset = "none", .keys = EmailKeys({1}), .reason = "r"}, context_).status()));
  EXPECT_EQ((*ReadVersion(*store_, "d", 1, context_))->num_rows(), 1);
}

TEST_F(EraseTest, CommittersBesideItLoseNoRowsAndBringNoneBack) {
  AddHistory(6, 100, 3, {});
  std::atomic<bool> stop = false;
  std::set<int64_t> acknowledged;
  std::thread committer([&] {
    const auto store = *Store::Open(location_);
    for (int64_t id = 1'000; !stop; ++id) {
      CommitRequest request{.dataset = "d", .mode = CommitRequest::Mode::kAppend, .author = "bob"};
      arrow::TableBatchReader reader(TableOf({{id, id}}, {.email = "email", .extra = "extra"}));
      const auto made = store->Commit(request, reader, context_);
      if (made.ok()) acknowledged.insert(id);
      EXPECT_TRUE(made.ok() || absl::IsAborted(made.status())) << made.status();
      std::this_thread::sleep_for(std::chrono::milliseconds(40));
    }
  });
  for (int64_t id = 3; id < 9; ++id) {
    const auto report = Erase({id});
    EXPECT_TRUE(report.ok() || absl::IsAborted(report.status())) << report.status();
  }
  stop = true;
  committer.join();
  const auto report = Erase({3, 4, 5, 6, 7, 8});
  ASSERT_TRUE(report.ok()) << report.status();
  ExpectNoBytes({3, 4, 5, 6, 7, 8});
  const auto newest = *ReadVersion(*store_, "d", store_->Resolve({.name = "d"})->version, context_);
  const auto combined = *newest->CombineChunks();
  const auto& ids = static_cast<const arrow::Int64Array&>(*combined->GetColumnByName("id")->chunk(0));
  std::set<int64_t> there;
  for (int64_t row = 0; row < ids.length(); ++row) there.insert(ids.Value(row));
  for (const int64_t id : acknowledged) EXPECT_TRUE(there.contains(id)) << id;
  ExpectSound(*store_);
}

TEST_F(EraseTest, SomeAtOnceAndACollectorAllGetTheirRows) {
  AddHistory(7, 100, 4, {});
  const Tables before = ReadAll(*store_, "d");
  std::vector<std::thread> threads;
  for (int64_t who = 0; who < 3; ++who) {
    threads.emplace_back([&, who] {
      ThreadPool pool(1);
      Context context;
      context.pool = &pool;
      const auto store = *Store::Open(location_);
      for (int64_t id = 10 * who; id < 10 * who + 4; ++id) {
        absl::Status done = absl::AbortedError("");
        while (absl::IsAborted(done)) {
          done = EraseRows(*store,
                           {.dataset = "d", .keys = EmailKeys({id}), .author = "eve", .reason = "r", .dry_run = false},
                           context)
                     .status();
        }
        EXPECT_EQ(done, absl::OkStatus());
      }
    });
  }
  std::atomic<bool> stop = false;
  std::thread collector([&] {
    ThreadPool pool(1);
    Context context;
    context.pool = &pool;
    const auto store = *Store::Open(location_);
    while (!stop) {
      const auto report = CollectGarbage(*store, {.dry_run = false, .grace = absl::ZeroDuration()}, context);
      EXPECT_TRUE(report.ok() || absl::IsAborted(report.status())) << report.status();
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
  });
  for (std::thread& thread : threads) thread.join();
  stop = true;
  collector.join();
  const std::set<int64_t> all{0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23};
  ExpectErased(*store_, before, all);
  ExpectNoBytes(all);
  ExpectSound(*store_);
  ExpectRecovers();
}

TEST_F(EraseTest, AKeyedDatasetWithDeepPatchesStaysSmall) {
  std::mt19937_64 random(11);
  People people;
  for (int64_t id = 0; id < 900; ++id) people.push_back({id, id});
  const Columns columns{.text_bytes = 30'000};
  CommitRequest first{.dataset = "d", .key = {"id"}, .author = "ada"};
  arrow::TableBatchReader rows(TableOf(people, columns));
  ASSERT_EQ(store_->Commit(first, rows, context_).status(), absl::OkStatus());
  for (int version = 2; version <= 14; ++version) {
    People given;
    for (int change = 0; change < 3; ++change) given.push_back({100 * change + version, version});
    if (version == 8) given.push_back({44, -8});
    Add("d", TableOf(given, columns), CommitRequest::Mode::kUpsert);
  }
  const auto stored = [&] {
    int64_t bytes = 0;
    const auto packs = *store_->objects().List("packs");
    for (const std::string& key : packs) bytes += *store_->objects().Size(key);
    return bytes;
  };
  const int64_t bytes_before = stored();
  const Tables before = ReadAll(*store_, "d");
  ASSERT_EQ(Erase({44, 105}).status(), absl::OkStatus());
  ExpectErased(*store_, before, {44, 105});
  ExpectNoBytes({44, 105});
  EXPECT_LT(stored(), bytes_before * 5 / 4) << "the clean tables are differences to each other too";
  ExpectSound(*store_);
  ExpectRecovers();
}

/// After a fault at each write in turn the versions are all old or all new, and the same call ends what is left.
class EraseFaultTest : public EraseTest {
 protected:
  void Prepare() {
    Start();
    AddHistory(8, 40, 4, {});
    before_ = ReadAll(*store_, "d");
    store_.reset();
  }

  void Check(int64_t write) {
    SCOPED_TRACE(fmt::format("write {}", write));
    store_ = *Store::Open(location_);
    const Tables after = ReadAll(*store_, "d");
    size_t changed = 0;
    for (const auto& [facts, table] : before_) {
      ASSERT_TRUE(after.contains(facts)) << facts;
      const bool is_old = after.at(facts)->Equals(*table);
      const bool is_new = after.at(facts)->Equals(*Without(table, kIds));
      EXPECT_TRUE(is_old || is_new) << facts;
      changed += is_new && !is_old ? 1 : 0;
    }
    EXPECT_TRUE(changed == 0 || changed == before_.size()) << changed;
    const auto report = Erase(kIds);
    ASSERT_TRUE(report.ok()) << report.status();
    ExpectErased(*store_, before_, kIds);
    ExpectNoBytes(kIds);
    ExpectSound(*store_);
    EXPECT_EQ(ErasuresOf(*store_, "d")->size(), 1u);
    ExpectRecovers();
    store_.reset();
  }

  const std::set<int64_t> kIds{3, 17};
  Tables before_;
};

TEST_F(EraseFaultTest, DyingAtAnyWriteOfAnObject) {
  for (const auto effect :
       {ObjectFaults::Effect::kDies, ObjectFaults::Effect::kDiesAfter, ObjectFaults::Effect::kFails}) {
    int64_t write = 1;
    for (;; ++write) {
      Prepare();
      const auto faults = std::make_shared<ObjectFaults>();
      faults->At(write, effect);
      {
        store_ = *Store::Over(std::make_unique<FaultObjectStore>(*LocalObjectStore::Open(location_.objects), faults),
                              *Database::Open(location_.database));
        (void)Erase(kIds);
        store_.reset();
      }
      Check(write);
      if (!faults->happened() || HasFailure()) break;
    }
    EXPECT_GT(write, 8);
  }
}

TEST_F(EraseFaultTest, DyingAtAnyWriteToTheDatabase) {
  int64_t write = 1;
  for (;; ++write) {
    Prepare();
    store_ = *Store::Open(location_);
    bool happened = false;
    {
      DatabaseFaults faults(store_->database());
      faults.At(write, DatabaseFaults::Effect::kDies);
      (void)Erase(kIds);
      happened = faults.happened();
    }
    store_.reset();
    Check(write);
    if (!happened || HasFailure()) break;
  }
  EXPECT_GT(write, 20);
}

}  // namespace
}  // namespace roost::store
