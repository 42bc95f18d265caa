#include "report/column_details.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "base/format.h"
#include "column/column_view.h"
#include "report/figures.h"
#include "report/html.h"

namespace roost::report {
namespace {

using profile::ColumnSummary;
using profile::NumberSummary;
using profile::TextSummary;

std::string DistinctText(const ColumnSummary& column) {
  return (column.distinct_is_exact ? "" : "about ") + FormatCount(static_cast<int64_t>(std::llround(column.distinct)));
}

std::string Counts(const ColumnSummary& column) {
  FigureList figures("rows");
  figures.AddCount("rows", column.rows);
  figures.AddCount("with a value", column.rows - column.missing);
  figures.AddPart("missing", column.missing, column.rows);
  if (column.number || column.text) figures.Add("distinct", DistinctText(column));
  if (column.number) {
    const NumberSummary& number = *column.number;
    const int64_t present = column.rows - column.missing;
    const bool is_number = !column::IsTime(column.type) && column.type != column::Type::kBool;
    if (number.finite != present) figures.AddCount("finite", number.finite);
    figures.AddPart("NaN", number.nan, present);
    figures.AddPart("+infinity", number.positive_infinity, present);
    figures.AddPart("−infinity", number.negative_infinity, present);
    if (is_number) figures.AddPart("zero", number.zeros, present);
    if (is_number) figures.AddPart("negative", number.negative, present);
  }
  if (column.text && column.type != column::Type::kBool) {
    figures.AddPart("empty", column.text->empty, column.rows - column.missing);
    figures.AddPart("not UTF-8", column.text->invalid_utf8, column.rows - column.missing);
  }
  return figures.Html();
}

std::string Moments(const NumberSummary& number, bool is_time) {
  FigureList figures("figures");
  if (is_time) {
    if (number.min_micros) figures.Add("first", InstantText(*number.min_micros));
    if (number.max_micros) figures.Add("last", InstantText(*number.max_micros));
  } else {
    if (number.min) figures.Add("least", NumberText(*number.min));
    if (number.max) figures.Add("greatest", NumberText(*number.max));
  }
  if (number.min && number.max) {
    const double span = *number.max - *number.min;
    figures.Add("span", is_time ? SpanText(span) : NumberText(span));
  }
  if (number.mean) figures.Add("mean", ValueText(*number.mean, is_time));
  if (number.standard_deviation) {
    const double deviation = *number.standard_deviation;
    figures.Add("standard deviation", is_time ? SpanText(deviation) : NumberText(deviation));
  }
  if (number.skewness) figures.Add("skewness", FormatNumber(*number.skewness));
  if (number.kurtosis) figures.Add("excess kurtosis", FormatNumber(*number.kurtosis));
  return figures.Html();
}

std::string Order(const NumberSummary& number, bool is_time) {
  if (!number.order) return "";
  const profile::OrderSummary& order = *number.order;
  FigureList figures("order of the rows");
  const bool sorted = order.ascending() || order.descending();
  figures.Add("sorted", !sorted ? "no"
                                : fmt::format("{}{}", order.ascending() ? "rising" : "falling",
                                              order.strict() ? "" : ", with repeats"));
  const int64_t pairs = order.rises + order.falls + order.repeats;
  figures.AddPart("rises", order.rises, pairs);
  figures.AddPart("falls", order.falls, pairs);
  figures.AddPart("repeats", order.repeats, pairs);
  figures.Add("greatest gap", is_time ? SpanText(order.greatest_gap) : NumberText(order.greatest_gap));
  return figures.Html();
}

std::vector<BarRow> ValueRows(const std::vector<profile::ValueCount>& values, int64_t whole, size_t most,
                              const Detail& detail) {
  std::vector<BarRow> rows;
  for (size_t i = 0; i < std::min(values.size(), most); ++i) {
    const double share =
        whole > 0 ? std::min(1.0, static_cast<double>(values[i].count) / static_cast<double>(whole)) : 0;
    rows.push_back({Foreign(values[i].value, detail.characters), FormatCount(values[i].count), share});
  }
  return rows;
}

std::string TopValues(const ColumnSummary& column, const Detail& detail) {
  const TextSummary& text = *column.text;
  std::string more = MoreText(text.top.size(), detail.values, text.exact ? "value" : "frequent value");
  if (!text.exact) {
    more = fmt::format("frequent values; counts may be {} too high{}{}",
                       FormatCount(static_cast<int64_t>(std::ceil(0.00034 * static_cast<double>(column.rows)))),
                       more.empty() ? "" : "; ", more);
  }
  return BarTable("values", ValueRows(text.top, column.rows - column.missing, detail.values, detail), more);
}

std::string Lengths(const ColumnSummary& column) {
  const TextSummary& text = *column.text;
  if (column.type == column::Type::kBool || column.rows == column.missing) return "";
  FigureList figures("length in bytes");
  figures.AddCount("shortest", text.min_length);
  figures.Add("mean", NumberText(text.mean_length));
  figures.AddCount("longest", text.max_length);
  if (text.entropy) figures.Add("entropy of the values", FormatNumber(*text.entropy) + " bits");
  return figures.Html();
}

std::string Patterns(const TextSummary& text, const Detail& detail) {
  std::vector<BarRow> rows;
  for (size_t i = 0; i < std::min(text.patterns.size(), detail.patterns); ++i) {
    const profile::PatternShare& pattern = text.patterns[i];
    rows.push_back(
        {Foreign(pattern.pattern, detail.characters), Foreign(pattern.example, detail.characters), pattern.share});
  }
  std::string more = MoreText(text.patterns.size(), detail.patterns, "pattern");
  if (!text.patterns_are_exact) more += more.empty() ? "from 1,024 values" : "; from 1,024 values";
  return BarTable("patterns, with an example", rows, more);
}

std::string Kinds(const TextSummary& text) {
  if (!text.kinds) return "";
  const profile::TextKinds& kinds = *text.kinds;
  FigureList figures(text.patterns_are_exact ? "could be read as" : "could be read as (1,024 values)");
  const auto add = [&figures](std::string_view name, double share) {
    if (share > 0) figures.Add(name, FormatRoughShare(share));
  };
  add("whole numbers", kinds.integer);
  add("numbers", kinds.number);
  add("booleans", kinds.boolean);
  if (kinds.time > 0) figures.Add("times " + Foreign(kinds.time_format, 40), FormatRoughShare(kinds.time));
  add("times in other formats", kinds.other_times);
  add("natural language", kinds.words);
  return figures.Html();
}

void AddImages(const ColumnSummary& column, const Detail& detail, Panels& panels) {
  if (!column.text->images) return;
  const profile::ImageSummary& images = *column.text->images;
  FigureList figures("images");
  figures.AddPart("images", images.images, column.rows - column.missing);
  if (images.max_width > 0) figures.Add("greatest width", FormatCount(images.max_width) + " px");
  if (images.max_height > 0) figures.Add("greatest height", FormatCount(images.max_height) + " px");
  panels.figures_html += figures.Html();
  panels.bars_html +=
      BarTable("image formats", ValueRows(images.formats, images.images, images.formats.size(), detail));
}

void AddTokens(const profile::TokenSummary& tokens, const Detail& detail, Panels& panels) {
  FigureList figures("words");
  figures.AddCount("words", tokens.tokens);
  figures.Add("mean length", FormatNumber(tokens.mean_token_length) + " characters");
  figures.AddCount("fewest in a row", tokens.min_tokens);
  figures.AddCount("most in a row", tokens.max_tokens);
  if (tokens.coverage) figures.Add("in the vocabulary", FormatRoughShare(*tokens.coverage));
  panels.figures_html += figures.Html();
  panels.bars_html += BarTable("characters a word", HistogramRows(tokens.token_lengths, false)) +
                      BarTable("words a row", HistogramRows(tokens.sequence_lengths, false));
  std::vector<std::vector<std::string>> rows;
  for (size_t i = 0; i < std::min(tokens.top.size(), detail.tokens); ++i) {
    const profile::TokenSummary::Token& token = tokens.top[i];
    rows.push_back({Foreign(token.token, detail.characters), FormatCount(token.count), FormatCount(token.rows),
                    FormatCount(token.min_in_row), FormatCount(token.max_in_row),
                    FormatRoughShare(token.mean_position)});
  }
  std::string more = MoreText(tokens.top.size(), detail.tokens, "word");
  if (!tokens.exact) more += more.empty() ? "the frequent words only" : "; the frequent words only";
  panels.wide_html +=
      Table("frequent words", {"word", "count", "rows", "fewest a row", "most a row", "mean position"}, rows, more);
}

void AddList(const profile::ListSummary& list, int64_t present, const Detail& detail, Panels& panels) {
  FigureList figures("lists");
  figures.AddPart("empty", list.empty, present);
  figures.AddCount("values in all lists", list.total);
  figures.AddCount("shortest", list.min_length);
  figures.Add("mean length", NumberText(list.mean_length));
  figures.AddCount("longest", list.max_length);
  panels.bars_html += BarTable("values a list", HistogramRows(list.histogram, false));
  panels.figures_html += figures.Html() + PercentilePanel("percentiles of the length", list.percentiles, false);
  if (detail.all_percentiles)
    panels.wide_html += AllPercentiles("all percentiles of the length", list.percentiles, false);
}

void AddWeighted(const profile::WeightedSummary& weighted, bool is_time, const Detail& detail, Panels& panels) {
  FigureList figures("with weights");
  figures.Add("weight present", NumberText(weighted.present));
  if (weighted.missing > 0) {
    const double share = weighted.missing / (weighted.present + weighted.missing);
    figures.Add("weight missing", fmt::format("{} <i>{}</i>", NumberText(weighted.missing), FormatRoughShare(share)));
  }
  if (weighted.mean) figures.Add("mean", ValueText(*weighted.mean, is_time));
  if (weighted.standard_deviation) {
    const double deviation = *weighted.standard_deviation;
    figures.Add("standard deviation", is_time ? SpanText(deviation) : NumberText(deviation));
  }
  std::vector<profile::HistogramBar> bars;
  for (const auto& bar : weighted.histogram) bars.push_back({bar.low, bar.high, 0});
  std::vector<BarRow> rows = HistogramRows(bars, is_time);
  const double present = weighted.present > 0 ? weighted.present : 1;
  for (size_t i = 0; i < rows.size(); ++i) {
    rows[i].figure_html = NumberText(weighted.histogram[i].weight);
    rows[i].share = weighted.histogram[i].weight / present;
  }
  std::vector<BarRow> values;
  for (size_t i = 0; i < std::min(weighted.top.size(), detail.values); ++i) {
    values.push_back({Foreign(weighted.top[i].value, detail.characters), NumberText(weighted.top[i].weight),
                      weighted.top[i].weight / present});
  }
  panels.bars_html += BarTable("weight by range", rows) +
                      BarTable("weight by value", values, MoreText(weighted.top.size(), detail.values, "value"));
  panels.figures_html += figures.Html() + PercentilePanel("weighted percentiles", weighted.percentiles, is_time);
  if (detail.all_percentiles) {
    panels.wide_html += AllPercentiles("all weighted percentiles", weighted.percentiles, is_time);
  }
}

std::vector<std::string> SliceFigures(const ColumnSummary& column, const Detail& detail) {
  std::vector<std::string> cells{FormatCount(column.rows), FormatRoughShare(column.missing, column.rows),
                                 column.number || column.text ? DistinctText(column) : "–"};
  const bool is_time = column::IsTime(column.type);
  const auto figure = [is_time](const std::optional<double>& value) {
    return value ? ValueText(*value, is_time) : "–";
  };
  if (column.number && column.type != column::Type::kBool) {
    const NumberSummary& number = *column.number;
    const auto median = number.percentiles.size() == 101 ? std::optional(number.percentiles[50]) : std::nullopt;
    for (const auto& value : {number.min, median, number.mean, number.max}) cells.push_back(figure(value));
  } else if (column.text) {
    const bool has_top = !column.text->top.empty();
    cells.push_back(has_top ? Foreign(column.text->top[0].value, detail.characters) : "–");
    cells.push_back(has_top ? FormatRoughShare(column.text->top[0].count, column.rows - column.missing) : "–");
  }
  return cells;
}

std::string Slices(const ColumnSummary& whole, const std::vector<SliceOfColumn>& slices, const Detail& detail) {
  std::vector<std::vector<std::string>> rows;
  for (size_t i = 0; i < std::min(slices.size(), detail.slices); ++i) {
    rows.push_back(SliceFigures(*slices[i].column, detail));
    rows.back().insert(rows.back().begin(), Foreign(slices[i].slice, detail.characters));
  }
  if (rows.empty()) return "";
  rows.push_back(SliceFigures(whole, detail));
  rows.back().insert(rows.back().begin(), "all rows");
  std::vector<std::string_view> headings{"slice", "rows", "missing", "distinct"};
  if (whole.number && whole.type != column::Type::kBool) {
    headings.insert(headings.end(), {"least", "median", "mean", "greatest"});
  } else if (whole.text) {
    headings.insert(headings.end(), {"most frequent", "its share"});
  }
  return Table("slices", headings, rows, MoreText(slices.size(), detail.slices, "slice"));
}

}  // namespace

std::string FindingList(const std::vector<Finding>& findings) {
  if (findings.empty()) return "";
  std::string html = "<ul class=why>";
  for (const Finding& finding : findings) {
    html += fmt::format("<li><b>{}</b> {}", Label(finding.what), Escape(finding.sentence));
  }
  return html + "</ul>";
}

std::string ColumnDetails(const ColumnSummary& column, const std::vector<Finding>& findings,
                          const std::vector<SliceOfColumn>& slices, const Detail& detail) {
  const bool is_time = column::IsTime(column.type);
  const bool is_bool = column.type == column::Type::kBool;
  Panels panels;
  if (column.text) panels.bars_html += TopValues(column, detail);
  panels.figures_html += Counts(column);
  if (column.number && !is_bool) {
    const NumberSummary& number = *column.number;
    panels.bars_html += BarTable("histogram", HistogramRows(number.histogram, is_time));
    panels.figures_html += Moments(number, is_time) + PercentilePanel("percentiles", number.percentiles, is_time);
    if (detail.all_percentiles) panels.wide_html += AllPercentiles("all percentiles", number.percentiles, is_time);
  }
  if (column.number) panels.figures_html += Order(*column.number, is_time);
  if (column.text) {
    panels.figures_html += Lengths(column) + Kinds(*column.text);
    panels.bars_html += Patterns(*column.text, detail);
    AddImages(column, detail, panels);
    if (column.text->tokens) AddTokens(*column.text->tokens, detail, panels);
  }
  if (column.list) AddList(*column.list, column.rows - column.missing, detail, panels);
  if (column.weighted) AddWeighted(*column.weighted, is_time, detail, panels);
  panels.wide_html += Slices(column, slices, detail);
  return FindingList(findings) + panels.Html();
}

}  // namespace roost::report
