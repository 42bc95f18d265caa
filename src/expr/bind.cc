#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/format.h"
#include "base/status.h"
#include "expr/plan.h"

namespace roost::expr {
namespace {

struct Signature {
  std::string_view name;
  Function function;
  Kind argument;
  Kind result;
};

constexpr Signature kFunctions[] = {
    {"abs", Function::kAbs, Kind::kNumber, Kind::kNumber},
    {"hour", Function::kHour, Kind::kTime, Kind::kNumber},
    {"is_nan", Function::kIsNan, Kind::kNumber, Kind::kBoolean},
    {"length", Function::kLength, Kind::kText, Kind::kNumber},
    {"lower", Function::kLower, Kind::kText, Kind::kText},
    {"month", Function::kMonth, Kind::kTime, Kind::kNumber},
    {"weekday", Function::kWeekday, Kind::kTime, Kind::kNumber},
    {"year", Function::kYear, Kind::kTime, Kind::kNumber},
};

bool IsComparison(Op op) { return op >= Op::kEqual && op <= Op::kGreaterEqual; }

class Binder {
 public:
  Binder(std::string_view text, std::span<const Column> columns) : text_(text), columns_(columns) {}

  // Collected first, so that a plan's columns are in the order of those given.
  absl::Status FindColumns(const Syntax& node) {
    if (node.op == Op::kColumn) {
      const auto found = std::find_if(columns_.begin(), columns_.end(),
                                      [&node](const Column& column) { return column.name == node.text; });
      if (found == columns_.end()) return UnknownColumn(node);
      const auto position = static_cast<size_t>(found - columns_.begin());
      const auto place = std::lower_bound(read_.begin(), read_.end(), position);
      if (place == read_.end() || *place != position) read_.insert(place, position);
    }
    for (const Syntax& child : node.children) TRY(FindColumns(child));
    return absl::OkStatus();
  }

  std::vector<size_t> TakeColumns() { return std::move(read_); }

  absl::StatusOr<BoundNode> Bind(const Syntax& node) {
    switch (node.op) {
      case Op::kColumn: return BindColumn(node);
      case Op::kNumber: return BoundNode{.op = node.op, .kind = Kind::kNumber, .number = node.number};
      case Op::kText: return BoundNode{.op = node.op, .kind = Kind::kText, .text = node.text};
      case Op::kBoolean:
        return BoundNode{.op = node.op, .kind = Kind::kBoolean, .boolean = static_cast<int8_t>(node.number)};
      case Op::kNull: return BoundNode{.op = node.op, .kind = Kind::kBoolean};
      case Op::kFunction: return BindFunction(node);
      case Op::kIn: return BindList(node);
      case Op::kIsNull: {
        TRY_ASSIGN(BoundNode child, Bind(node.children[0]));
        return Over(node.op, Kind::kBoolean, std::move(child));
      }
      case Op::kNot:
      case Op::kAnd:
      case Op::kOr: {
        TRY_ASSIGN(std::vector<BoundNode> children, BindChildren(node));
        return WithOperands(node, Kind::kBoolean, std::move(children));
      }
      default: return IsComparison(node.op) ? BindComparison(node) : BindArithmetic(node);
    }
  }

 private:
  // "origin (text)", with long texts cut.
  std::string Named(const Syntax& node, const BoundNode& bound) const {
    constexpr size_t kShown = 40;
    std::string_view source = text_.substr(node.begin, node.end - node.begin);
    const bool cut = source.size() > kShown;
    if (cut) source = source.substr(0, kShown);
    return fmt::format("{}{} ({})", source, cut ? "..." : "", node.op == Op::kNull ? "null" : KindName(bound.kind));
  }

  absl::Status UnknownColumn(const Syntax& node) const {
    std::vector<std::string> names;
    for (const Column& column : columns_) names.push_back(column.name);
    const std::string_view closest = ClosestName(node.text, names);
    return WithHint(ErrorAt(text_, node.place, fmt::format("no column '{}'", node.text)),
                    closest.empty() ? fmt::format("the columns are {}", fmt::join(names, ", "))
                                    : fmt::format("did you mean '{}'?", closest));
  }

  absl::StatusOr<BoundNode> BindColumn(const Syntax& node) const {
    const auto found = std::find_if(columns_.begin(), columns_.end(),
                                    [&node](const Column& column) { return column.name == node.text; });
    const auto index =
        std::lower_bound(read_.begin(), read_.end(), found - columns_.begin(),
                         [](size_t read, auto position) { return read < static_cast<size_t>(position); });
    return BoundNode{.op = node.op, .kind = found->kind, .column = static_cast<size_t>(index - read_.begin())};
  }

  static BoundNode Over(Op op, Kind kind, BoundNode child) {
    BoundNode bound{.op = op, .kind = kind};
    bound.children.push_back(std::move(child));
    return bound;
  }

  static BoundNode Over(Op op, Kind kind, BoundNode left, BoundNode right) {
    BoundNode bound = Over(op, kind, std::move(left));
    bound.children.push_back(std::move(right));
    return bound;
  }

  std::string_view OperatorOf(const Syntax& node) const {
    if (node.op == Op::kAnd) return "and";
    if (node.op == Op::kOr) return "or";
    if (node.op == Op::kNot) return "not";
    return text_.substr(node.place, 1);
  }

  absl::StatusOr<std::vector<BoundNode>> BindChildren(const Syntax& node) {
    std::vector<BoundNode> children;
    for (const Syntax& child : node.children) {
      TRY_ASSIGN(BoundNode bound, Bind(child));
      children.push_back(std::move(bound));
    }
    return children;
  }

