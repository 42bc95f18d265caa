#pragma once

#include "absl/status/status.h"
#include "registry/registry.h"

namespace roost::registry {

/// FailedPrecondition, with a hint and naming the first difference, where `there` has a version of a model or a move of
/// an alias that is not in `here`: `there` is then no earlier state of it, and Registry::Restore would mix the two.
absl::Status CheckIsEarlier(const Registry& there, const Registry& here);

}  // namespace roost::registry
