"""Anomalies of what a column holds: bools, known values, types, numbers, lists, presence."""
import datetime

import pyarrow

from anomaly_case import Case, Tfx, column, csv, json_lines, lists, parquet, rules

BYTES = parquet([b"\x00\xff", b"\x01"])
INTEGERS = parquet([0, 1, 1])
FRACTIONS = parquet([0.5, 1.0])
TEXTS = parquet(["yes", "no"])

INTEGER_BOOLS = rules("integer, bools: {}")
TEXT_BOOLS = rules("text, bools: {true_text: 'yes', false_text: 'no'}")
KNOWN = rules("text, values: {allowed: ['no', 'yes'], severity: error}")

BOOLS = [
    Case("BOOL_TYPE_BIG_INT", "bools", INTEGER_BOOLS, hit=column([0, 1, 2]), near=column([0, 1, 1])),
    Case("BOOL_TYPE_SMALL_INT", "bools", INTEGER_BOOLS, hit=column([-1, 0, 1]), near=column([0, 0, 1])),
    Case("BOOL_TYPE_UNEXPECTED_STRING", "bools",
         Tfx('feature {name: "x" type: BYTES bool_domain {true_value: "yes" false_value: "no"}}'),
         hit=csv("x\nyes\nno\nmaybe\n"), near=csv("x\nyes\nno\nno\n")),
    Case("BOOL_TYPE_UNEXPECTED_FLOAT", "bools", rules("number, bools: {}"),
         hit=parquet([0.0, 1.0, 0.999]), near=parquet([0.0, 1.0, 1.0])),
    Case("BOOL_TYPE_BYTES_NOT_INT", "type", INTEGER_BOOLS, hit=BYTES, near=INTEGERS),
    Case("BOOL_TYPE_BYTES_NOT_INT", "type", rules("bool"), hit=BYTES, near=parquet([True, False])),
    Case("BOOL_TYPE_BYTES_NOT_STRING", "type", TEXT_BOOLS, hit=BYTES, near=TEXTS),
    Case("BOOL_TYPE_FLOAT_NOT_INT", "type", INTEGER_BOOLS, severity="warning", hit=parquet([0.0, 1.0]), near=INTEGERS),
    Case("BOOL_TYPE_FLOAT_NOT_INT", "type", rules("bool"), hit=FRACTIONS, near=column(["true", "false"])),
    Case("BOOL_TYPE_FLOAT_NOT_STRING", "type", TEXT_BOOLS, hit=FRACTIONS, near=TEXTS),
    Case("BOOL_TYPE_INT_NOT_STRING", "type", TEXT_BOOLS, hit=column([0, 1]), near=column(["yes", "no"])),
    Case("BOOL_TYPE_STRING_NOT_INT", "type", rules("bool"), hit=column(["true", "maybe"]),
         near=column(["true", "false"])),
    Case("BOOL_TYPE_STRING_NOT_INT", "type", Tfx('feature {name: "x" type: INT bool_domain {}}'),
         hit=csv("x\n0\nmaybe\n"), near=csv("x\n0\n1\n")),
]

VALUES = [
    Case("ENUM_TYPE_INVALID_UTF8", "encoding", rules("text, values: {allowed: [Hund, Kätzchen], severity: error}"),
         hit=csv("x\nHund\nK\xe4tzchen\n", "latin-1"), near=csv("x\nHund\nKätzchen\n")),
    Case("ENUM_TYPE_UNEXPECTED_STRING_VALUES", "values",
         rules("text, values: {allowed: ['no', 'yes'], min_share: 0.9, severity: error}"),
         hit=column(["yes"] * 89 + ["maybe"] * 11), near=column(["yes"] * 90 + ["maybe"] * 10)),
    Case("ENUM_TYPE_UNEXPECTED_STRING_VALUES", "values",
         Tfx('feature {name: "x" type: BYTES domain: "answers" distribution_constraints {min_domain_mass: 0.5}}\n'
             'string_domain {name: "answers" value: "yes" value: "no"}'),
         hit=csv("x\nyes\nmaybe\nperhaps\n"), near=csv("x\nyes\nno\nmaybe\nperhaps\n")),
    Case("ENUM_TYPE_BYTES_NOT_STRING", "type", KNOWN, hit=BYTES, near=TEXTS),
    Case("ENUM_TYPE_FLOAT_NOT_STRING", "type", KNOWN, hit=column([0.5, 1.25]), near=column(["yes", "no"])),
    Case("ENUM_TYPE_INT_NOT_STRING", "type", KNOWN, hit=column([0, 1]), near=column(["yes", "no"])),
]

