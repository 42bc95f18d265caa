#include "registry/watch_log.h"

#include <array>
#include <utility>

#include "base/status.h"
#include "registry/ensure_table.h"

namespace roost::registry {
namespace {

using store::SqlRow;
using store::SqlValue;

constexpr char kCreateTable[] =
    "CREATE TABLE IF NOT EXISTS watch_items (project TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, stamp TEXT "
    "NOT NULL, state TEXT NOT NULL, fired_by TEXT NOT NULL, result TEXT NOT NULL, alert TEXT NOT NULL, run BIGINT, "
    "tries BIGINT NOT NULL, retry_us BIGINT, planned_us BIGINT, last_time_us BIGINT, changed_us BIGINT NOT NULL, "
    "PRIMARY KEY (project, "
    "kind, name))";
constexpr char kSpan[] = "span";
constexpr char kSchedule[] = "schedule";

std::string KindOf(const WatchItem& item) { return item.kind == WatchItem::Kind::kSpan ? kSpan : kSchedule; }

SqlValue ValueOf(const std::optional<int64_t>& number) {
  SqlValue value;
  if (number.has_value()) value.emplace<int64_t>(*number);
  return value;
}

SqlValue ValueOf(const std::optional<absl::Time>& time) {
  return ValueOf(time.has_value() ? std::optional(absl::ToUnixMicros(*time)) : std::nullopt);
}

std::optional<int64_t> NumberIn(const SqlValue& value) {
  const auto* number = std::get_if<int64_t>(&value);
  return number != nullptr ? std::optional(*number) : std::nullopt;
}

std::optional<absl::Time> TimeIn(const SqlValue& value) {
  const std::optional<int64_t> micros = NumberIn(value);
  return micros.has_value() ? std::optional(absl::FromUnixMicros(*micros)) : std::nullopt;
}

absl::StatusOr<WatchItem> ItemIn(const SqlRow& row) {
  WatchItem item;
  std::string kind;
  const std::array texts{&kind, &item.name, &item.stamp, &item.state, &item.trigger, &item.result, &item.alert};
  for (size_t i = 0; i < texts.size(); ++i) {
    const auto* text = std::get_if<std::string>(&row[i]);
    if (text == nullptr) return absl::DataLossError("a row of the table watch_items has a value of another type");
    *texts[i] = *text;
  }
  item.kind = kind == kSchedule ? WatchItem::Kind::kSchedule : WatchItem::Kind::kSpan;
  item.run = NumberIn(row[7]);
  item.tries = NumberIn(row[8]).value_or(0);
  item.retry = TimeIn(row[9]);
  item.planned = TimeIn(row[10]);
  item.last_time = TimeIn(row[11]);
  item.changed = TimeIn(row[12]).value_or(absl::UnixEpoch());
  return item;
}

}  // namespace

absl::StatusOr<WatchLog> WatchLog::Open(store::Database& database) {
  TRY(EnsureTable(database, "watch_items", {kCreateTable}));
  return WatchLog(database);
}

absl::StatusOr<std::vector<WatchItem>> WatchLog::List(const std::string& project) const {
  TRY_ASSIGN(
      const std::vector<SqlRow> rows,
      database_->Query("SELECT kind, name, stamp, state, fired_by, result, alert, run, tries, retry_us, "
                       "planned_us, last_time_us, changed_us FROM watch_items WHERE project = :p1 ORDER BY kind, name",
                       {project}));
  std::vector<WatchItem> items;
  for (const SqlRow& row : rows) {
    TRY_ASSIGN(WatchItem item, ItemIn(row));
    items.push_back(std::move(item));
  }
  return items;
}

absl::Status WatchLog::Put(const std::string& project, const std::vector<WatchItem>& items) {
  return database_->InTransaction([&]() -> absl::Status {
    for (const WatchItem& item : items) {
      TRY(database_
              ->Execute("DELETE FROM watch_items WHERE project = :p1 AND kind = :p2 AND name = :p3",
                        {project, KindOf(item), item.name})
              .status());
      TRY(database_
              ->Execute("INSERT INTO watch_items (project, kind, name, stamp, state, fired_by, result, alert, run, "
                        "tries, retry_us, planned_us, last_time_us, changed_us) VALUES (:p1, :p2, :p3, :p4, :p5, :p6, "
                        ":p7, :p8, "
                        ":p9, :p10, :p11, :p12, :p13, :p14)",
                        {project, KindOf(item), item.name, item.stamp, item.state, item.trigger, item.result,
                         item.alert, ValueOf(item.run), item.tries, ValueOf(item.retry), ValueOf(item.planned),
                         ValueOf(item.last_time), absl::ToUnixMicros(item.changed)})
              .status());
    }
    return absl::OkStatus();
  });
}

}  // namespace roost::registry
