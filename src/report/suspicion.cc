#include "report/suspicion.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <optional>

#include <fmt/format.h>

#include "base/format.h"
#include "base/utf8.h"
#include "column/column_view.h"
#include "report/figures.h"

namespace roost::report {
namespace {

using profile::ColumnSummary;
using profile::NumberSummary;
using profile::TextKinds;
using profile::TextSummary;

double Share(int64_t part, int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

// "1 value", "1,200 values".
std::string Counted(int64_t count, std::string_view what) {
  return fmt::format("{} {}{}", FormatCount(count), what, count == 1 ? "" : "s");
}

// A text of the data within a sentence: its beginning.
std::string Quoted(std::string_view text) {
  constexpr size_t kBytes = 40;
  const std::string_view shown = CutUtf8(text, kBytes);
  return fmt::format("“{}{}”", shown, shown.size() < text.size() ? "…" : "");
}

// Fewer values say nothing about uniqueness, rarity and shape.
constexpr int64_t kEnoughValues = 100;

class Findings {
 public:
  template <typename... Args>
  void Add(Suspicion what, double weight, fmt::format_string<Args...> sentence, Args&&... args) {
    found_.push_back({what, weight, fmt::format(sentence, std::forward<Args>(args)...)});
  }
  std::vector<Finding> Sorted() && {
    std::stable_sort(found_.begin(), found_.end(),
                     [](const Finding& a, const Finding& b) { return a.weight > b.weight; });
    return std::move(found_);
  }

 private:
  std::vector<Finding> found_;
};

// --- any column ---------------------------------------------------------------------------------------------------

void FindMissing(const ColumnSummary& column, Findings& found) {
  constexpr double kMany = 0.05;
  const double share = Share(column.missing, column.rows);
  if (column.missing == column.rows) {
    found.Add(Suspicion::kAllMissing, 100, "None of the {} has a value.", Counted(column.rows, "row"));
  } else if (share >= kMany) {
    found.Add(Suspicion::kManyMissing, 15 + 50 * share, "{} of the rows have no value.", FormatRoughShare(share));
  }
}

std::optional<double> TopShare(const ColumnSummary& column) {
  const int64_t present = column.rows - column.missing;
  if (!column.text || column.text->top.empty() || present == 0) return std::nullopt;
  return Share(column.text->top.front().count, present);
}

void FindSameness(const ColumnSummary& column, Findings& found) {
  constexpr double kAlmostAll = 0.99;
  const int64_t present = column.rows - column.missing;
  if (column.constant()) {
    if (present > 1) found.Add(Suspicion::kConstant, 55, "All {} are the same.", Counted(present, "value"));
    return;
  }
  if (present < kEnoughValues) return;
  double share = TopShare(column).value_or(0);
  // Of numbers: a value that fills 99 of the 100 steps between percentiles.
  if (column.number && column.number->percentiles.size() == 101) {
    const std::vector<double>& at = column.number->percentiles;
    if (at[0] == at[99] || at[1] == at[100]) share = kAlmostAll;
  }
  if (share >= kAlmostAll) {
    found.Add(Suspicion::kAlmostConstant, 30, "{} % or more of the values are the same.",
              std::floor(1000 * share) / 10);
  }
}

void FindUniqueness(const ColumnSummary& column, Findings& found) {
  constexpr double kAlmostUnique = 0.98;
  const int64_t present = column.rows - column.missing;
  const bool may_identify = column.text.has_value() || column::IsInteger(column.type);
  if (!may_identify || present < kEnoughValues) return;
  const double share = column.distinct / static_cast<double>(present);
  if (column.distinct_is_exact && share >= kAlmostUnique && share < 1) {
    found.Add(Suspicion::kAlmostUnique, 25, "Nearly every value came once, but {} repeated.",
              Counted(present - static_cast<int64_t>(column.distinct), "value"));
  } else if (share >= kAlmostUnique) {
    found.Add(Suspicion::kIdentifier, 5, "{} value came once: an identifier tells rows apart and predicts nothing.",
              column.distinct_is_exact ? "Every" : "Nearly every");
  }
}

// --- numbers and times --------------------------------------------------------------------------------------------

void FindNotFinite(const NumberSummary& number, Findings& found) {
  const int64_t infinite = number.positive_infinity + number.negative_infinity;
  const int64_t bad = number.nan + infinite;
  if (bad == 0) return;
  const std::string what = number.nan == 0 ? "" : FormatCount(number.nan) + " NaN";
  const std::string infinities = infinite == 0 ? "" : Counted(infinite, "infinite value");
  found.Add(Suspicion::kNotFinite, 40 + 20 * Share(bad, bad + number.finite), "{}{}{}: no figure below counts them.",
            what, what.empty() || infinities.empty() ? "" : " and ", infinities);
}

// A value of nothing but nines, with a minus or not, that lies further from the other end's middle than the middle is
// wide: what people write where there is no value.
bool IsStandIn(double end, double near, double far) {
  constexpr std::array kNines{99.0, 999.0, 9999.0, 99'999.0, 999'999.0, 9'999'999.0, 99'999'999.0, 999'999'999.0};
  if (std::find(kNines.begin(), kNines.end(), std::abs(end)) == kNines.end()) return false;
  return std::abs(end - near) > std::abs(near - far) && std::abs(end - near) > 50;
}

void FindStrangeEnds(const NumberSummary& number, Findings& found) {
  constexpr double kFar = 10;  // widths of the middle half
  const std::vector<double>& at = number.percentiles;
  if (at.size() != 101 || number.finite < kEnoughValues) return;
  for (const size_t end : {size_t{0}, size_t{100}}) {
    if (!IsStandIn(at[end], at[end == 0 ? 10 : 90], at[end == 0 ? 90 : 10])) continue;
    found.Add(Suspicion::kStandIns, 45, "The {} value is {}, far from the others: it may stand for a missing one.",
              end == 0 ? "least" : "greatest", NumberText(at[end]));
    return;
  }
  const double width = at[75] - at[25];
  if (width <= 0) return;
  const double below = (at[25] - at[0]) / width;
  const double above = (at[100] - at[75]) / width;
  const double farthest = std::max(below, above);
  if (farthest <= kFar) return;
  found.Add(Suspicion::kFarOutliers, std::min(35.0, 10 + 10 * std::log10(farthest)),
            "The {} value lies {} widths of the middle half away from it.", below > above ? "least" : "greatest",
            FormatNumber(farthest, 3));
}

void FindShape(const NumberSummary& number, Findings& found) {
  constexpr double kHeavy = 3;
  constexpr double kFew = 0.01;
  if (number.finite < kEnoughValues) return;
  if (number.skewness && std::abs(*number.skewness) >= kHeavy) {
    found.Add(Suspicion::kHeavySkew, 15, "The skewness is {}: a long tail of {} values.",
              FormatNumber(*number.skewness, 3), *number.skewness > 0 ? "great" : "small");
  }
  const double zeros = Share(number.zeros, number.finite);
  if (zeros >= 0.5 && zeros < 1) found.Add(Suspicion::kMostlyZero, 8 + 6 * zeros, "{} are 0.", FormatRoughShare(zeros));
  const double negative = Share(number.negative, number.finite);
  if (negative > 0 && negative < kFew) {
    found.Add(Suspicion::kFewNegative, 18, "{} negative, {} not.",
              Counted(number.negative, "value") + (number.negative == 1 ? " is" : " are"),
              FormatCount(number.finite - number.negative));
  }
}

void FindNumberFaults(const NumberSummary& number, Findings& found) {
  FindNotFinite(number, found);
  FindStrangeEnds(number, found);
  FindShape(number, found);
}

void FindTimeFaults(const NumberSummary& number, Findings& found) {
  constexpr double kYear1900 = -2'208'988'800.0;
  constexpr double kYear2100 = 4'102'444'800.0;
  if (!number.min || !number.max) return;
  if (*number.min < kYear1900) {
    found.Add(Suspicion::kStrangeTimes, 40, "The first time is {}.", InstantText(*number.min));
  } else if (*number.max >= kYear2100) {
    found.Add(Suspicion::kStrangeTimes, 40, "The last time is {}.", InstantText(*number.max));
  } else if (*number.min == 0 && *number.max > 0) {
    found.Add(Suspicion::kStrangeTimes, 40,
              "The first time is exactly 1970-01-01, which often stands for a missing one.");
  }
}

// --- text and bytes -----------------------------------------------------------------------------------------------

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& character : lower) {
    if (character >= 'A' && character <= 'Z') character = static_cast<char>(character - 'A' + 'a');
  }
  return lower;
}

void FindStandInTexts(const TextSummary& text, int64_t present, Findings& found) {
  constexpr std::array<std::string_view, 18> kWords{"n/a",  "na",  "nan",     "null", "none",  "nil",
                                                    "#n/a", "-",   "--",      "?",    ".",     "missing",
                                                    "<na>", "nat", "unknown", "\\n",  "undef", "undefined"};
  int64_t count = 0;
  std::string_view example;
  for (const profile::ValueCount& value : text.top) {
    if (value.value.size() > 9) continue;
    if (std::find(kWords.begin(), kWords.end(), Lower(value.value)) == kWords.end()) continue;
    count += value.count;
    if (example.empty()) example = value.value;
  }
  if (count == 0) return;
  found.Add(Suspicion::kStandIns, 42 + 15 * Share(count, present), "{} like {} may stand for a missing one.",
            Counted(count, "text"), Quoted(example));
}

void FindEmptyTexts(const ColumnSummary& column, int64_t present, Findings& found) {
  constexpr double kSome = 0.01;
  const int64_t empty = column.text->empty;
  if (empty == 0) return;
  const double share = Share(empty, present);
  if (column.missing > 0) {
    found.Add(Suspicion::kEmptyTexts, 25 + 20 * share, "{} beside {}: two ways to say that there is nothing.",
              Counted(empty, "empty text"), Counted(column.missing, "missing value"));
  } else if (share >= kSome) {
    found.Add(Suspicion::kEmptyTexts, 18 + 30 * share, "{} of the texts are empty.", FormatRoughShare(share));
  }
}

void FindKinds(const TextKinds& kinds, Findings& found) {
  constexpr double kMost = 0.8;
  const double times = kinds.time + kinds.other_times;
  if (kinds.number >= 1) {
    found.Add(Suspicion::kTextNumbers, 45, "All texts are {}.", kinds.integer >= 1 ? "whole numbers" : "numbers");
  } else if (kinds.number >= kMost && times < kMost) {
    found.Add(Suspicion::kNearlyNumbers, 65, "{} of the texts are numbers, {} are not.", FormatRoughShare(kinds.number),
              FormatRoughShare(1 - kinds.number));
  } else if (kinds.boolean >= 1) {
    found.Add(Suspicion::kTextBooleans, 22, "All texts are true or false.");
  }
  if (times < kMost) return;
  if (kinds.other_times > 0) {
    found.Add(Suspicion::kMixedTimes, 70, "{} are times as {}, {} are times in another format.",
              FormatRoughShare(kinds.time), Quoted(kinds.time_format), FormatRoughShare(kinds.other_times));
  } else if (kinds.number < kMost) {
    found.Add(Suspicion::kTextTimes, 32, "{} are times as {}.", times >= 1 ? "All texts" : FormatRoughShare(times),
              Quoted(kinds.time_format));
  }
}

void FindRarePatterns(const TextSummary& text, Findings& found) {
  constexpr double kRules = 0.9;
  if (text.patterns.empty()) return;
  const profile::PatternShare& first = text.patterns.front();
  if (first.share < kRules || first.share >= 1) return;
  found.Add(Suspicion::kRarePatterns, 20, "{} look like {}, the others do not.", FormatRoughShare(first.share),
            Quoted(first.pattern));
}

void FindTextFaults(const ColumnSummary& column, Findings& found) {
  const TextSummary& text = *column.text;
  const int64_t present = column.rows - column.missing;
  if (present == 0) return;
  if (text.invalid_utf8 > 0) {
    found.Add(Suspicion::kInvalidUtf8, 60 + 9 * Share(text.invalid_utf8, present), "{} not UTF-8.",
              Counted(text.invalid_utf8, "text") + (text.invalid_utf8 == 1 ? " is" : " are"));
  }
  FindStandInTexts(text, present, found);
  FindEmptyTexts(column, present, found);
  if (text.kinds && present >= 2) FindKinds(*text.kinds, found);
  if (present >= kEnoughValues) FindRarePatterns(text, found);
  if (text.images && text.images->images > 0 && text.images->images < present) {
    found.Add(Suspicion::kBrokenImages, 32, "{} of {} are images, the others are not.",
              FormatCount(text.images->images), FormatCount(present));
  }
}

void FindListFaults(const ColumnSummary& column, Findings& found) {
  const double share = Share(column.list->empty, column.rows - column.missing);
  if (share >= 0.5)
    found.Add(Suspicion::kMostlyEmptyLists, 8 + 10 * share, "{} are empty lists.", FormatRoughShare(share));
}

}  // namespace

