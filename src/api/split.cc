#include "api/split.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include <arrow/api.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "api/key_text.h"
#include "base/format.h"
#include "base/status.h"
#include "table/bridge.h"
#include "table/read.h"

namespace roost::api {
namespace {

constexpr std::array<Part, kNumParts> kParts{Part::kTrain, Part::kEvaluate, Part::kTest, Part::kThreshold};
constexpr int64_t kEndOfTime = std::numeric_limits<int64_t>::max();
constexpr char kEvaluateFrom[] = "split_at_micros";
constexpr char kTestFrom[] = "test_at_micros";
constexpr char kThresholdFrom[] = "threshold_at_micros";

absl::StatusOr<const column::ColumnView*> RequireTime(const column::BatchView& batch, const std::string& name) {
  TRY_ASSIGN(const column::ColumnView* column, batch.Require(name));
  if (column::IsTime(column->type())) return column;
  return WithHint(absl::InvalidArgumentError(fmt::format("model.split.column: '{}' is of type {}, want a date or "
                                                         "timestamp",
                                                         name, column->TypeText())),
                  "without a time, split 'by: group' or 'by: hash'");
}

// All times of a version, in microseconds, in any order.
absl::StatusOr<std::vector<int64_t>> TimesOf(Project& project, const store::CommitInfo& version,
                                             const std::string& name, const Context& context) {
  TRY_ASSIGN(const auto rows, project.store().Read(version, {.columns = {name}, .dictionary_strings = true}, context));
  std::vector<int64_t> times;
  while (true) {
    TRY(context.CheckCancelled());
    TRY_ASSIGN(const auto batch, table::Next(*rows));
    if (batch == nullptr) return times;
    TRY_ASSIGN(const column::OwnedBatch columns, table::ToColumns(*batch));
    TRY_ASSIGN(const column::ColumnView* column, RequireTime(columns.view(), name));
    for (int64_t row = 0; row < column->length(); ++row) {
      if (!column->IsNull(row)) times.push_back(column->MicrosAt(row));
    }
  }
}

// The time of the first of the latest `share` of the rows.
int64_t TimeOfLatest(double share, std::vector<int64_t>& times) {
  const auto before = static_cast<size_t>(std::ceil(static_cast<double>(times.size()) * (1 - share)));
  const auto place = times.begin() + static_cast<ptrdiff_t>(std::min(before, times.size() - 1));
  std::nth_element(times.begin(), place, times.end());
  return *place;
}

}  // namespace

std::string_view PartName(Part part) {
  switch (part) {
    case Part::kTrain: return "train";
    case Part::kEvaluate: return "evaluate";
    case Part::kTest: return "test";
    case Part::kThreshold: return "threshold";
    case Part::kNone: break;
  }
  return "none";
}

absl::StatusOr<Part> ParsePart(std::string_view name) {
  for (const Part part : kParts) {
    if (PartName(part) == name) return part;
  }
  return absl::InvalidArgumentError(fmt::format("no part '{}'; there are train, evaluate, test, threshold", name));
}

absl::StatusOr<Split> Split::Make(Project& project, const store::CommitInfo& version, const config::SplitConfig& config,
                                  const Context& context) {
  Split split(config);
  if (config.by != config::SplitBy::kTime) return split;
  TRY_ASSIGN(std::vector<int64_t> times, TimesOf(project, version, config.column, context));
  if (times.empty()) {
    return absl::InvalidArgumentError(
        fmt::format("model.split.column: '{}' has no value in {}", config.column, version.Name()));
  }
  split.test_from_ = config.test_share > 0 ? TimeOfLatest(config.test_share, times) : kEndOfTime;
  split.evaluate_from_ = TimeOfLatest(config.evaluate_share + config.test_share, times);
  const double kept = config.threshold_share + config.evaluate_share + config.test_share;
  split.threshold_from_ = config.threshold_share > 0 ? TimeOfLatest(kept, times) : split.evaluate_from_;
  return split;
}

absl::StatusOr<Split> Split::WithBorders(const config::SplitConfig& config, const Json& borders) {
  Split split(config);
  if (config.by != config::SplitBy::kTime) return split;
  if (!borders.contains(kEvaluateFrom) || !borders[kEvaluateFrom].is_number_integer()) {
    return absl::DataLossError(fmt::format("the lineage has no '{}'", kEvaluateFrom));
  }
  split.evaluate_from_ = borders[kEvaluateFrom].get<int64_t>();
  split.test_from_ = borders.contains(kTestFrom) && borders[kTestFrom].is_number_integer()
                         ? borders[kTestFrom].get<int64_t>()
                         : kEndOfTime;
  split.threshold_from_ = borders.contains(kThresholdFrom) && borders[kThresholdFrom].is_number_integer()
                              ? borders[kThresholdFrom].get<int64_t>()
                              : split.evaluate_from_;
  return split;
}

absl::StatusOr<std::vector<Part>> Split::PartsOf(const column::BatchView& batch) const {
  return config_.by == config::SplitBy::kTime ? ByTime(batch) : ByHash(batch);
}

absl::StatusOr<std::vector<Part>> Split::ByTime(const column::BatchView& batch) const {
  TRY_ASSIGN(const column::ColumnView* time, RequireTime(batch, config_.column));
  std::vector<Part> parts(static_cast<size_t>(batch.num_rows()), Part::kNone);
  for (size_t row = 0; row < parts.size(); ++row) {
    if (time->IsNull(static_cast<int64_t>(row))) continue;
    const int64_t micros = time->MicrosAt(static_cast<int64_t>(row));
    parts[row] = micros < threshold_from_  ? Part::kTrain
                 : micros < evaluate_from_ ? Part::kThreshold
                 : micros < test_from_     ? Part::kEvaluate
                                           : Part::kTest;
  }
  return parts;
}

absl::StatusOr<std::vector<Part>> Split::ByHash(const column::BatchView& batch) const {
  std::vector<const column::ColumnView*> columns;
  std::vector<column::Kind> kinds;
  for (const std::string& name : this->columns()) {
    TRY_ASSIGN(const column::ColumnView* column, batch.Require(name));
    const auto kind = column::KindOf(column->type());
    if (!kind.ok()) return Annotate(kind.status(), fmt::format("model.split: '{}'", name));
    columns.push_back(column);
    kinds.push_back(*kind);
  }
  std::vector<Part> parts(static_cast<size_t>(batch.num_rows()), Part::kNone);
  std::string key;
  for (size_t row = 0; row < parts.size(); ++row) {
    key.clear();
    bool missing = true;
    for (size_t i = 0; i < columns.size(); ++i) {
      missing = missing && columns[i]->IsNull(static_cast<int64_t>(row));
      AppendKeyText(*columns[i], kinds[i], static_cast<int64_t>(row), key);
      key.push_back('\x1f');
    }
    if (missing) continue;
    const double place = PlaceOf(key);
    const double measured = config_.test_share + config_.evaluate_share;
    parts[row] = place < config_.test_share                   ? Part::kTest
                 : place < measured                           ? Part::kEvaluate
                 : place < measured + config_.threshold_share ? Part::kThreshold
                                                              : Part::kTrain;
  }
  return parts;
}

std::vector<std::string> Split::columns() const {
  if (config_.by == config::SplitBy::kHash) return config_.key;
  return {config_.column};
}

bool Split::HasRuleOf(const Split& other) const {
  const config::SplitConfig& a = config_;
  const config::SplitConfig& b = other.config_;
  if (a.by != b.by || a.column != b.column || a.key != b.key) return false;
  return a.by == config::SplitBy::kTime || (a.evaluate_share == b.evaluate_share && a.test_share == b.test_share &&
                                            a.threshold_share == b.threshold_share);
}

Json Split::ToJson() const {
  Json json = Json::object();
  if (config_.by != config::SplitBy::kTime) return json;
  json["split_column"] = config_.column;
  json[kEvaluateFrom] = evaluate_from_;
  if (test_from_ != kEndOfTime) json[kTestFrom] = test_from_;
  if (config_.threshold_share > 0) json[kThresholdFrom] = threshold_from_;
  return json;
}

std::string Split::Describe(Part part) const {
  if (config_.by != config::SplitBy::kTime) {
    const double kept = config_.test_share + config_.evaluate_share + config_.threshold_share;
    const double share = part == Part::kTest        ? config_.test_share
                         : part == Part::kEvaluate  ? config_.evaluate_share
                         : part == Part::kThreshold ? config_.threshold_share
                                                    : 1 - kept;
    return config_.by == config::SplitBy::kGroup
               ? fmt::format("with {} of the values of '{}'", FormatShare(share), config_.column)
               : fmt::format("with {} of the keys", FormatShare(share));
  }
  const std::string evaluate_from = FormatUtc(absl::FromUnixMicros(evaluate_from_));
  const std::string threshold_from = FormatUtc(absl::FromUnixMicros(threshold_from_));
  if (part == Part::kTrain) return fmt::format("before {}", threshold_from);
  if (part == Part::kThreshold) return fmt::format("from {} to {}", threshold_from, evaluate_from);
  if (part == Part::kTest) return fmt::format("from {} on", FormatUtc(absl::FromUnixMicros(test_from_)));
  if (test_from_ == kEndOfTime) return fmt::format("from {} on", evaluate_from);
  return fmt::format("from {} to {}", evaluate_from, FormatUtc(absl::FromUnixMicros(test_from_)));
}

std::optional<absl::Time> Split::evaluate_from() const {
  if (config_.by != config::SplitBy::kTime) return std::nullopt;
  return absl::FromUnixMicros(evaluate_from_);
}

std::optional<absl::Time> Split::trained_until() const {
  if (config_.by != config::SplitBy::kTime) return std::nullopt;
  return absl::FromUnixMicros(threshold_from_);
}

}  // namespace roost::api
