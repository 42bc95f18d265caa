#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/status.h"
#include "expr/expression.h"
#include "expr/lexer.h"
#include "expr/syntax.h"

namespace roost::expr {
namespace {

constexpr std::pair<std::string_view, Op> kComparisons[] = {
    {"==", Op::kEqual},     {"!=", Op::kNotEqual}, {"<", Op::kLess},
    {"<=", Op::kLessEqual}, {">", Op::kGreater},   {">=", Op::kGreaterEqual},
};

// What people of SQL write after a value, and what it is called here.
std::string_view HintFor(std::string_view word) {
  if (word == "like" || word == "LIKE") return "write starts_with(), ends_with(), contains() or matches()";
  if (word == "when" || word == "WHEN") return "write if(condition, value, otherwise)";
  return "";
}

// Recursive descent, one function for each level of precedence, the loosest first.
class Parser {
 public:
  Parser(std::string_view text, std::vector<Token> tokens) : text_(text), tokens_(std::move(tokens)) {}

  absl::StatusOr<Syntax> Run() {
    if (token().kind == TokenKind::kEnd) return ErrorAt(text_, token().begin, "the expression is empty");
    TRY_ASSIGN(Syntax root, Disjunction());
    if (token().kind != TokenKind::kEnd) return WithHint(Unexpected("an operator or the end"), HintFor(token().text));
    return root;
  }

 private:
  const Token& token() const { return tokens_[at_]; }
  bool IsWord(std::string_view word) const { return token().kind == TokenKind::kWord && token().text == word; }
  bool IsSymbol(std::string_view symbol) const { return token().kind == TokenKind::kSymbol && token().text == symbol; }
  bool Skip(bool found) {
    if (found) ++at_;
    return found;
  }

  absl::Status Unexpected(std::string_view wanted) const {
    const std::string got = token().kind == TokenKind::kEnd
                                ? "the end"
                                : fmt::format("'{}'", text_.substr(token().begin, token().end - token().begin));
    return ErrorAt(text_, token().begin, fmt::format("want {}, got {}", wanted, got));
  }

  // The node `op` over `children`, which reach from the first's begin to the last token read.
  absl::StatusOr<Syntax> Make(Op op, size_t begin, size_t place, std::vector<Syntax> children) const {
    Syntax node{.op = op, .begin = begin, .end = tokens_[at_ - 1].end, .place = place};
    for (const Syntax& child : children) node.depth = std::max(node.depth, child.depth + 1);
    node.children = std::move(children);
    if (node.depth > Expression::kMaxDepth) return TooDeep(place);
    return node;
  }

  absl::Status TooDeep(size_t place) const {
    return WithHint(
        ErrorAt(text_, place, fmt::format("more than {} operations inside one another", Expression::kMaxDepth)),
        "many values to compare with stand best in a list: x in (...)");
  }

  absl::StatusOr<Syntax> Binary(Op op, Syntax left, size_t place, absl::StatusOr<Syntax> right) const {
    if (!right.ok()) return right.status();
    const size_t begin = left.begin;
    std::vector<Syntax> children;
    children.push_back(std::move(left));
    children.push_back(*std::move(right));
    return Make(op, begin, place, std::move(children));
  }

  absl::StatusOr<Syntax> Unary(Op op, size_t begin, size_t place, absl::StatusOr<Syntax> child) const {
    if (!child.ok()) return child.status();
    std::vector<Syntax> children;
    children.push_back(*std::move(child));
    return Make(op, begin, place, std::move(children));
  }

  absl::StatusOr<Syntax> Disjunction() {
    TRY_ASSIGN(Syntax left, Conjunction());
    while (IsWord("or")) {
      const size_t place = tokens_[at_++].begin;
      TRY_ASSIGN(left, Binary(Op::kOr, std::move(left), place, Conjunction()));
    }
    return left;
  }

  absl::StatusOr<Syntax> Conjunction() {
    TRY_ASSIGN(Syntax left, Negation());
    while (IsWord("and")) {
      const size_t place = tokens_[at_++].begin;
      TRY_ASSIGN(left, Binary(Op::kAnd, std::move(left), place, Negation()));
    }
    return left;
  }

  absl::StatusOr<Syntax> Negation() {
    if (!IsWord("not")) return Predicate();
    const size_t place = tokens_[at_++].begin;
    return Nested(place, [&] { return Unary(Op::kNot, place, place, Negation()); });
  }

