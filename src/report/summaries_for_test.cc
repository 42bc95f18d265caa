#include "report/summaries_for_test.h"

#include <limits>

namespace roost::report {
namespace {

using profile::ColumnSummary;
using profile::ProfileSummary;

constexpr int64_t kRows = 3'000'000;

ColumnSummary Airports(std::string name, int64_t rows) {
  ColumnSummary column = Texts(std::move(name), Codes(120, rows));
  column.text->kinds = profile::TextKinds{};
  column.text->patterns = {{"AAA", 1, "LAX"}};
  return column;
}

ColumnSummary Carriers(int64_t rows) {
  ColumnSummary column = Texts("carrier", {{"WN", rows * 41 / 100},
                                           {"AA", rows * 22 / 100},
                                           {"UA", rows * 17 / 100},
                                           {"DL", rows * 12 / 100},
                                           {"n/a", rows / 125},
                                           {"", rows * 3 / 1000}});
  column.missing = 4'200;
  column.rows += column.missing;
  column.text->patterns = {{"AA", 0.989, "WN"}, {"a/a", 0.008, "n/a"}, {"", 0.003, ""}};
  column.text->kinds = profile::TextKinds{};
  return column;
}

ColumnSummary Amounts() {
  ColumnSummary column = Texts("fare", Codes(400, kRows, "1"));
  for (size_t i = 0; i < column.text->top.size(); ++i) {
    column.text->top[i].value = i == 9 ? "on request" : fmt::format("{}.{:02}", 49 + i, i * 7 % 100);
  }
  column.text->exact = false;
  column.text->entropy.reset();
  column.distinct = 182'400;
  column.distinct_is_exact = false;
  column.text->kinds = profile::TextKinds{.integer = 0.02, .number = 0.981};
  column.text->patterns = {{"99.99", 0.71, "79.14"}, {"999.99", 0.27, "129.60"}, {"aa a+", 0.019, "on request"}};
  column.text->patterns_are_exact = false;
  return column;
}

ColumnSummary BookedOn() {
  ColumnSummary column = Texts("booked_on", Codes(365, kRows));
  for (size_t i = 0; i < column.text->top.size(); ++i) {
    column.text->top[i].value = i % 20 == 3 ? fmt::format("{:02}.{:02}.2001", i % 28 + 1, i % 12 + 1)
                                            : fmt::format("2001-{:02}-{:02}", i % 12 + 1, i % 28 + 1);
  }
  column.text->kinds = profile::TextKinds{.time = 0.946, .time_format = "%Y-%m-%d", .other_times = 0.054};
  column.text->patterns = {{"9999-99-99", 0.946, "2001-01-05"}, {"99.99.9999", 0.054, "04.04.2001"}};
  return column;
}

ColumnSummary Remarks() {
  ColumnSummary column = Texts("remark", Codes(60, 300'000), 2'700'000);
  const char* const remarks[] = {"crew late from inbound flight", "weather at destination", "awaiting a gate"};
  for (size_t i = 0; i < column.text->top.size(); ++i) {
    column.text->top[i].value = fmt::format("{} {}", remarks[i % 3], i);
  }
  column.text->exact = false;
  column.text->kinds = profile::TextKinds{.words = 0.97};
  profile::TokenSummary& tokens = column.text->tokens.emplace();
  tokens = {.tokens = 1'312'004,
            .mean_token_length = 5.4,
            .min_tokens = 3,
            .max_tokens = 41,
            .exact = false,
            .coverage = 0.914};
  for (int i = 0; i < 10; ++i) tokens.token_lengths.push_back({1.0 + i, 2.0 + i, 40'000 + (i * 7919) % 90'000});
  for (int i = 0; i < 10; ++i) tokens.sequence_lengths.push_back({3 + 3.8 * i, 6.8 + 3.8 * i, 150'000 / (i + 1)});
  const char* const words[] = {"late", "crew", "weather", "flight", "gate", "at", "destination", "awaiting"};
  for (int i = 0; i < 8; ++i) {
    tokens.top.push_back({words[i], 200'000 / (i + 1), 180'000 / (i + 1), 0, 3 + i % 4, 0.1 * i});
  }
  return column;
}

ColumnSummary Weather() {
  ColumnSummary weather{.name = "weather", .type = column::Type::kOther, .type_text = "struct", .rows = kRows};
  weather.children.push_back(Numbers("weather.temperature", kRows, 40, 0.3, -30));
  ColumnSummary wind = Numbers("weather.wind", kRows, 9, 0.6, 0);
  wind.type = column::Type::kFloat64;
  wind.type_text = "float64";
  wind.number->nan = 5'120;
  wind.number->positive_infinity = 3;
  wind.number->finite -= 5'123;
  weather.children.push_back(std::move(wind));
  return weather;
}

ColumnSummary Stops() {
  ColumnSummary stops{.name = "stops", .type = column::Type::kOther, .type_text = "list<string>", .rows = kRows};
  profile::ListSummary& list = stops.list.emplace();
  list = {.empty = 2'100'000, .total = 1'380'000, .min_length = 0, .max_length = 5, .mean_length = 0.46};
  for (int q = 0; q <= 100; ++q) list.percentiles.push_back(q < 70 ? 0 : q < 90 ? 1 : q < 98 ? 2 : q < 100 ? 3 : 5);
  for (int i = 0; i < 10; ++i) {
    list.histogram.push_back({0.5 * i, 0.5 * (i + 1), i == 0 ? 2'100'000 : i % 2 == 0 ? 900'000 >> i : 0});
  }
  stops.children.push_back(Airports("stops[]", 1'380'000));
  return stops;
}

ColumnSummary Photo() {
  ColumnSummary column = Texts("boarding_pass", Codes(40, 1'900'000), 1'100'000);
  column.type = column::Type::kBinary;
  column.type_text = "binary";
  column.text->exact = false;
  column.text->entropy.reset();
  for (profile::ValueCount& value : column.text->top) value.value = "\x89PNG\r\n\x1a\n" + value.value;
  column.text->images = profile::ImageSummary{
      .images = 1'899'400, .formats = {{"png", 1'512'000}, {"jpeg", 387'400}}, .max_width = 1080, .max_height = 1920};
  return column;
}

ColumnSummary Weighted(ColumnSummary column) {
  profile::WeightedSummary& weighted = column.weighted.emplace();
  weighted.present = 41'250'000.5;
  weighted.missing = 310'000.25;
  if (column.number) {
    weighted.mean = *column.number->mean + 2.5;
    weighted.standard_deviation = *column.number->standard_deviation * 1.1;
    weighted.percentiles = column.number->percentiles;
    for (const auto& bar : column.number->histogram) {
      weighted.histogram.push_back({bar.low, bar.high, static_cast<double>(bar.count) * 13.5});
    }
  }
  if (column.text) {
    for (const auto& value : column.text->top) {
      weighted.top.push_back({value.value, static_cast<double>(value.count) * 13.5});
    }
  }
  return column;
}

std::vector<ColumnSummary> FlightColumns(int64_t rows) {
  std::vector<ColumnSummary> columns;
  columns.push_back(Times("date", rows, 181));
  columns.push_back(Weighted(Numbers("delay", rows, 24, 0.9, -22, rows / 50)));
  columns.push_back(Numbers("distance", rows, 620, 0.55, 0));
  columns.push_back(Weighted(Airports("origin", rows)));
  columns.push_back(Airports("destination", rows));
  columns.push_back(Carriers(rows));
  return columns;
}

ColumnSummary Flags(std::string name, int64_t rows, int64_t trues) {
  ColumnSummary column = Texts(std::move(name), {{"false", rows - trues}, {"true", trues}});
  column.type = column::Type::kBool;
  column.type_text = "bool";
  column.number = profile::NumberSummary{.finite = rows, .zeros = rows - trues, .min = 0, .max = 1};
  column.number->order = profile::OrderSummary{trues / 2, trues / 2, rows - trues, 1};
  return column;
}

}  // namespace

ProfileSummary Flights() {
  ProfileSummary summary{.rows = kRows, .weight = 41'560'000.75, .duplicate_share = 0.00021};
  summary.columns = FlightColumns(kRows);
  ColumnSummary tail = Numbers("taxi_out", kRows, 11, 0.5, 0);
  tail.number->max = 999;
  tail.number->percentiles[100] = 999;
  summary.columns.push_back(std::move(tail));
  summary.columns.push_back(Amounts());
  summary.columns.push_back(BookedOn());
  summary.columns.push_back(Flags("cancelled", kRows, 38'000));
  summary.columns.push_back(Remarks());
  summary.columns.push_back(Weather());
  summary.columns.push_back(Stops());
  summary.columns.push_back(Photo());
  ColumnSummary empty{.name = "gate_agent",
                      .type = column::Type::kString,
                      .type_text = "string",
                      .rows = kRows,
                      .missing = kRows,
                      .distinct_is_exact = true};
  empty.text.emplace();
  summary.columns.push_back(std::move(empty));
  summary.columns.push_back(Texts("source", {{"scheduling system export v2", kRows}}));
  for (const char* origin : {"origin=WLF", "origin=DWK", "origin=KHP", "delay in [0, 15)"}) {
    const int64_t rows = 90'000 + 11'000 * static_cast<int64_t>(summary.slices.size());
    profile::SliceSummary slice{origin, {.rows = rows, .weight = 1.5e6, .duplicate_share = 0}};
    slice.profile.columns = FlightColumns(rows);
    summary.slices.push_back(std::move(slice));
  }
  return summary;
}

ProfileSummary LaterFlights() {
  ProfileSummary summary{.rows = 2'450'000};
  summary.columns = FlightColumns(summary.rows);
  summary.columns[0] = Times("date", summary.rows, 212);
  summary.columns[1] = Numbers("delay", summary.rows, 31, 0.9, -22, summary.rows / 6);
  summary.columns[5] = Texts("carrier", {{"WN", 800'000}, {"AA", 700'000}, {"B6", 650'000}, {"DL", 300'000}});
  summary.columns[2].type_text = "float64";
  summary.columns.push_back(Flags("diverted", summary.rows, 5'000));
  summary.columns.push_back(Flags("cancelled", summary.rows, 61'000));
  return summary;
}

ProfileSummary Hostile() {
  const std::vector<std::string> texts{"<script>alert(1)</script>",
                                       "</style></script><img src=x onerror=alert(1)>",
                                       "\" onmouseover=\"alert(1)",
                                       "' style='position:fixed",
                                       "-->]]><!--&lt;&#x3c;&amp;",
                                       "javascript:alert(1)",
                                       std::string("nul\0byte", 8),
                                       "tab\tline\nreturn\r\x1b[31mred\x7f",
                                       "\xff\xfe not UTF-8 \xc3\x28 \xed\xa0\x80",
                                       "\u202eright to left\u2066 hidden\u200b\ufeff",
                                       "\uffff\ufdd0\U0001fffe",
                                       "  blanks around  ",
                                       " ",
                                       "",
                                       "العربية עברית 日本語 🦅",
                                       std::string(40'000, 'w'),
                                       std::string(3'000, '\x01'),
                                       "{}%s%n{0}"};
  ProfileSummary summary{.rows = 1000};
  for (const std::string& text : texts) {
    ColumnSummary column = Texts(text, {});
    std::vector<profile::ValueCount> values;
    for (const std::string& value : texts) values.push_back({value, 50});
    column = Texts(text, std::move(values), 100);
    column.type_text = text;
    column.text->invalid_utf8 = 50;
    column.text->patterns = {{text, 0.95, text}, {"A", 0.05, text}};
    column.text->kinds = profile::TextKinds{.time = 0.5, .time_format = text, .other_times = 0.5};
    column.text->images = profile::ImageSummary{.images = 50, .formats = {{text, 50}}};
    column.text->tokens = profile::TokenSummary{.tokens = 1, .top = {{text, 1, 1, 0, 1, 0.5}}};
    column.weighted = profile::WeightedSummary{.present = 1, .top = {{text, 1}}};
    summary.columns.push_back(std::move(column));
  }
  ColumnSummary numbers = Numbers("<b>numbers</b>", 1000, 10, 0.5);
  constexpr double kHuge = std::numeric_limits<double>::max();
  numbers.number->min = -kHuge;
  numbers.number->max = kHuge;
  numbers.number->mean = std::numeric_limits<double>::denorm_min();
  numbers.number->percentiles[0] = -kHuge;
  numbers.number->percentiles[100] = kHuge;
  numbers.number->histogram.front().low = -kHuge;
  numbers.number->histogram.back().high = kHuge;
  summary.columns.push_back(std::move(numbers));
  for (const std::string& text : texts) summary.slices.push_back({text, {.rows = 10, .columns = summary.columns}});
  return summary;
}

ProfileSummary Wide(int columns) {
  constexpr int64_t kMany = 1'000'000;
  ColumnSummary texts = Texts("", Codes(60, 990'000), 10'000);
  texts.text->patterns = {{"AAA", 0.93, "ABC"}, {"A9A", 0.07, "A1C"}};
  texts.text->kinds = profile::TextKinds{.number = 0.01};
  std::vector<ColumnSummary> kinds{std::move(texts), Times("", kMany, 90)};
  for (int i = 0; i < 9; ++i) kinds.push_back(Numbers("", kMany, 1'000'000 + i, 0.2 + i % 7, -500'000, i % 3 * 70'000));
  ProfileSummary summary{.rows = kMany, .duplicate_share = 0};
  for (int i = 0; i < columns; ++i) {
    summary.columns.push_back(kinds[static_cast<size_t>(i) % kinds.size()]);
    summary.columns.back().name = fmt::format("measurement_{:05}", i);
  }
  return summary;
}

}  // namespace roost::report
