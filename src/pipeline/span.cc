#include "pipeline/span.h"

#include <algorithm>
#include <array>
#include <utility>

namespace roost::pipeline {
namespace {

constexpr std::array<std::pair<SpanState, std::string_view>, 6> kStates{{{SpanState::kNew, "new"},
                                                                         {SpanState::kApart, "apart"},
                                                                         {SpanState::kRunning, "running"},
                                                                         {SpanState::kDone, "done"},
                                                                         {SpanState::kRefused, "refused"},
                                                                         {SpanState::kOld, "old"}}};

bool Has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

std::string_view SpanStateName(SpanState state) {
  for (const auto& [value, name] : kStates) {
    if (value == state) return name;
  }
  return "";
}

std::optional<SpanState> SpanStateOfName(std::string_view name) {
  for (const auto& [value, known] : kStates) {
    if (known == name) return value;
  }
  return std::nullopt;
}

bool IsToRun(const Span& span) {
  return span.state == SpanState::kNew || span.state == SpanState::kApart || span.state == SpanState::kRunning;
}

std::vector<std::string> WindowOf(const std::vector<Span>& spans, const std::vector<std::string>& run,
                                  std::optional<int64_t> most) {
  const auto is_of_backfill = [&](const Span& span) { return span.is_backfill && Has(run, span.name); };
  const bool is_backfill = std::any_of(spans.begin(), spans.end(), is_of_backfill);
  std::vector<std::string> window;
  for (const Span& span : spans) {
    if (is_backfill && !run.empty() && span.name > run.back()) break;
    const bool was_there = is_backfill && IsToRun(span);
    if (span.state == SpanState::kDone || was_there || Has(run, span.name)) window.push_back(span.name);
  }
  if (most.has_value() && static_cast<int64_t>(window.size()) > *most) {
    window.erase(window.begin(), window.end() - static_cast<ptrdiff_t>(*most));
  }
  return window;
}

std::vector<std::string> SpansIn(const std::vector<Span>& spans, std::string_view from, std::string_view to) {
  std::vector<std::string> names;
  for (const Span& span : spans) {
    if (span.name < from) continue;
    if (to.empty() || span.name <= to || span.name.starts_with(to)) names.push_back(span.name);
  }
  return names;
}

bool MayRelease(const std::vector<Span>& spans, const std::vector<std::string>& run) {
  return run.empty() || std::none_of(spans.begin(), spans.end(), [&](const Span& span) {
           return span.name > run.back() && (span.state == SpanState::kDone || (span.was_run && IsToRun(span)));
         });
}

}  // namespace roost::pipeline
