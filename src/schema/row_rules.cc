#include "schema/row_rules.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/time/time.h"
#include "base/format.h"
#include "base/number_text.h"
#include "base/utf8.h"
#include "schema/pattern.h"
#include "schema/times.h"
#include "schema/wording.h"

namespace roost::schema {
namespace {

using column::ColumnView;
using Broken = std::vector<uint8_t>;

bool IsText(const ColumnView& column) { return column::IsText(column.type()); }
bool IsNumber(const ColumnView& column) { return column::IsNumber(column.type()); }

// Marks the rows whose text `breaks`. In a dictionary each distinct text is asked for once.
template <typename Breaks>
void MarkTexts(const ColumnView& column, Broken& broken, const Breaks& breaks) {
  if (!column.is_dictionary()) {
    for (int64_t row = 0; row < column.length(); ++row) {
      if (!column.IsNull(row) && breaks(column.TextAt(row))) broken[row] = 1;
    }
    return;
  }
  constexpr int8_t kUnknown = -1;
  std::vector<int8_t> known(column.dictionary().length(), kUnknown);
  for (int64_t row = 0; row < column.length(); ++row) {
    if (column.IsNull(row)) continue;
    int8_t& answer = known[column.CodeAt(row)];
    if (answer == kUnknown) answer = breaks(column.TextAt(row)) ? 1 : 0;
    if (answer == 1) broken[row] = 1;
  }
}

template <typename Breaks>
void MarkNumbers(const ColumnView& column, Broken& broken, const Breaks& breaks) {
  for (int64_t row = 0; row < column.length(); ++row) {
    if (!column.IsNull(row) && breaks(column.NumberAt(row))) broken[row] = 1;
  }
}

// Whether the values from `begin` to `end` are as many as the first of `dims`, and lists of the others.
bool HasShape(const ColumnView& values, int64_t begin, int64_t end, std::span<const int64_t> dims) {
  if (dims.empty() || end - begin != dims.front()) return false;
  if (dims.size() == 1) return values.nesting() != column::Nesting::kList;
  if (values.nesting() != column::Nesting::kList) return false;
  for (int64_t i = begin; i < end; ++i) {
    if (values.IsNull(i)) return false;
    const auto [first, last] = values.ListRange(i);
    if (!HasShape(values.children().front(), first, last, dims.subspan(1))) return false;
  }
  return true;
}

// Asks `rule` of what lies at `path` inside `column`: "" is the column itself, "[]" a list's values, ".city" a field.
bool FindInside(const RowRule& rule, const ColumnView& column, std::string_view path, Broken& broken) {
  if (path.empty()) return rule.find(column, broken);
  if (path.starts_with("[]") && column.nesting() == column::Nesting::kList) {
    const ColumnView& values = column.children().front();
    Broken inside(values.length());
    if (!FindInside(rule, values, path.substr(2), inside)) return false;
    for (int64_t row = 0; row < column.length(); ++row) {
      if (column.IsNull(row)) continue;
      const auto [begin, end] = column.ListRange(row);
      if (std::find(inside.begin() + begin, inside.begin() + end, 1) != inside.begin() + end) broken[row] = 1;
    }
    return true;
  }
  if (!path.starts_with('.') || column.nesting() != column::Nesting::kStruct) return false;
  for (const ColumnView& field : column.children()) {
    if (!path.substr(1).starts_with(field.name())) continue;
    Broken inside(field.length());
    if (!FindInside(rule, field, path.substr(1 + field.name().size()), inside)) continue;
    for (int64_t row = 0; row < column.length(); ++row) {
      if (inside[row] != 0 && !column.IsNull(row)) broken[row] = 1;
    }
    return true;
  }
  return false;
}

// Makes the row rules of one column.
class Maker {
 public:
  Maker(const Schema& schema, const ColumnRules& column, std::vector<RowRule>& made)
      : schema_(schema), column_(column), made_(made) {}

  void Make() {
    const bool wants_number = column_.type == Type::kInteger || column_.type == Type::kNumber;
    if (wants_number) {
      Texts(Rule::kType, Severity::kError, true,
            [type = column_.type](std::string_view text) { return !ReadsAs(type, text); });
    }
    if (column_.missing.has_value()) MakeMissing(*column_.missing);
    if (wants_number) {
      if (column_.nan != Policy::kAllow) {
        Numbers(Rule::kNan, SeverityOf(column_.nan), [](double value) { return std::isnan(value); });
      }
      if (column_.infinity != Policy::kAllow) {
        Numbers(Rule::kInfinity, SeverityOf(column_.infinity), [](double value) { return std::isinf(value); });
      }
    }
    if (column_.range.has_value()) MakeRange(*column_.range);
    if (column_.type == Type::kText) MakeTexts();
    if (column_.bools.has_value()) MakeBools(*column_.bools);
    if (column_.times.has_value()) MakeTimes(*column_.times);
    if (column_.lengths.has_value()) MakeLengths(*column_.lengths);
    if (column_.shape.has_value()) MakeShape(*column_.shape);
    if (column_.embedding.has_value()) MakeEmbedding(*column_.embedding);
    if (column_.images.has_value() && column_.images->max_bytes.has_value()) MakeImages(*column_.images);
  }

