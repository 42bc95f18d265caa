#include "api/timing.h"

#include <algorithm>
#include <vector>

#include <nlohmann/json.hpp>

#include "api/environment.h"
#include "api/hooks.h"
#include "api/signing.h"
#include "base/json.h"
#include "base/status.h"

namespace roost::api {
namespace {

// The parts that make two versions the same.
std::vector<registry::Manifest::Part> Compared(const registry::Manifest& manifest) {
  std::vector<registry::Manifest::Part> parts = manifest.parts;
  std::erase_if(parts, [](const registry::Manifest::Part& part) {
    return part.name == kTimingPart || part.name == kEnvironmentPart;
  });
  return parts;
}

}  // namespace

std::optional<absl::Duration> Timing::Saved() const {
  if (cold_rows == 0 || (cold_elapsed == elapsed && cold_rows == rows)) return std::nullopt;
  return cold_elapsed * (static_cast<double>(rows) / static_cast<double>(cold_rows)) - elapsed;
}

std::string Timing::ToText() const {
  Json json{
      {"seconds", absl::ToDoubleSeconds(elapsed)},           {"rows", rows},           {"passes", passes},
      {"cold_seconds", absl::ToDoubleSeconds(cold_elapsed)}, {"cold_rows", cold_rows}, {"cold_passes", cold_passes}};
  if (resumed_after > 0) json["resumed_after"] = resumed_after;
  return roost::ToText(json);
}

absl::StatusOr<Timing> TimingOf(Project& project, const TrainerReport& report, absl::Duration elapsed, int64_t rows,
                                const std::optional<ParentModel>& parent) {
  Timing timing{.elapsed = elapsed, .rows = rows, .passes = report.passes, .resumed_after = report.resumed_after};
  if (report.start == "cold" || !parent.has_value()) {
    timing.cold_elapsed = elapsed;
    timing.cold_rows = rows;
    timing.cold_passes = report.passes;
    return timing;
  }
  TRY_ASSIGN(const std::optional<Timing> before, LoadTiming(project, parent->version));
  if (!before.has_value()) return timing;
  timing.cold_elapsed = before->cold_elapsed;
  timing.cold_rows = before->cold_rows;
  timing.cold_passes = before->cold_passes;
  return timing;
}

absl::StatusOr<std::optional<Timing>> LoadTiming(Project& project, const registry::ModelVersion& version) {
  const absl::StatusOr<std::string> text = project.registry().LoadPart(version, kTimingPart);
  if (absl::IsNotFound(text.status())) return std::optional<Timing>();
  TRY(text.status());
  TRY_ASSIGN(const Json json, ParseJson(*text, kTimingPart));
  const auto number = [&json](const char* member) {
    const auto found = json.find(member);
    return found != json.end() && found->is_number() ? found->get<double>() : 0.0;
  };
  return std::optional<Timing>(Timing{.elapsed = absl::Seconds(number("seconds")),
                                      .rows = static_cast<int64_t>(number("rows")),
                                      .passes = static_cast<int64_t>(number("passes")),
                                      .cold_elapsed = absl::Seconds(number("cold_seconds")),
                                      .cold_rows = static_cast<int64_t>(number("cold_rows")),
                                      .cold_passes = static_cast<int64_t>(number("cold_passes")),
                                      .resumed_after = static_cast<int64_t>(number("resumed_after"))});
}

absl::StatusOr<Registered> RegisterTimed(Project& project, const std::string& model, registry::ModelPackage package,
                                         const Timing& timing, const Context& context) {
  TRY_ASSIGN(const registry::Manifest manifest, registry::MakeManifest(package));
  TRY_ASSIGN(const std::vector<registry::ModelVersion> versions, project.registry().List(model));
  for (auto version = versions.rbegin(); version != versions.rend(); ++version) {
    TRY_ASSIGN(const registry::Manifest other, project.registry().LoadManifest(*version));
    if (Compared(other) != Compared(manifest)) continue;
    TRY(SignRegistered(project, *version, context));
    return Registered{*version, false};
  }
  // One that an earlier call was killed over. To register its own bytes again brings it to its end.
  TRY_ASSIGN(const std::vector<registry::ModelVersion> unfinished, project.registry().Unfinished(model));
  for (const registry::ModelVersion& version : unfinished) {
    const absl::StatusOr<registry::Manifest> other = project.registry().LoadManifest(version);
    if (!other.ok() || Compared(*other) != Compared(manifest)) continue;
    TRY_ASSIGN(const registry::ModelPackage same, project.registry().Load(version));
    TRY_ASSIGN(registry::ModelVersion finished, project.registry().Register(model, same, project.author(), context));
    TRY(SignRegistered(project, finished, context));
    QueueRegistered(project, finished, context);
    return Registered{std::move(finished), true};
  }
  package.parts[kTimingPart] = timing.ToText();
  TRY_ASSIGN(registry::ModelVersion version, project.registry().Register(model, package, project.author(), context));
  TRY(SignRegistered(project, version, context));
  QueueRegistered(project, version, context);
  return Registered{std::move(version), true};
}

}  // namespace roost::api
