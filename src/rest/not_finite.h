#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace roost::rest {

/// TF Serving takes the tokens NaN, Infinity and -Infinity for numbers, which JSON does not know (RapidJSON's
/// kParseNanAndInfFlag). This writes {"NaN":0} and so on in their place, outside of strings; nothing where there is no
/// such token. Cost: about 1 ns a byte.
std::optional<std::string> MarkNotFinite(std::string_view json);

/// Appends a number as TF Serving does: whole ones as "7.0"; NaN, Infinity and -Infinity as these tokens.
void AppendTfNumber(double value, std::string& json);

}  // namespace roost::rest
