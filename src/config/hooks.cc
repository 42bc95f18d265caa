#include "config/hooks.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/status.h"
#include "config/model.h"

namespace roost::config {
namespace {

std::vector<std::string> EventNames() {
  std::vector<std::string> names;
  for (const HookEvent event : AllHookEvents()) names.emplace_back(HookEventName(event));
  return names;
}

absl::Status ReadEvents(const YamlNode& node, HookConfig& hook) {
  if (!node.IsList() || node.Elements().empty()) return node.Error("want a list of events");
  for (const YamlNode& element : node.Elements()) {
    TRY_ASSIGN(const size_t index, ReadChoice(element, EventNames()));
    const HookEvent event = AllHookEvents()[index];
    if (std::find(hook.on.begin(), hook.on.end(), event) != hook.on.end()) return element.Error("it is there twice");
    hook.on.push_back(event);
  }
  return absl::OkStatus();
}

absl::Status CheckUrl(const std::string& url) {
  if (url.starts_with("https://") || url.starts_with("http://")) return absl::OkStatus();
  return absl::InvalidArgumentError("no URL of a server: want https://host/path");
}

}  // namespace

std::string_view HookEventName(HookEvent event) {
  switch (event) {
    case HookEvent::kRegistered: return "registered";
    case HookEvent::kJudged: return "judged";
    case HookEvent::kPromoted: return "promoted";
    case HookEvent::kRolledBack: return "rolled_back";
    case HookEvent::kRetired: return "retired";
    case HookEvent::kDeleted: return "deleted";
    case HookEvent::kRunFinished: return "run_finished";
    case HookEvent::kRunFailed: break;
  }
  return "run_failed";
}

const std::vector<HookEvent>& AllHookEvents() {
  static const std::vector<HookEvent> events{HookEvent::kRegistered,  HookEvent::kJudged,   HookEvent::kPromoted,
                                             HookEvent::kRolledBack,  HookEvent::kRetired,  HookEvent::kDeleted,
                                             HookEvent::kRunFinished, HookEvent::kRunFailed};
  return events;
}

std::string HookConfig::Id() const {
  if (!name.empty()) return name;
  if (url.empty()) return fmt::format("{}", fmt::join(run, " "));
  // Neither a query nor a user's password may come into messages.
  std::string shown = url.substr(0, url.find_first_of("?#"));
  const size_t host = shown.find("://") + 3;
  const size_t at = shown.substr(0, shown.find('/', host)).rfind('@');
  if (at != std::string::npos && at >= host) shown.erase(host, at + 1 - host);
  return shown;
}

Declaration<HookConfig> DeclareHook() {
  Declaration<HookConfig> hook;
  hook.Text("name", &HookConfig::name, "by which it is called; by default its program or URL", Presence::kOptional,
            CheckName)
      .Custom("on", fmt::format("list of {}", fmt::join(EventNames(), ", ")), "", "of what it is told",
              Presence::kRequired, ReadEvents)
      .Shaped(ValueShape::List(ValueShape::Choice(EventNames())))
      .Texts("run", &HookConfig::run,
             "a program with its arguments, run without a shell in the project's folder; the event is on its stdin")
      .Text("url", &HookConfig::url, "in place of `run`: where the event is sent by POST", Presence::kOptional,
            CheckUrl)
      .Text("secret", &HookConfig::secret,
            "with `url`: a file, relative to the project, whose content signs what is sent (`X-Roost-Signature`)")
      .Text("ca", &HookConfig::ca,
            "with `url`: PEM file, relative to the project, of the authorities that sign the server's certificate; by "
            "default those of the system")
      .Integer("tries", &HookConfig::tries, {.min = 1, .max = 10},
               "how often it is tried at once; what fails is kept, and tried again by later commands")
      .Number("timeout_seconds", &HookConfig::timeout_seconds, {.min = 0.1, .max = 600}, "for one try");
  return hook;
}

absl::Status CheckHooks(const std::vector<HookConfig>& hooks) {
  std::set<std::string> ids;
  for (const HookConfig& hook : hooks) {
    if (hook.run.empty() == hook.url.empty()) {
      return absl::InvalidArgumentError(fmt::format("hooks: '{}' wants either 'run' or 'url'", hook.Id()));
    }
    if (hook.url.empty() && (!hook.secret.empty() || !hook.ca.empty())) {
      return absl::InvalidArgumentError(fmt::format("hooks: '{}': 'secret' and 'ca' go with 'url'", hook.Id()));
    }
    if (!ids.insert(hook.Id()).second) {
      return WithHint(absl::InvalidArgumentError(fmt::format("hooks: there are two that are called '{}'", hook.Id())),
                      "give them a 'name'");
    }
  }
  return absl::OkStatus();
}

}  // namespace roost::config
