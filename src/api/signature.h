#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "absl/status/status.h"
#include "base/json.h"
#include "predict/model.h"

namespace roost::api {

/// What a request to a model must bring and what it gets: the part signature.json of a package.
Json SignatureOf(const predict::ScoringModel& model);

/// InvalidArgument, naming the difference, where `declared`, which a user wrote in the form of SignatureOf, does not
/// have the inputs of `model`, in any order, and, where it lists outputs, those. `what` names it in messages.
absl::Status CheckSignature(const Json& declared, const predict::ScoringModel& model, const std::string& what);

}  // namespace roost::api
