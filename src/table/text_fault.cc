#include "table/text_fault.h"

#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>
#include <arrow/status.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "absl/strings/cord.h"
#include "base/json.h"
#include "table/arrow_status.h"
#include "table/opened.h"
#include "table/read.h"

namespace roost::table {
namespace {

constexpr size_t kMaxQuoted = 120;
constexpr std::string_view kTypesHint =
    "A column's type is taken from the first 8 MB of a file. Correct the value, or leave it empty for null.";
constexpr char kColumnUrl[] = "roost/column-of-other-type";

std::string Quoted(std::string_view text) {
  return text.size() <= kMaxQuoted ? std::string(text) : fmt::format("{}...", text.substr(0, kMaxQuoted));
}

/// Takes "`prefix`N: " off the front of `text`, wherever in it that begins, and returns N.
std::optional<int64_t> TakeNumber(std::string_view& text, std::string_view prefix) {
  const size_t begin = text.find(prefix);
  if (begin == std::string_view::npos) return std::nullopt;
  int64_t number = 0;
  const char* const digits = text.data() + begin + prefix.size();
  const auto [end, error] = std::from_chars(digits, text.data() + text.size(), number);
  if (error != std::errc() || end == text.data() + text.size() || *end != ':') return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()) + 1);
  while (text.starts_with(' ')) text.remove_prefix(1);
  return number;
}

/// "CSV conversion error to int64: invalid value 'x'" -> "'x' is not of type int64".
std::string Reworded(std::string_view text) {
  constexpr std::string_view kConversion = "CSV conversion error to ";
  constexpr std::string_view kInvalid = ": invalid value ";
  const size_t invalid = text.find(kInvalid);
  if (text.starts_with(kConversion) && invalid != std::string_view::npos) {
    return fmt::format("{} is not of type {}", Quoted(text.substr(invalid + kInvalid.size())),
                       text.substr(kConversion.size(), invalid - kConversion.size()));
  }
  constexpr std::string_view kParse = "CSV parse error: ";
  if (text.starts_with(kParse)) text.remove_prefix(kParse.size());
  if (text.starts_with("Expected ")) return fmt::format("expected {}", Quoted(text.substr(9)));
  if (text.find("straddling object") != std::string_view::npos) {
    return "a line of more than 8 MB, or a quote that is never closed (longer texts can be had from Parquet and Arrow)";
  }
  return Quoted(text);
}

std::string_view KindOfJson(const Json& value) {
  if (value.is_null()) return "";
  if (value.is_boolean()) return "true or false";
  if (value.is_number()) return "a number";
  if (value.is_string()) return "text";
  return value.is_array() ? "an array" : "an object";
}

/// A name that an object has twice, or "". Parsers take one of the two values and do not tell.
std::string NameThatComesTwice(std::string_view object) {
  std::set<std::string> names;
  std::string twice;
  const auto look = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::key && depth == 1) {
      const auto [name, is_new] = names.insert(parsed.get<std::string>());
      if (!is_new) twice = *name;
    }
    return true;
  };
  const bool is_json = !Json::parse(object, look, /*allow_exceptions=*/false).is_discarded();
  return is_json ? twice : "";
}

/// The lines of a JSON Lines file, checked one after the other.
class JsonLineChecker {
 public:
  explicit JsonLineChecker(const std::string& path) : path_(path) {}

  absl::Status Check(std::string_view line) {
    ++number_;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find_first_not_of(" \t") == std::string_view::npos) return absl::OkStatus();
    const auto json = ParseJson(line, fmt::format("'{}', line {}", path_, number_));
    if (!json.ok()) return json.status();
    if (!json->is_object()) {
      return absl::InvalidArgumentError(fmt::format("'{}', line {}: {} where an object was expected: {}", path_,
                                                    number_, json->is_null() ? "null" : KindOfJson(*json),
                                                    Quoted(line)));
    }
    if (const std::string twice = NameThatComesTwice(line); !twice.empty()) {
      return absl::InvalidArgumentError(
          fmt::format("'{}', line {}: column '{}' is there twice", path_, number_, twice));
    }
    for (const auto& [name, value] : json->items()) {
      const std::string_view kind = KindOfJson(value);
      if (kind.empty()) continue;
      const auto [known, is_new] = kinds_.emplace(name, kind);
      if (!is_new && known->second != kind) {
        return absl::InvalidArgumentError(fmt::format("'{}', line {}: column '{}' holds {}, but {} in the lines before",
                                                      path_, number_, name, kind, known->second));
      }
    }
    return absl::OkStatus();
  }

 private:
  const std::string& path_;
  int64_t number_ = 0;
  std::map<std::string, std::string_view, std::less<>> kinds_;
};

/// OK where no line is at fault.
absl::Status FirstBadLine(const std::string& path) {
  TRY_ASSIGN(const auto stream, OpenText(path));
  JsonLineChecker checker(path);
  std::string rest;
  while (true) {
    TRY_ARROW_ASSIGN(const std::shared_ptr<arrow::Buffer> buffer, stream->Read(1 << 20));
    if (buffer->size() == 0) break;
    rest.append(reinterpret_cast<const char*>(buffer->data()), static_cast<size_t>(buffer->size()));
    size_t begin = 0;
    for (size_t end; (end = rest.find('\n', begin)) != std::string::npos; begin = end + 1) {
      TRY(checker.Check(std::string_view(rest).substr(begin, end - begin)));
    }
    rest.erase(0, begin);
    if (rest.size() > static_cast<size_t>(kTextBlockBytes)) {
      return absl::InvalidArgumentError(fmt::format("'{}' has a line of more than 8 MB", path));
    }
  }
  return checker.Check(rest);
}

}  // namespace

absl::Status CsvFault(const std::string& path, const std::vector<std::string>& names, const arrow::Status& status) {
  if (!status.IsInvalid()) return FileFault(path, status);
  const std::string message(FromArrow(status).message());
  std::string_view text = message;
  std::string where = fmt::format("'{}'", path);
  const auto column = TakeNumber(text, "column #");
  const auto row = TakeNumber(text, "Row #");
  if (text.find("Empty CSV file") != std::string_view::npos)
    return absl::InvalidArgumentError(fmt::format("{} holds no rows and no header", where));
  if (row.has_value()) where += fmt::format(", row {}", *row);
  if (column.has_value() && *column >= 0 && static_cast<size_t>(*column) < names.size()) {
    where += fmt::format(", column '{}'", names[static_cast<size_t>(*column)]);
  } else if (column.has_value()) {
    where += fmt::format(", column {}", *column + 1);
  }
  absl::Status fault = absl::InvalidArgumentError(fmt::format("{}: {}", where, Reworded(text)));
  if (!column.has_value()) return fault;
  if (*column >= 0 && static_cast<size_t>(*column) < names.size() && text.find("invalid value") != std::string::npos) {
    fault.SetPayload(kColumnUrl, absl::Cord(names[static_cast<size_t>(*column)]));
  }
  return WithHint(fault, kTypesHint);
}

std::optional<std::string> ColumnOfOtherType(const absl::Status& status) {
  const auto name = status.GetPayload(kColumnUrl);
  if (!name.has_value()) return std::nullopt;
  return std::string(*name);
}

absl::Status JsonFault(const std::string& path, const arrow::Status& status) {
  if (status.message().find("Empty JSON") != std::string::npos) {
    return absl::InvalidArgumentError(fmt::format("'{}' holds no rows", path));
  }
  TRY(FirstBadLine(path));
  return absl::InvalidArgumentError(
      fmt::format("cannot read '{}': {}", path, std::string(FromArrow(status).message())));
}

}  // namespace roost::table
