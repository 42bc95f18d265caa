#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/format.h"
#include "base/status.h"
#include "schema/yaml.h"

namespace roost::schema {
namespace {

bool IsPlainCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// Words that YAML readers take for something else than a text.
bool IsReserved(std::string_view text) {
  constexpr std::array<std::string_view, 9> kReserved{"null", "true", "false", "yes", "no", "on", "off", "y", "n"};
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return std::find(kReserved.begin(), kReserved.end(), lower) != kReserved.end();
}

// The parts of one section, "{min: 0, severity: error}".
class Section {
 public:
  Section& Add(std::string_view key, std::string value) {
    parts_.push_back(fmt::format("{}: {}", key, value));
    return *this;
  }
  Section& Number(std::string_view key, const std::optional<double>& value) {
    return value.has_value() ? Add(key, FormatExact(*value)) : *this;
  }
  Section& Integer(std::string_view key, const std::optional<int64_t>& value) {
    return value.has_value() ? Add(key, std::to_string(*value)) : *this;
  }
  Section& Text(std::string_view key, const std::string& value) {
    return value.empty() ? *this : Add(key, YamlText(value));
  }
  Section& Texts(std::string_view key, const std::vector<std::string>& values) {
    return values.empty() ? *this : Add(key, Line(values));
  }
  Section& Share(std::string_view key, double value, double standard) {
    return value == standard ? *this : Add(key, FormatExact(value));
  }
  template <typename Rule>
  Section& Severity(const Rule& rule) {
    return Add("severity", std::string(SeverityName(rule.severity)));
  }
  template <typename Rule>
  Section& Trial(const Rule& rule) {
    Severity(rule);
    return Integer("confirmed", rule.confirmed);
  }

  static std::string Line(const std::vector<std::string>& values) {
    std::vector<std::string> texts;
    for (const std::string& value : values) texts.push_back(YamlText(value));
    return fmt::format("[{}]", fmt::join(texts, ", "));
  }

  std::string Text() const { return fmt::format("{{{}}}", fmt::join(parts_, ", ")); }

 private:
  std::vector<std::string> parts_;
};

class ColumnWriter {
 public:
  explicit ColumnWriter(const ColumnRules& column) : column_(column) {}

  std::vector<std::string> Lines() {
    Line("name", YamlText(column_.name));
    if (!column_.description.empty()) Line("description", YamlText(column_.description));
    Line("type", TypeName(column_.type));
    if (column_.presence != Presence::kRequired) Line("presence", PresenceName(column_.presence));
    if (column_.stage.has_value()) Line("stage", StageName(*column_.stage));
    if (!column_.in_environments.empty()) Line("in_environments", Section::Line(column_.in_environments));
    if (!column_.not_in_environments.empty()) Line("not_in_environments", Section::Line(column_.not_in_environments));
    if (column_.holds.has_value()) Line("holds", ContentName(*column_.holds));
    if (column_.categorical) Line("categorical", "true");
    AddPresence();
    AddNumbers();
    AddTexts();
    AddLists();
    AddWords();
    if (column_.images.has_value()) {
      Line("images", Section()
                         .Number("min_share", column_.images->min_share)
                         .Integer("max_bytes", column_.images->max_bytes)
                         .Severity(*column_.images));
    }
    AddComparisons();
    return std::move(lines_);
  }

 private:
  void Line(std::string_view key, std::string_view value) { lines_.push_back(fmt::format("{}: {}", key, value)); }
  void Line(std::string_view key, const Section& section) { Line(key, section.Text()); }

  void AddPresence() {
    if (column_.missing.has_value()) {
      Line("missing", Section().Number("max_share", column_.missing->max_share).Trial(*column_.missing));
    }
    if (column_.present.has_value()) {
      Line("present", Section().Integer("min_count", column_.present->min_count).Severity(*column_.present));
    }
    if (column_.nan != Policy::kAllow) Line("nan", PolicyName(column_.nan));
    if (column_.infinity != Policy::kAllow) Line("infinity", PolicyName(column_.infinity));
    if (column_.duplicates != Policy::kAllow) Line("duplicates", PolicyName(column_.duplicates));
  }

  void AddNumbers() {
    if (column_.range.has_value()) {
      Line("range",
           Section().Number("min", column_.range->min).Number("max", column_.range->max).Trial(*column_.range));
    }
    if (column_.values.has_value()) AddValues(*column_.values);
    if (column_.distinct.has_value()) {
      const DistinctRule& rule = *column_.distinct;
      Line("distinct", Section().Integer("min", rule.min).Integer("max", rule.max).Severity(rule));
    }
  }

  void AddValues(const ValuesRule& rule) {
    if (!rule.domain.empty()) {
      Line("values", Section().Text("domain", rule.domain).Share("min_share", rule.min_share, 1).Trial(rule));
      return;
    }
    lines_.emplace_back("values:");
    if (rule.min_share != 1) Line("  min_share", FormatExact(rule.min_share));
    Line("  severity", SeverityName(rule.severity));
    if (rule.confirmed.has_value()) Line("  confirmed", std::to_string(*rule.confirmed));
    lines_.emplace_back("  allowed:");
    for (const std::string& value : rule.allowed) lines_.push_back(fmt::format("    - {}", YamlText(value)));
  }

