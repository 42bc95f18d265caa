#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "train/fit_state.h"
#include "train/training_rows.h"

namespace roost::train {

/// The loss of a row with margin m = intercept + weights . features and target y; for the binary losses s is 1 where
/// the target is 1, and -1 where it is 0.
enum class Loss {
  kSquared,       ///< (m - y)^2 / 2; any finite y. scikit-learn: Ridge, Lasso, ElasticNet
  kLogistic,      ///< log(1 + exp(-s m)). LogisticRegression
  kSoftmax,       ///< log(sum of exp(m_k)) - m_y, one margin a class. LogisticRegression of several classes
  kHinge,         ///< max(0, 1 - s m). SVC(kernel='linear'), but LinearSVC also penalises its intercept
  kSquaredHinge,  ///< max(0, 1 - s m)^2. LinearSVC's loss, whose intercept is penalised there
  kPoisson,       ///< exp(m) - y m; y >= 0. PoissonRegressor
};

/// How the minimum is found; the minimum is the same but for kFtrl, whose answer depends on the order of the rows.
enum class Solver {
  /// FTRL is never chosen. With l1 > 0: kProximal. Else where parameters (outputs * (features + 1)) are at most
  /// max_dense_features: kNewton if rows have at most 32 entries on average, so that a Hessian costs but a few passes,
  /// else kNewtonCg; and above max_dense_features kNewtonCg.
  kAuto,
  kNewton,    ///< Newton's method (IRLS) with the whole Hessian, and a backtracking line search
  kNewtonCg,  ///< trust-region Newton: the Hessian is only multiplied with vectors
  kProximal,  ///< proximal Newton: coordinate descent on the quadratic model, for l1 > 0
  kFtrl,      ///< FTRL-proximal: a stream is read once (or `passes` times); no convergence is claimed
};

/// "squared", "logistic", "softmax", "hinge", "squared_hinge", "poisson".
std::string_view LossName(Loss loss);
/// "auto", "newton", "newton_cg", "proximal", "ftrl".
std::string_view SolverName(Solver solver);

/// What is minimised, with W = sum of the rows' weights:
///     objective = (sum of weight_i * loss_i + l2/2 * |w|^2 + l1 * |w|_1) / W
/// where w are all weights without the intercepts, which no penalty touches.
///
/// scikit-learn's names: LogisticRegression, LinearSVC, SVC: C = 1 / l2 (elastic net: C = 1 / (l1 + l2),
/// l1_ratio = l1 / (l1 + l2)). Ridge: alpha = l2. PoissonRegressor: alpha = l2 / W. Lasso and ElasticNet:
/// alpha = (l1 + l2) / W, l1_ratio = l1 / (l1 + l2). kSquaredHinge with l2 = 2 / C minimises what LinearSVC(C) does,
/// up to a factor, but for the intercept.
struct LinearOptions {
  Loss loss = Loss::kLogistic;
  double l2 = 1.0;  ///< at least 0; with 0, classes that a plane separates have no finite solution
  double l1 = 0.0;  ///< at least 0; sets weights to exactly 0
  Solver solver = Solver::kAuto;
  int64_t max_iterations = 100;  ///< outer iterations (Newton steps) at most; at least 1
  /// Converged when no component of the objective's gradient is larger; with l1 of its subgradient of least norm. For
  /// kHinge also when the objective is proved to be within tolerance * max(1, objective) of the minimum.
  double tolerance = 1e-6;
  int64_t passes = 1;       ///< kFtrl: how often the rows are read; at least 1
  double ftrl_alpha = 0.1;  ///< kFtrl: the learning rate, > 0
  double ftrl_beta = 1.0;   ///< kFtrl: what is added to the root of the sum of squared gradients, >= 0
  /// Up to so many parameters the Hessian may be built whole (20 bytes * parameters^2, and at most 128 MiB of sums).
  int32_t max_dense_features = 2000;
  Resumption<LinearState> resumption;  ///< asked after each step; kFtrl: every 4,096 rows
};

/// A fitted model. K outputs: one a class for kSoftmax, else 1.
struct LinearFit {
  std::vector<double> intercepts;  ///< K
  std::vector<double> weights;     ///< K rows of num_features, row after row
  std::string solver;              ///< SolverName of what was used
  int64_t iterations = 0;          ///< Newton steps; kFtrl: rows read
  /// Passes over the rows: each evaluation of loss and gradient, Hessian, product with the Hessian and sweep of
  /// coordinate descent is one; parts of passes are added up, and their sum is rounded up. Checking the rows and
  /// bringing them into the solver's form is not counted, nor is finding out again where an interrupted fit was.
  int64_t passes = 0;
  double gradient_norm = 0;  ///< see LinearOptions::tolerance; in the largest component
  double loss = 0;           ///< sum of weight * loss / W, without penalties
  double objective = 0;      ///< what was minimised
  bool converged = false;
  std::string reason;  ///< why the search ended, in words: "the gradient is within the tolerance", ...
  /// kFtrl: z and then n of every parameter (K rows of num_features + 1, the intercept last): a stream goes on from
  /// here. Empty otherwise.
  std::vector<double> ftrl_state;
};

/// Fits a linear model.
///
/// Algorithms: Newton with Armijo's line search (Boyd & Vandenberghe, Convex Optimization, 9.5); trust-region Newton
/// (Lin & More, SIAM J. Optim. 9, 1999) whose steps are cut short as by Steihaug (1983), preconditioned by the Hessian
/// of a part of the rows where it may be built whole, by a block of it for each output where those may, else by its
/// diagonal, and as exact as the last one was good (Eisenstat & Walker, SIAM J. Sci. Comput. 17, 1996); proximal Newton
/// as in newGLMNET (Yuan, Ho & Lin, JMLR 13, 2012); FTRL-proximal (McMahan et al., KDD 2013) over mini-batches of 16
/// rows. kHinge is not smooth: max(0, 1 - s m) is replaced by a parabola of width mu next to the bend, and mu falls to
/// tolerance step by step. The smooth loss is nowhere above the hinge and at most mu/2 below it, so that its minimum
/// proves how far the hinge's objective is from its own; `loss` and `objective` are the hinge's.
/// Rows of categories are brought into a shorter form, in which equal rows are one; rows that have all features are
/// read as the matrix that they are.
///
/// `start`, a fit of the same shape (null: none), is where the search begins if it is no worse than no weights and the
/// best constant, which is where it begins otherwise; with kFtrl its ftrl_state is taken up (without one, its weights).
/// Same bits for any number of threads.
///
/// InvalidArgument for no rows, targets or weights that are not one a row or out of range (a class without rows is
/// too; a constant target is an error for the losses of classes, and a mean of 0 for kPoisson), weights that are all
/// 0, features that are not finite, not below num_features or not strictly ascending within their row (the message
/// names the first such row, counted from 0), a `start` or a state of another shape, options out of range, a solver
/// that cannot do the loss or the penalty, and features so large that sums overflow. A fit that did not converge is not
/// an error: it says so. Cancelled as the context says. Reports a stage "train" in iterations, with the loss (kFtrl: in
/// passes). Cost: 4 to 10 Newton steps as a rule; 16 bytes a row and output of memory beside the rows, 4 bytes an
/// entry where rows are sparse and features many, up to 384 MiB for the blocks of outputs, and for l1 with more than
/// max_dense_features parameters a copy of the entries.
absl::StatusOr<LinearFit> FitLinear(const TrainingRows& rows, const LinearOptions& options, const LinearFit* start,
                                    const Context& context);

}  // namespace roost::train
