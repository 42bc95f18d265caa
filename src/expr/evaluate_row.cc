#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/check.h"
#include "expr/expression.h"
#include "expr/plan.h"
#include "expr/scalar_logic.h"
#include "expr/scalar_numbers.h"
#include "expr/scalar_texts.h"
#include "expr/scalar_times.h"

namespace roost::expr {
namespace {

int8_t ThreeValued(std::optional<bool> value) { return value.has_value() ? static_cast<int8_t>(*value) : int8_t{-1}; }
std::optional<bool> FromThreeValued(int8_t value) { return value < 0 ? std::nullopt : std::optional<bool>(value > 0); }

// What holds(x) says; unknown where x is.
template <typename T, typename F>
std::optional<bool> Known(const std::optional<T>& x, const F& holds) {
  return x.has_value() ? std::optional<bool>(holds(*x)) : std::nullopt;
}

bool IsNan(double value) { return std::isnan(value); }
template <typename T>
bool IsNan(const T&) {
  return false;
}

bool Fits(Kind kind, const column::Value& value) {
  if (std::holds_alternative<std::monostate>(value)) return true;
  switch (kind) {
    case Kind::kNumber:
    case Kind::kBoolean: return std::holds_alternative<double>(value);
    case Kind::kText: return std::holds_alternative<std::string_view>(value);
    case Kind::kTime: return std::holds_alternative<int64_t>(value);
  }
  return false;
}

const std::vector<double>& Among(const BoundNode& node, double) { return node.numbers; }
const std::vector<std::string>& Among(const BoundNode& node, std::string_view) { return node.texts; }
const std::vector<int64_t>& Among(const BoundNode& node, int64_t) { return node.times; }
const std::vector<int64_t>& Among(const BoundNode& node, bool) { return node.times; }

}  // namespace

std::string& RowScratch::NewText() {
  if (used_ == texts_.size()) texts_.emplace_back();
  std::string& text = texts_[used_++];
  text.clear();
  return text;
}

// The nodes of an expression over one row: each kind of value by itself, null as nothing. What an if(), coalesce(), and
// or or does not need is not computed.
class RowEvaluator {
 public:
  RowEvaluator(std::span<const column::Value> row, std::span<const size_t> positions, RowScratch& scratch)
      : row_(row), positions_(positions), scratch_(scratch) {}

  template <typename T>
  std::optional<T> Of(const BoundNode& node) {
    if (node.op == Op::kColumn) return Column(node, T());
    if (node.op == Op::kNull) return std::nullopt;
    if (node.children.empty()) return Literal(node, T());
    if (node.op == Op::kFunction) {
      switch (node.function) {
        case Function::kIf: return If<T>(node);
        case Function::kCoalesce: return Coalesce<T>(node);
        case Function::kMin: return Extreme<T>(node, /*greatest=*/false);
        case Function::kMax: return Extreme<T>(node, /*greatest=*/true);
        default: return Call(node, T());
      }
    }
    return Operate(node, T());
  }

 private:
  using Text = std::string_view;

  // The overloads below are chosen by their last parameter, the type of what they give.
  template <typename T>
  std::optional<T> Column(const BoundNode& node, T) const {
    const T* held = std::get_if<T>(&row_[positions_[node.column]]);
    return held == nullptr ? std::nullopt : std::optional<T>(*held);
  }
  std::optional<bool> Column(const BoundNode& node, bool) const {
    return Known(Column(node, double{}), [](double x) { return x != 0; });
  }

  static std::optional<double> Literal(const BoundNode& node, double) { return node.number; }
  static std::optional<Text> Literal(const BoundNode& node, Text) { return Text(node.text); }
  static std::optional<int64_t> Literal(const BoundNode& node, int64_t) { return node.time; }
  static std::optional<bool> Literal(const BoundNode& node, bool) { return node.boolean != 0; }

