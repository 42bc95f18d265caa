#pragma once

#include <cstdint>
#include <span>

#include "column/batch.h"
#include "column/column_view.h"

namespace roost::profile {

/// Whether AddColumnHashes can read such a column's values, and all that are nested in it.
bool CanHash(const column::ColumnView& column);

/// Adds to each row's hash that of its value in `column`: rows of a table are equal where their sums over all columns
/// are, but for chance (2^-64 for two rows). The order of columns does not matter; `column_seed`, the Hash64 of the
/// column's name, tells them apart. `row_hashes` are as many as the column's rows, and CanHash(column).
///
/// Equal are: nulls; NaN of any bits; -0.0 and 0.0; integers and floats of different widths; 32-bit and 64-bit text and
/// dates; a dictionary's values and plain ones; lists of equal values in the same order; structs whose fields of the
/// same name are equal. Decimals are equal as doubles.
///
/// Cost: about 1 ns a number, 4 ns a text, 1 ns a dictionary's code, 2 ns and 24 bytes more for what is nested.
/// Threads: pure.
void AddColumnHashes(const column::ColumnView& column, uint64_t column_seed, std::span<uint64_t> row_hashes);

/// Adds AddColumnHashes of all columns of `batch`; those that cannot be hashed do not count.
void AddRowHashes(const column::BatchView& batch, std::span<uint64_t> row_hashes);

}  // namespace roost::profile
