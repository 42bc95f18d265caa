#include "schema/infer.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/format.h"
#include "schema/confirm.h"
#include "schema/drift.h"
#include "schema/infer_bands.h"
#include "schema/infer_domains.h"
#include "schema/statistics.h"
#include "schema/wording.h"

namespace roost::schema {
namespace {

using profile::ColumnSummary;
using profile::ProfileSummary;

constexpr int64_t kEnoughValues = 100;

bool IsNumeric(Type type) { return type == Type::kInteger || type == Type::kNumber; }

std::string Versions(size_t count) { return count == 1 ? "the version" : fmt::format("{} versions", count); }

// Infers the rules of one column from its versions.
class ColumnInference {
 public:
  ColumnInference(const ColumnHistory& history, const InferOptions& options, std::vector<Explanation>& explanations)
      : history_(history), newest_(*history.back()), options_(options), explanations_(explanations) {
    rules_.name = newest_.name;
    rules_.type = TypeOf(newest_);
    for (const ColumnSummary* column : history_) {
      if (rules_.type == Type::kInteger && TypeOf(*column) == Type::kNumber) rules_.type = Type::kNumber;
    }
    // Versions of another type say nothing about the values of this one.
    std::erase_if(history_, [this](const ColumnSummary* column) {
      return TypeOf(*column) != rules_.type && !(IsNumeric(rules_.type) && IsNumeric(TypeOf(*column)));
    });
    std::erase_if(history_, [](const ColumnSummary* column) { return column->rows == 0; });
  }

  ColumnRules Infer() {
    if (history_.empty() || rules_.type == Type::kAny) return std::move(rules_);
    Explain("type", fmt::format("{} in {}", TypeName(rules_.type), Versions(history_.size())));
    InferMissing();
    if (IsNumeric(rules_.type)) InferNumber();
    if (rules_.type == Type::kText) InferValues();
    if (!rules_.values.has_value()) InferMeaning();
    if (rules_.type == Type::kText) InferPattern();
    InferDuplicates();
    InferOrder();
    if (rules_.type == Type::kList) InferLists();
    return std::move(rules_);
  }

  const ColumnHistory& history() const { return history_; }

 private:
  void Explain(std::string rule, std::string text) {
    explanations_.push_back({rules_.name, std::move(rule), std::move(text)});
  }

  template <typename Holds>
  bool All(const Holds& holds) const {
    return std::all_of(history_.begin(), history_.end(), [&](const ColumnSummary* column) { return holds(*column); });
  }

  void InferMissing() {
    double greatest = 0;
    for (const ColumnSummary* column : history_) greatest = std::max(greatest, ShareOf(column->missing, column->rows));
    if (MissingShareAbove(greatest) >= 1) return;
    rules_.missing = MissingRule{.max_share = MissingShareAbove(greatest)};
    if (greatest == 0) {
      Explain("missing", fmt::format("every row had a value in {}", Versions(history_.size())));
    } else {
      rules_.missing->severity = Severity::kWarning;
      rules_.missing->confirmed = 0;
      Explain("missing", fmt::format("at most {} had none in {}: twice that is allowed", FormatShare(greatest),
                                     Versions(history_.size())));
    }
  }

  void InferNumber() {
    std::optional<double> min;
    std::optional<double> max;
    bool has_nan = false;
    bool has_infinity = false;
    for (const ColumnSummary* column : history_) {
      if (!column->number.has_value()) return;
      const profile::NumberSummary& number = *column->number;
      if (number.min.has_value()) min = std::min(min.value_or(*number.min), *number.min);
      if (number.max.has_value()) max = std::max(max.value_or(*number.max), *number.max);
      has_nan = has_nan || number.nan > 0;
      has_infinity = has_infinity || number.positive_infinity + number.negative_infinity > 0;
    }
    if (min.has_value() && max.has_value()) {
      rules_.range = RangeAround(*min, *max, rules_.type == Type::kInteger, options_);
    }
    if (rules_.range.has_value()) {
      rules_.range->confirmed = 0;
      Explain("range",
              fmt::format("{} to {} was seen in {}: widened on each side by {} of that width", FormatExact(*min),
                          FormatExact(*max), Versions(history_.size()), FormatShare(options_.range_margin)));
    }
    if (rules_.type == Type::kInteger) return;
    if (!has_nan) rules_.nan = Policy::kWarning;
    if (!has_infinity) rules_.infinity = Policy::kWarning;
    if (!has_nan) Explain("nan", fmt::format("there was none in {}", Versions(history_.size())));
    if (!has_infinity) Explain("infinity", fmt::format("there was none in {}", Versions(history_.size())));
  }

