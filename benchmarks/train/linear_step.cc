#include <nlohmann/json.hpp>

#include "base/status.h"
#include "dump.h"
#include "step.h"
#include "steps.h"
#include "train/linear.h"

namespace roost::benchmark {
namespace {

// Row after row the intercept of an output and its weights.
std::vector<double> WeightRows(const train::LinearFit& fit) {
  const size_t width = fit.weights.size() / fit.intercepts.size();
  std::vector<double> rows;
  for (size_t output = 0; output < fit.intercepts.size(); ++output) {
    rows.push_back(fit.intercepts[output]);
    const auto begin = fit.weights.begin() + static_cast<std::ptrdiff_t>(output * width);
    rows.insert(rows.end(), begin, begin + static_cast<std::ptrdiff_t>(width));
  }
  return rows;
}

}  // namespace

absl::StatusOr<Json> LinearStep(Words words, const Context& context) {
  TRY_ASSIGN(const Dump dump, ReadDump(words[0]));
  const train::LinearOptions options{.loss = dump.num_classes == 2 ? train::Loss::kLogistic : train::Loss::kSoftmax,
                                     .l2 = dump.l2,
                                     .max_iterations = 1'000,
                                     .tolerance = std::stod(words[1])};
  const Step step(std::stoll(words[2]));
  TRY_ASSIGN(const train::LinearFit fit, train::FitLinear(dump.Rows(), options, nullptr, context));
  Json said{{"wall", step.wall()},       {"cpu", step.cpu()},    {"iterations", fit.iterations},
            {"passes", fit.passes},      {"solver", fit.solver}, {"gradient_norm", fit.gradient_norm},
            {"converged", fit.converged}};
  TRY(WriteDoubles(words[3], WeightRows(fit)));
  return said;
}

}  // namespace roost::benchmark
