#include "api/environment.h"

#include <gnu/libc-version.h>
#include <sys/utsname.h>

#include <filesystem>

#include <arrow/config.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "api/schema.h"
#include "base/hash.h"
#include "base/shared_library.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "table/text_file.h"

namespace roost::api {
namespace {

/// "3.2.0"; "" where the library does not say.
std::string XgboostVersion() {
  const absl::StatusOr<SharedLibrary> library = SharedLibrary::Open("libxgboost.so");
  void (*version)(int*, int*, int*) = nullptr;
  if (!library.ok() || !library->Find("XGBoostVersion", version).ok()) return "";
  int major = 0;
  int minor = 0;
  int patch = 0;
  version(&major, &minor, &patch);
  return fmt::format("{}.{}.{}", major, minor, patch);
}

absl::StatusOr<Json> SchemaNow(const Project& project, const std::string& dataset) {
  const std::string path = project.SchemaPath(dataset);
  const absl::StatusOr<std::string> text = table::ReadTextFile(path);
  if (absl::IsNotFound(text.status())) return Json(nullptr);
  TRY(text.status());
  Json json{{"file", std::filesystem::path(path).filename().string()}, {"digest", Sha256(*text).ToHex()}};
  // A schema that cannot be read stops no training: what it is is told all the same.
  const absl::StatusOr<schema::Schema> schema = ReadSchema(project, dataset);
  const bool is_confirmed = schema.ok() && schema->confirmed_version.has_value();
  json["confirmed_version"] = is_confirmed ? Json(*schema->confirmed_version) : Json(nullptr);
  return json;
}

}  // namespace

absl::StatusOr<Json> EnvironmentNow(const Project& project, const config::ModelConfig& model,
                                    const std::string& dataset, const Context& context) {
  Json libraries{{"arrow", arrow::GetBuildInfo().version_string}, {"libc", gnu_get_libc_version()}};
  if (model.trainer.kind == config::TrainerKind::kBoostedTrees) libraries["xgboost"] = XgboostVersion();
  utsname system{};
  uname(&system);
  Json environment{{"roost", ROOST_VERSION},
                   {"libraries", std::move(libraries)},
                   {"system", fmt::format("{} {}", system.sysname, system.release)},
                   {"processor", system.machine},
                   {"threads", context.pool->num_threads()}};
  TRY_ASSIGN(environment["schema"], SchemaNow(project, dataset));
  return environment;
}

absl::StatusOr<Json> LoadEnvironment(Project& project, const registry::ModelVersion& version) {
  const absl::StatusOr<std::string> text = project.registry().LoadPart(version, kEnvironmentPart);
  if (absl::IsNotFound(text.status())) return Json(nullptr);
  TRY(text.status());
  return ParseJson(*text, fmt::format("the environment of {}", version.ToString()));
}

}  // namespace roost::api