std::string_view Label(Suspicion what) {
  constexpr std::array<std::string_view, 23> kLabels{"all missing",
                                                     "times in several formats",
                                                     "invalid UTF-8",
                                                     "numbers with exceptions",
                                                     "many missing",
                                                     "constant",
                                                     "NaN or infinity",
                                                     "texts that are numbers",
                                                     "stand-ins for missing",
                                                     "strange times",
                                                     "almost constant",
                                                     "far outliers",
                                                     "texts that are times",
                                                     "not all images",
                                                     "almost unique",
                                                     "empty texts",
                                                     "texts that are booleans",
                                                     "rare patterns",
                                                     "few negative",
                                                     "heavy skew",
                                                     "mostly zero",
                                                     "mostly empty lists",
                                                     "identifier"};
  return kLabels[static_cast<size_t>(what)];
}

std::vector<Finding> FindingsOf(const ColumnSummary& column) {
  Findings found;
  if (column.rows == 0) return {};
  FindMissing(column, found);
  if (column.missing == column.rows) return std::move(found).Sorted();
  FindSameness(column, found);
  FindUniqueness(column, found);
  if (column.number && column.type != column::Type::kBool) {
    column::IsTime(column.type) ? FindTimeFaults(*column.number, found) : FindNumberFaults(*column.number, found);
  }
  if (column.text && column.type != column::Type::kBool) FindTextFaults(column, found);
  if (column.list) FindListFaults(column, found);
  return std::move(found).Sorted();
}

double ScoreOf(const std::vector<Finding>& findings) {
  constexpr double kPartOfOthers = 0.1;
  double score = 0;
  for (size_t i = 0; i < findings.size(); ++i) score += findings[i].weight * (i == 0 ? 1 : kPartOfOthers);
  return score;
}

}  // namespace roost::report
