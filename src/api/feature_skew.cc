#include "api/feature_skew.h"

#include <functional>
#include <optional>
#include <utility>

#include <arrow/record_batch.h>

#include "base/status.h"
#include "table/bridge.h"
#include "table/read.h"

namespace roost::api {
namespace {

using Add = absl::Status (schema::FeatureSkewFinder::*)(const column::BatchView& batch);

absl::Status AddAll(arrow::RecordBatchReader& rows, int64_t total, Add add, schema::FeatureSkewFinder& finder,
                    const Context& context) {
  for (int64_t done = 0;;) {
    TRY(context.CheckCancelled());
    TRY_ASSIGN(const auto batch, table::Next(rows));
    if (batch == nullptr) return absl::OkStatus();
    TRY_ASSIGN(const column::OwnedBatch columns, table::ToColumns(*batch));
    TRY((finder.*add)(columns.view()));
    done += batch->num_rows();
    context.Report({.stage = "joining rows", .unit = "rows", .done = done, .total = total});
  }
}

// Reads the rows that are left, for what is wrong with them.
absl::Status ReadOn(arrow::RecordBatchReader& rows, const Context& context) {
  while (true) {
    TRY(context.CheckCancelled());
    TRY_ASSIGN(const auto batch, table::Next(rows));
    if (batch == nullptr) return absl::OkStatus();
  }
}

}  // namespace

absl::StatusOr<schema::FeatureSkew> FindFeatureSkew(const ProfileSources& training, const ProfileSources& serving,
                                                    const schema::FeatureSkewOptions& options, const Context& context) {
  std::optional<schema::FeatureSkewFinder> finder;
  // Either side may be handed over again, with wider types: so the finder is made anew inside of both.
  const auto join = [&](arrow::RecordBatchReader& trained, int64_t total) -> absl::Status {
    TRY_ASSIGN(const column::OwnedBatch of_training, table::NoRows(*trained.schema()));
    absl::Status joinable;
    const auto add_serving = [&](arrow::RecordBatchReader& served, int64_t served_total) -> absl::Status {
      TRY_ASSIGN(const column::OwnedBatch of_serving, table::NoRows(*served.schema()));
      auto made = schema::FeatureSkewFinder::Make(of_training.view(), of_serving.view(), options);
      joinable = made.status();
      // Numbers on one side and texts on the other may be texts on both, which only their later rows tell.
      if (!made.ok()) return ReadOn(served, context);
      finder.emplace(*std::move(made));
      return AddAll(served, served_total, &schema::FeatureSkewFinder::AddServing, *finder, context);
    };
    TRY(serving.Read(serving.parts().front(), add_serving, context));
    if (!joinable.ok()) {
      TRY(ReadOn(trained, context));
      return joinable;
    }
    return AddAll(trained, total, &schema::FeatureSkewFinder::AddTraining, *finder, context);
  };
  TRY(training.Read(training.parts().front(), join, context));
  return finder->Finish();
}

}  // namespace roost::api
