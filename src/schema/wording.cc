#include "schema/wording.h"

#include <algorithm>

#include <fmt/format.h>

#include "absl/container/flat_hash_map.h"
#include "base/format.h"
#include "base/number_text.h"

namespace roost::schema {

std::string Quoted(std::string_view text) {
  constexpr size_t kShown = 40;
  size_t size = std::min(text.size(), kShown);
  // Not within a character of UTF-8.
  while (size > 0 && size < text.size() && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
  return fmt::format("'{}{}'", Printable(text.substr(0, size)), size < text.size() ? "..." : "");
}

std::string SampleText(std::span<const profile::ValueCount> samples, size_t total) {
  constexpr size_t kShown = 5;
  std::string text;
  const size_t shown = std::min(samples.size(), kShown);
  for (size_t i = 0; i < shown; ++i) {
    text += fmt::format("{}{} ({})", i == 0 ? "" : ", ", Quoted(samples[i].value), FormatCount(samples[i].count));
  }
  if (total > shown) text += fmt::format(" and {} more", FormatCount(static_cast<int64_t>(total - shown)));
  return text;
}

bool ReadsAs(Type type, std::string_view text) {
  text = WithoutSpaces(text);
  return type == Type::kInteger ? WholeNumberIn(text).has_value() : NumberIn(text).has_value();
}

Type TypeOf(const profile::ColumnSummary& column) {
  if (column.list.has_value()) return Type::kList;
  if (!column.children.empty()) return Type::kStruct;
  return TypeOf(column.type);
}

namespace {

void AddColumns(const std::vector<profile::ColumnSummary>& columns, ColumnIndex& index) {
  for (const profile::ColumnSummary& column : columns) {
    index.emplace(column.name, &column);  // of two with one name the first is meant
    AddColumns(column.children, index);
  }
}

}  // namespace

ColumnIndex IndexOf(const profile::ProfileSummary& summary) {
  ColumnIndex index;
  AddColumns(summary.columns, index);
  return index;
}

const profile::ColumnSummary* FindIn(const ColumnIndex& index, std::string_view name) {
  const auto found = index.find(name);
  return found == index.end() ? nullptr : found->second;
}

double ShareOf(int64_t part, int64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

namespace {

std::vector<std::string> LinesOnlyIn(const std::vector<std::string>& lines, const std::vector<std::string>& others) {
  absl::flat_hash_map<std::string, int> left;
  for (const std::string& line : others) ++left[line];
  std::vector<std::string> only;
  for (const std::string& line : lines) {
    if (--left[line] < 0) only.push_back(line);
  }
  return only;
}

}  // namespace

Edit EditBetween(const std::vector<std::string>& now, const std::vector<std::string>& then) {
  return {.removed = LinesOnlyIn(now, then), .added = LinesOnlyIn(then, now)};
}

bool Fits(Type wanted, Type seen) {
  const bool nested = seen == Type::kList || seen == Type::kStruct;
  return wanted == Type::kAny || seen == Type::kAny || wanted == seen || (wanted == Type::kOther && nested) ||
         (wanted == Type::kNumber && seen == Type::kInteger);
}

}  // namespace roost::schema
