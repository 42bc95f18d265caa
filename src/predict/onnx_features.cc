#include "predict/onnx_features.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <iterator>
#include <limits>
#include <optional>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/check.h"
#include "base/status.h"
#include "predict/onnx_calendar.h"
#include "transform/entries.h"
#include "transform/fitted.h"

namespace roost::predict {
namespace {

using column::Kind;
using transform::FittedFeature;
using transform::Operation;

// Numbers taken as words are compared with every word, which costs memory for each row and word.
constexpr size_t kMaxNumberWords = 4'096;

const std::vector<int64_t> kColumn{-1, 1};

/// A column in the graph.
struct Source {
  Kind kind = Kind::kNumber;
  std::string name;
  std::string value;
  std::string missing;  // bool
};

/// A number on its way into its operation: 0 where it is missing and nothing stands for it.
struct Prepared {
  std::string value;
  std::string present;  // bool; "": always there
};

class Encoder {
 public:
  Encoder(const transform::Transform& transform, OnnxGraph& graph) : transform_(transform), graph_(graph) {}

  absl::StatusOr<std::vector<EncodedEntries>> Encode();

 private:
  absl::Status AddInputs();
  absl::Status EncodeFeature(const FittedFeature& feature);
  void Number(const FittedFeature& feature, const Source& source, NumberOrigin origin);
  void Bucketize(const FittedFeature& feature, const Source& source);
  void Age(const FittedFeature& feature, const Source& source);
  absl::Status Words(const FittedFeature& feature, const Source& source);
  absl::Status Cross(const FittedFeature& feature);
  absl::StatusOr<std::string> TextOf(const FittedFeature& feature, size_t part, const Source& source);
  void Calendar(const Source& source, Operation use);
  void Cyclic(const FittedFeature& feature, const Source& source);
  Prepared Prepare(const transform::NumberSteps& steps, const Source& source, bool with_log);
  std::string Standardized(const FittedFeature& feature, const Prepared& number);
  std::string LogOfOnePlus(const std::string& value);

  std::string TextSlots(std::span<const std::string> words, const std::string& text, int64_t unknown, int64_t missing);
  std::string NumberSlots(std::span<const std::string> words, const Source& source, int64_t unknown, int64_t missing);

  std::string Bounded(const std::string& value) {
    return graph_.Node(
        "Clip", {value, graph_.Number(-transform::kMaxFeatureValue), graph_.Number(transform::kMaxFeatureValue)});
  }
  std::string Where(const std::string& condition, const std::string& yes, const std::string& no) {
    return graph_.Node("Where", {condition, yes, no});
  }
  std::string OrZero(const Prepared& number, const std::string& value) {
    return number.present.empty() ? value : Where(number.present, value, graph_.Number(0));
  }
  std::string Cast(const std::string& value, OnnxElement element) {
    constexpr int64_t kTypes[] = {1, 11, 7, 6, 9, 8};  // TensorProto.DataType, in the order of OnnxElement
    return graph_.Node("Cast", {value}, {{"to", kTypes[static_cast<size_t>(element)]}});
  }
  std::string Text(std::string text) { return graph_.Constant({{1}, std::vector<std::string>{std::move(text)}}); }
  std::string Axis() { return graph_.Constant({{1}, std::vector<int64_t>{1}}); }
  void AddIndicator(const FittedFeature& feature, const std::string& missing) {
    if (feature.indicator) AddValue(Cast(missing, OnnxElement::kDouble), "");
  }
  EncodedEntries& AddValue(const std::string& value, const std::string& present) {
    entries_.push_back({.first = next_++, .value = value, .present = present});
    return entries_.back();
  }
  void AddSlot(const std::string& value, int32_t num_slots) {
    entries_.push_back({.first = next_, .num_slots = num_slots, .value = value});
    next_ += num_slots;
  }

