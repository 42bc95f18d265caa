#include "predict/onnx_calendar.h"

namespace roost::predict {
namespace {

/// Arithmetic of whole numbers in a graph.
class Whole {
 public:
  Whole(OnnxGraph& graph, std::string name) : graph_(&graph), name_(std::move(name)) {}

  const std::string& name() const { return name_; }
  Whole operator+(int64_t other) const { return Do("Add", other); }
  Whole operator-(int64_t other) const { return Do("Sub", other); }
  Whole operator*(int64_t other) const { return Do("Mul", other); }
  Whole operator/(int64_t other) const { return Do("Div", other); }  // towards 0
  Whole operator+(const Whole& other) const { return {*graph_, graph_->Node("Add", {name_, other.name_})}; }
  Whole operator-(const Whole& other) const { return {*graph_, graph_->Node("Sub", {name_, other.name_})}; }
  /// The remainder of the division towards minus infinity.
  Whole Modulo(int64_t divisor) const { return Do("Mod", divisor); }
  /// The quotient of the division towards minus infinity: where a remainder is negative the other quotient is one too
  /// large. (value - remainder) / divisor would overflow near the least int64.
  Whole FloorDivide(int64_t divisor) const {
    const Whole quotient = *this / divisor;
    const Whole remainder = *this - quotient * divisor;
    return quotient - remainder.IsBelow(0);
  }
  /// 1 where it is below, else 0.
  Whole IsBelow(int64_t other) const {
    const std::string below = graph_->Node("Less", {name_, graph_->Integer(other)});
    return {*graph_, graph_->Node("Cast", {below}, {{"to", int64_t{7}}})};
  }
  Whole IsZero() const { return IsBelow(1) - IsBelow(0); }
  Whole operator*(const Whole& other) const { return {*graph_, graph_->Node("Mul", {name_, other.name_})}; }

 private:
  Whole Do(std::string_view op, int64_t other) const {
    return {*graph_, graph_->Node(op, {name_, graph_->Integer(other)})};
  }

  OnnxGraph* graph_;
  std::string name_;
};

}  // namespace

// The steps of transform/calendar.h (H. Hinnant's civil_from_days), where every division by something that is not
// negative may go towards 0.
std::string CalendarPart(OnnxGraph& graph, const std::string& micros, std::string_view part) {
  const Whole time(graph, micros);
  if (part == "hour") return time.FloorDivide(3'600'000'000).Modulo(24).name();
  const Whole days = time.FloorDivide(86'400'000'000);
  if (part == "weekday") return (days + 3).Modulo(7).name();
  const Whole day_of_era = (days + 719'468).Modulo(146'097);
  const Whole year_of_era = (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const Whole from_march = day_of_era - (year_of_era * 365 + year_of_era / 4 - year_of_era / 100);
  if (part == "day_of_year") {
    // From March on a leap year's days are one later. Of an era's years 100, 200 and 300 are no leap years.
    const Whole of_century = year_of_era.Modulo(100).IsZero();
    const Whole leap = year_of_era.Modulo(4).IsZero() * (of_century * -1 + 1 + year_of_era.IsZero());
    const Whole before_january = from_march.IsBelow(306);
    return (from_march - 306 + before_january * (leap + (306 + 59))).name();
  }
  const Whole month_from_march = (from_march * 5 + 2) / 153;
  if (part == "day") return (from_march - (month_from_march * 153 + 2) / 5).name();
  return (month_from_march - 10 + month_from_march.IsBelow(10) * 12).name();
}

// A difference may overflow int64, and a double holds not every int64. So both times are cut into two halves, whose
// differences doubles hold exactly; their sum is rounded once.
std::string DaysBetween(OnnxGraph& graph, const std::string& from, const std::string& to) {
  constexpr int64_t kHalf = int64_t{1} << 32;
  static constexpr int64_t kDoubleType = 11;  // TensorProto.DOUBLE
  const auto double_of = [&graph](const Whole& whole) {
    return graph.Node("Cast", {whole.name()}, {{"to", kDoubleType}});
  };
  const Whole first(graph, from), last(graph, to);
  const Whole high = last / kHalf - first / kHalf;
  const Whole low = (last - last / kHalf * kHalf) - (first - first / kHalf * kHalf);
  const std::string high_micros = graph.Node("Mul", {double_of(high), graph.Number(static_cast<double>(kHalf))});
  const std::string micros = graph.Node("Add", {high_micros, double_of(low)});
  return graph.Node("Div", {micros, graph.Number(86'400e6)});
}

int32_t CalendarLength(std::string_view part) {
  if (part == "hour") return 24;
  if (part == "weekday") return 7;
  if (part == "month") return 12;
  return part == "day" ? 31 : 366;
}

}  // namespace roost::predict
