#include "telemetry/exposition.h"

#include <cmath>
#include <iterator>

#include <fmt/format.h>

#include "base/utf8.h"

namespace roost::telemetry {
namespace {

constexpr std::string_view kTotal = "_total";

std::string_view KindName(Exposition::Kind kind) {
  switch (kind) {
    case Exposition::Kind::kCounter: return "counter";
    case Exposition::Kind::kGauge: return "gauge";
    case Exposition::Kind::kHistogram: return "histogram";
  }
  return "";
}

void AppendValue(std::string_view value, std::string& text) {
  const bool is_utf8 = IsUtf8(value);
  for (const char c : value) {
    if (c == '\n') {
      text.append("\\n");
    } else if (c == '"' || c == '\\') {
      text.append(1, '\\').append(1, c);
    } else {
      text.push_back(!is_utf8 && static_cast<unsigned char>(c) >= 0x80 ? '?' : c);
    }
  }
}

}  // namespace

std::string LabelText(std::span<const Label> labels) {
  std::string text;
  for (const auto& [name, value] : labels) {
    text.append(text.empty() ? "" : ",").append(name).append("=\"");
    AppendValue(value, text);
    text.push_back('"');
  }
  return text;
}

void Exposition::Family(std::string_view name, Kind kind, std::string_view help) {
  name_ = name;
  std::string_view kind_name = KindName(kind);
  if (format_ == Format::kOpenMetrics && kind == Kind::kCounter) {
    // There a family of counters is called without the suffix that its samples have.
    name.ends_with(kTotal) ? name.remove_suffix(kTotal.size()) : void(kind_name = "unknown");
  }
  fmt::format_to(std::back_inserter(text_), "# HELP {} {}\n# TYPE {} {}\n", name, help, name, kind_name);
}

void Exposition::Begin(std::string_view suffix, std::string_view labels) {
  text_.append(name_).append(suffix);
  if (!labels.empty()) text_.append("{").append(labels).append("}");
}

void Exposition::Sample(std::string_view suffix, std::string_view labels, int64_t value) {
  Begin(suffix, labels);
  fmt::format_to(std::back_inserter(text_), " {}\n", value);
}

void Exposition::Sample(std::string_view suffix, std::string_view labels, double value) {
  Begin(suffix, labels);
  fmt::format_to(std::back_inserter(text_), " {}\n", value);
}

std::string Exposition::Finish() && {
  if (format_ == Format::kOpenMetrics) text_.append("# EOF\n");
  return std::move(text_);
}

std::string_view Exposition::ContentType(Format format) {
  return format == Format::kOpenMetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                        : "text/plain; version=0.0.4; charset=utf-8";
}

}  // namespace roost::telemetry
