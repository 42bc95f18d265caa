#include "api/validate.h"

#include <filesystem>
#include <memory>
#include <utility>

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "api/data_gate.h"
#include "api/decisions.h"
#include "api/feature_skew.h"
#include "api/profile.h"
#include "api/profile_sources.h"
#include "api/rows_check.h"
#include "api/schema.h"
#include "base/status.h"
#include "ingest/row_profiler.h"
#include "store/history.h"
#include "table/arrow_status.h"
#include "table/read.h"

namespace roost::api {
namespace {

// Hands on the batches of another reader, each seen by a check.
class SeenReader : public arrow::RecordBatchReader {
 public:
  SeenReader(arrow::RecordBatchReader& rows, RowsCheck& check, const Context& context)
      : rows_(rows), check_(check), context_(context) {}

  std::shared_ptr<arrow::Schema> schema() const override { return rows_.schema(); }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    ARROW_RETURN_NOT_OK(rows_.ReadNext(batch));
    if (*batch == nullptr) return arrow::Status::OK();
    return table::ToArrow(check_.See(**batch, context_));
  }

 private:
  arrow::RecordBatchReader& rows_;
  RowsCheck& check_;
  const Context& context_;
};

// One check of a source.
class Validation {
 public:
  Validation(Project& project, const ValidateRequest& request, const schema::Schema& schema,
             const ProfileSources& source, const Context& context)
      : project_(project),
        request_(request),
        schema_(schema),
        source_(source),
        part_(source.parts().front()),
        context_(context) {}

  absl::StatusOr<schema::Report> Run() {
    TRY(ReadControls());
    return Check();
  }

 private:
  absl::StatusOr<std::optional<profile::Profile>> ProfileOfOther(const std::string& source) const {
    if (source.empty()) return std::nullopt;
    TRY_ASSIGN(ProfileResponse other, ProfileData({.sources = {source}, .project = project_.folder()}, context_));
    return std::move(other.profile);
  }

  absl::Status ReadControls() {
    TRY_ASSIGN(against_, ProfileOfOther(request_.against));
    TRY_ASSIGN(serving_, ProfileOfOther(request_.serving));
    if (schema_.dataset.rows_to_previous_version.has_value() && part_.version.has_value() &&
        !part_.version->parents.empty()) {
      TRY_ASSIGN(const store::CommitInfo parent,
                 store::LoadCommitAt(source_.store().objects(), part_.version->parents.front()));
      TRY_ASSIGN(before_, ProfileOfRows(parent.rows));
    }
    controls_.environment = request_.environment;
    if (against_.has_value()) controls_.previous_span = &*against_;
    if (serving_.has_value()) controls_.serving = &*serving_;
    if (before_.has_value()) controls_.previous_version = &*before_;
    return absl::OkStatus();
  }

  absl::StatusOr<schema::Report> Check() {
    TRY_ASSIGN(keys_, ForeignKeys::Read(project_, schema_, context_));
    const bool is_about_rows = IsAboutRows(schema_);
    profile::Profile profile;
    if (is_about_rows && !part_.version.has_value()) {
      const auto count = [&](arrow::RecordBatchReader& rows, int64_t total) -> absl::Status {
        check_.emplace(schema_, keys_);
        SeenReader seen(rows, *check_, context_);
        TRY_ASSIGN(profile, ingest::ProfileRows(seen, total, context_));
        return absl::OkStatus();
      };
      TRY(source_.Read(part_, count, context_));
    } else {
      TRY_ASSIGN(profile, source_.Profile(part_, context_));
      if (is_about_rows) TRY(LookAtRows().status());
    }
    return Judge(schema_, profile, controls_, is_about_rows ? &*check_ : nullptr, [this] { return LookAtRows(); });
  }

  // Which rows are at fault.
  absl::StatusOr<const RowsCheck*> LookAtRows() {
    const auto look = [&](arrow::RecordBatchReader& rows, int64_t total) -> absl::Status {
      check_.emplace(schema_, keys_);
      return SeeAll(rows, total, *check_, context_);
    };
    TRY(source_.Read(part_, look, context_));
    return &*check_;
  }

