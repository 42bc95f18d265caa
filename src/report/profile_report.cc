#include "report/profile_report.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "absl/container/flat_hash_map.h"
#include "base/format.h"
#include "report/column_details.h"
#include "report/column_row.h"
#include "report/figures.h"
#include "report/html.h"
#include "report/page_budget.h"
#include "report/panel.h"

namespace roost::report {
namespace {

using profile::ColumnSummary;
using profile::ProfileSummary;
using profile::SliceSummary;

// From everything to the least that is worth unfolding; the first that fits all columns is taken.
constexpr std::array<Detail, 3> kDetails{{
    {.values = 20, .patterns = 10, .tokens = 40, .slices = 50, .characters = 120, .all_percentiles = true},
    {.values = 10, .patterns = 6, .tokens = 12, .slices = 12, .characters = 60, .all_percentiles = false},
    {.values = 5, .patterns = 3, .tokens = 5, .slices = 6, .characters = 32, .all_percentiles = false},
}};

std::string Header(const ProfileSummary& summary, size_t num_columns, const ReportOptions& options) {
  std::string facts;
  const auto add = [&facts](std::string_view name, const std::string& figure) {
    facts += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>", name, figure);
  };
  add("rows", FormatCount(summary.rows));
  add("columns", FormatCount(static_cast<int64_t>(summary.columns.size())));
  if (num_columns > summary.columns.size()) {
    add("nested columns", FormatCount(static_cast<int64_t>(num_columns - summary.columns.size())));
  }
  if (summary.weight) add("weight of all rows", NumberText(*summary.weight));
  if (summary.duplicate_share) {
    add("duplicate rows",
        (summary.duplicate_share_is_exact ? "" : "about ") + FormatRoughShare(*summary.duplicate_share));
  }
  if (!summary.slices.empty()) add("slices", FormatCount(static_cast<int64_t>(summary.slices.size())));
  return PageHeader("Profile", options) + fmt::format("<dl class=facts>{}</dl></header>\n", facts);
}

// Each reason with the columns that have it, the heaviest reason first.
std::string WorthALook(const std::vector<ColumnEntry>& entries) {
  constexpr size_t kNames = 6;
  constexpr size_t kCharacters = 40;
  struct Group {
    double weight = 0;
    std::vector<const ColumnEntry*> entries;
  };
  std::map<Suspicion, Group> groups;
  size_t num_suspicious = 0;
  for (const ColumnEntry& entry : entries) {
    if (entry.score >= kStrong) ++num_suspicious;
    for (const Finding& finding : entry.findings) {
      Group& group = groups[finding.what];
      group.weight = std::max(group.weight, finding.weight);
      group.entries.push_back(&entry);
    }
  }
  if (groups.empty()) return "<p class=calm>No column looks suspicious.</p>\n";
  std::vector<std::pair<Suspicion, Group>> sorted(groups.begin(), groups.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second.weight > b.second.weight; });
  std::string html = "<section class=look aria-labelledby=look><h2 id=look>Worth a look</h2><ul>";
  for (const auto& [what, group] : sorted) {
    html += fmt::format("<li><span{}>{}</span> <i>{}</i> <span>", group.weight >= kStrong ? " class=strong" : "",
                        Label(what), FormatCount(static_cast<int64_t>(group.entries.size())));
    for (size_t i = 0; i < std::min(group.entries.size(), kNames); ++i) {
      html += fmt::format("{}<a href=#c{}>{}</a>", i == 0 ? "" : ", ", group.entries[i]->position,
                          BriefForeign(group.entries[i]->column->name, kCharacters));
    }
    const std::string more = MoreText(group.entries.size(), kNames, "column");
    html += (more.empty() ? "" : " " + more) + "</span>";
  }
  return html + "</ul></section>\n";
}

std::string SlicesSection(const ProfileSummary& summary) {
  constexpr size_t kSlices = 200;
  constexpr size_t kCharacters = 80;
  std::vector<std::vector<std::string>> rows;
  for (const SliceSummary& slice : summary.slices) {
    if (rows.size() == kSlices) break;
    const ProfileSummary& part = slice.profile;
    rows.push_back({Foreign(slice.slice, kCharacters), FormatCount(part.rows),
                    FormatRoughShare(part.rows, summary.rows), part.weight ? NumberText(*part.weight) : "–",
                    part.duplicate_share ? FormatRoughShare(*part.duplicate_share) : "–"});
  }
  if (rows.empty()) return "";
  return "<section aria-labelledby=slices><h2 id=slices>Slices</h2>" +
         Table("The rows of each slice; its figures stand with each column.",
               {"slice", "rows", "of all rows", "weight", "duplicate rows"}, rows,
               MoreText(summary.slices.size(), kSlices, "slice")) +
         "</section>\n";
}

// Finds a column in every slice without a search for each.
class SliceIndex {
 public:
  explicit SliceIndex(const ProfileSummary& summary) {
    for (const SliceSummary& slice : summary.slices) {
      slices_.push_back({slice.slice, {}});
      Add(slice.profile.columns, slices_.back().columns);
    }
  }
  std::vector<SliceOfColumn> Of(const ColumnSummary& column) const {
    std::vector<SliceOfColumn> found;
    for (const Slice& slice : slices_) {
      const auto at = slice.columns.find(column.name);
      if (at != slice.columns.end()) found.push_back({slice.name, at->second});
    }
    return found;
  }