  void InferValues() {
    std::map<std::string, int64_t> counts;
    int64_t present = 0;
    for (const ColumnSummary* column : history_) {
      if (!column->text.has_value()) return;
      const profile::TextSummary& text = *column->text;
      if (!text.exact || text.invalid_utf8 > 0 || text.max_length > options_.max_value_length) return;
      for (const profile::ValueCount& value : text.top) counts[value.value] += value.count;
      present += column->rows - column->missing;
    }
    const auto distinct = static_cast<int64_t>(counts.size());
    if (distinct == 0 || distinct > options_.max_values ||
        static_cast<double>(present) < options_.min_repeats * static_cast<double>(distinct)) {
      return;
    }
    rules_.values.emplace();
    rules_.values->confirmed = 0;
    for (const auto& [value, count] : counts) rules_.values->allowed.push_back(value);
    Explain("values",
            fmt::format("{} different {} in {} of {}", FormatCount(distinct), distinct == 1 ? "value" : "values",
                        FormatCount(present) + " rows", Versions(history_.size())));
  }

  void InferMeaning() {
    ColumnRules told = rules_;
    const std::string what = AddMeaning(newest_, told);
    const bool always = All([&](const ColumnSummary& column) {
      ColumnRules other = rules_;
      AddMeaning(column, other);
      return other == told;
    });
    if (what.empty() || !always) return;
    rules_ = std::move(told);
    const std::string key = rules_.times.has_value()    ? "times"
                            : rules_.holds.has_value()  ? "holds"
                            : rules_.images.has_value() ? "images"
                                                        : "words";
    Explain(key, what);
  }

  void InferPattern() {
    constexpr size_t kMostShapes = 3;
    constexpr double kAll = 1 - 1e-9;
    if (rules_.values.has_value() || rules_.holds.has_value() || rules_.times.has_value() || rules_.words.has_value()) {
      return;
    }
    std::vector<std::string> shapes;
    for (const ColumnSummary* column : history_) {
      if (!column->text.has_value() || !column->text->patterns_are_exact) return;
      double share = 0;
      for (const profile::PatternShare& pattern : column->text->patterns) {
        share += pattern.share;
        shapes.push_back(pattern.pattern);
      }
      if (share < kAll || column->rows - column->missing < kEnoughValues) return;
    }
    std::sort(shapes.begin(), shapes.end());
    shapes.erase(std::unique(shapes.begin(), shapes.end()), shapes.end());
    const bool tell = std::all_of(shapes.begin(), shapes.end(), [](const std::string& shape) {
      return shape.find_first_not_of("Aa+ ") != std::string::npos;
    });
    if (shapes.empty() || shapes.size() > kMostShapes || !tell) return;
    rules_.pattern = PatternRule{.shapes = shapes};
    rules_.pattern->confirmed = 0;
    Explain("pattern", fmt::format("all texts of {} look like {}", Versions(history_.size()), shapes.front()));
  }

  void InferDuplicates() {
    const bool names = rules_.type == Type::kText || rules_.type == Type::kInteger;
    const bool unique = All([](const ColumnSummary& column) {
      const int64_t present = column.rows - column.missing;
      return present >= kEnoughValues && column.distinct_is_exact && static_cast<int64_t>(column.distinct) == present;
    });
    if (!names || !unique || history_.size() < 2) return;
    rules_.duplicates = Policy::kWarning;
    Explain("duplicates", fmt::format("no value came twice in any of {}", Versions(history_.size())));
  }

  void InferOrder() {
    if (!IsNumeric(rules_.type) && rules_.type != Type::kTime) return;
    const auto ordered = [](const ColumnSummary& column) {
      return column.number.has_value() && column.number->order.has_value() && column.number->finite >= kEnoughValues;
    };
    if (!All(ordered)) return;
    const bool ascending = All([](const ColumnSummary& column) { return column.number->order->ascending(); });
    const bool descending = All([](const ColumnSummary& column) { return column.number->order->descending(); });
    if (!ascending && !descending) return;
    rules_.order = OrderRule{
        .direction = ascending ? Direction::kAscending : Direction::kDescending,
        .strict = All([](const ColumnSummary& column) { return column.number->order->strict(); }),
    };
    rules_.order->confirmed = 0;
    Explain("order", fmt::format("no row of {} was out of it", Versions(history_.size())));
  }

