#pragma once

#include <string>
#include <vector>

namespace roost::cli {

/// Rows of words in columns of equal width, two spaces between them, a line each. `align` has one letter a column: 'l'
/// left or 'r' right. The last column is not padded.
std::string AlignColumns(const std::vector<std::vector<std::string>>& rows, const std::string& align);

}  // namespace roost::cli
