#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <simdjson.h>

#include "absl/status/statusor.h"
#include "column/value.h"
#include "serving/servable.h"

namespace roost::rest {

/// What a value of a row may look like beside plain JSON.
enum class Dialect {
  kRoost,
  /// Also {"b64": "..."} for texts, a list of one element for a plain value, and the objects that MarkNotFinite
  /// (not_finite.h) makes of NaN, Infinity and -Infinity.
  kTfServing,
};

/// The position of the input `name`; InvalidArgument lists those that there are, with a spelling hint.
absl::StatusOr<size_t> RequireInput(const serving::Servable& servable, std::string_view name);

/// Rows that come as JSON, as values in the order of a model's inputs. Texts are borrowed from the JSON where they can
/// be, so the JSON must live as long as the values. Memory is kept from use to use, so that rows of plain values
/// allocate nothing after warm-up.
///
/// A number is a JSON number or true or false; a text a string; a time a string in ISO 8601 or an integer, microseconds
/// since 1970 UTC; a list an array, whose nulls are left out. null and a member that is not there are missing.
class RowReader {
 public:
  /// Forgets all rows; those that follow are for `servable`, which outlives them.
  void Start(const serving::Servable& servable, Dialect dialect);
  /// Forgets all rows but not the model.
  void Clear();

  /// Appends the row that the objects `parts` are together. InvalidArgument where one is none, and for a member that is
  /// no input of the model (with a spelling hint), that comes twice, or whose value does not suit. Then the rows are of
  /// no use.
  absl::Status AddRow(std::span<const simdjson::dom::element> parts);

  /// Appends a row of missing values, whose values SetValue sets.
  void AddEmptyRow();
  /// Sets the value of input `column` of the last row. InvalidArgument where `json` does not suit.
  absl::Status SetValue(size_t column, simdjson::dom::element json);

  int64_t num_rows() const { return num_rows_; }
  /// A value for each input a row.
  std::span<const column::Value> values() const { return values_; }
  std::span<const column::Value> row(int64_t i) const {
    return values().subspan(static_cast<size_t>(i) * num_columns_, num_columns_);
  }

 private:
  absl::Status SetMembers(simdjson::dom::element json);
  absl::StatusOr<column::Value> ValueOf(column::Kind kind, simdjson::dom::element json, std::string_view name);
  absl::StatusOr<column::Value> ListOf(column::Kind kind, simdjson::dom::element json, std::string_view name);
  absl::StatusOr<column::Value> DecodedText(simdjson::dom::element json, std::string_view name);

  const serving::Servable* servable_ = nullptr;
  Dialect dialect_ = Dialect::kRoost;
  size_t num_columns_ = 0;
  int64_t num_rows_ = 0;
  std::vector<column::Value> values_;
  std::vector<int64_t> set_in_row_;  // of each column the last row that has set it, counted from 1
  std::deque<std::string> texts_;    // a deque: what was handed out stays where it is
  std::deque<std::vector<std::string_view>> text_lists_;
  std::deque<std::vector<double>> number_lists_;
};

}  // namespace roost::rest
