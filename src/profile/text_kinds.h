#pragma once

#include <optional>
#include <span>

#include "profile/summary.h"
#include "profile/value_sample.h"

namespace roost::profile {

/// What `texts` could be read as, as shares of the weight of those that are not empty; nothing where all are empty.
///
/// - integer: digits with or without a sign, a number of 64 bits; number: of any size, nan and inf too
///   (base/number_text.h). A leading + is allowed, spaces are not.
/// - boolean: true, false, yes, no, on, off, t, f, y, n in any case. 0 and 1 are integers only.
/// - time: in the format (time_formats.h) that most of the weight fits; of formats that as much fits, the first.
/// - words: at least three words with letters between white space in the first 100 characters, whose mean length (of
///   letters and digits) is 2.5 to 8, as TFDV tells natural language.
///
/// Cost: up to 1 µs a text.
std::optional<TextKinds> KindsOf(std::span<const WeightedText> texts);

}  // namespace roost::profile
