#include <cmath>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "base/status.h"
#include "column/builder.h"
#include "profile/association.h"
#include "profile/profile.h"

namespace roost::profile {
namespace {

constexpr int kRows = 5'000;

// What scipy and scikit-learn were given: uniform numbers from a linear congruential generator.
class Uniform {
 public:
  double Next() {
    state_ = state_ * 6'364'136'223'846'793'005 + 1'442'695'040'888'963'407;
    return static_cast<double>(state_ >> 32) * 0x1p-32;
  }

 private:
  uint64_t state_ = 42;
};

column::OwnedBatch OracleRows() {
  Uniform uniform;
  std::vector<std::optional<double>> a;
  std::vector<std::optional<double>> b;
  std::vector<std::optional<double>> late_number;
  std::vector<std::optional<std::string>> color;
  std::vector<std::optional<std::string>> late;
  for (int row = 0; row < kRows; ++row) {
    const double x = uniform.Next();
    const double v = uniform.Next();
    const double w = uniform.Next();
    const double z = uniform.Next();
    a.push_back(x);
    b.push_back(1e9 + 1000 * (x + v));
    color.push_back(w < 0.5 ? "red" : w < 0.8 ? "green" : "blue");
    late.push_back(z < (*color.back() == "blue" ? 0.9 : 0.2 + 0.3 * (x > 0.5)) ? "late" : "in time");
    late_number.push_back(*late.back() == "late" ? 1 : 0);
  }
  column::BatchBuilder builder;
  builder.Numbers("a", a).Numbers("b", b).Texts("color", color).Texts("late", late);
  return builder.Numbers("late as number", late_number).Build();
}

// The profile of these rows, with the uniform numbers' true percentiles, which the oracle used as bins.
ProfileSummary OracleSummary(const column::BatchView& rows) {
  Profile profile;
  EXPECT_TRUE(profile.Add(rows).ok());
  ProfileSummary summary = profile.Summarize();
  for (int q = 0; q <= 100; ++q) summary.columns[0].number->percentiles[static_cast<size_t>(q)] = q / 100.0;
  return summary;
}

AssociationSummary Associated(const ProfileSummary& summary, const AssociationOptions& options,
                              const column::BatchView& rows) {
  auto plan = AssociationPlan::Make(summary, options);
  EXPECT_TRUE(plan.ok()) << plan.status();
  AssociationState state(std::make_shared<const AssociationPlan>(*std::move(plan)));
  const absl::Status added = state.Add(rows);
  EXPECT_TRUE(added.ok()) << added;
  return state.Summarize();
}

// scipy.stats.pearsonr, numpy.cov(bias=True).
TEST(AssociationOracle, CorrelationAndCovarianceAreThoseOfScipy) {
  const auto rows = OracleRows();
  const AssociationSummary summary =
      Associated(OracleSummary(rows.view()), {.correlated = {"a", "b", "late as number"}}, rows.view());
  ASSERT_EQ(summary.correlations.size(), 3u);
  EXPECT_EQ(summary.correlations[0].rows, kRows);
  EXPECT_NEAR(*summary.correlations[0].correlation, 0.7024313546560612, 1e-11);
  EXPECT_NEAR(*summary.correlations[0].covariance, 82.43591145443439, 1e-7);
  EXPECT_EQ(summary.correlations[1].second, "late as number");
  EXPECT_NEAR(*summary.correlations[1].correlation, 0.2239872354568434, 1e-11);
}

// sklearn.metrics.mutual_info_score and scipy.stats.entropy over the same bins, in bits, with Miller and Madow's terms.
TEST(AssociationOracle, MutualInformationIsThatOfScikitLearn) {
  const auto rows = OracleRows();
  const AssociationSummary summary =
      Associated(OracleSummary(rows.view()), {.label = "late", .features = {"color", "a"}}, rows.view());
  ASSERT_EQ(summary.features.size(), 2u);
  EXPECT_NEAR(summary.label_entropy, 0.9940969771830548, 1e-12);
  EXPECT_NEAR(summary.features[0].mutual_information, 0.17316810874928018, 1e-12);
  EXPECT_NEAR(summary.features[1].mutual_information, 0.04806662699378817, 1e-12);
}

TEST(AssociationOracle, LiftIsTheRatioOfTwoShares) {
  const auto rows = OracleRows();
  const AssociationSummary summary =
      Associated(OracleSummary(rows.view()), {.label = "late", .features = {"color"}}, rows.view());
  const Lift& greatest = summary.features[0].lifts.front();
  EXPECT_EQ(greatest.value, "blue");
  EXPECT_EQ(greatest.label, "late");
  EXPECT_EQ(greatest.count, 943);
  EXPECT_EQ(greatest.value_count, 1'037);
  EXPECT_EQ(greatest.label_count, 2'274);
  EXPECT_DOUBLE_EQ(greatest.lift, (943.0 / 1'037) / (2'274.0 / kRows));
  EXPECT_EQ(summary.features[0].lifts.back().value, "blue");
  EXPECT_EQ(summary.features[0].lifts.back().label, "in time");
}

// R squared of sklearn's LinearRegression, adjusted: more than the bins reach, which lose what differs within them.
TEST(AssociationOracle, TheLineIsThatOfScikitLearn) {
  const auto rows = OracleRows();
  const AssociationSummary summary =
      Associated(OracleSummary(rows.view()), {.label = "b", .features = {"a"}}, rows.view());
  EXPECT_NEAR(*summary.features[0].power, 0.4933084494221174, 1e-9);
}

// A row of the definition: which bin, which class or number.
struct Row {
  size_t bin;
  size_t label;
  double number;
};

// By the definition in association.h, row by row, each left out.
double PowerForClasses(const std::vector<Row>& rows, size_t classes) {
  double of_bins = 0;
  double of_all = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    std::vector<double> bin(classes);
    std::vector<double> others(classes);
    double in_bin = 1;
    for (size_t j = 0; j < rows.size(); ++j) {
      bin[rows[j].label] += 1.0 / static_cast<double>(rows.size());
      if (j == i) continue;
      others[rows[j].label] += 1.0 / static_cast<double>(rows.size() - 1);
      if (rows[j].bin != rows[i].bin) continue;
      bin[rows[j].label] += 1;
      in_bin += 1;
    }
    for (size_t k = 0; k < classes; ++k) {
      const double truth = rows[i].label == k ? 1 : 0;
      of_bins += (bin[k] / in_bin - truth) * (bin[k] / in_bin - truth);
      of_all += (others[k] - truth) * (others[k] - truth);
    }
  }
  return std::max(0.0, 1 - of_bins / of_all);
}

double PowerForNumbers(const std::vector<Row>& rows) {
  const auto count = static_cast<double>(rows.size());
  double sum = 0;
  for (const Row& row : rows) sum += row.number;
  double of_bins = 0;
  double of_all = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    double in_bin = sum / count;
    double rows_in_bin = 1;
    for (size_t j = 0; j < rows.size(); ++j) {
      if (j == i || rows[j].bin != rows[i].bin) continue;
      in_bin += rows[j].number;
      rows_in_bin += 1;
    }
    const double mean_of_others = (sum - rows[i].number) / (count - 1);
    of_bins += std::pow(rows[i].number - in_bin / rows_in_bin, 2);
    of_all += std::pow(rows[i].number - mean_of_others, 2);
  }
  return std::max(0.0, 1 - of_bins / of_all);
}

TEST(AssociationOracle, PowerIsWhatPredictingRowByRowGives) {
  std::mt19937 random(5);
  for (int round = 0; round < 20; ++round) {
    std::vector<Row> rows;
    std::vector<std::optional<std::string>> features;
    std::vector<std::optional<std::string>> classes;
    std::vector<std::optional<double>> numbers;
    for (size_t row = 0; row < 150; ++row) {
      const size_t bin = random() % 6;
      const size_t label = random() % 3 == 0 ? bin % 3 : random() % 3;
      const double number =
          static_cast<double>(random() % 1'000) + (round % 2 == 0 ? 300.0 * static_cast<double>(bin) : 0);
      rows.push_back({bin, label, number});
      features.push_back(bin == 5 ? std::nullopt
                                  : std::optional<std::string>(std::string(1, static_cast<char>('a' + bin))));
      classes.push_back(std::string(1, static_cast<char>('x' + label)));
      numbers.push_back(number);
    }
    column::BatchBuilder builder;
    const auto batch = builder.Texts("feature", features).Texts("class", classes).Numbers("number", numbers).Build();
    Profile profile;
    ASSERT_TRUE(profile.Add(batch.view()).ok());
    const AssociationSummary of_class =
        Associated(profile.Summarize(), {.label = "class", .features = {"feature"}}, batch.view());
    EXPECT_NEAR(*of_class.features[0].power, PowerForClasses(rows, 3), 1e-9);
    const AssociationSummary of_number =
        Associated(profile.Summarize(), {.label = "number", .features = {"feature"}}, batch.view());
    EXPECT_NEAR(*of_number.features[0].power, PowerForNumbers(rows), 1e-9);
    EXPECT_EQ(of_number.label_is_class, false);
  }
}

}  // namespace
}  // namespace roost::profile
