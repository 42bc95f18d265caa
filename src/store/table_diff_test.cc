#include "store/table_diff.h"

#include <unistd.h>

#include <bit>
#include <filesystem>
#include <map>
#include <random>
#include <set>

#include <arrow/api.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "base/thread_pool.h"
#include "store/records.h"
#include "store/testing/test_server.h"
#include "store/tile_loader.h"

namespace roost::store {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

/// A row as texts that are equal only for equal values, by column.
using Row = std::map<std::string, std::string>;

/// A table that is easy to edit: `id` tells rows apart (or does not), the others have nulls, NaNs and few values.
struct Flight {
  int64_t id = 0;
  std::optional<int64_t> delay;
  std::optional<std::string> origin;
  std::optional<double> score;
};
using Flights = std::vector<Flight>;

Flight RandomFlight(std::mt19937_64& random, int64_t id) {
  Flight flight{.id = id};
  if (random() % 5 > 0) flight.delay = static_cast<int64_t>(random() % 40);
  if (random() % 7 > 0) flight.origin = fmt::format("AP{}", random() % 9);
  const double scores[] = {-0.0, 0.0, std::bit_cast<double>(0x7ff8000000000001), 1.5, 2.25};
  if (random() % 6 > 0) flight.score = scores[random() % 5];
  return flight;
}

struct Shape {
  bool with_id = true;  ///< without: no column tells the rows apart
  bool narrow = false;  ///< `delay` as int32
  std::string origin = "origin";
  bool origin_first = false;
  bool with_score = true;
};

template <typename Builder, typename Get>
std::shared_ptr<arrow::Array> Column(const Flights& flights, const Get& get) {
  Builder builder;
  for (const Flight& flight : flights) {
    const auto value = get(flight);
    EXPECT_TRUE((value.has_value() ? builder.Append(*value) : builder.AppendNull()).ok());
  }
  return *builder.Finish();
}

std::shared_ptr<arrow::Table> ToTable(const Flights& flights, const Shape& shape = {}) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  const auto add = [&](const std::string& name, std::shared_ptr<arrow::Array> array) {
    fields.push_back(arrow::field(name, array->type()));
    arrays.push_back(std::move(array));
  };
  const auto origins = Column<arrow::StringBuilder>(flights, [](const Flight& flight) { return flight.origin; });
  if (shape.origin_first) add(shape.origin, origins);
  if (shape.with_id) {
    add("id", Column<arrow::Int64Builder>(flights, [](const Flight& flight) { return std::optional(flight.id); }));
  }
  const auto delay = [](const Flight& flight) { return flight.delay; };
  add("delay",
      shape.narrow ? Column<arrow::Int32Builder>(flights, delay) : Column<arrow::Int64Builder>(flights, delay));
  if (!shape.origin_first) add(shape.origin, origins);
  if (shape.with_score) {
    add("score", Column<arrow::DoubleBuilder>(flights, [](const Flight& flight) { return flight.score; }));
  }
  return arrow::Table::Make(arrow::schema(std::move(fields)), std::move(arrays));
}

std::string TextOf(const arrow::Array& array, int64_t row) {
  if (array.IsNull(row)) return "null";
  if (array.type_id() == arrow::Type::DOUBLE) {
    return fmt::format("{:x}", std::bit_cast<uint64_t>(static_cast<const arrow::DoubleArray&>(array).Value(row)));
  }
  return (*array.GetScalar(row))->ToString();
}

std::vector<Row> RowsOf(const arrow::Table& table) {
  std::vector<Row> rows(static_cast<size_t>(table.num_rows()));
  const auto whole = *table.CombineChunks();
  for (int i = 0; i < whole->num_columns(); ++i) {
    if (whole->num_rows() == 0) continue;
    const arrow::Array& array = *whole->column(i)->chunk(0);
    for (int64_t row = 0; row < whole->num_rows(); ++row) {
      rows[static_cast<size_t>(row)][whole->field(i)->name()] = TextOf(array, row);
    }
  }
  return rows;
}

/// Only counts what is read.
class CountingStore : public ObjectStore {
 public:
  explicit CountingStore(ObjectStore& objects) : objects_(objects) {}

