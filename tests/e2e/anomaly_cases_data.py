"""Anomalies of columns and rows as a whole, of other data, of features, words, images, and of the schema itself."""
from anomaly_case import Case, Refused, Tfx, column, csv, json_lines, parquet, rules, schema


def kinds(cats, dogs, name="x"):
    return column(["cat"] * cats + ["dog"] * dogs, name)


def compared(limit, way="drift"):
    return rules(f"text, presence: optional, {way}: {{{limit}, severity: error}}")


X_AND_Y = schema("  - {name: x, type: integer}\n  - {name: y, type: text}\n")
EVEN = {"--against": kinds(500, 500)}
SERVED = {"--serving": kinds(500, 500)}

COLUMNS = [
    Case("SCHEMA_MISSING_COLUMN", "column", X_AND_Y, column="y", hit=csv("x\n1\n"), near=csv("x,y\n1,a\n")),
    Case("SCHEMA_MISSING_COLUMN", "column",
         schema("  - {name: x, type: integer}\n  - {name: y, type: text, not_in_environments: [serving]}\n"),
         column="y", hit=csv("x\n1\n"), near=csv("x\n1\n"), near_options={"--environment": "serving"}),
    Case("SCHEMA_MISSING_COLUMN", "renamed", schema("  - {name: distance, type: integer, range: {min: 1, max: 9}}\n"),
         column="distance", hit=csv("distance_miles\n4\n8\n"), near=csv("distance\n4\n8\n")),
    Case("SCHEMA_NEW_COLUMN", "new_column", Tfx('feature {name: "x" type: INT}'), column="y",
         hit=csv("x,y\n1,a\n"), near=csv("x\n1\n")),
    Case("SCHEMA_TRAINING_SERVING_SKEW", "serving", X_AND_Y, column="y", severity="warning",
         hit=csv("x,y\n1,a\n"), options={"--serving": csv("x\n1\n")},
         near=csv("x,y\n1,a\n"), near_options={"--serving": csv("x,y\n1,b\n")}),
]

COMPARISONS = [
    Case("COMPARATOR_L_INFTY_HIGH", "drift", compared("l_infinity: 0.1"), options=EVEN,
         hit=kinds(605, 395), near=kinds(595, 405)),
    Case("COMPARATOR_L_INFTY_HIGH", "skew",
         Tfx('feature {name: "x" type: BYTES skew_comparator {infinity_norm {threshold: 0.1}}}\n'
             'feature {name: "row" type: INT}'),
         options=SERVED, hit=kinds(605, 395), near=kinds(595, 405)),
    Case("COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH", "drift", compared("jensen_shannon: 0.05"), options=EVEN,
         hit=kinds(760, 240), near=kinds(750, 250)),
    Case("COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH", "skew", compared("jensen_shannon: 0.05", "skew"), options=SERVED,
         hit=kinds(760, 240), near=kinds(750, 250)),
    Case("COMPARATOR_NORMALIZED_ABSOLUTE_DIFFERENCE_HIGH", "drift", compared("normalized_absolute_difference: 0.05"),
         options=EVEN, hit=kinds(605, 395), near=kinds(595, 405)),
    Case("COMPARATOR_NORMALIZED_ABSOLUTE_DIFFERENCE_HIGH", "skew",
         compared("normalized_absolute_difference: 0.05", "skew"), options=SERVED,
         hit=kinds(605, 395), near=kinds(595, 405)),
    Case("COMPARATOR_CONTROL_DATA_MISSING", "control", compared("l_infinity: 0.1"), hit=kinds(50, 50),
         options={"--against": kinds(50, 50, "y")}, near=kinds(50, 50), near_options={"--against": kinds(50, 50)}),
    Case("COMPARATOR_TREATMENT_DATA_MISSING", "control", compared("l_infinity: 0.1"), options=EVEN,
         hit=kinds(50, 50, "y"), near=kinds(50, 50)),
]

ROWS = schema("  - {name: x, type: integer}\n", "dataset: {rows: {min: 50, max: 200}}\n")
RATIO = schema("  - {name: x, type: integer}\n", "dataset: {rows_to_previous_span: {min: 0.5, max: 2}}\n")
TFX_RATIO = Tfx('feature {name: "x" type: INT}\n'
                'dataset_constraints {num_examples_drift_comparator {min_fraction_threshold: 0.5 '
                'max_fraction_threshold: 2}}')


