#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/declared.h"

namespace roost::config {

/// What may happen that somebody wants to hear of.
enum class HookEvent { kRegistered, kJudged, kPromoted, kRolledBack, kRetired, kDeleted, kRunFinished, kRunFailed };

/// "registered", "judged", "promoted", "rolled_back", "retired", "deleted", "run_finished", "run_failed".
std::string_view HookEventName(HookEvent event);
const std::vector<HookEvent>& AllHookEvents();

/// Who is told of events: a program, or a server.
struct HookConfig {
  std::string name;              ///< empty: its program or URL is its name
  std::vector<HookEvent> on;     ///< at least one
  std::vector<std::string> run;  ///< a program with its arguments; empty where there is a URL
  std::string url;               ///< empty where there is a program
  std::string secret;            ///< a file whose content signs what is sent; empty: nothing is signed
  std::string ca;                ///< PEM file of the authorities of the server; empty: those of the system
  int64_t tries = 3;             ///< at once; then it is kept and tried again later
  double timeout_seconds = 10;   ///< of one try

  /// What tells it from other hooks; messages name it so.
  std::string Id() const;
};

/// The keys of one entry of `hooks`.
Declaration<HookConfig> DeclareHook();

/// What no single key says. InvalidArgument.
absl::Status CheckHooks(const std::vector<HookConfig>& hooks);

}  // namespace roost::config
