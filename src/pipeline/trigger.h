#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "pipeline/schedule.h"
#include "pipeline/span.h"

namespace roost::pipeline {

/// What triggers look at.
struct WatchFacts {
  absl::Time now;
  std::vector<Span> spans;                 ///< in the order of their names
  std::optional<absl::Time> last_planned;  ///< the last time of the schedule that was run, or when it was begun
  bool schedule_rests = false;             ///< its run failed a while ago
};

/// A run that is due.
struct Firing {
  std::string trigger;                ///< "new span", "schedule", "back-fill"
  std::vector<std::string> spans;     ///< that it runs, in their order; empty: the data as they are
  std::optional<absl::Time> settles;  ///< the time of the schedule that is over with it
  friend bool operator==(const Firing&, const Firing&) = default;
};

/// What a trigger says of the facts.
struct Outlook {
  std::optional<Firing> due;                 ///< the first of what is due
  absl::Time next = absl::InfiniteFuture();  ///< when it has something to say by the clock alone
};

/// When the pipeline runs. Pure: the same facts give the same outlook. A new kind of trigger is one more such function,
/// with what it looks at in WatchFacts.
using Trigger = std::function<Outlook(const WatchFacts&)>;

/// Several spans at once.
enum class CatchUp {
  kEach,    ///< one after the other
  kLatest,  ///< together; those that were refused together one after the other
};

/// Fires for spans that are to be run; those of a back-fill one by one, before all others.
Trigger OnSpans(CatchUp catch_up);

/// Fires for spans of a back-fill only.
Trigger OnBackfill();

/// Fires at the times of `schedule`: once for all that were missed; over spans that are to be run, as OnSpans has them,
/// and over the data as they are where there are none.
Trigger OnSchedule(const Schedule& schedule, CatchUp catch_up);

/// The first of `triggers` that fires, and the earliest of their times.
Outlook LookAt(const std::vector<Trigger>& triggers, const WatchFacts& facts);

}  // namespace roost::pipeline