  template <typename T>
  std::optional<T> If(const BoundNode& node) {
    size_t i = 0;
    while (i + 1 < node.children.size() && !Of<bool>(node.children[i]).value_or(false)) i += 2;
    return Of<T>(node.children[std::min(i + 1, node.children.size() - 1)]);
  }

  template <typename T>
  std::optional<T> Coalesce(const BoundNode& node) {
    for (const BoundNode& child : node.children) {
      if (const std::optional<T> value = Of<T>(child)) return value;
    }
    return std::nullopt;
  }

  // The first of the least (or greatest) values; NaN where there is one; null where one is.
  template <typename T>
  std::optional<T> Extreme(const BoundNode& node, bool greatest) {
    std::optional<T> best = Of<T>(node.children.front());
    for (size_t i = 1; i < node.children.size() && best.has_value(); ++i) {
      const std::optional<T> value = Of<T>(node.children[i]);
      if (!value.has_value()) return std::nullopt;
      const bool better = greatest ? *best < *value : *value < *best;
      if (!IsNan(*best) && (better || IsNan(*value))) best = value;
    }
    return best;
  }

  // Numbers.

  std::optional<double> Operate(const BoundNode& node, double) {
    if (node.children[0].kind == Kind::kTime) {
      const std::optional<int64_t> x = Of<int64_t>(node.children[0]);
      const std::optional<int64_t> y = Of<int64_t>(node.children[1]);
      return x.has_value() && y.has_value() ? std::optional<double>(SecondsBetween(*x, *y)) : std::nullopt;
    }
    const std::optional<double> x = Of<double>(node.children[0]);
    if (!x.has_value()) return std::nullopt;
    if (node.op == Op::kNegate) return -*x;
    const std::optional<double> y = Of<double>(node.children[1]);
    if (!y.has_value()) return std::nullopt;
    switch (node.op) {
      case Op::kAdd: return *x + *y;
      case Op::kSubtract: return *x - *y;
      case Op::kMultiply: return *x * *y;
      case Op::kDivide: return *y == 0 ? std::nullopt : std::optional<double>(*x / *y);
      case Op::kModulo: return *y == 0 ? std::nullopt : std::optional<double>(std::fmod(*x, *y));
      default: break;
    }
    ROOST_CHECK(false, "no operation that gives a number");
  }

  std::optional<double> Call(const BoundNode& node, double) {
    const BoundNode& first = node.children[0];
    if (first.kind == Kind::kText) return NumberOfText(node.function, Of<Text>(first));
    if (first.kind == Kind::kTime) {
      const std::optional<int64_t> micros = Of<int64_t>(first);
      if (!micros.has_value()) return std::nullopt;
      return VisitTimePart(node.function, [&micros](const auto& part) { return static_cast<double>(part(*micros)); });
    }
    const std::optional<double> x = Of<double>(first);
    if (!x.has_value()) return std::nullopt;
    if (node.children.size() == 1) {
      const double result = VisitNumberFunction(node.function, [&x](const auto& function) { return function(*x); });
      return HasResult(result, *x) ? std::optional<double>(result) : std::nullopt;
    }
    const std::optional<double> y = Of<double>(node.children[1]);
    if (!y.has_value()) return std::nullopt;
    const double result = node.function == Function::kPow ? Power(*x, *y) : RoundTo(*x, *y);
    return HasResult(result, *x, *y) ? std::optional<double>(result) : std::nullopt;
  }

  static std::optional<double> NumberOfText(Function function, std::optional<Text> text) {
    if (!text.has_value()) return std::nullopt;
    if (function == Function::kNumber) return NumberOf(*text);
    return static_cast<double>(function == Function::kLength ? Length(*text) : static_cast<int64_t>(text->size()));
  }

  // Texts.

  std::optional<Text> Operate(const BoundNode& node, Text) {
    const std::optional<Text> x = Of<Text>(node.children[0]);
    const std::optional<Text> y = Of<Text>(node.children[1]);
    if (!x.has_value() || !y.has_value()) return std::nullopt;
    return scratch_.NewText().append(*x).append(*y);
  }

