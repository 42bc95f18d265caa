#include <nlohmann/json.hpp>

#include "base/json_members.h"
#include "judge/gate.h"

namespace roost::judge {
namespace {

Json ToJson(const Finding& finding) {
  return {{"metric", finding.rule.metric},
          {"intent", std::string(IntentName(finding.rule.intent))},
          {"bound", finding.rule.bound},
          {"proven", finding.rule.needs_proof()},
          {"slice", finding.slice},
          {"rows", finding.rows},
          {"outcome", std::string(OutcomeName(finding.outcome))},
          {"value", OrNull(finding.value)},
          {"champion", OrNull(finding.champion)},
          {"excess", OrNull(finding.excess)},
          {"standard_error", OrNull(finding.standard_error)},
          {"error_share", finding.error_share},
          {"text", finding.ToText()}};
}

}  // namespace

Json Verdict::ToJson() const {
  Json list = Json::array();
  for (const Finding& finding : findings) list.push_back(judge::ToJson(finding));
  return {{"verdict", blessed ? "blessed" : "refused"},
          {"has_champion", has_champion},
          {"confidence", confidence},
          {"findings", std::move(list)}};
}

}  // namespace roost::judge
