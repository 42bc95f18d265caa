#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "api/labelled_rows.h"
#include "base/context.h"
#include "profile/profile.h"

namespace roost::api {

/// A column that says nearly all about the label: more likely it knows the label than predicts it.
struct Leak {
  std::string column;
  double power = 0;  ///< 0 to 1, see profile::LabelAssociation::power
};

/// The columns among `columns` that alone predict the label of the training rows nearly without error, the worst
/// first. `profile` is that of the training rows. One pass over them.
absl::StatusOr<std::vector<Leak>> FindLeaks(const LabelledData& data, const std::vector<std::string>& columns,
                                            const profile::Profile& profile, const Context& context);

}  // namespace roost::api
