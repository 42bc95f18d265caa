// The trainer `boosted_trees`: XGBoost; warm by new trees on top of the parent's, or by new leaves in its trees.

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "api/trainers.h"
#include "base/status.h"
#include "predict/trees.h"
#include "train/boosted_trees.h"
#include "transform/feature_map.h"

namespace roost::api {
namespace {

// The bytes of XGBoost's own model, which a child continues.
constexpr char kTreesPart[] = "trees.ubj";

}  // namespace

}  // namespace roost::api