 private:
  template <typename Find>
  void Add(Rule rule, Severity severity, bool decides, Find find, std::string detail = "") {
    made_.push_back({.column = &column_,
                     .rule = rule,
                     .detail = std::move(detail),
                     .severity = severity,
                     .decides = decides,
                     .find = std::move(find)});
  }

  // A rule that a list breaks: `breaks` is given its values, and the first and one past the last of them.
  template <typename Breaks>
  void Lists(Rule rule, Severity severity, Breaks breaks, std::string detail = "") {
    Add(
        rule, severity, true,
        [breaks](const ColumnView& column, Broken& broken) {
          if (column.nesting() != column::Nesting::kList) return false;
          const ColumnView& values = column.children().front();
          for (int64_t row = 0; row < column.length(); ++row) {
            if (column.IsNull(row)) continue;
            const auto [begin, end] = column.ListRange(row);
            if (breaks(values, begin, end)) broken[row] = 1;
          }
          return true;
        },
        std::move(detail));
  }

  void MakeLengths(const LengthsRule& rule) {
    if (rule.min.has_value()) {
      Lists(
          Rule::kLengths, rule.severity,
          [min = *rule.min](const ColumnView&, int64_t begin, int64_t end) { return end - begin < min; }, "min");
    }
    if (rule.max.has_value()) {
      Lists(
          Rule::kLengths, rule.severity,
          [max = *rule.max](const ColumnView&, int64_t begin, int64_t end) { return end - begin > max; }, "max");
    }
  }

  void MakeShape(const ShapeRule& rule) {
    Lists(Rule::kShape, rule.severity, [dims = rule.dims](const ColumnView& values, int64_t begin, int64_t end) {
      return !HasShape(values, begin, end, dims);
    });
  }

  void MakeEmbedding(const EmbeddingRule& rule) {
    Lists(Rule::kEmbedding, rule.severity, [size = rule.size](const ColumnView& values, int64_t begin, int64_t end) {
      if (end - begin != size) return true;
      for (int64_t i = begin; i < end; ++i) {
        if (values.IsNull(i)) return true;
      }
      return false;
    });
  }

  template <typename Breaks>
  void Texts(Rule rule, Severity severity, bool decides, Breaks breaks) {
    Add(rule, severity, decides, [breaks = std::move(breaks)](const ColumnView& column, Broken& broken) {
      if (!IsText(column)) return false;
      MarkTexts(column, broken, breaks);
      return true;
    });
  }

  template <typename Breaks>
  void Numbers(Rule rule, Severity severity, Breaks breaks) {
    Add(rule, severity, true, [breaks](const ColumnView& column, Broken& broken) {
      if (!IsNumber(column)) return false;
      MarkNumbers(column, broken, breaks);
      return true;
    });
  }

  void MakeMissing(const MissingRule& rule) {
    Add(Rule::kMissing, rule.severity, rule.max_share == 0, [](const ColumnView& column, Broken& broken) {
      for (int64_t row = 0; column.has_nulls() && row < column.length(); ++row) {
        if (column.IsNull(row)) broken[row] = 1;
      }
      return true;
    });
  }

  void MakeRange(const RangeRule& range) {
    // One text among numbers makes a column of texts: the others are numbers all the same.
    const auto make = [&](Rule rule, auto outside) {
      Add(rule, range.severity, true, [outside](const ColumnView& column, Broken& broken) {
        if (IsNumber(column)) {
          MarkNumbers(column, broken, outside);
        } else if (IsText(column)) {
          MarkTexts(column, broken, [&outside](std::string_view text) {
            const std::optional<double> value = NumberIn(WithoutSpaces(text));
            return value.has_value() && outside(*value);
          });
        }
        return IsNumber(column) || IsText(column);
      });
    };
    if (range.min.has_value()) {
      make(Rule::kMin, [min = *range.min](double value) { return std::isfinite(value) && value < min; });
    }
    if (range.max.has_value()) {
      make(Rule::kMax, [max = *range.max](double value) { return std::isfinite(value) && value > max; });
    }
  }

