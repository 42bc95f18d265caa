#include "telemetry/traffic.h"

#include <algorithm>
#include <numeric>

#include "absl/time/clock.h"
#include "base/hash.h"

namespace roost::telemetry {
namespace {

/// Of a counter that only the calling thread writes: no locked instruction is needed.
void Bump(std::atomic<int64_t>& counter, int64_t by) {
  counter.store(counter.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
}

int64_t Get(const std::atomic<int64_t>& counter) { return counter.load(std::memory_order_relaxed); }

bool IsLoaded(const serving::ModelManager::Snapshot& snapshot, const std::string& model, int64_t version) {
  const auto found = snapshot.find(model);
  if (found == snapshot.end()) return false;
  return std::any_of(found->second.versions.begin(), found->second.versions.end(),
                     [&](const auto& servable) { return servable->version() == version; });
}

}  // namespace

int64_t TrafficTotals::requests() const { return std::accumulate(durations.begin(), durations.end(), int64_t{0}); }

void TrafficTotals::Add(const TrafficTotals& other) {
  for (size_t i = 0; i < durations.size(); ++i) durations[i] += other.durations[i];
  nanoseconds += other.nanoseconds;
  rows += other.rows;
  bytes_in += other.bytes_in;
  bytes_out += other.bytes_out;
}

size_t Traffic::Hash::operator()(const View& key) const {
  const auto numbers = static_cast<uint64_t>(key.version) * 4'096 + static_cast<uint64_t>(key.code) * 4 +
                       static_cast<uint64_t>(key.protocol);
  return Hash64(key.model, Hash64(key.consumer, numbers));
}

size_t Traffic::Hash::operator()(const TrafficKey<std::string>& key) const {
  return (*this)(View{key.model, key.version, key.consumer, key.protocol, key.code});
}

Traffic::Traffic(const serving::ModelManager& models, absl::Duration keep) : models_(models), keep_(keep) {}

void Traffic::Begin() { Bump(shards_.Local().begun, 1); }

void Traffic::End(const Exchange& exchange) {
  Shard& shard = shards_.Local();
  Bump(shard.ended, 1);
  const net::RequestNotes& notes = exchange.notes;
  Series& series = Find(shard, {notes.model, notes.version, notes.consumer, exchange.protocol, exchange.code});
  Bump(series.durations[LatencyBucket(exchange.duration)], 1);
  Bump(series.nanoseconds, exchange.duration.count());
  Bump(series.bytes_in, static_cast<int64_t>(exchange.bytes_in));
  Bump(series.bytes_out, static_cast<int64_t>(exchange.bytes_out));
  if (notes.rows != 0) Bump(series.rows, notes.rows);
}

Traffic::Series& Traffic::Find(Shard& shard, const View& key) {
  const auto found = shard.series.find(key);
  if (found != shard.series.end() && !found->second.forgotten.load(std::memory_order_relaxed)) return found->second;
  return Insert(shard, key);
}

Traffic::Series& Traffic::Insert(Shard& shard, const View& key) {
  ForgetGone();
  const std::lock_guard lock(shard.mutex);
  std::erase_if(shard.series, [](const auto& entry) { return entry.second.forgotten.load(std::memory_order_relaxed); });
  return shard.series[{std::string(key.model), key.version, std::string(key.consumer), key.protocol, key.code}];
}

void Traffic::BeginLater(const net::RequestNotes& notes) { AddPending(notes, 1); }

void Traffic::EndLater(const net::RequestNotes& notes) { AddPending(notes, -1); }

// The lock is this thread's own but for a scrape; an answer that comes later has cost several by then.
void Traffic::AddPending(const net::RequestNotes& notes, int64_t change) {
  Shard& shard = shards_.Local();
  const std::lock_guard lock(shard.mutex);
  shard.pending[{notes.model, notes.version}] += change;
}

void Traffic::ForgetGone() {
  const std::lock_guard gone_lock(gone_mutex_);
  const absl::Time now = absl::Now();
  if (now < next_look_) return;
  next_look_ = now + keep_ / 4;
  const auto snapshot = models_.snapshot();
  std::map<ModelKey, absl::Time> gone;
  const auto is_over = [&](const std::string& model, int64_t version) {
    if (model.empty() || IsLoaded(*snapshot, model, version)) return false;
    const ModelKey key(model, version);
    const auto before = gone_since_.find(key);
    const absl::Time since = before == gone_since_.end() ? now : before->second;
    gone.emplace(key, since);
    return now - since >= keep_;
  };
  shards_.ForEach([&](Shard& shard) {
    const std::lock_guard lock(shard.mutex);
    for (auto& [key, series] : shard.series) {
      if (is_over(key.model, key.version)) series.forgotten.store(true, std::memory_order_relaxed);
    }
    std::erase_if(shard.pending, [&](const auto& entry) { return is_over(entry.first.first, entry.first.second); });
  });
  gone_since_ = std::move(gone);
}

Traffic::Totals Traffic::Sum() {
  ForgetGone();
  Totals totals;
  shards_.ForEach([&](Shard& shard) {
    const std::lock_guard lock(shard.mutex);
    for (const auto& [key, series] : shard.series) {
      if (series.forgotten.load(std::memory_order_relaxed)) continue;
      TrafficTotals part;
      for (size_t i = 0; i < kLatencyBuckets; ++i) part.durations[i] = Get(series.durations[i]);
      part.nanoseconds = Get(series.nanoseconds);
      part.rows = Get(series.rows);
      part.bytes_in = Get(series.bytes_in);
      part.bytes_out = Get(series.bytes_out);
      totals[key].Add(part);
    }
  });
  return totals;
}

int64_t Traffic::InFlight() const {
  int64_t begun = 0, ended = 0;
  // What has ended is read first, so that a request which ends meanwhile is not taken for one that never began.
  shards_.ForEach([&](const Shard& shard) { ended += Get(shard.ended); });
  shards_.ForEach([&](const Shard& shard) { begun += Get(shard.begun); });
  return std::max<int64_t>(begun - ended, 0);
}

std::map<ModelKey, int64_t> Traffic::Pending() const {
  std::map<ModelKey, int64_t> pending;
  shards_.ForEach([&](Shard& shard) {
    const std::lock_guard lock(shard.mutex);
    for (const auto& [model, count] : shard.pending) pending[model] += count;
  });
  return pending;
}

}  // namespace roost::telemetry
