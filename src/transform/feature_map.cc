#include "transform/feature_map.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "base/hash.h"
#include "transform/fitted.h"

namespace roost::transform {
namespace {

// What each column of a transform means: its name, and of derived ones the expressions down to the data.
absl::flat_hash_map<std::string, std::string> MeaningsOf(const Transform::Fitted& fitted) {
  absl::flat_hash_map<std::string, std::string> meanings;
  for (const FittedDerived& derived : fitted.derived) {
    std::string text = derived.declared.expression;
    for (const expr::Column& column : derived.expression->columns()) {
      const auto inner = meanings.find(column.name);
      text += fmt::format("\n{} {}", column.name, inner == meanings.end() ? "" : inner->second);
    }
    meanings[derived.declared.name] = fmt::format("{:016x}{:016x}", Hash64(text), Hash64(text, 1));
  }
  return meanings;
}

// Two declared features of the same key are the same one.
std::string KeyOf(const FittedFeature& feature, const absl::flat_hash_map<std::string, std::string>& meanings) {
  std::string key = fmt::format("{} {} {}", OperationName(feature.use),
                                feature.use == Operation::kCyclic ? PeriodName(feature.period) : "", feature.since);
  for (const std::string& column : feature.columns) {
    const auto derived = meanings.find(column);
    key += fmt::format("\n{} {}", column, derived == meanings.end() ? "" : derived->second);
  }
  return key;
}

bool IsVocabulary(Operation use) {
  return use == Operation::kOneHot || use == Operation::kCross || use == Operation::kMultiHot ||
         use == Operation::kTokens || use == Operation::kHash;
}

// A feature's value is (x - offset) / unit of the prepared number x. Empty where the value says nothing of x.
struct Scale {
  double offset = 0;
  double unit = 1;
};

std::optional<Scale> ScaleOf(const FittedFeature& feature) {
  if (feature.use == Operation::kNumber) return Scale();
  if (feature.use == Operation::kMinMax) return Scale{feature.min, feature.max - feature.min};
  if (feature.standard_deviation == 0) return std::nullopt;
  return Scale{feature.mean, feature.standard_deviation};
}

class Mapper {
 public:
  Mapper(const Transform::Fitted& from, const Transform::Fitted& to, NewWords new_words)
      : from_(from), to_(to), new_words_(new_words) {}

  FeatureMap Map() && {
    const auto from_meanings = MeaningsOf(from_);
    const auto to_meanings = MeaningsOf(to_);
    absl::flat_hash_map<std::string, const FittedFeature*> olds;
    for (const FittedFeature& feature : from_.features) olds.emplace(KeyOf(feature, from_meanings), &feature);
    map_.num_from = from_.num_features;
    map_.num_to = to_.num_features;
    terms_.resize(static_cast<size_t>(to_.num_features));
    approximate_.resize(terms_.size());
    for (const FittedFeature& feature : to_.features) {
      const auto old = olds.find(KeyOf(feature, to_meanings));
      if (old != olds.end()) MapFeature(*old->second, feature);
    }
    return Finished();
  }

 private:
  void Add(const FittedFeature& old, int32_t old_slot, const FittedFeature& now, int32_t slot, double factor = 1) {
    terms_[static_cast<size_t>(now.first + slot)].push_back({old.first + old_slot, factor});
  }

  void MarkApproximate(const FittedFeature& now) {
    for (int32_t slot = 0; slot < now.num_operation_slots(); ++slot) {
      approximate_[static_cast<size_t>(now.first + slot)] = true;
    }
  }

  // Slot by slot; for features whose slots mean the same.
  void MapSlots(const FittedFeature& old, const FittedFeature& now, int32_t slots) {
    for (int32_t slot = 0; slot < slots; ++slot) Add(old, slot, now, slot);
  }

  void MapFeature(const FittedFeature& old, const FittedFeature& now) {
    const int32_t last = now.num_operation_slots();
    if (IsVocabulary(now.use)) {
      MapWords(old, now);
      if (HasMissingSlot(now.use)) Add(old, old.num_operation_slots() - 1, now, last - 1);
    } else if (now.use == Operation::kBucketize) {
      MapBuckets(old, now);
      Add(old, old.num_operation_slots() - 1, now, last - 1);
    } else if (IsOfNumbers(now.use)) {
      MapNumber(old, now);
    } else if (now.use != Operation::kOrdinal || std::ranges::equal(old.vocabulary.words(), now.vocabulary.words())) {
      MapSlots(old, now, last);
    }
    if (old.indicator && now.indicator) Add(old, old.num_operation_slots(), now, last);
  }

