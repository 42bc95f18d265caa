#pragma once

#include "base/declared.h"
#include "config/project.h"

namespace roost::config {

/// The section `serve` of roost.yaml.
Declaration<ServeConfig> DeclareServe();

}  // namespace roost::config
