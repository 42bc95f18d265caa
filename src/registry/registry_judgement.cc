// What gates said of versions: entries of the audit log, with their evidence as objects beside it.

#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/status.h"
#include "registry/registry.h"

namespace roost::registry {
namespace {

constexpr char kJudged[] = "model.judged";

std::string ObjectOf(const std::string& model, int64_t version) { return fmt::format("{}@{}", model, version); }

std::string EvidenceKey(const Digest& digest) { return "evidence/" + digest.ToHex(); }

absl::StatusOr<std::vector<AuditEntry>> JudgementsOf(const AuditLog& audit, const std::string& object) {
  TRY_ASSIGN(std::vector<AuditEntry> entries, audit.List({.object = object}));
  std::erase_if(entries, [&](const AuditEntry& entry) { return entry.action != kJudged || entry.object != object; });
  return entries;
}

}  // namespace

absl::StatusOr<Digest> Registry::RecordJudgement(const Judgement& judgement, const std::string& evidence,
                                                 const Context& context) {
  const Digest digest = Sha256(evidence);
  TRY(objects_->Put(EvidenceKey(digest), evidence));
  const std::string object = ObjectOf(judgement.model, judgement.version);
  const absl::Status done = database_->InTransaction([&]() -> absl::Status {
    TRY_ASSIGN(const std::vector<AuditEntry> before, JudgementsOf(audit_, object));
    return audit_.Append(
        {.actor = judgement.author,
         .action = kJudged,
         .object = object,
         .details = {{"number", static_cast<int64_t>(before.size()) + 1},
                     {"verdict", judgement.blessed ? "blessed" : "refused"},
                     {"champion", judgement.champion.has_value() ? Json(*judgement.champion) : Json(nullptr)},
                     {"evidence", digest.ToHex()}}},
        context.now());
  });
  TRY(done);
  return digest;
}

absl::StatusOr<std::optional<Judgement>> Registry::LastJudgement(const std::string& model, int64_t version) const {
  TRY_ASSIGN(const std::vector<AuditEntry> entries, JudgementsOf(audit_, ObjectOf(model, version)));
  if (entries.empty()) return std::optional<Judgement>();
  const AuditEntry& last = entries.back();
  const absl::Status damaged =
      absl::DataLossError(fmt::format("entry {} of the audit log is no judgement", last.number));
  TRY_ASSIGN(const Json details, ParseJson(last.details, "an entry of the audit log"));
  const Json verdict = details.value("verdict", Json());
  const Json evidence = details.value("evidence", Json());
  const Json champion = details.value("champion", Json());
  if (!verdict.is_string() || !evidence.is_string()) return damaged;
  const absl::StatusOr<Digest> digest = Digest::FromHex(evidence.get<std::string>());
  if (!digest.ok()) return damaged;
  Judgement judgement{.model = model,
                      .version = version,
                      .blessed = verdict.get<std::string>() == "blessed",
                      .author = last.actor,
                      .evidence = *digest};
  if (champion.is_number_integer()) judgement.champion = champion.get<int64_t>();
  return judgement;
}

absl::StatusOr<std::string> Registry::LoadEvidence(const Digest& digest) const {
  TRY_ASSIGN(std::string evidence, objects_->Get(EvidenceKey(digest)));
  if (Sha256(evidence) == digest) return evidence;
  return absl::DataLossError(fmt::format("{} is damaged", EvidenceKey(digest)));
}

}  // namespace roost::registry
