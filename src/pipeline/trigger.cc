#include "pipeline/trigger.h"

#include <algorithm>

namespace roost::pipeline {
namespace {

constexpr char kBackfill[] = "back-fill";

/// Those that are to be run, up to the first that is not ready: they are run in their order.
std::vector<Span> ToRun(const WatchFacts& facts, bool is_backfill) {
  std::vector<Span> spans;
  for (const Span& span : facts.spans) {
    if (!IsToRun(span) || span.is_backfill != is_backfill) continue;
    if (!span.is_ready) break;
    spans.push_back(span);
  }
  return spans;
}

bool IsAnyToRun(const WatchFacts& facts) {
  return std::any_of(facts.spans.begin(), facts.spans.end(),
                     [](const Span& span) { return IsToRun(span) && !span.is_backfill; });
}

/// The spans of the next run over `spans`, which are to be run. What was begun is ended first.
std::vector<std::string> FirstOf(const std::vector<Span>& spans, CatchUp catch_up) {
  const auto is_apart = [](const Span& span) { return span.state == SpanState::kApart; };
  const auto apart = std::find_if(spans.begin(), spans.end(), is_apart);
  if (apart != spans.end()) return {apart->name};
  if (catch_up == CatchUp::kEach) return {spans.front().name};
  std::vector<std::string> names;
  for (const Span& span : spans) names.push_back(span.name);
  return names;
}

}  // namespace

Trigger OnBackfill() {
  return [](const WatchFacts& facts) -> Outlook {
    const std::vector<Span> spans = ToRun(facts, /*is_backfill=*/true);
    if (spans.empty()) return {};
    return {.due = Firing{kBackfill, {spans.front().name}, std::nullopt}};
  };
}

Trigger OnSpans(CatchUp catch_up) {
  return [catch_up](const WatchFacts& facts) -> Outlook {
    const std::vector<Span> spans = ToRun(facts, /*is_backfill=*/false);
    if (spans.empty()) return {};
    return {.due = Firing{"new span", FirstOf(spans, catch_up), std::nullopt}};
  };
}

Trigger OnSchedule(const Schedule& schedule, CatchUp catch_up) {
  return [schedule, catch_up](const WatchFacts& facts) -> Outlook {
    if (!facts.last_planned.has_value()) return {.due = std::nullopt, .next = NextTime(schedule, facts.now)};
    const absl::Time next = NextTime(schedule, *facts.last_planned);
    if (next > facts.now) return {.due = std::nullopt, .next = next};
    if (facts.schedule_rests) return {};
    Firing firing{"schedule", {}, std::nullopt};
    const std::vector<Span> spans = ToRun(facts, /*is_backfill=*/false);
    if (spans.empty() && IsAnyToRun(facts)) return {.due = std::nullopt, .next = NextTime(schedule, facts.now)};
    if (!spans.empty()) firing.spans = FirstOf(spans, catch_up);
    if (firing.spans.size() == spans.size()) firing.settles = LastTime(schedule, facts.now);
    return {.due = firing, .next = NextTime(schedule, facts.now)};
  };
}

Outlook LookAt(const std::vector<Trigger>& triggers, const WatchFacts& facts) {
  Outlook outlook;
  for (const Trigger& trigger : triggers) {
    const Outlook one = trigger(facts);
    if (!outlook.due.has_value()) outlook.due = one.due;
    outlook.next = std::min(outlook.next, one.next);
  }
  return outlook;
}

}  // namespace roost::pipeline
