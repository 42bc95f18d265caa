#include "store/erase.h"

#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <arrow/api.h>
#include <arrow/compute/cast.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "store/backup.h"
#include "store/garbage.h"
#include "store/names.h"
#include "store/store.h"
#include "store/testing/erase_fixture.h"
#include "store/testing/test_tables.h"

namespace roost::store {
namespace {

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

}  // namespace
}  // namespace roost::store
