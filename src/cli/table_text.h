#pragma once

#include <string>
#include <vector>

namespace roost::cli {

/// Rows of words in columns of equal width, two spaces between them, a line each, without spaces at its end. `align`
/// has one letter a column: 'l' left or 'r' right. Control characters in words are shown as spaces.
std::string AlignColumns(const std::vector<std::vector<std::string>>& rows, const std::string& align);

}  // namespace roost::cli
