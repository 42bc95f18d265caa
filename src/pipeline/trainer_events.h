#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace roost::pipeline {

/// {"progress": {"step": 3, "steps": 10, "loss": 0.41}}
struct TrainerProgress {
  int64_t step = 0;            ///< >= 0
  int64_t steps = 0;           ///< 0 where it is not known
  std::optional<double> loss;  ///< finite
};

/// {"metric": {"name": "auc", "value": 0.83}}
struct TrainerMetric {
  std::string name;  ///< 1 to 100 bytes, printable
  double value = 0;  ///< finite
};

/// {"message": "12 columns are constant"}
struct TrainerMessage {
  std::string text;  ///< printable, at most 1,000 bytes
};

using TrainerEvent = std::variant<TrainerProgress, TrainerMetric, TrainerMessage>;

/// The event that a line of stdout is, without its line feed; empty where it is none and belongs to the log.
std::optional<TrainerEvent> ParseTrainerEvent(std::string_view line);

/// Cuts what a trainer writes to stdout into lines and finds the events among them. Memory: a line of at most 64 KiB;
/// a longer one is no event, whatever it holds. Threads: one at a time.
class TrainerEvents {
 public:
  static constexpr size_t kMaxLineBytes = 64 << 10;
  static constexpr size_t kMaxMetrics = 1000;   ///< of different names; further ones are lines of the log
  static constexpr size_t kMaxMessages = 1000;  ///< further ones are lines of the log

  /// Takes the next bytes. What is no event is handed to `log` in its order. `on_event` gets messages and metrics in
  /// their order, and of the progress in `bytes` the last.
  void Append(std::string_view bytes, const std::function<void(std::string_view)>& log,
              const std::function<void(const TrainerEvent&)>& on_event);

  /// The end of the output: a last line without a line feed.
  void Finish(const std::function<void(std::string_view)>& log,
              const std::function<void(const TrainerEvent&)>& on_event);

  /// The last value of each metric.
  const std::map<std::string, double>& metrics() const { return metrics_; }

 private:
  void TakeLine(std::string_view line, const std::function<void(std::string_view)>& log,
                const std::function<void(const TrainerEvent&)>& on_event);

  std::string line_;       // the beginning of a line whose end is still to come
  bool too_long_ = false;  // that line has gone to the log
  std::optional<TrainerProgress> progress_;
  std::map<std::string, double> metrics_;
  size_t messages_ = 0;
};

}  // namespace roost::pipeline
