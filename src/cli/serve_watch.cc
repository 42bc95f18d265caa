#include "cli/serve_watch.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "absl/time/clock.h"
#include "api/registry_models.h"
#include "api/serve_policy.h"
#include "base/format.h"
#include "base/status.h"
#include "table/text_file.h"

namespace roost::cli {
namespace {

constexpr absl::Duration kLongestPause = absl::Seconds(1);

/// What tells one content of a file from another, without reading it: also where it is replaced by renaming, or is a
/// link to another folder since (as Kubernetes mounts its secrets).
std::string StampOf(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return "";
  return fmt::format("{} {} {} {}", info.st_ino, info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
}

std::string TextOf(const absl::Status& status) {
  const std::string hint = HintOf(status);
  const std::string message(status.message());
  return hint.empty() ? message : fmt::format("{} ({})", message, hint);
}

}  // namespace

ServeWatch::ServeWatch(ServeSetup setup, RunningServer running, std::function<void(const std::string&)> tell)
    : setup_(std::move(setup)), running_(running), tell_(std::move(tell)), tokens_(setup_.policy.tokens) {
  if (setup_.project != nullptr) KnowConfig();
  for (const std::string& file : CertificateFiles()) HasChanged(file);
  thread_ = std::thread([this] { Run(); });
}

ServeWatch::~ServeWatch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void ServeWatch::Reload() {
  const std::lock_guard lock(mutex_);
  reload_ = true;
  changed_.notify_all();
}

void ServeWatch::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const absl::Duration pause = std::min(kLongestPause, absl::Seconds(setup_.config.watch_seconds));
    changed_.wait_for(lock, absl::ToChronoMilliseconds(pause), [&] { return stopping_ || reload_; });
    if (stopping_) return;
    const bool all = std::exchange(reload_, false);
    lock.unlock();
    Look(all);
    lock.lock();
  }
}

void ServeWatch::Look(bool all) {
  if (all) {
    stamps_.clear();
    troubles_.clear();
    tell_("reading the configuration, the tokens and the certificates again");
  }
  LookAtConfig();
  LookAtTokens();
  LookAtCertificates();
}

bool ServeWatch::HasChanged(const std::string& path) {
  if (path.empty()) return false;
  const std::string stamp = StampOf(path);
  const auto [known, is_new] = stamps_.emplace(path, stamp);
  return is_new || std::exchange(known->second, stamp) != stamp;
}

// Models were loaded since it was read, which takes its time: what somebody wrote meanwhile is a change.
void ServeWatch::KnowConfig() {
  const std::string path = setup_.project->ConfigPath();
  HasChanged(path);
  if (table::ReadTextFile(path).value_or("") != setup_.project->config_text()) stamps_.erase(path);
}

bool ServeWatch::TellOnce(const std::string& what, const absl::Status& status) {
  absl::Status& known = troubles_[what];
  const bool is_new = known != status;
  if (is_new && !status.ok()) tell_(fmt::format("{}, so what was before stays: {}", what, TextOf(status)));
  known = status;
  return is_new;
}

std::vector<std::string> ServeWatch::CertificateFiles() const {
  if (!setup_.config.tls.has_value()) return {};
  return {setup_.config.tls->certificate, setup_.config.tls->key, setup_.config.tls->client_ca};
}

void ServeWatch::LookAtConfig() {
  if (setup_.project == nullptr || !HasChanged(setup_.project->ConfigPath())) return;
  const auto take = [&]() -> absl::Status {
    TRY_ASSIGN(const std::string text, table::ReadTextFile(setup_.project->ConfigPath()));
    TRY_ASSIGN(const config::ProjectConfig config, config::ParseProject(text, api::kConfigName));
    TRY_ASSIGN(config::ServeConfig serve,
               WithFlags(api::WithFolder(config.serve, setup_.project->folder()), *setup_.options));
    return TakeOver(std::move(serve), config.workspace);
  };
  const absl::Status taken = take();
  TellOnce("roost.yaml cannot be taken over", taken);
  if (taken.ok()) tell_("roost.yaml is taken over");
}

// All or nothing: what can fail comes first.
absl::Status ServeWatch::TakeOver(config::ServeConfig config, const config::WorkspaceConfig& workspace) {
  TRY_ASSIGN(serving::LoaderOptions loader_options, api::LoaderOptionsOf(config, setup_.options->models));
  if (config.tokens != setup_.tokens->file()) {
    TRY_ASSIGN(api::TokenSource source, api::TokenSource::Open(setup_.project, config.tokens));
    TRY_ASSIGN(tokens_, source.Read());
    setup_.tokens = std::move(source);
    HasChanged(setup_.tokens->file());
  }
  std::string fixed = api::FixedWhileServing(setup_.config, config);
  if (workspace != setup_.workspace) fixed = "workspace";
  if (!fixed.empty()) tell_(fmt::format("{} changes with a restart only", fixed));
  config.host = setup_.config.host;
  config.port = setup_.config.port;
  config.threads = setup_.config.threads;
  config.tls = setup_.config.tls;
  setup_.config = std::move(config);
  running_.loader.Configure(std::move(loader_options));
  Publish();
  return absl::OkStatus();
}

void ServeWatch::LookAtTokens() {
  const std::string& file = setup_.tokens->file();
  if (!file.empty() && !HasChanged(file)) return;
  absl::StatusOr<std::vector<access::Token>> tokens = setup_.tokens->Read();
  const bool was_broken = !troubles_["the tokens cannot be read"].ok();
  TellOnce("the tokens cannot be read", tokens.status());
  if (!tokens.ok()) return;
  if (was_broken) tell_("the tokens can be read again");
  if (*tokens == tokens_) return;
  tokens_ = *std::move(tokens);
  Publish();
  const absl::Time now = absl::Now();
  const auto active =
      std::count_if(tokens_.begin(), tokens_.end(), [&](const auto& token) { return token.IsActive(now); });
  tell_(fmt::format("the tokens have changed: {} {} active", active, active == 1 ? "is" : "are"));
}

void ServeWatch::LookAtCertificates() {
  bool changed = false;
  for (const std::string& file : CertificateFiles()) changed |= HasChanged(file);
  if (!changed) return;
  const absl::Status read = running_.server.ReloadCertificates();
  TellOnce("the certificates cannot be taken over", read);
  if (read.ok()) tell_("the certificates are taken over, for new connections");
}

void ServeWatch::Publish() {
  access::Policy policy = api::PolicyOf(setup_.config, tokens_);
  if (policy == setup_.policy) return;
  running_.control.Replace(policy);
  setup_.policy = std::move(policy);
}

}  // namespace roost::cli