 private:
  using Columns = absl::flat_hash_map<std::string_view, const ColumnSummary*>;
  struct Slice {
    std::string_view name;
    Columns columns;
  };
  static void Add(const std::vector<ColumnSummary>& columns, Columns& index) {
    for (const ColumnSummary& column : columns) {
      index.emplace(column.name, &column);
      Add(column.children, index);
    }
  }
  std::vector<Slice> slices_;
};

using Positions = absl::flat_hash_map<const ColumnSummary*, size_t>;

std::string Children(const ColumnSummary& column, const Positions& positions) {
  constexpr size_t kChildren = 40;
  if (column.children.empty()) return "";
  std::string html = "<p class=holds>holds ";
  for (size_t i = 0; i < std::min(column.children.size(), kChildren); ++i) {
    html += fmt::format("{}<a href=#c{}>{}</a>", i == 0 ? "" : ", ", positions.at(&column.children[i]),
                        BriefForeign(column.children[i].name, kNameCharacters));
  }
  const std::string more = MoreText(column.children.size(), kChildren, "column");
  return html + (more.empty() ? "" : " " + more) + "</p>";
}

std::string ColumnsSection(const std::vector<ColumnEntry>& entries, const std::vector<std::string>& details) {
  std::string html =
      "<section class=columns aria-labelledby=columns><h2 id=columns>Columns</h2>\n"
      "<form class=order><fieldset><legend>order</legend>"
      "<label><input type=radio name=order value=suspicious checked> most suspicious first</label> "
      "<label><input type=radio name=order value=data> as in the data</label></fieldset></form>\n";
  if (details.size() < entries.size()) {
    html += fmt::format(
        "<p class=note>The {} most suspicious columns can be unfolded; the others have a line each. "
        "<code>roost profile --json</code> has every figure.</p>\n",
        FormatCount(static_cast<int64_t>(details.size())));
  }
  html += RowHeadings() + fmt::format("<div class=\"rows{}\">\n", entries.size() > kManyRows ? " many" : "");
  for (size_t i = 0; i < entries.size(); ++i) html += ColumnRow(entries[i], i < details.size() ? details[i] : "");
  return html + "</div></section>\n";
}

}  // namespace

std::string ProfileReport(const ProfileSummary& summary, const ReportOptions& options) {
  const std::vector<ColumnEntry> entries = EntriesOf(summary);
  const std::string head = Header(summary, entries.size(), options) + WorthALook(entries) + SlicesSection(summary);
  const size_t fixed = Page(options.name, "").size() + head.size() + ColumnsSection(entries, {}).size();
  const SliceIndex slices(summary);
  Positions positions;
  for (const ColumnEntry& entry : entries) positions.emplace(entry.column, entry.position);
  const std::vector<std::string> details =
      DetailsWithin(DetailBudget(fixed), entries.size(), kDetails.size(), [&](size_t i, size_t level) {
        const ColumnEntry& entry = entries[i];
        return Children(*entry.column, positions) +
               ColumnDetails(*entry.column, entry.findings, slices.Of(*entry.column), kDetails[level]);
      });
  return Page("Profile of " + options.name, head + ColumnsSection(entries, details));
}

}  // namespace roost::report
