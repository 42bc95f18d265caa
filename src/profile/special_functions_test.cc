#include "profile/special_functions.h"

#include <gtest/gtest.h>

namespace roost::profile {
namespace {

void ExpectClose(double got, double want, double tolerance) { EXPECT_NEAR(got / want, 1, tolerance) << want; }

// scipy.stats.chi2.sf(statistic, degrees), SciPy 1.17.1.
TEST(ChiSquareTail, AgreesWithSciPy) {
  ExpectClose(ChiSquareTail(3.841458820694124, 1), 0.04999999999999989, 1e-12);
  ExpectClose(ChiSquareTail(0.5, 3), 0.9188914116546758, 1e-12);
  ExpectClose(ChiSquareTail(20, 10), 0.029252688076961124, 1e-12);
  ExpectClose(ChiSquareTail(120, 100), 0.08440668109369177, 1e-12);
  ExpectClose(ChiSquareTail(1000, 900), 0.010994608942135844, 1e-11);
  ExpectClose(ChiSquareTail(66000, 65535), 0.09970784924015072, 1e-9);
  ExpectClose(ChiSquareTail(131500, 131071), 0.2009358500067261, 1e-9);
  ExpectClose(ChiSquareTail(900, 5), 2.6614147330185637e-192, 1e-10);
}

TEST(ChiSquareTail, IsOneWithoutADifferenceOrWithoutDegrees) {
  EXPECT_EQ(ChiSquareTail(0, 7), 1);
  EXPECT_EQ(ChiSquareTail(3, 0), 1);
}

// scipy.special.kolmogorov(lambda), SciPy 1.17.1: both series and the seam between them.
TEST(KolmogorovTail, AgreesWithSciPy) {
  ExpectClose(KolmogorovTail(0.2), 0.999999999999495, 1e-14);
  ExpectClose(KolmogorovTail(0.5), 0.9639452436648751, 1e-14);
  ExpectClose(KolmogorovTail(0.9), 0.3927307079406543, 1e-14);
  ExpectClose(KolmogorovTail(1.179), 0.12403722444011726, 1e-13);
  ExpectClose(KolmogorovTail(1.18), 0.1234538094297657, 1e-13);
  ExpectClose(KolmogorovTail(1.36), 0.049485876755377876, 1e-13);
  ExpectClose(KolmogorovTail(2.5), 7.453306344157342e-06, 1e-12);
  ExpectClose(KolmogorovTail(5), 3.8574996959278356e-22, 1e-12);
}

TEST(KolmogorovTail, IsOneWithoutADifference) {
  EXPECT_EQ(KolmogorovTail(0), 1);
  EXPECT_EQ(KolmogorovTail(1e-10), 1);
}

// scipy.stats.t.ppf(probability, degrees), SciPy 1.17.1.
TEST(StudentQuantile, AgreesWithSciPy) {
  ExpectClose(StudentQuantile(0.95, 1), 6.313751514675037, 1e-12);
  ExpectClose(StudentQuantile(0.975, 2), 4.302652729749462, 1e-12);
  ExpectClose(StudentQuantile(0.99, 5), 3.3649299989072174, 1e-12);
  ExpectClose(StudentQuantile(0.9975, 3), 7.453318505150679, 1e-12);
  ExpectClose(StudentQuantile(0.999, 30), 3.3851848668293045, 1e-11);
  ExpectClose(StudentQuantile(0.99, 1000), 2.330082674755513, 1e-11);
  ExpectClose(StudentQuantile(0.99995, 1), 6366.197671316637, 1e-10);
  EXPECT_EQ(StudentQuantile(0.5, 4), 0);
}

}  // namespace
}  // namespace roost::profile
