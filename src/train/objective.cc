#include "train/objective.h"

#include <algorithm>
#include <cmath>

#include "base/status.h"
#include "base/thread_pool.h"

namespace roost::train {
namespace {

constexpr int64_t kMaxGroups = 16;
constexpr size_t kMaxSums = (size_t{128} << 20) / sizeof(double);
constexpr int64_t kMinRowsOfGroup = 4096;
constexpr int64_t kBlockRows = 128;  // at once: what a block needs stays in the cache from step to step
constexpr int64_t kSampledRows = 64;

// Enough groups for the cores of one machine, few enough that the groups' sums stay within 128 MiB.
// Depends on the data alone: it decides the order of additions.
int64_t NumGroups(int64_t num_rows, size_t num_sums) {
  const auto that_fit = static_cast<int64_t>(std::max<size_t>(1, kMaxSums / num_sums));
  return std::max<int64_t>(1, std::min({kMaxGroups, that_fit, num_rows / kMinRowsOfGroup}));
}

}  // namespace

Objective::Objective(const Problem& problem, const LossShape& shape, const Context& context)
    : problem_(problem),
      shape_(shape),
      context_(context),
      outputs_(static_cast<size_t>(problem.outputs)),
      size_(static_cast<size_t>(problem.design->num_features()) + 1),
      num_rows_(problem.design->num_rows()),
      curvatures_(static_cast<size_t>(num_rows_) * outputs_) {}

absl::StatusOr<std::vector<double>> Objective::SumOverRows(size_t num_sums, int64_t step, const AddRows& add) const {
  const int64_t block_rows = step == 1 ? kBlockRows : kSampledRows;
  const int64_t num_groups = NumGroups(num_rows_, num_sums);
  std::vector<std::vector<double>> sums(static_cast<size_t>(num_groups));
  std::vector<int64_t> read(static_cast<size_t>(num_groups));
  const absl::Status added =
      context_.pool->ParallelFor(static_cast<size_t>(num_groups), [&](size_t group) -> absl::Status {
        sums[group].resize(num_sums);
        const int64_t index = static_cast<int64_t>(group);
        const int64_t end = num_rows_ * (index + 1) / num_groups;
        for (int64_t row = num_rows_ * index / num_groups; row < end; row += block_rows * step) {
          if (row % (kBlockRows * 16) < kBlockRows) TRY(context_.CheckCancelled());
          const int64_t block_end = std::min(end, row + block_rows);
          add(row, block_end, sums[group]);
          read[group] += block_end - row;
        }
        return absl::OkStatus();
      });
  TRY(added);
  std::vector<double>& total = sums[0];
  for (size_t group = 1; group < sums.size(); ++group) {
    for (size_t i = 0; i < num_sums; ++i) total[i] += sums[group][i];
  }
  if (step > 1) {
    for (double& sum : total) sum *= static_cast<double>(step);
  }
  for (const int64_t rows : read) rows_read_ += rows;
  return std::move(total);
}

std::span<const double> Objective::WeightsOf(int64_t begin, int64_t end) const {
  if (problem_.weights.empty()) return {};
  return problem_.weights.subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
}

void Objective::Finish(std::span<const double> vector, std::span<double> sums) const {
  for (size_t i = 0; i < sums.size(); ++i) {
    if (!IsIntercept(i)) sums[i] += problem_.l2 * vector[i];
    sums[i] /= problem_.total_weight;
  }
}

absl::StatusOr<Evaluation> Objective::Evaluate(std::span<const double> parameters) {
  const std::vector<double> inner = problem_.design->ToInner(parameters, outputs_);
  const size_t inner_size = problem_.design->InnerSize(outputs_);
  // The gradient, and the loss behind it.
  const auto add = [&](int64_t begin, int64_t end, std::span<double> out) {
    const size_t numbers = static_cast<size_t>(end - begin) * outputs_;
    const size_t first = static_cast<size_t>(begin) * outputs_;
    const std::span<const double> targets =
        problem_.targets.subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
    const std::span<double> state = std::span(curvatures_).subspan(first, numbers);
    double slopes_on_stack[kBlockRows];
    std::vector<double> slopes_of_classes(outputs_ > 1 ? numbers : 0);
    if (outputs_ > 1) {
      problem_.design->Margins(begin, end, inner, outputs_, state);
      out.back() += AddSoftmaxLosses(state, problem_.outputs, targets, WeightsOf(begin, end), slopes_of_classes);
      problem_.design->AddTransposed(begin, end, slopes_of_classes, outputs_, out.first(inner_size));
      return;
    }
    double margins[kBlockRows];
    const std::span<double> slopes(slopes_on_stack, numbers);
    problem_.design->Margins(begin, end, inner, 1, {margins, numbers});
    out.back() += AddLosses(shape_, {margins, numbers}, targets, WeightsOf(begin, end), slopes, state);
    problem_.design->AddTransposed(begin, end, slopes, 1, out.first(inner_size));
  };
  TRY_ASSIGN(std::vector<double> sums, SumOverRows(inner_size + 1, 1, add));
  Evaluation evaluation;
  evaluation.loss = (sums.back() + problem_.offset) / problem_.total_weight;
  sums.pop_back();
  evaluation.gradient = problem_.design->FromInner(sums, outputs_);
  Finish(parameters, evaluation.gradient);
  double square = 0;
  for (size_t i = 0; i < parameters.size(); ++i) square += IsIntercept(i) ? 0 : parameters[i] * parameters[i];
  evaluation.objective = evaluation.loss + problem_.l2 / 2 * square / problem_.total_weight;
  return evaluation;
}

void Objective::BlockFactors(int64_t begin, int64_t end, size_t k, size_t l, std::span<double> factors) const {
  for (int64_t row = begin; row < end; ++row) {
    const double* state = &curvatures_[static_cast<size_t>(row) * outputs_];
    double& factor = factors[static_cast<size_t>(row - begin)];
    if (outputs_ == 1) {
      factor = state[0];
      continue;
    }
    const double weight = problem_.weights.empty() ? 1 : problem_.weights[static_cast<size_t>(row)];
    factor = weight * (k == l ? state[k] * (1 - state[k]) : -state[k] * state[l]);
  }
}

absl::StatusOr<std::vector<double>> Objective::Hessian(int64_t step) const {
  const size_t num_sums = problem_.design->num_gram_sums();
  const size_t num_blocks = outputs_ * (outputs_ + 1) / 2;
  const auto add = [&](int64_t begin, int64_t end, std::span<double> out) {
    double factors[kBlockRows];
    const std::span<double> of_rows(factors, static_cast<size_t>(end - begin));
    for (size_t k = 0; k < outputs_; ++k) {
      for (size_t l = 0; l <= k; ++l) {
        BlockFactors(begin, end, k, l, of_rows);
        problem_.design->AddGram(begin, end, of_rows, out.subspan((k * (k + 1) / 2 + l) * num_sums, num_sums));
      }
    }
  };
  TRY_ASSIGN(const std::vector<double> sums, SumOverRows(num_sums * num_blocks, step, add));
  const size_t n = num_parameters();
  std::vector<double> hessian(n * n);
  for (size_t k = 0; k < outputs_; ++k) {
    for (size_t l = 0; l <= k; ++l) {
      const auto first = sums.begin() + static_cast<std::ptrdiff_t>((k * (k + 1) / 2 + l) * num_sums);
      const std::vector<double> block =
          problem_.design->FinishGram({first, first + static_cast<std::ptrdiff_t>(num_sums)});
      for (size_t i = 0; i < size_; ++i) {
        // The blocks are symmetric; only their lower triangles are there.
        for (size_t j = 0; j < (k == l ? i + 1 : size_); ++j) {
          hessian[(k * size_ + i) * n + l * size_ + j] =
              block[std::max(i, j) * size_ + std::min(i, j)] / problem_.total_weight;
        }
      }
    }
  }
  for (size_t i = 0; i < n; ++i) hessian[i * n + i] += IsIntercept(i) ? 0 : problem_.l2 / problem_.total_weight;
  return hessian;
}

absl::StatusOr<std::vector<double>> Objective::MeanHessian(int64_t step) const {
  const auto add = [&](int64_t begin, int64_t end, std::span<double> out) {
    double factors[kBlockRows];
    double of_output[kBlockRows];
    const auto rows = static_cast<size_t>(end - begin);
    std::fill_n(factors, rows, 0.0);
    for (size_t k = 0; k < outputs_; ++k) {
      BlockFactors(begin, end, k, k, {of_output, rows});
      for (size_t i = 0; i < rows; ++i) factors[i] += of_output[i] / static_cast<double>(outputs_);
    }
    problem_.design->AddGram(begin, end, {factors, rows}, out);
  };
  TRY_ASSIGN(std::vector<double> sums, SumOverRows(problem_.design->num_gram_sums(), step, add));
  std::vector<double> hessian = problem_.design->FinishGram(std::move(sums));
  for (double& x : hessian) x /= problem_.total_weight;
  for (size_t i = 0; i + 1 < size_; ++i) hessian[i * size_ + i] += problem_.l2 / problem_.total_weight;
  return hessian;
}

absl::StatusOr<std::vector<double>> Objective::OutputHessians(int64_t step) const {
  const size_t num_sums = problem_.design->num_gram_sums();
  const auto add = [&](int64_t begin, int64_t end, std::span<double> out) {
    double factors[kBlockRows];
    const std::span<double> of_rows(factors, static_cast<size_t>(end - begin));
    for (size_t k = 0; k < outputs_; ++k) {
      BlockFactors(begin, end, k, k, of_rows);
      problem_.design->AddGram(begin, end, of_rows, out.subspan(k * num_sums, num_sums));
    }
  };
  TRY_ASSIGN(const std::vector<double> sums, SumOverRows(num_sums * outputs_, step, add));
  std::vector<double> hessians;
  for (size_t k = 0; k < outputs_; ++k) {
    const auto first = sums.begin() + static_cast<std::ptrdiff_t>(k * num_sums);
    std::vector<double> block = problem_.design->FinishGram({first, first + static_cast<std::ptrdiff_t>(num_sums)});
    for (double& x : block) x /= problem_.total_weight;
    for (size_t i = 0; i + 1 < size_; ++i) block[i * size_ + i] += problem_.l2 / problem_.total_weight;
    hessians.insert(hessians.end(), block.begin(), block.end());
  }
  return hessians;
}

absl::StatusOr<std::vector<double>> Objective::HessianDiagonal() const {
  const auto add = [&](int64_t begin, int64_t end, std::span<double> out) {
    double factors[kBlockRows];
    const std::span<double> of_rows(factors, static_cast<size_t>(end - begin));
    for (size_t k = 0; k < outputs_; ++k) {
      BlockFactors(begin, end, k, k, of_rows);
      problem_.design->AddSquares(begin, end, of_rows, out.subspan(k * size_, size_));
    }
  };
  TRY_ASSIGN(std::vector<double> diagonal, SumOverRows(num_parameters(), 1, add));
  Finish(std::vector<double>(diagonal.size(), 1.0), diagonal);
  return diagonal;
}

absl::StatusOr<std::vector<double>> Objective::HessianTimes(std::span<const double> vector) const {
  const std::vector<double> inner = problem_.design->ToInner(vector, outputs_);
  const size_t inner_size = problem_.design->InnerSize(outputs_);
  const auto add = [&](int64_t begin, int64_t end, std::span<double> out) {
    std::vector<double> products(static_cast<size_t>(end - begin) * outputs_);
    problem_.design->Margins(begin, end, inner, outputs_, products);
    const double* state = &curvatures_[static_cast<size_t>(begin) * outputs_];
    if (outputs_ == 1) {
      for (size_t i = 0; i < products.size(); ++i) products[i] *= state[i];
    }
    for (int64_t row = begin; row < end && outputs_ > 1; ++row, state += outputs_) {
      double* product = &products[static_cast<size_t>(row - begin) * outputs_];
      const double weight = problem_.weights.empty() ? 1 : problem_.weights[static_cast<size_t>(row)];
      double mean = 0;
      for (size_t k = 0; k < outputs_; ++k) mean += state[k] * product[k];
      for (size_t k = 0; k < outputs_; ++k) product[k] = weight * state[k] * (product[k] - mean);
    }
    problem_.design->AddTransposed(begin, end, products, outputs_, out);
  };
  TRY_ASSIGN(const std::vector<double> sums, SumOverRows(inner_size, 1, add));
  std::vector<double> product = problem_.design->FromInner(sums, outputs_);
  Finish(vector, product);
  return product;
}

absl::StatusOr<double> Objective::HingeLoss(std::span<const double> parameters) const {
  const std::vector<double> inner = problem_.design->ToInner(parameters, 1);
  const auto add = [&](int64_t begin, int64_t end, std::span<double> out) {
    const auto size = static_cast<size_t>(end - begin);
    double margins[kBlockRows];
    problem_.design->Margins(begin, end, inner, 1, {margins, size});
    out[0] +=
        HingeLosses({margins, size}, problem_.targets.subspan(static_cast<size_t>(begin), size), WeightsOf(begin, end));
  };
  TRY_ASSIGN(const std::vector<double> sum, SumOverRows(1, 1, add));
  return sum[0] / problem_.total_weight;
}

}  // namespace roost::train
