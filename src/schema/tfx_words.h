#pragma once

#include <array>
#include <cstdlib>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "profile/distance.h"
#include "schema/schema.h"

namespace roost::schema {

/// What TFX and Roost call the same thing, for both directions. Private to this folder.

/// Formats of integer times: TimeDomain.integer_format, TimesRule::formats.
inline constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kTfxUnixFormats{{
    {"UNIX_DAYS", "unix days"},
    {"UNIX_SECONDS", "unix seconds"},
    {"UNIX_MILLISECONDS", "unix milliseconds"},
    {"UNIX_MICROSECONDS", "unix microseconds"},
    {"UNIX_NANOSECONDS", "unix nanoseconds"},
}};

/// Values of lifecycle_stage. DEPRECATED is Presence::kDeprecated when it is read.
inline constexpr std::array<std::pair<std::string_view, Stage>, 7> kTfxStages{{
    {"PLANNED", Stage::kPlanned},
    {"ALPHA", Stage::kAlpha},
    {"BETA", Stage::kBeta},
    {"PRODUCTION", Stage::kProduction},
    {"DEBUG_ONLY", Stage::kDebugOnly},
    {"DISABLED", Stage::kDisabled},
    {"VALIDATION_DERIVED", Stage::kDerived},
}};

/// Fields of a FeatureComparator.
inline constexpr std::array<std::pair<std::string_view, profile::Measure>, 3> kTfxMeasures{{
    {"infinity_norm", profile::Measure::kLInfinity},
    {"jensen_shannon_divergence", profile::Measure::kJensenShannon},
    {"normalized_abs_difference", profile::Measure::kNormalizedAbsoluteDifference},
}};

/// Marks of what values are, without bounds.
inline constexpr std::array<std::pair<std::string_view, Content>, 5> kTfxMarks{{
    {"url_domain", Content::kUrl},
    {"mid_domain", Content::kEntity},
    {"audio_domain", Content::kAudio},
    {"video_domain", Content::kVideo},
    {"content_chunk_domain", Content::kContentChunk},
}};

/// The deriver of a DerivedRule with an expression, which then is the description.
inline constexpr std::string_view kTfxExpressionDeriver = "roost expression";

/// A 32-bit float as people would write it: 0.1 for the float next to it.
inline double Decimal(float value) { return std::strtod(fmt::format("{}", value).c_str(), nullptr); }

/// 1 - share as people would write it: 0.1 for 0.9. Twice gives the same again for up to 15 digits.
inline double Complement(double share) { return std::strtod(fmt::format("{:.15g}", 1 - share).c_str(), nullptr); }

}  // namespace roost::schema
