// roost doctor

#include <algorithm>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "api/doctor.h"
#include "api/doctor_probes.h"
#include "base/format.h"
#include "base/status.h"
#include "cli/commands.h"

namespace roost::cli {
namespace {

constexpr int kSomethingMissing = 10;

std::string_view ColorOf(api::Health health) {
  switch (health) {
    case api::Health::kOk: return "green";
    case api::Health::kWarn: return "yellow";
    case api::Health::kMissing: break;
  }
  return "red";
}

// "warn     schema      there is no schema.yaml (what rows must look like)", and below it what mends that.
std::string LineOf(const api::Finding& finding, const Session& session) {
  const std::string state =
      session.Colored(fmt::format("{:<8}", api::HealthName(finding.health)), ColorOf(finding.health));
  std::string found = finding.found;
  std::replace(found.begin(), found.end(), '\n', ' ');
  std::string line = fmt::format("{} {:<12} {} ({})\n", state, finding.what, Printable(found), finding.purpose);
  if (!finding.mend.empty()) line += fmt::format("{:<21} mend: {}\n", "", Printable(finding.mend));
  return line;
}

absl::StatusOr<int> RunDoctor(const std::string& probe, Session& session) {
  if (!probe.empty()) {
    TRY_ASSIGN(const api::Finding finding, api::Probe(probe, session.project()));
    session.Print(ToText(api::ToJson(finding)));
    return 0;
  }
  const api::DoctorResponse response = api::Doctor({.folder = session.project()});
  const auto missing = std::count_if(response.findings.begin(), response.findings.end(),
                                     [](const auto& finding) { return finding.health == api::Health::kMissing; });
  if (session.json()) {
    Json findings = Json::array();
    for (const api::Finding& finding : response.findings) findings.push_back(api::ToJson(finding));
    session.Print(ToText(Json{{"project", response.project.empty() ? Json(nullptr) : Json(response.project)},
                              {"sound", missing == 0},
                              {"findings", std::move(findings)}}));
  } else {
    std::string text;
    for (const api::Finding& finding : response.findings) text += LineOf(finding, session);
    session.Print(text);
    session.Note(missing == 0
                     ? "nothing necessary is missing"
                     : fmt::format("{} of these {} necessary and missing", missing, missing == 1 ? "is" : "are"));
  }
  return missing == 0 ? 0 : kSomethingMissing;
}

}  // namespace

void AddDoctorCommand(CLI::App& app, Session& session) {
  CLI::App* doctor = app.add_subcommand("doctor", "What is missing here, and the command that mends it");
  auto probe = std::make_shared<std::string>();
  doctor->add_option("--probe", *probe)->group("");  // of the children that look at what may hang
  doctor->footer(
      "In a project and outside of one. What is there stays as it is; what does not answer within 1.5 s is told.\n"
      "Exit code 10 where something is missing that this project needs. docs/doctor.md");
  doctor->callback([probe, &session] { session.Finish(RunDoctor(*probe, session)); });
}

}  // namespace roost::cli
