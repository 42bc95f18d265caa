#include "evaluate/metric_tables.h"

namespace roost::evaluate {
namespace {

using namespace ranking_sums;
using Sums = std::span<const double>;
using Value = std::optional<double>;

constexpr TermSet kAll = ~TermSet{0};

template <Total kSum>
Value Mean(Sums sums) {
  return Ratio(sums[kSum], sums[kWeights]);
}

constexpr NamedMetric Of(std::string_view name, Value (*of_sums)(Sums), std::string_view meaning,
                         Better better = Better::kHigher) {
  return {.name = name, .better = better, .meaning = meaning, .of_sums = of_sums, .needs = kAll};
}

constexpr NamedMetric kMetrics[] = {
    Of("ndcg@10", Mean<kNdcg10>, "normalized discounted cumulative gain of the first 10 rows"),
    Of("ndcg@5", Mean<kNdcg5>, "normalized discounted cumulative gain of the first 5 rows"),
    Of("ndcg", Mean<kNdcg>, "normalized discounted cumulative gain of all rows"),
    Of("mrr", Mean<kReciprocalRanks>, "the mean of 1 / place of the first relevant row"),
    Of("map", Mean<kAveragePrecisions>, "the mean over the groups of the precision at the places of relevant rows"),
    Of("hit@1", Mean<kHit1>, "the share of groups whose first row is relevant"),
    Of("hit@3", Mean<kHit3>, "the share of groups with a relevant row among the first 3"),
    Of("hit@5", Mean<kHit5>, "the share of groups with a relevant row among the first 5"),
    Of("hit@10", Mean<kHit10>, "the share of groups with a relevant row among the first 10"),
    Of("precision@5", Mean<kPrecision5>, "the share of relevant rows among the first 5 places"),
    Of("precision@10", Mean<kPrecision10>, "the share of relevant rows among the first 10 places"),
    Of("recall@5", Mean<kRecall5>, "the share of the relevant rows that are among the first 5"),
    Of("recall@10", Mean<kRecall10>, "the share of the relevant rows that are among the first 10"),
    Of("first_place", Mean<kFirstPlaces>, "the mean place of the first relevant row, from 1 on", Better::kLower),
    Of("value", Mean<kValues>, "the mean value of a group: of its relevant rows at their places"),
    Of(
        "weight", [](Sums sums) -> Value { return sums[kWeights]; },
        "the sum of the weights of groups with a relevant row: their number, where rows have none", Better::kNeither),
};

}  // namespace

std::span<const NamedMetric> RankingMetrics() { return kMetrics; }

}  // namespace roost::evaluate
