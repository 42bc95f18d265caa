#include "evaluate/ranking.h"

#include "base/status.h"
#include "evaluate/ranked_group.h"

namespace roost::evaluate {
namespace {

struct GroupSums {
  Sum weight;
  Sum ndcg_5, ndcg_10, ndcg, mrr;

  void Add(std::span<const RankedRow> rows, std::span<const RankedRow> best, double group_weight,
           const Discounts& discounts) {
    const auto share = [&](size_t cutoff) { return Gain(rows, cutoff, discounts) / Gain(best, cutoff, discounts); };
    weight.Add(group_weight);
    ndcg_5.Add(group_weight * share(5));
    ndcg_10.Add(group_weight * share(10));
    ndcg.Add(group_weight * share(rows.size()));
    mrr.Add(group_weight * ReciprocalRank(rows));
  }

  RankingFigures Means() const {
    const double total = weight.value();
    return {ndcg_5.value() / total, ndcg_10.value() / total, ndcg.value() / total, mrr.value() / total};
  }
};

}  // namespace

absl::StatusOr<RankingEvaluation> EvaluateRanking(const ScoredRows& rows) {
  TRY_ASSIGN(const std::vector<RankedRow> sorted, SortedRankedRows(rows));
  const Discounts discounts(LargestGroup(sorted));
  RankingEvaluation evaluation;
  GroupSums model;
  GroupSums dummy;
  for (size_t first = 0; first < sorted.size();) {
    size_t end = first;
    while (end < sorted.size() && sorted[end].group == sorted[first].group) ++end;
    const std::span<const RankedRow> group = std::span(sorted).subspan(first, end - first);
    first = end;
    const double weight = MeanWeight(group);
    evaluation.rows += static_cast<int64_t>(group.size());
    ++evaluation.groups;
    const std::vector<RankedRow> best = BestOrder(group);
    if (best.front().target == 0) {
      ++evaluation.groups_without_relevant;
      continue;
    }
    model.Add(group, best, weight, discounts);
    dummy.Add(AnyOrder(group), best, weight, discounts);
  }
  if (evaluation.groups == evaluation.groups_without_relevant) {
    return WithHint(absl::InvalidArgumentError("no group has a row with a target above 0: no order is the better one"),
                    "Check the target of the ranking; the greater it is, the better the row.");
  }
  if (!rows.weights.empty()) evaluation.total_weight = model.weight.value();
  evaluation.model = model.Means();
  evaluation.dummy = dummy.Means();
  return evaluation;
}

}  // namespace roost::evaluate
