#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "api/doctor.h"
#include "config/model.h"

namespace roost::api {

/// Whether the program of an external trainer can be run, the Python packages that its script imports are there, and,
/// where the script or its options speak of CUDA, whether there is a GPU.
std::vector<Finding> LookAtTrainer(const config::TrainerConfig& trainer, const std::string& folder,
                                   absl::Duration patience);

}  // namespace roost::api
