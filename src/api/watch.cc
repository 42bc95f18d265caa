#include "api/watch.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "api/schema.h"
#include "api/training.h"
#include "api/watch_end.h"
#include "api/watch_spans.h"
#include "base/format.h"
#include "base/status.h"
#include "config/watch.h"
#include "pipeline/alert.h"
#include "pipeline/run_program.h"
#include "registry/registry.h"
#include "registry/run_log.h"

namespace roost::api {
namespace {

using pipeline::Firing;
using pipeline::SpanState;
using registry::WatchItem;

constexpr char kWhat[] = "roost watch";
constexpr absl::Duration kFirstRetry = absl::Minutes(1);
constexpr absl::Duration kLastRetry = absl::Hours(1);

/// "new span rows-3.parquet", as it is kept with the run.
std::string ScopeOf(const Firing& firing) {
  if (firing.spans.empty()) return firing.trigger;
  const std::string more = firing.spans.size() > 1 ? fmt::format(" and {} more", firing.spans.size() - 1) : "";
  return fmt::format("{} {}{}", firing.trigger, firing.spans.back(), more);
}

absl::StatusOr<config::WatchConfig> ConfigOf(const Project& project) {
  return config::ParseWatch(project.config_text(), kConfigName);
}

absl::Status CheckThatThereIsATrigger(const Project& project, const config::WatchConfig& config) {
  const bool has_spans = !project.config().data.source.empty() && config.triggers.span;
  if (has_spans || config.triggers.schedule.has_value()) return absl::OkStatus();
  return WithHint(absl::InvalidArgumentError("roost.yaml names nothing to watch"),
                  "'data.source' says where spans come from, 'watch.triggers.schedule' when to run without them.");
}

/// One turn, by whoever holds the lock.
class Turn {
 public:
  Turn(Project& project, const config::WatchConfig& config, const WatchRequest& request, registry::WatchLog log,
       registry::RunLock& lock, const Context& context)
      : project_(project), config_(config), request_(request), log_(std::move(log)), lock_(lock), context_(context) {}

  /// `turn` is as it was looked at without the lock.
  absl::Status Take(WatchTurn& turn) {
    TRY_ASSIGN(view_, LookAtSpans(project_, config_, log_));
    TRY(EndWhatEnded());
    TRY(SendAlerts());
    facts_ = view_.Facts(context_.now(), request_.seen, request_.tries_all);
    const pipeline::Outlook outlook = Look();
    if (outlook.due.has_value()) {
      TRY_ASSIGN(turn.ran, RunDue(*outlook.due));
      return SendAlerts();
    }
    TRY(BeginSchedule());
    turn.is_idle = !has_changed_;
    return absl::OkStatus();
  }

 private:
  pipeline::Outlook Look() const {
    if (request_.only_backfill) return pipeline::LookAt({pipeline::OnBackfill()}, facts_);
    return pipeline::LookAt(TriggersOf(config_), facts_);
  }

  absl::Status Put(const std::vector<WatchItem>& items) {
    has_changed_ = true;
    return log_.Put(WatchName(project_), items);
  }

  /// A schedule counts from when it was first looked at.
  absl::Status BeginSchedule() {
    if (!config_.triggers.schedule.has_value() || view_.schedule.planned.has_value()) {
      return absl::OkStatus();
    }
    view_.schedule.planned = Now();
    view_.schedule.changed = Now();
    return Put({view_.schedule});
  }

  absl::Time Now() const { return absl::FromUnixMicros(absl::ToUnixMicros(context_.now())); }

  std::vector<WatchItem*> ItemsOf(const Firing& firing) {
    std::vector<WatchItem*> items;
    for (const std::string& name : firing.spans) items.push_back(&view_.spans.at(name).item);
    if (firing.settles.has_value() || firing.spans.empty()) items.push_back(&view_.schedule);
    return items;
  }

  absl::Status PutAll(const std::vector<WatchItem*>& items) {
    std::vector<WatchItem> values;
    for (const WatchItem* item : items) values.push_back(*item);
    return Put(values);
  }