  // Every operand must be a `wanted`; null is one of any kind.
  absl::StatusOr<BoundNode> WithOperands(const Syntax& node, Kind wanted, std::vector<BoundNode> children) const {
    for (size_t i = 0; i < children.size(); ++i) {
      if (node.children[i].op == Op::kNull) children[i].kind = wanted;
    }
    for (const BoundNode& child : children) {
      if (child.kind == wanted) continue;
      std::string operands = Named(node.children[0], children[0]);
      if (children.size() == 2) operands += " and " + Named(node.children[1], children[1]);
      return ErrorAt(text_, node.place,
                     fmt::format("'{}' needs {}s, got {}", OperatorOf(node), KindName(wanted), operands));
    }
    BoundNode bound{.op = node.op, .kind = wanted};
    bound.children = std::move(children);
    return bound;
  }

  // Two times have a difference, in seconds; all else is numbers.
  absl::StatusOr<BoundNode> BindArithmetic(const Syntax& node) {
    TRY_ASSIGN(std::vector<BoundNode> children, BindChildren(node));
    if (node.op == Op::kSubtract) {
      TRY(TextAsTime(node.children[0], children[0], children[1].kind));
      TRY(TextAsTime(node.children[1], children[1], children[0].kind));
      if (children[0].kind == Kind::kTime && children[1].kind == Kind::kTime) {
        return Over(node.op, Kind::kNumber, std::move(children[0]), std::move(children[1]));
      }
    }
    return WithOperands(node, Kind::kNumber, std::move(children));
  }

  // A text literal beside a time is a time.
  absl::Status TextAsTime(const Syntax& node, BoundNode& bound, Kind other) const {
    if (node.op != Op::kText || other != Kind::kTime) return absl::OkStatus();
    const absl::StatusOr<int64_t> time = ParseTime(node.text);
    if (!time.ok()) return ErrorAt(text_, node.place, std::string(time.status().message()));
    bound.kind = Kind::kTime;
    bound.time = *time;
    return absl::OkStatus();
  }

  absl::StatusOr<BoundNode> BindComparison(const Syntax& node) {
    TRY_ASSIGN(BoundNode left, Bind(node.children[0]));
    TRY_ASSIGN(BoundNode right, Bind(node.children[1]));
    if (node.children[0].op == Op::kNull || node.children[1].op == Op::kNull) {
      return WithHint(ErrorAt(text_, node.place, "a comparison with null is never true"),
                      "write 'is null' or 'is not null'");
    }
    TRY(TextAsTime(node.children[0], left, right.kind));
    TRY(TextAsTime(node.children[1], right, left.kind));
    if (left.kind != right.kind) {
      return ErrorAt(
          text_, node.place,
          fmt::format("cannot compare {} with {}", Named(node.children[0], left), Named(node.children[1], right)));
    }
    if (left.kind == Kind::kBoolean && node.op != Op::kEqual && node.op != Op::kNotEqual) {
      return ErrorAt(text_, node.place, "booleans have no order: only == and != compare them");
    }
    return Over(node.op, Kind::kBoolean, std::move(left), std::move(right));
  }

  absl::StatusOr<BoundNode> BindList(const Syntax& node) {
    TRY_ASSIGN(BoundNode child, Bind(node.children[0]));
    const Kind kind = child.kind;
    BoundNode bound = Over(node.op, Kind::kBoolean, std::move(child));
    for (size_t i = 1; i < node.children.size(); ++i) {
      const Syntax& element = node.children[i];
      TRY_ASSIGN(BoundNode literal, Bind(element));
      TRY(TextAsTime(element, literal, kind));
      if (literal.kind != kind) {
        return ErrorAt(text_, element.place,
                       fmt::format("cannot look for {} among values like {}",
                                   Named(node.children[0], bound.children[0]), Named(element, literal)));
      }
      switch (kind) {
        case Kind::kNumber: bound.numbers.push_back(literal.number); break;
        case Kind::kText: bound.texts.push_back(literal.text); break;
        case Kind::kTime: bound.times.push_back(literal.time); break;
        case Kind::kBoolean: bound.times.push_back(literal.boolean); break;
      }
    }
    std::sort(bound.numbers.begin(), bound.numbers.end());
    std::sort(bound.texts.begin(), bound.texts.end());
    std::sort(bound.times.begin(), bound.times.end());
    return bound;
  }

  absl::StatusOr<BoundNode> BindFunction(const Syntax& node) {
    std::vector<std::string> names;
    for (const Signature& signature : kFunctions) {
      names.emplace_back(signature.name);
      if (signature.name != node.text) continue;
      TRY_ASSIGN(BoundNode argument, Bind(node.children[0]));
      if (node.children[0].op == Op::kNull) argument.kind = signature.argument;
      if (argument.kind != signature.argument) {
        return ErrorAt(text_, node.place,
                       fmt::format("{}() needs a {}, got {}", signature.name, KindName(signature.argument),
                                   Named(node.children[0], argument)));
      }
      BoundNode bound = Over(node.op, signature.result, std::move(argument));
      bound.function = signature.function;
      return bound;
    }
    const std::string_view closest = ClosestName(node.text, names);
    return WithHint(ErrorAt(text_, node.place, fmt::format("no function '{}'", node.text)),
                    closest.empty() ? fmt::format("the functions are {}", fmt::join(names, ", "))
                                    : fmt::format("did you mean '{}'?", closest));
  }

  std::string_view text_;
  std::span<const Column> columns_;
  std::vector<size_t> read_;  // positions in columns_, ascending
};

}  // namespace

absl::StatusOr<Plan> BindSyntax(const Syntax& root, std::string_view text, std::span<const Column> columns) {
  Binder binder(text, columns);
  TRY(binder.FindColumns(root));
  TRY_ASSIGN(BoundNode bound, binder.Bind(root));
  return Plan{.root = std::move(bound), .columns = binder.TakeColumns()};
}

}  // namespace roost::expr