  void MapWords(const FittedFeature& old, const FittedFeature& now) {
    if (old.hash_buckets > 0 || now.hash_buckets > 0) {
      if (old.hash_buckets == now.hash_buckets) MapSlots(old, now, now.hash_buckets);
    } else {
      MapVocabulary(old, now);
      if (old.vocabulary.unknown_buckets() == now.vocabulary.unknown_buckets()) {
        for (int32_t bucket = 0; bucket < now.vocabulary.unknown_buckets(); ++bucket) {
          Add(old, old.vocabulary.size() + bucket, now, now.vocabulary.size() + bucket);
        }
      }
    }
    if (now.use != Operation::kTokens) return;
    const bool same_rows = old.rows == now.rows && old.word_weights == now.word_weights;
    const bool lengths_differ =
        now.unit_length && (!std::ranges::equal(old.vocabulary.words(), now.vocabulary.words()) ||
                            (now.weight == TokenWeight::kTfIdf && !same_rows));
    if (old.weight != now.weight || old.lower != now.lower || old.unit_length != now.unit_length || lengths_differ) {
      MarkApproximate(now);
    }
  }

  void MapVocabulary(const FittedFeature& old, const FittedFeature& now) {
    absl::flat_hash_map<std::string_view, int32_t> slots;
    const auto old_words = old.vocabulary.words();
    for (int32_t slot = 0; slot < old.vocabulary.size(); ++slot) slots[old_words[static_cast<size_t>(slot)]] = slot;
    const bool by_rarity = old.weight == TokenWeight::kTfIdf && now.weight == TokenWeight::kTfIdf;
    for (int32_t slot = 0; slot < now.vocabulary.size(); ++slot) {
      const auto known = slots.find(now.vocabulary.words()[static_cast<size_t>(slot)]);
      if (known != slots.end()) {
        const double factor =
            now.use == Operation::kTokens && by_rarity
                ? old.word_weights[static_cast<size_t>(known->second)] / now.word_weights[static_cast<size_t>(slot)]
                : 1;
        Add(old, known->second, now, slot, factor);
      } else if (new_words_ == NewWords::kFieldMean && old.vocabulary.size() > 0) {
        map_.new_words.push_back({.to = now.first + slot, .first = old.first, .count = old.vocabulary.size()});
      }
    }
  }

  void MapBuckets(const FittedFeature& old, const FittedFeature& now) {
    if (old.steps.log_floor.has_value() != now.steps.log_floor.has_value()) return;
    const auto buckets = static_cast<int32_t>(now.borders.size()) + 1;
    if (old.borders == now.borders) {
      MapSlots(old, now, buckets);
      if (!SameSteps(old.steps, now.steps)) MarkApproximate(now);
      return;
    }
    for (int32_t bucket = 0; bucket < buckets; ++bucket) {
      const double middle = MiddleOf(now.borders, static_cast<size_t>(bucket));
      const auto above = std::upper_bound(old.borders.begin(), old.borders.end(), middle);
      Add(old, static_cast<int32_t>(above - old.borders.begin()), now, bucket);
    }
    MarkApproximate(now);
    approximate_[static_cast<size_t>(now.first + buckets)] = false;  // missing values
  }

  // The outer buckets are taken to be as wide as their neighbours.
  static double MiddleOf(const std::vector<double>& borders, size_t bucket) {
    const size_t last = borders.size();
    if (bucket > 0 && bucket < last) return borders[bucket - 1] / 2 + borders[bucket] / 2;
    const double border = bucket == 0 ? borders.front() : borders.back();
    const double half = last < 2 ? 0 : bucket == 0 ? (borders[1] - border) / 2 : (border - borders[last - 2]) / 2;
    return bucket == 0 ? std::nextafter(border, -INFINITY) - half : border + half;
  }

  // The floor of a logarithm is not looked at: only values below all that were seen meet it.
  static bool SameSteps(const NumberSteps& a, const NumberSteps& b) {
    return a.imputed == b.imputed && a.clip_low == b.clip_low && a.clip_high == b.clip_high;
  }

  // v_to = a * v_from + b, so that w * v_from^k is a sum over powers of v_to, by the binomial theorem:
  // v_from^k = ((v_to - b) / a)^k = sum over j of C(k, j) * v_to^j * (-b)^(k - j) / a^k.
  void MapNumber(const FittedFeature& old, const FittedFeature& now) {
    const std::optional<Scale> scale = ScaleOf(old);
    const std::optional<Scale> new_scale = ScaleOf(now);
    if (!scale || !new_scale || old.steps.log_floor.has_value() != now.steps.log_floor.has_value()) return;
    const double a = scale->unit / new_scale->unit;
    const double b = (scale->offset - new_scale->offset) / new_scale->unit;
    const int32_t old_degree = old.use == Operation::kPolynomial ? old.degree : 1;
    const int32_t degree = now.use == Operation::kPolynomial ? now.degree : 1;
    if (!std::isfinite(b) || !std::isnormal(std::pow(a, old_degree))) return;
    for (int32_t k = 1; k <= old_degree; ++k) {
      double choose = 1;  // C(k, j)
      for (int32_t j = 0; j <= k; ++j) {
        const double factor = choose * std::pow(-b, k - j) / std::pow(a, k);
        if (j == 0 && factor != 0) map_.intercept.push_back({old.first + k - 1, factor});
        if (j > 0 && j <= degree && factor != 0) Add(old, k - 1, now, j - 1, factor);
        choose = choose * (k - j) / (j + 1);
      }
    }
    if (!SameSteps(old.steps, now.steps) || old_degree > degree) MarkApproximate(now);
  }

