#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "column/batch.h"

namespace roost::column {

/// Makes record batches from values in memory: a request's rows, a quarantine list, the data of a test.
/// The columns are copied into the batch, which owns them.
class BatchBuilder {
 public:
  BatchBuilder& Numbers(std::string name, std::vector<std::optional<double>> values);
  BatchBuilder& Integers(std::string name, std::vector<std::optional<int64_t>> values);
  BatchBuilder& Texts(std::string name, std::vector<std::optional<std::string>> values);
  /// Microseconds since 1970-01-01T00:00Z, as timestamp[us, UTC].
  BatchBuilder& Times(std::string name, std::vector<std::optional<int64_t>> micros);

  /// Lists of the given lengths (none: null) of the rows of the first column of `values`, one after the other.
  BatchBuilder& Lists(std::string name, std::vector<std::optional<int64_t>> lengths, OwnedBatch values);
  /// Structs of the columns of `fields`, null where `valid` is false.
  BatchBuilder& Structs(std::string name, std::vector<bool> valid, OwnedBatch fields);

  /// The batch; the builder is empty afterwards. All columns must have as many rows (ROOST_CHECK).
  OwnedBatch Build();

 private:
  struct Column;
  std::vector<std::shared_ptr<Column>> columns_;
};

}  // namespace roost::column