  std::optional<Text> Call(const BoundNode& node, Text) {
    if (node.function == Function::kText) {
      const std::optional<double> number = Of<double>(node.children[0]);
      if (!number.has_value()) return std::nullopt;
      std::string& text = scratch_.NewText();
      AppendNumber(*number, text);
      return text;
    }
    const std::optional<Text> text = Of<Text>(node.children[0]);
    if (!text.has_value()) return std::nullopt;
    if (node.function == Function::kTrim) return Trimmed(*text);
    if (node.function == Function::kSubstring) return SubstringOf(node, *text);
    if (node.function == Function::kReplace) return ReplacedIn(node, *text);
    std::string& result = scratch_.NewText();
    node.function == Function::kLower ? AppendLower(*text, result) : AppendUpper(*text, result);
    return result;
  }

  std::optional<Text> SubstringOf(const BoundNode& node, Text text) {
    const std::optional<double> first = Of<double>(node.children[1]);
    if (!first.has_value()) return std::nullopt;
    if (node.children.size() == 2) return Substring(text, *first, std::nullopt);
    const std::optional<double> count = Of<double>(node.children[2]);
    return count.has_value() ? Substring(text, *first, count) : std::nullopt;
  }

  std::optional<Text> ReplacedIn(const BoundNode& node, Text text) {
    const std::optional<Text> from = Of<Text>(node.children[1]);
    const std::optional<Text> to = Of<Text>(node.children[2]);
    if (!from.has_value() || !to.has_value()) return std::nullopt;
    std::string& result = scratch_.NewText();
    return AppendReplaced(text, *from, *to, result) ? std::optional<Text>(result) : std::nullopt;
  }

  // Times.

  std::optional<int64_t> Operate(const BoundNode& node, int64_t) {
    const std::optional<int64_t> micros = Of<int64_t>(node.children[0]);
    const std::optional<double> seconds = Of<double>(node.children[1]);
    if (!micros.has_value() || !seconds.has_value()) return std::nullopt;
    return ShiftTime(*micros, node.op == Op::kAdd ? *seconds : -*seconds);
  }

  std::optional<int64_t> Call(const BoundNode& node, int64_t) {
    if (node.function == Function::kTime) {
      const std::optional<Text> text = Of<Text>(node.children[0]);
      return text.has_value() ? TimeOf(*text) : std::nullopt;
    }
    const std::optional<int64_t> micros = Of<int64_t>(node.children[0]);
    return micros.has_value() ? TruncateTime(*micros, node.step) : std::nullopt;
  }

  // Booleans.

  std::optional<bool> Operate(const BoundNode& node, bool) {
    const BoundNode& first = node.children[0];
    switch (node.op) {
      case Op::kNot: return FromThreeValued(Not(ThreeValued(Of<bool>(first))));
      case Op::kAnd:
      case Op::kOr: return Logic(node);
      case Op::kIsNull: return WithKind(first.kind, [&](auto zero) { return !Of<decltype(zero)>(first).has_value(); });
      case Op::kIn: return WithKind(first.kind, [&](auto zero) { return IsIn<decltype(zero)>(node); });
      case Op::kBetween: return WithKind(first.kind, [&](auto zero) { return Between<decltype(zero)>(node); });
      default:
        return WithKind(first.kind, [&](auto zero) {
          return Compare(node.op, Of<decltype(zero)>(first), Of<decltype(zero)>(node.children[1]));
        });
    }
  }

  // use(a value of the type that values of `kind` have).
  template <typename F>
  static std::optional<bool> WithKind(Kind kind, const F& use) {
    switch (kind) {
      case Kind::kNumber: return use(double{});
      case Kind::kText: return use(Text());
      case Kind::kTime: return use(int64_t{});
      case Kind::kBoolean: break;
    }
    return use(bool{});
  }

