#include "api/watch_spans.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "base/status.h"
#include "ingest/rows_from.h"
#include "ingest/source.h"
#include "ingest/stamp.h"
#include "table/glob.h"

namespace roost::api {
namespace {

namespace fs = std::filesystem;
using pipeline::SpanState;
using registry::WatchItem;

/// The files that are there of data.source.
absl::StatusOr<std::set<std::string>> FilesOf(const Project& project) {
  std::set<std::string> files;
  for (const std::string& pattern : project.config().data.source) {
    const std::vector<std::string> patterns{(fs::path(project.folder()) / pattern).string()};
    const absl::StatusOr<std::vector<std::string>> found = table::ExpandGlobs(patterns);
    if (absl::IsNotFound(found.status())) continue;
    TRY(found.status());
    for (const std::string& file : *found) {
      std::error_code error;
      if (fs::exists(file, error)) files.insert(fs::path(file).lexically_normal().string());
    }
  }
  return files;
}

std::string NameOfSpan(const Project& project, config::WatchConfig::Span span, const std::string& file) {
  const bool is_folder = span == config::WatchConfig::Span::kFolder;
  const fs::path path = is_folder ? fs::path(file).parent_path() : fs::path(file);
  return path.lexically_relative(project.folder()).string();
}

pipeline::CatchUp CatchUpOf(const config::WatchConfig& watch) {
  return watch.catch_up == config::WatchConfig::CatchUp::kEach ? pipeline::CatchUp::kEach : pipeline::CatchUp::kLatest;
}

pipeline::Schedule ScheduleOf(const config::ScheduleConfig& config) {
  using From = config::ScheduleConfig::Unit;
  using To = pipeline::Schedule::Unit;
  To unit = To::kMonth;
  switch (config.unit) {
    case From::kMinute: unit = To::kMinute; break;
    case From::kHour: unit = To::kHour; break;
    case From::kDay: unit = To::kDay; break;
    case From::kWeek: unit = To::kWeek; break;
    case From::kMonth: break;
  }
  return {.every = config.every, .unit = unit, .minute = config.minute, .day = config.day};
}

/// Of the window in days.
absl::StatusOr<std::string> TimeColumn(const Project& project, const config::WindowConfig& window) {
  if (!window.column.empty()) return window.column;
  const auto& model = project.config().model;
  if (model.has_value() && model->split.by == config::SplitBy::kTime) return model->split.column;
  return absl::InvalidArgumentError("watch.window.days counts by a time: name its column in watch.window.column");
}

absl::StatusOr<ingest::RowsFrom> RowsOfDays(const Project& project, const config::WindowConfig& window,
                                            WatchedSpan& newest, const Context& context) {
  TRY_ASSIGN(std::string column, TimeColumn(project, window));
  if (!newest.item.last_time.has_value()) {
    TRY_ASSIGN(const auto source, ingest::FileSource::Make(newest.files));
    TRY_ASSIGN(newest.item.last_time, ingest::LatestTime(*source, column, context));
  }
  if (!newest.item.last_time.has_value()) {
    return absl::InvalidArgumentError(
        fmt::format("watch.window: no row of {} has a time in '{}'", newest.item.name, column));
  }
  return ingest::RowsFrom{.column = std::move(column), .time = *newest.item.last_time - *window.days * absl::Hours(24)};
}

}  // namespace

bool WatchedSpan::is_backfill() const {
  return item.trigger == kBackfillTrigger && pipeline::IsToRun({.name = "", .state = state});
}

pipeline::WatchFacts WatchView::Facts(absl::Time now, const std::map<std::string, std::string>* seen,
                                      bool tries_all) const {
  pipeline::WatchFacts facts{.now = now, .spans = {}, .last_planned = schedule.planned};
  facts.schedule_rests = !tries_all && schedule.retry.has_value() && *schedule.retry > now;
  for (const auto& [name, span] : spans) {
    const auto last = seen == nullptr ? decltype(seen->end())() : seen->find(name);
    const bool is_settled = seen == nullptr || (last != seen->end() && last->second == span.item.stamp);
    const bool rests = !tries_all && span.item.retry.has_value() && *span.item.retry > now;
    facts.spans.push_back({.name = name,
                           .state = span.state,
                           .is_backfill = span.is_backfill(),
                           .was_run = span.item.run.has_value(),
                           .is_ready = is_settled && !rests});
  }
  return facts;
}

bool WatchView::HasAlert() const {
  const auto has_one = [](const WatchItem& item) { return !item.alert.empty(); };
  return has_one(schedule) || std::any_of(gone.begin(), gone.end(), has_one) ||
         std::any_of(spans.begin(), spans.end(), [&](const auto& named) { return has_one(named.second.item); });
}

std::string WatchName(const Project& project) {
  const config::ProjectConfig& config = project.config();
  if (!config.has_models_by_name || !config.model.has_value()) return config.project;
  return fmt::format("{}/{}", config.project, config.model->name);
}

absl::StatusOr<WatchView> LookAtSpans(Project& project, const config::WatchConfig& config,
                                      const registry::WatchLog& log) {
  TRY_ASSIGN(const std::set<std::string> files, FilesOf(project));
  WatchView view;
  for (const std::string& file : files) view.spans[NameOfSpan(project, config.span, file)].files.push_back(file);
  TRY_ASSIGN(const std::vector<WatchItem> items, log.List(WatchName(project)));
  std::map<std::string, const WatchItem*> known;
  for (const WatchItem& item : items) {
    if (item.kind == WatchItem::Kind::kSchedule) {
      view.schedule = item;
    } else if (view.spans.contains(item.name)) {
      known[item.name] = &item;
    } else {
      view.gone.push_back(item);
    }
  }
  view.schedule.kind = WatchItem::Kind::kSchedule;
  view.schedule.name = "schedule";
  for (auto& [name, span] : view.spans) {
    TRY_ASSIGN(const Digest stamp, ingest::StampOf(project.folder(), span.files));
    const auto found = known.find(name);
    if (found != known.end()) span.item = *found->second;
    const bool is_same = span.item.stamp == stamp.ToHex();
    span.state = is_same ? pipeline::SpanStateOfName(span.item.state).value_or(SpanState::kNew) : SpanState::kNew;
    if (is_same) continue;
    const bool was_to_run = span.item.state == pipeline::SpanStateName(SpanState::kNew);
    const bool is_backfill = was_to_run && span.item.trigger == kBackfillTrigger;
    // Of what was known of other files nothing holds but what is still to be told.
    span.item = {.name = name, .stamp = stamp.ToHex(), .state = "", .trigger = "", .alert = span.item.alert};
    if (is_backfill) span.item.trigger = kBackfillTrigger;
  }
  return view;
}

absl::StatusOr<RunSource> SourceOfRun(const Project& project, const config::WindowConfig& window,
                                      const std::vector<std::string>& run, WatchView& view,
                                      const pipeline::WatchFacts& facts, const Context& context) {
  const std::vector<std::string> names = pipeline::WindowOf(facts.spans, run, window.spans);
  RunSource source;
  const auto is_run = [&run](const std::string& name) { return std::find(run.begin(), run.end(), name) != run.end(); };
  if (!run.empty() && std::none_of(names.begin(), names.end(), is_run)) return source;
  if (window.days.has_value() && !names.empty()) {
    TRY_ASSIGN(source.rows_from, RowsOfDays(project, window, view.spans[names.back()], context));
  }
  for (const std::string& name : names) {
    const WatchedSpan& span = view.spans[name];
    // Its rows are left out without being read.
    if (source.rows_from.has_value() && span.item.last_time < source.rows_from->time && span.item.last_time.has_value())
      continue;
    source.files.insert(source.files.end(), span.files.begin(), span.files.end());
  }
  return source;
}

std::vector<pipeline::Trigger> TriggersOf(const config::WatchConfig& watch) {
  std::vector<pipeline::Trigger> triggers{pipeline::OnBackfill()};
  if (watch.triggers.span) triggers.push_back(pipeline::OnSpans(CatchUpOf(watch)));
  if (watch.triggers.schedule.has_value()) {
    triggers.push_back(pipeline::OnSchedule(ScheduleOf(*watch.triggers.schedule), CatchUpOf(watch)));
  }
  return triggers;
}

}  // namespace roost::api