def many(rows):
    return csv("x\n" + "".join(f"{row}\n" for row in range(rows)))


BEFORE = {"--against": many(100)}

DATASET = [
    Case("COMPARATOR_LOW_NUM_EXAMPLES", "rows_fell", RATIO, column="", options=BEFORE, hit=many(49), near=many(50)),
    Case("COMPARATOR_HIGH_NUM_EXAMPLES", "rows_rose", TFX_RATIO, column="", options=BEFORE, hit=many(201),
         near=many(200)),
    Case("DATASET_LOW_NUM_EXAMPLES", "few_rows", ROWS, column="", hit=many(49), near=many(50)),
    Case("DATASET_HIGH_NUM_EXAMPLES", "many_rows",
         Tfx('feature {name: "x" type: INT}\ndataset_constraints {min_examples_count: 50 max_examples_count: 200}'),
         column="", hit=many(201), near=many(200)),
    Case("NO_DATA_IN_SPAN", "rows", rules("integer"), column="", hit=csv("x\n"), near=csv("x\n1\n")),
    Case("CUSTOM_VALIDATION", "custom", schema("  - {name: x, type: integer}\n",
                                               "rules: [{name: enough, check: rows > 2, scope: profile}]\n"),
         column="", hit=many(2), near=many(3)),
    Case("CUSTOM_VALIDATION", "custom", schema("  - {name: x, type: integer}\n",
                                               "rules: [{name: small, check: x < 3, max_share: 0.25}]\n"),
         column="", hit=many(5), near=many(4)),
    Case("STATS_NOT_AVAILABLE", "not_counted",
         schema("  - {name: x, type: integer}\n  - {name: y, type: integer, presence: optional}\n",
                "rules: [{name: less, check: y < 3}]\n"),
         column="", severity="warning", hit=csv("x\n1\n"), near=csv("x,y\n1,2\n")),
    Case("INVALID_SCHEMA_SPECIFICATION", "schema",
         schema("  - {name: x, type: integer, in_environments: [training]}\n"), column="", hit=csv("x\n1\n"),
         options={"--environment": "trainig"}, near=csv("x\n1\n"), near_options={"--environment": "training"}),
]


def pairs(*rows):
    return json_lines(*({"a": a, "b": b} for a, b in rows))


LISTS = "  - {name: a, type: list}\n  - {name: b, type: list}\n"
SPARSE = schema(LISTS, "sparse_features: [{name: both, index_columns: [a], value_column: b}]\n")
WEIGHTED = schema(LISTS, "weighted_features: [{name: both, column: a, weight_column: b}]\n")
TWO_LISTS = ('feature {name: "a" type: INT value_count {min: 0}}\n'
             'feature {name: "b" type: FLOAT value_count {min: 0}}\n')
TFX_SPARSE = Tfx(TWO_LISTS + 'sparse_feature {name: "both" index_feature {name: "a"} value_feature {name: "b"}}')
TFX_WEIGHTED = Tfx(TWO_LISTS + 'weighted_feature {name: "both" feature {step: "a"} weight_feature {step: "b"}}')
WHOLE = pairs(([1, 2], [0.5, 1.5]), ([], []), (None, None), ([3], [2.5]))
WITHOUT_A = pairs(([1, 2], [0.5, 1.5]), (None, [2.5]), ([3], [2.5]))
WITHOUT_B = pairs(([1, 2], [0.5, 1.5]), ([1], None), ([3], [2.5]))
UNEQUAL = pairs(([1, 2], [0.5, 1.5]), ([1, 2, 3], [0.5, 1.5]), ([3], [2.5]))
SWAPPED = pairs(([1, 2], [0.5]), ([3], [0.5, 1.5]))  # as many of both in sum, and from 1 to 2 a row

