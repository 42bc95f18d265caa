#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/format.h"
#include "schema/check_column.h"
#include "schema/wording.h"

namespace roost::schema {
namespace {

// How many lists lie inside one another.
int64_t NestingOf(const profile::ColumnSummary& column) {
  if (!column.list.has_value()) return 0;
  return 1 + (column.children.empty() ? 0 : NestingOf(column.children.front()));
}

}  // namespace

void ColumnCheck::CheckLists() {
  if (!seen_.list.has_value()) return;
  CheckNesting();
  CheckLengths();
  CheckShape();
  CheckEmbedding();
}

void ColumnCheck::CheckNesting() {
  const int64_t nesting = NestingOf(seen_);
  if (!rules_.nesting.has_value() || nesting == *rules_.nesting || present_ == 0) return;
  ColumnRules proposed = rules_;
  proposed.nesting = nesting;
  Add({.rule = Rule::kNesting,
       .message = fmt::format("{} {} inside one another, want {}", nesting, nesting == 1 ? "list lies" : "lists lie",
                              *rules_.nesting),
       .observed = std::to_string(nesting),
       .bound = std::to_string(*rules_.nesting),
       .tfx = "VALUE_NESTEDNESS_MISMATCH"},
      std::move(proposed));
}

void ColumnCheck::CheckLengths() {
  const profile::ListSummary& list = *seen_.list;
  if (!rules_.lengths.has_value() || present_ == 0) return;
  const LengthsRule& rule = *rules_.lengths;
  if (rule.min.value_or(0) > 0 && list.total == 0) {
    ColumnRules proposed = rules_;
    proposed.lengths->min.reset();
    Add({.rule = Rule::kEmptyLists,
         .severity = rule.severity,
         .message = fmt::format("all {} lists are empty, each must hold at least {}", FormatCount(present_), *rule.min),
         .observed = "empty",
         .bound = fmt::format("at least {}", FormatCount(*rule.min)),
         .broken = present_,
         .tfx = "FEATURE_TYPE_NO_VALUES"},
        std::move(proposed));
    return;
  }
  const auto add = [&](bool is_short, int64_t observed, int64_t bound) {
    ColumnRules proposed = rules_;
    (is_short ? proposed.lengths->min : proposed.lengths->max) = observed;
    const std::string words = fmt::format("at {} {}", is_short ? "least" : "most", FormatCount(bound));
    Add({.rule = Rule::kLengths,
         .severity = rule.severity,
         .message = fmt::format("the {} list holds {} {}, want {}", is_short ? "shortest" : "longest",
                                FormatCount(observed), observed == 1 ? "value" : "values", words),
         .observed = FormatCount(observed),
         .bound = words,
         .detail = is_short ? "min" : "max",
         .tfx = is_short ? "FEATURE_TYPE_LOW_NUMBER_VALUES" : "FEATURE_TYPE_HIGH_NUMBER_VALUES"},
        std::move(proposed));
  };
  if (rule.min.has_value() && list.min_length < *rule.min) add(true, list.min_length, *rule.min);
  if (rule.max.has_value() && list.max_length > *rule.max) add(false, list.max_length, *rule.max);
}

void ColumnCheck::CheckShape() {
  if (!rules_.shape.has_value() || present_ == 0) return;
  std::string observed;
  const profile::ColumnSummary* level = &seen_;
  for (const int64_t dim : rules_.shape->dims) {
    if (level == nullptr || !level->list.has_value()) {
      observed = fmt::format("lists {} deep", NestingOf(seen_));
      break;
    }
    if (level->missing > 0) {
      observed = fmt::format("{} lists are missing", FormatCount(level->missing));
    } else if (level->list->min_length != dim || level->list->max_length != dim) {
      observed = level->list->min_length == level->list->max_length
                     ? fmt::format("lists of {}", FormatCount(level->list->min_length))
                     : fmt::format("lists of {} to {}", FormatCount(level->list->min_length),
                                   FormatCount(level->list->max_length));
    }
    if (!observed.empty()) break;
    level = level->children.empty() ? nullptr : &level->children.front();
  }
  if (observed.empty() && level != nullptr && level->list.has_value()) {
    observed = fmt::format("lists {} deep", NestingOf(seen_));
  }
  if (observed.empty()) return;
  ColumnRules proposed = rules_;
  proposed.shape.reset();
  const std::string wanted = fmt::format("[{}]", fmt::join(rules_.shape->dims, ", "));
  Add({.rule = Rule::kShape,
       .severity = rules_.shape->severity,
       .message = fmt::format("{} where every row has the shape {}", observed, wanted),
       .observed = observed,
       .bound = wanted,
       .tfx = "INVALID_FEATURE_SHAPE"},
      std::move(proposed));
}

void ColumnCheck::CheckEmbedding() {
  if (!rules_.embedding.has_value() || present_ == 0) return;
  const profile::ListSummary& list = *seen_.list;
  const int64_t size = rules_.embedding->size;
  const profile::ColumnSummary* values = seen_.children.empty() ? nullptr : &seen_.children.front();
  std::string observed;
  if (list.min_length != size || list.max_length != size) {
    observed = list.min_length == list.max_length
                   ? fmt::format("lists of {}", FormatCount(list.min_length))
                   : fmt::format("lists of {} to {}", FormatCount(list.min_length), FormatCount(list.max_length));
  } else if (values != nullptr && TypeOf(*values) != Type::kInteger && TypeOf(*values) != Type::kNumber) {
    observed = fmt::format("lists of {}", TypeName(TypeOf(*values)));
  } else if (values != nullptr && values->missing > 0) {
    observed = fmt::format("{} missing {}", FormatCount(values->missing), values->missing == 1 ? "number" : "numbers");
  }
  if (observed.empty()) return;
  ColumnRules proposed = rules_;
  proposed.embedding.reset();
  if (list.min_length == list.max_length && list.min_length > 0 && list.min_length != size) {
    proposed.embedding = rules_.embedding;
    proposed.embedding->size = list.min_length;
  }
  Add({.rule = Rule::kEmbedding,
       .severity = rules_.embedding->severity,
       .message = fmt::format("{} where every row has {} numbers", observed, FormatCount(size)),
       .observed = observed,
       .bound = fmt::format("{} numbers", FormatCount(size)),
       .tfx = "EMBEDDING_SHAPE_INVALID"},
      std::move(proposed));
}

}  // namespace roost::schema