  absl::StatusOr<Syntax> Predicate() {
    TRY_ASSIGN(Syntax left, Concatenation());
    const size_t place = token().begin;
    for (const auto& [symbol, op] : kComparisons) {
      if (!Skip(IsSymbol(symbol))) continue;
      TRY_ASSIGN(Syntax comparison, Binary(op, std::move(left), place, Concatenation()));
      for (const auto& [next, unused] : kComparisons) {
        if (IsSymbol(next)) {
          return WithHint(ErrorAt(text_, token().begin, "comparisons cannot be chained"), "write a < b and b < c");
        }
      }
      return comparison;
    }
    if (Skip(IsWord("is"))) {
      const bool negated = Skip(IsWord("not"));
      if (!Skip(IsWord("null"))) return Unexpected("'null'");
      return NegatedIf(negated, place, Unary(Op::kIsNull, left.begin, place, std::move(left)));
    }
    const bool negated = IsWord("not");
    if (Skip(negated) && !IsWord("in") && !IsWord("between")) return Unexpected("'in' or 'between'");
    if (Skip(IsWord("between"))) return NegatedIf(negated, place, Between(std::move(left), place));
    if (!Skip(IsWord("in"))) return left;
    return NegatedIf(negated, place, List(std::move(left), place));
  }

  absl::StatusOr<Syntax> NegatedIf(bool negated, size_t place, absl::StatusOr<Syntax> node) const {
    if (!negated || !node.ok()) return node;
    const size_t begin = node->begin;
    return Unary(Op::kNot, begin, place, std::move(node));
  }

  absl::StatusOr<Syntax> Between(Syntax left, size_t place) {
    const size_t begin = left.begin;
    std::vector<Syntax> children;
    children.push_back(std::move(left));
    TRY_ASSIGN(Syntax low, Concatenation());
    children.push_back(std::move(low));
    if (!Skip(IsWord("and"))) return Unexpected("'and'");
    TRY_ASSIGN(Syntax high, Concatenation());
    children.push_back(std::move(high));
    return Make(Op::kBetween, begin, place, std::move(children));
  }

  absl::StatusOr<Syntax> List(Syntax left, size_t place) {
    const size_t begin = left.begin;
    std::vector<Syntax> children;
    children.push_back(std::move(left));
    if (!Skip(IsSymbol("("))) return Unexpected("'('");
    do {
      TRY_ASSIGN(Syntax element, Literal());
      children.push_back(std::move(element));
    } while (Skip(IsSymbol(",")));
    if (!Skip(IsSymbol(")"))) return Unexpected("',' or ')'");
    return Make(Op::kIn, begin, place, std::move(children));
  }

  absl::StatusOr<Syntax> Literal() {
    const size_t begin = token().begin;
    const bool negative = Skip(IsSymbol("-"));
    Syntax literal{.begin = begin, .place = begin};
    if (token().kind == TokenKind::kNumber) {
      literal.op = Op::kNumber;
      literal.number = negative ? -token().number : token().number;
    } else if (token().kind == TokenKind::kText && !negative) {
      literal.op = Op::kText;
      literal.text = token().text;
    } else if ((IsWord("true") || IsWord("false")) && !negative) {
      literal.op = Op::kBoolean;
      literal.number = token().text == "true" ? 1 : 0;
    } else {
      return Unexpected("a number, a 'text', true or false");
    }
    literal.end = tokens_[at_++].end;
    return literal;
  }

  absl::StatusOr<Syntax> Concatenation() {
    TRY_ASSIGN(Syntax left, Sum());
    while (IsSymbol("||")) {
      const size_t place = tokens_[at_++].begin;
      TRY_ASSIGN(left, Binary(Op::kConcatenate, std::move(left), place, Sum()));
    }
    return left;
  }

  absl::StatusOr<Syntax> Sum() {
    TRY_ASSIGN(Syntax left, Product());
    while (IsSymbol("+") || IsSymbol("-")) {
      const Op op = IsSymbol("+") ? Op::kAdd : Op::kSubtract;
      const size_t place = tokens_[at_++].begin;
      TRY_ASSIGN(left, Binary(op, std::move(left), place, Product()));
    }
    return left;
  }

  absl::StatusOr<Syntax> Product() {
    TRY_ASSIGN(Syntax left, Signed());
    while (IsSymbol("*") || IsSymbol("/") || IsSymbol("%")) {
      const Op op = IsSymbol("*") ? Op::kMultiply : IsSymbol("/") ? Op::kDivide : Op::kModulo;
      const size_t place = tokens_[at_++].begin;
      TRY_ASSIGN(left, Binary(op, std::move(left), place, Signed()));
    }
    return left;
  }

