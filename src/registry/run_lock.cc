#include "registry/run_lock.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <utility>

#include <fmt/format.h>

#include "base/format.h"
#include "base/status.h"
#include "registry/ensure_table.h"

namespace roost::registry {
namespace {

using store::SqlRow;
using store::SqlValue;

constexpr char kCreateTable[] =
    "CREATE TABLE IF NOT EXISTS run_locks (name TEXT NOT NULL PRIMARY KEY, ticket BIGINT NOT NULL, author TEXT NOT "
    "NULL, what TEXT NOT NULL, machine TEXT NOT NULL, host TEXT NOT NULL, process BIGINT NOT NULL, start BIGINT NOT "
    "NULL, since_us BIGINT NOT NULL, beat_us BIGINT NOT NULL, lease_us BIGINT NOT NULL)";

std::string FirstLineOf(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

/// The space in which the processes here are numbered: each container has its own.
std::string SpaceOfProcesses() {
  std::array<char, 64> name{};
  const ssize_t length = readlink("/proc/self/ns/pid", name.data(), name.size());
  return length < 0 ? "" : std::string(name.data(), static_cast<size_t>(length));
}

/// When the process began, in ticks since the boot (proc(5)); empty where there is none, or where it has ended and
/// nobody has waited for it.
std::optional<int64_t> StartOf(int64_t process) {
  const std::string line = FirstLineOf(fmt::format("/proc/{}/stat", process));
  const size_t name_end = line.rfind(") ");  // the name before it may have anything in it
  if (name_end == std::string::npos) return std::nullopt;
  std::istringstream rest(line.substr(name_end + 2));
  std::string state;
  rest >> state;
  if (state == "Z" || state == "X") return std::nullopt;
  std::string skipped;
  for (int field = 4; field < 22; ++field) rest >> skipped;
  int64_t start = 0;
  if (!(rest >> start)) return std::nullopt;
  return start;
}

std::string HostName() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data()) : "unknown";
}

/// The one clock that all who share the database read.
absl::StatusOr<absl::Time> ClockOf(store::Database& database) {
  TRY_ASSIGN(const std::vector<SqlRow> rows, database.Query("SELECT CAST(CURRENT_TIMESTAMP AS TEXT)"));
  const auto* text = rows.empty() ? nullptr : std::get_if<std::string>(&rows.front().front());
  absl::Time time;
  std::string error;
  // SQLite writes "2013-07-01 12:00:00", in UTC, PostgreSQL "2013-07-01 14:00:00.123456+02".
  for (const char* format : {"%Y-%m-%d %H:%M:%E*S", "%Y-%m-%d %H:%M:%E*S%Ez"}) {
    if (text != nullptr && absl::ParseTime(format, *text, absl::UTCTimeZone(), &time, &error)) return time;
  }
  return absl::InternalError(fmt::format("the database's clock says '{}'", text == nullptr ? "nothing" : *text));
}

/// A row of the table.
struct LockRow {
  int64_t ticket = 0;
  bool is_held = false;  ///< else it was given back
  LockHolder holder;
  absl::Duration lease;
};

absl::StatusOr<std::optional<LockRow>> Find(store::Database& database, const std::string& name) {
  TRY_ASSIGN(const std::vector<SqlRow> rows,
             database.Query("SELECT ticket, author, what, machine, host, process, start, since_us, beat_us, lease_us "
                            "FROM run_locks WHERE name = :p1",
                            {name}));
  if (rows.empty()) return std::optional<LockRow>();
  const SqlRow& row = rows.front();
  const auto text = [&row](size_t i) {
    const auto* value = std::get_if<std::string>(&row[i]);
    return value == nullptr ? std::string() : *value;
  };
  const auto number = [&row](size_t i) {
    const auto* value = std::get_if<int64_t>(&row[i]);
    return value == nullptr ? 0 : *value;
  };
  LockRow lock{.ticket = number(0), .is_held = number(8) != 0, .lease = absl::Microseconds(number(9))};
  lock.holder = {.author = text(1),
                 .what = text(2),
                 .process = {.machine = text(3), .host = text(4), .process = number(5), .start = number(6)},
                 .since = absl::FromUnixMicros(number(7)),
                 .heard = absl::FromUnixMicros(number(8))};
  return std::optional(std::move(lock));
}

/// Whether nobody holds it any more at `now`.
bool IsFree(const LockRow& lock, absl::Time now) {
  if (!lock.is_held) return true;
  if (const std::optional<bool> lives = Lives(lock.holder.process)) return !*lives;
  return now - lock.holder.heard > lock.lease;
}

absl::Status HeldBy(const LockRow& lock, const std::string& name, absl::Time now) {
  const LockHolder& holder = lock.holder;
  return WithHint(absl::AbortedError(fmt::format(
                      "another run of {} is under way: '{}' of {} on {} (process {}), since {}, last heard of {} ago",
                      name, holder.what, holder.author, holder.process.host, holder.process.process,
                      FormatUtcSeconds(holder.since), FormatElapsed(std::max(now - holder.heard, absl::Seconds(0))))),
                  fmt::format("'roost run --wait' waits for its end. Where its machine is gone, the lock is free {} "
                              "after it was last heard of.",
                              FormatElapsed(lock.lease)));
}

}  // namespace

