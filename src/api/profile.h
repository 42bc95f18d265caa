#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "profile/association.h"
#include "profile/distance.h"
#include "profile/profile.h"
#include "profile/slices.h"
#include "table/format.h"

namespace roost::api {

struct ProfileRequest {
  /// Dataset versions of the project, paths, globs; "-" is stdin. All their rows go into one profile, so they have the
  /// same columns; the order of the sources is that of the rows.
  std::vector<std::string> sources;
  std::string project = ".";            ///< the folder in or above which a project is looked for
  std::optional<table::Format> format;  ///< of files and of stdin; absent: what their names or contents say
  profile::ProfileOptions options;      ///< weights and words
  std::vector<profile::SliceSpec> slices;
  std::string label;                    ///< what the other columns are held against; empty: nothing
  std::vector<std::string> correlated;  ///< columns of which every pair is correlated
};

struct ProfileResponse {
  std::string name;  ///< "flights@3", "may.csv", "2 sources"
  profile::Profile profile;
  profile::ProfileSummary summary;  ///< with the slices
  std::optional<profile::AssociationSummary> associations;
};

/// The statistics of the rows of all sources. A project is opened only where a source may be one of its datasets, so
/// files are profiled anywhere: "-", globs, paths with a slash, and files that are there and end in .csv, .parquet and
/// so on are files; other names are datasets first, then files.
///
/// Versions: profiles that are kept are merged, no row is read; others are computed. Files: read once, in memory that
/// does not depend on their rows; texts of CSV that are not UTF-8 are counted as such. A CSV column whose later values
/// are not of the type that the first 8 MB had is read again, as numbers with fractions or as text. Weights, words and
/// slices are counted over all rows, on one thread; a label or correlations take a second pass, on all.
/// Errors: those of files and versions; InvalidArgument, naming source, column and types, where columns differ; those
/// of SlicedProfile and AssociationPlan.
absl::StatusOr<ProfileResponse> ProfileData(const ProfileRequest& request, const Context& context);

/// How far one column's values are from those of another dataset.
struct ColumnDistances {
  std::string column;
  profile::Comparison comparison;
};

/// For each column, nested ones too, that both have and whose values can be compared.
std::vector<ColumnDistances> CompareProfiles(const ProfileResponse& now, const ProfileResponse& baseline);

}  // namespace roost::api
