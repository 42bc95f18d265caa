#pragma once

#include <vector>

#include "schema/infer.h"

namespace roost::schema {

/// Gives columns with the same known values, or nearly the same, one domain: lists that are equal, or of more than 10
/// values each of which more than half are in both (Jaccard). A domain has the name of its first column, and as many
/// values as a list may have. Private to this folder.
void ShareDomains(const InferOptions& options, Inferred& inferred);

}  // namespace roost::schema
