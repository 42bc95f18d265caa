#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/context.h"
#include "column/batch.h"
#include "column/value.h"

namespace roost::expr {

/// What an expression, or a part of it, is.
enum class Kind { kNumber, kText, kTime, kBoolean };

/// "number", "text", "time", "boolean".
std::string_view KindName(Kind kind);

/// The kind that a column of `type` has in an expression; InvalidArgument for types that no expression can read.
absl::StatusOr<Kind> ExpressionKindOf(column::Type type);

/// A column that an expression may name.
struct Column {
  std::string name;
  Kind kind = Kind::kNumber;
};

/// The columns of `batch` that an expression can read, in its order.
std::vector<Column> ColumnsOf(const column::BatchView& batch);

/// The results of some rows. Only the vector of `kind` is filled, with one entry per row; null rows hold 0 or "" there.
/// Text is borrowed from the rows that were read, or from what `owned` keeps alive.
struct Values {
  Kind kind = Kind::kNumber;
  std::vector<uint8_t> is_null;         ///< 1 where the result is null; one entry per row
  std::vector<double> numbers;          ///< kNumber
  std::vector<std::string_view> texts;  ///< kText
  std::vector<int64_t> times;           ///< kTime: microseconds since 1970-01-01T00:00Z
  std::vector<int8_t> booleans;         ///< kBoolean: 0, 1, or -1 for null
  std::vector<std::shared_ptr<const void>> owned;
};

/// Where the texts live that EvaluateRow computes: reused from row to row, so that they are allocated once. One thread
/// at a time; any number of expressions. Keeps for each text operation of a row the memory of its longest result.
class RowScratch {
 public:
  /// Begins another row: the texts of results before are gone. To be called before a row's first expression; without
  /// it the texts of all rows stay.
  void StartRow() { used_ = 0; }

 private:
  friend class RowEvaluator;
  std::string& NewText();

  std::deque<std::string> texts_;  // never moved, as results point into them
  size_t used_ = 0;                // by the current row
};

struct BoundNode;
struct Syntax;

/// An expression whose columns and types are known. Cheap to copy; immutable, usable from any number of threads.
class BoundExpression {
 public:
  Kind kind() const;

  /// The columns that are read, in the order of the columns that Bind was given.
  std::span<const Column> columns() const { return read_; }

  /// The value of every row, in parallel on the context's threads; the same for any number of them. NotFound where a
  /// column is missing in `batch`, InvalidArgument where it has another kind, Cancelled.
  absl::StatusOr<Values> Evaluate(const column::BatchView& batch, const Context& context) const;

  /// For labels and rules: 1 true, 0 false, -1 null. InvalidArgument also where the expression is no boolean.
  absl::StatusOr<std::vector<int8_t>> EvaluateBoolean(const column::BatchView& batch, const Context& context) const;

  /// One row, its values in the order of the columns that Bind was given (those that are not read may be anything): the
  /// same bits as Evaluate gives for that row. Booleans are handed over, in and out, as numbers, 0 being false. The
  /// result's text is borrowed from the row, from the expression or from `scratch`. InvalidArgument where a value has
  /// another kind. Allocates nothing once `scratch` has grown (matches() may, where RE2 sees a text of a new shape).
  /// Cost: about 15 ns and 10 ns per operation; 25 ns where it makes a text.
  absl::Status EvaluateRow(std::span<const column::Value> row, RowScratch& scratch, column::Value& result) const;

 private:
  friend class Expression;
  BoundExpression() = default;

  std::shared_ptr<const BoundNode> root_;
  std::vector<Column> read_;
  std::vector<size_t> positions_;  // of read_ in what Bind was given
  size_t num_columns_ = 0;         // that Bind was given
};

/// A parsed expression. Cheap to copy; immutable. The language: docs/expressions.md.
class Expression {
 public:
  static constexpr size_t kMaxLength = 10'000;  ///< bytes of text
  static constexpr int kMaxDepth = 200;         ///< operations inside one another; a chain of n counts n

  /// InvalidArgument whose first line names the character (from 1) and what is wrong there, followed by the line of
  /// `text` and a caret under the place.
  static absl::StatusOr<Expression> Parse(std::string_view text);

  const std::string& text() const { return *text_; }

  /// The names of the columns that are read, each once, in the order in which they first stand in the text.
  std::vector<std::string> columns() const;

  /// The text with `new_name` in place of each column's name; everything else stays as it is written.
  std::string Renamed(const std::function<std::string(const std::string&)>& new_name) const;

  /// Finds the columns and checks all types. InvalidArgument in the form of Parse's, naming both sides of a misfit.
  absl::StatusOr<BoundExpression> Bind(std::span<const Column> columns) const;

 private:
  Expression() = default;

  std::shared_ptr<const std::string> text_;
  std::shared_ptr<const Syntax> root_;
};

}  // namespace roost::expr