  absl::Status Put(std::string_view key, std::string_view bytes) override { return objects_.Put(key, bytes); }
  absl::StatusOr<std::string> Get(std::string_view key) override { return Count(objects_.Get(key)); }
  absl::StatusOr<std::string> GetRange(std::string_view key, uint64_t offset, uint64_t length) override {
    return Count(objects_.GetRange(key, offset, length));
  }
  absl::StatusOr<uint64_t> Size(std::string_view key) override { return objects_.Size(key); }
  absl::StatusOr<bool> Exists(std::string_view key) override { return objects_.Exists(key); }
  absl::StatusOr<std::vector<std::string>> List(std::string_view prefix) override { return objects_.List(prefix); }
  absl::Status Delete(std::string_view key) override { return objects_.Delete(key); }

  int64_t bytes_read() const { return bytes_read_; }

 private:
  absl::StatusOr<std::string> Count(absl::StatusOr<std::string> read) {
    if (read.ok()) bytes_read_ += static_cast<int64_t>(read->size());
    return read;
  }

  ObjectStore& objects_;
  int64_t bytes_read_ = 0;
};

struct Found {
  TableChanges changes;
  std::shared_ptr<arrow::Table> rows;
  int64_t bytes_read = 0;

  int64_t Handed(const std::string& op) const {
    int64_t count = 0;
    for (const Row& row : RowsOf(*rows)) count += row.at("op") == op ? 1 : 0;
    return count;
  }
};

class TableDiffTest : public ::testing::Test {
 protected:
  TableDiffTest() {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    const std::string folder = fmt::format("{}roost_diff_{}_{}", ::testing::TempDir(), test->name(), ::getpid());
    std::filesystem::remove_all(folder);
    store_ = *Store::Create(NewLocation(folder + "/.roost"));
    context_.pool = &pool_;
    context_.seed = 1;
  }

  CommitInfo Commit(const std::shared_ptr<arrow::Table>& table, const std::string& dataset = "flights",
                    const std::vector<std::string>& key = {}) {
    arrow::TableBatchReader reader(table);
    const auto info = store_->Commit({.dataset = dataset, .key = key}, reader, context_);
    EXPECT_TRUE(info.ok()) << info.status();
    return *info;
  }

