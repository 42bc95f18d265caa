#include "predict/onnx_features.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numbers>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "absl/status/status.h"
#include "base/check.h"
#include "base/status.h"
#include "predict/onnx_calendar.h"
#include "transform/json_object.h"

namespace roost::predict {
namespace {

using column::Kind;
using transform::JsonObject;

constexpr double kMaxFeatureValue = 1e150;  // as transform/fitted.h bounds features
constexpr size_t kMaxWords = 100'000;
constexpr std::string_view kCrossSeparator = "\x1f";

const std::vector<int64_t> kColumn{-1, 1};

OnnxElement ElementFor(Kind kind) {
  switch (kind) {
    case Kind::kNumber: return OnnxElement::kDouble;
    case Kind::kText: return OnnxElement::kText;
    case Kind::kTime: return OnnxElement::kInt64;
    case Kind::kTextList:
    case Kind::kNumberList: break;  // refused by AddInputs
  }
  return OnnxElement::kDouble;
}

/// A column in the graph.
struct Source {
  Kind kind = Kind::kNumber;
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
  absl::Status EncodeFeature(const Json& json, size_t position);
  absl::StatusOr<Source> Column(const JsonObject& feature, std::string_view member);
  absl::Status Number(const JsonObject& feature, const Json& json, const Source& source, std::string_view use);
  absl::Status Scaled(const JsonObject& feature, const Json& json, const Prepared& number, std::string_view use);
  absl::Status Words(const JsonObject& feature, const Json& json, const Source& source, bool ordinal);
  absl::Status Cross(const JsonObject& feature, const Json& json);
  absl::Status Age(const JsonObject& feature, const Json& json, const Source& source);
  absl::Status Cyclic(const JsonObject& feature, const Source& source);
  void Calendar(const Source& source, std::string_view part, int32_t values);
  absl::StatusOr<Prepared> Prepare(const JsonObject& feature, const Json& json, const Source& source);
  absl::StatusOr<std::string> Standardized(const JsonObject& feature, const Prepared& number);

  std::string Slots(const std::vector<std::string>& words, const std::string& text, int64_t unknown, int64_t missing);
  std::string Bounded(const std::string& value) {
    return graph_.Node("Clip", {value, graph_.Number(-kMaxFeatureValue), graph_.Number(kMaxFeatureValue)});
  }
  std::string Where(const std::string& condition, const std::string& yes, const std::string& no) {
    return graph_.Node("Where", {condition, yes, no});
  }
  std::string Cast(const std::string& value, OnnxElement element) {
    constexpr int64_t kTypes[] = {1, 11, 7, 6, 9, 8};  // TensorProto.DataType, in the order of OnnxElement
    return graph_.Node("Cast", {value}, {{"to", kTypes[static_cast<size_t>(element)]}});
  }
  void AddIndicator(const Json& json, const std::string& missing) {
    if (json.value("indicator", false)) AddValue(Cast(missing, OnnxElement::kDouble), "");
  }
  void AddValue(const std::string& value, const std::string& present) {
    entries_.push_back({.first = next_++, .value = value, .present = present});
  }
  void AddSlot(const std::string& value, int32_t num_slots) {
    entries_.push_back({.first = next_, .num_slots = num_slots, .value = value});
    next_ += num_slots;
  }

