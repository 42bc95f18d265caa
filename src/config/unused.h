#pragma once

#include <string>
#include <vector>

#include "base/declared_values.h"
#include "config/project.h"

namespace roost::config {

/// A key of roost.yaml that makes no difference.
struct UnusedKey {
  std::string key;  ///< "model.trainer.decay"
  int line = 1;
  std::string reason;       ///< for people, without a full stop
  bool is_default = false;  ///< it says what holds without it; else what other keys say takes its effect

  friend bool operator==(const UnusedKey&, const UnusedKey&) = default;
};

/// Those of a file that was read without errors as `project` and as `values`, by line. Only what the file itself can
/// tell: what hangs on the data is asked for elsewhere.
std::vector<UnusedKey> FindUnused(const DeclaredValues& values, const ProjectConfig& project);

/// The value at `path` in `values` ("model.features[0].column"); null where there is none.
const Json* FindValue(const Json& values, const std::string& path);

/// The line of the key at `path`, or of the nearest one around it that is written.
int LineOf(const DeclaredValues& values, const std::string& path);

}  // namespace roost::config
