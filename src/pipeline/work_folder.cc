#include "pipeline/work_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/status.h"

namespace roost::pipeline {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLock = "lock";          // empty; its lock is the folder's
constexpr const char* kTraining = "training";  // the name of the training whose checkpoint lies there
constexpr const char* kConfig = "config.json";
constexpr const char* kSchema = "schema.json";
constexpr const char* kEmptied[] = {"train", "evaluate", "parent", "output"};
constexpr const char* kNewConfig = "config.json.new";  // before it is renamed
constexpr const char* kKnown[] = {kLock,      kTraining, kConfig,  kNewConfig,   kSchema,  "train",
                                  "evaluate", "parent",  "output", "checkpoint", "log.txt"};

absl::Status FileError(const std::error_code& error, std::string_view what) { return ErrnoStatus(error.value(), what); }

absl::Status MakeFolder(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  return error ? FileError(error, fmt::format("making the folder {}", path)) : absl::OkStatus();
}

absl::Status Remove(const std::string& path) {
  std::error_code error;
  fs::remove_all(path, error);
  return error ? FileError(error, fmt::format("removing {}", path)) : absl::OkStatus();
}

absl::Status WriteFile(const std::string& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.close();
  return file ? absl::OkStatus() : ErrnoStatus(errno, fmt::format("writing {}", path));
}

std::string TextOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// What is emptied must be ours: a folder with other things in it is a slip of whoever named it.
absl::Status CheckOurs(const std::string& path) {
  std::error_code error;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (std::find(std::begin(kKnown), std::end(kKnown), name) == std::end(kKnown)) {
      return absl::AlreadyExistsError(fmt::format("{} is no folder of a trainer: it holds '{}'", path, name));
    }
  }
  return error ? FileError(error, fmt::format("reading the folder {}", path)) : absl::OkStatus();
}

absl::StatusOr<int> Lock(const std::string& path) {
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file < 0) return ErrnoStatus(errno, fmt::format("opening {}", path));
  if (flock(file, LOCK_EX | LOCK_NB) == 0) return file;
  close(file);
  return WithHint(absl::AbortedError("another training of the same model is under way in this project"),
                  "Wait for it, or stop it; what it has learned so far is in its checkpoint.");
}

/// The files of a folder, as paths that begin at the work folder, sorted.
absl::StatusOr<Json> PartsIn(const std::string& work_folder, const char* name) {
  std::vector<std::string> parts;
  std::error_code error;
  for (fs::directory_iterator entry(fs::path(work_folder) / name, error), end; !error && entry != end;
       entry.increment(error)) {
    parts.push_back(fmt::format("{}/{}", name, entry->path().filename().string()));
  }
  if (error) return FileError(error, fmt::format("reading {}/{}", work_folder, name));
  std::sort(parts.begin(), parts.end());
  if (parts.empty()) {
    return absl::InvalidArgumentError(fmt::format("a trainer needs rows: {}/{} is empty", work_folder, name));
  }
  return Json(parts);
}

absl::Status CheckConfig(const TrainerConfig& config) {
  if (config.columns.empty() == config.features.empty()) {
    return absl::InvalidArgumentError("a trainer gets either columns or features");
  }
  if (config.parent.has_value() && config.parent->features.size() != config.features.size()) {
    return absl::InvalidArgumentError(fmt::format("the parent's map has {} features, the training has {}",
                                                  config.parent->features.size(), config.features.size()));
  }
  return absl::OkStatus();
}

Json ParentToJson(const TrainerConfig& config) {
  if (!config.parent.has_value()) return nullptr;
  Json features = Json::array();
  for (const ParentFeature& feature : config.parent->features) {
    features.push_back({{"old", feature.old}, {"scale", feature.scale}, {"shift", feature.shift}});
  }
  return Json{{"model", config.parent->model},
              {"folder", "parent"},
              {"columns", config.parent->columns},
              {"classes", config.parent->classes},
              {"features", features}};
}

Json ColumnsToJson(const std::vector<TrainerColumn>& columns) {
  Json json = Json::array();
  for (const TrainerColumn& column : columns) json.push_back({{"name", column.name}, {"kind", column.kind}});
  return json;
}

Json LimitsToJson(const TrainerLimits& limits) {
  const auto or_null = [](auto limit) { return limit > 0 ? Json(limit) : Json(nullptr); };
  return Json{{"seconds", or_null(limits.seconds)},
              {"memory_bytes", or_null(limits.memory_bytes)},
              {"grace_seconds", limits.grace_seconds},
              {"model_bytes", limits.model_bytes},
              {"output_bytes", limits.output_bytes}};
}

}  // namespace