  // Runs whose process was killed after their end, before it was written down here.
  absl::Status EndWhatEnded() {
    std::map<int64_t, Firing> running;
    for (const auto& [name, span] : view_.spans) {
      if (span.state != SpanState::kRunning || !span.item.run.has_value()) continue;
      Firing& firing = running[*span.item.run];
      firing.trigger = span.item.trigger;
      firing.spans.push_back(name);
    }
    const WatchItem& schedule = view_.schedule;
    if (schedule.state == pipeline::SpanStateName(SpanState::kRunning) && schedule.run.has_value()) {
      Firing& firing = running[*schedule.run];
      firing.trigger = schedule.trigger;
      firing.settles = schedule.retry;
    }
    for (const auto& [run, firing] : running) {
      const absl::StatusOr<RunDescription> description = ShowRun(project_, run);
      if (absl::IsNotFound(description.status())) continue;  // the database was lost, and rebuilt without runs
      TRY(description.status());
      if (HasItsEnd(description->run)) TRY(End(firing, *description).status());
    }
    return absl::OkStatus();
  }

  absl::StatusOr<WatchedRun> RunDue(const Firing& firing) {
    WatchedRun ran{
        .firing = firing, .run = std::nullopt, .status = absl::OkStatus(), .response = std::nullopt, .result = ""};
    absl::StatusOr<RunSource> source = SourceOfRun(project_, config_.window, firing.spans, view_, facts_, context_);
    if (!source.ok()) {
      ran.status = source.status();
      return Failed(std::move(ran));
    }
    if (source->files.empty() && !project_.config().data.source.empty()) return PassedOver(std::move(ran));
    // What is wrong with the schema must not be taken for a fault of the span.
    if (const auto schema = FindSchema(project_, project_.config().dataset); !schema.ok()) {
      ran.status = schema.status();
      return Failed(std::move(ran));
    }
    if (request_.on_fire) request_.on_fire(firing);
    RunRequest run{.trial = request_.trial, .on_step = request_.on_step, .source = *std::move(source)};
    run.source.message = fmt::format("{}: {}", kWhat, ScopeOf(firing));
    run.hold = HoldOf(firing);
    run.scope = ScopeOf(firing);
    if (project_.config().has_models_by_name) run.scope += fmt::format(" of {}", project_.config().model->name);
    run.lock = &lock_;
    run.ends_steps = true;
    run.on_begin = [&](int64_t begun) {
      ran.run = begun;
      return Begin(firing, begun);
    };
    absl::StatusOr<RunResponse> response = Run(project_, run, context_);
    // What was interrupted, or lost its lock, is gone on with by the next.
    if (absl::IsCancelled(response.status()) || absl::IsAborted(response.status())) return response.status();
    if (!response.ok()) {
      ran.status = response.status();
      TRY_ASSIGN(const bool is_unreadable, IsUnreadable(ran));
      return is_unreadable ? Unreadable(std::move(ran)) : Failed(std::move(ran));
    }
    TRY_ASSIGN(const RunDescription description, ShowRun(project_, *ran.run));
    ran.response = *std::move(response);
    ran.is_refused = ran.response->state == "refused";
    TRY_ASSIGN(ran.result, End(firing, description));
    return ran;
  }

  // All other files of the window were read before as they are: those of the span are at fault.
  absl::StatusOr<bool> IsUnreadable(const WatchedRun& ran) {
    if (!absl::IsInvalidArgument(ran.status) || !ran.run.has_value() || ran.firing.spans.empty()) return false;
    TRY_ASSIGN(const RunDescription description, ShowRun(project_, *ran.run));
    return description.steps.empty();
  }

  /// `text` with paths that begin in the project's folder.
  std::string WithinProject(std::string text) const {
    const std::string folder = project_.folder() + "/";
    for (size_t at = text.find(folder); at != std::string::npos; at = text.find(folder, at))
      text.erase(at, folder.size());
    return text;
  }

  absl::StatusOr<WatchedRun> Unreadable(WatchedRun ran) {
    const RunEnd end{
        .event = "refused",
        .is_about_data = true,
        .result = fmt::format("its files cannot be read: {}", WithinProject(std::string(ran.status.message()))),
        .details = HintOf(ran.status)};
    ran.status = absl::OkStatus();
    ran.is_refused = true;
    ran.result = end.result;
    TRY_ASSIGN(const RunDescription description, ShowRun(project_, *ran.run));
    TRY(WriteDown(ran.firing, end, description));
    return ran;
  }