  absl::StatusOr<Syntax> Signed() {
    if (!IsSymbol("-")) return Primary();
    const size_t place = tokens_[at_++].begin;
    return Nested(place, [&] { return Unary(Op::kNegate, place, place, Signed()); });
  }

  absl::StatusOr<Syntax> Primary() {
    const size_t begin = token().begin;
    if (IsSymbol("(")) return Parenthesis();
    if (Skip(IsWord("null")))
      return Syntax{.op = Op::kNull, .begin = begin, .end = tokens_[at_ - 1].end, .place = begin};
    const bool plain = token().kind == TokenKind::kName;
    if (plain || token().kind == TokenKind::kQuotedName) {
      std::string name = tokens_[at_++].text;
      if (plain && IsSymbol("(")) return Call(std::move(name), begin);
      return Syntax{
          .op = Op::kColumn, .begin = begin, .end = tokens_[at_ - 1].end, .place = begin, .text = std::move(name)};
    }
    if (token().kind == TokenKind::kNumber || token().kind == TokenKind::kText || IsWord("true") || IsWord("false")) {
      return Literal();
    }
    return Unexpected("a column, a value or '('");
  }

  absl::StatusOr<Syntax> Parenthesis() {
    const size_t begin = tokens_[at_++].begin;
    return Nested(begin, [&]() -> absl::StatusOr<Syntax> {
      TRY_ASSIGN(Syntax inner, Disjunction());
      if (!Skip(IsSymbol(")"))) return Unexpected("an operator or ')'");
      inner.begin = begin;
      inner.end = tokens_[at_ - 1].end;
      return inner;
    });
  }

  absl::StatusOr<Syntax> Call(std::string name, size_t begin) {
    ++at_;
    return Nested(begin, [&]() -> absl::StatusOr<Syntax> {
      std::vector<Syntax> arguments;
      do {
        TRY_ASSIGN(Syntax argument, Disjunction());
        arguments.push_back(std::move(argument));
      } while (Skip(IsSymbol(",")));
      if (!Skip(IsSymbol(")"))) return Unexpected("',' or ')'");
      TRY_ASSIGN(Syntax call, Make(Op::kFunction, begin, begin, std::move(arguments)));
      call.text = std::move(name);
      return call;
    });
  }

  // Bounds the parser's own recursion, which parentheses drive deeper than the nodes are.
  template <typename Parse>
  absl::StatusOr<Syntax> Nested(size_t place, const Parse& parse) {
    if (nesting_ >= Expression::kMaxDepth) return TooDeep(place);
    ++nesting_;
    absl::StatusOr<Syntax> node = parse();
    --nesting_;
    return node;
  }

  std::string_view text_;
  std::vector<Token> tokens_;
  size_t at_ = 0;
  int nesting_ = 0;
};

// "\n  line\n      ^": the line of `text` around `place`, cut to what a terminal shows.
std::string LineWithCaret(std::string_view text, size_t place) {
  constexpr size_t kBefore = 60;
  constexpr size_t kShown = 100;
  const size_t line_begin = text.substr(0, place).rfind('\n') + 1;  // npos + 1 is 0
  std::string_view line = text.substr(line_begin, text.find('\n', line_begin) - line_begin);
  size_t before = place - line_begin;
  std::string_view lead = "";
  if (before > kBefore) {
    line.remove_prefix(before - kBefore);
    before = kBefore;
    lead = "...";
  }
  const std::string_view tail = line.size() > kShown ? "..." : "";
  std::string shown(line.substr(0, kShown));
  std::string indent(lead.size(), ' ');
  for (size_t i = 0; i < shown.size(); ++i) {
    const auto code = static_cast<unsigned char>(shown[i]);
    if (code < 0x20 || code == 0x7f) shown[i] = ' ';
    // One column for each character: continuation bytes of UTF-8 take none.
    if (i < before && (code & 0xC0) != 0x80) indent += ' ';
  }
  indent.append(before > shown.size() ? before - shown.size() : 0, ' ');
  return fmt::format("\n  {}{}{}\n  {}^", lead, shown, tail, indent);
}

}  // namespace

absl::Status ErrorAt(std::string_view text, size_t place, std::string_view what) {
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; };
  const std::string_view before = text.substr(0, place);
  const auto character = before.size() - std::count_if(before.begin(), before.end(), continues) + 1;
  return absl::InvalidArgumentError(fmt::format("at character {}: {}{}", character, what, LineWithCaret(text, place)));
}

absl::StatusOr<Syntax> ParseSyntax(std::string_view text) {
  TRY_ASSIGN(std::vector<Token> tokens, Tokenize(text));
  return Parser(text, std::move(tokens)).Run();
}

}  // namespace roost::expr