  void AddTexts() {
    if (column_.pattern.has_value()) {
      const PatternRule& rule = *column_.pattern;
      Line("pattern", Section()
                          .Text("regex", rule.regex)
                          .Texts("shapes", rule.shapes)
                          .Share("min_share", rule.min_share, 1)
                          .Trial(rule));
    }
    if (column_.bools.has_value()) {
      const BoolsRule& rule = *column_.bools;
      Line("bools", rule.true_text.empty() && rule.false_text.empty()
                        ? Section().Severity(rule)
                        : Section()
                              .Add("true_text", YamlText(rule.true_text))
                              .Add("false_text", YamlText(rule.false_text))
                              .Severity(rule));
    }
    if (column_.times.has_value()) {
      const TimesRule& rule = *column_.times;
      Line("times", Section().Texts("formats", rule.formats).Share("min_share", rule.min_share, 1).Trial(rule));
    }
    if (column_.order.has_value()) {
      const OrderRule& rule = *column_.order;
      Section section;
      section.Add("direction", std::string(DirectionName(rule.direction)));
      if (rule.strict) section.Add("strict", "true");
      Line("order", section.Number("max_gap", rule.max_gap).Trial(rule));
    }
  }

  void AddLists() {
    if (column_.lengths.has_value()) {
      const LengthsRule& rule = *column_.lengths;
      Line("lengths", Section().Integer("min", rule.min).Integer("max", rule.max).Trial(rule));
    }
    if (column_.nesting.has_value()) Line("nesting", std::to_string(*column_.nesting));
    if (column_.shape.has_value()) {
      Line("shape",
           Section().Add("dims", fmt::format("[{}]", fmt::join(column_.shape->dims, ", "))).Severity(*column_.shape));
    }
    if (column_.embedding.has_value()) {
      Line("embedding", Section().Integer("size", column_.embedding->size).Severity(*column_.embedding));
    }
  }

  void AddWords() {
    if (!column_.words.has_value()) return;
    const WordsRule& rule = *column_.words;
    Section section;
    section.Text("vocabulary", rule.vocabulary)
        .Number("min_coverage", rule.min_coverage)
        .Number("min_mean_length", rule.min_mean_length)
        .Integer("min_words", rule.min_words)
        .Integer("max_words", rule.max_words);
    if (!rule.tokens.empty()) {
      std::vector<std::string> tokens;
      for (const TokenRule& token : rule.tokens) {
        tokens.push_back(Section()
                             .Add("token", YamlText(token.token))
                             .Integer("min_in_row", token.min_in_row)
                             .Integer("max_in_row", token.max_in_row)
                             .Number("min_share", token.min_share)
                             .Number("max_share", token.max_share)
                             .Number("min_position", token.min_position)
                             .Number("max_position", token.max_position)
                             .Text());
      }
      section.Add("tokens", fmt::format("[{}]", fmt::join(tokens, ", ")));
    }
    Line("words", section.Severity(rule));
  }

  void AddComparisons() {
    if (!column_.bands.empty()) lines_.emplace_back("bands:");
    for (const Band& band : column_.bands) {
      lines_.push_back("  - " + Section()
                                    .Add("of", std::string(StatisticName(band.of)))
                                    .Number("min", band.min)
                                    .Number("max", band.max)
                                    .Number("error_below", band.error_below)
                                    .Number("error_above", band.error_above)
                                    .Severity(band)
                                    .Text());
    }
    AddDistances("drift", column_.drift);
    AddDistances("skew", column_.skew);
    if (column_.derived.has_value()) {
      Line("derived", Section().Texts("from", column_.derived->from).Text("expression", column_.derived->expression));
    }
  }

  void AddDistances(std::string_view key, const std::optional<DistanceRule>& rule) {
    if (!rule.has_value()) return;
    Section section;
    for (const DistanceLimit& limit : rule->limits) section.Number(profile::MeasureName(limit.measure), limit.max);
    if (rule->deciles) section.Add("deciles", "true");
    Line(key, section.Severity(*rule));
  }