  std::string HoldOf(const Firing& firing) const {
    if (config_.release == config::WatchConfig::Release::kManual) {
      return "watch.release is manual, so a person releases it";
    }
    if (firing.trigger == kBackfillTrigger && !pipeline::MayRelease(facts_.spans, firing.spans)) {
      return "later spans were learned from already, so a person releases it";
    }
    return "";
  }

  absl::Status Begin(const Firing& firing, int64_t run) {
    const std::vector<WatchItem*> items = ItemsOf(firing);
    for (WatchItem* item : items) {
      item->state = std::string(pipeline::SpanStateName(SpanState::kRunning));
      item->trigger = firing.trigger;
      item->run = run;
      item->changed = Now();
      if (item->kind == WatchItem::Kind::kSchedule) item->retry = firing.settles;  // the time that is over with the run
    }
    return PutAll(items);
  }

  /// Writes down how a run that came to its end did, for people too.
  absl::StatusOr<std::string> End(const Firing& firing, const RunDescription& description) {
    TRY_ASSIGN(RunEnd end, EndOf(description));
    TRY_ASSIGN(const bool was_released, WasReleasedBefore(end, description.run));
    if (was_released) end.event = "released";
    TRY(WriteDown(firing, end, description));
    return end.result;
  }

  absl::Status WriteDown(const Firing& firing, const RunEnd& end, const RunDescription& description) {
    const bool is_refused_data = end.event == "refused" && end.is_about_data;
    SpanState state = SpanState::kDone;
    if (is_refused_data) state = firing.spans.size() > 1 ? SpanState::kApart : SpanState::kRefused;
    const std::vector<WatchItem*> items = ItemsOf(firing);
    for (WatchItem* item : items) {
      const bool is_span = item->kind == WatchItem::Kind::kSpan;
      const SpanState now = is_span ? state : SpanState::kDone;
      item->state = std::string(pipeline::SpanStateName(now));
      item->result = end.result;
      item->tries = 0;
      item->retry.reset();
      item->changed = Now();
      if (!is_span && firing.settles.has_value()) item->planned = firing.settles;
      if (is_span) view_.spans.at(item->name).state = now;
    }
    // Spans that were refused together are run one by one now; those that are bad are told then.
    if (state != SpanState::kApart && !end.event.empty()) AddAlert(*items.front(), AlertOf(end, description, firing));
    return PutAll(items);
  }

  /// Whether an earlier run of the same, which was killed before its end, released what this one found released.
  absl::StatusOr<bool> WasReleasedBefore(const RunEnd& end, const registry::RunRecord& run) {
    const size_t at = end.model.find('@');
    if (!end.event.empty() || at == std::string::npos) return false;
    const std::string model = end.model.substr(0, at);
    TRY_ASSIGN(const auto moves, project_.registry().aliases().History(model, registry::kChampion));
    if (moves.empty() || fmt::format("{}@{}", model, moves.back().to) != end.model) return false;
    for (int64_t number = run.number - 1; number > 0; --number) {
      const absl::StatusOr<RunDescription> before = ShowRun(project_, number);
      if (absl::IsNotFound(before.status())) continue;  // of another project
      TRY(before.status());
      if (before->run.scope != run.scope || HasItsEnd(before->run)) return false;
      if (moves.back().reason == fmt::format("roost run {}", number)) return true;
    }
    return false;
  }

  absl::StatusOr<WatchedRun> Failed(WatchedRun ran) {
    ran.result = fmt::format("failed: {}", std::string(ran.status.message()));
    const std::vector<WatchItem*> items = ItemsOf(ran.firing);
    WatchItem& first = *items.front();
    const bool is_told = first.result == ran.result;
    const absl::Duration rest = std::min(kLastRetry, kFirstRetry * (int64_t{1} << std::min<int64_t>(first.tries, 10)));
    for (WatchItem* item : items) {
      const bool is_apart =
          item->kind == WatchItem::Kind::kSpan && view_.spans.at(item->name).state == SpanState::kApart;
      item->state = std::string(pipeline::SpanStateName(is_apart ? SpanState::kApart : SpanState::kNew));
      item->trigger = ran.firing.trigger;
      item->run = ran.run;
      item->result = ran.result;
      ++item->tries;
      item->retry = Now() + rest;
      item->changed = Now();
    }
    if (!is_told) AddAlert(first, AlertOfFailure(ran.status, ran.run, ran.firing));
    TRY(PutAll(items));
    return ran;
  }

