#include "expr/expression.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/check.h"
#include "base/format.h"
#include "base/status.h"
#include "expr/lexer.h"
#include "expr/plan.h"
#include "expr/syntax.h"

namespace roost::expr {
namespace {

void AddColumns(const Syntax& node, std::vector<std::string>& names) {
  if (node.op == Op::kColumn && std::find(names.begin(), names.end(), node.text) == names.end()) {
    names.push_back(node.text);
  }
  for (const Syntax& child : node.children) AddColumns(child, names);
}

// A name as it is written in an expression: plain where it reads as one name, else in backticks.
std::string InBackticksIfNeeded(const std::string& name) {
  const absl::StatusOr<std::vector<Token>> tokens = Tokenize(name);
  const bool is_plain =
      tokens.ok() && tokens->size() == 2 && tokens->front().kind == TokenKind::kName && tokens->front().text == name;
  if (is_plain) return name;
  std::string quoted = "`";
  for (const char c : name) quoted.append(c == '`' ? 2 : 1, c);
  return quoted + "`";
}

}  // namespace

std::string_view KindName(Kind kind) {
  switch (kind) {
    case Kind::kNumber: return "number";
    case Kind::kText: return "text";
    case Kind::kTime: return "time";
    case Kind::kBoolean: return "boolean";
  }
  return "number";
}

absl::StatusOr<Kind> ExpressionKindOf(column::Type type) {
  if (type == column::Type::kBool) return Kind::kBoolean;
  if (column::IsNumber(type)) return Kind::kNumber;
  if (column::IsText(type)) return Kind::kText;
  if (column::IsTime(type)) return Kind::kTime;
  return absl::InvalidArgumentError(
      fmt::format("a column of type {} cannot be read by an expression", column::TypeName(type)));
}

std::vector<Column> ColumnsOf(const column::BatchView& batch) {
  std::vector<Column> columns;
  for (const column::ColumnView& column : batch.columns()) {
    const absl::StatusOr<Kind> kind = ExpressionKindOf(column.type());
    if (kind.ok()) columns.push_back({std::string(column.name()), *kind});
  }
  return columns;
}

Kind BoundExpression::kind() const { return root_->kind; }

absl::StatusOr<Expression> Expression::Parse(std::string_view text) {
  if (text.size() > kMaxLength) {
    return absl::InvalidArgumentError(fmt::format("an expression of {} bytes: at most {} are allowed",
                                                  FormatCount(static_cast<int64_t>(text.size())),
                                                  FormatCount(static_cast<int64_t>(kMaxLength))));
  }
  TRY_ASSIGN(Syntax root, ParseSyntax(text));
  Expression expression;
  expression.text_ = std::make_shared<const std::string>(text);
  expression.root_ = std::make_shared<const Syntax>(std::move(root));
  return expression;
}

std::vector<std::string> Expression::columns() const {
  std::vector<std::string> names;
  AddColumns(*root_, names);
  return names;
}

std::string Expression::Renamed(const std::function<std::string(const std::string&)>& new_name) const {
  const absl::StatusOr<std::vector<Token>> tokens = Tokenize(*text_);
  ROOST_CHECK(tokens.ok(), "what was parsed has words");
  std::string renamed;
  size_t copied = 0;
  for (size_t i = 0; i + 1 < tokens->size(); ++i) {
    const Token& token = (*tokens)[i];
    const bool is_call = (*tokens)[i + 1].kind == TokenKind::kSymbol && (*tokens)[i + 1].text == "(";
    if (token.kind != TokenKind::kQuotedName && (token.kind != TokenKind::kName || is_call)) continue;
    const std::string name = new_name(token.text);
    if (name == token.text) continue;
    renamed.append(*text_, copied, token.begin - copied).append(InBackticksIfNeeded(name));
    copied = token.end;
  }
  return renamed.append(*text_, copied);
}

absl::StatusOr<BoundExpression> Expression::Bind(std::span<const Column> columns) const {
  TRY_ASSIGN(Plan plan, BindSyntax(*root_, *text_, columns));
  BoundExpression bound;
  bound.root_ = std::make_shared<const BoundNode>(std::move(plan.root));
  for (const size_t position : plan.columns) bound.read_.push_back(columns[position]);
  bound.positions_ = std::move(plan.columns);
  bound.num_columns_ = columns.size();
  return bound;
}

}  // namespace roost::expr
