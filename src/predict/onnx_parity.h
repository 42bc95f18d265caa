#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "base/json.h"
#include "column/batch.h"
#include "predict/model.h"

namespace roost::predict {

/// That an exported graph and its model give the same: what they were compared on, and how far apart they were at most.
struct ParityCertificate {
  int64_t opset = 0, ml_opset = 0;  ///< of the graph
  int64_t rows = 0;                 ///< held-out rows that were compared
  int64_t edge_rows = 0;            ///< made rows: see CertifyParity
  double largest_absolute = 0;      ///< |graph - model| of any output of any row
  double largest_relative = 0;      ///< |graph - model| / max(1, |model|): what is bounded
  double bound = 0;

  Json ToJson() const;
};

/// What the relative difference may be at most, for linear models, which the graph computes in double.
inline constexpr double kLinearBound = 1e-9;
/// The same of trees, whose margins are sums of floats.
inline constexpr double kTreesBound = 1e-6;

/// Scores `batches`, which hold the model's columns, and edge rows by both the model and the graph of its export.
/// Edge rows: one row in turn gets, in each column alone, every border and reference number of the transform, the
/// doubles to either side of it, 0, -0, the largest and least doubles, NaN, infinities, null; every word, the empty
/// text, unknown texts; where trees split, and the floats to either side; times at the ends of days, months, leap years
/// and of what int64 counts. Crosses get each of their words, also with a part missing. Times that are the least int64,
/// and texts that are U+FFFF, mean "missing" to the graph and are left out. FailedPrecondition, saying which row and
/// output, where a difference exceeds `bound`; InvalidArgument as LoadExported and ScoreBatch.
absl::StatusOr<ParityCertificate> CertifyParity(const ScoringModel& model, const std::string& onnx_bytes,
                                                std::span<const column::BatchView> batches, double bound,
                                                const Context& context);

}  // namespace roost::predict