  // Older than the window, or there is no span to learn from.
  absl::StatusOr<WatchedRun> PassedOver(WatchedRun ran) {
    ran.result = ran.firing.spans.empty() ? "there is no span to learn from" : "before the window: nothing was run";
    const std::vector<WatchItem*> items = ItemsOf(ran.firing);
    for (WatchItem* item : items) {
      item->state = std::string(pipeline::SpanStateName(SpanState::kOld));
      item->trigger = ran.firing.trigger;
      item->result = ran.result;
      item->changed = Now();
      item->retry.reset();
      if (item->kind == WatchItem::Kind::kSchedule && ran.firing.settles.has_value()) {
        item->planned = ran.firing.settles;
      }
    }
    TRY(PutAll(items));
    return ran;
  }

  void AddAlert(WatchItem& item, Json alert) {
    if (config_.alert.empty()) return;
    alert["project"] = project_.config().project;
    alert["time"] = FormatUtc(context_.now());
    item.alert = ToLine(alert);
  }

  // One that cannot be handed over is told, and is over: the next turns must not hang on it.
  absl::Status SendAlerts() {
    std::vector<WatchItem*> items{&view_.schedule};
    for (auto& [name, span] : view_.spans) items.push_back(&span.item);
    for (WatchItem& item : view_.gone) items.push_back(&item);
    for (WatchItem* item : items) {
      if (item->alert.empty()) continue;
      TRY_ASSIGN(const Json alert, ParseJson(item->alert, "an alert"));
      const absl::Status sent = config_.alert.empty() ? absl::OkStatus()
                                                      : pipeline::SendAlert({.arguments = config_.alert,
                                                                             .folder = project_.folder(),
                                                                             .environment = pipeline::OwnEnvironment()},
                                                                            alert, context_);
      if (absl::IsCancelled(sent)) return sent;
      if (!sent.ok() && request_.on_note) request_.on_note(fmt::format("warning: {}", std::string(sent.message())));
      item->alert.clear();
      TRY(Put({*item}));
    }
    return absl::OkStatus();
  }

