#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/format.h"
#include "base/status.h"
#include "expr/plan.h"

namespace roost::expr {
namespace {

// Names in a message: a schema of 10,000 columns is not listed whole.
std::string Listed(std::vector<std::string> names) {
  constexpr size_t kShown = 30;
  if (names.size() <= kShown) return fmt::format("{}", fmt::join(names, ", "));
  const size_t more = names.size() - kShown;
  names.resize(kShown);
  return fmt::format("{} and {} more", fmt::join(names, ", "), more);
}

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
      case Op::kBetween: return BindBetween(node);
      case Op::kConcatenate: return BindConcatenation(node);
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
                    closest.empty() ? fmt::format("the columns are {}", Listed(std::move(names)))
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
    return text_.substr(node.place, node.op == Op::kConcatenate ? 2 : 1);
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

  absl::StatusOr<BoundNode> BindConcatenation(const Syntax& node) {
    TRY_ASSIGN(std::vector<BoundNode> children, BindChildren(node));
    const auto has = [&children](Kind kind) { return children[0].kind == kind || children[1].kind == kind; };
    const std::string_view hint = has(Kind::kNumber)    ? "text(x) makes a text of a number"
                                  : has(Kind::kBoolean) ? "for conditions write 'or'"
                                                        : "";
    absl::StatusOr<BoundNode> bound = WithOperands(node, Kind::kText, std::move(children));
    if (!bound.ok()) return WithHint(bound.status(), hint);
    return bound;
  }

