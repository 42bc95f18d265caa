#include "rest/row_reader.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "absl/strings/escaping.h"
#include "base/format.h"
#include "base/status.h"
#include "base/utf8.h"
#include "rest/json_body.h"
#include "rest/json_text.h"
#include "serving/iso_time.h"

namespace roost::rest {
namespace {

using column::Kind;
using column::Value;
using simdjson::SUCCESS;
using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::element_type;
using simdjson::dom::object;

constexpr size_t kMaxKeptValues = 1 << 16;  // of memory from use to use: 1.5 MiB
constexpr size_t kMostNames = 20;           // in a message
constexpr size_t kMostBytes = 60;           // of a value in a message

std::string_view Takes(Kind kind) {
  switch (kind) {
    case Kind::kNumber: return "a number";
    case Kind::kText: return "a text";
    case Kind::kTime: return "a time such as \"2001-05-01T13:45:00Z\", or microseconds since 1970 UTC";
    case Kind::kTextList: return "a list of texts";
    case Kind::kNumberList: return "a list of numbers";
  }
  return "";
}

/// The value for a message: short ones as they are.
std::string Shown(element json) {
  std::string_view text;
  if (json.get(text) == SUCCESS) {
    std::string quoted;
    AppendJsonString(CutUtf8(text, kMostBytes), quoted);
    return quoted;
  }
  if (json.is_array() || json.is_object()) return std::string(KindOf(json));
  return simdjson::minify(json);
}

absl::Status Wrong(std::string_view name, Kind kind, element json) {
  return absl::InvalidArgumentError(fmt::format("'{}' is {}; it takes {}", name, Shown(json), Takes(kind)));
}

bool ReadNumber(element json, double& number) {
  if (json.get(number) == SUCCESS) return true;
  bool truth = false;
  if (json.get(truth) != SUCCESS) return false;
  number = truth ? 1 : 0;
  return true;
}

/// The number that one of MarkNotFinite's objects stands for.
bool ReadNotFinite(element json, double& number) {
  object mark;
  if (json.get(mark) != SUCCESS || mark.size() != 1) return false;
  const std::string_view name = (*mark.begin()).key;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (name == "NaN") {
    number = std::nan("");
  } else if (name == "Infinity" || name == "-Infinity") {
    number = name.front() == '-' ? -kInfinity : kInfinity;
  } else {
    return false;
  }
  return true;
}

}  // namespace

absl::StatusOr<size_t> RequireInput(const serving::Servable& servable, std::string_view name) {
  if (const auto found = servable.FindInput(name)) return *found;
  std::vector<std::string> names;
  for (const auto& input : servable.inputs()) names.push_back(input.name);
  const size_t shown = std::min(names.size(), kMostNames);
  absl::Status status = absl::InvalidArgumentError(
      fmt::format("the model takes no column '{}'; it takes {}{}", CutUtf8(name, kMostBytes),
                  fmt::join(names.begin(), names.begin() + static_cast<ptrdiff_t>(shown), ", "),
                  shown < names.size() ? fmt::format(" and {} more", names.size() - shown) : ""));
  const std::string_view closest = ClosestName(name, names);
  return WithHint(std::move(status), closest.empty() ? "leave it out" : fmt::format("did you mean '{}'?", closest));
}

void RowReader::Start(const serving::Servable& servable, Dialect dialect) {
  servable_ = &servable;
  dialect_ = dialect;
  num_columns_ = servable.inputs().size();
  if (values_.capacity() > kMaxKeptValues) values_ = {};
  if (set_in_row_.capacity() > kMaxKeptValues) set_in_row_ = {};
  Clear();
}

void RowReader::Clear() {
  num_rows_ = 0;
  values_.clear();
  set_in_row_.assign(num_columns_, 0);
  texts_.clear();
  text_lists_.clear();
  number_lists_.clear();
}

absl::Status RowReader::AddRow(std::span<const element> parts) {
  AddEmptyRow();
  for (const element part : parts) TRY(SetMembers(part));
  return absl::OkStatus();
}

absl::Status RowReader::SetMembers(element json) {
  object members;
  if (json.get(members) != SUCCESS) {
    return absl::InvalidArgumentError(fmt::format("it is {}; a row is an object", KindOf(json)));
  }
  const auto inputs = servable_->model().inputs();
  size_t column = 0;  // rows mostly name their columns in the model's order
  for (const auto [name, value] : members) {
    if (column >= num_columns_ || inputs[column].name != name) {
      TRY_ASSIGN(column, RequireInput(*servable_, name));
    }
    if (std::exchange(set_in_row_[column], num_rows_) == num_rows_) {
      return absl::InvalidArgumentError(fmt::format("'{}' comes twice", name));
    }
    TRY(SetValue(column, value));
    ++column;
  }
  return absl::OkStatus();
}

void RowReader::AddEmptyRow() {
  ++num_rows_;
  values_.resize(static_cast<size_t>(num_rows_) * num_columns_);
}

absl::Status RowReader::SetValue(size_t column, element json) {
  Value& value = values_[values_.size() - num_columns_ + column];
  const auto& input = servable_->model().inputs()[column];
  if (double number = 0; input.kind == Kind::kNumber && json.get(number) == SUCCESS) {  // most values are
    value = number;
    return absl::OkStatus();
  }
  if (json.is_null()) {
    value = {};
    return absl::OkStatus();
  }
  array list;
  if (dialect_ == Dialect::kTfServing && json.get(list) == SUCCESS && list.size() == 1 &&
      input.kind != Kind::kTextList && input.kind != Kind::kNumberList) {
    json = *list.begin();
    if (json.is_null()) return absl::OkStatus();
  }
  TRY_ASSIGN(value, ValueOf(input.kind, json, input.name));
  return absl::OkStatus();
}

absl::StatusOr<Value> RowReader::ValueOf(Kind kind, element json, std::string_view name) {
  switch (kind) {
    case Kind::kNumber: {
      double number = 0;
      if (ReadNumber(json, number)) return Value(number);
      if (dialect_ == Dialect::kTfServing && ReadNotFinite(json, number)) return Value(number);
      return Wrong(name, kind, json);
    }
    case Kind::kText: {
      std::string_view text;
      if (json.get(text) == SUCCESS) return Value(text);
      return dialect_ == Dialect::kTfServing && json.is_object() ? DecodedText(json, name) : Wrong(name, kind, json);
    }
    case Kind::kTime: {
      int64_t micros = 0;
      if (json.get(micros) == SUCCESS) return Value(micros);
      std::string_view text;
      if (json.get(text) != SUCCESS) return Wrong(name, kind, json);
      const auto time = serving::ParseIsoTime(text);
      return time.has_value() ? absl::StatusOr<Value>(Value(*time)) : Wrong(name, kind, json);
    }
    case Kind::kTextList:
    case Kind::kNumberList: return ListOf(kind, json, name);
  }
  return Value();
}

absl::StatusOr<Value> RowReader::ListOf(Kind kind, element json, std::string_view name) {
  array list;
  if (json.get(list) != SUCCESS) return Wrong(name, kind, json);
  if (kind == Kind::kNumberList) {
    std::vector<double>& numbers = number_lists_.emplace_back();
    for (const element item : list) {
      double number = 0;
      if (item.is_null()) continue;
      if (!ReadNumber(item, number)) return Wrong(fmt::format("{}[]", name), Kind::kNumber, item);
      numbers.push_back(number);
    }
    return Value(std::span<const double>(numbers));
  }
  std::vector<std::string_view>& texts = text_lists_.emplace_back();
  for (const element item : list) {
    if (item.is_null()) continue;
    TRY_ASSIGN(const Value text, ValueOf(Kind::kText, item, name));
    texts.push_back(std::get<std::string_view>(text));
  }
  return Value(std::span<const std::string_view>(texts));
}

absl::StatusOr<Value> RowReader::DecodedText(element json, std::string_view name) {
  std::string_view base64;
  object wrapper;
  if (json.get(wrapper) != SUCCESS || wrapper.size() != 1 || wrapper["b64"].get(base64) != SUCCESS) {
    return Wrong(name, Kind::kText, json);
  }
  std::string text;
  if (!absl::Base64Unescape({base64.data(), base64.size()}, &text)) {
    return absl::InvalidArgumentError(fmt::format("'{}': its b64 is not base64", name));
  }
  if (!IsUtf8(text)) return absl::InvalidArgumentError(fmt::format("'{}': its b64 is no text in UTF-8", name));
  return Value(std::string_view(texts_.emplace_back(std::move(text))));
}

}  // namespace roost::rest
