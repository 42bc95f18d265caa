#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/project.h"
#include "api/run_steps.h"
#include "base/context.h"
#include "config/watch.h"
#include "pipeline/span.h"
#include "pipeline/trigger.h"
#include "registry/watch_log.h"

namespace roost::api {

inline constexpr char kBackfillTrigger[] = "back-fill";

/// A span that is at the source, with what is known of it.
struct WatchedSpan {
  std::vector<std::string> files;
  registry::WatchItem item;  ///< its stamp is that of the files as they are
  pipeline::SpanState state = pipeline::SpanState::kNew;

  bool is_backfill() const;
};

/// The source beside the state of continuous training.
struct WatchView {
  std::map<std::string, WatchedSpan> spans;
  registry::WatchItem schedule;           ///< without `planned`: it was not begun
  std::vector<registry::WatchItem> gone;  ///< of spans whose files are not there any more

  /// Whether an alert is still to be handed over.
  bool HasAlert() const;

  /// What triggers look at. A span whose stamp is another than in `seen`, if there is one, or that is not to be tried
  /// again yet, is not ready; `tries_all`: those are.
  pipeline::WatchFacts Facts(absl::Time now, const std::map<std::string, std::string>* seen, bool tries_all) const;
};

/// By which the log knows what is watched: the project, or its selected one of several models.
std::string WatchName(const Project& project);

/// Looks at the files of data.source, without reading them, and at what is known. A pattern that matches no file, and a
/// file that is not there, is no error: it may come.
absl::StatusOr<WatchView> LookAtSpans(Project& project, const config::WatchConfig& config,
                                      const registry::WatchLog& log);

/// What a run over `run` reads: the window of roost.yaml. `view` learns the latest time of a span where the window asks
/// for it. Empty `files` with a data.source: no span is in it.
absl::StatusOr<RunSource> SourceOfRun(const Project& project, const config::WindowConfig& window,
                                      const std::vector<std::string>& run, WatchView& view,
                                      const pipeline::WatchFacts& facts, const Context& context);

/// The triggers of roost.yaml, those of a back-fill first.
std::vector<pipeline::Trigger> TriggersOf(const config::WatchConfig& watch);

}  // namespace roost::api
