#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "column/batch.h"
#include "profile/profile.h"
#include "profile/summary.h"

namespace roost::profile {

/// One column by which rows are cut into slices: by each of its values, or by ranges of its numbers.
struct SliceKey {
  std::string column;
  std::optional<std::string> value;  ///< only the rows with this value
  std::vector<double> bounds;        ///< ascending ends of ranges: [a, b), where the last one takes its end in
  friend bool operator==(const SliceKey&, const SliceKey&) = default;
};

/// Slices of the rows by the values of one column, or by all pairs (triples, ...) of the values of several.
struct SliceSpec {
  std::vector<SliceKey> keys;
  friend bool operator==(const SliceSpec&, const SliceSpec&) = default;
};

/// Reads "origin" (each value), "origin=ATL" (that one), "delay:0|15|60" (ranges), and several of these with commas
/// between them (all combinations). InvalidArgument that names the part.
absl::StatusOr<SliceSpec> ParseSliceSpec(std::string_view text);

/// The profile of all rows, and one for each slice of them. Obeys the law of Profile.
///
/// Cost: that of Profile once more for each slice spec, and about 10 ns a value for gathering the rows.
class SlicedProfile {
 public:
  /// More slices of one spec are an error: they would be too small to tell anything, and each takes memory.
  static constexpr size_t kMaxSlices = 1000;

  explicit SlicedProfile(std::vector<SliceSpec> specs, const ProfileOptions& options = {})
      : specs_(std::move(specs)), options_(options), all_(options) {
    slices_.resize(specs_.size());
  }

  /// Errors as Profile::Add; NotFound for a column that is not there; InvalidArgument for one that cannot be a key, or
  /// has more than kMaxSlices values. A row whose key is null belongs to the slice "column is missing".
  absl::Status Add(const column::BatchView& batch);
  /// `later` has the same specs (ROOST_CHECK).
  absl::Status Merge(const SlicedProfile& later);

  const Profile& all() const { return all_; }
  /// With `slices`: in the order of the specs, each by its name.
  ProfileSummary Summarize() const;

 private:
  std::vector<SliceSpec> specs_;
  ProfileOptions options_;
  Profile all_;
  std::vector<std::map<std::string, Profile>> slices_;  // of each spec
};

}  // namespace roost::profile
