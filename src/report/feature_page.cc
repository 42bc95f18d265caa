#include "report/feature_page.h"

#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/format.h"
#include "report/html.h"
#include "report/intervals.h"
#include "report/panel.h"

namespace roost::report {
namespace {

using evaluate::FeatureFindings;
using evaluate::FeatureNeed;
using evaluate::ReportedFeature;

constexpr size_t kMostFeatures = 1000;
constexpr size_t kNameCharacters = 60;
constexpr size_t kFailureCharacters = 200;

std::string NamesHtml(const std::vector<std::string>& names) {
  std::string html;
  for (const std::string& name : names) {
    html += fmt::format("{}{}", html.empty() ? "" : ", ", BriefForeign(name, kNameCharacters));
  }
  return html;
}

std::string LossCell(const evaluate::Estimate& loss, double confidence) {
  const auto interval = loss.At(confidence);
  if (!interval.has_value()) return NumberOrDash(loss.value);
  return fmt::format("{}<br><small>{} to {}</small>", NumberOrDash(loss.value), FormatNumber(interval->low, 3),
                     FormatNumber(interval->high, 3));
}

std::string NeedCell(const ReportedFeature& feature) {
  const std::string_view name = evaluate::NeedName(feature.need);
  switch (feature.need) {
    case FeatureNeed::kNeeded: return fmt::format("<b class=better>{}</b>", name);
    case FeatureNeed::kHarmful: return fmt::format("<b class=worse>{}</b>", name);
    default: return std::string(name);
  }
}

// A loss is bad where it is above 0: the drawing's colour is that of the feature, which earns its place then.
evaluate::Tendency TendencyOf(FeatureNeed need) {
  switch (need) {
    case FeatureNeed::kNeeded:
    case FeatureNeed::kEpsilon: return evaluate::Tendency::kBetter;
    case FeatureNeed::kHarmful: return evaluate::Tendency::kWorse;
    default: return evaluate::Tendency::kUnclear;
  }
}

// Its name, what it is declared as, and what it repeats.
std::string FeatureCell(const ReportedFeature& feature) {
  std::string html = fmt::format("<b>{}</b><br><small>of {}</small>", BriefForeign(feature.name, kNameCharacters),
                                 NamesHtml(feature.columns));
  if (!feature.repeats.empty()) {
    html += fmt::format("<br><small>{} {}</small>", feature.only_repeats() ? "only repeats" : "repeats",
                        NamesHtml(feature.repeats));
  }
  return html;
}

// Why there is no model without some features: too long for the table.
std::string Failures(const FeatureFindings& findings) {
  std::string html;
  for (const ReportedFeature& feature : findings.features) {
    if (feature.failure.empty()) continue;
    html += fmt::format("<li>without {}: {}</li>", BriefForeign(feature.name, kNameCharacters),
                        Foreign(feature.failure, kFailureCharacters));
  }
  return html.empty() ? "" : fmt::format("<ul>{}</ul>\n", html);
}

std::string Features(const FeatureFindings& findings) {
  Extent extent;
  extent.Add(0.0);
  for (const ReportedFeature& feature : findings.features) extent.Add(feature.loss, findings.confidence);
  std::vector<std::vector<std::string>> rows;
  for (const ReportedFeature* feature : findings.by_worth()) {
    if (rows.size() == kMostFeatures) break;
    rows.push_back({FeatureCell(*feature), NeedCell(*feature), LossCell(feature->loss, findings.confidence),
                    DifferenceDrawing(extent, feature->loss, TendencyOf(feature->need), findings.confidence),
                    FormatNumber(feature->importance, 3),
                    feature->row_ns.has_value() ? fmt::format("{:.0f}", *feature->row_ns) : "–",
                    FormatCount(feature->places), FormatRoughShare(feature->missing_share)});
  }
  const std::vector<std::string_view> headings{"feature",    "without it", "loss",   "around 0",
                                               "importance", "ns a row",   "places", "missing"};
  return fmt::format(
             "<p class=note>Loss: by how much {} is worse without the feature, on the same rows, and where the true "
             "loss is with {}. Needed: worse without it beyond chance, maybe by more than {}. Epsilon: worse beyond "
             "chance, but by less than that for sure. No gain: not worse beyond chance, and by less than that for "
             "sure. Harmful: better without it. Unclear: the rows do not tell. Importance is of its columns.</p>\n",
             findings.metric->name, FormatShare(findings.confidence), FormatNumber(findings.max_loss)) +
         Table("by what is lost without it", headings, rows,
               MoreText(findings.features.size(), rows.size(), "feature")) +
         Failures(findings);
}

std::string Together(const FeatureFindings& findings) {
  if (!findings.together.has_value()) return "<p class=note>No two features can go together, or none were tried.</p>";
  FigureList figures("without all of these");
  figures.Add(findings.metric->name, NumberOrDash(findings.together->value));
  figures.Add("loss", LossCell(findings.together->loss, findings.confidence));
  return fmt::format(
      "<p class=names>{}</p>\n<p class=note>They were chosen on these rows: a version without them is judged by the "
      "gate "
      "on its own.</p>\n<h3>One training</h3><div class=panels>{}</div>",
      NamesHtml(findings.together->names), figures.Html());
}

std::string Groups(const FeatureFindings& findings) {
  if (findings.groups.empty()) return "";
  std::string html = fmt::format(
      "<p class=note>Their places in the feature vector tell rows apart alike: a modified RV coefficient of {} or "
      "more, which of two numbers is the square of their correlation.</p>\n<ul>",
      FormatNumber(findings.least_correlation));
  for (const std::vector<std::string>& group : findings.groups) html += fmt::format("<li>{}</li>", NamesHtml(group));
  return html + "</ul>";
}

std::string NotTried(const FeatureFindings& findings) {
  const std::vector<std::string> names = findings.not_tried();
  if (names.empty()) return "";
  return fmt::format("<p class=names>{}</p>\n<p class=note>The budget ended before. The same command goes on.</p>",
                     NamesHtml(names));
}

std::string Header(const FeatureFindings& findings, const ReportOptions& options) {
  std::string facts;
  const auto add = [&facts](std::string_view name, const std::string& figure) {
    facts += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>", name, figure);
  };
  add("features", FormatCount(static_cast<int64_t>(findings.features.size())));
  add(fmt::format("{} of all", findings.metric->name), NumberOrDash(findings.value));
  add("of the dummy", NumberOrDash(findings.dummy));
  add("may be lost", FormatNumber(findings.max_loss, 3));
  add("needed", FormatCount(findings.Count(FeatureNeed::kNeeded)));
  add("can go", FormatCount(findings.Count(FeatureNeed::kEpsilon) + findings.Count(FeatureNeed::kNoGain) +
                            findings.Count(FeatureNeed::kHarmful)));
  add("not tried", FormatCount(findings.Count(FeatureNeed::kNotTried)));
  return PageHeader("Features", options) + fmt::format("<dl class=facts>{}</dl></header>\n", facts);
}

}  // namespace

std::string FeaturePage(const FeatureFindings& findings, const ReportOptions& options) {
  const std::string body = Header(findings, options) + Section("worth", "What each is worth", Features(findings)) +
                           Section("together", "What can go at once", Together(findings)) +
                           Section("repeat", "Features that repeat each other", Groups(findings)) +
                           Section("not-tried", "Not tried", NotTried(findings));
  return Page(fmt::format("Features of {}", options.name), body);
}

}  // namespace roost::report
