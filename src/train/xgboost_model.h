#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "predict/trees.h"
#include "train/boosted_trees.h"

namespace roost::train {

/// XGBoost's saved model (JSON text, as of 3.x) for predict::TreesPredictor::Make. InvalidArgument for other objectives
/// than those of FitTrees, other boosters than trees with one value a leaf, and JSON that is no such model, whatever it
/// holds.
absl::StatusOr<predict::TreesModel> ReadXgboostModel(std::string_view model);

/// The same model over other features, as `features` (one an old feature) says; the new ones are `num_features`, of
/// which is_category (empty: none) tells the kind. FailedPrecondition, with the reason, where a split needs a feature
/// that is gone or is of the other kind now. Thresholds are rounded to floats where a feature was rescaled.
absl::StatusOr<std::string> MapXgboostModel(std::string_view model, std::span<const ParentFeature> features,
                                            int32_t num_features, std::span<const uint8_t> is_category);

/// `refreshed` with each leaf as decay * old + (1 - decay) * refreshed. FailedPrecondition where the trees' structures
/// differ.
absl::StatusOr<std::string> BlendXgboostLeaves(std::string_view old, std::string_view refreshed, double decay);

}  // namespace roost::train
