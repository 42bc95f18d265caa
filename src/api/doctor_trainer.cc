#include "api/doctor_trainer.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include <fmt/format.h>

#include "absl/status/statusor.h"
#include "api/doctor_probes.h"
#include "base/format.h"
#include "base/status.h"
#include "pipeline/child_process.h"
#include "table/text_file.h"

namespace roost::api {
namespace {

namespace fs = std::filesystem;

// Prints the modules that the script imports at its top and that Python does not find; it imports nothing itself, as a
// large library takes seconds.
constexpr const char* kMissingModules = R"(
import ast, importlib.util, os, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(sys.argv[1])))
names = set()
for node in ast.parse(open(sys.argv[1], "rb").read()).body:
    if isinstance(node, ast.Import):
        names.update(alias.name.split(".")[0] for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and node.level == 0:
        names.add(node.module.split(".")[0])
for name in sorted(names):
    if name not in sys.modules and importlib.util.find_spec(name) is None:
        print(name)
)";

// The package that brings a module, where its name is another.
std::string PackageOf(const std::string& module) {
  static const std::map<std::string, std::string> kPackages{
      {"PIL", "pillow"}, {"cv2", "opencv-python"}, {"sklearn", "scikit-learn"}, {"yaml", "pyyaml"}};
  const auto found = kPackages.find(module);
  return found == kPackages.end() ? module : found->second;
}

std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    if (end > begin) lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

bool IsPython(const std::string& program) { return fs::path(program).filename().string().starts_with("python"); }

// The script among the arguments of a command, as a path that is there; empty: none.
std::string ScriptOf(const std::vector<std::string>& command, const std::string& folder) {
  std::error_code error;
  for (const std::string& word : command) {
    const fs::path path = fs::path(folder) / word;
    if (word.ends_with(".py") && fs::is_regular_file(path, error)) return path.string();
  }
  return "";
}

Finding LookAtPackages(const config::TrainerConfig& trainer, const std::string& script, const std::string& folder,
                       absl::Duration patience) {
  const std::string& python = trainer.command.front();
  Finding finding{.what = "packages", .health = Health::kMissing, .purpose = "what the trainer's script imports"};
  finding.mend = fmt::format("{} {} says more", python, fs::path(script).filename().string());
  const absl::StatusOr<ProgramRun> ran = RunFor({python, "-c", kMissingModules, script}, folder, patience);
  if (!ran.ok()) {
    finding.found = std::string(ran.status().message());
  } else if (!ran->in_time) {
    finding.health = Health::kWarn;
    finding.found = fmt::format("{} does not answer within {}", python, FormatElapsed(patience));
  } else if (ran->end.exit_code != 0 || ran->end.signal != 0) {
    const std::vector<std::string> lines = LinesOf(ran->err);
    finding.found = fmt::format("{} cannot be read: {}", fs::path(script).filename().string(),
                                lines.empty() ? "Python failed" : lines.back());
  } else if (const std::vector<std::string> modules = LinesOf(ran->out); !modules.empty()) {
    finding.found = fmt::format("{} not found: {}", modules.size() == 1 ? "a module was" : "modules were",
                                fmt::join(modules, ", "));
    finding.mend = fmt::format("{} -m pip install", python);
    for (const std::string& module : modules) {
      // Roost's own package comes with its sources.
      finding.mend += module == "roost" ? " ROOST-SOURCES/python" : " " + PackageOf(module);
    }
  } else {
    finding.health = Health::kOk;
    finding.found = "all are found";
    finding.mend.clear();
  }
  return finding;
}

bool SpeaksOfCuda(const config::TrainerConfig& trainer, const std::string& script) {
  std::string text = trainer.options;
  for (const std::string& word : trainer.command) text += " " + word;
  if (!script.empty()) text += table::ReadTextFile(script).value_or("");
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text.find("cuda") != std::string::npos;
}

Finding LookAtGpu(const std::string& folder, absl::Duration patience) {
  Finding finding{.what = "gpu", .health = Health::kWarn, .purpose = "the trainer's script or options name CUDA"};
  const absl::StatusOr<ProgramRun> ran =
      RunFor({"nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader"}, folder, patience);
  if (!ran.ok()) {
    finding.found = "no GPU of NVIDIA: there is no nvidia-smi";
    finding.mend = "install NVIDIA's driver, or train on the processor";
  } else if (!ran->in_time || ran->end.exit_code != 0 || LinesOf(ran->out).empty()) {
    finding.found = "nvidia-smi sees no GPU";
    finding.mend = "nvidia-smi says why";
  } else {
    finding.health = Health::kOk;
    finding.found = fmt::format("{}", fmt::join(LinesOf(ran->out), "; "));
  }
  return finding;
}

}  // namespace

std::vector<Finding> LookAtTrainer(const config::TrainerConfig& trainer, const std::string& folder,
                                   absl::Duration patience) {
  std::vector<Finding> findings;
  const std::string& program = trainer.command.front();
  const std::string script = ScriptOf(trainer.command, folder);
  const absl::StatusOr<std::string> found = pipeline::FindProgram(program, folder);
  if (!found.ok()) {
    findings.push_back({.what = "trainer",
                        .health = Health::kMissing,
                        .found = std::string(found.status().message()),
                        .purpose = "model.trainer.command",
                        .mend = HintOf(found.status()).empty() ? "install it, or name another in roost.yaml"
                                                               : HintOf(found.status())});
  } else {
    findings.push_back({.what = "trainer", .found = *found, .purpose = "model.trainer.command"});
    if (IsPython(program) && !script.empty()) {
      findings.push_back(LookAtPackages(trainer, script, folder, patience));
    }
  }
  if (SpeaksOfCuda(trainer, script)) findings.push_back(LookAtGpu(folder, patience));
  return findings;
}

}  // namespace roost::api
