#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace roost::cli {

/// Rows of words in columns of equal width, two spaces between them, a line each, without spaces at its end. `align`
/// has one letter a column: 'l' left or 'r' right. Control characters of ASCII in words are shown as spaces,
/// others and bytes that are not UTF-8 as "\\xc2\\x9b".
std::string AlignColumns(const std::vector<std::vector<std::string>>& rows, const std::string& align);

/// "1 row", "1,200 rows": a number of things whose plural has an s.
std::string CountOf(int64_t count, std::string_view thing);

}  // namespace roost::cli
