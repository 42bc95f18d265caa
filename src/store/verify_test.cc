#include "store/verify.h"

#include <filesystem>
#include <fstream>
#include <random>
#include <set>

#include <arrow/api.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "base/thread_pool.h"
#include "store/backup.h"
#include "store/erasure_record.h"
#include "store/garbage.h"
#include "store/local_object_store.h"
#include "store/names.h"
#include "store/pack_index.h"
#include "store/records.h"
#include "store/recover.h"
#include "store/store.h"
#include "store/testing/database_faults.h"
#include "store/testing/test_server.h"
#include "store/testing/test_tables.h"

namespace roost::store {
namespace {

namespace fs = std::filesystem;

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void WriteFile(const std::string& path, const std::string& bytes) {
  fs::remove(path);
  std::ofstream(path, std::ios::binary) << bytes;
}

/// A workspace with three versions of d, stored in full and as patches, and one of e.
class MaintenanceTest : public ::testing::Test {
 protected:
  MaintenanceTest() : folder_(FreshTestFolder()), location_(NewLocation(folder_ + "/.roost")) {
    context_.pool = &pool_;
    store_ = *Store::Create(location_);
    auto table = TestTable(1'200, 1);
    for (int64_t version = 1; version <= 3; ++version) {
      table = WithNumber(table, 7 * version, version);
      Add("d", table, fmt::format("note {}", version));
    }
    Add("e", TestTable(50, 2));
  }
  ~MaintenanceTest() override {
    store_.reset();
    fs::remove_all(folder_);
  }

  void Add(const std::string& dataset, const std::shared_ptr<arrow::Table>& table, const std::string& note = "") {
    const auto info = CommitTable(*store_, dataset, table, context_, note);
    ASSERT_TRUE(info.ok()) << info.status();
    tables_[info->Name()] = table;
    infos_[info->Name()] = *info;
  }

  VerifyReport Check(VerifyLevel level, ObjectStore* repair_from = nullptr) {
    // A store of its own: nothing is remembered.
    auto store = *Store::Open(location_);
    const auto report = Verify(*store, {.level = level, .repair_from = repair_from}, context_);
    EXPECT_TRUE(report.ok()) << report.status();
    return report.ok() ? *report : VerifyReport{};
  }

  /// Reads every version: each gives its rows or an error. Returns those that gave an error.
  std::set<std::string> ReadAll(const StoreLocation& location) {
    std::set<std::string> failed;
    const auto store = Store::Open(location);
    for (const auto& [name, table] : tables_) {
      absl::StatusOr<std::shared_ptr<arrow::Table>> rows = absl::DataLossError("the store cannot be opened");
      if (store.ok()) rows = ReadVersion(**store, infos_[name].dataset, infos_[name].version, context_);
      if (!rows.ok()) {
        failed.insert(name);
      } else {
        EXPECT_TRUE((*rows)->Equals(*table)) << name << " gives wrong rows";
      }
    }
    return failed;
  }

  std::string Path(const std::string& key) { return location_.objects + "/" + key; }

  std::string PackOf(const std::string& name) {
    const Digest id = infos_[name].table;
    return PackKey(store_->records().Locate({&id, 1})->at(id).pack);
  }

  ThreadPool pool_{2};
  Context context_;
  std::string folder_;
  StoreLocation location_;
  std::unique_ptr<Store> store_;
  std::map<std::string, std::shared_ptr<arrow::Table>> tables_;
  std::map<std::string, CommitInfo> infos_;
};

TEST_F(MaintenanceTest, ASoundWorkspaceIsSoundAtEveryLevel) {
  for (const auto level : {VerifyLevel::kGraph, VerifyLevel::kBytes, VerifyLevel::kContent}) {
    const VerifyReport report = Check(level);
    EXPECT_TRUE(report.sound()) << report.damages.front().object << ": " << report.damages.front().message;
    EXPECT_EQ(report.versions, 4);
    EXPECT_EQ(report.packs, level == VerifyLevel::kGraph ? 0 : 4);
    EXPECT_EQ(report.left, 0);
  }
}

TEST_F(MaintenanceTest, AFlippedBitAnywhereInAnObjectIsFoundAndNeverGivesWrongRows) {
  std::mt19937_64 random(11);
  const std::vector<std::string> keys = *store_->objects().List("");
  for (const std::string& key : keys) {
    SCOPED_TRACE(key);
    const std::string good = ReadFile(Path(key));
    // The first and the last bytes (heads, footers), and some between (records, index).
    std::vector<size_t> places{0, 7, good.size() - 1, good.size() - 9, good.size() - 14, good.size() - 40};
    for (int i = 0; i < 5; ++i) places.push_back(random() % good.size());
    for (const size_t place : places) {
      SCOPED_TRACE(place);
      std::string bad = good;
      bad[place] = static_cast<char>(bad[place] ^ (1 << (random() % 8)));
      WriteFile(Path(key), bad);
      const std::set<std::string> failed = ReadAll(location_);
      if (key == "format.json") {
        const auto store = Store::Open(location_);
        // A blank that became another one says the same.
        EXPECT_TRUE(!store.ok() || !Verify(**store, {}, context_)->sound());
      } else {
        const VerifyReport report = Check(VerifyLevel::kBytes);
        EXPECT_FALSE(report.sound());
        std::set<std::string> hurt;
        for (const Damage& damage : report.damages) hurt.insert(damage.versions.begin(), damage.versions.end());
        for (const std::string& name : failed) EXPECT_TRUE(hurt.contains(name)) << name << " is hurt, untold";
      }
    }
    WriteFile(Path(key), good);
  }
  EXPECT_TRUE(Check(VerifyLevel::kContent).sound());
}

TEST_F(MaintenanceTest, AFlippedBitInTheDatabaseIsFoundOrWasInUnusedSpace) {
  if (KindOfThisRun() != DatabaseKind::kSqlite) return;  // a server's files are its own
  store_.reset();
  const std::string good = ReadFile(location_.database);
  std::mt19937_64 random(12);
  int found = 0;
  for (int i = 0; i < 60; ++i) {
    std::string bad = good;
    const size_t place = random() % good.size();
    bad[place] = static_cast<char>(bad[place] ^ (1 << (random() % 8)));
    for (const char* ending : {"-wal", "-shm"}) fs::remove(location_.database + ending);
    WriteFile(location_.database, bad);
    bool sound = false;
    std::set<std::string> failed;
    try {
      failed = ReadAll(location_);
      const auto store = Store::Open(location_);
      absl::StatusOr<VerifyReport> report = absl::DataLossError("the store cannot be opened");
      if (store.ok()) report = Verify(**store, {.level = VerifyLevel::kGraph}, context_);
      sound = report.ok() && report->sound();
    } catch (const std::bad_variant_access&) {
      sound = false;  // a value of another type: the program says that it cannot go on
    }
    if (sound) {
      EXPECT_TRUE(failed.empty()) << "a damage at " << place << " was not found";
    }
    found += sound ? 0 : 1;
  }
  EXPECT_GT(found, 0);
}

TEST_F(MaintenanceTest, AMissingPackAndAMissingCommitAreToldWithTheVersionsThatTheyHurt) {
  const std::string pack = PackOf("d@2");
  ASSERT_TRUE(store_->objects().Delete(pack).ok());
  ASSERT_TRUE(store_->objects().Delete(CommitKey(infos_["e@1"].digest)).ok());
  const VerifyReport report = Check(VerifyLevel::kGraph);
  std::set<std::string> hurt;
  std::set<std::string> objects;
  for (const Damage& damage : report.damages) {
    hurt.insert(damage.versions.begin(), damage.versions.end());
    objects.insert(damage.object);
  }
  EXPECT_THAT(hurt, ElementsAre("d@2", "d@3", "e@1")) << "d@3 stands on d@2";
  EXPECT_THAT(objects, Contains(pack));
  EXPECT_THAT(objects, Contains(CommitKey(infos_["e@1"].digest)));
}

TEST_F(MaintenanceTest, ABudgetIsKeptAndTheNextCallGoesOnWhereItEnded) {
  int64_t seconds = 0;
  context_.now = [&] { return absl::FromUnixSeconds(1'700'000'000 + seconds++); };
  std::set<int64_t> left;
  int64_t packs = 0;
  for (int call = 0; call < 8; ++call) {
    const auto report = Verify(*store_, {.budget = absl::Seconds(3)}, context_);
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_GT(report->left, 0);
    packs += report->packs;
  }
  EXPECT_GE(packs, 4);
  const auto rows = store_->database().Query("SELECT COUNT(*) FROM verified");
  EXPECT_EQ(std::get<int64_t>(rows->at(0).at(0)), 4) << "every pack had its turn";
}

TEST_F(MaintenanceTest, AtTheThirdLevelABudgetReachesTablesTooAndASecondLevelRunForgetsNoMark) {
  int64_t seconds = 0;
  context_.now = [&] { return absl::FromUnixSeconds(1'700'000'000 + seconds++); };
  const auto marks = [&] {
    const auto rows = *store_->database().Query("SELECT object_key FROM verified WHERE level = 3");
    return rows.size();
  };
  for (int call = 0; call < 12; ++call) {
    const auto report = Verify(*store_, {.level = VerifyLevel::kContent, .budget = absl::Seconds(3)}, context_);
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_GT(report->left, 0);
  }
  EXPECT_EQ(marks(), 8u) << "four packs and four tables";
  ASSERT_TRUE(Verify(*store_, {.level = VerifyLevel::kBytes}, context_).ok());
  EXPECT_EQ(marks(), 8u);
}

TEST_F(MaintenanceTest, RecordsOfNamesAreLookedAtAndMended) {
  NameChange tag{.dataset = "d", .name = "good", .kind = NameKind::kTag, .to = 2, .author = "ann", .reason = "r"};
  ASSERT_TRUE(store_->names().Change(tag).ok());
  const DeleteRequest gone{.dataset = "d", .version = 1, .author = "ann", .reason = "r"};
  ASSERT_TRUE(store_->names().Delete(gone).ok());
  tables_.erase("d@1");
  ASSERT_TRUE(Check(VerifyLevel::kGraph).sound());
  ASSERT_TRUE(store_->objects().Delete(NameRecordKey("d", 3)).ok());
  WriteFile(Path("names/refs/d/good/000000000001"), "{}");
  ASSERT_TRUE(store_->objects().Delete("names/deleted/d/000000000001").ok());
  std::vector<std::string> objects;
  const VerifyReport found = Check(VerifyLevel::kGraph);
  for (const Damage& damage : found.damages) objects.push_back(damage.object);
  EXPECT_THAT(objects,
              ElementsAre(NameRecordKey("d", 3), "names/refs/d/good/000000000001", "names/deleted/d/000000000001"));
  ASSERT_TRUE(Backup(*store_, folder_ + "/backup", context_).ok());
  const auto backup = *LocalObjectStore::Open(folder_ + "/backup/objects");
  EXPECT_TRUE(Check(VerifyLevel::kGraph, backup.get()).sound());
  EXPECT_TRUE(Check(VerifyLevel::kGraph).damages.empty());
}

TEST_F(MaintenanceTest, OneDatasetIsMendedFromABackupAndSaysSo) {
  ASSERT_TRUE(Backup(*store_, folder_ + "/backup", context_).ok());
  const auto backup = *LocalObjectStore::Open(folder_ + "/backup/objects");
  ASSERT_TRUE(store_->objects().Delete(PackOf("d@2")).ok());
  const VerifyOptions options{.level = VerifyLevel::kBytes, .dataset = "d", .repair_from = backup.get()};
  auto store = *Store::Open(location_);
  const auto report = Verify(*store, options, context_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_FALSE(report->damages.empty());
  EXPECT_TRUE(report->sound()) << report->damages.front().object;
  EXPECT_TRUE(ReadAll(location_).empty());
}

TEST_F(MaintenanceTest, WhatWasDamagedAtOneBackupIsWholeInTheNextOne) {
  const std::string key = Path(CommitKey(infos_["d@3"].digest));
  const std::string sound = ReadFile(key);
  WriteFile(key, "damaged");
  auto report = Backup(*store_, folder_ + "/backup", context_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->versions, 3);
  EXPECT_FALSE(report->damages.empty());
  WriteFile(key, sound);
  Add("d", WithNumber(tables_["d@3"], 9, 9));
  report = Backup(*store_, folder_ + "/backup", context_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->versions, 5);
  EXPECT_TRUE(report->damages.empty());
  const StoreLocation backup{.objects = folder_ + "/backup/objects", .database = folder_ + "/backup/metadata.sqlite"};
  EXPECT_TRUE(ReadAll(backup).empty());
  EXPECT_EQ((*Store::Open(backup))->Resolve({.name = "d", .label = "main"})->version, 4);
}

TEST_F(MaintenanceTest, OneDatasetCanBeVerifiedAlone) {
  ASSERT_TRUE(store_->objects().Delete(PackOf("d@1")).ok());
  const auto report = Verify(*store_, {.dataset = "e"}, context_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_TRUE(report->sound());
  EXPECT_EQ(report->versions, 1);
  EXPECT_EQ(report->packs, 1);
  EXPECT_TRUE(absl::IsNotFound(Verify(*store_, {.dataset = "nothing"}, context_).status()));
}

TEST_F(MaintenanceTest, DamagedObjectsAreRepairedFromABackup) {
  ASSERT_TRUE(Backup(*store_, folder_ + "/backup", context_).ok());
  const std::string pack = PackOf("d@1");
  std::string bytes = ReadFile(Path(pack));
  bytes[bytes.size() / 3] ^= 1;
  WriteFile(Path(pack), bytes);
  ASSERT_TRUE(store_->objects().Delete(PackOf("d@3")).ok());
  ASSERT_TRUE(store_->objects().Delete(CommitKey(infos_["e@1"].digest)).ok());
  WriteFile(Path(NameRecordKey("d", 2)), "{}");
  EXPECT_FALSE(Check(VerifyLevel::kBytes).sound());
  const auto backup = *LocalObjectStore::Open(folder_ + "/backup/objects");
  // A lost commit or pack hides others: at most a few calls mend all.
  for (int call = 0; call < 3; ++call) Check(VerifyLevel::kBytes, backup.get());
  const VerifyReport report = Check(VerifyLevel::kContent);
  EXPECT_TRUE(report.damages.empty()) << report.damages.front().object << report.damages.front().message;
  EXPECT_TRUE(ReadAll(location_).empty());
}

TEST_F(MaintenanceTest, ALostDatabaseIsRebuiltFromTheObjects) {
  EXPECT_TRUE(absl::IsFailedPrecondition(Recover(location_, context_).status())) << "it is not lost";
  store_.reset();
  if (KindOfThisRun() == DatabaseKind::kSqlite) {
    fs::remove(location_.database);
  } else {
    location_.database = NewDatabase(DatabaseKind::kPostgres, folder_);
  }
  const auto report = Recover(location_, context_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->damages, ElementsAre());
  EXPECT_EQ(report->versions, 4);
  EXPECT_EQ(report->packs, 4);
  EXPECT_TRUE(ReadAll(location_).empty());
  EXPECT_TRUE(Check(VerifyLevel::kContent).sound());
  store_ = *Store::Open(location_);
  Add("d", TestTable(1'200, 1));
  EXPECT_EQ(infos_["d@4"].rows, 1'200);
  EXPECT_TRUE(ReadAll(location_).empty());
}

TEST_F(MaintenanceTest, ADamagedDatabaseIsKeptBesideTheNewOne) {
  if (KindOfThisRun() != DatabaseKind::kSqlite) return;
  store_.reset();
  WriteFile(location_.database, std::string(5'000, 'x'));
  const auto report = Recover(location_, context_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_TRUE(fs::exists(report->moved_to)) << report->moved_to;
  EXPECT_TRUE(ReadAll(location_).empty());
}

TEST_F(MaintenanceTest, RecoveryTakesNoRecordThatGarbageCollectionForgot) {
  // Packs of failed writers and of deleted versions lie about; some are damaged.
  ASSERT_TRUE(DeleteVersion(*store_, "d", 1).ok());
  ASSERT_TRUE(CollectGarbage(*store_, {.dry_run = false}, context_).ok());
  ASSERT_TRUE(store_->objects().Put(PackKey(Sha256("no pack")), "no pack").ok());
  tables_.erase("d@1");
  store_.reset();
  location_.database = NewDatabase(KindOfThisRun(), folder_);
  const auto report = Recover(location_, context_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->damages, ElementsAre(HasSubstr("not a whole pack")));
  EXPECT_EQ(report->versions, 3);
  EXPECT_EQ(report->unnamed_commits, 1);
  EXPECT_TRUE(ReadAll(location_).empty());
}

TEST_F(MaintenanceTest, WhatCannotBeRecoveredIsTold) {
  ASSERT_TRUE(store_->objects().Delete(PackOf("e@1")).ok());
  WriteFile(Path(NameRecordKey("d", 2)), "damaged");
  store_.reset();
  location_.database = NewDatabase(KindOfThisRun(), folder_);
  const auto report = Recover(location_, context_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->versions, 4);
  EXPECT_THAT(report->damages, Contains(HasSubstr("e@1")));
  EXPECT_THAT(report->damages, Contains(HasSubstr("names/datasets/d/000000000002")));
  EXPECT_THAT(ReadAll(location_), ElementsAre("e@1"));
}

TEST_F(MaintenanceTest, OneDamagedRecordOfANameCostsNoOtherName) {
  NameChange tag{.dataset = "d", .name = "good", .kind = NameKind::kTag, .to = 1, .author = "ann", .reason = "r"};
  ASSERT_TRUE(store_->names().Change(tag).ok());
  tag.name = "bad";
  ASSERT_TRUE(store_->names().Change(tag).ok());
  WriteFile(Path("names/refs/d/bad/000000000001"), "damaged");
  store_.reset();
  location_.database = NewDatabase(KindOfThisRun(), folder_);
  const auto report = Recover(location_, context_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->damages, ElementsAre(HasSubstr("names/refs/d/bad/000000000001")));
  const auto store = *Store::Open(location_);
  EXPECT_EQ(store->Resolve({.name = "d", .label = "good"})->version, 1);
  EXPECT_EQ(store->Resolve({.name = "d", .label = "main"})->version, 3);
}

TEST_F(MaintenanceTest, ADamagedRecordOfADeletionBringsNoVersionBack) {
  const DeleteRequest gone{.dataset = "d", .version = 1, .author = "ann", .reason = "r"};
  ASSERT_TRUE(store_->names().Delete(gone).ok());
  tables_.erase("d@1");
  const std::string key = "names/deleted/d/000000000001";
  WriteFile(Path(key), "damaged");
  store_.reset();
  location_.database = NewDatabase(KindOfThisRun(), folder_);
  const auto report = Recover(location_, context_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->damages, UnorderedElementsAre(HasSubstr(key), "d@1 stays deleted, by whom and why is lost"));
  EXPECT_EQ(report->versions, 3);
  store_ = *Store::Open(location_);
  EXPECT_TRUE(absl::IsNotFound(store_->Resolve({.name = "d", .version = 1}).status()));
  EXPECT_EQ(store_->Log("d")->size(), 2u);
  ASSERT_EQ(store_->names().Deleted("d")->size(), 1u);
  EXPECT_EQ(store_->names().Deleted("d")->front().commit, infos_["d@1"].digest);
  EXPECT_TRUE(ReadAll(location_).empty());
  // Its record is written anew: lost again, the database comes back the same.
  EXPECT_TRUE(Check(VerifyLevel::kGraph).damages.empty());
  store_.reset();
  location_.database = NewDatabase(KindOfThisRun(), folder_);
  const auto again = Recover(location_, context_);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_THAT(again->damages, ElementsAre());
  EXPECT_EQ(again->versions, 3);
}

TEST_F(MaintenanceTest, ANameThatIsMadeAgainOverItsDamagedRecordIsKept) {
  NameChange tag{.dataset = "d", .name = "good", .kind = NameKind::kTag, .to = 1, .author = "ann", .reason = "r"};
  ASSERT_TRUE(store_->names().Change(tag).ok());
  const std::string key = Path("names/refs/d/good/000000000001");
  const std::string sound = ReadFile(key);
  for (const std::string& damaged : {std::string("damaged"), std::string("{}"), std::string(), sound + "x"}) {
    SCOPED_TRACE(damaged);
    WriteFile(key, damaged);
    const auto recover = [&] {
      store_.reset();
      location_.database = NewDatabase(KindOfThisRun(), folder_);
      const auto report = Recover(location_, context_);
      ASSERT_TRUE(report.ok()) << report.status();
      store_ = *Store::Open(location_);
    };
    recover();
    ASSERT_TRUE(absl::IsNotFound(store_->Resolve({.name = "d", .label = "good"}).status()));
    tag.to = 2;
    ASSERT_TRUE(store_->names().Change(tag).ok());
    recover();
    ASSERT_TRUE(store_->Resolve({.name = "d", .label = "good"}).ok());
    EXPECT_EQ(store_->Resolve({.name = "d", .label = "good"})->version, 2);
    EXPECT_TRUE(Check(VerifyLevel::kGraph).damages.empty());
  }
}

TEST_F(MaintenanceTest, ADamagedRecordIsReplacedAndASoundOrNewerOneIsNot) {
  Erasure erasure{.dataset = "d", .number = 1, .author = "ann", .reason = "r", .keys = 1, .columns = {"number"}};
  const std::string key = KeyOf(erasure);
  const auto record = [&](const std::string& there) {
    fs::create_directories(fs::path(Path(key)).parent_path());
    WriteFile(Path(key), there);
    EXPECT_TRUE(InsertErasure(store_->database(), erasure, /*recorded=*/false, /*purged=*/true).ok());
    EXPECT_TRUE(store_->database().Execute("UPDATE erasures SET recorded = 0").ok());
    EXPECT_TRUE(store_->names().RecordPending().ok());
    return ReadFile(Path(key));
  };
  EXPECT_EQ(record("damaged"), ToRecord(erasure));
  Erasure other = erasure;
  other.reason = "another";
  EXPECT_EQ(record(ToRecord(other)), ToRecord(other));
  const std::string newer = R"({"format":2,"new":true})";
  EXPECT_EQ(record(newer), newer);
}

/// The same leaves in two packs, with other damages in each: no record is damaged in both.
TEST_F(MaintenanceTest, OfSeveralCopiesOfARecordASoundOneIsTaken) {
  const std::vector<std::string> packs{Path(PackOf("d@1")), Path(PackOf("e@1"))};
  // A pack is named by its bytes: the second copy gets another name, and with it stands before or behind the first.
  int64_t damaged = 0;
  for (const bool is_first : {true, false}) {
    for (const std::string& path : packs) {
      const std::string key = fmt::format("packs/{}", fs::path(path).filename().string());
      const auto entries = LoadPackIndex(store_->objects(), key);
      ASSERT_TRUE(entries.ok()) << entries.status();
      std::string bytes = ReadFile(path);
      for (size_t i = is_first ? 0 : 1; i < entries->size(); i += 2) {
        bytes[(*entries)[i].offset + (*entries)[i].length / 2] ^= 1;
        ++damaged;
      }
      WriteFile(is_first ? path + ".new" : Path(PackKey(Sha256(path))), bytes);
    }
  }
  for (const std::string& path : packs) fs::rename(path + ".new", path);
  EXPECT_GT(damaged, 6);
  store_.reset();
  location_.database = NewDatabase(KindOfThisRun(), folder_);
  const auto report = Recover(location_, context_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->damages, ElementsAre());
  EXPECT_TRUE(ReadAll(location_).empty());
}

TEST_F(MaintenanceTest, AVersionWhoseCommitIsLostKeepsItsNumber) {
  ASSERT_TRUE(store_->objects().Delete(CommitKey(infos_["d@3"].digest)).ok());
  store_.reset();
  location_.database = NewDatabase(KindOfThisRun(), folder_);
  const auto report = Recover(location_, context_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->damages, ElementsAre("d@3: its commit is lost", "branch 'main' of d goes back to d@2"));
  tables_.erase("d@3");
  EXPECT_TRUE(ReadAll(location_).empty());
  store_ = *Store::Open(location_);
  ASSERT_EQ(store_->names().Deleted("d")->size(), 1u);
  EXPECT_EQ(store_->names().Deleted("d")->front().reason, "its commit was lost");
  Add("d", TestTable(70, 4));
  EXPECT_TRUE(infos_.contains("d@4"));
  // All of it is in records now: lost again, the database comes back the same.
  store_.reset();
  location_.database = NewDatabase(KindOfThisRun(), folder_);
  const auto again = Recover(location_, context_);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE(again->damages.empty());
  EXPECT_TRUE(ReadAll(location_).empty());
}

TEST_F(MaintenanceTest, AFailedRecoveryLeavesNothingAndCanBeRunAgain) {
  store_.reset();
  for (int64_t failing = 1;; ++failing) {
    location_.database = NewDatabase(KindOfThisRun(), folder_);
    const auto store = *Store::OpenEmpty(location_);
    DatabaseFaults faults(store->database());
    faults.At(failing, DatabaseFaults::Effect::kDies);
    const auto failed = RecoverInto(*store, context_);
    if (failed.ok()) break;
    ASSERT_LT(failing, 50);
    const auto report = Recover(location_, context_);
    if (absl::IsFailedPrecondition(report.status())) {
      // It was done but for the records of names, which the next change writes.
      EXPECT_TRUE(ReadAll(location_).empty());
      continue;
    }
    ASSERT_TRUE(report.ok()) << report.status();
    EXPECT_EQ(report->versions, 4);
    EXPECT_TRUE(ReadAll(location_).empty()) << "after failure " << failing;
  }
}

TEST_F(MaintenanceTest, ABackupIsAWorkspaceAndTheNextOneCopiesOnlyWhatIsMissing) {
  const StoreLocation backup{.objects = folder_ + "/backup/objects", .database = folder_ + "/backup/metadata.sqlite"};
  ASSERT_TRUE(store_->objects().Put("models/one", "a model").ok());
  auto report = Backup(*store_, folder_ + "/backup", context_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->versions, 4);
  EXPECT_EQ(report->copied, 4 + 4 + 4 + 1 + 1) << "packs, commits, names, the model, the format";
  EXPECT_TRUE(ReadAll(backup).empty());
  Add("d", WithNumber(tables_["d@3"], 1, 1));
  report = Backup(*store_, folder_ + "/backup", context_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_EQ(report->copied, 3);
  EXPECT_EQ(report->kept, 14);
  EXPECT_TRUE(ReadAll(backup).empty());
  EXPECT_EQ(*(*LocalObjectStore::Open(backup.objects))->Get("models/one"), "a model");
}

TEST_F(MaintenanceTest, ABackupDoesNotReplaceAGoodObjectByADamagedOne) {
  ASSERT_TRUE(Backup(*store_, folder_ + "/backup", context_).ok());
  Add("e", TestTable(60, 3));
  const std::string pack = PackOf("e@2");
  WriteFile(Path(pack), ReadFile(Path(pack)) + "x");
  const auto report = Backup(*store_, folder_ + "/backup", context_);
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->damages, Contains(HasSubstr(pack)));
  EXPECT_THAT(report->damages, Contains(HasSubstr("e@2")));
}

}  // namespace
}  // namespace roost::store
