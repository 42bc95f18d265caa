#pragma once

#include <array>
#include <atomic>
#include <compare>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "absl/time/time.h"
#include "serving/model_manager.h"
#include "serving/stripes.h"
#include "telemetry/exchange.h"
#include "telemetry/latency.h"
#include "telemetry/per_thread.h"

namespace roost::telemetry {

/// What requests are counted by. `Text` is std::string, or std::string_view to look one up.
template <typename Text>
struct TrafficKey {
  Text model;           ///< "": the request was for none, or for one that is not loaded
  int64_t version = 0;  ///< 0 without a model
  Text consumer;        ///< "": nobody that is known
  Protocol protocol = Protocol::kHttp1;
  int code = 0;  ///< as Exchange::code

  friend auto operator<=>(const TrafficKey&, const TrafficKey&) = default;
};

/// What was counted under one key.
struct TrafficTotals {
  std::array<int64_t, kLatencyBuckets> durations{};  ///< requests in each bucket
  int64_t nanoseconds = 0;
  int64_t rows = 0;
  int64_t bytes_in = 0;
  int64_t bytes_out = 0;

  int64_t requests() const;
  void Add(const TrafficTotals& other);
};

/// A model version.
using ModelKey = std::pair<std::string, int64_t>;

/// Counts of all requests since the start.
///
/// Threads: any number at once. Each counts in memory of its own, with plain additions; whoever asks adds up, and may
/// miss requests that end meanwhile. Memory: about 400 bytes a thread and key. Keys are few: models and versions are
/// loaded ones, consumers those that have a token, nothing is taken from the wire as it is. Those of a version that
/// is not loaded any more are forgotten after a while.
class Traffic {
 public:
  /// `models` outlives it. `keep` is how long a version is remembered after it was unloaded: longer than scrapes lie
  /// apart, so that its last requests are seen.
  explicit Traffic(const serving::ModelManager& models, absl::Duration keep = absl::Minutes(10));

  /// A request has begun, or ended, on the calling thread.
  void Begin();
  void End(const Exchange& exchange);

  /// The answer to a request to `notes`' model comes later, or has come.
  void BeginLater(const net::RequestNotes& notes);
  void EndLater(const net::RequestNotes& notes);

  using Totals = std::map<TrafficKey<std::string>, TrafficTotals>;
  /// All that was counted.
  Totals Sum();
  /// Requests that have begun and are not answered.
  int64_t InFlight() const;
  /// Those of them whose answers come later, by model version; 0 for a version that had some.
  std::map<ModelKey, int64_t> Pending() const;

 private:
  struct Series {
    std::array<std::atomic<int64_t>, kLatencyBuckets> durations{};
    std::atomic<int64_t> nanoseconds = 0, rows = 0, bytes_in = 0, bytes_out = 0;
    std::atomic<bool> forgotten = false;  // not shown any more; its thread drops it
  };
  using View = TrafficKey<std::string_view>;
  struct Hash {
    using is_transparent = void;
    size_t operator()(const View& key) const;
    size_t operator()(const TrafficKey<std::string>& key) const;
  };
  struct Equal {
    using is_transparent = void;
    template <typename A, typename B>
    bool operator()(const A& a, const B& b) const {
      return a.version == b.version && a.code == b.code && a.protocol == b.protocol && a.model == b.model &&
             a.consumer == b.consumer;
    }
  };
  /// What one thread counts. It alone adds and removes series, under the lock; it looks them up without.
  struct alignas(serving::kCacheLine) Shard {
    std::atomic<int64_t> begun = 0, ended = 0;
    std::mutex mutex;
    std::unordered_map<TrafficKey<std::string>, Series, Hash, Equal> series;
    std::map<ModelKey, int64_t> pending;  // begun here less ended here; guarded by mutex
  };

  Series& Find(Shard& shard, const View& key);
  Series& Insert(Shard& shard, const View& key);
  void AddPending(const net::RequestNotes& notes, int64_t change);
  /// Marks what belongs to versions that have not been loaded for `keep_`. Looks at most four times in that time.
  void ForgetGone();

  const serving::ModelManager& models_;
  const absl::Duration keep_;
  PerThread<Shard> shards_;
  std::mutex gone_mutex_;
  std::map<ModelKey, absl::Time> gone_since_;    // guarded by gone_mutex_
  absl::Time next_look_ = absl::InfinitePast();  // the same
};

}  // namespace roost::telemetry
