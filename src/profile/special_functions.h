#pragma once

namespace roost::profile {

// Tails of the distributions that tests and prediction bounds need. Pure; any number of threads.

/// Chance that a chi-square variable with `degrees` degrees of freedom is at least `statistic` (>= 0): the regularised
/// upper incomplete gamma function Q(degrees / 2, statistic / 2), from Eigen (after Cephes). Relative error below 1e-8
/// up to 262,144 degrees, more than two columns of exact text counts can have; 1 for no degrees.
double ChiSquareTail(double statistic, double degrees);

/// Chance that the Kolmogorov distribution gives at least `lambda` (>= 0): the limit of the two-sample test's
/// sqrt(n m / (n + m)) D. Absolute error below 1e-15.
/// Source: Marsaglia, Tsang and Wang, "Evaluating Kolmogorov's Distribution" (J. Stat. Softw. 8(18), 2003), section 1:
/// the two series, each where it converges fast.
double KolmogorovTail(double lambda);

/// The t such that Student's distribution with `degrees` (>= 1) degrees of freedom is at most t with `probability`
/// (0.5 to below 1). Found by halving intervals of the incomplete beta function, to the last bits; about 50 µs.
double StudentQuantile(double probability, double degrees);

}  // namespace roost::profile