ProcessName ProcessName::OfThis() {
  return {.machine = FirstLineOf("/proc/sys/kernel/random/boot_id") + " " + SpaceOfProcesses(),
          .host = HostName(),
          .process = getpid(),
          .start = StartOf(getpid()).value_or(0)};
}

std::optional<bool> Lives(const ProcessName& process) {
  if (process.machine != ProcessName::OfThis().machine) return std::nullopt;
  return StartOf(process.process) == process.start;
}

absl::Status RunLock::MakeTable(store::Database& database) {
  return EnsureTable(database, "run_locks", {kCreateTable});
}

absl::StatusOr<std::optional<LockHolder>> RunLock::Holder(store::Database& database, const std::string& name) {
  TRY(MakeTable(database));
  TRY_ASSIGN(const std::optional<LockRow> lock, Find(database, name));
  TRY_ASSIGN(const absl::Time now, ClockOf(database));
  if (!lock.has_value() || IsFree(*lock, now)) return std::optional<LockHolder>();
  return std::optional(lock->holder);
}

absl::StatusOr<std::unique_ptr<RunLock>> RunLock::Take(store::Database& database, const Options& options) {
  TRY(MakeTable(database));
  int64_t ticket = 0;
  const absl::Status taken = database.InTransaction([&]() -> absl::Status {
    TRY_ASSIGN(const absl::Time now, ClockOf(database));
    TRY_ASSIGN(const std::optional<LockRow> held, Find(database, options.name));
    if (held.has_value() && !IsFree(*held, now)) return HeldBy(*held, options.name, now);
    ticket = held.has_value() ? held->ticket + 1 : 1;
    const int64_t micros = absl::ToUnixMicros(now);
    const SqlRow values{options.name,
                        ticket,
                        options.author,
                        options.what,
                        options.process.machine,
                        options.process.host,
                        options.process.process,
                        options.process.start,
                        micros,
                        micros,
                        absl::ToInt64Microseconds(options.lease)};
    TRY(database.Execute("DELETE FROM run_locks WHERE name = :p1", {options.name}).status());
    return database
        .Execute(
            "INSERT INTO run_locks (name, ticket, author, what, machine, host, process, start, since_us, beat_us, "
            "lease_us) VALUES (:p1, :p2, :p3, :p4, :p5, :p6, :p7, :p8, :p9, :p10, :p11)",
            values)
        .status();
  });
  TRY(taken);
  return std::unique_ptr<RunLock>(new RunLock(database, options, ticket));
}

absl::StatusOr<std::unique_ptr<RunLock>> RunLock::Await(store::Database& database, const Options& options,
                                                        const std::function<absl::Status(const absl::Status&)>& pause) {
  while (true) {
    absl::StatusOr<std::unique_ptr<RunLock>> lock = Take(database, options);
    if (!absl::IsAborted(lock.status())) return lock;
    TRY(pause(lock.status()));
  }
}

RunLock::RunLock(store::Database& database, Options options, int64_t ticket)
    : database_(database), options_(std::move(options)), ticket_(ticket), heart_([this] { BeatUntilEnd(); }) {}

RunLock::~RunLock() {
  {
    const std::lock_guard guard(mutex_);
    is_at_end_ = true;
  }
  end_told_.notify_all();
  heart_.join();
  // Where this fails the lock is free as soon as the process has ended.
  database_.Execute("UPDATE run_locks SET beat_us = 0 WHERE name = :p1 AND ticket = :p2", {options_.name, ticket_})
      .IgnoreError();
}

void RunLock::BeatUntilEnd() {
  std::unique_lock guard(mutex_);
  while (!end_told_.wait_for(guard, absl::ToChronoNanoseconds(options_.beat), [this] { return is_at_end_; })) {
    guard.unlock();
    Beat().IgnoreError();  // the next one may get through; Check says whether it was too long
    guard.lock();
  }
}

absl::Status RunLock::Beat() {
  TRY_ASSIGN(const absl::Time now, ClockOf(database_));
  return database_
      .Execute("UPDATE run_locks SET beat_us = :p1 WHERE name = :p2 AND ticket = :p3 AND beat_us > 0",
               {absl::ToUnixMicros(now), options_.name, ticket_})
      .status();
}

absl::Status RunLock::Check() {
  TRY_ASSIGN(const std::optional<LockRow> lock, Find(database_, options_.name));
  if (lock.has_value() && lock->ticket == ticket_) return absl::OkStatus();
  return WithHint(absl::AbortedError(fmt::format("another run of {} has begun, as this one was not heard of for {}",
                                                 options_.name, FormatElapsed(options_.lease))),
                  "Started again, it takes what is there then.");
}

}  // namespace roost::registry
