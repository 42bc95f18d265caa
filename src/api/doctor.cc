#include "api/doctor.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <functional>
#include <future>
#include <utility>

#include <fmt/format.h>

#include "api/doctor_probes.h"
#include "api/doctor_trainer.h"
#include "api/project_files.h"
#include "base/format.h"
#include "base/status.h"
#include "pipeline/child_process.h"
#include "table/text_file.h"

namespace roost::api {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kLittleDisk = int64_t{5} << 30;
constexpr int64_t kNoDisk = int64_t{200} << 20;

// What is looked at, each by a thread of its own.
using Look = std::function<std::vector<Finding>()>;

Finding LookAtGit(const std::string& folder, bool is_project, absl::Duration patience) {
  Finding finding{.what = "git", .health = Health::kWarn, .purpose = "which code a model came from"};
  const absl::StatusOr<ProgramRun> inside = RunFor({"git", "rev-parse", "--is-inside-work-tree"}, folder, patience);
  if (!inside.ok()) {
    finding.found = "there is no git";
    finding.mend = "apt-get install git";
    return finding;
  }
  finding.health = Health::kOk;
  if (!is_project) {
    finding.found = "there";
    return finding;
  }
  if (inside->end.exit_code != 0 || !inside->in_time) {
    finding.health = Health::kWarn;
    finding.found = "this folder is in no repository";
    finding.mend = "git init";
    return finding;
  }
  const absl::StatusOr<ProgramRun> status =
      RunFor({"git", "status", "--porcelain", "--untracked-files=no", "--", "."}, folder, patience);
  if (!status.ok() || !status->in_time || status->end.exit_code != 0) {
    finding.health = Health::kWarn;
    finding.found = "git does not say whether files differ from the commit";
    finding.mend = "git status";
  } else if (!status->out.empty()) {
    finding.health = Health::kWarn;
    finding.found = "files differ from the commit: a model made now is one of no commit";
    finding.mend = "git commit -a";
  } else {
    finding.found = "the files are those of the commit";
  }
  return finding;
}

Finding LookAtDisk(const std::string& folder) {
  Finding finding{.what = "disk", .purpose = "versions, and what is made on the way"};
  struct statvfs room {};
  if (statvfs(folder.c_str(), &room) != 0) {
    finding.health = Health::kWarn;
    finding.found = std::strerror(errno);
    finding.mend = "df .";
    return finding;
  }
  const auto free = static_cast<int64_t>(room.f_bavail * room.f_frsize);
  finding.found = fmt::format("{} free", FormatBytes(free));
  if (access(folder.c_str(), W_OK) != 0) {
    finding.health = Health::kWarn;
    finding.found += ", but this folder may not be written to";
    finding.mend = "chmod u+w .";
  } else if (free < kLittleDisk) {
    finding.health = free < kNoDisk ? Health::kMissing : Health::kWarn;
    finding.mend = "roost data gc: what no version needs; or a larger disk";
  }
  return finding;
}

// Whether `roost serve` could listen where roost.yaml says. A name of a host is not looked up: that may take long.
Finding LookAtPort(const config::ServeConfig& serve) {
  Finding finding{.what = "port", .purpose = "roost serve"};
  const std::string place = fmt::format("{}:{}", serve.host, serve.port);
  const int socket_file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(serve.port));
  const std::string host = serve.host == "localhost" ? "127.0.0.1" : serve.host;
  if (inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) address.sin_addr.s_addr = htonl(INADDR_ANY);
  const int yes = 1;
  setsockopt(socket_file, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  const bool is_free = bind(socket_file, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                       listen(socket_file, 1) == 0;
  const int reason = errno;
  close(socket_file);
  finding.found = is_free ? fmt::format("{} is free", place) : fmt::format("{}: {}", place, std::strerror(reason));
  if (is_free) return finding;
  finding.health = Health::kWarn;
  finding.mend = fmt::format("ss -ltnp 'sport = :{}' says who has it; or another serve.port", serve.port);
  return finding;
}

Finding LookAtSchema(const ProjectFiles& project) {
  Finding finding{.what = "schema", .purpose = "what rows must look like"};
  std::error_code error;
  if (fs::exists(fs::path(project.folder) / "schema.yaml", error)) {
    finding.found = "schema.yaml";
    return finding;
  }
  finding.health = Health::kWarn;
  finding.found = "there is no schema.yaml: no row is checked";
  finding.mend = fmt::format("roost schema infer {}", project.config.dataset);
  return finding;
}

// Programs that files of this folder are for.
std::vector<Finding> LookAtTools(const std::string& folder) {
  std::vector<std::pair<std::string, std::string>> used;
  std::error_code error;
  const fs::path root(folder);
  if (fs::exists(root / "Dockerfile", error)) used.emplace_back("docker", "Dockerfile");
  if (fs::exists(root / "Chart.yaml", error)) used.emplace_back("helm", "Chart.yaml");
  for (const fs::directory_entry& entry : fs::directory_iterator(root, error)) {
    const std::string name = entry.path().filename().string();
    if (!entry.is_regular_file(error) || !(name.ends_with(".yaml") || name.ends_with(".yml"))) continue;
    const std::string text = table::ReadTextFile(entry.path().string()).value_or("");
    const bool is_object = text.starts_with("apiVersion:") || text.find("\napiVersion:") != std::string::npos;
    if (!is_object || name == "Chart.yaml") continue;
    used.emplace_back("kubectl", name);
    break;
  }
  std::vector<Finding> findings;
  for (const auto& [tool, file] : used) {
    Finding finding{.what = tool, .purpose = file};
    const absl::StatusOr<std::string> found = pipeline::FindProgram(tool, folder);
    finding.health = found.ok() ? Health::kOk : Health::kWarn;
    finding.found = found.ok() ? *found : fmt::format("there is no {} on PATH", tool);
    if (!found.ok()) finding.mend = fmt::format("install {} where {} is to be used", tool, file);
    findings.push_back(std::move(finding));
  }
  return findings;
}

// A library that is opened by name; the project needs it or not.
Finding Library(std::string_view probe, bool is_needed, std::string purpose) {
  return {.what = std::string(probe),
          .health = is_needed ? Health::kMissing : Health::kWarn,
          .purpose = std::move(purpose),
          .mend = "install Roost whole: its bin/ with the lib/ beside it"};
}

std::vector<Look> LooksAtProject(const ProjectFiles& project, absl::Duration patience) {
  const auto apart = [&project, patience](Finding finding) -> Look {
    return [finding = std::move(finding), &project, patience] {
      return std::vector{ProbeApart(finding, project.folder, patience)};
    };
  };
  const auto trains_with = [&project](config::TrainerKind kind) {
    return std::any_of(project.config.models.begin(), project.config.models.end(),
                       [kind](const config::ModelConfig& model) { return model.trainer.kind == kind; });
  };
  std::vector<Look> looks;
  looks.push_back(apart({.what = std::string(kDatabaseProbe),
                         .health = Health::kMissing,
                         .purpose = "names of versions, models, runs",
                         .mend = "is the server up, and may this machine reach it? docs/storage-postgresql.md"}));
  looks.push_back(apart({.what = std::string(kObjectsProbe),
                         .health = Health::kMissing,
                         .purpose = "the data of versions and models",
                         .mend = "is the server up, and may this machine reach it? docs/storage.md"}));
  looks.push_back([&project] { return std::vector{LookAtSchema(project)}; });
  looks.push_back([&project, patience] { return std::vector{LookAtGit(project.folder, true, patience)}; });
  looks.push_back([&project] { return std::vector{LookAtDisk(project.folder)}; });
  looks.push_back(apart(Library(kOnnxProbe, trains_with(config::TrainerKind::kExternal),
                                "models as ONNX: those of other programs, and exports")));
  looks.push_back(apart(Library(kXgboostProbe, trains_with(config::TrainerKind::kBoostedTrees), "boosted trees")));
  for (const config::ModelConfig& model : project.config.models) {
    if (model.trainer.kind != config::TrainerKind::kExternal) continue;
    looks.push_back([&, patience] {
      std::vector<Finding> findings = LookAtTrainer(model.trainer, project.folder, patience);
      if (!project.config.has_models_by_name) return findings;
      for (Finding& finding : findings) finding.purpose = fmt::format("{} of {}", finding.purpose, model.name);
      return findings;
    });
  }
  looks.push_back([&project] { return std::vector{LookAtPort(project.config.serve)}; });
  looks.push_back([&project] { return LookAtTools(project.folder); });
  return looks;
}

std::vector<Look> LooksAtMachine(const std::string& folder, absl::Duration patience) {
  std::vector<Look> looks;
  looks.push_back([=] { return std::vector{LookAtGit(folder, false, patience)}; });
  looks.push_back([=] { return std::vector{LookAtDisk(folder)}; });
  for (const auto& [probe, purpose] : {std::pair(kOnnxProbe, "models as ONNX: those of other programs, and exports"),
                                       std::pair(kXgboostProbe, "boosted trees")}) {
    looks.push_back(
        [=, finding = Library(probe, false, purpose)] { return std::vector{ProbeApart(finding, folder, patience)}; });
  }
  return looks;
}

}  // namespace

std::string_view HealthName(Health health) {
  switch (health) {
    case Health::kOk: return "ok";
    case Health::kWarn: return "warn";
    case Health::kMissing: break;
  }
  return "missing";
}

DoctorResponse Doctor(const DoctorRequest& request) {
  DoctorResponse response;
  const absl::StatusOr<ProjectFiles> project = ReadProject(request.folder);
  Finding finding{.what = "roost.yaml", .purpose = "what this project decides"};
  if (project.ok()) {
    response.project = project->folder;
    finding.found = "every key is known";
  } else {
    // Without a project there is nothing that could be missing; with one that cannot be read everything is.
    finding.health = absl::IsFailedPrecondition(project.status()) ? Health::kWarn : Health::kMissing;
    finding.found = std::string(project.status().message());
    finding.mend = HintOf(project.status()).empty() ? "edit roost.yaml; docs/roost-yaml.md has every key"
                                                    : HintOf(project.status());
  }
  response.findings.push_back(std::move(finding));
  const std::vector<Look> looks =
      project.ok() ? LooksAtProject(*project, request.patience) : LooksAtMachine(request.folder, request.patience);
  std::vector<std::future<std::vector<Finding>>> answers;
  for (const Look& look : looks) answers.push_back(std::async(std::launch::async, look));
  for (auto& answer : answers) {
    for (Finding& found : answer.get()) response.findings.push_back(std::move(found));
  }
  return response;
}

}  // namespace roost::api
