#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"

namespace roost::api {

/// How something stands that Roost works with.
enum class Health {
  kOk,
  kWarn,     ///< Roost works without it, or what is not certain
  kMissing,  ///< something that this project needs does not work
};

/// "ok", "warn", "missing".
std::string_view HealthName(Health health);

struct Finding {
  std::string what;  ///< a word: "database"
  Health health = Health::kOk;
  std::string found;    ///< how it is, or what is wrong
  std::string purpose;  ///< what needs it
  std::string mend;     ///< the command that mends it, or what to do; empty where all is well
};

struct DoctorRequest {
  std::string folder = ".";                      ///< in a project or not
  absl::Duration patience = absl::Seconds(1.5);  ///< for each look at what may hang; all are taken at once
};

struct DoctorResponse {
  std::string project;  ///< its folder; empty: none here
  std::vector<Finding> findings;
};

/// Looks at what Roost and the project work with: workspace, schema, code, disk, libraries, trainer, GPU, port. What is
/// there stays as it is; a small object is written and deleted again. What may hang or crash (servers, libraries,
/// programs) is looked at by processes that are killed when `patience` is over; this program is one of them:
/// `doctor --probe NAME`, see doctor_probes.h.
DoctorResponse Doctor(const DoctorRequest& request);

}  // namespace roost::api
