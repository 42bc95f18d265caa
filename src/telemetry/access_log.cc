#include "telemetry/access_log.h"

#include <chrono>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/status.h"

namespace roost::telemetry {
namespace {

using Clock = std::chrono::steady_clock;

// A ring of 1 MiB is filled in this time only by a thread that logs 50 MB a second.
constexpr auto kWritePeriod = std::chrono::milliseconds(20);
constexpr auto kFollowPeriod = std::chrono::seconds(1);
constexpr auto kRetryPeriod = std::chrono::seconds(1);

/// The hashes below which a request is logged; all of them for 1.
uint64_t HashesBelow(double share) {
  constexpr auto kAll = std::numeric_limits<uint64_t>::max();
  if (share >= 1) return kAll;
  return share <= 0 ? 0 : static_cast<uint64_t>(share * 0x1p64);
}

}  // namespace

AccessLog::AccessLog(AccessLogOptions options, LogFile file)
    : options_(std::move(options)), sample_below_(HashesBelow(options_.sample)), file_(std::move(file)) {
  thread_ = std::thread([this] { Run(); });
}

absl::StatusOr<std::unique_ptr<AccessLog>> AccessLog::Open(AccessLogOptions options) {
  auto file = LogFile::Open(options.path);
  if (!file.ok()) {
    return WithHint(Annotate(file.status(), "the access log"),
                    "name a file in a folder that is there and may be written, or - for stderr");
  }
  return std::unique_ptr<AccessLog>(new AccessLog(std::move(options), *std::move(file)));
}

AccessLog::~AccessLog() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

bool AccessLog::Takes(std::string_view request_id, bool failed) const {
  if (failed || sample_below_ == std::numeric_limits<uint64_t>::max()) return true;
  return Hash64(request_id) < sample_below_;
}

void AccessLog::Reopen() {
  {
    const std::lock_guard lock(mutex_);
    reopen_ = true;
  }
  wake_.notify_one();
}

AccessLog::Counts AccessLog::counts() const {
  Counts counts{.errors = errors_.load(std::memory_order_relaxed)};
  rings_.ForEach([&](const LineRing& ring) {
    counts.lines += ring.pushed();
    counts.dropped += ring.dropped();
  });
  return counts;
}

void AccessLog::Run() {
  auto next_follow = Clock::now() + kFollowPeriod;
  for (bool stop = false; !stop;) {
    bool reopen = false;
    {
      std::unique_lock lock(mutex_);
      const std::chrono::milliseconds period = failing_ ? kRetryPeriod : kWritePeriod;
      wake_.wait_for(lock, period, [&] { return stop_ || reopen_; });
      reopen = std::exchange(reopen_, false);
      stop = stop_;
    }
    absl::Status status;
    if (reopen || Clock::now() >= next_follow) {
      // Lines from before belong into the file that was there.
      status = Drain();
      const absl::Status followed = file_.Follow(reopen);
      if (status.ok() || followed.ok()) status = followed;
      next_follow = Clock::now() + kFollowPeriod;
    }
    if (status.ok()) status = Drain();
    Report(status);
  }
}

absl::Status AccessLog::Drain() {
  absl::Status status;
  rings_.ForEach([&](LineRing& ring) {
    while (status.ok()) {
      const auto pieces = ring.Peek();
      if (pieces[0].empty()) return;
      const auto written = file_.Write(pieces);
      if (!written.ok()) status = written.status();
      if (!written.ok() || *written == 0) return;
      ring.Pop(*written);
    }
  });
  return status;
}

void AccessLog::Report(const absl::Status& status) {
  if (!status.ok()) errors_.fetch_add(1, std::memory_order_relaxed);
  if (failing_ == !status.ok()) return;
  failing_ = !status.ok();
  if (options_.tell == nullptr) return;
  options_.tell(failing_ ? fmt::format("the access log: {}; it is tried again, and lines that find no room are dropped",
                                       std::string(status.message()))
                         : "the access log is written again");
}

}  // namespace roost::telemetry
