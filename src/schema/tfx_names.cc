#include "schema/tfx_names.h"

#include <algorithm>
#include <array>

namespace roost::schema {
namespace {

struct TfxOther {
  std::string_view name;
  Rule rule;
};

constexpr std::array kNames = std::to_array<TfxName>({
    {"BOOL_TYPE_BIG_INT", Rule::kBools, true, "an integer column with `bools` has a value above 1"},
    {"BOOL_TYPE_SMALL_INT", Rule::kBools, true, "an integer column with `bools` has a value below 0"},
    {"BOOL_TYPE_UNEXPECTED_STRING", Rule::kBools, true, "a text is neither `true_text` nor `false_text`"},
    {"BOOL_TYPE_UNEXPECTED_FLOAT", Rule::kBools, true,
     "a number column with `bools` has a value that is neither 0 nor 1"},
    {"BOOL_TYPE_INVALID_CONFIG", Rule::kBoolTexts, true,
     "`bools` has texts and the column holds no text, or has none and it does"},
    {"BOOL_TYPE_BYTES_NOT_INT", Rule::kType, false, "binary where an integer with `bools`, or a bool, is wanted"},
    {"BOOL_TYPE_BYTES_NOT_STRING", Rule::kType, false, "binary where a text with `bools` is wanted"},
    {"BOOL_TYPE_FLOAT_NOT_INT", Rule::kType, false,
     "numbers with fractions where an integer with `bools`, or a bool, is wanted"},
    {"BOOL_TYPE_FLOAT_NOT_STRING", Rule::kType, false, "numbers with fractions where a text with `bools` is wanted"},
    {"BOOL_TYPE_INT_NOT_STRING", Rule::kType, false, "integers where a text with `bools` is wanted"},
    {"BOOL_TYPE_STRING_NOT_INT", Rule::kType, false, "text where an integer with `bools`, or a bool, is wanted"},
    {"ENUM_TYPE_INVALID_UTF8", Rule::kEncoding, true, "texts of a column with `values` are not UTF-8"},
    {"ENUM_TYPE_UNEXPECTED_STRING_VALUES", Rule::kValues, true, "too many values are not among the known ones"},
    {"ENUM_TYPE_BYTES_NOT_STRING", Rule::kType, false, "binary where a text with `values` is wanted"},
    {"ENUM_TYPE_FLOAT_NOT_STRING", Rule::kType, false, "numbers with fractions where a text with `values` is wanted"},
    {"ENUM_TYPE_INT_NOT_STRING", Rule::kType, false, "integers where a text with `values` is wanted"},
    {"FEATURE_TYPE_LOW_FRACTION_PRESENT", Rule::kMissing, true, "more rows than `missing` allows have no value"},
    {"FEATURE_TYPE_LOW_NUMBER_PRESENT", Rule::kPresent, true, "fewer rows than `present` asks for have a value"},
    {"FEATURE_TYPE_NOT_PRESENT", Rule::kMissing, true, "no row has a value, and `missing` or `present` asks for one"},
    {"FEATURE_TYPE_NO_VALUES", Rule::kEmptyLists, false, "all lists are empty, and `lengths` asks for values"},
    {"FEATURE_TYPE_LOW_NUMBER_VALUES", Rule::kLengths, true, "a list is shorter than `lengths` allows"},
    {"FEATURE_TYPE_HIGH_NUMBER_VALUES", Rule::kLengths, true, "a list is longer than `lengths` allows"},
    {"FEATURE_TYPE_UNEXPECTED_REPEATED", Rule::kType, false, "lists where single values are wanted"},
    {"VALUE_NESTEDNESS_MISMATCH", Rule::kNesting, true,
     "more or fewer lists inside one another than `nesting`, or single values where a list is wanted"},
    {"INVALID_FEATURE_SHAPE", Rule::kShape, true,
     "a list of another shape, or a `shape` that does not go with `lengths` or `nesting`"},
    {"FEATURE_TYPE_LOW_UNIQUE", Rule::kDistinct, true, "fewer different values than `distinct` asks for"},
    {"FEATURE_TYPE_HIGH_UNIQUE", Rule::kDistinct, true, "more different values than `distinct` allows"},
    {"FEATURE_TYPE_NO_UNIQUE", Rule::kNotCounted, true, "`distinct` for a column whose values are not counted"},
    {"FLOAT_TYPE_BIG_FLOAT", Rule::kMax, true, "a number above the `range`"},
    {"FLOAT_TYPE_SMALL_FLOAT", Rule::kMin, true, "a number below the `range`"},
    {"FLOAT_TYPE_HAS_NAN", Rule::kNan, true, "NaN"},
    {"FLOAT_TYPE_HAS_INF", Rule::kInfinity, true, "infinities"},
    {"FLOAT_TYPE_STRING_NOT_FLOAT", Rule::kHolds, true,
     "texts that are no numbers where numbers, or texts that hold them, are wanted"},
    {"FLOAT_TYPE_NOT_FLOAT", Rule::kType, false, "bools, times or binary where numbers are wanted"},
    {"FLOAT_TYPE_NON_STRING", Rule::kType, false, "another type where texts that hold numbers are wanted"},
    {"FLOAT_TYPE_UNKNOWN_TYPE_NUMBER", Rule::kType, false, "a type that Roost does not know where numbers are wanted"},
    {"INT_TYPE_BIG_INT", Rule::kMax, true, "an integer above the `range`"},
    {"INT_TYPE_SMALL_INT", Rule::kMin, true, "an integer below the `range`"},
    {"INT_TYPE_NOT_INT_STRING", Rule::kHolds, true,
     "texts that are no integers where integers, or texts that hold them, are wanted"},
    {"INT_TYPE_INT_EXPECTED", Rule::kType, false,
     "numbers with fractions, bools, times or binary where integers are wanted"},
    {"INT_TYPE_NOT_STRING", Rule::kType, false, "another type but integers where texts that hold integers are wanted"},
    {"INT_TYPE_STRING_EXPECTED", Rule::kType, false, "integers where texts that hold integers are wanted"},
    {"INT_TYPE_UNKNOWN_TYPE_NUMBER", Rule::kType, false, "a type that Roost does not know where integers are wanted"},
    {"UNEXPECTED_DATA_TYPE", Rule::kType, true, "any other type than the one that is wanted"},
    {"DOMAIN_INVALID_FOR_TYPE", Rule::kRuleForType, true,
     "a rule of the schema does not go with the type of its column"},
    {"STRING_TYPE_NOW_FLOAT", Rule::kType, false, "numbers with fractions where text is wanted"},
    {"STRING_TYPE_NOW_INT", Rule::kType, false, "integers where text is wanted"},
    {"SCHEMA_MISSING_COLUMN", Rule::kColumn, true,
     "a required column is missing; where a new one looks like it, the rule is `renamed`"},
    {"SCHEMA_NEW_COLUMN", Rule::kNewColumn, true, "a column is not in the schema"},
    {"SCHEMA_TRAINING_SERVING_SKEW", Rule::kServing, false,
     "a column is absent or of another type at serving, and its environments do not say so"},
    {"COMPARATOR_L_INFTY_HIGH", Rule::kDrift, true, "`l_infinity` of `drift` or `skew`"},
    {"COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH", Rule::kDrift, true, "`jensen_shannon` of `drift` or `skew`"},
    {"COMPARATOR_NORMALIZED_ABSOLUTE_DIFFERENCE_HIGH", Rule::kDrift, true,
     "`normalized_absolute_difference` of `drift` or `skew`"},
    {"COMPARATOR_CONTROL_DATA_MISSING", Rule::kControl, true, "the data to compare with lacks the column"},
    {"COMPARATOR_TREATMENT_DATA_MISSING", Rule::kControl, false, "only the data to compare with has the column"},
    {"COMPARATOR_LOW_NUM_EXAMPLES", Rule::kRowsFell, true,
     "fewer rows than the previous span or version, by more than the ratio allows"},
    {"COMPARATOR_HIGH_NUM_EXAMPLES", Rule::kRowsRose, true,
     "more rows than the previous span or version, by more than the ratio allows"},
    {"DATASET_LOW_NUM_EXAMPLES", Rule::kFewRows, true, "fewer rows than `rows` asks for"},
    {"DATASET_HIGH_NUM_EXAMPLES", Rule::kManyRows, true, "more rows than `rows` allows"},
    {"NO_DATA_IN_SPAN", Rule::kRows, false, "no rows at all"},
    {"SPARSE_FEATURE_MISSING_VALUE", Rule::kSparseValue, true, "a row has positions and no values"},
    {"SPARSE_FEATURE_MISSING_INDEX", Rule::kSparseIndex, true, "a row has values and no positions"},
    {"SPARSE_FEATURE_LENGTH_MISMATCH", Rule::kSparseLength, true, "positions and values are not equally many"},
    {"SPARSE_FEATURE_NAME_COLLISION", Rule::kNameTaken, true, "a sparse feature has the name of a column"},
    {"WEIGHTED_FEATURE_MISSING_VALUE", Rule::kWeightedValue, true, "a row has a weight and no value"},
    {"WEIGHTED_FEATURE_MISSING_WEIGHT", Rule::kWeightedWeight, true, "a row has a value and no weight"},
    {"WEIGHTED_FEATURE_LENGTH_MISMATCH", Rule::kWeightedLength, true, "values and weights are not equally many"},
    {"WEIGHTED_FEATURE_NAME_COLLISION", Rule::kNameTaken, true, "a weighted feature has the name of a column"},
    {"SEQUENCE_VALUE_TOO_FEW_OCCURRENCES", Rule::kToken, true,
     "a word comes too rarely in a row, or (rule `words`) a row has too few words"},
    {"SEQUENCE_VALUE_TOO_MANY_OCCURRENCES", Rule::kToken, true,
     "a word comes too often in a row, or (rule `words`) a row has too many words"},
    {"SEQUENCE_VALUE_TOO_SMALL_FRACTION", Rule::kToken, true, "too few rows have a word"},
    {"SEQUENCE_VALUE_TOO_LARGE_FRACTION", Rule::kToken, true, "too many rows have a word"},
    {"FEATURE_COVERAGE_TOO_LOW", Rule::kWords, true, "too few words are in the vocabulary"},
    {"FEATURE_COVERAGE_TOO_SHORT_AVG_TOKEN_LENGTH", Rule::kWords, true, "words are too short on average"},
    {"NLP_WRONG_LOCATION", Rule::kToken, false, "a word stands too early or too late in its rows"},
    {"LOW_SUPPORTED_IMAGE_FRACTION", Rule::kImages, true, "too few values are images of a known format"},
    {"MAX_IMAGE_BYTE_SIZE_EXCEEDED", Rule::kImageSize, true, "an image has too many bytes"},
    {"EMBEDDING_SHAPE_INVALID", Rule::kEmbedding, false,
     "lists of another size than `embedding`, or with missing numbers"},
    {"FEATURE_MISSING_NAME", Rule::kSchema, true, "a column of schema.yaml without `name`: the file is refused"},
    {"FEATURE_MISSING_TYPE", Rule::kSchema, true,
     "a column of the schema has rules that need a type, and the type is `any`; without `type` the file is refused"},
    {"INVALID_SCHEMA_SPECIFICATION", Rule::kSchema, true,
     "rules of the schema exclude each other or name what is not there"},
    {"INVALID_DOMAIN_SPECIFICATION", Rule::kDomain, true,
     "known values that are no set, a domain that is not there, equal texts for true and false"},
    {"SEMANTIC_DOMAIN_UPDATE", Rule::kMeaning, true,
     "all texts are times, numbers or natural language, or binary values images, and the schema does not say so"},
    {"STATS_NOT_AVAILABLE", Rule::kNotCounted, true,
     "a rule needs figures that were not counted, or rows that were not read"},
    {"DERIVED_FEATURE_BAD_LIFECYCLE", Rule::kDerivedStage, true, "`derived` and `stage` contradict each other"},
    {"DERIVED_FEATURE_INVALID_SOURCE", Rule::kDerivedSource, true,
     "a derived column comes from columns that are not there"},
    {"CUSTOM_VALIDATION", Rule::kCustom, true, "one of the schema's own `rules` is broken"},
});

// The rules that have a name besides the one in the table, because several of ours are one of theirs.
constexpr std::array kOthers = std::to_array<TfxOther>({
    {"FEATURE_TYPE_NOT_PRESENT", Rule::kPresent},
    {"SCHEMA_MISSING_COLUMN", Rule::kRenamed},
    {"INVALID_FEATURE_SHAPE", Rule::kSchema},
    {"VALUE_NESTEDNESS_MISMATCH", Rule::kType},
    {"FLOAT_TYPE_STRING_NOT_FLOAT", Rule::kType},
    {"INT_TYPE_NOT_INT_STRING", Rule::kType},
    {"INVALID_DOMAIN_SPECIFICATION", Rule::kBoolTexts},
    {"SEQUENCE_VALUE_TOO_FEW_OCCURRENCES", Rule::kWords},
    {"SEQUENCE_VALUE_TOO_MANY_OCCURRENCES", Rule::kWords},
    {"COMPARATOR_L_INFTY_HIGH", Rule::kSkew},
    {"COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH", Rule::kSkew},
    {"COMPARATOR_NORMALIZED_ABSOLUTE_DIFFERENCE_HIGH", Rule::kSkew},
});

// Where a text column with bools, known values or numbers in it was expected.
std::string_view NameForText(const ColumnRules& rules, Type seen) {
  const bool is_integer = seen == Type::kInteger;
  const bool is_float = seen == Type::kNumber;
  const bool is_bytes = seen == Type::kBinary;
  if (rules.bools.has_value()) {
    if (is_integer) return "BOOL_TYPE_INT_NOT_STRING";
    if (is_float) return "BOOL_TYPE_FLOAT_NOT_STRING";
    if (is_bytes) return "BOOL_TYPE_BYTES_NOT_STRING";
  }
  if (rules.values.has_value()) {
    if (is_integer) return "ENUM_TYPE_INT_NOT_STRING";
    if (is_float) return "ENUM_TYPE_FLOAT_NOT_STRING";
    if (is_bytes) return "ENUM_TYPE_BYTES_NOT_STRING";
  }
  if (rules.holds == Content::kInteger) return is_integer ? "INT_TYPE_STRING_EXPECTED" : "INT_TYPE_NOT_STRING";
  if (rules.holds == Content::kNumber) return "FLOAT_TYPE_NON_STRING";
  if (is_integer) return "STRING_TYPE_NOW_INT";
  return is_float ? "STRING_TYPE_NOW_FLOAT" : "UNEXPECTED_DATA_TYPE";
}

std::string_view NameForBool(Type seen) {
  if (seen == Type::kText) return "BOOL_TYPE_STRING_NOT_INT";
  if (seen == Type::kNumber) return "BOOL_TYPE_FLOAT_NOT_INT";
  return seen == Type::kBinary ? "BOOL_TYPE_BYTES_NOT_INT" : "UNEXPECTED_DATA_TYPE";
}

}  // namespace

std::span<const TfxName> TfxNames() { return kNames; }

std::vector<std::string_view> TfxNames(Rule rule) {
  std::vector<std::string_view> names;
  for (const TfxName& name : kNames) {
    if (name.rule == rule) names.push_back(name.name);
  }
  for (const TfxOther& other : kOthers) {
    if (other.rule == rule) names.push_back(other.name);
  }
  return names;
}

std::string_view TfxTypeName(const ColumnRules& rules, Type seen, bool unreadable) {
  if (rules.type != Type::kList && seen == Type::kList) return "FEATURE_TYPE_UNEXPECTED_REPEATED";
  if (rules.type == Type::kList && seen != Type::kStruct) return "VALUE_NESTEDNESS_MISMATCH";
  if (rules.type == Type::kText) return NameForText(rules, seen);
  const bool is_number = rules.type == Type::kInteger || rules.type == Type::kNumber;
  if (rules.type == Type::kBool || (is_number && rules.bools.has_value())) return NameForBool(seen);
  if (!is_number) return "UNEXPECTED_DATA_TYPE";
  const bool is_integer = rules.type == Type::kInteger;
  switch (seen) {
    case Type::kText:
      if (!unreadable) return "UNEXPECTED_DATA_TYPE";
      return is_integer ? "INT_TYPE_NOT_INT_STRING" : "FLOAT_TYPE_STRING_NOT_FLOAT";
    case Type::kStruct:
    case Type::kOther: return is_integer ? "INT_TYPE_UNKNOWN_TYPE_NUMBER" : "FLOAT_TYPE_UNKNOWN_TYPE_NUMBER";
    default: return is_integer ? "INT_TYPE_INT_EXPECTED" : "FLOAT_TYPE_NOT_FLOAT";
  }
}

}  // namespace roost::schema
