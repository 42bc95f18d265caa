#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "profile/summary.h"

namespace roost::report {

/// Why a person should look at a column. In the order of their greatest weights.
enum class Suspicion {
  kAllMissing,        ///< no row has a value
  kMixedTimes,        ///< texts that are times in more than one format
  kInvalidUtf8,       ///< texts that are not UTF-8
  kNearlyNumbers,     ///< texts of which most are numbers and some are not
  kManyMissing,       ///< at least 5 % of the rows have no value
  kConstant,          ///< all values are the same
  kNotFinite,         ///< NaN or infinities
  kTextNumbers,       ///< texts that are all numbers
  kStandIns,          ///< "n/a", -999 and the like, which stand for missing values
  kStrangeTimes,      ///< times before 1900 or after 2100, or a column that begins exactly at 1970-01-01
  kAlmostConstant,    ///< at least 99 % of the values are the same
  kFarOutliers,       ///< ends that lie more than ten times the middle half's width away from it
  kTextTimes,         ///< texts that are all times of one format
  kBrokenImages,      ///< bytes of which some are images and some are not
  kAlmostUnique,      ///< an identifier with a few repeated values
  kEmptyTexts,        ///< at least 1 % empty texts, or empty texts beside missing ones
  kTextBooleans,      ///< texts that are all true or false
  kRarePatterns,      ///< one shape of texts rules, a few values have another
  kFewNegative,       ///< less than 1 % of the numbers are negative
  kHeavySkew,         ///< skewness beyond 3
  kMostlyZero,        ///< at least half of the numbers are 0
  kMostlyEmptyLists,  ///< at least half of the lists are empty
  kIdentifier,        ///< every value came once
};

/// One reason, in words.
struct Finding {
  Suspicion what = Suspicion::kAllMissing;
  double weight = 0;     ///< 0 to 100; grows with the share of rows concerned
  std::string sentence;  ///< "41 % of the rows have no value."
};

/// From this weight on a finding is one that nearly always is a fault of the data.
inline constexpr double kStrong = 40;

/// "all missing", "texts that are numbers": a few words.
std::string_view Label(Suspicion what);

/// What is suspicious about `column` by itself (its children are asked apart), the heaviest first. Pure; the
/// thresholds and weights stand in the .cc, one function for each family.
std::vector<Finding> FindingsOf(const profile::ColumnSummary& column);

/// How suspicious a column is with these findings, for sorting: the heaviest weight, and a tenth of the others, so that
/// one grave fault outweighs many small ones.
double ScoreOf(const std::vector<Finding>& findings);

}  // namespace roost::report
