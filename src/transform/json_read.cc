#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "base/status.h"
#include "base/utf8.h"
#include "transform/fitted.h"
#include "transform/json_object.h"
#include "transform/json_version.h"

namespace roost::transform {
namespace {

// The members that a feature has beside its columns and "use", by its operation.
std::vector<std::string_view> MembersOf(Operation use) {
  std::vector<std::string_view> members = {"use", use == Operation::kCross ? "columns" : "column"};
  const auto add = [&members](std::initializer_list<std::string_view> more) {
    members.insert(members.end(), more.begin(), more.end());
  };
  if (!HasMissingSlot(use)) add({"indicator"});
  if (IsOfNumbers(use)) add({"imputed", "clip_low", "clip_high", "log_floor"});
  switch (use) {
    case Operation::kPolynomial: add({"degree", "mean", "standard_deviation"}); break;
    case Operation::kStandardize:
    case Operation::kListCount:
    case Operation::kListMean: add({"mean", "standard_deviation"}); break;
    case Operation::kAge: add({"until", "since", "since_micros", "mean", "standard_deviation"}); break;
    case Operation::kMinMax: add({"min", "max"}); break;
    case Operation::kBucketize: add({"borders"}); break;
    case Operation::kCyclic: add({"period"}); break;
    case Operation::kOneHot:
    case Operation::kMultiHot: add({"words", "unknown_buckets"}); break;
    case Operation::kOrdinal: add({"words"}); break;
    case Operation::kHash: add({"hash_buckets"}); break;
    case Operation::kCross: add({"words", "unknown_buckets", "hash_buckets"}); break;
    case Operation::kTokens:
      add({"words", "hash_buckets", "ngrams", "lower", "weight", "unit_length", "rows", "word_rows"});
      break;
    case Operation::kNumber:
    case Operation::kHour:
    case Operation::kWeekday:
    case Operation::kMonth:
    case Operation::kDay: break;
  }
  return members;
}

absl::Status ReadSteps(const JsonObject& object, FittedFeature& feature) {
  NumberSteps& steps = feature.steps;
  for (const auto& [name, value] : {std::pair("imputed", &steps.imputed),
                                    {"clip_low", &steps.clip_low},
                                    {"clip_high", &steps.clip_high},
                                    {"log_floor", &steps.log_floor}}) {
    if (!object.Has(name)) continue;
    TRY_ASSIGN(*value, object.Number(name));
  }
  if (steps.log_floor.has_value() && *steps.log_floor <= -1) return object.Fail("log_floor", "must be above -1");
  if (steps.clip_low && steps.clip_high && *steps.clip_low >= *steps.clip_high) {
    return object.Fail("clip_low", "must be below clip_high");
  }
  if (object.Has("indicator")) {
    TRY_ASSIGN(feature.indicator, object.Bool("indicator"));
  }
  return absl::OkStatus();
}

absl::Status ReadMoments(const JsonObject& object, FittedFeature& feature) {
  TRY_ASSIGN(feature.mean, object.Number("mean"));
  TRY_ASSIGN(feature.standard_deviation, object.Number("standard_deviation"));
  if (feature.standard_deviation < 0) return object.Fail("standard_deviation", "must not be negative");
  if (feature.use != Operation::kPolynomial) return absl::OkStatus();
  TRY_ASSIGN(const int64_t degree, object.Integer("degree", kMinDegree, kMaxDegree));
  feature.degree = static_cast<int32_t>(degree);
  return absl::OkStatus();
}

absl::Status ReadAge(const JsonObject& object, FittedFeature& feature) {
  TRY(ReadMoments(object, feature));
  if (object.Has("until")) {
    TRY_ASSIGN(std::string until, object.Text("until"));
    if (object.Has("since") || object.Has("since_micros")) return object.Fail("until", "stands beside 'since'");
    feature.columns.push_back(std::move(until));
    return absl::OkStatus();
  }
  TRY_ASSIGN(feature.since, object.Text("since"));
  TRY_ASSIGN(feature.since_micros,
             object.Integer("since_micros", std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()));
  return IsUtf8(feature.since) ? absl::OkStatus() : object.Fail("since", "must be UTF-8");
}

absl::Status ReadRange(const JsonObject& object, FittedFeature& feature) {
  TRY_ASSIGN(feature.min, object.Number("min"));
  TRY_ASSIGN(feature.max, object.Number("max"));
  const double range = feature.max - feature.min;
  return range > 0 && std::isfinite(range) ? absl::OkStatus() : object.Fail("max", "must be above 'min'");
}

absl::Status ReadBorders(const JsonObject& object, FittedFeature& feature) {
  TRY_ASSIGN(feature.borders, object.Numbers("borders", 1, kMaxBuckets - 1));
  const auto& borders = feature.borders;
  if (std::adjacent_find(borders.begin(), borders.end(), std::greater_equal<>()) != borders.end()) {
    return object.Fail("borders", "must be strictly increasing");
  }
  return absl::OkStatus();
}

absl::Status ReadPeriod(const JsonObject& object, FittedFeature& feature) {
  TRY_ASSIGN(const std::string name, object.Text("period"));
  for (const Period period : {Period::kHour, Period::kWeekday, Period::kMonth, Period::kDayOfYear}) {
    if (PeriodName(period) != name) continue;
    feature.period = period;
    feature.circle = CircleOf(period);
    return absl::OkStatus();
  }
  return object.Fail("period", "must be hour, weekday, month or day_of_year");
}

// Words of a cross come as lists of their parts, which become one text.
absl::StatusOr<std::vector<std::string>> ReadCrossWords(const JsonObject& object, size_t num_columns) {
  TRY_ASSIGN(const std::vector<const Json*> elements, object.Array("words", 1, kMaxWords));
  std::vector<std::string> words;
  for (const Json* element : elements) {
    const bool is_word =
        element->is_array() && element->size() == num_columns &&
        std::all_of(element->begin(), element->end(), [](const Json& part) {
          return part.is_string() && part.get_ref<const std::string&>().find(kCrossSeparator) == std::string::npos;
        });
    if (!is_word) return object.Fail("words", fmt::format("must hold lists of {} strings", num_columns));
    std::string word = (*element)[0].get_ref<const std::string&>();
    for (size_t i = 1; i < element->size(); ++i) {
      word.push_back(kCrossSeparator);
      word += (*element)[i].get_ref<const std::string&>();
    }
    words.push_back(std::move(word));
  }
  return words;
}

absl::Status ReadWords(const JsonObject& object, FittedFeature& feature) {
  if (object.Has("hash_buckets")) {
    if (object.Has("words")) return object.Fail("words", "stands beside 'hash_buckets'");
    TRY_ASSIGN(const int64_t buckets, object.Integer("hash_buckets", 2, kMaxHashBuckets));
    feature.hash_buckets = static_cast<int32_t>(buckets);
    return absl::OkStatus();
  }
  if (feature.use == Operation::kHash) return object.Fail("hash_buckets", "is missing");
  TRY_ASSIGN(std::vector<std::string> words, feature.use == Operation::kCross
                                                 ? ReadCrossWords(object, feature.columns.size())
                                                 : object.Texts("words", 1, kMaxWords));
  int64_t unknown_buckets = 0;
  if (HasMissingSlot(feature.use)) {
    TRY_ASSIGN(unknown_buckets, object.Integer("unknown_buckets", 1, kMaxUnknownBuckets));
  }
  absl::flat_hash_set<std::string> known;
  for (const std::string& word : words) {
    if (!IsUtf8(word)) return object.Fail("words", "must be UTF-8");
    if (!known.insert(word).second) return object.Fail("words", fmt::format("holds '{}' twice", word));
  }
  feature.vocabulary = Vocabulary(std::move(words), static_cast<int32_t>(unknown_buckets));
  return absl::OkStatus();
}

absl::Status ReadWordRows(const JsonObject& object, FittedFeature& feature) {
  constexpr int64_t kMostRows = int64_t{1} << 48;
  if (feature.weight != TokenWeight::kTfIdf) {
    if (object.Has("rows") || object.Has("word_rows")) return object.Fail("weight", "must be tf_idf, which has 'rows'");
    return absl::OkStatus();
  }
  if (feature.hash_buckets > 0) return object.Fail("weight", "cannot be tf_idf without 'words'");
  TRY_ASSIGN(feature.rows, object.Integer("rows", 1, kMostRows));
  const auto words = static_cast<size_t>(feature.vocabulary.size());
  TRY_ASSIGN(const std::vector<const Json*> counts, object.Array("word_rows", words, words));
  for (const Json* count : counts) {
    const bool is_count = count->is_number_integer() && *count >= 0 && *count <= feature.rows;
    if (!is_count) return object.Fail("word_rows", "must hold integers from 0 to 'rows'");
    feature.word_rows.push_back(count->get<int64_t>());
  }
  feature.word_weights = WordWeights(feature.rows, feature.word_rows);
  return absl::OkStatus();
}

absl::Status ReadTokens(const JsonObject& object, FittedFeature& feature) {
  TRY_ASSIGN(const int64_t ngrams, object.Integer("ngrams", 1, kMaxNgrams));
  feature.ngrams = static_cast<int32_t>(ngrams);
  TRY_ASSIGN(feature.lower, object.Bool("lower"));
  TRY_ASSIGN(feature.unit_length, object.Bool("unit_length"));
  TRY_ASSIGN(const std::string name, object.Text("weight"));
  std::optional<TokenWeight> weight;
  for (const TokenWeight one : {TokenWeight::kCount, TokenWeight::kBinary, TokenWeight::kTfIdf}) {
    if (TokenWeightName(one) == name) weight = one;
  }
  if (!weight.has_value()) return object.Fail("weight", "must be count, binary or tf_idf");
  feature.weight = *weight;
  TRY(ReadWords(object, feature));
  return ReadWordRows(object, feature);
}

absl::Status ReadLearned(const JsonObject& object, FittedFeature& feature) {
  switch (feature.use) {
    case Operation::kPolynomial:
    case Operation::kStandardize:
    case Operation::kListCount:
    case Operation::kListMean: return ReadMoments(object, feature);
    case Operation::kAge: return ReadAge(object, feature);
    case Operation::kMinMax: return ReadRange(object, feature);
    case Operation::kBucketize: return ReadBorders(object, feature);
    case Operation::kCyclic: return ReadPeriod(object, feature);
    case Operation::kOneHot:
    case Operation::kOrdinal:
    case Operation::kHash:
    case Operation::kCross:
    case Operation::kMultiHot: return ReadWords(object, feature);
    case Operation::kTokens: return ReadTokens(object, feature);
    case Operation::kNumber:
    case Operation::kHour:
    case Operation::kWeekday:
    case Operation::kMonth:
    case Operation::kDay: return absl::OkStatus();
  }
  return absl::OkStatus();
}

absl::StatusOr<Operation> ReadOperation(const Json& json, const std::string& where) {
  // Which members there may be hangs on the operation, so that it is read first.
  if (!json.is_object()) return absl::InvalidArgumentError(fmt::format("{}: must be an object", where));
  const auto use = json.find("use");
  if (use == json.end()) return absl::InvalidArgumentError(fmt::format("{}: 'use' is missing", where));
  if (!use->is_string()) return absl::InvalidArgumentError(fmt::format("{}: 'use' must be a string", where));
  const std::string& name = use->get_ref<const std::string&>();
  if (const std::optional<Operation> operation = ParseOperation(name)) return *operation;
  return absl::InvalidArgumentError(fmt::format("{}: 'use' must be an operation, not '{}'", where, name));
}

absl::StatusOr<FittedFeature> ReadFeature(const Json& json, const std::string& where) {
  FittedFeature feature;
  TRY_ASSIGN(feature.use, ReadOperation(json, where));
  TRY_ASSIGN(const JsonObject object, JsonObject::Make(json, where, MembersOf(feature.use)));
  if (feature.use == Operation::kCross) {
    TRY_ASSIGN(feature.columns, object.Texts("columns", kMinCrossed, kMaxCrossed));
    absl::flat_hash_set<std::string> distinct(feature.columns.begin(), feature.columns.end());
    if (distinct.size() < feature.columns.size()) return object.Fail("columns", "must be different ones");
  } else {
    TRY_ASSIGN(std::string column, object.Text("column"));
    feature.columns.push_back(std::move(column));
  }
  TRY(ReadSteps(object, feature));
  TRY(ReadLearned(object, feature));
  return feature;
}

absl::StatusOr<column::Kind> ReadKind(const JsonObject& object) {
  using column::Kind;
  TRY_ASSIGN(const std::string name, object.Text("kind"));
  for (const Kind kind : {Kind::kNumber, Kind::kText, Kind::kTime, Kind::kTextList, Kind::kNumberList}) {
    if (column::KindName(kind) == name) return kind;
  }
  return object.Fail("kind", fmt::format("must be a kind of columns, not '{}'", name));
}

struct ReadInput {
  InputColumn column;
  SourceType type;
};

absl::StatusOr<std::vector<ReadInput>> ReadInputs(const JsonObject& object) {
  TRY_ASSIGN(const std::vector<const Json*> elements, object.Array("inputs", 1, kMaxFeatures * kMaxCrossed));
  std::vector<ReadInput> inputs;
  for (size_t i = 0; i < elements.size(); ++i) {
    TRY_ASSIGN(const JsonObject input,
               JsonObject::Make(*elements[i], fmt::format("transform: inputs[{}]", i), {"name", "kind", "boolean"}));
    ReadInput read;
    TRY_ASSIGN(read.column.name, input.Text("name"));
    TRY_ASSIGN(read.column.kind, ReadKind(input));
    read.type.kind = read.column.kind;
    if (input.Has("boolean")) {
      TRY_ASSIGN(read.type.is_boolean, input.Bool("boolean"));
    }
    if (read.type.is_boolean && read.type.kind != column::Kind::kNumber) {
      return input.Fail("boolean", "is of numbers only");
    }
    inputs.push_back(std::move(read));
  }
  return inputs;
}

absl::StatusOr<std::vector<DerivedColumn>> ReadDerived(const JsonObject& object) {
  std::vector<DerivedColumn> derived;
  if (!object.Has("derived")) return derived;
  TRY_ASSIGN(const std::vector<const Json*> elements, object.Array("derived", 1, kMaxDerived));
  for (size_t i = 0; i < elements.size(); ++i) {
    TRY_ASSIGN(const JsonObject column,
               JsonObject::Make(*elements[i], fmt::format("transform: derived[{}]", i), {"name", "expression"}));
    DerivedColumn read;
    TRY_ASSIGN(read.name, column.Text("name"));
    TRY_ASSIGN(read.expression, column.Text("expression"));
    derived.push_back(std::move(read));
  }
  return derived;
}

// The inputs say the columns' kinds, and stand in the order of their first use.
absl::Status CheckInputs(std::span<const ReadInput> read, std::span<const InputColumn> used) {
  for (size_t i = 0; i < read.size(); ++i) {
    const std::string& name = read[i].column.name;
    const std::string where = fmt::format("transform: inputs[{}]", i);
    if (i >= used.size()) {
      return absl::InvalidArgumentError(fmt::format("{}: 'name' is '{}', which no feature uses", where, name));
    }
    if (name != used[i].name) {
      return absl::InvalidArgumentError(
          fmt::format("{}: 'name' must be '{}', as the features use it, not '{}'", where, used[i].name, name));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Transform> Transform::FromJson(const Json& json) {
  TRY_ASSIGN(const JsonObject object,
             JsonObject::Make(json, "transform", {"version", "inputs", "derived", "features"}));
  TRY(object.Integer("version", 1, kTransformVersion).status());
  TRY_ASSIGN(const std::vector<ReadInput> inputs, ReadInputs(object));
  TRY_ASSIGN(const std::vector<DerivedColumn> derived, ReadDerived(object));
  TRY_ASSIGN(const std::vector<const Json*> features_json, object.Array("features", 1, kMaxFeatures));
  auto fitted = std::make_shared<Fitted>();
  for (size_t i = 0; i < features_json.size(); ++i) {
    TRY_ASSIGN(FittedFeature feature, ReadFeature(*features_json[i], fmt::format("transform: features[{}]", i)));
    fitted->features.push_back(std::move(feature));
  }
  const auto find_column = [&inputs](const std::string& name) -> absl::StatusOr<SourceType> {
    const auto found =
        std::find_if(inputs.begin(), inputs.end(), [&name](const ReadInput& one) { return one.column.name == name; });
    if (found == inputs.end())
      return absl::NotFoundError(fmt::format("'inputs' lacks '{}', which a feature uses", name));
    return found->type;
  };
  absl::Status status = fitted->Link(derived, find_column);
  if (status.ok()) status = fitted->Number();
  if (!status.ok()) return absl::InvalidArgumentError(fmt::format("transform: {}", std::string(status.message())));
  TRY(CheckInputs(inputs, fitted->inputs));
  return Transform(std::move(fitted));
}

}  // namespace roost::transform
