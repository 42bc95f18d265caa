#include "cli/profile_text.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/format.h"
#include "base/number_text.h"
#include "cli/table_text.h"
#include "report/suspicion.h"
#include "schema/drift.h"

namespace roost::cli {
namespace {

constexpr size_t kMaxFindings = 10;
constexpr double kLeastWeight = 10;  // of a finding that is worth a line
constexpr size_t kMaxContributors = 2;

std::string Titled(std::string_view title, const std::string& table) {
  return table.empty() ? "" : fmt::format("\n{}\n{}", title, table);
}

std::string OrDash(const std::optional<double>& value) { return value.has_value() ? FormatNumber(*value, 3) : "-"; }

Json OrNull(const std::optional<double>& value) {
  return value.has_value() && std::isfinite(*value) ? Json(*value) : Json(nullptr);
}

struct NamedFinding {
  std::string column;
  report::Finding finding;
};

void Gather(const std::vector<profile::ColumnSummary>& columns, std::vector<NamedFinding>& findings) {
  for (const profile::ColumnSummary& column : columns) {
    std::vector<report::Finding> of_column = report::FindingsOf(column);
    if (!of_column.empty() && of_column.front().weight >= kLeastWeight) {
      findings.push_back({column.name, std::move(of_column.front())});
    }
    Gather(column.children, findings);
  }
}

// By what columns are sorted. Times and counters are other values in every version: they come last.
double ChangeOf(const api::ColumnDistances& column, const profile::ProfileSummary& summary) {
  const profile::ColumnSummary* found = summary.Find(column.column);
  if (found != nullptr && schema::ChangesByNature(*found)) return -1;
  const profile::Comparison& comparison = column.comparison;
  const profile::Distance* distance = comparison.Find(profile::Measure::kJensenShannon);
  return std::max(distance == nullptr ? 0 : distance->value,
                  std::abs(comparison.missing_share - comparison.baseline_missing_share));
}

std::string Contributors(const profile::Comparison& comparison) {
  std::string text;
  for (size_t i = 0; i < std::min(kMaxContributors, comparison.contributors.size()); ++i) {
    const profile::Contributor& value = comparison.contributors[i];
    text += fmt::format("{}{} {} -> {}", i == 0 ? "" : ", ", Printable(value.value), FormatShare(value.baseline_share),
                        FormatShare(value.share));
  }
  return text;
}

// "" for other columns, and where the frequent values are all numbers.
std::string NoNumbers(const profile::ColumnSummary& column) {
  constexpr double kMostlyNumbers = 0.5;
  constexpr size_t kValuesNamed = 5;
  constexpr size_t kBytesShown = 40;
  if (!column.text.has_value() || column.type == column::Type::kBool) return "";
  int64_t all = 0;
  int64_t numbers = 0;
  std::vector<std::string> others;
  size_t kinds = 0;
  for (const profile::ValueCount& value : column.text->top) {
    all += value.count;
    if (IsNumber(value.value)) {
      numbers += value.count;
    } else if (++kinds <= kValuesNamed) {
      others.push_back(fmt::format("{} ({})", ToLine(value.value.substr(0, kBytesShown)), FormatCount(value.count)));
    }
  }
  if (others.empty() || static_cast<double>(numbers) < kMostlyNumbers * static_cast<double>(all)) return "";
  const std::string more = kinds > others.size() ? fmt::format(" and {} more", kinds - others.size()) : "";
  return fmt::format("'{}' is text, though most of its values are numbers; these are not: {}{}", column.name,
                     fmt::join(others, ", "), more);
}

std::vector<std::string> OnlyIn(const profile::ProfileSummary& summary, const profile::ProfileSummary& other) {
  std::vector<std::string> names;
  for (const profile::ColumnSummary& column : summary.columns) {
    if (other.Find(column.name) == nullptr) names.push_back(column.name);
  }
  return names;
}

}  // namespace

std::string SlicesText(const profile::ProfileSummary& summary) {
  if (summary.slices.empty()) return "";
  std::vector<std::vector<std::string>> rows{{"slice", "rows", "share"}};
  for (const profile::SliceSummary& slice : summary.slices) {
    rows.push_back({Printable(slice.slice), FormatCount(slice.profile.rows),
                    FormatShare(static_cast<double>(slice.profile.rows) / static_cast<double>(summary.rows))});
  }
  return Titled("Slices (their statistics: --json, --html)", AlignColumns(rows, "lrr"));
}

std::string FindingsText(const profile::ProfileSummary& summary) {
  std::vector<NamedFinding> findings;
  Gather(summary.columns, findings);
  std::stable_sort(findings.begin(), findings.end(),
                   [](const auto& a, const auto& b) { return a.finding.weight > b.finding.weight; });
  std::string text;
  for (size_t i = 0; i < std::min(kMaxFindings, findings.size()); ++i) {
    text += fmt::format("  {}: {}\n", Printable(findings[i].column), Printable(findings[i].finding.sentence));
  }
  if (findings.size() > kMaxFindings) text += fmt::format("  and {} more: --html\n", findings.size() - kMaxFindings);
  return Titled("Worth a look", text);
}

std::vector<std::string> NotesOf(const profile::ProfileSummary& summary) {
  std::vector<std::string> notes;
  for (const profile::ColumnSummary& column : summary.columns) {
    if (std::string note = NoNumbers(column); !note.empty()) notes.push_back(std::move(note));
  }
  return notes;
}

std::string AssociationsText(const profile::AssociationSummary& associations) {
  std::vector<std::vector<std::string>> rows{{"column", "power", "information", "correlation", ""}};
  std::vector<const profile::LabelAssociation*> features;
  for (const profile::LabelAssociation& feature : associations.features) features.push_back(&feature);
  std::stable_sort(features.begin(), features.end(),
                   [](const auto* a, const auto* b) { return a->power.value_or(0) > b->power.value_or(0); });
  for (const profile::LabelAssociation* feature : features) {
    rows.push_back({Printable(feature->column), OrDash(feature->power),
                    fmt::format("{:.3g} bits", feature->mutual_information), OrDash(feature->correlation),
                    feature->leakage ? "knows the label rather than predicts it?" : ""});
  }
  std::string text;
  if (!features.empty()) {
    text += Titled(fmt::format("What columns say about {} ({:.3g} bits)", Printable(associations.label),
                               associations.label_entropy),
                   AlignColumns(rows, "lrrrl"));
  }
  std::vector<std::vector<std::string>> pairs{{"column", "column", "correlation"}};
  for (const profile::Correlation& pair : associations.correlations) {
    pairs.push_back({Printable(pair.first), Printable(pair.second), OrDash(pair.correlation)});
  }
  return text + (pairs.size() > 1 ? Titled("Correlations", AlignColumns(pairs, "llr")) : "");
}

Json AssociationsJson(const profile::AssociationSummary& associations) {
  Json json{{"label", associations.label},
            {"labelled", associations.labelled},
            {"label_entropy", associations.label_entropy},
            {"features", Json::array()},
            {"correlations", Json::array()}};
  for (const profile::LabelAssociation& feature : associations.features) {
    Json entry{{"column", feature.column},
               {"correlation", OrNull(feature.correlation)},
               {"mutual_information", feature.mutual_information},
               {"power", OrNull(feature.power)},
               {"leakage", feature.leakage},
               {"lifts", Json::array()}};
    for (const profile::Lift& lift : feature.lifts) {
      entry["lifts"].push_back(
          Json{{"value", lift.value}, {"label", lift.label}, {"count", lift.count}, {"lift", lift.lift}});
    }
    json["features"].push_back(std::move(entry));
  }
  for (const profile::Correlation& pair : associations.correlations) {
    json["correlations"].push_back(Json{{"first", pair.first},
                                        {"second", pair.second},
                                        {"rows", pair.rows},
                                        {"covariance", OrNull(pair.covariance)},
                                        {"correlation", OrNull(pair.correlation)}});
  }
  return json;
}

std::string ComparisonText(const api::ProfileResponse& now, const api::ProfileResponse& baseline,
                           const std::vector<api::ColumnDistances>& distances) {
  std::string text =
      fmt::format("{}: {} rows\n{}: {} rows, the baseline\n\n", Printable(now.name), FormatCount(now.summary.rows),
                  Printable(baseline.name), FormatCount(baseline.summary.rows));
  std::vector<const api::ColumnDistances*> columns;
  for (const api::ColumnDistances& column : distances) columns.push_back(&column);
  std::stable_sort(columns.begin(), columns.end(), [&now](const auto* a, const auto* b) {
    return ChangeOf(*a, now.summary) > ChangeOf(*b, now.summary);
  });
  std::vector<std::vector<std::string>> rows{
      {"column", "missing, before", "missing", "Jensen-Shannon", "stability", "what changed most"}};
  for (const api::ColumnDistances* column : columns) {
    const auto figure = [column](profile::Measure measure) {
      const profile::Distance* distance = column->comparison.Find(measure);
      return distance == nullptr ? std::string("-") : FormatNumber(distance->value, 3);
    };
    rows.push_back({Printable(column->column), FormatShare(column->comparison.baseline_missing_share),
                    FormatShare(column->comparison.missing_share), figure(profile::Measure::kJensenShannon),
                    figure(profile::Measure::kPopulationStability), Contributors(column->comparison)});
  }
  text += AlignColumns(rows, "lrrrrl");
  for (const std::string& name : OnlyIn(now.summary, baseline.summary)) {
    text += fmt::format("only in {}: {}\n", Printable(now.name), Printable(name));
  }
  for (const std::string& name : OnlyIn(baseline.summary, now.summary)) {
    text += fmt::format("only in {}: {}\n", Printable(baseline.name), Printable(name));
  }
  return text;
}

Json ComparisonJson(const api::ProfileResponse& now, const api::ProfileResponse& baseline,
                    const std::vector<api::ColumnDistances>& distances) {
  Json json{{"source", now.name},
            {"baseline", baseline.name},
            {"rows", now.summary.rows},
            {"baseline_rows", baseline.summary.rows},
            {"columns", Json::array()},
            {"only_here", OnlyIn(now.summary, baseline.summary)},
            {"only_in_baseline", OnlyIn(baseline.summary, now.summary)}};
  for (const api::ColumnDistances& column : distances) {
    Json entry{{"column", column.column},
               {"missing_share", column.comparison.missing_share},
               {"baseline_missing_share", column.comparison.baseline_missing_share},
               {"distances", Json::object()},
               {"contributors", Json::array()}};
    for (const profile::Distance& distance : column.comparison.distances) {
      entry["distances"][std::string(profile::MeasureName(distance.measure))] =
          Json{{"value", OrNull(distance.value)}, {"p_value", OrNull(distance.p_value)}};
    }
    for (const profile::Contributor& value : column.comparison.contributors) {
      entry["contributors"].push_back(
          Json{{"value", value.value}, {"share", value.share}, {"baseline_share", value.baseline_share}});
    }
    json["columns"].push_back(std::move(entry));
  }
  return json;
}

}  // namespace roost::cli
