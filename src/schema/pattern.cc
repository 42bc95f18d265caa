#include "schema/pattern.h"

#include <algorithm>

#include "base/status.h"
#include "profile/patterns.h"

namespace roost::schema {

absl::StatusOr<Pattern> Pattern::Make(const PatternRule& rule) {
  if (rule.regex.empty() && rule.shapes.empty()) {
    return absl::InvalidArgumentError("there is neither 'regex' nor 'shapes'");
  }
  Pattern pattern(rule);
  if (!rule.regex.empty()) {
    TRY_ASSIGN(pattern.regex_, expr::Pattern::Compile(rule.regex));
  }
  return pattern;
}

bool Pattern::Fits(std::string_view text) const {
  if (regex_.has_value() && !regex_->Matches(text)) return false;
  return rule_.shapes.empty() || std::binary_search(rule_.shapes.begin(), rule_.shapes.end(), profile::PatternOf(text));
}

}  // namespace roost::schema
