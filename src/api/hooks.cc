#include "api/hooks.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/format.h"
#include "base/status.h"
#include "net/http_client.h"
#include "pipeline/run_program.h"
#include "registry/hook_log.h"
#include "table/text_file.h"

namespace roost::api {
namespace {

using registry::HookDelivery;

constexpr absl::Duration kFirstWait = absl::Milliseconds(200);  // between the tries of one call
constexpr absl::Duration kFirstDelay = absl::Seconds(30);       // until a later call tries again
constexpr absl::Duration kLongestDelay = absl::Hours(1);
constexpr size_t kMaxAnswer = 64 << 10;

std::string Hex(const unsigned char* bytes, size_t size) {
  std::string text;
  for (size_t i = 0; i < size; ++i) text += fmt::format("{:02x}", bytes[i]);
  return text;
}

std::string NewId() {
  std::array<unsigned char, 16> bytes{};
  RAND_bytes(bytes.data(), static_cast<int>(bytes.size()));
  return Hex(bytes.data(), bytes.size());
}

/// HMAC-SHA256, hexadecimal.
std::string Hmac(std::string_view key, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> made{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(bytes.data()),
       bytes.size(), made.data(), &size);
  return Hex(made.data(), size);
}

std::string InProject(const Project& project, const std::string& file) {
  return (std::filesystem::path(project.folder()) / file).string();
}

HookDelivery NewDelivery(const Project& project, std::string_view event, const Json& details, absl::Time now) {
  HookDelivery delivery{.id = NewId(), .event = std::string(event)};
  delivery.created = absl::FromUnixMicros(absl::ToUnixMicros(now));
  delivery.next_try = delivery.created;
  Json body{{"id", delivery.id},
            {"event", event},
            {"time", FormatUtc(delivery.created)},
            {"project", project.config().project},
            {"author", project.author()}};
  body.update(details);
  delivery.body = ToLine(body);
  return delivery;
}

absl::Status Post(const Project& project, const config::HookConfig& hook, const HookDelivery& delivery,
                  const Context& context) {
  net::OutgoingRequest request{.method = "POST",
                               .url = hook.url,
                               .headers = {{"Content-Type", "application/json"},
                                           {"User-Agent", fmt::format("roost/{}", ROOST_VERSION)},
                                           {"X-Roost-Event", delivery.event},
                                           {"X-Roost-Delivery", delivery.id}},
                               .body = delivery.body,
                               .timeout = absl::Seconds(hook.timeout_seconds),
                               .max_answer_bytes = kMaxAnswer};
  if (!hook.ca.empty()) request.ca_file = InProject(project, hook.ca);
  if (!hook.secret.empty()) {
    TRY_ASSIGN(std::string secret, table::ReadTextFile(InProject(project, hook.secret)));
    while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) secret.pop_back();
    request.headers.emplace_back("X-Roost-Signature", "sha256=" + Hmac(secret, delivery.body));
  }
  TRY_ASSIGN(net::HttpClient client, net::HttpClient::Open());
  const absl::StatusOr<net::IncomingResponse> answer = client.Send(request, context);
  if (absl::IsOutOfRange(answer.status())) return absl::OkStatus();  // it was taken; what it says is not read
  TRY(answer.status());
  if (answer->status >= 200 && answer->status < 300) return absl::OkStatus();
  return absl::UnavailableError(fmt::format("{} answered {}", net::ShownUrl(hook.url), answer->status));
}

absl::Status TellOnce(const Project& project, const config::HookConfig& hook, const HookDelivery& delivery,
                      const Context& context) {
  if (!hook.url.empty()) return Post(project, hook, delivery, context);
  pipeline::ProgramCall call{.arguments = hook.run,
                             .folder = project.folder(),
                             .environment = pipeline::PlainEnvironment(),
                             .input = delivery.body + "\n"};
  call.environment.push_back("ROOST_EVENT=" + delivery.event);
  call.environment.push_back("ROOST_DELIVERY=" + delivery.id);
  return pipeline::RunProgram(call, absl::Seconds(hook.timeout_seconds), context);
}

/// Waits, unless somebody asks to stop.
void Wait(absl::Duration duration, const Context& context) {
  const absl::Time until = absl::Now() + duration;
  while (absl::Now() < until && context.CheckCancelled().ok()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

/// `tries`: at most. Counts those that failed in the delivery.
absl::Status Tell(const Project& project, const config::HookConfig& hook, int64_t tries, HookDelivery& delivery,
                  const Context& context) {
  absl::Duration wait = kFirstWait;
  for (int64_t i = 0;; ++i, wait *= 2) {
    if (i > 0) Wait(wait, context);
    const absl::Status told = TellOnce(project, hook, delivery, context);
    if (told.ok() || absl::IsCancelled(told)) return told;
    ++delivery.tries;
    delivery.error = std::string(told.message());
    if (i + 1 >= tries) return told;
  }
}

const config::HookConfig* FindHook(const Project& project, const std::string& id) {
  const std::vector<config::HookConfig>& hooks = project.config().hooks;
  const auto found = std::find_if(hooks.begin(), hooks.end(), [&](const auto& hook) { return hook.Id() == id; });
  return found == hooks.end() ? nullptr : &*found;
}

}  // namespace

void QueueEvent(Project& project, config::HookEvent event, const Json& details, const Context& context) {
  const HookDelivery delivery = NewDelivery(project, config::HookEventName(event), details, context.now());
  std::vector<HookDelivery> deliveries;
  for (const config::HookConfig& hook : project.config().hooks) {
    if (std::find(hook.on.begin(), hook.on.end(), event) == hook.on.end()) continue;
    deliveries.push_back(delivery);
    deliveries.back().hook = hook.Id();
  }
  if (deliveries.empty()) return;
  absl::StatusOr<registry::HookLog> log = registry::HookLog::Open(project.store().database());
  if (log.ok()) log->Add(deliveries).IgnoreError();
}

void QueueRegistered(Project& project, const registry::ModelVersion& version, const Context& context) {
  QueueEvent(project, config::HookEvent::kRegistered,
             {{"model", version.name}, {"version", version.version}, {"digest", version.manifest.ToHex()}}, context);
}

absl::StatusOr<std::vector<HookOutcome>> SendHooks(Project& project, Resend resend, const Context& context) {
  std::vector<HookOutcome> outcomes;
  if (project.config().hooks.empty() && resend == Resend::kDue) return outcomes;
  TRY_ASSIGN(registry::HookLog log, registry::HookLog::Open(project.store().database()));
  TRY_ASSIGN(std::vector<HookDelivery> deliveries, log.List());
  for (HookDelivery& delivery : deliveries) {
    TRY(context.CheckCancelled());
    HookOutcome outcome{.hook = delivery.hook, .event = delivery.event, .id = delivery.id};
    const config::HookConfig* hook = FindHook(project, delivery.hook);
    if (hook == nullptr) {
      outcome.status = absl::NotFoundError("roost.yaml has no such hook any more: it is dropped");
      TRY(log.Remove(delivery));
      outcomes.push_back(std::move(outcome));
      continue;
    }
    const bool is_new = delivery.tries == 0;
    if (!is_new && resend == Resend::kDue && context.now() < delivery.next_try) continue;
    outcome.status = Tell(project, *hook, is_new ? hook->tries : 1, delivery, context);
    if (absl::IsCancelled(outcome.status)) return outcome.status;
    outcome.tries = delivery.tries + (outcome.status.ok() ? 1 : 0);
    if (outcome.status.ok()) {
      TRY(log.Remove(delivery));
    } else {
      const int64_t later = std::max<int64_t>(delivery.tries - hook->tries, 0);
      const absl::Duration delay = kFirstDelay * static_cast<double>(int64_t{1} << std::min<int64_t>(later, 10));
      delivery.next_try = absl::FromUnixMicros(absl::ToUnixMicros(context.now() + std::min(delay, kLongestDelay)));
      TRY(log.Update(delivery));
      outcome.kept = true;
    }
    outcomes.push_back(std::move(outcome));
  }
  return outcomes;
}

absl::StatusOr<std::vector<HookDescription>> ListHooks(Project& project) {
  TRY_ASSIGN(const registry::HookLog log, registry::HookLog::Open(project.store().database()));
  TRY_ASSIGN(const std::vector<HookDelivery> deliveries, log.List());
  std::vector<HookDescription> descriptions;
  for (const config::HookConfig& hook : project.config().hooks) {
    HookDescription description{.hook = hook};
    for (const HookDelivery& delivery : deliveries) {
      if (delivery.hook != hook.Id()) continue;
      ++description.kept;
      if (!delivery.error.empty()) description.error = delivery.error;
    }
    descriptions.push_back(std::move(description));
  }
  return descriptions;
}

absl::StatusOr<HookOutcome> TestHook(Project& project, const std::string& name, const Context& context) {
  const config::HookConfig* hook = FindHook(project, name);
  if (hook == nullptr) {
    std::vector<std::string> names;
    for (const config::HookConfig& one : project.config().hooks) names.push_back(one.Id());
    return WithHint(
        absl::NotFoundError(fmt::format("roost.yaml has no hook '{}'", name)),
        names.empty() ? "docs/hooks.md says how to declare one" : fmt::format("it has {}", fmt::join(names, ", ")));
  }
  HookDelivery delivery = NewDelivery(project, "test", Json::object(), context.now());
  HookOutcome outcome{.hook = hook->Id(), .event = delivery.event, .id = delivery.id};
  outcome.status = Tell(project, *hook, 1, delivery, context);
  outcome.tries = 1;
  return outcome;
}

}  // namespace roost::api
