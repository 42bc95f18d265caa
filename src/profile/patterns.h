#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "profile/summary.h"
#include "profile/value_sample.h"

namespace roost::profile {

constexpr size_t kMaxPatterns = 10;
/// Bytes of a pattern; longer ones are cut there, at a character, and end with "...".
constexpr size_t kMaxPatternBytes = 64;

/// The shape of `text`: letters are A (upper case) or a, digits 9, other characters themselves; a run of more than four
/// of a kind is shown once with a "+" behind it. "SFO-2001" is "AAA-9999", "Sacramento" is "Aa+". Characters are told
/// by KindOf (characters.h); what is not UTF-8 is shown as U+FFFD.
std::string PatternOf(std::string_view text);

/// The patterns of `texts` with their share of the whole weight and their heaviest text as example: by falling share,
/// then by pattern, at most kMaxPatterns. Cost: about 0.1 µs a text of a dozen characters.
std::vector<PatternShare> PatternsOf(std::span<const WeightedText> texts);

}  // namespace roost::profile
