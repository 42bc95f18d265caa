#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "profile/summary.h"
#include "schema/schema.h"

namespace roost::schema {

/// Words and small judgements that validation shares. Private to this folder.

/// "2.4 %", three digits.
std::string ShareText(double share);

/// A foreign text with its control characters escaped, so that a terminal only shows it.
std::string Escaped(std::string_view text);

/// A foreign text in single quotes, control characters escaped, cut to 40 bytes.
std::string Quoted(std::string_view text);

/// "'late' (1,200), 'n/a' (34) and 7 more": the first five.
std::string SampleText(std::span<const profile::ValueCount> samples, size_t total);

/// Whether all of `text`, spaces around it aside, reads as a value of `type` (integer or number).
bool ReadsAs(Type type, std::string_view text);

/// Whether data of type `seen` is what `wanted` asks for.
bool Fits(Type wanted, Type seen);

}  // namespace roost::schema