  Project& project_;
  const config::WatchConfig& config_;
  const WatchRequest& request_;
  registry::WatchLog log_;
  registry::RunLock& lock_;
  const Context& context_;
  WatchView view_;
  pipeline::WatchFacts facts_;
  bool has_changed_ = false;  // what is known of spans or schedule
};

/// When something that rests is to be tried again.
absl::Time NextRetry(const WatchView& view, absl::Time now) {
  absl::Time next = absl::InfiniteFuture();
  for (const auto& [name, span] : view.spans) {
    if (span.item.retry.has_value() && *span.item.retry > now) next = std::min(next, *span.item.retry);
  }
  if (view.schedule.retry.has_value() && *view.schedule.retry > now) next = std::min(next, *view.schedule.retry);
  return next;
}

bool IsAnyRunning(const WatchView& view) {
  const auto is_running = [](const auto& named) { return named.second.state == SpanState::kRunning; };
  return std::any_of(view.spans.begin(), view.spans.end(), is_running);
}

}  // namespace

absl::StatusOr<WatchTurn> TakeTurn(Project& project, const WatchRequest& request, const Context& context) {
  TRY_ASSIGN(const config::WatchConfig config, ConfigOf(project));
  TRY(RequireModel(project).status());
  if (!request.only_backfill) TRY(CheckThatThereIsATrigger(project, config));
  TRY(RequireModel(project).status());
  TRY(context.CheckCancelled());
  TRY_ASSIGN(registry::WatchLog log, registry::WatchLog::Open(project.store().database()));
  TRY_ASSIGN(const WatchView view, LookAtSpans(project, config, log));
  WatchTurn turn;
  turn.look = absl::Seconds(config.look_seconds);
  for (const auto& [name, span] : view.spans) turn.stamps[name] = span.item.stamp;
  const absl::Time now = context.now();
  const pipeline::WatchFacts facts = view.Facts(now, request.seen, request.tries_all);
  const bool begins_schedule = config.triggers.schedule.has_value() && !view.schedule.planned.has_value();
  const pipeline::Outlook outlook =
      pipeline::LookAt(request.only_backfill ? std::vector{pipeline::OnBackfill()} : TriggersOf(config), facts);
  turn.next = std::min(outlook.next, NextRetry(view, now));
  turn.is_idle = !outlook.due.has_value() && !view.HasAlert() && !IsAnyRunning(view) && !begins_schedule;
  if (turn.is_idle) return turn;
  TRY_ASSIGN(const std::unique_ptr<registry::RunLock> lock,
             TakeRunLock(project, kWhat, request.wait, request.on_note, context));
  TRY(Turn(project, config, request, std::move(log), *lock, context).Take(turn));
  return turn;
}

absl::StatusOr<std::vector<std::string>> BeginBackfill(Project& project, const std::string& from, const std::string& to,
                                                       const Context& context) {
  TRY_ASSIGN(const config::WatchConfig config, ConfigOf(project));
  TRY_ASSIGN(registry::WatchLog log, registry::WatchLog::Open(project.store().database()));
  TRY_ASSIGN(const std::unique_ptr<registry::RunLock> lock, TakeRunLock(project, kWhat, false, nullptr, context));
  TRY_ASSIGN(const WatchView view, LookAtSpans(project, config, log));
  const pipeline::WatchFacts facts = view.Facts(context.now(), nullptr, true);
  const std::vector<std::string> names = pipeline::SpansIn(facts.spans, from, to);
  if (names.empty()) {
    return WithHint(absl::NotFoundError(fmt::format("there is no span from '{}' to '{}'", from, to)),
                    "'roost watch status' shows the names of the spans.");
  }
  std::vector<std::string> unfinished;
  for (const pipeline::Span& span : facts.spans) {
    if (span.is_backfill) unfinished.push_back(span.name);
  }
  for (const std::string& name : unfinished) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    return WithHint(
        absl::FailedPreconditionError(fmt::format("a back-fill did not end: {} to {} are still to be run",
                                                  unfinished.front(), unfinished.back())),
        fmt::format("'roost watch --backfill {}..{}' goes on with it.", unfinished.front(), unfinished.back()));
  }
  if (!unfinished.empty()) return unfinished;
  std::vector<WatchItem> items;
  for (const std::string& name : names) {
    WatchItem item = view.spans.at(name).item;
    item.state = std::string(pipeline::SpanStateName(SpanState::kNew));
    item.trigger = kBackfillTrigger;
    item.tries = 0;
    item.retry.reset();
    item.changed = absl::FromUnixMicros(absl::ToUnixMicros(context.now()));
    items.push_back(std::move(item));
  }
  TRY(log.Put(WatchName(project), items));
  return names;
}

absl::StatusOr<WatchStatus> DescribeWatch(Project& project, const Context& context) {
  TRY_ASSIGN(const config::WatchConfig config, ConfigOf(project));
  TRY_ASSIGN(registry::WatchLog log, registry::WatchLog::Open(project.store().database()));
  TRY_ASSIGN(const WatchView view, LookAtSpans(project, config, log));
  WatchStatus status;
  for (const auto& [name, span] : view.spans) {
    const bool is_known = !span.item.state.empty();
    status.spans.push_back({.name = name,
                            .state = span.item.tries > 0 ? "failed" : std::string(pipeline::SpanStateName(span.state)),
                            .trigger = span.item.trigger,
                            .result = span.item.result,
                            .run = span.item.run,
                            .changed = is_known ? std::optional(span.item.changed) : std::nullopt,
                            .retry = span.item.retry});
  }
  status.last_planned = view.schedule.planned;
  if (config.triggers.schedule.has_value()) {
    // What is overdue counts as next.
    const absl::Time since = view.schedule.planned.value_or(context.now());
    status.next_planned = pipeline::LookAt(TriggersOf(config), view.Facts(since, nullptr, false)).next;
  }
  TRY_ASSIGN(status.holder, registry::RunLock::Holder(project.store().database(), LockOf(project, kWhat).name));
  return status;
}

}  // namespace roost::api
