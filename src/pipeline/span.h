#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace roost::pipeline {

/// How a span of the source stands for continuous training.
enum class SpanState {
  kNew,      ///< nobody has run it as it is: it came, or was changed, since
  kApart,    ///< new, and to be run by itself: together with others it was refused
  kRunning,  ///< its run has begun, and is not known to have ended
  kDone,     ///< its run came to an end, and its rows are among those that are learned from
  kRefused,  ///< validation refused its rows, which are left out until they change
  kOld,      ///< before the window: nothing was run for it
};

/// "new", "apart", "running", "done", "refused", "old".
std::string_view SpanStateName(SpanState state);
/// Empty for a name of no state.
std::optional<SpanState> SpanStateOfName(std::string_view name);

/// A span that is at the source.
struct Span {
  std::string name;  ///< spans are in the order of their names
  SpanState state = SpanState::kNew;
  bool is_backfill = false;  ///< it is run as if those behind it were not there yet
  bool was_run = false;      ///< as it is, if only before the back-fill
  bool is_ready = true;      ///< else it is waited for: its files are being written, or its run failed a while ago
};

/// Whether the span still is to be run.
bool IsToRun(const Span& span);

/// The spans whose rows a run over `run` takes, in their order: `run` and all that are done, of these the last `most`
/// where it is given. In a back-fill those behind the last one of `run` are not there yet, and those before it that
/// nobody has run are. `spans` are in the order of their names.
std::vector<std::string> WindowOf(const std::vector<Span>& spans, const std::vector<std::string>& run,
                                  std::optional<int64_t> most);

/// The spans that `range` names, "FROM..TO", in their order: from the first that is not before FROM to the last that is
/// not after TO or begins with it. Either end may be left out.
std::vector<std::string> SpansIn(const std::vector<Span>& spans, std::string_view from, std::string_view to);

/// Whether a run over `run`, of a back-fill, may release: nothing behind it was learned from, now or before.
bool MayRelease(const std::vector<Span>& spans, const std::vector<std::string>& run);

}  // namespace roost::pipeline