  const transform::Transform& transform_;
  OnnxGraph& graph_;
  std::vector<Source> sources_;  // of the inputs
  std::vector<EncodedEntries> entries_;
  int32_t next_ = 0;
};

absl::Status Refuse(std::string_view why, std::string_view instead) {
  return WithHint(absl::UnimplementedError(std::string(why)), instead);
}

absl::Status Encoder::AddInputs() {
  for (const transform::InputColumn& input : transform_.inputs()) {
    if (input.name.empty()) return Refuse("a column has no name, and so its input would have none", "name the column");
    Source source{.kind = input.kind, .name = input.name};
    switch (input.kind) {
      case Kind::kNumber: source.value = graph_.Input(input.name, OnnxElement::kDouble, kColumn); break;
      case Kind::kText: source.value = graph_.Input(input.name, OnnxElement::kText, kColumn); break;
      case Kind::kTime: source.value = graph_.Input(input.name, OnnxElement::kInt64, kColumn); break;
      case Kind::kTextList:
      case Kind::kNumberList: break;  // their features are refused
    }
    sources_.push_back(std::move(source));
  }
  for (Source& source : sources_) {
    if (source.kind == Kind::kNumber) {
      // Null, NaN and infinite: false for NaN as well.
      const std::string most = graph_.Number(std::numeric_limits<double>::max());
      const std::string finite = graph_.Node("LessOrEqual", {graph_.Node("Abs", {source.value}), most});
      source.missing = graph_.Node("Not", {finite});
    } else if (source.kind == Kind::kText) {
      source.missing = graph_.Node("Equal", {source.value, Text(kMissingText)});
    } else if (source.kind == Kind::kTime) {
      source.missing = graph_.Node("Equal", {source.value, graph_.Integer(kMissingTime)});
    }
  }
  return absl::OkStatus();
}

// ln(1 + x) to a few units in the last place, as ONNX has no log1p: the error that rounding 1 + x makes in the
// logarithm is nearly that which it makes in (1 + x) - 1. Source: D. Goldberg, "What every computer scientist should
// know about floating-point arithmetic", theorem 4.
std::string Encoder::LogOfOnePlus(const std::string& value) {
  const std::string one = graph_.Number(1);
  const std::string sum = graph_.Node("Add", {value, one});
  const std::string share = graph_.Node("Div", {value, graph_.Node("Sub", {sum, one})});
  const std::string log = graph_.Node("Mul", {graph_.Node("Log", {sum}), share});
  return Where(graph_.Node("Equal", {sum, one}), value, log);
}

// transform/entries.h, Prepare.
Prepared Encoder::Prepare(const transform::NumberSteps& steps, const Source& source, bool with_log) {
  Prepared number;
  if (!steps.imputed.has_value()) number.present = graph_.Node("Not", {source.missing});
  number.value = Where(source.missing, graph_.Number(steps.imputed.value_or(0)), source.value);
  if (steps.clip_low) number.value = graph_.Node("Max", {number.value, graph_.Number(*steps.clip_low)});
  if (steps.clip_high) number.value = graph_.Node("Min", {number.value, graph_.Number(*steps.clip_high)});
  if (steps.log_floor) number.value = graph_.Node("Max", {number.value, graph_.Number(*steps.log_floor)});
  if (steps.log_floor && with_log) number.value = LogOfOnePlus(number.value);
  // The steps may have moved the 0 that stands where there is nothing.
  if (steps.any()) number.value = OrZero(number, number.value);
  return number;
}

std::string Encoder::Standardized(const FittedFeature& feature, const Prepared& number) {
  if (feature.standard_deviation == 0) return graph_.Node("Sub", {number.value, number.value});
  const std::string centred = graph_.Node("Sub", {number.value, graph_.Number(feature.mean)});
  return OrZero(number, Bounded(graph_.Node("Div", {centred, graph_.Number(feature.standard_deviation)})));
}

// transform/entries.h, AddNumber.
void Encoder::Number(const FittedFeature& feature, const Source& source, NumberOrigin origin) {
  const Prepared number = Prepare(feature.steps, source, true);
  origin.log = feature.steps.log_floor.has_value();
  if (feature.use == Operation::kNumber) {
    AddValue(Bounded(number.value), number.present).origin = origin;
  } else if (feature.use == Operation::kMinMax) {
    origin.scale = feature.max - feature.min;
    origin.shift = feature.min;
    const std::string from_min = graph_.Node("Sub", {number.value, graph_.Number(feature.min)});
    const std::string share = graph_.Node("Div", {from_min, graph_.Number(origin.scale)});
    const std::string clipped = graph_.Node("Clip", {share, graph_.Number(0), graph_.Number(1)});
    AddValue(OrZero(number, clipped), number.present).origin = origin;
  } else {
    origin.scale = feature.standard_deviation;
    origin.shift = feature.mean;
    const std::string standardized = Standardized(feature, number);
    std::string power = standardized;
    AddValue(power, "").origin = origin;
    const int32_t degree = feature.use == Operation::kPolynomial ? feature.degree : 1;
    for (origin.power = 2; origin.power <= degree; ++origin.power) {
      power = Bounded(graph_.Node("Mul", {power, standardized}));
      AddValue(power, "").origin = origin;
    }
  }
  AddIndicator(feature, source.missing);
}

// The least x whose ln(1 + x) is not below `border`, so that values need no logarithm to be compared with borders.
double BeforeLog(double border) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  double value = std::expm1(border);  // some units in the last place away, or at most some thousand for large ones
  while (std::log1p(std::nextafter(value, -1)) >= border) value = std::nextafter(value, -1);
  while (std::log1p(value) < border) value = std::nextafter(value, kInfinity);
  return value;
}

// ONNX has no search in sorted numbers: the borders that are at most the value are counted.
void Encoder::Bucketize(const FittedFeature& feature, const Source& source) {
  const Prepared number = Prepare(feature.steps, source, false);
  std::vector<double> borders = feature.borders;
  if (feature.steps.log_floor) std::transform(borders.begin(), borders.end(), borders.begin(), BeforeLog);
  const auto count = static_cast<int64_t>(borders.size());
  const std::string reached =
      graph_.Node("GreaterOrEqual", {number.value, graph_.Constant({{1, count}, std::move(borders)})});
  const std::string below = graph_.Node("ReduceSum", {Cast(reached, OnnxElement::kInt64), Axis()});
  AddSlot(number.present.empty() ? below : Where(number.present, below, graph_.Integer(count + 1)),
          static_cast<int32_t>(count) + 2);
}

void Encoder::Age(const FittedFeature& feature, const Source& source) {
  Source days{.missing = source.missing};
  NumberOrigin origin{.column = source.name, .since_micros = feature.since_micros};
  if (feature.sources.size() == 2) {
    const Source& until = sources_[feature.sources[1]];
    days.value = DaysBetween(graph_, source.value, until.value);
    days.missing = graph_.Node("Or", {source.missing, until.missing});
    origin = {.column = until.name, .since_micros = 0};  // where the column itself is 0
  } else {
    days.value = DaysBetween(graph_, graph_.Integer(feature.since_micros), source.value);
  }
  Number(feature, days, origin);
}

std::string Encoder::TextSlots(std::span<const std::string> words, const std::string& text, int64_t unknown,
                               int64_t missing) {
  std::vector<std::string> keys(words.begin(), words.end());
  std::vector<int64_t> slots;
  for (size_t i = 0; i < words.size(); ++i) slots.push_back(static_cast<int64_t>(i));
  keys.emplace_back(kMissingText);
  slots.push_back(missing);
  return graph_.MlNode(
      "LabelEncoder", {text},
      {{"keys_strings", std::move(keys)}, {"values_int64s", std::move(slots)}, {"default_int64", unknown}});
}

// Words that are no number's are never met.
std::string Encoder::NumberSlots(std::span<const std::string> words, const Source& source, int64_t unknown,
                                 int64_t missing) {
  std::vector<double> numbers;
  std::vector<int64_t> slots;  // less `unknown`, so that a sum finds the one that there is, or 0
  for (size_t i = 0; i < words.size(); ++i) {
    const std::optional<double> number = NumberOfWord(words[i]);
    if (!number.has_value()) continue;
    numbers.push_back(*number);
    slots.push_back(static_cast<int64_t>(i) - unknown);
  }
  const auto count = static_cast<int64_t>(numbers.size());
  if (count == 0) return Where(source.missing, graph_.Integer(missing), graph_.Integer(unknown));
  const std::string equal = graph_.Node("Equal", {source.value, graph_.Constant({{1, count}, std::move(numbers)})});
  const std::string of_equal =
      graph_.Node("Mul", {Cast(equal, OnnxElement::kInt64), graph_.Constant({{1, count}, std::move(slots)})});
  const std::string slot = graph_.Node("Add", {graph_.Node("ReduceSum", {of_equal, Axis()}), graph_.Integer(unknown)});
  return Where(source.missing, graph_.Integer(missing), slot);
}

absl::Status CheckWords(const FittedFeature& feature) {
  if (feature.hash_buckets > 0) {
    return Refuse("its words are told by their hash, and ONNX has no operator that hashes a text",
                  feature.use == Operation::kHash ? "use one_hot, whose words the model keeps"
                                                  : "leave out hash_buckets, so that the model keeps the words");
  }
  const int32_t buckets = feature.vocabulary.unknown_buckets();
  if (buckets > 1) {
    return Refuse(fmt::format("unknown words are spread over {} buckets by their hash, and ONNX has no operator that "
                              "hashes a text",
                              buckets),
                  "declare unknown_buckets: 1");
  }
  const std::string separator(1, transform::kCrossSeparator);
  for (const std::string& word : feature.vocabulary.words()) {
    if ((separator + word + separator).find(separator + kMissingText + separator) == std::string::npos) continue;
    return Refuse("one of its words is U+FFFF, which stands for a missing text in the exported graph",
                  "leave the word out of the vocabulary");
  }
  return absl::OkStatus();
}

absl::Status CheckNumberWords(size_t words) {
  if (words <= kMaxNumberWords) return absl::OkStatus();
  return Refuse(
      fmt::format("it takes numbers as {} different words; the graph compares with each, and so with at most {}", words,
                  kMaxNumberWords),
      fmt::format("declare top: {}, or let the data bring the column as a text", kMaxNumberWords));
}

absl::Status Encoder::Words(const FittedFeature& feature, const Source& source) {
  TRY(CheckWords(feature));
  const auto words = feature.vocabulary.words();
  if (source.kind == Kind::kNumber) TRY(CheckNumberWords(words.size()));
  const auto slots_of = [&](int64_t unknown, int64_t missing) {
    return source.kind == Kind::kNumber ? NumberSlots(words, source, unknown, missing)
                                        : TextSlots(words, source.value, unknown, missing);
  };
  const auto count = static_cast<int64_t>(words.size());
  if (feature.use == Operation::kOneHot) {
    AddSlot(slots_of(count, count + 1), static_cast<int32_t>(count) + 2);
    return absl::OkStatus();
  }
  const std::string number = slots_of(-1, -1);
  const std::string known = graph_.Node("GreaterOrEqual", {number, graph_.Integer(0)});
  AddValue(Cast(Where(known, number, graph_.Integer(0)), OnnxElement::kDouble), known).num_categories =
      static_cast<int32_t>(count);
  AddIndicator(feature, source.missing);
  return absl::OkStatus();
}

// A column of a cross as the words that the cross knows of it. A number that none of them has gets a text that is no
// part of any word.
absl::StatusOr<std::string> Encoder::TextOf(const FittedFeature& feature, size_t part, const Source& source) {
  if (source.kind == Kind::kText) return source.value;
  std::vector<std::string> parts;
  for (const std::string& word : feature.vocabulary.words()) parts.emplace_back(CrossParts(word)[part]);
  std::sort(parts.begin(), parts.end());
  parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
  TRY(CheckNumberWords(parts.size()));
  const auto count = static_cast<int64_t>(parts.size());
  const std::string slot = NumberSlots(parts, source, count, count);
  parts.emplace_back(1, transform::kCrossSeparator);
  return graph_.Node("Gather", {graph_.Constant({{count + 1}, std::move(parts)}), slot});
}

// The words of a cross are looked up joined.
absl::Status Encoder::Cross(const FittedFeature& feature) {
  TRY(CheckWords(feature));
  std::string text, missing;
  for (size_t part = 0; part < feature.sources.size(); ++part) {
    const Source& source = sources_[feature.sources[part]];
    TRY_ASSIGN(const std::string word, TextOf(feature, part, source));
    if (part == 0) {
      text = word;
      missing = source.missing;
      continue;
    }
    const std::string separator = Text(std::string(1, transform::kCrossSeparator));
    text = graph_.Node("StringConcat", {graph_.Node("StringConcat", {text, separator}), word});
    missing = graph_.Node("Or", {missing, source.missing});
  }
  const auto count = static_cast<int64_t>(feature.vocabulary.size());
  const std::string slot = TextSlots(feature.vocabulary.words(), text, count, count + 1);
  AddSlot(Where(missing, graph_.Integer(count + 1), slot), static_cast<int32_t>(count) + 2);
  return absl::OkStatus();
}

void Encoder::Calendar(const Source& source, Operation use) {
  const std::string_view part = transform::OperationName(use);
  const int32_t values = CalendarLength(part);
  AddSlot(Where(source.missing, graph_.Integer(values), CalendarPart(graph_, source.value, part)), values + 1);
}

void Encoder::Cyclic(const FittedFeature& feature, const Source& source) {
  const std::string value = CalendarPart(graph_, source.value, transform::PeriodName(feature.period));
  const std::string present = graph_.Node("Not", {source.missing});
  for (const size_t coordinate : {0, 1}) {
    std::vector<double> table;
    for (const auto& point : feature.circle) table.push_back(point[coordinate]);
    const auto length = static_cast<int64_t>(table.size());
    const std::string found = graph_.Node("Gather", {graph_.Constant({{length}, std::move(table)}), value});
    AddValue(Where(present, found, graph_.Number(0)), present);
  }
  AddIndicator(feature, source.missing);
}

absl::Status Encoder::EncodeFeature(const FittedFeature& feature) {
  for (size_t i = 0; i < feature.sources.size(); ++i) {
    if (feature.sources[i] < sources_.size()) continue;
    return Refuse(fmt::format("'{}' is derived by an expression, which has no form in ONNX", feature.columns[i]),
                  "let the data bring the column, or serve the model with Roost");
  }
  using enum Operation;
  const Source& source = sources_[feature.sources.front()];
  switch (feature.use) {
    case kNumber:
    case kStandardize:
    case kMinMax:
    case kPolynomial: Number(feature, source, {.column = source.name}); break;
    case kBucketize: Bucketize(feature, source); break;
    case kAge: Age(feature, source); break;
    case kHash:
    case kOneHot:
    case kOrdinal: return Words(feature, source);
    case kCross: return Cross(feature);
    case kHour:
    case kWeekday:
    case kMonth:
    case kDay: Calendar(source, feature.use); break;
    case kCyclic: Cyclic(feature, source); break;
    case kTokens:
      return Refuse("it takes words out of texts, which ONNX's operators do not do as Roost does",
                    "serve the model with Roost");
    case kMultiHot:
    case kListCount:
    case kListMean:
      return Refuse("it takes lists, and an ONNX tensor has no rows of different lengths",
                    "let the data bring what is wanted of the list as columns of their own");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<EncodedEntries>> Encoder::Encode() {
  TRY(AddInputs());
  const auto& features = transform_.fitted().features;
  for (size_t i = 0; i < features.size(); ++i) {
    const absl::Status status = EncodeFeature(features[i]);
    if (status.ok()) continue;
    return Annotate(status,
                    transform::DescribeFeature(i, transform::OperationName(features[i].use), features[i].Label()));
  }
  ROOST_CHECK(next_ == transform_.num_features(),
              "the graph has " << next_ << " features, the transform " << transform_.num_features());
  return std::move(entries_);
}

}  // namespace

std::optional<double> NumberOfWord(const std::string& word) {
  double number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size() || !std::isfinite(number)) return std::nullopt;
  transform::NumberBuffer buffer;
  return transform::NumberWord(number, buffer) == word ? std::optional(number) : std::nullopt;
}

std::vector<std::string_view> CrossParts(std::string_view word) {
  std::vector<std::string_view> parts;
  for (size_t end = word.find(transform::kCrossSeparator); end != std::string_view::npos;
       end = word.find(transform::kCrossSeparator)) {
    parts.push_back(word.substr(0, end));
    word.remove_prefix(end + 1);
  }
  parts.push_back(word);
  return parts;
}

absl::StatusOr<std::vector<EncodedEntries>> EncodeFeatures(const transform::Transform& transform, OnnxGraph& graph) {
  return Encoder(transform, graph).Encode();
}

std::vector<OnnxColumn> EncodedColumns(const transform::Transform& transform) {
  std::vector<OnnxColumn> columns;
  for (const transform::InputColumn& input : transform.inputs()) {
    OnnxColumn column{.column = input};
    if (input.kind == Kind::kText) column.missing_text = kMissingText;
    if (input.kind == Kind::kTime) column.missing_integer = kMissingTime;
    columns.push_back(std::move(column));
  }
  return columns;
}

}  // namespace roost::predict
