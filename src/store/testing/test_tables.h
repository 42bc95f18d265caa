#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <arrow/type_fwd.h>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "store/commit.h"

namespace roost::store {

class Store;

/// `rows` rows: a number, a name with nulls, and a text that does not compress. Row r is the same for every number of
/// rows, so tables of one seed share their beginnings.
std::shared_ptr<arrow::Table> TestTable(int64_t rows, uint64_t seed);

/// `table` with the number of row `row` set to `number`.
std::shared_ptr<arrow::Table> WithNumber(const std::shared_ptr<arrow::Table>& table, int64_t row, int64_t number);

/// Makes `table` the next version of `dataset`; `attachment`, if not empty, goes with it under the name "note".
absl::StatusOr<CommitInfo> CommitTable(Store& store, const std::string& dataset,
                                       const std::shared_ptr<arrow::Table>& table, const Context& context,
                                       const std::string& attachment = "");

/// All rows of a version.
absl::StatusOr<std::shared_ptr<arrow::Table>> ReadVersion(Store& store, const std::string& dataset, int64_t version,
                                                          const Context& context);

/// Takes a version away, and what stands against it: the last one goes with its dataset, names that mean it mean the
/// newest of the others.
absl::Status DeleteVersion(Store& store, const std::string& dataset, int64_t version);

/// A folder of the running test alone, empty. In memory where that can be: these tests sync thousands of writes, and
/// only their order matters.
std::string FreshTestFolder();

}  // namespace roost::store
