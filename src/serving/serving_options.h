#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

namespace roost::serving {

/// Where requests to a model are scored.
enum class Execution {
  kAuto,     ///< on the workers if it is an ONNX model whose row takes longer than kSlowRow, else inline
  kInline,   ///< on the thread that has read the request
  kWorkers,  ///< on the threads of a WorkQueue
};

/// From which time a row on, as the warm-up measures it, an ONNX model is scored on the workers: ten times what handing
/// a request over to them costs.
inline constexpr std::chrono::microseconds kSlowRow{50};

/// How the requests to a model on the workers wait and are merged. The names are those of Triton's configuration.
struct BatchingOptions {
  int64_t max_batch_size = 64;  ///< rows that are scored together; 1: requests are never merged
  /// Sizes at which a batch goes at once, though max_queue_delay is not over; ascending. None: only max_batch_size.
  std::vector<int64_t> preferred_batch_sizes;
  std::chrono::microseconds max_queue_delay{0};  ///< that a request waits for others to be merged with
  int64_t max_queue_size = 0;                    ///< requests that wait; 0: only their time is limited
  std::chrono::microseconds default_timeout{0};  ///< of requests that name none, from arrival on; 0: none
};

/// How one model is served.
struct ServingOptions {
  Execution execution = Execution::kAuto;
  BatchingOptions batching;
  int intra_op_threads = 1;  ///< of ONNX Runtime, for one call
};

}  // namespace roost::serving
