#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "transform/features.h"

namespace roost::evaluate {

/// How much features say the same of a row. A declared feature is a block of the feature vector: one number, or a place
/// for each word.

/// The modified RV coefficient of each two blocks, row-major: how alike the blocks tell rows apart, whatever turns and
/// scales lie between them. Of two blocks of one number it is about the square of Pearson's correlation; 1 for equal
/// blocks and their multiples, about 0 for independent ones however many places they have, and below 0 by chance only.
/// Block b is [first[b], first[b + 1]) of the feature vector; `first` ends with the number of features. An entry that
/// is absent is 0. Of many rows some are taken, evenly. A block that is the same in all rows has 0 with every other.
/// Source: Smilde, Kiers, Bijlsma, Rubingh and van Erk, "Matrix correlations for high-dimensional data: the modified
/// RV-coefficient", Bioinformatics 25(3), 2009.
/// Cost: for n rows (512 at most) and B blocks n^2 B (B + entries a row) / 2 operations and 4 n^2 B / 2 bytes, for
/// which n becomes smaller from 500 blocks on.
std::vector<double> BlockCorrelations(const transform::FeatureRows& rows, std::span<const int32_t> first);

/// Blocks that hang together by correlations of at least `least`, each group ascending, by their first; groups of one
/// are left out. `correlations` as BlockCorrelations.
std::vector<std::vector<size_t>> CorrelatedGroups(std::span<const double> correlations, double least);

}  // namespace roost::evaluate