  void InferLists() {
    constexpr int64_t kLeastEmbedding = 8;
    int64_t least = newest_.list->min_length;
    int64_t most = newest_.list->max_length;
    bool is_embedding = true;
    for (const ColumnSummary* column : history_) {
      least = std::min(least, column->list->min_length);
      most = std::max(most, column->list->max_length);
      is_embedding = is_embedding && !column->children.empty() && IsNumeric(TypeOf(column->children.front())) &&
                     column->children.front().missing == 0;
    }
    const bool constant = least == most && least > 0;
    if (constant && is_embedding && least >= kLeastEmbedding) {
      rules_.embedding = EmbeddingRule{.size = least, .severity = Severity::kWarning};
      Explain("embedding", fmt::format("every list of {} held {} numbers", Versions(history_.size()), least));
    } else if (least > 0) {
      rules_.lengths = LengthsRule{.min = constant ? least : 1, .severity = Severity::kWarning};
      if (constant) rules_.lengths->max = most;
      rules_.lengths->confirmed = 0;
      Explain("lengths", fmt::format("lists of {} held {} to {} values", Versions(history_.size()), least, most));
    }
  }

  ColumnHistory history_;
  const ColumnSummary& newest_;
  const InferOptions& options_;
  std::vector<Explanation>& explanations_;
  ColumnRules rules_;
};

// The versions of one column; empty where the newest has no such column.
ColumnHistory HistoryOf(std::span<const ColumnIndex> versions, std::string_view name) {
  ColumnHistory history;
  for (const ColumnIndex& version : versions) {
    const ColumnSummary* column = FindIn(version, name);
    if (column != nullptr) history.push_back(column);
  }
  return history;
}

// A column, and those inside it.
void AddNames(const ColumnSummary& column, std::vector<std::string>& names) {
  names.push_back(column.name);
  for (const ColumnSummary& child : column.children) AddNames(child, names);
}

bool WasLackingLater(std::span<const ColumnIndex> versions, std::string_view name) {
  bool was_there = false;
  for (const ColumnIndex& version : versions) {
    const bool is_there = FindIn(version, name) != nullptr;
    if (was_there && !is_there) return true;
    was_there = was_there || is_there;
  }
  return false;
}

// Everything but the counts of confirmations.
Inferred InferOnce(std::span<const ProfileSummary> versions, const InferOptions& options) {
  Inferred inferred;
  std::vector<std::string> names;
  for (const ColumnSummary& column : versions.back().columns) AddNames(column, names);
  std::vector<ColumnIndex> indices;
  for (const ProfileSummary& version : versions) indices.push_back(IndexOf(version));
  std::vector<ColumnHistory> histories;
  size_t bands = 1;  // the ratio of rows
  for (const std::string& name : names) {
    ColumnInference inference(HistoryOf(indices, name), options, inferred.explanations);
    inferred.schema.columns.push_back(inference.Infer());
    ColumnRules& rules = inferred.schema.columns.back();
    if (WasLackingLater(indices, name)) rules.presence = Presence::kOptional;
    histories.push_back(inference.history());
    if (!histories.back().empty()) bands += BandStatistics(histories.back(), rules).size();
  }
  const double alpha = options.false_alarms / static_cast<double>(bands);
  for (size_t i = 0; i < names.size(); ++i) {
    if (histories[i].empty()) continue;
    ColumnRules& rules = inferred.schema.columns[i];
    for (const Statistic statistic : BandStatistics(histories[i], rules)) {
      std::string why;
      rules.bands.push_back(BandOf(histories[i], statistic, alpha, why));
      inferred.explanations.push_back({rules.name, fmt::format("bands: {}", StatisticName(statistic)), why});
    }
  }
  std::string why;
  inferred.schema.dataset.rows_to_previous_span = RowsRatio(versions, alpha, why);
  if (!why.empty()) inferred.explanations.push_back({"", "rows_to_previous_span", why});
  ShareDomains(options, inferred);
  return inferred;
}

void InferDrift(std::span<const profile::Profile* const> profiles, const InferOptions& options, Inferred& inferred) {
  constexpr size_t kEnough = 2;
  if (profiles.size() < kEnough) return;
  const DriftLimits all = InferDriftLimits(profiles, options.false_alarms);
  for (ColumnRules& rules : inferred.schema.columns) {
    const auto limits = all.find(rules.name);
    if (limits == all.end() || limits->second.empty()) continue;
    rules.drift.emplace();
    for (const auto& [measure, max] : limits->second) rules.drift->limits.push_back({measure, max});
    inferred.explanations.push_back(
        {rules.name, "drift", fmt::format("from the distances of {} versions in a row", profiles.size())});
  }
}

// In the order of the schema.
void SortExplanations(Inferred& inferred) {
  std::map<std::string, size_t> places;
  for (size_t i = 0; i < inferred.schema.columns.size(); ++i) places[inferred.schema.columns[i].name] = i + 1;
  std::stable_sort(inferred.explanations.begin(), inferred.explanations.end(),
                   [&](const Explanation& a, const Explanation& b) { return places[a.column] < places[b.column]; });
}

}  // namespace

double MissingShareAbove(double share) {
  if (share <= 0) return 0;
  const double doubled = 2 * share;
  const int exponent = static_cast<int>(std::floor(std::log10(doubled))) - 1;
  return std::min(1.0, Decimal(std::ceil(doubled / std::pow(10, exponent)), exponent));
}

std::optional<RangeRule> RangeAround(double min, double max, bool integer, const InferOptions& options) {
  constexpr double kMostDigits = 1e15;  // beyond it, a double has no digits left to round
  double width = max - min;
  if (width == 0) width = max == 0 ? 1 : std::abs(max);
  double low = min - options.range_margin * width;
  double high = max + options.range_margin * width;
  if (!std::isfinite(low) || !std::isfinite(high)) return std::nullopt;
  if (min >= 0) low = std::max(low, 0.0);
  if (max <= 0) high = std::min(high, 0.0);
  int exponent = static_cast<int>(std::floor(std::log10(width))) - 1;
  if (integer) exponent = std::max(exponent, 0);
  const double unit = std::pow(10, exponent);
  const double low_digits = std::floor(low / unit);
  const double high_digits = std::ceil(high / unit);
  if (std::abs(low_digits) <= kMostDigits && std::abs(high_digits) <= kMostDigits) {
    low = std::min(min, Decimal(low_digits, exponent));
    high = std::max(max, Decimal(high_digits, exponent));
  }
  // Adding zero turns -0 into 0.
  return RangeRule{.min = low + 0.0, .max = high + 0.0};
}

std::string AddMeaning(const ColumnSummary& column, ColumnRules& rules) {
  constexpr double kMost = 0.8;
  const int64_t present = column.rows - column.missing;
  if (present < kEnoughValues || !column.text.has_value()) return "";
  if (rules.type == Type::kText && column.text->kinds.has_value() && column.text->empty == 0) {
    const profile::TextKinds& kinds = *column.text->kinds;
    if (kinds.time >= 1 && !kinds.time_format.empty()) {
      rules.times = TimesRule{.formats = {kinds.time_format}};
      return fmt::format("all texts are times in the format {}", kinds.time_format);
    }
    if (kinds.number >= 1) {
      const bool integer = kinds.integer >= 1;
      rules.holds = integer ? Content::kInteger : Content::kNumber;
      return integer ? "all texts are integers" : "all texts are numbers";
    }
    if (kinds.words >= kMost) {
      rules.words.emplace();
      return fmt::format("{} of the texts are natural language", FormatShare(kinds.words));
    }
  }
  if (rules.type == Type::kBinary && column.text->images.has_value()) {
    const double share = ShareOf(column.text->images->images, present);
    if (share >= kMost) {
      rules.images.emplace();
      return fmt::format("{} of the values are images", FormatShare(share));
    }
  }
  return "";
}

ColumnRules InferColumn(const ColumnSummary& column, const InferOptions& options) {
  std::vector<Explanation> explanations;
  ColumnInference inference({&column}, options, explanations);
  ColumnRules rules = inference.Infer();
  std::string why;
  if (inference.history().empty()) return rules;
  for (const Statistic statistic : BandStatistics(inference.history(), rules)) {
    rules.bands.push_back(BandOf(inference.history(), statistic, options.false_alarms, why));
  }
  return rules;
}

Schema Infer(const ProfileSummary& summary, const InferOptions& options) {
  return InferFrom(std::span(&summary, 1), options).schema;
}

Inferred InferFrom(std::span<const ProfileSummary> versions, const InferOptions& options,
                   std::span<const profile::Profile* const> profiles) {
  if (versions.empty()) return {};
  // Only the last versions can settle a rule: what an earlier one confirmed is told by what these keep.
  const size_t first = versions.size() - std::min(versions.size(), static_cast<size_t>(kConfirmationsToSettle) + 1) + 1;
  Inferred inferred = InferOnce(versions.first(first), options);
  for (size_t i = first; i < versions.size(); ++i) {
    const Schema counted = CountConfirmations(inferred.schema, versions[i]);
    inferred = InferOnce(versions.first(i + 1), options);
    TakeConfirmations(counted, inferred.schema);
  }
  Settle(inferred.schema);
  InferDrift(profiles, options, inferred);
  SortExplanations(inferred);
  return inferred;
}

}  // namespace roost::schema