  const ColumnRules& column_;
  std::vector<std::string> lines_;
};

void AddRows(std::string_view key, const std::optional<RowsRule>& rule, std::vector<std::string>& lines) {
  if (!rule.has_value()) return;
  lines.push_back(
      fmt::format("{}: {}", key, Section().Number("min", rule->min).Number("max", rule->max).Severity(*rule).Text()));
}

template <typename Elements, typename Write>
std::string ListText(std::string_view key, const Elements& elements, const Write& write) {
  if (elements.empty()) return "";
  std::string text = fmt::format("\n{}:\n", key);
  for (const auto& element : elements) text += fmt::format("  - {}\n", write(element).Text());
  return text;
}

std::string DomainsText(const std::vector<Domain>& domains) {
  std::string text;
  if (!domains.empty()) text += "\ndomains:\n";
  for (const Domain& domain : domains) {
    text += fmt::format("  - name: {}\n    values:\n", YamlText(domain.name));
    for (const std::string& value : domain.values) text += fmt::format("      - {}\n", YamlText(value));
  }
  return text;
}

}  // namespace

std::string YamlText(std::string_view text) {
  const auto plain = [](char c) { return IsPlainCharacter(c) || c == ' ' || c == '.' || c == '-' || c == '/'; };
  const bool numeric = !text.empty() && text[0] >= '0' && text[0] <= '9';
  if (!text.empty() && !numeric && IsPlainCharacter(text.front()) && text.back() != ' ' && !IsReserved(text) &&
      std::all_of(text.begin(), text.end(), plain)) {
    return std::string(text);
  }
  std::string quoted = "\"";
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += {'\\', c};
    } else if (code < 0x20 || code == 0x7f) {
      quoted += fmt::format("\\x{:02x}", code);
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

std::vector<std::string> ColumnLines(const ColumnRules& column) { return ColumnWriter(column).Lines(); }

std::vector<std::string> DatasetLines(const DatasetRules& rules) {
  std::vector<std::string> lines;
  AddRows("rows", rules.rows, lines);
  AddRows("rows_to_previous_span", rules.rows_to_previous_span, lines);
  AddRows("rows_to_previous_version", rules.rows_to_previous_version, lines);
  if (rules.duplicate_rows.has_value()) {
    const MissingRule& rule = *rules.duplicate_rows;
    lines.push_back(
        fmt::format("duplicate_rows: {}", Section().Number("max_share", rule.max_share).Trial(rule).Text()));
  }
  if (!rules.keys.empty()) lines.emplace_back("keys:");
  for (const Key& key : rules.keys) {
    lines.push_back("  - " + Section().Texts("columns", key.columns).Severity(key).Text());
  }
  if (!rules.foreign_keys.empty()) lines.emplace_back("foreign_keys:");
  for (const ForeignKey& key : rules.foreign_keys) {
    lines.push_back("  - " + Section()
                                 .Texts("columns", key.columns)
                                 .Add("dataset", YamlText(key.dataset))
                                 .Texts("references", key.references)
                                 .Severity(key)
                                 .Text());
  }
  if (rules.false_alarms != DatasetRules().false_alarms) {
    lines.push_back(fmt::format("false_alarms: {}", FormatExact(rules.false_alarms)));
  }
  return lines;
}

std::string ToYaml(const Schema& schema) {
  std::string text = "# What the data must look like: checked by 'roost validate', yours to edit and to review.\n";
  text += fmt::format("version: 1\nnew_columns: {}\n", PolicyName(schema.new_columns));
  if (schema.confirmed_version.has_value()) text += fmt::format("confirmed_version: {}\n", *schema.confirmed_version);
  if (!schema.default_environments.empty()) {
    text += fmt::format("default_environments: {}\n", Section::Line(schema.default_environments));
  }
  const std::vector<std::string> dataset = DatasetLines(schema.dataset);
  if (!dataset.empty()) text += "\ndataset:\n";
  for (const std::string& line : dataset) text += fmt::format("  {}\n", line);
  text += DomainsText(schema.domains);
  text += "\ncolumns:\n";
  for (const ColumnRules& column : schema.columns) {
    std::string_view lead = &column == schema.columns.data() ? "  - " : "\n  - ";
    for (const std::string& line : ColumnLines(column)) {
      text += fmt::format("{}{}\n", std::exchange(lead, "    "), line);
    }
  }
  text += ListText("sparse_features", schema.sparse_features, [](const SparseFeature& feature) {
    return Section()
        .Add("name", YamlText(feature.name))
        .Texts("index_columns", feature.index_columns)
        .Add("value_column", YamlText(feature.value_column))
        .Severity(feature);
  });
  text += ListText("weighted_features", schema.weighted_features, [](const WeightedFeature& feature) {
    return Section()
        .Add("name", YamlText(feature.name))
        .Add("column", YamlText(feature.column))
        .Add("weight_column", YamlText(feature.weight_column))
        .Severity(feature);
  });
  text += ListText("rules", schema.rules, [](const CustomRule& rule) {
    Section section;
    section.Add("name", YamlText(rule.name)).Add("check", YamlText(rule.check));
    if (rule.scope != Scope::kRow) section.Add("scope", std::string(ScopeName(rule.scope)));
    return section.Share("max_share", rule.max_share, 0).Severity(rule);
  });
  return text;
}

absl::StatusOr<std::string> ToReadableYaml(const Schema& schema) {
  std::string text = ToYaml(schema);
  const absl::StatusOr<Schema> read = FromYaml(text, "schema");
  if (!read.ok()) return Annotate(read.status(), "the schema could not be read again, and is not written");
  if (*read == schema) return text;
  return absl::InternalError("the schema would not read back as it is, and is not written");
}

}  // namespace roost::schema
