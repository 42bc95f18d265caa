#include "schema/word_scan.h"

#include <memory>
#include <string_view>
#include <utility>

namespace roost::schema {
namespace {

using column::ColumnView;
using column::Nesting;

// Adds the texts that lie at `path` inside the rows of `column`: "" is the column itself, "[]" a list's values, ".city"
// a field.
void AddTexts(const ColumnView& column, std::string_view path, int64_t begin, int64_t end, profile::TokenState& state) {
  for (int64_t row = begin; row < end; ++row) {
    if (column.IsNull(row)) continue;
    if (path.empty()) {
      if (column::IsText(column.type())) state.Add(column.TextAt(row), 1);
    } else if (path.starts_with("[]") && column.nesting() == Nesting::kList) {
      const auto [first, last] = column.ListRange(row);
      AddTexts(column.children().front(), path.substr(2), first, last, state);
    } else if (path.starts_with('.') && column.nesting() == Nesting::kStruct) {
      for (const ColumnView& field : column.children()) {
        const std::string_view rest = path.substr(1);
        if (!rest.starts_with(field.name())) continue;
        AddTexts(field, rest.substr(field.name().size()), row, row + 1, state);
      }
    }
  }
}

}  // namespace

bool NeedsWords(const ColumnRules& column) {
  if (!column.words.has_value() || !IsChecked(column)) return false;
  const WordsRule& rule = *column.words;
  return rule.min_coverage.has_value() || rule.min_mean_length.has_value() || rule.min_words.has_value() ||
         rule.max_words.has_value() || !rule.tokens.empty();
}

WordScan::WordScan(const Schema& schema) {
  for (const ColumnRules& column : schema.columns) {
    if (!NeedsWords(column)) continue;
    const Domain* domain = schema.FindDomain(column.words->vocabulary);
    std::shared_ptr<const profile::Vocabulary> vocabulary;
    if (domain != nullptr) vocabulary = std::make_shared<profile::Vocabulary>(domain->values);
    columns_.push_back({column.name, profile::TokenState(std::move(vocabulary))});
  }
}

void WordScan::Add(const column::BatchView& batch) {
  for (Column& column : columns_) {
    const std::string_view name = column.name;
    if (const ColumnView* view = batch.Find(name); view != nullptr) {
      AddTexts(*view, "", 0, view->length(), column.state);
      continue;
    }
    for (const ColumnView& outer : batch.columns()) {
      if (outer.nesting() == Nesting::kNone || !name.starts_with(outer.name())) continue;
      AddTexts(outer, name.substr(outer.name().size()), 0, outer.length(), column.state);
    }
  }
}

WordCounts WordScan::Counts() const {
  WordCounts counts;
  for (const Column& column : columns_) counts.emplace(column.name, column.state.Summarize());
  return counts;
}

}  // namespace roost::schema
