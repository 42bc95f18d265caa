#include "expr/kernels.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/check.h"

namespace roost::expr {
namespace {

constexpr int64_t kMicrosPerDay = 86'400'000'000;

// How far a loop steps through a vector: constants stay where they are.
size_t Step(const Vector& vector) { return vector.constant ? 0 : 1; }

// out[row] = function(a[row], b[row]).
template <typename Out, typename In, typename F>
void Loop(const std::vector<In>& a, size_t step_a, const std::vector<In>& b, size_t step_b, std::vector<Out>& out,
          const F& function) {
  for (size_t row = 0; row < out.size(); ++row) out[row] = function(a[row * step_a], b[row * step_b]);
}

// Null where either side is.
std::vector<uint8_t> EitherNull(const Vector& a, const Vector& b, size_t size) {
  std::vector<uint8_t> nulls;
  if (a.nulls.empty() && b.nulls.empty()) return nulls;
  nulls.resize(size);
  for (size_t row = 0; row < size; ++row) nulls[row] = a.IsNull(row * Step(a)) || b.IsNull(row * Step(b)) ? 1 : 0;
  return nulls;
}

void SetNulls(const std::vector<uint8_t>& nulls, std::vector<int8_t>& booleans) {
  for (size_t row = 0; row < nulls.size(); ++row) {
    if (nulls[row] != 0) booleans[row] = -1;
  }
}

Vector Arithmetic(Op op, const Vector& a, const Vector& b) {
  Vector out{.kind = Kind::kNumber, .constant = a.constant && b.constant};
  const size_t size = std::max(a.size(), b.size());
  out.numbers.resize(size);
  out.nulls = EitherNull(a, b, size);
  const auto loop = [&](const auto& function) { Loop(a.numbers, Step(a), b.numbers, Step(b), out.numbers, function); };
  switch (op) {
    case Op::kAdd: loop([](double x, double y) { return x + y; }); break;
    case Op::kMultiply: loop([](double x, double y) { return x * y; }); break;
    case Op::kSubtract:
      if (a.kind == Kind::kTime) {
        const auto seconds = [](int64_t x, int64_t y) {
          return (static_cast<double>(x) - static_cast<double>(y)) / 1e6;
        };
        Loop(a.times, Step(a), b.times, Step(b), out.numbers, seconds);
      } else {
        loop([](double x, double y) { return x - y; });
      }
      break;
    default: {  // division: by zero it is null
      loop([](double x, double y) { return y == 0 ? 0 : x / y; });
      for (size_t row = 0; row < size; ++row) {
        if (b.numbers[row * Step(b)] != 0) continue;
        out.nulls.resize(size);
        out.nulls[row] = 1;
      }
    }
  }
  return out;
}

template <typename In, typename Known>
void CompareInto(Op op, const std::vector<In>& a, size_t step_a, const std::vector<In>& b, size_t step_b,
                 std::vector<int8_t>& out, const Known& known) {
  const auto loop = [&](const auto& holds) {
    Loop(a, step_a, b, step_b, out, [&](const In& x, const In& y) -> int8_t { return known(x, y) ? holds(x, y) : -1; });
  };
  switch (op) {
    case Op::kEqual: return loop([](const In& x, const In& y) { return x == y; });
    case Op::kNotEqual: return loop([](const In& x, const In& y) { return x != y; });
    case Op::kLess: return loop([](const In& x, const In& y) { return x < y; });
    case Op::kLessEqual: return loop([](const In& x, const In& y) { return x <= y; });
    case Op::kGreater: return loop([](const In& x, const In& y) { return x > y; });
    default: return loop([](const In& x, const In& y) { return x >= y; });
  }
}

Vector Compare(Op op, const Vector& a, const Vector& b) {
  Vector out{.kind = Kind::kBoolean, .constant = a.constant && b.constant};
  out.booleans.resize(std::max(a.size(), b.size()));
  const auto always = [](const auto&, const auto&) { return true; };
  switch (a.kind) {
    case Kind::kNumber:  // NaN is no number: what it compares to is unknown
      CompareInto(op, a.numbers, Step(a), b.numbers, Step(b), out.booleans,
                  [](double x, double y) { return !std::isnan(x) && !std::isnan(y); });
      break;
    case Kind::kText: CompareInto(op, a.texts, Step(a), b.texts, Step(b), out.booleans, always); break;
    case Kind::kTime: CompareInto(op, a.times, Step(a), b.times, Step(b), out.booleans, always); break;
    case Kind::kBoolean:
      CompareInto(op, a.booleans, Step(a), b.booleans, Step(b), out.booleans,
                  [](int8_t x, int8_t y) { return x >= 0 && y >= 0; });
  }
  SetNulls(EitherNull(a, b, out.booleans.size()), out.booleans);
  return out;
}

// SQL's three values: false and null is false, true or null is true.
Vector Logic(Op op, const Vector& a, const Vector& b) {
  Vector out{.kind = Kind::kBoolean, .constant = a.constant && b.constant};
  out.booleans.resize(std::max(a.size(), b.size()));
  const auto conjunction = [](int8_t x, int8_t y) -> int8_t { return x == 0 || y == 0 ? 0 : x < 0 || y < 0 ? -1 : 1; };
  const auto disjunction = [](int8_t x, int8_t y) -> int8_t { return x > 0 || y > 0 ? 1 : x < 0 || y < 0 ? -1 : 0; };
  if (op == Op::kAnd) {
    Loop(a.booleans, Step(a), b.booleans, Step(b), out.booleans, conjunction);
  } else {
    Loop(a.booleans, Step(a), b.booleans, Step(b), out.booleans, disjunction);
  }
  return out;
}

template <typename Out, typename In, typename F>
void Map(const std::vector<In>& in, std::vector<Out>& out, const F& function) {
  out.resize(in.size());
  for (size_t row = 0; row < in.size(); ++row) out[row] = function(in[row]);
}

Vector IsIn(const BoundNode& node, const Vector& a) {
  Vector out{.kind = Kind::kBoolean, .constant = a.constant};
  const auto among = [](const auto& sorted) {
    return [&sorted](const auto& value) -> int8_t {
      return std::binary_search(sorted.begin(), sorted.end(), value, std::less<>());
    };
  };
  switch (a.kind) {
    case Kind::kNumber:
      Map(a.numbers, out.booleans,
          [find = among(node.numbers)](double x) -> int8_t { return std::isnan(x) ? -1 : find(x); });
      break;
    case Kind::kText: Map(a.texts, out.booleans, among(node.texts)); break;
    case Kind::kTime: Map(a.times, out.booleans, among(node.times)); break;
    case Kind::kBoolean:
      Map(a.booleans, out.booleans,
          [find = among(node.times)](int8_t x) -> int8_t { return x < 0 ? -1 : find(int64_t{x}); });
  }
  SetNulls(a.nulls, out.booleans);
  return out;
}

int64_t FloorDivide(int64_t value, int64_t divisor) { return value / divisor - (value % divisor < 0 ? 1 : 0); }

struct YearAndMonth {
  int64_t year;
  int64_t month;
};

// Howard Hinnant, "chrono-compatible low-level date algorithms", civil_from_days: right for every int64 of
// microseconds, where std::chrono's years end at 32767.
YearAndMonth CivilOf(int64_t micros) {
  const int64_t days = FloorDivide(micros, kMicrosPerDay) + 719'468;  // since 0000-03-01
  const int64_t era = FloorDivide(days, 146'097);
  const int64_t day_of_era = days - era * 146'097;
  const int64_t year_of_era = (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t month_from_march = (5 * day_of_year + 2) / 153;
  const int64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  return {.year = year_of_era + era * 400 + (month <= 2 ? 1 : 0), .month = month};
}

double Hour(int64_t micros) {
  return static_cast<double>((micros - FloorDivide(micros, kMicrosPerDay) * kMicrosPerDay) / 3'600'000'000);
}

// Monday is 1, Sunday 7; 1970-01-01 was a Thursday.
double Weekday(int64_t micros) {
  const int64_t days = FloorDivide(micros, kMicrosPerDay) + 3;
  return static_cast<double>(days - FloorDivide(days, 7) * 7 + 1);
}

// Characters of UTF-8: bytes that continue none.
double Length(std::string_view text) {
  return static_cast<double>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

void Lower(const Vector& a, Vector& out) {
  auto lowered = std::make_shared<std::vector<std::string>>(a.texts.begin(), a.texts.end());
  for (std::string& text : *lowered) {
    for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  out.texts.assign(lowered->begin(), lowered->end());
  out.owned.push_back(std::move(lowered));
}

Vector Call(const BoundNode& node, const Vector& a) {
  Vector out{.kind = node.kind, .constant = a.constant, .nulls = a.nulls};
  switch (node.function) {
    case Function::kAbs: Map(a.numbers, out.numbers, [](double x) { return std::abs(x); }); break;
    case Function::kHour: Map(a.times, out.numbers, Hour); break;
    case Function::kWeekday: Map(a.times, out.numbers, Weekday); break;
    case Function::kMonth:
      Map(a.times, out.numbers, [](int64_t micros) { return static_cast<double>(CivilOf(micros).month); });
      break;
    case Function::kYear:
      Map(a.times, out.numbers, [](int64_t micros) { return static_cast<double>(CivilOf(micros).year); });
      break;
    case Function::kLength: Map(a.texts, out.numbers, Length); break;
    case Function::kLower: Lower(a, out); break;
    case Function::kIsNan:
      Map(a.numbers, out.booleans, [](double x) -> int8_t { return std::isnan(x); });
      SetNulls(a.nulls, out.booleans);
      out.nulls.clear();
  }
  return out;
}

Vector IsNull(const Vector& a) {
  Vector out{.kind = Kind::kBoolean, .constant = a.constant};
  out.booleans.resize(a.size());
  for (size_t row = 0; row < out.booleans.size(); ++row) out.booleans[row] = a.IsNull(row) ? 1 : 0;
  return out;
}

template <typename T>
void Repeat(std::vector<T>& values, size_t rows) {
  if (!values.empty()) values.assign(rows, T(values.front()));
}

}  // namespace

Vector Constant(const BoundNode& node) {
  Vector out{.kind = node.kind, .constant = true};
  if (node.op == Op::kNull && node.kind != Kind::kBoolean) out.nulls = {1};
  switch (node.kind) {
    case Kind::kNumber: out.numbers = {node.number}; break;
    case Kind::kText: out.texts = {node.text}; break;
    case Kind::kTime: out.times = {node.time}; break;
    case Kind::kBoolean: out.booleans = {node.op == Op::kNull ? int8_t{-1} : node.boolean};
  }
  return out;
}

Vector Apply(const BoundNode& node, std::vector<Vector> operands) {
  Vector& first = operands.front();
  switch (node.op) {
    case Op::kNegate:
      for (double& number : first.numbers) number = -number;
      return std::move(first);
    case Op::kNot:
      for (int8_t& boolean : first.booleans) boolean = boolean < 0 ? int8_t{-1} : static_cast<int8_t>(1 - boolean);
      return std::move(first);
    case Op::kAdd:
    case Op::kSubtract:
    case Op::kMultiply:
    case Op::kDivide: return Arithmetic(node.op, first, operands[1]);
    case Op::kEqual:
    case Op::kNotEqual:
    case Op::kLess:
    case Op::kLessEqual:
    case Op::kGreater:
    case Op::kGreaterEqual: return Compare(node.op, first, operands[1]);
    case Op::kAnd:
    case Op::kOr: return Logic(node.op, first, operands[1]);
    case Op::kIsNull: return IsNull(first);
    case Op::kIn: return IsIn(node, first);
    case Op::kFunction: return Call(node, first);
    default: break;
  }
  ROOST_CHECK(false, "an operation without operands");
}

Vector Expand(Vector vector, size_t rows) {
  if (!vector.constant) return vector;
  vector.constant = false;
  Repeat(vector.nulls, rows);
  Repeat(vector.numbers, rows);
  Repeat(vector.texts, rows);
  Repeat(vector.times, rows);
  Repeat(vector.booleans, rows);
  return vector;
}

}  // namespace roost::expr
