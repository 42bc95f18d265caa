#include "api/explain.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "api/json_row.h"
#include "api/models.h"
#include "base/json.h"
#include "base/status.h"

namespace roost::api {

absl::StatusOr<RowExplanation> ExplainRow(Project& project, const std::string& model, const std::string& row,
                                          const Context& context) {
  TRY(context.CheckCancelled());
  TRY_ASSIGN(const LoadedModel loaded, LoadModel(project, model));
  TRY_ASSIGN(const Json json, ParseJson(row, "--row"));
  TRY_ASSIGN(const JsonRow values, JsonRow::Make(json, loaded.model.inputs()));
  TRY_ASSIGN(predict::Explanation explanation, predict::Explain(loaded.model, values.values()));
  return RowExplanation{loaded.version, std::move(explanation)};
}

}  // namespace roost::api