  FeatureMap Finished() {
    std::vector<bool> used(static_cast<size_t>(map_.num_from), false);
    map_.starts.push_back(0);
    for (size_t feature = 0; feature < terms_.size(); ++feature) {
      for (const WeightTerm& term : terms_[feature]) used[static_cast<size_t>(term.from)] = true;
      map_.terms.insert(map_.terms.end(), terms_[feature].begin(), terms_[feature].end());
      map_.starts.push_back(static_cast<int32_t>(map_.terms.size()));
      terms_[feature].empty() ? ++map_.new_features : ++map_.mapped;
      if (!terms_[feature].empty() && approximate_[feature]) ++map_.approximate;
    }
    map_.dropped = std::count(used.begin(), used.end(), false);
    return std::move(map_);
  }

  const Transform::Fitted& from_;
  const Transform::Fitted& to_;
  NewWords new_words_;
  std::vector<std::vector<WeightTerm>> terms_;
  std::vector<bool> approximate_;
  FeatureMap map_;
};

// One class over the new features.
void ApplyToClass(const FeatureMap& map, std::span<const double> old, std::span<double> weights, double& intercept) {
  for (int32_t feature = 0; feature < map.num_to; ++feature) {
    for (const WeightTerm& term : map.TermsOf(feature)) {
      weights[static_cast<size_t>(feature)] += term.factor * old[static_cast<size_t>(term.from)];
    }
  }
  for (const WeightTerm& term : map.intercept) intercept += term.factor * old[static_cast<size_t>(term.from)];
  int32_t first = -1;
  double mean = 0;
  for (const FeatureMap::NewWord& word : map.new_words) {  // those of one field stand together
    if (word.first != first) {
      first = word.first;
      mean = 0;
      for (const double weight : old.subspan(static_cast<size_t>(first), static_cast<size_t>(word.count))) {
        mean += weight / word.count;
      }
    }
    weights[static_cast<size_t>(word.to)] = mean;
  }
}

}  // namespace

FeatureMap MapFeatures(const Transform& from, const Transform& to, NewWords new_words) {
  return Mapper(from.fitted(), to.fitted(), new_words).Map();
}

std::vector<int32_t> MapClasses(std::span<const std::string> from, std::span<const std::string> to) {
  std::vector<int32_t> classes;
  for (const std::string& name : to) {
    const auto found = std::find(from.begin(), from.end(), name);
    classes.push_back(found == from.end() ? -1 : static_cast<int32_t>(found - from.begin()));
  }
  return classes;
}

absl::StatusOr<WarmStart> ApplyMap(const FeatureMap& map, std::span<const double> weights,
                                   std::span<const double> intercepts, std::span<const int32_t> classes) {
  const auto num_from = static_cast<size_t>(map.num_from);
  const auto num_to = static_cast<size_t>(map.num_to);
  if (intercepts.empty() || weights.size() != intercepts.size() * num_from) {
    return absl::InvalidArgumentError(
        fmt::format("a warm start from {} weights and {} intercepts: {} weights an intercept are needed",
                    weights.size(), intercepts.size(), num_from));
  }
  std::vector<int32_t> olds(classes.begin(), classes.end());
  for (size_t i = 0; classes.empty() && i < intercepts.size(); ++i) olds.push_back(static_cast<int32_t>(i));
  WarmStart start{
      .mapped = map.mapped, .approximate = map.approximate, .new_features = map.new_features, .dropped = map.dropped};
  start.weights.assign(olds.size() * num_to, 0.0);
  start.intercepts.assign(olds.size(), 0.0);
  for (size_t i = 0; i < olds.size(); ++i) {
    if (olds[i] >= static_cast<int64_t>(intercepts.size())) {
      return absl::InvalidArgumentError(
          fmt::format("a warm start from class {} of {} classes", olds[i], intercepts.size()));
    }
    if (olds[i] < 0) {
      ++start.new_classes;
      continue;
    }
    const auto old = static_cast<size_t>(olds[i]);
    start.intercepts[i] = intercepts[old];
    ApplyToClass(map, weights.subspan(old * num_from, num_from), std::span(start.weights).subspan(i * num_to, num_to),
                 start.intercepts[i]);
  }
  return start;
}

}  // namespace roost::transform
