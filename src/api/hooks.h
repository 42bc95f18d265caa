#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "api/project.h"
#include "base/context.h"
#include "base/json.h"
#include "config/hooks.h"

namespace roost::api {

/// Writes down that something happened, for each hook of roost.yaml that is to be told of it; SendHooks tells them.
/// `details`, an object, joins what every event has: id, event, time, project, author. Nothing is written where no hook
/// wants it. It is called when what happened is done, which no error of this undoes: so it returns none, and what
/// cannot be written down is not told.
void QueueEvent(Project& project, config::HookEvent event, const Json& details, const Context& context);

/// The event of a new version.
void QueueRegistered(Project& project, const registry::ModelVersion& version, const Context& context);

/// How it went to tell a hook of an event.
struct HookOutcome {
  std::string hook;
  std::string event;
  std::string id;
  absl::Status status;  ///< OK: it was told
  int64_t tries = 0;    ///< of all commands together
  bool kept = false;    ///< it is tried again later
};

enum class Resend {
  kDue,  ///< what failed before, where it has waited long enough: half a minute, then twice as long each time, to an
         ///< hour
  kAll,  ///< all that failed before
};

/// Tells hooks what was written down and is due: what is new, with so many tries as the hook says and a longer wait
/// before each; what failed before once. What fails is kept; what is for a hook that roost.yaml has no more is
/// dropped. A call that is killed, and two at once, may tell a hook twice, with the same id.
absl::StatusOr<std::vector<HookOutcome>> SendHooks(Project& project, Resend resend, const Context& context);

/// A hook of roost.yaml with what it is still to be told.
struct HookDescription {
  config::HookConfig hook;
  int64_t kept = 0;
  std::string error;  ///< of its last try, where that failed
};

absl::StatusOr<std::vector<HookDescription>> ListHooks(Project& project);

/// Tells one hook of an event "test", once, and keeps nothing. NotFound, with a hint, where there is no such hook.
absl::StatusOr<HookOutcome> TestHook(Project& project, const std::string& name, const Context& context);

}  // namespace roost::api
