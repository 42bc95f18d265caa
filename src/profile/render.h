#pragma once

#include <string>

#include "base/json.h"
#include "profile/summary.h"

namespace roost::profile {

/// `summary` for programs: the members of the structs of summary.h under their own names; docs/formats/profile.md lists
/// them. Top values are cut to 20; where there were more, "top_cut" is true. Figures that do not exist are null.
Json ToJson(const ProfileSummary& summary);

/// `summary` for people: one table each for numbers, times, text and the rest, in lines of at most `width` columns
/// where that is 80 or more. Times are ISO 8601 in UTC; characters that a terminal would obey are shown as "\x1b".
std::string ToText(const ProfileSummary& summary, int width);

}  // namespace roost::profile