  void MakeTexts() {
    if (column_.values.has_value()) {
      const ValuesRule& rule = *column_.values;
      Texts(Rule::kEncoding, rule.severity, true, [](std::string_view text) { return !IsUtf8(text); });
      auto allowed = std::make_shared<absl::flat_hash_set<std::string_view>>();
      for (const std::string& value : schema_.AllowedBy(rule)) allowed->insert(value);
      Texts(Rule::kValues, rule.severity, rule.min_share >= 1,
            [allowed](std::string_view text) { return !allowed->contains(text) && IsUtf8(text); });
    }
    if (column_.holds == Content::kInteger || column_.holds == Content::kNumber) {
      const Type type = column_.holds == Content::kInteger ? Type::kInteger : Type::kNumber;
      Texts(Rule::kHolds, Severity::kError, true, [type](std::string_view text) { return !ReadsAs(type, text); });
    }
    if (!column_.pattern.has_value()) return;
    auto pattern = Pattern::Make(*column_.pattern);
    if (!pattern.ok()) return;  // a problem of the schema, which Validate reports
    Texts(Rule::kPattern, column_.pattern->severity, column_.pattern->min_share >= 1,
          [pattern = *std::move(pattern)](std::string_view text) { return !pattern.Fits(text); });
  }

  void MakeBools(const BoolsRule& rule) {
    if (column_.type == Type::kText) {
      Texts(Rule::kBools, rule.severity, true,
            [&rule](std::string_view text) { return text != rule.true_text && text != rule.false_text; });
    } else {
      Numbers(Rule::kBools, rule.severity, [](double value) { return !(value == 0 || value == 1); });
    }
  }

  void MakeTimes(const TimesRule& rule) {
    std::vector<TimeFormat> formats;
    for (const std::string& text : rule.formats) {
      auto format = TimeFormat::Make(text);
      if (format.ok()) formats.push_back(*std::move(format));
    }
    const auto fits = [formats = std::move(formats)](const auto& value) {
      return std::any_of(formats.begin(), formats.end(), [&](const TimeFormat& format) { return format.Fits(value); });
    };
    if (column_.type == Type::kText) {
      Texts(Rule::kTimes, rule.severity, rule.min_share >= 1, [fits](std::string_view text) { return !fits(text); });
      return;
    }
    Add(Rule::kTimes, rule.severity, rule.min_share >= 1, [fits](const ColumnView& column, Broken& broken) {
      if (!column::IsInteger(column.type())) return false;
      for (int64_t row = 0; row < column.length(); ++row) {
        if (!column.IsNull(row) && !fits(column.IntegerAt(row))) broken[row] = 1;
      }
      return true;
    });
  }

  void MakeImages(const ImagesRule& rule) {
    Add(Rule::kImageSize, rule.severity, true, [max = *rule.max_bytes](const ColumnView& column, Broken& broken) {
      if (!column::IsBytes(column.type())) return false;
      MarkTexts(column, broken, [max](std::string_view bytes) { return static_cast<int64_t>(bytes.size()) > max; });
      return true;
    });
  }

  const Schema& schema_;
  const ColumnRules& column_;
  std::vector<RowRule>& made_;
};

}  // namespace

std::vector<RowRule> RowRulesOf(const Schema& schema) {
  std::vector<RowRule> rules;
  for (const ColumnRules& column : schema.columns) {
    if (!IsChecked(column)) continue;
    Maker(schema, column, rules).Make();
  }
  return rules;
}

bool FindBroken(const RowRule& rule, const column::BatchView& batch, std::vector<uint8_t>& broken) {
  const std::string_view name = rule.column->name;
  if (const ColumnView* column = batch.Find(name); column != nullptr) return rule.find(*column, broken);
  for (const ColumnView& column : batch.columns()) {
    const bool is_nested = column.nesting() != column::Nesting::kNone;
    if (is_nested && name.starts_with(column.name()) &&
        FindInside(rule, column, name.substr(column.name().size()), broken)) {
      return true;
    }
  }
  return false;
}

std::string ValueText(const column::BatchView& batch, std::string_view name, int64_t row) {
  const ColumnView* column = batch.Find(name);
  return column == nullptr ? "" : ValueText(*column, row);
}

std::string ValueText(const column::ColumnView& column, int64_t row) {
  if (column.IsNull(row)) return "";
  if (IsText(column)) return std::string(column.TextAt(row));
  if (column::IsBytes(column.type())) return FormatBytes(static_cast<int64_t>(column.TextAt(row).size()));
  if (column::IsTime(column.type())) return FormatUtc(absl::FromUnixMicros(column.MicrosAt(row)));
  if (column::IsInteger(column.type()) && column.type() != column::Type::kUInt64) {
    return std::to_string(column.IntegerAt(row));
  }
  return IsNumber(column) || column.type() == column::Type::kBool ? FormatExact(column.NumberAt(row)) : "";
}

}  // namespace roost::schema