FEATURES = [
    Case("SPARSE_FEATURE_MISSING_VALUE", "sparse_value", SPARSE, column="", hit=WITHOUT_B, near=WHOLE),
    Case("SPARSE_FEATURE_MISSING_INDEX", "sparse_index", TFX_SPARSE, column="", hit=WITHOUT_A, near=WHOLE),
    Case("SPARSE_FEATURE_LENGTH_MISMATCH", "sparse_length", SPARSE, column="", hit=UNEQUAL, near=WHOLE),
    Case("SPARSE_FEATURE_LENGTH_MISMATCH", "sparse_length", SPARSE, column="", hit=SWAPPED, near=WHOLE),
    Case("WEIGHTED_FEATURE_MISSING_VALUE", "weighted_value", WEIGHTED, column="", hit=WITHOUT_A, near=WHOLE),
    Case("WEIGHTED_FEATURE_MISSING_WEIGHT", "weighted_weight", WEIGHTED, column="", hit=WITHOUT_B, near=WHOLE),
    Case("WEIGHTED_FEATURE_LENGTH_MISMATCH", "weighted_length", TFX_WEIGHTED, column="", hit=UNEQUAL, near=WHOLE),
    Case("WEIGHTED_FEATURE_LENGTH_MISMATCH", "weighted_length", WEIGHTED, column="", hit=SWAPPED, near=WHOLE),
]


def words(text):
    return schema(f"  - {{name: x, type: text, words: {{{text}}}}}\n",
                  "domains: [{name: known, values: [Late, the, train]}]\n")


def token(text):
    return words(f"tokens: [{{token: late, {text}}}]")


def texts(*lines):
    return csv("x\n" + "".join(f'"{line}"\n' for line in lines))


HALF = ["the train is late", "the train is on time"]

WORDS = [
    Case("SEQUENCE_VALUE_TOO_FEW_OCCURRENCES", "token", token("min_in_row: 1"), hit=texts("late late", "on time"),
         near=texts("Late late", "on time, late")),
    Case("SEQUENCE_VALUE_TOO_FEW_OCCURRENCES", "words", words("min_words: 3"), hit=texts("the late train", "on time"),
         near=texts("the late train", "in good time")),
    Case("SEQUENCE_VALUE_TOO_MANY_OCCURRENCES", "token", token("max_in_row: 1"), hit=texts("late, late", "on time"),
         near=texts("late", "on time")),
    Case("SEQUENCE_VALUE_TOO_MANY_OCCURRENCES", "words", words("max_words: 3"), hit=texts("the train is late"),
         near=texts("the late train")),
    Case("SEQUENCE_VALUE_TOO_SMALL_FRACTION", "token",
         Tfx('feature {name: "x" type: BYTES natural_language_domain {token_constraints '
             '{string_value: "late" min_fraction_of_sequences: 0.5}}}'),
         hit=texts(*HALF, "on time"), near=texts(*HALF)),
    Case("SEQUENCE_VALUE_TOO_LARGE_FRACTION", "token", token("max_share: 0.5"), hit=texts(*HALF, "late"),
         near=texts(*HALF)),
    Case("FEATURE_COVERAGE_TOO_LOW", "words", words("vocabulary: known, min_coverage: 0.5"),
         hit=texts("the late bus is on time"), near=texts("the late train is on time")),
    Case("FEATURE_COVERAGE_TOO_SHORT_AVG_TOKEN_LENGTH", "words", words("min_mean_length: 3"),
         hit=texts("the bus is on"), near=texts("the bus was not")),
    Case("NLP_WRONG_LOCATION", "token", token("min_position: 0.5"),
         hit=texts("late it is", "it is late", "late or not"), near=texts("late it is", "it is late")),
    Case("NLP_WRONG_LOCATION", "token", token("max_position: 0.5"),
         hit=texts("late it is", "it is late", "not late"), near=texts("late it is", "it is late")),
]

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90wS\xde"


def pictures(images, others, size=len(PNG)):
    return parquet([PNG.ljust(size, b"\x00")] * images + [b"none"] * others)


IMAGES = [
    Case("LOW_SUPPORTED_IMAGE_FRACTION", "images", rules("binary, images: {min_share: 0.9}"),
         hit=pictures(89, 11), near=pictures(90, 10)),
    Case("MAX_IMAGE_BYTE_SIZE_EXCEEDED", "image_size",
         Tfx('feature {name: "x" type: BYTES image_domain {max_image_byte_size: 100}}'),
         hit=pictures(5, 0, size=101), near=pictures(5, 0, size=100)),
]

CASES = COLUMNS + COMPARISONS + DATASET + FEATURES + WORDS + IMAGES


def derived(text):
    return schema(f"  - {{name: x, type: number}}\n  - {{name: y, type: number, {text}}}\n")