PRESENCE = [
    Case("FEATURE_TYPE_LOW_FRACTION_PRESENT", "missing", rules("integer, missing: {max_share: 0.1}"),
         hit=column([1] * 89 + [None] * 11), near=column([1] * 90 + [None] * 10)),
    Case("FEATURE_TYPE_LOW_FRACTION_PRESENT", "missing",
         Tfx('feature {name: "x" type: INT presence {min_fraction: 0.75}}'),
         hit=json_lines({"x": 1}, {"x": None}, {"x": 3}), near=json_lines({"x": 1}, {"x": None}, {"x": 3}, {"x": 4})),
    Case("FEATURE_TYPE_LOW_NUMBER_PRESENT", "present", rules("integer, present: {min_count: 90}"),
         hit=column([1] * 89 + [None] * 11), near=column([1] * 90 + [None] * 10)),
    Case("FEATURE_TYPE_NOT_PRESENT", "missing", rules("integer, missing: {max_share: 0.99}"),
         hit=column([None] * 100), near=column([None] * 99 + [1])),
    Case("FEATURE_TYPE_NOT_PRESENT", "present", rules("integer, present: {}"),
         hit=column([None] * 100), near=column([None] * 99 + [1])),
    Case("FEATURE_TYPE_LOW_UNIQUE", "distinct", rules("text, distinct: {min: 2, max: 3}"),
         hit=column("aaaa"), near=column("aaab")),
    Case("FEATURE_TYPE_HIGH_UNIQUE", "distinct",
         Tfx('feature {name: "x" type: BYTES unique_constraints {min: 2 max: 3}}'),
         hit=csv("x\na\nb\nc\nd\n"), near=csv("x\na\nb\nc\nc\n")),
]

LISTS = [
    Case("FEATURE_TYPE_NO_VALUES", "empty_lists", rules("list, lengths: {min: 1}"), hit=lists([], []),
         near=lists([1], [2])),
    Case("FEATURE_TYPE_LOW_NUMBER_VALUES", "lengths", rules("list, lengths: {min: 2, max: 3}"),
         hit=lists([1, 2], [1]), near=lists([1, 2], [1, 2])),
    Case("FEATURE_TYPE_HIGH_NUMBER_VALUES", "lengths",
         Tfx('feature {name: "x" type: INT value_count {min: 2 max: 3}}'),
         hit=lists([1, 2], [1, 2, 3, 4]), near=lists([1, 2], [1, 2, 3])),
    Case("FEATURE_TYPE_UNEXPECTED_REPEATED", "type", rules("integer"), hit=lists([1], [2]), near=lists(1, 2)),
    Case("VALUE_NESTEDNESS_MISMATCH", "nesting", rules("list, nesting: 1"), hit=lists([[1]], [[2]]),
         near=lists([1], [2])),
    Case("VALUE_NESTEDNESS_MISMATCH", "type", rules("list"), hit=lists(1, 2), near=lists([1], [2])),
    Case("INVALID_FEATURE_SHAPE", "shape", rules("list, shape: {dims: [2, 2]}"),
         hit=lists([[1, 2], [3, 4]], [[1, 2], [3]]), near=lists([[1, 2], [3, 4]], [[1, 2], [3, 5]])),
    Case("INVALID_FEATURE_SHAPE", "shape",
         Tfx('feature {name: "x" type: FLOAT presence {min_fraction: 1} shape {dim {size: 3}}}'),
         hit=lists([1.5, 2.5, 3.5], [1.5, 2.5]), near=lists([1.5, 2.5, 3.5], [1.5, 2.5, 3])),
    Case("FEATURE_TYPE_NO_UNIQUE", "not_counted", rules("any, distinct: {min: 2}"), severity="warning",
         hit=lists([1], [2]), near=lists(1, 2)),
    Case("EMBEDDING_SHAPE_INVALID", "embedding", rules("list, embedding: {size: 3}"),
         hit=lists([0.1, 0.2, 0.3], [0.1, None, 0.3]), near=lists([0.1, 0.2, 0.3], [0.1, 0.2, 0.3])),
    Case("EMBEDDING_SHAPE_INVALID", "embedding", rules("list, embedding: {size: 3}"),
         hit=parquet([[0.1, 0.2], [0.1, 0.2]], pyarrow.list_(pyarrow.float32(), 2)),
         near=parquet([[0.1, 0.2, 0.3]], pyarrow.list_(pyarrow.float32(), 3))),
]

