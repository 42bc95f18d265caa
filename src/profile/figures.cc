#include "profile/figures.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace roost::profile {
namespace {

using Value = std::optional<double>;

// `part` of `whole` rows; nothing of nothing.
Value Share(int64_t part, int64_t whole) {
  return whole > 0 ? Value(static_cast<double>(part) / static_cast<double>(whole)) : std::nullopt;
}

// What `get` makes of `part`, where there is one.
template <typename Part, typename Get>
Value Of(const std::optional<Part>& part, const Get& get) {
  return part.has_value() ? Value(get(*part)) : std::nullopt;
}

class Collector {
 public:
  explicit Collector(std::vector<Figure>& figures) : figures_(figures) {}

  void AddColumn(const ColumnSummary& column) {
    prefix_ = column.name;
    const int64_t present = column.rows - column.missing;
    Count("rows", column.rows);
    Count("missing", column.missing);
    Add("missing_share", Share(column.missing, column.rows));
    Count("present", present);
    Add("distinct", column.distinct);
    Add("distinct_share", present > 0 ? Value(column.distinct / static_cast<double>(present)) : std::nullopt);
    AddNumber(column.number, present);
    AddText(column, present);
    AddWeighted(column.weighted);
  }

 private:
  void Add(std::string_view name, Value value) { figures_.push_back({fmt::format("{}.{}", prefix_, name), value}); }
  void Count(std::string_view name, int64_t count) { Add(name, static_cast<double>(count)); }

  // A count, and its share of `present`.
  template <typename Get>
  void AddCounts(const std::optional<NumberSummary>& number, int64_t present, std::string_view count_name,
                 std::string_view share_name, const Get& get) {
    Add(count_name, Of(number, [&](const NumberSummary& n) { return static_cast<double>(get(n)); }));
    Add(share_name, number.has_value() ? Share(get(*number), present) : std::nullopt);
  }

  void AddNumber(const std::optional<NumberSummary>& number, int64_t present) {
    Add("finite", Of(number, [](const NumberSummary& n) { return static_cast<double>(n.finite); }));
    AddCounts(number, present, "zeros", "zero_share", [](const NumberSummary& n) { return n.zeros; });
    AddCounts(number, present, "negative", "negative_share", [](const NumberSummary& n) { return n.negative; });
    AddCounts(number, present, "nan", "nan_share", [](const NumberSummary& n) { return n.nan; });
    AddCounts(number, present, "infinite", "infinite_share",
              [](const NumberSummary& n) { return n.positive_infinity + n.negative_infinity; });
    const NumberSummary none;
    const NumberSummary& values = number.has_value() ? *number : none;
    Add("min", values.min);
    Add("max", values.max);
    Add("mean", values.mean);
    Add("standard_deviation", values.standard_deviation);
    Add("skewness", values.skewness);
    Add("kurtosis", values.kurtosis);
    for (size_t q = 1; q < 100; ++q) {
      Add(fmt::format("p{}", q), values.percentiles.size() == 101 ? Value(values.percentiles[q]) : std::nullopt);
    }
    const auto order = [&](std::string_view name, const auto& get) { Add(name, Of(values.order, get)); };
    order("rises", [](const OrderSummary& o) { return static_cast<double>(o.rises); });
    order("falls", [](const OrderSummary& o) { return static_cast<double>(o.falls); });
    order("repeats", [](const OrderSummary& o) { return static_cast<double>(o.repeats); });
    order("greatest_gap", [](const OrderSummary& o) { return o.greatest_gap; });
  }

  // Texts and lists share the names of what they share: how many are empty, how long they are.
  void AddText(const ColumnSummary& column, int64_t present) {
    const std::optional<TextSummary>& text = column.text;
    const std::optional<ListSummary>& list = column.list;
    const auto either = [&](std::string_view name, const auto& get) {
      Add(name, list.has_value() ? Value(static_cast<double>(get(*list)))
                                 : Of(text, [&get](const TextSummary& t) { return static_cast<double>(get(t)); }));
    };
    either("empty", [](const auto& part) { return part.empty; });
    const std::optional<int64_t> empty = list.has_value()   ? std::optional<int64_t>(list->empty)
                                         : text.has_value() ? std::optional<int64_t>(text->empty)
                                                            : std::nullopt;
    Add("empty_share", empty.has_value() ? Share(*empty, present) : std::nullopt);
    either("min_length", [](const auto& part) { return part.min_length; });
    either("max_length", [](const auto& part) { return part.max_length; });
    either("mean_length", [](const auto& part) { return part.mean_length; });
    Add("values", Of(list, [](const ListSummary& l) { return static_cast<double>(l.total); }));
    const TextSummary none;
    const TextSummary& values = text.has_value() ? *text : none;
    Add("invalid_utf8", Of(text, [](const TextSummary& t) { return static_cast<double>(t.invalid_utf8); }));
    Add("entropy", values.entropy);
    const bool has_top = !values.top.empty();
    Add("top_count", has_top ? Value(static_cast<double>(values.top[0].count)) : std::nullopt);
    Add("top_share", has_top ? Share(values.top[0].count, present) : std::nullopt);
    Add("top_pattern_share", values.patterns.empty() ? std::nullopt : Value(values.patterns[0].share));
    AddKinds(values.kinds);
    AddTokens(values.tokens);
    AddImages(values.images, present);
  }

