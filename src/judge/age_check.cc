#include "judge/age_check.h"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/format.h"
#include "base/time_span.h"

namespace roost::judge {

std::string AgeCheck::ToText() const {
  const absl::Duration old = std::max(age(), absl::ZeroDuration());
  return fmt::format("the newest training data is {} old ({}: {}); max_age allows {}", FormatTimeSpan(old), source,
                     FormatUtcSeconds(learned_until), FormatTimeSpan(limit));
}

Json AgeCheck::ToJson() const {
  return {{"passed", passed()},
          {"learned_until", FormatUtc(learned_until)},
          {"source", source},
          {"judged", FormatUtc(judged)},
          {"age_seconds", absl::ToDoubleSeconds(age())},
          {"max_age_seconds", absl::ToDoubleSeconds(limit)}};
}

}  // namespace roost::judge