absl::StatusOr<WorkFolder> WorkFolder::Open(std::string path, std::string_view training) {
  TRY(MakeFolder(path));
  std::error_code error;
  path = fs::canonical(path, error).string();
  if (error) return FileError(error, "finding the folder of the trainer");
  TRY(CheckOurs(path));
  TRY_ASSIGN(const int lock, Lock(path + "/" + kLock));
  WorkFolder folder(path, std::string(training), lock);
  for (const char* name : kEmptied) {
    TRY(Remove(path + "/" + name));
    TRY(MakeFolder(path + "/" + name));
  }
  TRY(Remove(path + "/" + kConfig));
  TRY(Remove(path + "/" + kSchema));
  // The name changes when the checkpoint of another training has gone, never before.
  if (TextOf(path + "/" + kTraining) != training) {
    TRY(Remove(folder.Checkpoint()));
    TRY(WriteFile(path + "/" + kTraining, training));
  }
  TRY(MakeFolder(folder.Checkpoint()));
  folder.resumes_ = !fs::is_empty(folder.Checkpoint(), error);
  return folder;
}

WorkFolder::~WorkFolder() {
  if (lock_ >= 0) close(lock_);
}

WorkFolder::WorkFolder(WorkFolder&& other) noexcept
    : path_(std::move(other.path_)),
      training_(std::move(other.training_)),
      resumes_(other.resumes_),
      lock_(std::exchange(other.lock_, -1)) {}

WorkFolder& WorkFolder::operator=(WorkFolder&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(training_, other.training_);
  std::swap(resumes_, other.resumes_);
  std::swap(lock_, other.lock_);
  return *this;
}

std::string WorkFolder::TrainPart(int64_t number) const {
  return fmt::format("{}/train/part-{:05}.parquet", path_, number);
}
std::string WorkFolder::EvaluatePart(int64_t number) const {
  return fmt::format("{}/evaluate/part-{:05}.parquet", path_, number);
}
std::string WorkFolder::Schema() const { return path_ + "/" + kSchema; }
std::string WorkFolder::Parent() const { return path_ + "/parent"; }
std::string WorkFolder::Checkpoint() const { return path_ + "/checkpoint"; }
std::string WorkFolder::Output() const { return path_ + "/output"; }

absl::Status WorkFolder::WriteParentFile(std::string_view path, std::string_view bytes) const {
  const fs::path relative = fs::path(path).lexically_normal();
  if (relative.empty() || relative.is_absolute() || *relative.begin() == "..") {
    return absl::InvalidArgumentError(fmt::format("a file of the parent is named '{}', outside of its folder", path));
  }
  const fs::path target = fs::path(Parent()) / relative;
  TRY(MakeFolder(target.parent_path().string()));
  return WriteFile(target.string(), bytes);
}

absl::Status WorkFolder::WriteConfig(const TrainerConfig& config, const TrainerLimits& limits) const {
  TRY(CheckConfig(config));
  TRY_ASSIGN(const Json train, PartsIn(path_, "train"));
  TRY_ASSIGN(const Json evaluate, PartsIn(path_, "evaluate"));
  TRY_ASSIGN(const Json options, ParseJson(config.options, "the trainer's options"));
  if (!options.is_object()) return absl::InvalidArgumentError("the trainer's options are no JSON object");
  const Json json = {
      {"contract", kTrainerContract},
      {"model", config.model},
      {"training", training_},
      {"task", config.task},
      {"classes", config.classes},
      {"seed", config.seed},
      {"threads", config.threads},
      {"options", options},
      {"input", config.columns.empty() ? "features" : "columns"},
      {"columns", ColumnsToJson(config.columns)},
      {"features", config.features},
      {"target", "__target"},
      {"weight", "__weight"},
      {"paths",
       {{"train", train},
        {"evaluate", evaluate},
        {"schema", fs::exists(Schema()) ? Json(kSchema) : Json(nullptr)},
        {"checkpoint", "checkpoint"},
        {"output", "output"}}},
      {"parent", ParentToJson(config)},
      {"limits", LimitsToJson(limits)},
  };
  // Renamed into its place: a trainer sees all of it or nothing.
  const std::string path = path_ + "/" + kConfig;
  const std::string written = path_ + "/" + kNewConfig;
  TRY(WriteFile(written, ToText(json)));
  std::error_code error;
  fs::rename(written, path, error);
  return error ? FileError(error, fmt::format("writing {}", path)) : absl::OkStatus();
}

}  // namespace roost::pipeline