  // Two times have a difference, in seconds; a time and a number of seconds are a time; all else is numbers.
  absl::StatusOr<BoundNode> BindArithmetic(const Syntax& node) {
    TRY_ASSIGN(std::vector<BoundNode> children, BindChildren(node));
    if (node.op != Op::kSubtract && node.op != Op::kAdd) return WithOperands(node, Kind::kNumber, std::move(children));
    if (node.op == Op::kSubtract) {
      TRY(TextAsTime(node.children[0], children[0], children[1].kind));
      TRY(TextAsTime(node.children[1], children[1], children[0].kind));
    }
    const bool of_times = children[0].kind == Kind::kTime && children[1].kind == Kind::kTime;
    if (of_times && node.op == Op::kSubtract) {
      return Over(node.op, Kind::kNumber, std::move(children[0]), std::move(children[1]));
    }
    for (const size_t time : {size_t{0}, size_t{1}}) {
      const size_t other = 1 - time;
      if (children[time].kind != Kind::kTime || (node.op == Op::kSubtract && time == 1)) continue;
      if (node.children[other].op == Op::kNull) children[other].kind = Kind::kNumber;
      if (children[other].kind != Kind::kNumber) break;
      return Over(node.op, Kind::kTime, std::move(children[time]), std::move(children[other]));
    }
    const bool has_time = children[0].kind == Kind::kTime || children[1].kind == Kind::kTime;
    absl::StatusOr<BoundNode> bound = WithOperands(node, Kind::kNumber, std::move(children));
    if (bound.ok() || !has_time) return bound;
    return WithHint(bound.status(), "times go with seconds: date + days(2), date - hours(1.5), arrival - departure");
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

  absl::StatusOr<BoundNode> BindBetween(const Syntax& node) {
    TRY_ASSIGN(std::vector<BoundNode> children, BindChildren(node));
    for (const Syntax& child : node.children) {
      if (child.op == Op::kNull) return ErrorAt(text_, child.place, "a comparison with null is never true");
    }
    const size_t first = FirstOfKind(node, {0, 1, 2});
    const Kind kind = children[first].kind;
    for (size_t i = 0; i < children.size(); ++i) {
      TRY(TextAsTime(node.children[i], children[i], kind));
      if (children[i].kind == kind) continue;
      return ErrorAt(text_, node.place,
                     fmt::format("cannot compare {} with {}", Named(node.children[first], children[first]),
                                 Named(node.children[i], children[i])));
    }
    if (kind == Kind::kBoolean) return ErrorAt(text_, node.place, "booleans have no order: 'between' takes none");
    BoundNode bound{.op = node.op, .kind = Kind::kBoolean};
    bound.children = std::move(children);
    return bound;
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
    const Signature* signature = FindSignature(node.text);
    if (signature == nullptr) return UnknownFunction(node);
    TRY(CheckCount(node, *signature));
    TRY_ASSIGN(std::vector<BoundNode> children, BindChildren(node));
    if (signature->of_one_kind) return BindOfOneKind(node, *signature, std::move(children));
    BoundNode bound{.op = node.op, .kind = signature->gives, .function = signature->function};
    for (size_t i = 0; i < children.size(); ++i) TRY(FitArgument(node, *signature, i, children[i]));
    if (signature->function == Function::kMatches) {
      TRY_ASSIGN(bound.pattern, BindPattern(node.children[1]));
      children.pop_back();
    }
    if (signature->function == Function::kDateTrunc) {
      TRY_ASSIGN(bound.step, BindStep(node.children[0]));
      children.erase(children.begin());
    }
    bound.children = std::move(children);
    return bound;
  }

  absl::Status UnknownFunction(const Syntax& node) const {
    std::vector<std::string> names;
    for (const Signature& signature : Signatures()) names.emplace_back(signature.name);
    const std::string_view closest = ClosestName(node.text, names);
    std::string hint = closest.empty() ? fmt::format("the functions are {}", fmt::join(names, ", "))
                                       : fmt::format("did you mean '{}'?", closest);
    if (node.text == "concat") hint = "write a || b";
    return WithHint(ErrorAt(text_, node.place, fmt::format("no function '{}'", node.text)), hint);
  }

  absl::Status CheckCount(const Syntax& node, const Signature& signature) const {
    const size_t count = node.children.size();
    const bool fits = count >= signature.least && (signature.most == 0 || count <= signature.most);
    if (signature.function == Function::kIf && fits && count % 2 == 0) {
      return WithHint(ErrorAt(text_, node.place, "if() has no value for the rows where no condition is true"),
                      "write if(condition, value, otherwise)");
    }
    if (fits) return absl::OkStatus();
    const std::string want = signature.most == signature.least ? fmt::format("{}", signature.least)
                             : signature.most == 0             ? fmt::format("at least {}", signature.least)
                                                   : fmt::format("{} or {}", signature.least, signature.most);
    return ErrorAt(text_, node.place,
                   fmt::format("{}() takes {} value{}, got {}", signature.name, want,
                               signature.least == 1 && signature.most == 1 ? "" : "s", count));
  }

  // Makes the `index`-th argument what the function takes there: null is of any kind, a text literal may be a time.
  absl::Status FitArgument(const Syntax& node, const Signature& signature, size_t index, BoundNode& argument) const {
    const Syntax& written = node.children[index];
    const Kind wanted = signature.takes[index];
    if (written.op == Op::kNull) argument.kind = wanted;
    TRY(TextAsTime(written, argument, wanted));
    if (argument.kind == wanted) return absl::OkStatus();
    const std::string where = node.children.size() == 1 ? "" : fmt::format(" as value {}", index + 1);
    return ErrorAt(
        text_, written.begin,
        fmt::format("{}() needs a {}{}, got {}", signature.name, KindName(wanted), where, Named(written, argument)));
  }

  // if(), coalesce(), min(), max(): the values are of one kind, which is the result's.
  absl::StatusOr<BoundNode> BindOfOneKind(const Syntax& node, const Signature& signature,
                                          std::vector<BoundNode> children) const {
    std::vector<size_t> values;
    for (size_t i = 0; i < children.size(); ++i) {
      const bool is_condition = signature.function == Function::kIf && i % 2 == 0 && i + 1 < children.size();
      if (!is_condition) {
        values.push_back(i);
        continue;
      }
      if (node.children[i].op == Op::kNull) children[i].kind = Kind::kBoolean;
      if (children[i].kind == Kind::kBoolean) continue;
      return ErrorAt(
          text_, node.children[i].begin,
          fmt::format("if() needs a boolean as its condition, got {}", Named(node.children[i], children[i])));
    }
    const size_t first = FirstOfKind(node, values);
    const Kind kind = children[first].kind;
    for (const size_t i : values) {
      if (node.children[i].op == Op::kNull) children[i].kind = kind;
      TRY(TextAsTime(node.children[i], children[i], kind));
      if (children[i].kind == kind) continue;
      return ErrorAt(text_, node.children[i].begin,
                     fmt::format("{}() needs values of one kind, got {} and {}", signature.name,
                                 Named(node.children[first], children[first]), Named(node.children[i], children[i])));
    }
    if (kind == Kind::kBoolean && (signature.function == Function::kMin || signature.function == Function::kMax)) {
      return ErrorAt(text_, node.place, fmt::format("booleans have no order: {}() takes none", signature.name));
    }
    BoundNode bound{.op = node.op, .kind = kind, .function = signature.function};
    bound.children = std::move(children);
    return bound;
  }

  // The value that says of which kind all are: nulls may be of any, and text literals may be times.
  static size_t FirstOfKind(const Syntax& node, const std::vector<size_t>& values) {
    size_t first = values.front();
    for (const size_t i : values) {
      if (node.children[i].op != Op::kNull && node.children[i].op != Op::kText) return i;
      if (node.children[first].op == Op::kNull) first = i;
    }
    return first;
  }

  absl::StatusOr<Pattern> BindPattern(const Syntax& written) const {
    if (written.op != Op::kText) {
      return ErrorAt(text_, written.begin, "a pattern stands in quotes: it is checked before any row is read");
    }
    absl::StatusOr<Pattern> pattern = Pattern::Compile(written.text);
    if (!pattern.ok()) return ErrorAt(text_, written.begin, std::string(pattern.status().message()));
    return pattern;
  }

  absl::StatusOr<TimeStep> BindStep(const Syntax& written) const {
    const std::optional<TimeStep> step = written.op == Op::kText ? TimeStepOf(written.text) : std::nullopt;
    if (step.has_value()) return *step;
    return ErrorAt(text_, written.begin,
                   "date_trunc() cuts to 'second', 'minute', 'hour', 'day', 'week', 'month', 'quarter' or 'year'");
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
