#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/check.h"
#include "base/status.h"
#include "base/thread_pool.h"
#include "expr/expression.h"
#include "expr/kernels.h"

namespace roost::expr {
namespace {

// Rows of one piece of work: its vectors stay in the processor's cache, and cancelling is quick.
constexpr int64_t kPieceRows = 8192;
// The same where replace() may make texts of 1 MiB, divided by the number of its calls: 64 MiB at a time on each
// thread.
constexpr int64_t kReplacedRows = 64;

bool ReadsColumn(const BoundNode& node) {
  return node.op == Op::kColumn || std::any_of(node.children.begin(), node.children.end(), ReadsColumn);
}

int64_t CallsOfReplace(const BoundNode& node) {
  const bool is_call = node.op == Op::kFunction && node.function == Function::kReplace;
  int64_t calls = is_call && ReadsColumn(node) ? 1 : 0;
  for (const BoundNode& child : node.children) calls += CallsOfReplace(child);
  return calls;
}

int64_t PieceRowsOf(const BoundNode& root) {
  const int64_t calls = CallsOfReplace(root);
  return calls == 0 ? kPieceRows : std::max<int64_t>(1, kReplacedRows / calls);
}

// Where the leaves of an expression come from: a column's rows.
class ColumnSource {
 public:
  ColumnSource(const std::vector<const column::ColumnView*>& columns, int64_t begin, int64_t end)
      : columns_(columns), begin_(begin), end_(end) {}

  Vector Read(const BoundNode& node) const {
    const column::ColumnView& column = *columns_[node.column];
    Vector out{.kind = node.kind};
    if (column.has_nulls() && node.kind != Kind::kBoolean) {
      out.nulls.resize(static_cast<size_t>(end_ - begin_));
      for (int64_t row = begin_; row < end_; ++row) out.nulls[row - begin_] = column.IsNull(row) ? 1 : 0;
    }
    switch (node.kind) {
      case Kind::kNumber: ReadNumbers(column, out); break;
      case Kind::kText: Fill(column, out.texts, [&](int64_t row) { return column.TextAt(row); }); break;
      case Kind::kTime: Fill(column, out.times, [&](int64_t row) { return column.MicrosAt(row); }); break;
      case Kind::kBoolean:
        out.booleans.assign(static_cast<size_t>(end_ - begin_), -1);
        Fill(column, out.booleans, [&](int64_t row) { return static_cast<int8_t>(column.IntegerAt(row)); });
    }
    return out;
  }

 private:
  // Null rows keep what they have: their values are not legal to read.
  template <typename T, typename F>
  void Fill(const column::ColumnView& column, std::vector<T>& out, const F& value_at) const {
    out.resize(static_cast<size_t>(end_ - begin_));
    const bool has_nulls = column.has_nulls();
    for (int64_t row = begin_; row < end_; ++row) {
      if (!has_nulls || !column.IsNull(row)) out[row - begin_] = value_at(row);
    }
  }

  template <typename T>
  void Cast(const column::ColumnView& column, Vector& out) const {
    const auto values = column.Values<T>().subspan(static_cast<size_t>(begin_), static_cast<size_t>(end_ - begin_));
    out.numbers.assign(values.begin(), values.end());
  }

  void ReadNumbers(const column::ColumnView& column, Vector& out) const {
    if (!column.is_dictionary()) {
      switch (column.type()) {
        case column::Type::kInt16: return Cast<int16_t>(column, out);
        case column::Type::kInt32: return Cast<int32_t>(column, out);
        case column::Type::kInt64: return Cast<int64_t>(column, out);
        case column::Type::kFloat32: return Cast<float>(column, out);
        case column::Type::kFloat64: return Cast<double>(column, out);
        default: break;
      }
    }
    Fill(column, out.numbers, [&](int64_t row) { return column.NumberAt(row); });
  }

  const std::vector<const column::ColumnView*>& columns_;
  int64_t begin_;
  int64_t end_;
};

Vector Run(const BoundNode& node, const ColumnSource& source) {
  if (node.op == Op::kColumn) return source.Read(node);
  if (node.children.empty()) return Constant(node);
  std::vector<Vector> operands;
  operands.reserve(node.children.size());
  for (const BoundNode& child : node.children) operands.push_back(Run(child, source));
  return Apply(node, std::move(operands));
}

template <typename T>
void Append(const std::vector<T>& from, std::vector<T>& to) {
  to.insert(to.end(), from.begin(), from.end());
}

// Adds a piece's rows; null rows get the value that Values promises. Every NaN becomes the same one: whose sign and
// bits a sum of two NaN takes is up to the compiler, and not the same in loops over rows as for one row.
void AppendTo(Values& values, Vector piece) {
  const size_t first = values.is_null.size();
  const size_t rows = piece.size();
  values.is_null.resize(first + rows);
  for (size_t row = 0; row < rows; ++row) {
    if (!piece.IsNull(row)) continue;
    values.is_null[first + row] = 1;
    if (piece.kind == Kind::kNumber) piece.numbers[row] = 0;
    if (piece.kind == Kind::kText) piece.texts[row] = "";
    if (piece.kind == Kind::kTime) piece.times[row] = 0;
  }
  for (double& number : piece.numbers) {
    if (std::isnan(number)) number = std::numeric_limits<double>::quiet_NaN();
  }
  Append(piece.numbers, values.numbers);
  Append(piece.texts, values.texts);
  Append(piece.times, values.times);
  Append(piece.booleans, values.booleans);
  Append(piece.owned, values.owned);
}

}  // namespace

absl::StatusOr<Values> BoundExpression::Evaluate(const column::BatchView& batch, const Context& context) const {
  std::vector<const column::ColumnView*> columns;
  for (const Column& wanted : read_) {
    TRY_ASSIGN(const column::ColumnView* column, batch.Require(wanted.name));
    const absl::StatusOr<Kind> kind = ExpressionKindOf(column->type());
    if (!kind.ok() || *kind != wanted.kind) {
      return absl::InvalidArgumentError(fmt::format("column '{}' is {} here: the expression needs a {}", wanted.name,
                                                    column->TypeText(), KindName(wanted.kind)));
    }
    columns.push_back(column);
  }
  const int64_t piece_rows = PieceRowsOf(*root_);
  std::vector<Vector> pieces(static_cast<size_t>((batch.num_rows() + piece_rows - 1) / piece_rows));
  const auto run_piece = [&](size_t piece) -> absl::Status {
    TRY(context.CheckCancelled());
    const int64_t begin = static_cast<int64_t>(piece) * piece_rows;
    const int64_t end = std::min(batch.num_rows(), begin + piece_rows);
    pieces[piece] = Expand(Run(*root_, ColumnSource(columns, begin, end)), static_cast<size_t>(end - begin));
    return absl::OkStatus();
  };
  TRY(context.pool->ParallelFor(pieces.size(), run_piece));
  Values values{.kind = root_->kind};
  values.owned.push_back(root_);  // the texts of literals
  for (Vector& piece : pieces) AppendTo(values, std::move(piece));
  return values;
}

absl::StatusOr<std::vector<int8_t>> BoundExpression::EvaluateBoolean(const column::BatchView& batch,
                                                                     const Context& context) const {
  if (root_->kind != Kind::kBoolean) {
    return WithHint(
        absl::InvalidArgumentError(fmt::format("the expression is a {}, a boolean is needed", KindName(root_->kind))),
        "compare it with something: delay > 15");
  }
  TRY_ASSIGN(Values values, Evaluate(batch, context));
  return std::move(values.booleans);
}

}  // namespace roost::expr
