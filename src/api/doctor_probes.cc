#include "api/doctor_probes.h"

#include <unistd.h>

#include <cmath>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "absl/time/clock.h"
#include "api/project_files.h"
#include "base/format.h"
#include "base/status.h"
#include "pipeline/run_program.h"
#include "predict/onnx_runtime.h"
#include "store/database.h"
#include "train/xgboost_library.h"

namespace roost::api {
namespace {

constexpr absl::Duration kSkewToTell = absl::Seconds(30);

// What a failed look says: the message, and the hint as what mends it.
Finding Bad(Health health, const absl::Status& status) {
  return {.health = health, .found = std::string(status.message()), .mend = HintOf(status)};
}

// "" where the other clock is about ours, else what to say.
std::string Skew(absl::Time other, absl::Time before, absl::Time after) {
  const absl::Duration off = other < before ? other - before : other > after ? other - after : absl::ZeroDuration();
  if (absl::AbsDuration(off) <= kSkewToTell) return "";
  return fmt::format("its clock is {} {} this machine's", FormatElapsed(absl::AbsDuration(off)),
                     off > absl::ZeroDuration() ? "ahead of" : "behind");
}

Finding WithSkew(Finding finding, const std::string& skew) {
  if (skew.empty()) return finding;
  finding.health = Health::kWarn;
  finding.found += "; " + skew;
  finding.mend = "set the clock: timedatectl set-ntp true";
  return finding;
}

absl::StatusOr<Finding> ProbeDatabase(const std::string& folder) {
  TRY_ASSIGN(const ProjectFiles project, ReadProject(folder));
  const bool is_server = !project.config.workspace.database.empty();
  const std::string& place = project.workspace.database;
  std::error_code error;
  if (!is_server && !std::filesystem::exists(place, error)) {
    return Finding{.health = Health::kMissing, .found = "there is no workspace yet", .mend = "roost init"};
  }
  const auto database = store::Database::Open(place);
  if (!database.ok()) return Bad(Health::kMissing, database.status());
  if (!(*database)->Query("SELECT version FROM versions LIMIT 1").ok()) {
    return Finding{.health = Health::kMissing, .found = "it has no workspace yet", .mend = "roost init"};
  }
  const std::string kind = is_server ? "PostgreSQL" : "SQLite";
  // No row has such a version: nothing changes, but the right to change is asked for.
  const auto written = (*database)->Execute("UPDATE versions SET version = version WHERE version < 0");
  if (!written.ok()) {
    return Finding{.health = Health::kWarn,
                   .found = fmt::format("{}: read, but not written: {}", kind, std::string(written.status().message())),
                   .mend = "grant the right to write, if this machine is to do more than read"};
  }
  Finding finding{.found = kind + ": read and written"};
  if (!is_server) return finding;
  const absl::Time before = absl::Now();
  const auto now = (*database)->Query("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)");
  const absl::Time after = absl::Now();
  if (!now.ok() || now->empty() || !std::holds_alternative<int64_t>((*now)[0][0])) return finding;
  return WithSkew(std::move(finding), Skew(absl::FromUnixMillis(std::get<int64_t>((*now)[0][0])), before, after));
}

absl::StatusOr<Finding> ProbeObjects(const std::string& folder) {
  TRY_ASSIGN(const ProjectFiles project, ReadProject(folder));
  const bool is_s3 = store::IsS3Url(project.workspace.objects);
  std::error_code error;
  if (!is_s3 && !std::filesystem::is_directory(project.workspace.objects, error)) {
    return Finding{.health = Health::kMissing, .found = "there is no workspace yet", .mend = "roost init"};
  }
  const auto objects = store::OpenObjects(project.workspace);
  if (!objects.ok()) return Bad(Health::kMissing, objects.status());
  const std::string kind = is_s3 ? "S3" : "a folder";
  const std::string key = fmt::format("doctor-{}-{}", getpid(), absl::ToUnixMicros(absl::Now()));
  if (const absl::Status put = (*objects)->Put(key, "roost doctor\n"); !put.ok()) {
    Finding finding = Bad(Health::kWarn, put);
    finding.found = fmt::format("{}: read, but not written: {}", kind, finding.found);
    if (finding.mend.empty()) finding.mend = "grant the right to write, if this machine is to do more than read";
    return finding;
  }
  if (const absl::Status deleted = (*objects)->Delete(key); !deleted.ok()) {
    return Finding{
        .health = Health::kWarn,
        .found = fmt::format("{}: written, but nothing can be deleted: {}", kind, std::string(deleted.message())),
        .mend = "grant the right to delete: 'roost data gc' and 'roost data erase' need it"};
  }
  return Finding{.found = kind + ": read and written"};
}

// `tried` comes from a call that opens the library and then refuses what it is given, or not.
Finding OfLibrary(const absl::Status& tried) {
  return absl::IsUnavailable(tried) ? Bad(Health::kMissing, tried) : Finding{.found = "opens"};
}

Health HealthOfName(const std::string& name) {
  for (const Health health : {Health::kOk, Health::kWarn}) {
    if (HealthName(health) == name) return health;
  }
  return Health::kMissing;
}

}  // namespace

absl::StatusOr<Finding> Probe(std::string_view name, const std::string& folder) {
  if (name == kDatabaseProbe) return ProbeDatabase(folder);
  if (name == kObjectsProbe) return ProbeObjects(folder);
  if (name == kOnnxProbe) return OfLibrary(predict::OnnxSession::Open("no model").status());
  if (name == kXgboostProbe) return OfLibrary(train::XgboostBooster::Make({}).status());
  return absl::InvalidArgumentError(fmt::format("there is no probe '{}'", Printable(name)));
}

Json ToJson(const Finding& finding) {
  return {{"what", finding.what},
          {"health", HealthName(finding.health)},
          {"found", finding.found},
          {"purpose", finding.purpose},
          {"mend", finding.mend}};
}

Finding ProbeApart(Finding finding, const std::string& folder, absl::Duration patience) {
  const absl::StatusOr<ProgramRun> ran =
      RunFor({"/proc/self/exe", "doctor", "--probe", finding.what, "--project", folder, "--json"}, folder, patience);
  if (!ran.ok()) {
    finding.found = std::string(ran.status().message());
    return finding;
  }
  if (!ran->in_time) {
    finding.found = fmt::format("no answer within {}", FormatElapsed(patience));
    return finding;
  }
  if (ran->end.signal != 0) {
    finding.found = fmt::format("looking at it ended with signal {} ({})", ran->end.signal, strsignal(ran->end.signal));
    return finding;
  }
  const absl::StatusOr<Json> json = ParseJson(ran->out, "what the probe said");
  if (!json.ok() || !json->is_object() || !json->contains("health") || !json->contains("found")) {
    finding.found = fmt::format("looking at it ended with exit code {}", ran->end.exit_code);
    return finding;
  }
  const Health told = HealthOfName(json->value("health", ""));
  // What is not needed here cannot be missing.
  finding.health = told == Health::kMissing ? finding.health : told;
  finding.found = json->value("found", "");
  if (const std::string mend = json->value("mend", ""); !mend.empty()) finding.mend = mend;
  if (finding.health == Health::kOk) finding.mend.clear();
  return finding;
}

absl::StatusOr<ProgramRun> RunFor(const std::vector<std::string>& arguments, const std::string& folder,
                                  absl::Duration patience) {
  return pipeline::RunToItsEnd({.arguments = arguments, .folder = folder, .environment = pipeline::OwnEnvironment()},
                               patience, Context());
}

}  // namespace roost::api
