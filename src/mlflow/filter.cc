#include "mlflow/filter.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "absl/strings/ascii.h"
#include "base/status.h"

namespace roost::mlflow {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool AtEnd() {
    at_ = std::min(text_.find_first_not_of(kBlanks, at_), text_.size());
    return at_ == text_.size();
  }

  absl::Status Fail(std::string_view wanted) const {
    return WithHint(absl::InvalidArgumentError(fmt::format("the filter is wrong at byte {}: want {}", at_, wanted)),
                    "write name = 'late-flights', name LIKE 'late%', version_number > 3, tags.dataset = 'flights@2', "
                    "with AND between them");
  }

  // "name", "tags.`a key`".
  absl::StatusOr<std::string> Field() {
    if (AtEnd()) return Fail("a field");
    std::string field;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '`' || c == '"') {
        TRY_ASSIGN(const std::string quoted, Quoted());
        field += quoted;
      } else if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == '-') {
        field += c;
        ++at_;
      } else {
        break;
      }
    }
    if (field.empty()) return Fail("a field");
    return field;
  }

  absl::StatusOr<std::string> Operator() {
    if (AtEnd()) return Fail("an operator");
    for (const std::string_view op : {"!=", "<=", ">=", "=", "<", ">"}) {
      if (text_.substr(at_, op.size()) == op) {
        at_ += op.size();
        return std::string(op);
      }
    }
    const std::string word = Word();
    if (word == "LIKE" || word == "ILIKE") return word;
    return Fail("=, !=, <, <=, >, >=, LIKE or ILIKE");
  }

  absl::StatusOr<std::string> Value() {
    if (AtEnd()) return Fail("a value");
    if (text_[at_] == '\'' || text_[at_] == '"') return Quoted();
    const size_t begin = at_;
    while (at_ < text_.size() &&
           (absl::ascii_isdigit(static_cast<unsigned char>(text_[at_])) || text_[at_] == '.' || text_[at_] == '-')) {
      ++at_;
    }
    if (begin == at_) return Fail("a value in quotes, or a number");
    return std::string(text_.substr(begin, at_ - begin));
  }

  absl::Status And() {
    const std::string word = Word();
    return word == "AND" ? absl::OkStatus() : Fail("AND");
  }

 private:
  std::string Word() {
    std::string word;
    while (at_ < text_.size() && absl::ascii_isalpha(static_cast<unsigned char>(text_[at_]))) {
      word += absl::ascii_toupper(static_cast<unsigned char>(text_[at_++]));
    }
    return word;
  }

  // From one quote to the next of its kind.
  absl::StatusOr<std::string> Quoted() {
    const size_t end = text_.find(text_[at_], at_ + 1);
    if (end == std::string_view::npos) return Fail("the end of what is quoted");
    std::string text(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return text;
  }

  std::string_view text_;
  size_t at_ = 0;
};

std::optional<double> NumberOf(const std::string& text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

int Compare(const std::string& a, const std::string& b) {
  const std::optional<double> x = NumberOf(a);
  const std::optional<double> y = NumberOf(b);
  if (x.has_value() && y.has_value()) return *x < *y ? -1 : *x > *y ? 1 : 0;
  return a.compare(b);
}

bool HoldsFor(const Condition& condition, const std::string& value) {
  const std::string& op = condition.op;
  if (op == "=") return value == condition.value;
  if (op == "!=") return value != condition.value;
  if (op == "LIKE" || op == "ILIKE") return IsLike(value, condition.value, op == "ILIKE");
  const int order = Compare(value, condition.value);
  if (op == "<") return order < 0;
  if (op == "<=") return order <= 0;
  return op == ">" ? order > 0 : order >= 0;
}

}  // namespace

absl::StatusOr<std::vector<Condition>> ParseFilter(std::string_view filter) {
  std::vector<Condition> conditions;
  Reader reader(filter);
  while (!reader.AtEnd()) {
    if (!conditions.empty()) TRY(reader.And());
    Condition condition;
    TRY_ASSIGN(condition.field, reader.Field());
    TRY_ASSIGN(condition.op, reader.Operator());
    TRY_ASSIGN(condition.value, reader.Value());
    conditions.push_back(std::move(condition));
  }
  return conditions;
}

bool Holds(const std::vector<Condition>& conditions,
           const std::function<std::optional<std::string>(const std::string&)>& value_of) {
  return std::all_of(conditions.begin(), conditions.end(), [&value_of](const Condition& condition) {
    const std::optional<std::string> value = value_of(condition.field);
    return value.has_value() && HoldsFor(condition, *value);
  });
}

bool IsLike(std::string_view text, std::string_view pattern, bool ignore_case) {
  const auto same = [ignore_case](char a, char b) {
    if (!ignore_case) return a == b;
    return absl::ascii_tolower(static_cast<unsigned char>(a)) == absl::ascii_tolower(static_cast<unsigned char>(b));
  };
  // Where the last '%' stands, and how much of the text it has swallowed: to go back there is enough.
  size_t at = 0, in_pattern = 0, percent = std::string_view::npos, swallowed = 0;
  while (at < text.size()) {
    if (in_pattern < pattern.size() && pattern[in_pattern] == '%') {
      percent = in_pattern++;
      swallowed = at;
    } else if (in_pattern < pattern.size() && (pattern[in_pattern] == '_' || same(pattern[in_pattern], text[at]))) {
      ++in_pattern;
      ++at;
    } else if (percent != std::string_view::npos) {
      in_pattern = percent + 1;
      at = ++swallowed;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('%', in_pattern) == std::string_view::npos;
}

}  // namespace roost::mlflow
