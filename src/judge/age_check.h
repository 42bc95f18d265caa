#pragma once

#include <string>

#include "absl/time/time.h"
#include "base/json.h"

namespace roost::judge {

/// How old what a version has learned is when it is judged.
struct AgeCheck {
  absl::Time learned_until;  ///< the newest training data
  std::string source;        ///< what says so: "the last of its training rows", "flights@3"
  absl::Time judged;
  absl::Duration limit;  ///< above 0

  /// Below 0 where the data is of times to come, which is old to nobody.
  absl::Duration age() const { return judged - learned_until; }
  bool passed() const { return age() <= limit; }

  /// One sentence for people, whether it passed or not.
  std::string ToText() const;
  Json ToJson() const;
};

}  // namespace roost::judge
