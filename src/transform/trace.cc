#include "transform/trace.h"

#include <utility>

#include <fmt/format.h>

#include "absl/time/time.h"
#include "base/check.h"
#include "base/format.h"
#include "base/utf8.h"
#include "transform/row_entries.h"

namespace roost::transform {
namespace {

constexpr size_t kMostBytes = 200;

std::string Cut(std::string_view text) {
  return text.size() <= kMostBytes ? std::string(text) : std::string(CutUtf8(text, kMostBytes)) + "...";
}

std::string TextOf(std::monostate) { return "missing"; }
std::string TextOf(double number) { return FormatExact(number); }
std::string TextOf(std::string_view text) { return Cut(text); }

template <typename T>
std::string TextOf(std::span<const T> list) {
  std::string text = "[";
  for (const T& element : list) {
    if (text.size() > kMostBytes) break;
    text += (text.size() == 1 ? "" : ", ") + TextOf(element);
  }
  return Cut(text + "]");
}

std::string TextOf(int64_t micros) { return FormatUtc(absl::FromUnixMicros(micros)); }

std::string TextOf(const column::Value& value) {
  return std::visit([](const auto& one) { return TextOf(one); }, value);
}

std::string NumberText(double number) { return IsMissing(number) ? "missing" : FormatExact(number); }

// The steps of Prepare, one after the other: each alone, so that it is Prepare's own arithmetic that is shown.
void TraceSteps(const FittedFeature& feature, double number, TracedFeature& traced) {
  if (!TakesKind(feature.use, column::Kind::kNumber)) traced.steps.push_back({"number", NumberText(number)});
  const auto add = [&](std::string what, const NumberSteps& step) {
    const double after = Prepare(step, number);
    const bool is_same = after == number || (IsMissing(after) && IsMissing(number));
    if (!is_same) traced.steps.push_back({std::move(what), NumberText(after)});
    number = after;
  };
  const NumberSteps& steps = feature.steps;
  if (IsMissing(number)) add("imputed", {.imputed = steps.imputed});
  if (steps.clip_low) add("clipped from below", {.clip_low = steps.clip_low});
  if (steps.clip_high) add("clipped from above", {.clip_high = steps.clip_high});
  if (steps.log_floor) {
    add(fmt::format("ln(1 + value), at least {}", FormatExact(*steps.log_floor)), {.log_floor = steps.log_floor});
  }
  switch (feature.use) {
    case Operation::kMinMax:
      traced.steps.push_back({fmt::format("scaled from [{}, {}]", FormatExact(feature.min), FormatExact(feature.max)),
                              IsMissing(number) ? "missing" : FormatExact(ScaleToUnit(feature, number))});
      break;
    case Operation::kNumber:
    case Operation::kBucketize: break;
    default:
      traced.steps.push_back({fmt::format("less the mean, {}, by the standard deviation, {}", FormatExact(feature.mean),
                                          FormatExact(feature.standard_deviation)),
                              FormatExact(Standardize(feature, number))});
  }
}

void TraceTokens(const FittedFeature& feature, const column::Value& value, EntryScratch& scratch,
                 TracedFeature& traced) {
  const auto* text = std::get_if<std::string_view>(&value);
  if (text == nullptr) return;
  scratch.words.Take(*text, feature.lower);
  std::string words;
  for (size_t i = 0; i < scratch.words.size() && words.size() <= kMostBytes; ++i) {
    words += (i == 0 ? "" : " ") + std::string(scratch.words.Run(i, 1));
  }
  traced.steps.push_back({fmt::format("{} words", scratch.words.size()), Cut(words)});
}

struct TraceSink {
  const Transform* transform;
  int32_t first;
  TracedFeature* traced;

  void Add(int32_t slot, double value) {
    const int32_t index = first + slot;
    traced->entries.push_back({index, transform->FeatureName(index), value});
  }
};

}  // namespace

std::vector<TracedFeature> Transform::Trace(std::span<const column::Value> row) const {
  const Fitted& fitted = *fitted_;
  ROOST_CHECK(row.size() == fitted.inputs.size(), "got " << row.size() << " values, want " << inputs().size());
  RowScratch scratch;
  const RowValues values = SourceValues(fitted, row, scratch);
  std::vector<TracedFeature> all;
  for (const FittedFeature& feature : fitted.features) {
    TracedFeature traced{.operation = std::string(OperationName(feature.use))};
    for (size_t i = 0; i < feature.sources.size(); ++i) {
      const size_t source = feature.sources[i];
      const bool is_derived = source >= fitted.inputs.size();
      traced.inputs.push_back({feature.columns[i], TextOf(values[source]),
                               is_derived ? fitted.derived[source - fitted.inputs.size()].declared.expression : ""});
    }
    if (IsOfNumbers(feature.use)) TraceSteps(feature, RawNumber(feature, values), traced);
    if (feature.use == Operation::kTokens) {
      TraceTokens(feature, values[feature.sources.front()], scratch.entries, traced);
    }
    TraceSink sink{this, feature.first, &traced};
    AddEntries(feature, values, scratch.entries, sink);
    all.push_back(std::move(traced));
  }
  return all;
}

}  // namespace roost::transform
