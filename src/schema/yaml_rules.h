#pragma once

#include <memory>

#include "base/declared.h"

namespace roost::schema {

/// The keys of schema.yaml by part. Private to this folder.
std::shared_ptr<const DeclaredKeys> ColumnKeys();    ///< ColumnRules
std::shared_ptr<const DeclaredKeys> DatasetKeys();   ///< DatasetRules
std::shared_ptr<const DeclaredKeys> DomainKeys();    ///< Domain
std::shared_ptr<const DeclaredKeys> SparseKeys();    ///< SparseFeature
std::shared_ptr<const DeclaredKeys> WeightedKeys();  ///< WeightedFeature
std::shared_ptr<const DeclaredKeys> CustomKeys();    ///< CustomRule

}  // namespace roost::schema
