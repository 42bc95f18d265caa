#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "absl/status/statusor.h"
#include "api/project.h"
#include "base/json.h"
#include "registry/registry.h"

namespace roost::api {

/// What a configuration says, with its defaults.
struct Configuration {
  std::string name;  ///< "roost.yaml", "old.yaml", "late-flights@2"
  Json values;       ///< config/resolved.h
};

/// The one of `reference`: "." is the project's own, a file's name that of the file, anything else is a model version
/// ("late-flights@2", "late-flights@champion"), which keeps that of its training. A project is opened for a version
/// only. The errors of ParseProject; NotFound.
absl::StatusOr<Configuration> ReadConfiguration(const std::string& folder, const std::string& reference);

/// That of a version's training: from the values that are kept with it, else (versions of older programs) what its
/// roost.yaml means to this program. InvalidArgument for a version that was trained elsewhere.
absl::StatusOr<Configuration> ConfigurationOf(Project& project, const registry::ModelVersion& version);

/// The values by their keys (FlatValues) as one model sees them: what stands under `models.NAME` is told as if under
/// `model`, other models are left out.
std::map<std::string, std::string> KeysOfModel(const Json& values, const std::string& model);

/// Something that a person should look at in roost.yaml.
struct ConfigFinding {
  enum class Kind {
    kError,    ///< it is refused, or what it names is not there: a command that needs it will refuse
    kWarning,  ///< what it names is not there, and nothing fails for it
    kUnused,   ///< it has no effect beside what other keys say
    kDefault,  ///< the same holds without it
  };

  Kind kind = Kind::kError;
  std::string file = kConfigName;
  int line = 0;         ///< 0: of no line
  std::string key;      ///< "model.trainer.decay"; empty where the message names it
  std::string message;  ///< for people, without a full stop
  std::string hint;
};

/// "error", "warning", "unused", "default".
std::string_view KindName(ConfigFinding::Kind kind);

struct ConfigCheck {
  std::vector<ConfigFinding> findings;  ///< by kind, then by line
  std::vector<std::string> unchecked;   ///< what could not be looked at, and why
  int64_t keys = 0;                     ///< that are written

  int64_t Count(ConfigFinding::Kind kind) const;
};

/// Looks at roost.yaml of the project in or above `folder`, and at its schema.yaml: what is wrong, what names something
/// that is not there, what makes no difference. Changes nothing. FailedPrecondition where there is no project; what is
/// wrong in the files is no error of this call.
absl::StatusOr<ConfigCheck> CheckConfig(const std::string& folder);

}  // namespace roost::api
