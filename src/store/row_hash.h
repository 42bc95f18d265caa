#pragma once

#include <cstdint>
#include <span>

#include <arrow/type_fwd.h>

#include "store/leaf.h"

namespace roost::store {

/// Adds the hash of each value of `array` (not dictionary-encoded) to its row's sum, modulo 2^64.
/// A value hashes to XXH3-64 of its canonical bytes with seed 2 * column_id, a null to that of no bytes with seed
/// 2 * column_id + 1. Integers and times are first widened to 64 bits and floats to doubles, so that widening a column
/// changes no hash. The sums tell rows apart in practice, not against an adversary: nothing relies on them but where
/// tiles are cut and which rows are compared.
void AddValueHashes(const arrow::Array& array, uint64_t column_id, std::span<uint64_t> row_sums);

/// The same of a leaf, not in dictionary form.
void AddLeafHashes(const Leaf& leaf, uint64_t column_id, std::span<uint64_t> row_sums);

}  // namespace roost::store