  /// A first version whose rows are so long that tiles of the later ones have 256 rows.
  void MakeSmallTiles(const Shape& shape = {}, const std::string& dataset = "flights") {
    const std::string text(60'000, 'x');
    const Flights flights{{.id = -1, .delay = 1, .origin = text, .score = 1},
                          {.id = -2, .delay = 1, .origin = text, .score = 1}};
    Commit(ToTable(flights, shape), dataset);
  }

  std::vector<Row> Read(const CommitInfo& info) { return RowsOf(**(*store_->Read(info, {}, context_))->ToTable()); }

  Found Diff(const CommitInfo& before, const CommitInfo& after, int64_t limit = -1) {
    Found found;
    CountingStore objects(store_->objects());
    Records records(objects, store_->database());
    TileLoader loader(records);
    const DiffOptions options{.rows_of_each_kind = limit, .is_backwards = before.version > after.version};
    const auto diff = TableDiff::Make(*store_->LoadTable(before), *store_->LoadTable(after), loader, options, context_);
    EXPECT_TRUE(diff.ok()) << diff.status();
    arrow::RecordBatchVector batches;
    while (true) {
      auto batch = (*diff)->Next();
      EXPECT_TRUE(batch.ok()) << batch.status();
      if (!batch.ok() || *batch == nullptr) break;
      EXPECT_TRUE((*batch)->ValidateFull().ok());
      batches.push_back(*batch);
    }
    found.rows = *arrow::Table::FromRecordBatches((*diff)->schema(), batches);
    found.changes = (*diff)->changes();
    found.bytes_read = objects.bytes_read();
    return found;
  }

  /// Applies the differences to the rows of `before` and compares with those of `after`, and counts them.
  void CheckApplied(const CommitInfo& before, const CommitInfo& after) {
    const std::string what = before.Name() + " to " + after.Name();
    const Found found = Diff(before, after);
    const std::vector<Row> old_rows = Read(before);
    const std::vector<Row> new_rows = Read(after);
    std::map<std::string, std::string> old_names;  // of compared columns, by their new names
    std::map<std::string, int64_t> cells;
    for (const ColumnChange& column : found.changes.columns) {
      if (column.is_compared) old_names[column.after->name] = column.before->name;
      if (column.is_compared) cells[column.after->name] = column.changed_cells;
    }
    const auto compared = [&](const Row& row, bool is_old) {
      Row named;
      for (const auto& [name, old_name] : old_names) named[name] = row.at(is_old ? old_name : name);
      return named;
    };
    std::set<int64_t> used;
    std::map<int64_t, Row> placed;
    std::map<std::string, int64_t> ops;
    for (const Row& change : RowsOf(*found.rows)) {
      const std::string op = change.at("op");
      ++ops[op];
      const int64_t from = op == "added" ? -1 : std::stoll(change.at("row_old"));
      const int64_t to = op == "removed" ? -1 : std::stoll(change.at("row_new"));
      if (from >= 0) {
        ASSERT_TRUE(used.insert(from).second) << what;
      }
      if (op == "removed") {
        for (const auto& [name, value] : old_rows[static_cast<size_t>(from)])
          EXPECT_EQ(change.at("old." + name), value);
        continue;
      }
      Row row;
      if (op == "added") {
        for (const auto& [name, value] : new_rows[static_cast<size_t>(to)]) EXPECT_EQ(change.at("new." + name), value);
        row = compared(new_rows[static_cast<size_t>(to)], false);
      } else {
        row = compared(old_rows[static_cast<size_t>(from)], true);
        const std::string names = "," + change.at("changed_columns") + ",";
        for (auto& [name, value] : row) {
          if (names.find("," + name + ",") == std::string::npos) continue;
          EXPECT_EQ(change.at("old." + old_names.at(name)), value) << what;
          EXPECT_NE(change.at("new." + name), value) << what;
          value = change.at("new." + name);
          --cells[name];
        }
      }
      ASSERT_TRUE(placed.emplace(to, std::move(row)).second) << what;
    }
    size_t next = 0;
    for (size_t i = 0; i < new_rows.size(); ++i) {
      Row row;
      if (const auto found_row = placed.find(static_cast<int64_t>(i)); found_row != placed.end()) {
        row = found_row->second;
      } else {
        while (used.contains(static_cast<int64_t>(next))) ++next;
        ASSERT_LT(next, old_rows.size()) << what;
        row = compared(old_rows[next++], true);
      }
      ASSERT_EQ(row, compared(new_rows[i], false)) << what << ", row " << i;
    }
    while (used.contains(static_cast<int64_t>(next))) ++next;
    EXPECT_EQ(next, old_rows.size()) << what;
    EXPECT_EQ(ops["added"], found.changes.rows_added) << what;
    EXPECT_EQ(ops["removed"], found.changes.rows_removed) << what;
    EXPECT_EQ(ops["changed"], found.changes.rows_changed) << what;
    EXPECT_EQ(ops["moved"], found.changes.rows_moved) << what;
    for (const auto& [name, left] : cells) EXPECT_EQ(left, 0) << what << ", column " << name;
  }

  ThreadPool pool_{2};
  Context context_;
  std::unique_ptr<Store> store_;
};

Flights RandomFlights(std::mt19937_64& random, int64_t rows) {
  Flights flights;
  for (int64_t id = 0; id < rows; ++id) flights.push_back(RandomFlight(random, id * 10));
  return flights;
}

/// Random changes, insertions, removals, a block that moves, and repeated rows.
void Edit(std::mt19937_64& random, Flights& flights) {
  const auto any = [&] { return random() % flights.size(); };
  for (uint64_t i = random() % 30; i-- > 0;) flights[any()].delay = static_cast<int64_t>(random() % 40);
  for (uint64_t i = random() % 9; i-- > 0;) flights[any()].score = std::nullopt;
  for (uint64_t i = random() % 9; i-- > 0;) {
    Flight& flight = flights[any()];
    flight = RandomFlight(random, flight.id);
  }
  for (uint64_t i = random() % 20; i-- > 0;) flights.erase(flights.begin() + static_cast<std::ptrdiff_t>(any()));
  for (uint64_t i = random() % 20; i-- > 0;) {
    const int64_t id = static_cast<int64_t>(random() % 1'000'000) * 10 + 1;
    flights.insert(flights.begin() + static_cast<std::ptrdiff_t>(any()), RandomFlight(random, id));
  }
  if (random() % 3 == 0) {
    const auto start = flights.begin() + static_cast<std::ptrdiff_t>(any() / 2);
    const auto length = static_cast<std::ptrdiff_t>(random() % (flights.size() / 2));
    std::rotate(start, start + length / 3, start + length);
  }
  if (random() % 3 == 0) {
    const Flights again(flights.begin(), flights.begin() + static_cast<std::ptrdiff_t>(any() / 3));
    flights.insert(flights.begin() + static_cast<std::ptrdiff_t>(any()), again.begin(), again.end());
  }
  if (random() % 4 == 0) {
    const auto start = flights.begin() + static_cast<std::ptrdiff_t>(any() / 2);
    flights.erase(start, start + static_cast<std::ptrdiff_t>(random() % (flights.size() / 3)));
  }
}

TEST_F(TableDiffTest, DifferencesAppliedToTheOneTableGiveTheOther) {
  for (const bool with_id : {true, false}) {
    for (uint64_t seed = 1; seed <= 2; ++seed) {
      SCOPED_TRACE(fmt::format("seed {}, with id: {}", seed, with_id));
      std::mt19937_64 random(seed);
      Shape shape{.with_id = with_id};
      const std::string dataset = fmt::format("flights-{}-{}", seed, with_id);
      MakeSmallTiles(shape, dataset);
      Flights flights = RandomFlights(random, 1'200);
      std::vector<CommitInfo> versions{Commit(ToTable(flights, shape), dataset)};
      for (int i = 0; i < 4; ++i) {
        Edit(random, flights);
        versions.push_back(Commit(ToTable(flights, shape), dataset));
      }
      CheckApplied(versions[0], versions[1]);
      CheckApplied(versions[1], versions[2]);
      CheckApplied(versions[0], versions[4]);
      CheckApplied(versions[4], versions[1]);
    }
  }
}

TEST_F(TableDiffTest, AVersionDoesNotDifferFromItself) {
  std::mt19937_64 random(1);
  const CommitInfo info = Commit(ToTable(RandomFlights(random, 500)));
  const Found found = Diff(info, info);
  EXPECT_TRUE(found.changes.None());
  EXPECT_EQ(found.rows->num_rows(), 0);
  EXPECT_EQ(found.bytes_read, 0);
}

TEST_F(TableDiffTest, RowsAndCellsAreCounted) {
  std::mt19937_64 random(2);
  Flights flights = RandomFlights(random, 1'000);
  flights[3].delay = 5;
  flights[4].delay = 5;
  flights[4].score = std::nullopt;
  const CommitInfo before = Commit(ToTable(flights));
  flights[3].delay = 6;
  flights[4].delay = std::nullopt;
  flights[4].score = 9.5;
  flights.erase(flights.begin() + 700, flights.begin() + 703);
  flights.push_back(RandomFlight(random, 77'777));
  const CommitInfo after = Commit(ToTable(flights));
  const Found found = Diff(before, after);
  EXPECT_EQ(found.changes.rows_changed, 2);
  EXPECT_EQ(found.changes.rows_removed, 3);
  EXPECT_EQ(found.changes.rows_added, 1);
  EXPECT_EQ(found.changes.rows_moved, 0);
  EXPECT_THAT(found.changes.key, ElementsAre("id"));
  EXPECT_EQ(found.changes.columns[1].changed_cells, 2);
  EXPECT_EQ(found.changes.columns[2].changed_cells, 0);
  EXPECT_EQ(found.changes.columns[3].changed_cells, 1);
  const std::vector<Row> rows = RowsOf(*found.rows);
  EXPECT_EQ(rows[0].at("changed_columns"), "delay");
  EXPECT_EQ(rows[0].at("old.delay"), "5");
  EXPECT_EQ(rows[0].at("new.delay"), "6");
  EXPECT_EQ(rows[0].at("new.id"), "30");
  EXPECT_EQ(rows[0].at("new.score"), "null");
  EXPECT_EQ(rows[1].at("changed_columns"), "delay,score");
  const Found back = Diff(after, before);
  EXPECT_EQ(back.changes.rows_removed, 1);
  EXPECT_EQ(back.changes.rows_added, 3);
  EXPECT_EQ(RowsOf(*back.rows)[0].at("old.delay"), "6");
}

TEST_F(TableDiffTest, ARowThatMovedFarIsMovedNotRemovedAndAdded) {
  MakeSmallTiles();
  std::mt19937_64 random(3);
  Flights flights = RandomFlights(random, 3'000);
  const CommitInfo before = Commit(ToTable(flights));
  const Flight moved = flights[10];
  Flight changed = flights[20];
  changed.delay = 99;
  flights.erase(flights.begin() + 20);
  flights.erase(flights.begin() + 10);
  flights.push_back(moved);
  flights.push_back(changed);
  const Found found = Diff(before, Commit(ToTable(flights)));
  EXPECT_EQ(found.changes.rows_moved, 1);
  EXPECT_EQ(found.changes.rows_changed, 1);
  EXPECT_EQ(found.changes.rows_added + found.changes.rows_removed, 0);
}

TEST_F(TableDiffTest, WithoutATellingColumnARowIsChangedWhereAValueStayed) {
  MakeSmallTiles({.with_id = false});
  Flights flights;
  for (int i = 0; i < 1'000; ++i) flights.push_back({.delay = i % 7, .origin = "AP", .score = i % 3});
  const CommitInfo before = Commit(ToTable(flights, {.with_id = false}));
  flights[500].delay = 1'000;
  flights[600] = {.delay = 2'000, .origin = "other", .score = 77};
  const Found found = Diff(before, Commit(ToTable(flights, {.with_id = false})));
  EXPECT_THAT(found.changes.key, IsEmpty());
  EXPECT_EQ(found.changes.rows_changed, 1);
  EXPECT_EQ(found.changes.rows_added, 1);
  EXPECT_EQ(found.changes.rows_removed, 1);
}

TEST_F(TableDiffTest, ColumnsAreComparedByTheirIds) {
  MakeSmallTiles({.narrow = true});
  std::mt19937_64 random(4);
  Flights flights = RandomFlights(random, 1'000);
  const CommitInfo before = Commit(ToTable(flights, {.narrow = true}));
  flights[5].delay = 123;
  const CommitInfo after =
      Commit(ToTable(flights, {.narrow = false, .origin = "from", .origin_first = true, .with_score = false}));
  CheckApplied(before, after);
  CheckApplied(after, before);
  const TableChanges changes = Diff(before, after).changes;
  ASSERT_EQ(changes.columns.size(), 4U);
  EXPECT_TRUE(changes.columns[0].IsRenamed());
  EXPECT_EQ(changes.columns[0].changed_cells, 0);
  EXPECT_EQ(changes.columns[2].after->name, "delay");
  EXPECT_TRUE(changes.columns[2].IsRetyped());
  EXPECT_TRUE(changes.columns[2].is_compared);
  EXPECT_EQ(changes.columns[2].changed_cells, 1);
  EXPECT_TRUE(changes.columns[3].IsDropped());
  EXPECT_EQ(changes.rows_changed, 1);
  EXPECT_FALSE(changes.None());
}

TEST_F(TableDiffTest, ANewColumnIsARenamedOneOnlyWhereItHasItsValues) {
  std::mt19937_64 random(9);
  Flights flights = RandomFlights(random, 3'000);
  const CommitInfo before = Commit(ToTable(flights));
  // Some rows come and go, some values change: it is the same column still.
  flights.erase(flights.begin() + 50, flights.begin() + 60);
  for (size_t i = 0; i < flights.size(); i += 40) flights[i].origin = "changed";
  const CommitInfo renamed = Commit(ToTable(flights, {.origin = "from"}));
  TableChanges changes = Diff(before, renamed).changes;
  ASSERT_EQ(changes.columns.size(), 4U);
  EXPECT_TRUE(changes.columns[2].IsRenamed());
  EXPECT_GT(changes.columns[2].changed_cells, 50);
  for (Flight& flight : flights) flight.origin = fmt::format("other {}", random() % 9);
  changes = Diff(renamed, Commit(ToTable(flights, {.origin = "source"}))).changes;
  ASSERT_EQ(changes.columns.size(), 5U);
  EXPECT_TRUE(changes.columns[2].IsAdded());
  EXPECT_TRUE(changes.columns[4].IsDropped());
}

TEST_F(TableDiffTest, AMovedColumnIsNamedAndNothingOfItsValuesIsRead) {
  std::mt19937_64 random(5);
  const Flights flights = RandomFlights(random, 20'000);
  const CommitInfo before = Commit(ToTable(flights));
  const CommitInfo after = Commit(ToTable(flights, {.origin_first = true}));
  const Found found = Diff(before, after);
  EXPECT_TRUE(found.changes.columns[0].is_moved);
  EXPECT_FALSE(found.changes.columns[1].is_moved);
  EXPECT_EQ(found.changes.rows_changed, 0);
  EXPECT_LT(found.bytes_read, 2'000);
}

TEST_F(TableDiffTest, NoMoreIsReadThanTheChangesNeed) {
  MakeSmallTiles();
  std::mt19937_64 random(6);
  Flights flights = RandomFlights(random, 30'000);
  const CommitInfo before = Commit(ToTable(flights));
  flights[12'345].delay = 99;
  const CommitInfo one_cell = Commit(ToTable(flights));
  const Found one = Diff(before, one_cell);
  EXPECT_EQ(one.changes.rows_changed, 1);
  // A tile's two columns, its patch, and the lists of the run that it is in: the table has hundreds of tiles.
  EXPECT_LT(one.bytes_read * 10, before.bytes_stored);
  for (size_t i = 0; i < flights.size(); i += 100) flights[i].delay = static_cast<int64_t>(random() % 1'000) + 100;
  const CommitInfo one_percent = Commit(ToTable(flights));
  // Only counted: the patches tell all. The records of a pack are read one by one, so nothing else is.
  const Found counted = Diff(one_cell, one_percent, 0);
  EXPECT_EQ(counted.changes.rows_changed, 300);
  EXPECT_LT(counted.bytes_read, one_percent.bytes_stored + before.bytes_stored / 10);
  const Found shown = Diff(one_cell, one_percent, 3);
  EXPECT_EQ(shown.Handed("changed"), 3);
  EXPECT_LT(shown.bytes_read, counted.bytes_read + before.bytes_stored / 10);
  const Found all = Diff(one_cell, one_percent);
  EXPECT_EQ(all.Handed("changed"), 300);
  // The changed column and the key of each tile, once.
  EXPECT_LT(all.bytes_read, before.bytes_stored + one_percent.bytes_stored);
}

TEST_F(TableDiffTest, ADeclaredKeyDecidesWhichRowsAreTheSame) {
  std::mt19937_64 random(8);
  Flights flights = RandomFlights(random, 1'000);
  const CommitInfo before = Commit(ToTable(flights), "flights", {"id"});
  // The same values under another key are another row; a row that moved and changed is the same.
  flights[30].id = 77'777;
  Flight moved = flights[500];
  moved.delay = 1'000;
  flights.erase(flights.begin() + 500);
  flights.insert(flights.begin() + 3, moved);
  const CommitInfo after = Commit(ToTable(flights), "flights");
  const TableChanges changes = Diff(before, after).changes;
  EXPECT_TRUE(changes.is_key_declared);
  EXPECT_THAT(changes.key, ElementsAre("id"));
  EXPECT_EQ(changes.rows_added, 1);
  EXPECT_EQ(changes.rows_removed, 1);
  EXPECT_EQ(changes.rows_changed, 1);
  EXPECT_EQ(changes.rows_moved, 0);
  CheckApplied(before, after);
  CheckApplied(after, before);
}

TEST_F(TableDiffTest, AnUndeclaredKeyWithOneCellChangedIsTheSameRow) {
  std::mt19937_64 random(9);
  Flights flights = RandomFlights(random, 1'000);
  const CommitInfo before = Commit(ToTable(flights));
  flights[30].id = 77'777;
  const TableChanges changes = Diff(before, Commit(ToTable(flights))).changes;
  EXPECT_FALSE(changes.is_key_declared);
  EXPECT_EQ(changes.rows_changed, 1);
  EXPECT_EQ(changes.columns[0].changed_cells, 1);
  EXPECT_EQ(changes.rows_added + changes.rows_removed, 0);
}

TEST_F(TableDiffTest, EmptyTablesDiffer) {
  std::mt19937_64 random(7);
  const CommitInfo some = Commit(ToTable(RandomFlights(random, 100)));
  const CommitInfo none = Commit(ToTable({}));
  CheckApplied(some, none);
  CheckApplied(none, some);
  EXPECT_EQ(Diff(some, none).changes.rows_removed, 100);
}

}  // namespace
}  // namespace roost::store
