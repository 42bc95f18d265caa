#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "predict/onnx_graph.h"

namespace roost::predict {

/// A part of the date or the time of day (UTC, proleptic Gregorian) of `micros`, int64, counted from 0 as
/// transform/calendar.h counts it and right for every int64: "hour", "weekday", "month", "day" (of the month) or
/// "day_of_year". The result is int64.
std::string CalendarPart(OnnxGraph& graph, const std::string& micros, std::string_view part);

/// Days from `from` to `to`, int64 in microseconds, in double: the bits of transform/entries.h, DaysBetween.
std::string DaysBetween(OnnxGraph& graph, const std::string& from, const std::string& to);

/// How many values a part has: 24, 7, 12, 31, 366.
int32_t CalendarLength(std::string_view part);

}  // namespace roost::predict