INTEGER_RANGE = rules("integer, range: {min: 0, max: 10, severity: error}")
FLOAT_RANGE = Tfx('feature {name: "x" type: FLOAT float_domain {min: 0 max: 10}}')
INTEGER_TEXTS = rules("text, holds: integer")
FLOAT_TEXTS = rules("text, holds: number")
TIME_OF_DAY = parquet([datetime.time(12, 30)])

NUMBERS = [
    Case("FLOAT_TYPE_BIG_FLOAT", "max", FLOAT_RANGE, hit=csv("x\n0.5\n10.25\n"), near=csv("x\n0.5\n10.0\n")),
    Case("FLOAT_TYPE_SMALL_FLOAT", "min", FLOAT_RANGE, hit=csv("x\n0.5\n-0.25\n"), near=csv("x\n0.5\n0.0\n")),
    Case("FLOAT_TYPE_HAS_NAN", "nan", rules("number, nan: error"), hit=parquet([0.5, float("nan")]),
         near=parquet([0.5, float("inf"), None])),
    Case("FLOAT_TYPE_HAS_INF", "infinity", rules("number, infinity: error"), hit=parquet([0.5, float("-inf")]),
         near=parquet([0.5, float("nan"), 1.7e308])),
    Case("FLOAT_TYPE_STRING_NOT_FLOAT", "holds", FLOAT_TEXTS, hit=parquet(["1.5", "x"]), near=parquet(["1.5", " 2 "])),
    Case("FLOAT_TYPE_STRING_NOT_FLOAT", "type", rules("number"), hit=column([1.5, "late"]), near=column([1.5, 2])),
    Case("FLOAT_TYPE_NOT_FLOAT", "type", rules("number"), hit=column(["true", "false"]), near=column([0, 1])),
    Case("FLOAT_TYPE_NON_STRING", "type", FLOAT_TEXTS, hit=FRACTIONS, near=parquet(["0.5", "1.0"])),
    Case("FLOAT_TYPE_UNKNOWN_TYPE_NUMBER", "type", rules("number"), hit=TIME_OF_DAY, near=FRACTIONS),
    Case("INT_TYPE_BIG_INT", "max", INTEGER_RANGE, hit=column([0, 11]), near=column([0, 10])),
    Case("INT_TYPE_SMALL_INT", "min", INTEGER_RANGE, hit=column([-1, 10]), near=column([0, 10])),
    Case("INT_TYPE_NOT_INT_STRING", "holds", INTEGER_TEXTS, hit=parquet(["1", "2.5"]), near=parquet(["1", " 2 "])),
    Case("INT_TYPE_NOT_INT_STRING", "type", rules("integer"), hit=column([1, "late"]), near=column([1, 2])),
    Case("INT_TYPE_INT_EXPECTED", "type", rules("integer"), severity="warning", hit=column([1, 2.5]),
         near=column([1, 2])),
    Case("INT_TYPE_INT_EXPECTED", "type", rules("integer"), hit=BYTES, near=INTEGERS),
    Case("INT_TYPE_NOT_STRING", "type", INTEGER_TEXTS, hit=FRACTIONS, near=parquet(["5", "10"])),
    Case("INT_TYPE_STRING_EXPECTED", "type", Tfx('feature {name: "x" type: BYTES int_domain {min: 0}}'),
         hit=INTEGERS, near=parquet(["0", "1"])),
    Case("INT_TYPE_UNKNOWN_TYPE_NUMBER", "type", rules("integer"), hit=json_lines({"x": {"y": 1}}),
         near=json_lines({"x": 1})),
]

TYPES = [
    Case("UNEXPECTED_DATA_TYPE", "type", rules("time"), hit=column(["true", "false"]),
         near=column(["2001-05-01", "2001-05-02"])),
    Case("STRING_TYPE_NOW_FLOAT", "type", rules("text"), hit=column([1.5, 2]), near=column([1.5, "2a"])),
    Case("STRING_TYPE_NOW_INT", "type", rules("text"), hit=column([1, 2]), near=column([1, "2a"])),
    Case("SEMANTIC_DOMAIN_UPDATE", "meaning", rules("text"), severity="warning",
         hit=parquet([f"2001-05-{day:02}" for day in range(1, 26)] * 4),
         near=parquet([f"2001-05-{day:02}" for day in range(1, 26)] * 4 + ["soon"])),
]

CASES = BOOLS + VALUES + PRESENCE + LISTS + NUMBERS + TYPES