def named(name, feature):
    return schema("  - {name: x, type: any}\n  - {name: y, type: any}\n", feature.replace("NAME", name))


SPARSE_OF_X = "sparse_features: [{name: NAME, index_columns: [x], value_column: y}]\n"
WEIGHTED_OF_X = "weighted_features: [{name: NAME, column: x, weight_column: y}]\n"

REFUSED = [
    Refused("BOOL_TYPE_INVALID_CONFIG", "bool_texts", rules("integer, bools: {true_text: 'yes', false_text: 'no'}"),
            near=rules("integer, bools: {}"),
            says="'bools' of column 'x' has texts for true and false, and the column is integer"),
    Refused("BOOL_TYPE_INVALID_CONFIG", "bool_texts", rules("text, bools: {}"),
            near=rules("text, bools: {true_text: 'yes', false_text: 'no'}"), data=csv("x\nyes\n"),
            says="'bools' of column 'x' needs a text for true and another one for false"),
    Refused("DOMAIN_INVALID_FOR_TYPE", "rule_for_type", rules("time, range: {min: 0}"),
            near=rules("integer, range: {min: 0}"),
            says="'range' is a rule for integers and numbers, and column 'x' is time"),
    Refused("FEATURE_MISSING_NAME", "schema", schema("  - {type: integer}\n", "new_columns: allow\n"),
            near=rules("integer"), says="key 'name' is missing"),
    Refused("FEATURE_MISSING_NAME", "schema", Tfx("feature {type: INT}"), says="a feature needs a name",
            near=Tfx('feature {name: "x" type: INT} feature {name: "y" type: INT}')),
    Refused("FEATURE_MISSING_TYPE", "schema", schema("  - {name: x}\n", "new_columns: allow\n"), near=rules("any"),
            says="key 'type' is missing"),
    Refused("FEATURE_MISSING_TYPE", "schema", rules("any, range: {min: 0}"), near=rules("integer, range: {min: 0}"),
            says="'range' is a rule for integers and numbers, and column 'x' is any"),
    Refused("INVALID_SCHEMA_SPECIFICATION", "schema", rules("integer, range: {min: 2, max: 1}"),
            near=rules("integer, range: {min: 1, max: 1}"), says="the range of column 'x' has a min above its max"),
    Refused("INVALID_FEATURE_SHAPE", "schema", rules("list, shape: {dims: [3]}, lengths: {max: 2}"),
            near=rules("list, shape: {dims: [3]}, lengths: {max: 3}"), data=json_lines({"x": [1, 2, 3]}),
            says="the shape [3] of column 'x' does not go with its lengths or nesting"),
    Refused("INVALID_DOMAIN_SPECIFICATION", "domain",
            schema("  - {name: x, type: text, values: {domain: answers}}\n"),
            near=schema("  - {name: x, type: text, values: {domain: answers}}\n",
                        "domains: [{name: answers, values: ['yes']}]\n"), data=csv("x\nyes\n"),
            says="column 'x' names the domain 'answers', which is not there"),
    Refused("INVALID_DOMAIN_SPECIFICATION", "bool_texts", rules("text, bools: {true_text: 'yes', false_text: 'yes'}"),
            near=rules("text, bools: {true_text: 'yes', false_text: 'no'}"), data=csv("x\nyes\n"),
            says="'bools' of column 'x' needs a text for true and another one for false"),
    Refused("SPARSE_FEATURE_NAME_COLLISION", "name_taken", named("x", SPARSE_OF_X), near=named("z", SPARSE_OF_X),
            says="the sparse feature 'x' has a name that is taken"),
    Refused("WEIGHTED_FEATURE_NAME_COLLISION", "name_taken", named("x", WEIGHTED_OF_X), near=named("z", WEIGHTED_OF_X),
            says="the weighted feature 'x' has a name that is taken"),
    Refused("DERIVED_FEATURE_BAD_LIFECYCLE", "derived_stage", derived("stage: production, derived: {from: [x]}"),
            near=derived("stage: derived, derived: {from: [x]}"),
            says="column 'y' is derived, and its stage is 'production'"),
    Refused("DERIVED_FEATURE_INVALID_SOURCE", "derived_source", derived("derived: {from: [z]}"),
            near=derived("derived: {from: [x]}"), says="column 'y' is derived from 'z', which is not there"),
]