  Project& project_;
  const ValidateRequest& request_;
  const schema::Schema& schema_;
  const ProfileSources& source_;
  const SourcePart& part_;
  const Context& context_;
  std::optional<profile::Profile> against_;
  std::optional<profile::Profile> serving_;
  std::optional<profile::Profile> before_;
  schema::Controls controls_;
  ForeignKeys keys_;
  std::optional<RowsCheck> check_;
};

// The rows of a version, to make another one of.
class VersionSource : public ingest::Source {
 public:
  VersionSource(store::Store& store, const store::CommitInfo& version) : store_(store), version_(version) {}

  absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> Open(const std::shared_ptr<arrow::Schema>& /*types*/,
                                                                 const Context& context) const override {
    return store_.Read(version_, {.dictionary_strings = true}, context);
  }
  int64_t NumRows() const override { return version_.rows; }
  Json Provenance() const override { return Json{{"kind", "version"}, {"from", version_.Name()}}; }

 private:
  store::Store& store_;
  const store::CommitInfo& version_;
};

absl::Status CheckSources(const ValidateRequest& request) {
  std::vector<std::string> read{request.source, request.against, request.serving};
  if (!request.join.empty()) {
    if (request.serving.empty()) {
      return WithHint(absl::InvalidArgumentError("a join compares rows with those at serving, which are not given"),
                      "'--serving VERSION or FILE' names them");
    }
    read.push_back(request.serving);  // once for its statistics, once for its rows
  }
  return CheckStdinOnce(read);
}

}  // namespace

absl::StatusOr<ValidateResponse> ValidateData(Project& project, const ValidateRequest& request,
                                              const Context& context) {
  TRY(CheckSources(request));
  TRY_ASSIGN(const ProfileSources source,
             ProfileSources::Make({request.source}, project.folder(), std::nullopt, context));
  const std::optional<store::CommitInfo>& version = source.parts().front().version;
  ValidateResponse response{.source = source.Name()};
  response.dataset = !request.dataset.empty() ? request.dataset
                     : version.has_value()    ? version->dataset
                                              : project.config().dataset;
  TRY_ASSIGN(const schema::Schema schema, ReadSchema(project, response.dataset));
  TRY_ASSIGN(const std::vector<schema::Decision> decisions, ReadDecisions(project, response.dataset));
  response.schema_name = std::filesystem::path(project.SchemaPath(response.dataset)).filename().string();
  TRY_ASSIGN(response.report, Validation(project, request, schema, source, context).Run());
  if (version.has_value() && version->dataset == response.dataset) {
    response.version = version->version;
  } else {
    TRY_ASSIGN(response.version, project.store().NextVersion(response.dataset));
  }
  schema::ApplyDecisions(response.report, decisions,
                         {.dataset = response.dataset, .day = Today(), .version = response.version});
  response.rows = response.report.rows;
  if (!request.join.empty()) {
    TRY_ASSIGN(const ProfileSources serving,
               ProfileSources::Make({request.serving}, project.folder(), std::nullopt, context));
    TRY_ASSIGN(response.feature_skew,
               FindFeatureSkew(source, serving, {.keys = request.join, .round_digits = request.digits}, context));
  }
  return response;
}

absl::StatusOr<AddDataResponse> QuarantineBadRows(Project& project, const CleanRequest& request,
                                                  const Context& context) {
  TRY_ASSIGN(const RowSource rows, OpenRows(project, request.reference, context));
  if (!rows.version.has_value()) {
    return WithHint(absl::InvalidArgumentError(fmt::format("'{}' is no dataset", request.reference)),
                    fmt::format("'roost data add NAME {} --quarantine {}' adds the good rows of files",
                                request.reference, request.quarantine));
  }
  const store::CommitInfo& version = *rows.version;
  TRY_ASSIGN(schema::Schema schema, ReadSchema(project, version.dataset));
  TRY_ASSIGN(const store::CommitInfo head, project.store().Resolve({.name = version.dataset, .label = version.branch}));
  if (head.version != version.version) {
    return WithHint(
        absl::AbortedError(fmt::format("{} is not the newest version, that is {}", version.Name(), head.Name())),
        "A version without bad rows takes the place of the newest one only.");
  }
  const VersionSource source(project.store(), version);
  return IngestThroughGate(project, source,
                           {.dataset = version.dataset,
                            .branch = version.branch,
                            .message = fmt::format("{} without bad rows", version.Name()),
                            .author = project.author(),
                            .expected_version = version.version},
                           {.schema = std::move(schema), .quarantine = request.quarantine}, context);
}

}  // namespace roost::api
