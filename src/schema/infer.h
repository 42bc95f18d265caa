#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "profile/profile.h"
#include "profile/summary.h"
#include "schema/schema.h"

namespace roost::schema {

/// How much is read into what was seen.
struct InferOptions {
  int64_t max_values = 1000;       ///< a text with more distinct values gets no list of them
  int64_t max_value_length = 200;  ///< nor one with a longer value, in bytes
  double min_repeats = 2;          ///< nor one whose values come less often than this on average (names, ids)
  double range_margin = 0.5;       ///< a range is widened on each side by this share of its width
  double false_alarms = 0.05;      ///< the share of sound versions that may break any of the inferred bands
};

/// Why a rule is as it is.
struct Explanation {
  std::string column;  ///< "" for the dataset
  std::string rule;    ///< its key in schema.yaml; of bands the statistic too: "bands: spread"
  std::string text;    ///< a sentence with the figures
};

struct Inferred {
  Schema schema;
  std::vector<Explanation> explanations;  ///< one for each rule, in the schema's order
};

/// A schema that `summary` fulfils: InferFrom one version.
Schema Infer(const profile::ProfileSummary& summary, const InferOptions& options = {});

/// A schema that all `versions`, oldest first, fulfil. The newest one says which columns there are; one that an older
/// version after its first lacked is optional. Types, and columns that had every value, become errors; all other
/// guesses start as warnings, on trial where docs/schema.md says so.
///
/// - missing: never seen gives "none may be missing", an error; else at most twice the greatest share that was seen.
/// - range: from least to greatest finite value, widened by `range_margin` and rounded outwards to two digits of its
///   width; it does not cross zero where no value did.
/// - values: all values of a text whose exact list is short (see InferOptions). Lists that are equal, or of more than
///   10 values each and shared by more than half (Jaccard), become one domain.
/// - nan, infinity: a warning where there were none. duplicates: a warning where no version of several had any, in
/// texts
///   and integers. order: where no neighbours were out of it.
/// - holds, times, words, images: where all texts (of the last two: most) are such. pattern: where at most three shapes
///   with digits or signs in them are all that was seen. lengths, embedding: of lists.
/// - bands: see below; for integers and numbers that do not count or name things.
/// - drift: InferDriftLimits (drift.h) where `profiles`, those of the versions, are given.
///
/// Bands, where every version has at least 100 values. From three versions on a band is a prediction interval: with
/// mean m, standard deviation s and number n of the versions' figures, m +/- t s sqrt(1 + 1/n), with the quantile t of
/// Student's distribution with n - 1 degrees of freedom at 1 - false_alarms / (2 number of bands), so that the next
/// version of a sound source breaks any band with at most that chance. Spread and distinct are taken by their
/// logarithms, shares by the arcsine of their square root; s is at least 1 % of the spread (2 % of spread and distinct,
/// sampling error and half a per cent of shares), and no band is narrower than what was seen. With fewer versions there
/// are two bands: of the spread, from a third of the least to three times the greatest, and of the median, as far to
/// both sides as a quarter of the spread.
///
/// The spread's band also has the limits beyond which it is an error from the start: a tenth of the least and ten times
/// the greatest spread seen. That is what finds a change of unit that neither type nor range shows (minutes to hours,
/// cents to euros). They are left out where the spread says little: versions that differ by more than three times, or
/// outermost percentiles more than ten times as far apart as the 5th and the 95th.
///
/// Confirmations are counted along (Confirm): each of the last three versions is held against what the ones before it
/// would have given. Without rows only names and types are inferred.
/// Cost: that of four inferences and of validating three versions; 50 µs for each band.
Inferred InferFrom(std::span<const profile::ProfileSummary> versions, const InferOptions& options = {},
                   std::span<const profile::Profile* const> profiles = {});

/// The rules of one column, as Infer makes them, without those that need the other columns.
ColumnRules InferColumn(const profile::ColumnSummary& column, const InferOptions& options = {});

/// What the values are beyond their type (texts that are numbers, times or natural language, binary values that are
/// images): adds the rule to `rules` and says it ("all texts are integers"), or returns "". Needs 100 values.
std::string AddMeaning(const profile::ColumnSummary& column, ColumnRules& rules);

/// The largest missing share to allow after `share` was seen: twice that, rounded up to two digits, at most 1.
double MissingShareAbove(double share);

/// The range to allow after values from `min` to `max`, or nothing where that is beyond what doubles can hold.
std::optional<RangeRule> RangeAround(double min, double max, bool integer, const InferOptions& options = {});

}  // namespace roost::schema