  void AddKinds(const std::optional<TextKinds>& kinds) {
    Add("integer_share", Of(kinds, [](const TextKinds& k) { return k.integer; }));
    Add("number_share", Of(kinds, [](const TextKinds& k) { return k.number; }));
    Add("boolean_share", Of(kinds, [](const TextKinds& k) { return k.boolean; }));
    Add("time_share", Of(kinds, [](const TextKinds& k) { return k.time; }));
    Add("words_share", Of(kinds, [](const TextKinds& k) { return k.words; }));
  }

  void AddTokens(const std::optional<TokenSummary>& tokens) {
    Add("tokens", Of(tokens, [](const TokenSummary& t) { return static_cast<double>(t.tokens); }));
    Add("mean_token_length", Of(tokens, [](const TokenSummary& t) { return t.mean_token_length; }));
    Add("min_tokens", Of(tokens, [](const TokenSummary& t) { return static_cast<double>(t.min_tokens); }));
    Add("max_tokens", Of(tokens, [](const TokenSummary& t) { return static_cast<double>(t.max_tokens); }));
    Add("vocabulary_coverage", tokens.has_value() ? tokens->coverage : std::nullopt);
  }

  void AddImages(const std::optional<ImageSummary>& images, int64_t present) {
    Add("images", Of(images, [](const ImageSummary& i) { return static_cast<double>(i.images); }));
    Add("image_share", images.has_value() ? Share(images->images, present) : std::nullopt);
    Add("max_width", Of(images, [](const ImageSummary& i) { return static_cast<double>(i.max_width); }));
    Add("max_height", Of(images, [](const ImageSummary& i) { return static_cast<double>(i.max_height); }));
  }

  void AddWeighted(const std::optional<WeightedSummary>& weighted) {
    Value missing;
    if (weighted.has_value() && weighted->present + weighted->missing > 0) {
      missing = weighted->missing / (weighted->present + weighted->missing);
    }
    Add("weighted_missing_share", missing);
    Add("weighted_mean", weighted.has_value() ? weighted->mean : std::nullopt);
    Add("weighted_standard_deviation", weighted.has_value() ? weighted->standard_deviation : std::nullopt);
  }

  std::vector<Figure>& figures_;
  std::string_view prefix_;
};

void AddColumns(const std::vector<ColumnSummary>& columns, std::vector<Figure>& figures) {
  for (const ColumnSummary& column : columns) {
    Collector(figures).AddColumn(column);
    AddColumns(column.children, figures);
  }
}

std::vector<Figure> OfTheWhole(const ProfileSummary& summary) {
  return {{"rows", static_cast<double>(summary.rows)},
          {"columns", static_cast<double>(summary.columns.size())},
          {"weight", summary.weight},
          {"duplicate_share", summary.duplicate_share}};
}

}  // namespace

std::vector<Figure> FiguresOf(const ProfileSummary& summary) {
  std::vector<Figure> figures = OfTheWhole(summary);
  AddColumns(summary.columns, figures);
  return figures;
}

std::vector<Figure> FiguresOf(const ProfileSummary& summary, std::span<const std::string> names) {
  std::vector<Figure> found;
  for (const std::string& name : names) {
    // No figure's own name has a dot.
    const size_t dot = name.rfind('.');
    std::vector<Figure> figures;
    if (dot == std::string::npos) {
      figures = OfTheWhole(summary);
    } else if (const ColumnSummary* column = summary.Find(name.substr(0, dot))) {
      Collector(figures).AddColumn(*column);
    }
    const auto figure = std::find_if(figures.begin(), figures.end(),
                                     [&name](const Figure& candidate) { return candidate.name == name; });
    if (figure != figures.end()) found.push_back(std::move(*figure));
  }
  return found;
}

}  // namespace roost::profile
