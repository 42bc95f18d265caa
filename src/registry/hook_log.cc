#include "registry/hook_log.h"

#include "base/status.h"
#include "registry/ensure_table.h"

namespace roost::registry {
namespace {

using store::SqlRow;

constexpr char kCreateTable[] =
    "CREATE TABLE IF NOT EXISTS hook_deliveries (number BIGINT NOT NULL, id TEXT NOT NULL, hook TEXT NOT NULL, event "
    "TEXT NOT NULL, body TEXT "
    "NOT NULL, created_us BIGINT NOT NULL, tries BIGINT NOT NULL, error TEXT NOT NULL, next_us BIGINT NOT NULL, "
    "PRIMARY KEY (id, hook))";

}  // namespace

absl::StatusOr<HookLog> HookLog::Open(store::Database& database) {
  TRY(EnsureTable(database, "hook_deliveries", {kCreateTable}));
  return HookLog(database);
}

absl::Status HookLog::Add(const std::vector<HookDelivery>& deliveries) {
  return database_->InTransaction([&]() -> absl::Status {
    TRY_ASSIGN(const std::vector<SqlRow> rows,
               database_->Query("SELECT number FROM hook_deliveries ORDER BY number DESC LIMIT 1"));
    int64_t number = rows.empty() ? 0 : std::get<int64_t>(rows[0][0]);
    for (const HookDelivery& delivery : deliveries) {
      TRY(database_
              ->Execute("INSERT INTO hook_deliveries (number, id, hook, event, body, created_us, tries, error, "
                        "next_us) VALUES (:p1, "
                        ":p2, :p3, :p4, :p5, :p6, :p7, :p8, :p9)",
                        {++number, delivery.id, delivery.hook, delivery.event, delivery.body,
                         absl::ToUnixMicros(delivery.created), delivery.tries, delivery.error,
                         absl::ToUnixMicros(delivery.next_try)})
              .status());
    }
    return absl::OkStatus();
  });
}

absl::StatusOr<std::vector<HookDelivery>> HookLog::List() const {
  TRY_ASSIGN(const std::vector<SqlRow> rows,
             database_->Query("SELECT id, hook, event, body, created_us, tries, error, next_us FROM hook_deliveries "
                              "ORDER BY number, id, hook"));
  std::vector<HookDelivery> deliveries;
  for (const SqlRow& row : rows) {
    const auto* id = std::get_if<std::string>(&row[0]);
    const auto* hook = std::get_if<std::string>(&row[1]);
    const auto* event = std::get_if<std::string>(&row[2]);
    const auto* body = std::get_if<std::string>(&row[3]);
    const auto* created = std::get_if<int64_t>(&row[4]);
    const auto* tries = std::get_if<int64_t>(&row[5]);
    const auto* error = std::get_if<std::string>(&row[6]);
    const auto* next = std::get_if<int64_t>(&row[7]);
    if (!id || !hook || !event || !body || !created || !tries || !error || !next) {
      return absl::DataLossError("a row of the table hook_deliveries has a value of another type");
    }
    deliveries.push_back({.id = *id,
                          .hook = *hook,
                          .event = *event,
                          .body = *body,
                          .created = absl::FromUnixMicros(*created),
                          .tries = *tries,
                          .error = *error,
                          .next_try = absl::FromUnixMicros(*next)});
  }
  return deliveries;
}

absl::Status HookLog::Update(const HookDelivery& delivery) {
  return database_
      ->Execute("UPDATE hook_deliveries SET tries = :p1, error = :p2, next_us = :p3 WHERE id = :p4 AND hook = :p5",
                {delivery.tries, delivery.error, absl::ToUnixMicros(delivery.next_try), delivery.id, delivery.hook})
      .status();
}

absl::Status HookLog::Remove(const HookDelivery& delivery) {
  return database_->Execute("DELETE FROM hook_deliveries WHERE id = :p1 AND hook = :p2", {delivery.id, delivery.hook})
      .status();
}

}  // namespace roost::registry
