#pragma once

#include <string>

#include "api/project.h"
#include "base/context.h"
#include "base/json.h"
#include "config/model.h"

namespace roost::api {

/// The part of a package that says where its training ran: program, libraries, machine, schema of the data. The same
/// training elsewhere is the same version, so it does not count where versions are compared.
inline constexpr char kEnvironmentPart[] = "environment.json";

/// What is so now, for a training of `model` on a version of `dataset`. Without a schema.yaml its `schema` is null.
absl::StatusOr<Json> EnvironmentNow(const Project& project, const config::ModelConfig& model,
                                    const std::string& dataset, const Context& context);

/// That of a version; null where it has none, as those of older programs and from elsewhere.
absl::StatusOr<Json> LoadEnvironment(Project& project, const registry::ModelVersion& version);

}  // namespace roost::api
