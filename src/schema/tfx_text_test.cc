#include "schema/tfx_text.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <schema/tfx_schema.pb.h>

#include "schema/yaml.h"

namespace roost::schema {
namespace {

using google::protobuf::TextFormat;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

TfxImport Imported(std::string_view text) {
  auto imported = FromTfxText(text, "s.pbtxt");
  EXPECT_TRUE(imported.ok()) << imported.status() << '\n' << text;
  return imported.ok() ? *std::move(imported) : TfxImport();
}

tfx::Schema Parsed(const std::string& text) {
  tfx::Schema message;
  EXPECT_TRUE(TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

// What means the same to TFX, written in one way: exactly one value, no bound, an order of values.
void Normalize(tfx::Feature& feature) {
  const bool is_one = feature.has_value_count() && feature.value_count().min() == 1 && feature.value_count().max() == 1;
  const bool is_scalar =
      feature.has_shape() &&
      (feature.shape().dim().empty() || (feature.shape().dim_size() == 1 && feature.shape().dim(0).size() == 1));
  if (is_one || is_scalar) feature.clear_shape_type();
  if (feature.value_count().min() == 0 && feature.value_count().max() > 0) feature.mutable_value_count()->clear_min();
  if (feature.has_presence()) {
    tfx::FeaturePresence& presence = *feature.mutable_presence();
    if (presence.min_fraction() == 0) presence.clear_min_fraction();
    if (presence.min_count() == 0) presence.clear_min_count();
    if (!presence.has_min_fraction() && !presence.has_min_count()) feature.clear_presence();
  }
  if (feature.deprecated()) feature.set_lifecycle_stage(tfx::DEPRECATED);
  feature.clear_deprecated();
  if (feature.has_string_domain()) {
    std::sort(feature.mutable_string_domain()->mutable_value()->begin(),
              feature.mutable_string_domain()->mutable_value()->end());
  }
  if (feature.has_struct_domain()) {
    for (tfx::Feature& field : *feature.mutable_struct_domain()->mutable_feature()) Normalize(field);
  }
}

std::string Meaning(const std::string& text) {
  tfx::Schema message = Parsed(text);
  for (tfx::Feature& feature : *message.mutable_feature()) Normalize(feature);
  std::sort(message.mutable_default_environment()->begin(), message.mutable_default_environment()->end());
  for (tfx::StringDomain& domain : *message.mutable_string_domain()) {
    std::sort(domain.mutable_value()->begin(), domain.mutable_value()->end());
  }
  return message.DebugString();
}

// TFX's text, read and written again, says the same, and nothing of it is left out.
void ExpectComesBack(const std::string& text) {
  const TfxImport imported = Imported(text);
  EXPECT_THAT(imported.notes, IsEmpty());
  const TfxExport exported = ToTfxText(imported.schema);
  EXPECT_THAT(exported.notes, IsEmpty());
  EXPECT_EQ(Meaning(exported.text), Meaning(text));
  EXPECT_EQ(Imported(exported.text).schema, imported.schema);
  const auto read = FromYaml(ToYaml(imported.schema), "schema.yaml");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, imported.schema);
}

// --- the shapes of the schemas that TFX's examples come with ---

TEST(TfxText, AFlatTableOfMeasurementsComesBackTheSame) {
  ExpectComesBack(R"(
# proto-file: tensorflow_metadata/proto/v0/schema.proto
# proto-message: Schema
feature {
  name: "wing_mm"
  type: FLOAT
  presence { min_fraction: 1.0 min_count: 1 }
  shape { dim { size: 1 } }
}
feature {
  name: "mass_g"
  type: INT
  presence { min_fraction: 1.0 min_count: 1 }
  shape { dim { size: 1 } }
}
feature {
  name: "colony"
  type: BYTES
  domain: "colony"
  presence { min_fraction: 1.0 min_count: 1 }
  shape { dim { size: 1 } }
}
string_domain { name: "colony" value: "north" value: "south" value: "." }
# generate_legacy_feature_spec: false
)");
}

TEST(TfxText, TripsWithOptionalColumnsComeBackTheSame) {
  ExpectComesBack(R"(
feature {
  name: "carrier"
  value_count { min: 1 max: 1 }
  type: BYTES
  domain: "carrier"
  presence { min_count: 1 }
}
feature {
  name: "district"
  type: BYTES
  value_count { min: 1 max: 1 }
  presence { min_count: 0 }
}
feature {
  name: "tip"
  value_count { min: 1 max: 1 }
  type: FLOAT
  presence { min_fraction: 0.9 min_count: 1 }
  not_in_environment: "SERVING"
}
feature {
  name: "codes"
  type: INT
  value_count { min: 1 }
}
string_domain { name: "carrier" value: "C & D" value: "0118 - \"K\"" value: "Zürich" }
default_environment: "TRAINING"
default_environment: "SERVING"
)");
}

TEST(TfxText, TransformedFeaturesComeBackTheSame) {
  ExpectComesBack(R"(
feature {
  name: "carrier_xf"
  type: INT
  int_domain { min: 0 max: 62 is_categorical: true }
  presence { min_fraction: 1.0 }
  shape { }
}
feature {
  name: "image_xf"
  type: FLOAT
  float_domain { min: 0 max: 0.1 disallow_nan: true disallow_inf: true }
  presence { min_fraction: 1.0 }
  shape { dim { size: 28 } dim { size: 28 } }
}
)");
}

TEST(TfxText, SequencesInAStructComeBackTheSame) {
  ExpectComesBack(R"(
feature {
  name: "##SEQUENCE##"
  type: STRUCT
  struct_domain {
    feature { name: "s" type: BYTES value_count { min: 0 max: 2 } }
    feature {
      name: "inner"
      type: STRUCT
      value_count { min: 1 }
      struct_domain { feature { name: "x" type: INT value_count { min: 1 max: 1 } } }
    }
  }
}
)");
}

TEST(TfxText, EveryKindOfRuleComesBackTheSame) {
  ExpectComesBack(R"(
feature {
  name: "words"
  type: BYTES
  value_count { min: 1 max: 1 }
  natural_language_domain {
    vocabulary: "known"
    coverage { min_coverage: 0.75 min_avg_token_length: 3 }
    token_constraints { string_value: "end" min_per_sequence: 1 max_per_sequence: 1 min_fraction_of_sequences: 0.5 }
    sequence_length_constraints { min_sequence_length: 2 max_sequence_length: 512 }
  }
  annotation { comment: "what people wrote" }
}
feature { name: "yes" type: BYTES shape {} bool_domain { true_value: "yes" false_value: "no" } }
feature { name: "flag" type: INT shape {} bool_domain {} lifecycle_stage: BETA }
feature { name: "day" type: BYTES shape {} time_domain { string_format: "%Y-%m-%d" } lifecycle_stage: PLANNED }
feature { name: "seconds" type: INT shape {} time_domain { integer_format: UNIX_SECONDS } }
feature { name: "clock" type: BYTES shape {} time_of_day_domain { string_format: "%H:%M" } }
feature { name: "photo" type: BYTES shape {} image_domain { minimum_supported_image_fraction: 0.8 max_image_byte_size: 4096 } }
feature { name: "sound" type: BYTES shape {} audio_domain {} }
feature { name: "film" type: BYTES shape {} video_domain {} }
feature { name: "site" type: BYTES shape {} url_domain {} }
feature { name: "thing" type: BYTES shape {} mid_domain {} }
feature { name: "chunk" type: BYTES shape {} content_chunk_domain {} }
feature { name: "number" type: BYTES shape {} float_domain { min: -0.5 } }
feature { name: "code" type: BYTES shape {} int_domain { max: 9 } unique_constraints { min: 2 max: 10 } }
feature { name: "vector" type: FLOAT value_count { min: 8 max: 8 } float_domain { is_embedding: true embedding_dim: 8 } }
feature { name: "deep" type: INT value_counts { value_count { min: 1 } value_count { min: 2 max: 3 } } }
feature { name: "one" type: INT value_counts { value_count { min: 1 max: 1 } } }
feature {
  name: "grade"
  type: BYTES
  shape {}
  string_domain { value: "b" value: "a" }
  distribution_constraints { min_domain_mass: 0.95 }
  skew_comparator { infinity_norm { threshold: 0.01 } }
  drift_comparator { normalized_abs_difference { threshold: 0.2 } jensen_shannon_divergence { threshold: 0.3 source { type: QUANTILES } } }
  in_environment: "A" in_environment: "B" not_in_environment: "C"
  lifecycle_stage: PRODUCTION
}
feature { name: "old" type: BYTES shape {} deprecated: true presence { min_count: 5 } }
feature {
  name: "sum"
  type: INT
  shape {}
  lifecycle_stage: VALIDATION_DERIVED
  validation_derived_source { source_path { step: "code" } source_path { step: "seconds" } }
}
feature { name: "unknown" shape {} }
string_domain { name: "known" value: "end" value: "of" value: "text" }
sparse_feature { name: "sparse" index_feature { name: "deep" } value_feature { name: "vector" } }
weighted_feature { name: "heavy" feature { step: "words" } weight_feature { step: "number" } }
dataset_constraints {
  num_examples_drift_comparator { min_fraction_threshold: 0.5 max_fraction_threshold: 2 }
  num_examples_version_comparator { min_fraction_threshold: 1 }
  min_examples_count: 10
  max_examples_count: 1000000
}
)");
}

// --- what the rules are ---

TEST(TfxText, AFeatureOfOneValueIsAColumn) {
  const Schema schema = Imported(R"(
feature {
  name: "origin"
  type: BYTES
  presence { min_fraction: 0.9 min_count: 3 }
  value_count { min: 1 max: 1 }
  string_domain { value: "ORD" value: "ATL" value: "ORD" }
  distribution_constraints { min_domain_mass: 0.99 }
  annotation { comment: "an airport" comment: "by its code" }
  drift_comparator { infinity_norm { threshold: 0.1 } }
})")
                            .schema;
  ASSERT_EQ(schema.columns.size(), 1u);
  EXPECT_EQ(
      schema.columns[0],
      (ColumnRules{.name = "origin",
                   .description = "an airport\nby its code",
                   .type = Type::kText,
                   .missing = MissingRule{.max_share = 0.1},
                   .present = PresentRule{.min_count = 3},
                   .values = ValuesRule{.allowed = {"ATL", "ORD"}, .min_share = 0.99, .severity = Severity::kError},
                   .drift = DistanceRule{.limits = {{.measure = profile::Measure::kLInfinity, .max = 0.1}},
                                         .severity = Severity::kError}}));
  EXPECT_EQ(schema.new_columns, Policy::kError);
}

TEST(TfxText, AFeatureOfSeveralValuesIsAListWithRulesForItsValues) {
  const Schema schema = Imported(R"(
feature {
  name: "tags"
  type: FLOAT
  presence { min_fraction: 1 }
  value_count { min: 2 max: 5 }
  float_domain { min: 0 disallow_nan: true }
  in_environment: "TRAINING"
})")
                            .schema;
  ASSERT_EQ(schema.columns.size(), 2u);
  EXPECT_EQ(schema.columns[0], (ColumnRules{.name = "tags",
                                            .type = Type::kList,
                                            .in_environments = {"TRAINING"},
                                            .missing = MissingRule{.max_share = 0},
                                            .lengths = LengthsRule{.min = 2, .max = 5}}));
  EXPECT_EQ(schema.columns[1], (ColumnRules{.name = "tags[]",
                                            .type = Type::kNumber,
                                            .in_environments = {"TRAINING"},
                                            .nan = Policy::kError,
                                            .range = RangeRule{.min = 0, .severity = Severity::kError}}));
}

TEST(TfxText, FieldsOfStructsAreNamedByTheirWay) {
  const Schema schema = Imported(R"(
feature {
  name: "a"
  type: STRUCT
  struct_domain {
    feature {
      name: "b"
      type: STRUCT
      value_count { min: 0 }
      struct_domain { feature { name: "c" type: INT shape { dim { size: 2 } dim { size: 3 } } } }
    }
  }
})")
                            .schema;
  std::vector<std::string> names;
  for (const ColumnRules& column : schema.columns)
    names.push_back(column.name + ": " + std::string(TypeName(column.type)));
  EXPECT_THAT(names, ElementsAre("a: struct", "a.b: list", "a.b[]: struct", "a.b[].c: list", "a.b[].c[]: list",
                                 "a.b[].c[][]: integer"));
  EXPECT_EQ(schema.columns[3].shape, (ShapeRule{.dims = {2, 3}}));
  EXPECT_EQ(schema.columns[3].nesting, 2);
}

TEST(TfxText, ABoundThatEveryIntegerKeepsIsNone) {
  const Schema schema = Imported(R"(
feature { name: "x" type: INT shape {} int_domain { min: -9223372036854775808 max: 9223372036854775807 } }
feature { name: "y" type: FLOAT shape {} float_domain { min: -inf max: inf } }
feature { name: "z" type: INT value_count { min: 0 max: 9223372036854775807 } }
)")
                            .schema;
  for (const ColumnRules& column : schema.columns) {
    EXPECT_EQ(column.range, std::nullopt) << column.name;
    EXPECT_EQ(column.lengths, std::nullopt) << column.name;
  }
}

// --- what is not said on the other side ---

TEST(TfxText, WhatNoRuleSaysIsNamedWithItsPlace) {
  EXPECT_THAT(
      Imported(R"(represent_variable_length_as_ragged: true
feature {
  name: "x"
  type: BYTES
  shape { dim { size: 1 name: "batch" } }
  string_domain { name: "mine" value: "a" is_categorical: CATEGORICAL_YES }
  annotation { tag: "private" tag: "raw" comment: "kept" }
  group_presence { required: true }
  sequence_metadata { sequential_status: SEQUENTIAL_YES }
  drift_comparator { jensen_shannon_divergence { threshold: 0.1 source { type: QUANTILES } } infinity_norm {} }
}
feature { name: "y" type: FLOAT int_domain { max: 3 } }
feature { name: "z" type: INT shape {} int_domain { min: 9007199254740993 } }
feature { name: "t" type: INT shape {} time_domain {} }
sparse_feature { name: "gone" lifecycle_stage: DEPRECATED }
string_domain { name: "empty" }
int_domain { name: "shared" max: 7 }
feature { name: "w" domain: "shared" value_count { max: 1 } validation_derived_source { deriver_name: "top_k" } }
tensor_representation_group { key: "" value {} }
)")
          .notes,
      ElementsAre(
          "s.pbtxt:1:1: the schema: no rule here says 'represent_variable_length_as_ragged: true'; left out",
          "s.pbtxt:5:25: feature 'x': no rule here says 'shape.dim.name: 'batch''; left out",
          "s.pbtxt:6:19: feature 'x': no rule here says 'string_domain.name: 'mine''; left out",
          "s.pbtxt:6:43: feature 'x': no rule here says 'string_domain.is_categorical: CATEGORICAL_YES'; left out",
          "s.pbtxt:7:16: feature 'x': no rule here says 'annotation.tag: 'private'' and 1 more; left out",
          "s.pbtxt:8:20: feature 'x': no rule here says 'group_presence.required: true'; left out",
          "s.pbtxt:9:23: feature 'x': no rule here says 'sequence_metadata.sequential_status: SEQUENTIAL_YES'; "
          "left out",
          "s.pbtxt:10:94: feature 'x': no rule here says 'drift_comparator.infinity_norm: {}'; left out",
          "s.pbtxt:12:1: features that may have no value or more than one, read as columns of one value or "
          "null: 'y', 'w'",
          "s.pbtxt:12:46: feature 'y': no rule here says 'int_domain.max: 3'; left out",
          "s.pbtxt:13:53: feature 'z': the min of its range, 9007199254740993, is beyond 2^53 and was rounded "
          "outwards",
          "s.pbtxt:14:40: feature 't': no rule here says 'time_domain: {}'; left out",
          "s.pbtxt:15:1: sparse_feature 'gone': not in use by its lifecycle_stage; left out",
          "s.pbtxt:16:1: string_domain 'empty': it has no values; left out, also where features name it",
          "s.pbtxt:17:1: int_domain 'shared': only texts share a domain here; copied into each column that "
          "names it",
          "s.pbtxt:18:1: feature 'w': derived, and nothing says from which features; read as one that is not",
          "s.pbtxt:18:89: feature 'w': no rule here says 'validation_derived_source.deriver_name: 'top_k''; "
          "left out",
          "s.pbtxt:19:1: the schema: no rule here says 'tensor_representation_group: {}'; left out"));
}

TEST(TfxText, WhatTfxHasNoWordForStandsInTheTextAsComments) {
  Schema schema{.new_columns = Policy::kWarning};
  schema.columns = {
      {.name = "delay",
       .type = Type::kNumber,
       .nan = Policy::kWarning,
       .range = RangeRule{.min = 0.1, .max = 1.23456789, .confirmed = 2},
       .order = OrderRule{},
       .bands = {Band{.of = Statistic::kMean, .max = 3}},
       .drift = DistanceRule{.limits = {{.measure = profile::Measure::kWasserstein, .max = 0.1}}}},
      {.name = "code",
       .type = Type::kText,
       .presence = Presence::kOptional,
       .missing = MissingRule{.max_share = 0.5},
       .duplicates = Policy::kError,
       .values = ValuesRule{.allowed = {"a"}, .severity = Severity::kError},
       .pattern = PatternRule{.regex = "a+"},
       .times = TimesRule{.formats = {"%H"}}},
      {.name = "late", .type = Type::kBool, .present = PresentRule{}},
      {.name = "when\n", .type = Type::kTime, .present = PresentRule{}},
      {.name = "raw", .type = Type::kBinary, .present = PresentRule{}},
      {.name = "rest", .type = Type::kOther, .present = PresentRule{}},
  };
  schema.dataset.keys = {Key{.columns = {"code"}}};
  schema.dataset.duplicate_rows = MissingRule{};
  schema.rules = {CustomRule{.name = "positive", .check = "delay > 0"}};
  const TfxExport exported = ToTfxText(schema);
  EXPECT_THAT(
      exported.notes,
      ElementsAre("column 'delay': must be there, but may be null throughout; in TFX one row at least has a value "
                  "(min_count: 1)",
                  "column 'delay': the max of its range is rounded outwards to a 32-bit float",
                  "column 'delay': no word for drift: wasserstein",
                  "column 'delay': warnings here, errors in TFX: range, drift, nan",
                  "column 'delay': no word for order, bands",
                  "column 'code': may be absent, and is checked for missing values where it is there; TFX would want "
                  "it always, "
                  "so nothing is said there",
                  "column 'code': no word for times", "column 'code': no word for duplicates, pattern",
                  "column 'late': bools here, integers 0 and 1 in TFX",
                  "column 'when\\x0a': times here, integers of microseconds in TFX",
                  "column 'raw': binary here, BYTES like text in TFX",
                  "column 'rest': of the type other here, of none in TFX", "the dataset: no word for duplicate_rows",
                  "the dataset: no word for keys", "the rule 'positive': no word for it",
                  "new columns: 'warning' here, an error in TFX unless new_features_are_warnings is set",
                  "rules on trial, with a count of confirmations, are settled ones in TFX"));
  EXPECT_THAT(exported.text, StartsWith("# What TFX's schema does not say as Roost's does:\n"
                                        "#   column 'delay': must be there"));
  for (const std::string& note : exported.notes) EXPECT_THAT(exported.text, HasSubstr("#   " + note + "\n"));
  EXPECT_THAT(exported.text, HasSubstr("float_domain {\n    min: 0.1\n    max: 1.23456788\n    disallow_nan: true\n"));
  EXPECT_EQ(Parsed(exported.text).feature_size(), 6);
}

TEST(TfxText, ASchemaOfWhatBothCanSayComesBackEqual) {
  Schema schema{.new_columns = Policy::kError};
  schema.columns = {
      {.name = "old",
       .type = Type::kInteger,
       .presence = Presence::kDeprecated,
       .missing = MissingRule{.max_share = 0.25}},
      {.name = "maybe", .type = Type::kNumber, .presence = Presence::kOptional, .stage = Stage::kBeta},
      {.name = "address", .type = Type::kStruct, .present = PresentRule{}},
      {.name = "address.city",
       .description = "two\nlines",
       .type = Type::kText,
       .missing = MissingRule{},
       .values = ValuesRule{.severity = Severity::kError, .domain = "cities"}},
      {.name = "address.phones", .type = Type::kList, .present = PresentRule{}, .lengths = LengthsRule{.max = 3}},
      {.name = "address.phones[]", .type = Type::kText, .distinct = DistinctRule{.min = 1}},
      {.name = "a.b", .type = Type::kAny, .present = PresentRule{}},
      {.name = "sum",
       .type = Type::kNumber,
       .stage = Stage::kDerived,
       .present = PresentRule{},
       .derived = DerivedRule{.from = {"address.city", "a.b"}, .expression = "a.b + 1"}},
  };
  schema.domains = {Domain{.name = "cities", .values = {"Bern", "Zürich"}}};
  schema.default_environments = {"TRAINING"};
  schema.weighted_features = {WeightedFeature{.name = "w", .column = "address.city", .weight_column = "a.b"}};
  schema.dataset.rows = RowsRule{.min = 5};
  const TfxExport exported = ToTfxText(schema);
  EXPECT_THAT(exported.notes, IsEmpty());
  const TfxImport imported = Imported(exported.text);
  EXPECT_THAT(imported.notes, IsEmpty());
  EXPECT_EQ(imported.schema.columns, schema.columns);
  EXPECT_EQ(imported.schema, schema);
  EXPECT_THAT(exported.text, HasSubstr("source_path {\n      step: \"address\"\n      step: \"city\"\n    }\n"
                                       "    source_path {\n      step: \"a.b\"\n    }\n"));
}

// --- what is no schema of TFX ---

TEST(TfxText, EveryRefusalNamesThePlace) {
  const std::vector<std::pair<std::string, std::string>> refusals = {
      {"feature {\n  nme: \"x\"\n}", "2:6: Message type \"roost.schema.tfx.Feature\" has no field named \"nme\"."},
      {"# nothing", "1:1: there is no feature"},
      {"feature {", "1:10: Expected identifier, got: "},
      {"feature { type: FLOTA }", "1:23: Unknown enumeration value of \"FLOTA\" for field \"type\"."},
      {"feature { name: 3 }", "1:17: Expected string, got: 3"},
      {"feature { name: \"x\" domain: \"d\" }", "1:21: there is no domain 'd'"},
      {"feature { type: INT }", "1:1: a feature needs a name"},
      {"feature { name: \"x\" }\nfeature { name: \"x\" }", "2:1: the feature 'x' stands here twice"},
      {"feature { name: \"x\" presence { min_fraction: 1.5 } }", "1:32: want a number from 0 to 1, got 1.5"},
      {"feature { name: \"x\" presence { min_fraction: nan } }", "1:32: want a number from 0 to 1, got nan"},
      {"feature { name: \"x\" presence { min_count: -1 } }", "1:32: want a count from 0 to 1,000,000,000,000, got -1"},
      {"feature { name: \"x\" value_count { min: 3 max: 2 } }", "1:21: the min is above the max"},
      {"feature { name: \"x\" shape { dim { size: 0 } } }", "1:35: want a dim with a size of 1 or more"},
      {"feature { name: \"x\" shape { dim {} } }", "1:29: want a dim with a size of 1 or more"},
      {"feature { name: \"x\" type: INT int_domain { min: 3 max: 2 } }", "1:31: the min is above the max"},
      {"feature { name: \"x\" type: FLOAT float_domain { min: nan } }", "1:48: want a finite bound"},
      {"feature { name: \"x\" type: BYTES bool_domain { true_value: \"y\" } }",
       "1:33: a bool_domain of texts needs a true_value and another false_value"},
      {"string_domain { value: \"x\" }", "1:1: a domain that features share needs a name"},
      {"string_domain { name: \"x\" }\nint_domain { name: \"x\" }", "2:1: the domain 'x' stands here twice"},
      {"sparse_feature { name: \"x\" } feature { name: \"y\" }",
       "1:1: a sparse_feature needs a name, index_feature and value_feature, both by name"},
      {"weighted_feature { name: \"x\" } feature { name: \"y\" }",
       "1:1: a weighted_feature needs a name, feature and weight_feature"},
      {"feature { name: \"x\" in_environment: \"e\" not_in_environment: \"e\" }",
       "1:1: column 'x' is both in the environment 'e' and not in it"},
      {"feature { name: \"\\377\" }", "1:11: this name is not UTF-8"},
      {"dataset_constraints { num_examples_drift_comparator { min_fraction_threshold: -1 } } feature { name: \"y\" }",
       "1:55: want a number of 0 or more, got -1"},
  };
  for (const auto& [text, message] : refusals) {
    const auto imported = FromTfxText(text, "s.pbtxt");
    ASSERT_FALSE(imported.ok()) << text;
    EXPECT_EQ(imported.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(imported.status().message()), StartsWith("s.pbtxt:" + message)) << text;
  }
}

TEST(TfxText, StructsWithinStructsHaveAnEnd) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += "feature{struct_domain{";
  const auto imported = FromTfxText(text, "s.pbtxt");
  EXPECT_THAT(std::string(imported.status().message()), StartsWith("s.pbtxt:1:"));
}

}  // namespace
}  // namespace roost::schema
