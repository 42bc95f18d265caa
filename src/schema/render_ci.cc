#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/format.h"
#include "base/utf8.h"
#include "schema/render.h"

namespace roost::schema {
namespace {

// Text or an attribute of XML 1.0: what it cannot hold is shown as U+FFFD.
std::string Xml(std::string_view text) {
  constexpr std::string_view kUnknown = "\xef\xbf\xbd";
  std::string xml;
  while (!text.empty()) {
    const size_t size = CharacterLength(text);
    const auto code = static_cast<unsigned char>(text.front());
    if (size == 0 || (code < 0x20 && code != '\t' && code != '\n')) {
      xml += kUnknown;
    } else if (code == '&') {
      xml += "&amp;";
    } else if (code == '<') {
      xml += "&lt;";
    } else if (code == '>') {
      xml += "&gt;";
    } else if (code == '"') {
      xml += "&quot;";
    } else if (code == '\n') {
      xml += "&#10;";
    } else if (text.starts_with("\xef\xbf\xbe") || text.starts_with("\xef\xbf\xbf")) {
      xml += kUnknown;  // U+FFFE and U+FFFF are no characters of XML
    } else {
      xml += text.substr(0, size);
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
  return xml;
}

std::string TitleOf(const Anomaly& anomaly) {
  std::string title = anomaly.column.empty() ? "" : anomaly.column + ": ";
  title += RuleName(anomaly.rule);
  return anomaly.detail.empty() ? title : fmt::format("{} ({})", title, anomaly.detail);
}

// Message, rows and edit.
std::string BodyOf(const Anomaly& anomaly) {
  std::string body = anomaly.message;
  if (!anomaly.decided.empty()) body += fmt::format(" ({})", anomaly.decided);
  if (!anomaly.rows.empty()) body += fmt::format("\nrows {}", fmt::join(anomaly.rows, ", "));
  for (const std::string& line : anomaly.edit.removed) body += "\n- " + line;
  for (const std::string& line : anomaly.edit.added) body += "\n+ " + line;
  return body;
}

// The data of a workflow command: one line. A log is read in a terminal too.
std::string Command(std::string_view text) {
  std::string escaped;
  for (const char c : PrintableLines(text)) {
    if (c == '%') {
      escaped += "%25";
    } else if (c == '\n') {
      escaped += "%0A";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

// A property of a workflow command, which a colon or a comma would end.
std::string Property(std::string_view text) {
  std::string escaped;
  for (const char c : Command(text)) {
    if (c == ':') {
      escaped += "%3A";
    } else if (c == ',') {
      escaped += "%2C";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

}  // namespace

std::string ToJUnit(const Report& report, std::string_view source) {
  const size_t cases = report.anomalies.empty() ? 1 : report.anomalies.size();
  std::string xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  xml += fmt::format("<testsuites>\n  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"0\">\n", Xml(source),
                     cases, report.Count(Severity::kError));
  const std::string source_name = Xml(source);
  if (report.anomalies.empty()) {
    xml += fmt::format("    <testcase classname=\"{}\" name=\"schema\"/>\n", source_name);
  }
  for (const Anomaly& anomaly : report.anomalies) {
    xml += fmt::format("    <testcase classname=\"{}\" name=\"{}\">\n", source_name, Xml(TitleOf(anomaly)));
    if (anomaly.severity == Severity::kError && anomaly.decided.empty()) {
      xml += fmt::format("      <failure type=\"{}\" message=\"{}\">{}</failure>\n", RuleName(anomaly.rule),
                         Xml(anomaly.message), Xml(BodyOf(anomaly)));
    } else {
      xml +=
          fmt::format("      <system-out>{}: {}</system-out>\n", SeverityName(anomaly.severity), Xml(BodyOf(anomaly)));
    }
    xml += "    </testcase>\n";
  }
  return xml + "  </testsuite>\n</testsuites>\n";
}

std::string ToGitHub(const Report& report, std::string_view source) {
  std::string text;
  for (const Anomaly& anomaly : report.anomalies) {
    const std::string_view command = anomaly.decided.empty() ? SeverityName(anomaly.severity) : "notice";
    text += fmt::format("::{} title={}::{}: {}\n", command, Property(TitleOf(anomaly)), Command(source),
                        Command(BodyOf(anomaly)));
  }
  return text;
}

}  // namespace roost::schema
