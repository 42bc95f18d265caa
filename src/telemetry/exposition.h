#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace roost::telemetry {

/// One label of a sample.
using Label = std::pair<std::string_view, std::string_view>;

/// Labels as a sample has them between its braces: `model="delay",version="3"`. Values may be any text; what is not
/// UTF-8 becomes '?'.
std::string LabelText(std::span<const Label> labels);

/// Metrics as text for Prometheus: its text format 0.0.4, or OpenMetrics 1.0.
///
/// Written by own hands: prometheus-cpp's serializer takes trees of its own strings and maps, which a scrape would have
/// to build from our counts first, and it would be the only part of that library which is used; the text itself is
/// the lines below. tests/e2e checks it with the parsers of Prometheus' own Python client.
class Exposition {
 public:
  enum class Format { kPrometheus, kOpenMetrics };
  enum class Kind { kCounter, kGauge, kHistogram };

  explicit Exposition(Format format) : format_(format) {}

  /// The next samples belong to `name`. Names of counters end with "_total"; those that do not, for the sake of others
  /// who chose them, are "unknown" in OpenMetrics. `help` is one line without a backslash.
  void Family(std::string_view name, Kind kind, std::string_view help);

  /// A family of one sample, without labels.
  template <typename T>
  void Value(std::string_view name, Kind kind, std::string_view help, T value) {
    Family(name, kind, help);
    Sample("", "", value);
  }

  /// A sample of the family, whose name gets `suffix`.
  void Sample(std::string_view suffix, std::string_view labels, int64_t value);
  void Sample(std::string_view suffix, std::string_view labels, double value);

  std::string Finish() &&;
  static std::string_view ContentType(Format format);

 private:
  void Begin(std::string_view suffix, std::string_view labels);

  Format format_;
  std::string name_;
  std::string text_;
};

}  // namespace roost::telemetry