  std::optional<bool> Logic(const BoundNode& node) {
    const int8_t x = ThreeValued(Of<bool>(node.children[0]));
    if (x == (node.op == Op::kAnd ? 0 : 1)) return FromThreeValued(x);
    const int8_t y = ThreeValued(Of<bool>(node.children[1]));
    return FromThreeValued(node.op == Op::kAnd ? And(x, y) : Or(x, y));
  }

  // NaN is no number: what it compares to is unknown.
  template <typename T>
  static std::optional<bool> Compare(Op op, const std::optional<T>& x, const std::optional<T>& y) {
    if (!x.has_value() || !y.has_value() || IsNan(*x) || IsNan(*y)) return std::nullopt;
    return VisitComparison(op, [&](const auto& holds) { return holds(*x, *y); });
  }

  template <typename T>
  std::optional<bool> Between(const BoundNode& node) {
    const std::optional<T> x = Of<T>(node.children[0]);
    const int8_t above = ThreeValued(Compare(Op::kGreaterEqual, x, Of<T>(node.children[1])));
    const int8_t below = ThreeValued(Compare(Op::kLessEqual, x, Of<T>(node.children[2])));
    return FromThreeValued(And(above, below));
  }

  template <typename T>
  std::optional<bool> IsIn(const BoundNode& node) {
    const std::optional<T> x = Of<T>(node.children[0]);
    if (!x.has_value() || IsNan(*x)) return std::nullopt;
    const auto& sorted = Among(node, *x);
    return std::binary_search(sorted.begin(), sorted.end(), *x, std::less<>());
  }

  std::optional<bool> Call(const BoundNode& node, bool) {
    if (IsNumberTest(node.function)) {
      return Known(Of<double>(node.children[0]), [&node](double x) { return NumberTest(node.function, x); });
    }
    const std::optional<Text> text = Of<Text>(node.children[0]);
    if (!text.has_value()) return std::nullopt;
    if (node.function == Function::kMatches) return node.pattern->Matches(*text);
    return Known(Of<Text>(node.children[1]), [&](Text other) {
      return VisitTextTest(node.function, [&](const auto& holds) { return holds(*text, other); });
    });
  }

  std::span<const column::Value> row_;
  std::span<const size_t> positions_;
  RowScratch& scratch_;
};

namespace {

template <typename T>
column::Value ValueOf(const std::optional<T>& value) {
  return value.has_value() ? column::Value(*value) : column::Value();
}

// Every NaN becomes the same one, as in Evaluate.
column::Value Run(const BoundNode& root, RowEvaluator evaluator) {
  switch (root.kind) {
    case Kind::kNumber: {
      const std::optional<double> number = evaluator.Of<double>(root);
      return number.has_value() && std::isnan(*number) ? column::Value(kNan) : ValueOf(number);
    }
    case Kind::kText: return ValueOf(evaluator.Of<std::string_view>(root));
    case Kind::kTime: return ValueOf(evaluator.Of<int64_t>(root));
    case Kind::kBoolean: break;
  }
  const std::optional<bool> boolean = evaluator.Of<bool>(root);
  return boolean.has_value() ? column::Value(*boolean ? 1.0 : 0.0) : column::Value();
}

}  // namespace

absl::Status BoundExpression::EvaluateRow(std::span<const column::Value> row, RowScratch& scratch,
                                          column::Value& result) const {
  if (row.size() != num_columns_) {
    return absl::InvalidArgumentError(fmt::format("a row of {} values: {} are needed", row.size(), num_columns_));
  }
  for (size_t i = 0; i < read_.size(); ++i) {
    if (Fits(read_[i].kind, row[positions_[i]])) continue;
    return absl::InvalidArgumentError(
        fmt::format("the value of column '{}' is no {}", read_[i].name, KindName(read_[i].kind)));
  }
  result = Run(*root_, RowEvaluator(row, positions_, scratch));
  return absl::OkStatus();
}

}  // namespace roost::expr
