#include "train/linear.h"

#include "base/status.h"
#include "train/logistic.h"

namespace roost::train {

absl::StatusOr<LinearFit> FitLinear(const TrainingRows& rows, const LinearOptions& options, const LinearFit* start,
                                    const Context& context) {
  if (options.loss != Loss::kLogistic || start != nullptr) return absl::UnimplementedError("not yet");
  std::vector<int8_t> labels;
  for (const double target : rows.targets) labels.push_back(static_cast<int8_t>(target));
  const LogisticOptions logistic{
      .l2 = options.l2, .max_iterations = options.max_iterations, .tolerance = options.tolerance};
  TRY_ASSIGN(LogisticFit fit, FitLogistic(*rows.features, labels, logistic, std::nullopt, context));
  return LinearFit{.intercepts = {fit.intercept},
                   .weights = fit.weights,
                   .solver = "newton",
                   .iterations = fit.iterations,
                   .gradient_norm = fit.gradient_norm,
                   .loss = fit.loss,
                   .objective = fit.objective,
                   .converged = fit.converged};
}

}  // namespace roost::train