  const transform::Transform& transform_;
  OnnxGraph& graph_;
  std::map<std::string, Source, std::less<>> sources_;
  std::vector<EncodedEntries> entries_;
  int32_t next_ = 0;
};

absl::Status Refuse(std::string_view why, std::string_view instead) {
  return WithHint(absl::UnimplementedError(std::string(why)), instead);
}

absl::Status Encoder::AddInputs() {
  for (const transform::InputColumn& input : transform_.inputs()) {
    if (input.kind == Kind::kTextList || input.kind == Kind::kNumberList) {
      return Refuse(
          fmt::format("column '{}' holds lists, and a graph has no inputs of rows of different lengths", input.name),
          "compute what the model needs of the list before, as columns of their own");
    }
    const std::string value = graph_.Input(input.name, ElementFor(input.kind), kColumn);
    std::string missing;
    switch (input.kind) {
      case Kind::kNumber: {
        // Null, NaN and infinite: false for NaN as well.
        const std::string most = graph_.Number(std::numeric_limits<double>::max());
        missing = graph_.Node("Not", {graph_.Node("LessOrEqual", {graph_.Node("Abs", {value}), most})});
        break;
      }
      case Kind::kText:
        missing = graph_.Node("Equal", {value, graph_.Constant({{1}, std::vector<std::string>{kMissingText}})});
        break;
      case Kind::kTime: missing = graph_.Node("Equal", {value, graph_.Integer(kMissingTime)}); break;
      case Kind::kTextList:
      case Kind::kNumberList: break;  // refused above
    }
    sources_[input.name] = {input.kind, value, missing};
  }
  return absl::OkStatus();
}

absl::StatusOr<Source> Encoder::Column(const JsonObject& feature, std::string_view member) {
  TRY_ASSIGN(const std::string name, feature.Text(member));
  const auto source = sources_.find(name);
  if (source != sources_.end()) return source->second;
  return Refuse(fmt::format("'{}' is derived by an expression, which has no form in ONNX", name),
                "let the data bring the column, or serve the model with Roost");
}

// transform/entries.h, Prepare. ln(1 + x) instead of log1p: ONNX has no log1p; the certificate says what it costs.
absl::StatusOr<Prepared> Encoder::Prepare(const JsonObject& feature, const Json& json, const Source& source) {
  if (source.kind != Kind::kNumber) return feature.Fail("use", "takes a number");
  Prepared number{.present = graph_.Node("Not", {source.missing})};
  double stand_in = 0;
  if (json.contains("imputed")) {
    TRY_ASSIGN(stand_in, feature.Number("imputed"));
  }
  number.value = Where(source.missing, graph_.Number(stand_in), source.value);
  const std::string present = number.present;
  if (json.contains("imputed")) number.present = "";
  for (const auto& [member, op] : {std::pair("clip_low", "Max"), {"clip_high", "Min"}, {"log_floor", "Max"}}) {
    if (!json.contains(member)) continue;
    TRY_ASSIGN(const double bound, feature.Number(member));
    number.value = graph_.Node(op, {number.value, graph_.Number(bound)});
    if (std::string_view(member) != "log_floor") continue;
    number.value = graph_.Node("Log", {graph_.Node("Add", {number.value, graph_.Number(1)})});
  }
  // The steps may have moved the 0 that stands where there is nothing.
  if (!number.present.empty()) number.value = Where(present, number.value, graph_.Number(0));
  return number;
}

absl::StatusOr<std::string> Encoder::Standardized(const JsonObject& feature, const Prepared& number) {
  TRY_ASSIGN(const double mean, feature.Number("mean"));
  TRY_ASSIGN(const double deviation, feature.Number("standard_deviation"));
  if (deviation == 0) return graph_.Node("Sub", {number.value, number.value});
  const std::string centred = graph_.Node("Sub", {number.value, graph_.Number(mean)});
  const std::string scaled = Bounded(graph_.Node("Div", {centred, graph_.Number(deviation)}));
  return number.present.empty() ? scaled : Where(number.present, scaled, graph_.Number(0));
}

absl::Status Encoder::Scaled(const JsonObject& feature, const Json& json, const Prepared& number,
                             std::string_view use) {
  if (use == "number") {
    AddValue(Bounded(number.value), number.present);
    entries_.back().column = json.value("column", "");
    entries_.back().scale = 1;
    return absl::OkStatus();
  }
  if (use == "min_max") {
    TRY_ASSIGN(const double min, feature.Number("min"));
    TRY_ASSIGN(const double max, feature.Number("max"));
    const std::string from_min = graph_.Node("Sub", {number.value, graph_.Number(min)});
    const std::string share = graph_.Node("Div", {from_min, graph_.Number(max - min)});
    const std::string clipped = graph_.Node("Clip", {share, graph_.Number(0), graph_.Number(1)});
    const bool always = number.present.empty();
    AddValue(always ? clipped : Where(number.present, clipped, graph_.Number(0)), number.present);
    return absl::OkStatus();
  }
  TRY_ASSIGN(const std::string standardized, Standardized(feature, number));
  std::string power = standardized;
  AddValue(power, "");
  entries_.back().column = json.value("column", "");
  entries_.back().scale = json.value("standard_deviation", 0.0);
  entries_.back().shift = json.value("mean", 0.0);
  const int64_t degree = use == "polynomial" ? json.value("degree", int64_t{2}) : 1;
  for (int64_t i = 1; i < degree; ++i) {
    power = Bounded(graph_.Node("Mul", {power, standardized}));
    AddValue(power, "");
  }
  return absl::OkStatus();
}

absl::Status Encoder::Number(const JsonObject& feature, const Json& json, const Source& source, std::string_view use) {
  TRY_ASSIGN(const Prepared number, Prepare(feature, json, source));
  if (use != "bucketize") {
    TRY(Scaled(feature, json, number, use));
    AddIndicator(json, source.missing);
    return absl::OkStatus();
  }
  TRY_ASSIGN(const std::vector<double> borders, feature.Numbers("borders", 1, kMaxWords));
  const auto count = static_cast<int64_t>(borders.size());
  // ONNX has no search in sorted numbers: the borders that are at most the value are counted.
  const std::string reached = graph_.Node("GreaterOrEqual", {number.value, graph_.Constant({{1, count}, borders})});
  const std::string axis = graph_.Constant({{1}, std::vector<int64_t>{1}});
  const std::string below = graph_.Node("ReduceSum", {Cast(reached, OnnxElement::kInt64), axis});
  AddSlot(number.present.empty() ? below : Where(number.present, below, graph_.Integer(count + 1)),
          static_cast<int32_t>(count) + 2);
  return absl::OkStatus();
}

std::string Encoder::Slots(const std::vector<std::string>& words, const std::string& text, int64_t unknown,
                           int64_t missing) {
  std::vector<std::string> keys = words;
  std::vector<int64_t> slots;
  for (size_t i = 0; i < words.size(); ++i) slots.push_back(static_cast<int64_t>(i));
  keys.emplace_back(kMissingText);
  slots.push_back(missing);
  return graph_.MlNode(
      "LabelEncoder", {text},
      {{"keys_strings", std::move(keys)}, {"values_int64s", std::move(slots)}, {"default_int64", unknown}});
}

absl::StatusOr<int64_t> UnknownBuckets(const JsonObject& feature, const Json& json) {
  if (json.contains("hash_buckets")) {
    return Refuse("its words are hashed, and ONNX has no operator that hashes a text",
                  "use one_hot (or cross without hash_buckets), whose words the model keeps");
  }
  TRY_ASSIGN(const int64_t buckets, feature.Integer("unknown_buckets", 1, std::numeric_limits<int32_t>::max()));
  if (buckets == 1) return buckets;
  return Refuse(fmt::format("unknown words are spread over {} buckets by their hash, and ONNX has no operator that "
                            "hashes a text",
                            buckets),
                "declare unknown_buckets: 1");
}

absl::Status CheckWords(const std::vector<std::string>& words) {
  if (std::find(words.begin(), words.end(), kMissingText) == words.end()) return absl::OkStatus();
  return Refuse("one of its words is U+FFFF, which stands for a missing text in the exported graph",
                "leave the word out of the vocabulary");
}

absl::Status Encoder::Words(const JsonObject& feature, const Json& json, const Source& source, bool ordinal) {
  if (source.kind != Kind::kText) {
    return Refuse("its column is a number taken as a word, and ONNX cannot write a number as Roost does",
                  "let the data bring the column as a text, or use bucketize");
  }
  TRY_ASSIGN(const std::vector<std::string> words, feature.Texts("words", 1, kMaxWords));
  TRY(CheckWords(words));
  const auto count = static_cast<int64_t>(words.size());
  if (!ordinal) {
    TRY(UnknownBuckets(feature, json).status());
    AddSlot(Slots(words, source.value, count, count + 1), static_cast<int32_t>(count) + 2);
    return absl::OkStatus();
  }
  const std::string number = Slots(words, source.value, -1, -1);
  const std::string known = graph_.Node("GreaterOrEqual", {number, graph_.Integer(0)});
  AddValue(Cast(Where(known, number, graph_.Integer(0)), OnnxElement::kDouble), known);
  AddIndicator(json, source.missing);
  return absl::OkStatus();
}

// The words of a cross are lists of their parts, which are looked up joined.
absl::Status Encoder::Cross(const JsonObject& feature, const Json& json) {
  TRY(UnknownBuckets(feature, json).status());
  TRY_ASSIGN(const std::vector<std::string> names, feature.Texts("columns", 2, 3));
  std::string text, missing;
  for (const std::string& name : names) {
    const auto source = sources_.find(name);
    if (source == sources_.end() || source->second.kind != Kind::kText) {
      return Refuse(fmt::format("'{}' is not a text of the data, and ONNX cannot write it as Roost does", name),
                    "cross columns that the data brings as texts");
    }
    if (text.empty()) {
      text = source->second.value;
      missing = source->second.missing;
      continue;
    }
    const std::string separator = graph_.Constant({{1}, std::vector<std::string>{std::string(kCrossSeparator)}});
    text = graph_.Node("StringConcat", {graph_.Node("StringConcat", {text, separator}), source->second.value});
    missing = graph_.Node("Or", {missing, source->second.missing});
  }
  TRY_ASSIGN(const std::vector<const Json*> rows, feature.Array("words", 1, kMaxWords));
  std::vector<std::string> words;
  for (const Json* parts : rows) {
    std::string word;
    for (const Json& part : *parts) {
      word.append(word.empty() && &part == &parts->front() ? "" : kCrossSeparator).append(part.get<std::string>());
    }
    words.push_back(std::move(word));
  }
  const auto count = static_cast<int64_t>(words.size());
  const std::string slot = Slots(words, text, count, count + 1);
  AddSlot(Where(missing, graph_.Integer(count + 1), slot), static_cast<int32_t>(count) + 2);
  return absl::OkStatus();
}

void Encoder::Calendar(const Source& source, std::string_view part, int32_t values) {
  const std::string value = CalendarPart(graph_, source.value, part);
  AddSlot(Where(source.missing, graph_.Integer(values), value), values + 1);
}

absl::Status Encoder::Cyclic(const JsonObject& feature, const Source& source) {
  TRY_ASSIGN(const std::string period, feature.Text("period"));
  const std::string value = CalendarPart(graph_, source.value, period);
  const int32_t length = CalendarLength(period);
  const std::string present = graph_.Node("Not", {source.missing});
  for (const bool sine : {true, false}) {
    std::vector<double> table;
    for (int32_t i = 0; i < length; ++i) {
      const double angle = 2 * std::numbers::pi * i / length;
      table.push_back(sine ? std::sin(angle) : std::cos(angle));
    }
    const std::string found = graph_.Node("Gather", {graph_.Constant({{length}, std::move(table)}), value});
    AddValue(Where(present, found, graph_.Number(0)), present);
  }
  return absl::OkStatus();
}

absl::Status Encoder::Age(const JsonObject& feature, const Json& json, const Source& source) {
  constexpr double kMicrosPerDay = 86'400e6;
  std::string from, to = Cast(source.value, OnnxElement::kDouble), missing = source.missing;
  if (json.contains("until")) {
    TRY_ASSIGN(const Source until, Column(feature, "until"));
    from = std::exchange(to, Cast(until.value, OnnxElement::kDouble));
    missing = graph_.Node("Or", {missing, until.missing});
  } else {
    TRY_ASSIGN(const int64_t since, feature.Integer("since_micros", std::numeric_limits<int64_t>::min(),
                                                    std::numeric_limits<int64_t>::max()));
    from = graph_.Number(static_cast<double>(since));
  }
  const std::string days = graph_.Node("Div", {graph_.Node("Sub", {to, from}), graph_.Number(kMicrosPerDay)});
  return Number(feature, json, {Kind::kNumber, days, missing}, "standardize");
}

absl::Status Encoder::EncodeFeature(const Json& json, size_t position) {
  TRY_ASSIGN(const JsonObject feature, JsonObject::Make(json, fmt::format("features[{}]", position),
                                                        {"column",
                                                         "columns",
                                                         "use",
                                                         "imputed",
                                                         "clip_low",
                                                         "clip_high",
                                                         "log_floor",
                                                         "indicator",
                                                         "mean",
                                                         "standard_deviation",
                                                         "degree",
                                                         "min",
                                                         "max",
                                                         "borders",
                                                         "period",
                                                         "words",
                                                         "unknown_buckets",
                                                         "hash_buckets",
                                                         "until",
                                                         "since",
                                                         "since_micros",
                                                         "ngrams",
                                                         "lower",
                                                         "weight",
                                                         "unit_length",
                                                         "rows",
                                                         "word_rows"}));
  TRY_ASSIGN(const std::string use, feature.Text("use"));
  if (use == "cross") return Cross(feature, json);
  TRY_ASSIGN(const Source source, Column(feature, "column"));
  for (const std::string_view of_numbers : {"number", "standardize", "min_max", "bucketize", "polynomial"}) {
    if (use == of_numbers) return Number(feature, json, source, use);
  }
  if (use == "one_hot" || use == "ordinal") return Words(feature, json, source, use == "ordinal");
  if (use == "hash") return UnknownBuckets(feature, json).status();
  if (use == "age") return Age(feature, json, source);
  if (use == "cyclic") {
    TRY(Cyclic(feature, source));
    AddIndicator(json, source.missing);
    return absl::OkStatus();
  }
  for (const auto& [part, values] : {std::pair("hour", 24), {"weekday", 7}, {"month", 12}, {"day", 31}}) {
    if (use != part) continue;
    Calendar(source, part, values);
    return absl::OkStatus();
  }
  if (use == "tokens") {
    return Refuse("it takes words out of texts, which ONNX's operators do not do as Roost does",
                  "serve the model with Roost");
  }
  return Refuse(fmt::format("'{}' takes lists, and an ONNX tensor has no rows of different lengths", use),
                "let the data bring what is wanted of the list as a column");
}

absl::StatusOr<std::vector<EncodedEntries>> Encoder::Encode() {
  const Json json = transform_.ToJson();
  TRY(AddInputs());
  const Json& features = json.at("features");
  for (size_t i = 0; i < features.size(); ++i) {
    const absl::Status status = EncodeFeature(features[i], i);
    if (status.ok()) continue;
    const std::string use = features[i].value("use", "");
    const std::string column = features[i].value("column", "");
    return Annotate(status, fmt::format("feature {}, {} of column '{}'", i, use, column));
  }
  ROOST_CHECK(next_ == transform_.num_features(),
              "the graph has " << next_ << " features, the transform " << transform_.num_features());
  return std::move(entries_);
}

}  // namespace

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
