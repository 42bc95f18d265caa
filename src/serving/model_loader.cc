#include "serving/model_loader.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "base/status.h"

namespace roost::serving {
namespace {

constexpr absl::Duration kFirstRetry = absl::Seconds(5);
constexpr absl::Duration kLongestRetry = absl::Minutes(10);

absl::Duration DelayAfter(int64_t failures) {
  absl::Duration delay = kFirstRetry;
  for (int64_t i = 1; i < failures && delay < kLongestRetry; ++i) delay *= 2;
  return std::min(delay, kLongestRetry);
}

// A kernel that refuses it leaves the thread as it is.
void RunWhenIdle() {
  const sched_param parameters{};
  pthread_setschedparam(pthread_self(), SCHED_IDLE, &parameters);
}

std::string NameOf(const std::string& name, int64_t version) { return fmt::format("{}@{}", name, version); }

std::string TextOf(const absl::Status& status) {
  const std::string message(status.message());
  const std::string hint = HintOf(status);
  return hint.empty() ? message : fmt::format("{} ({})", message, hint);
}

}  // namespace

ModelLoader::ModelLoader(Repository& repository, ModelManager& manager, LoaderOptions options)
    : repository_(repository), manager_(manager), options_(std::move(options)) {}

ModelLoader::~ModelLoader() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void ModelLoader::Start() {
  thread_ = std::thread([this] { Run(); });
}

void ModelLoader::Run() {
  RunWhenIdle();
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    changed_.wait_for(lock, absl::ToChronoMilliseconds(options_.watch_every),
                      [&] { return stopping_ || !calls_.empty(); });
    if (stopping_) return;
    std::deque<std::function<void()>> calls = std::exchange(calls_, {});
    lock.unlock();
    for (const auto& call : calls) call();
    if (calls.empty()) Sync().IgnoreError();  // it is told, and tried again
    lock.lock();
  }
}

void ModelLoader::Load(std::string name, Done done) {
  const std::lock_guard lock(mutex_);
  calls_.push_back([this, name = std::move(name), done = std::move(done)] { done(Answer(name)); });
  changed_.notify_all();
}

void ModelLoader::Unload(std::string name, Done done) {
  const std::lock_guard lock(mutex_);
  calls_.push_back([this, name = std::move(name), done = std::move(done)] { done(Drop(name)); });
  changed_.notify_all();
}

absl::Status ModelLoader::Answer(const std::string& name) {
  unloaded_.erase(name);
  for (auto& [version, known] : known_[name]) known.failure.reset();
  TRY(Sync());
  const Versions& versions = known_[name];
  for (const auto& [version, known] : versions) {
    if (known.failure.has_value()) return Annotate(known.failure->status, NameOf(name, version));
  }
  if (!versions.empty()) return absl::OkStatus();
  known_.erase(name);
  return absl::NotFoundError(fmt::format("the repository has no model '{}' that is to be served", name));
}

absl::Status ModelLoader::Drop(const std::string& name) {
  const auto model = known_.find(name);
  const bool is_loaded = model != known_.end() && std::any_of(model->second.begin(), model->second.end(),
                                                              [](auto& v) { return !v.second.loaded.empty(); });
  if (!is_loaded) return absl::NotFoundError(fmt::format("model '{}' is not loaded", name));
  unloaded_.insert(name);
  SyncModel(name, {});
  return absl::OkStatus();
}

absl::Status ModelLoader::Sync() {
  const absl::StatusOr<Listing> listing = repository_.List();
  if (!listing.ok()) {
    if (listing.status() != listed_) Tell(fmt::format("the models cannot be listed: {}", TextOf(listing.status())));
    listed_ = listing.status();
    return listed_;
  }
  if (!listed_.ok()) Tell("the models can be listed again");
  listed_ = absl::OkStatus();
  for (const auto& [name, model] : *listing) SyncModel(name, model);
  std::vector<std::string> gone;
  for (const auto& [name, versions] : known_) {
    if (!listing->contains(name)) gone.push_back(name);
  }
  for (const std::string& name : gone) SyncModel(name, {});
  return absl::OkStatus();
}

absl::Status ModelLoader::FirstFailure() const {
  for (const auto& [name, versions] : known_) {
    for (const auto& [version, known] : versions) {
      if (known.failure.has_value()) return Annotate(known.failure->status, NameOf(name, version));
    }
  }
  return absl::OkStatus();
}

std::optional<VersionPolicy> ModelLoader::PolicyOf(const std::string& name) const {
  if (unloaded_.contains(name)) return std::nullopt;
  const auto policy = options_.policies.find(name);
  return policy != options_.policies.end() ? policy->second : options_.others;
}

void ModelLoader::SyncModel(const std::string& name, const ListedModel& listed) {
  const std::optional<VersionPolicy> policy = PolicyOf(name);
  if (!policy.has_value() && !known_.contains(name)) return;
  const DesiredVersions desired = policy.has_value() ? DesiredOf(listed, *policy) : DesiredVersions();
  TellAbsent(name, desired.absent);
  const auto plan = [&] {
    std::map<int64_t, HeldVersion> held;
    for (const auto& [version, known] : known_[name]) {
      HeldVersion& entry = held[version];
      if (!known.loaded.empty()) entry.loaded = known.loaded;
      if (!known.failure.has_value()) continue;
      entry.failed = known.failure->identity;
      entry.retry_at = known.failure->retry_at;
    }
    return PlanVersions(desired.versions, held, options_.now());
  };
  for (const ListedVersion& version : plan().load) LoadVersion(name, version);
  manager_.SetAliases(name, listed.aliases);
  const VersionPlan after = plan();
  for (const int64_t version : after.drop) DropVersion(name, version, "it is no longer wanted");
  for (const int64_t version : after.forget) {
    known_[name].erase(version);
    manager_.ClearState(name, version);
  }
  if (known_[name].empty()) known_.erase(name);
}

void ModelLoader::TellAbsent(const std::string& name, const std::vector<int64_t>& absent) {
  std::vector<int64_t>& told = absent_[name];
  if (told == absent) return;
  for (const int64_t version : told) manager_.ClearState(name, version);
  for (const int64_t version : absent) {
    const std::string reason = "it is to be served, and is not in the repository";
    manager_.SetState({name, version, State::kEnd, reason});
    Tell(fmt::format("{} is not served: {}", NameOf(name, version), reason));
  }
  told = absent;
}

void ModelLoader::LoadVersion(const std::string& name, const ListedVersion& version) {
  Known& known = known_[name][version.version];
  if (known.loaded.empty()) manager_.SetState({name, version.version, State::kLoading, ""});
  if (const absl::Status loaded = TryLoad(name, version); !loaded.ok()) return Fail(name, version, loaded);
  known = {.loaded = version.identity, .since = options_.now(), .failure = std::nullopt};
  Tell(fmt::format("{} is served", NameOf(name, version.version)));
}

absl::Status ModelLoader::TryLoad(const std::string& name, const ListedVersion& version) {
  TRY_ASSIGN(const int64_t size, repository_.Size(name, version));
  TRY(Reserve(name, version, size));
  TRY_ASSIGN(ModelFiles files, repository_.Load(name, version));
  if (!files.onnx.empty() && options_.try_apart) TRY(options_.try_apart(name, version.version, files));
  const auto serving = options_.serving.find(name);
  TRY_ASSIGN(const std::shared_ptr<const Servable> servable,
             Servable::Parse(name, version.version, files.model_json, std::move(files.onnx),
                             serving != options_.serving.end() ? serving->second : ServingOptions()));
  TRY(servable->WarmUp(files.warmup));
  TRY(Reserve(name, version, servable->memory_bytes()));
  manager_.Publish(servable);
  return absl::OkStatus();
}

// Sees to it that `bytes` are free in the budget. A version that failed before pushes nobody out: two models that have
// no room beside each other would take turns.
absl::Status ModelLoader::Reserve(const std::string& name, const ListedVersion& version, int64_t bytes) {
  if (options_.memory_bytes == 0) return absl::OkStatus();
  std::vector<MemoryUse> loaded;
  for (const auto& [model, versions] : *manager_.snapshot()) {
    for (const auto& servable : versions.versions) {
      const int64_t since = absl::ToUnixMillis(known_[model][servable->version()].since);
      loaded.push_back({model, servable->version(), servable->memory_bytes(),
                        std::max(since, servable->statistics().Sum().last_inference_ms)});
    }
  }
  const std::optional<Failure>& failure = known_[name][version.version].failure;
  const bool is_new = !failure.has_value() || failure->identity != version.identity;
  TRY_ASSIGN(const std::vector<MemoryUse> going,
             MakeRoom(std::move(loaded), name, bytes, options_.memory_bytes, options_.evict && is_new));
  for (const MemoryUse& use : going) {
    const ListedVersion evicted{use.version, known_[use.name][use.version].loaded};
    const std::string why =
        fmt::format("it was the least recently used when {} needed its memory", NameOf(name, version.version));
    DropVersion(use.name, use.version, why);
    Fail(use.name, evicted, absl::ResourceExhaustedError(why));
  }
  return absl::OkStatus();
}

void ModelLoader::DropVersion(const std::string& name, int64_t version, std::string_view why) {
  known_[name].erase(version);
  if (manager_.Unload(name, version).ok()) Tell(fmt::format("{} is dropped: {}", NameOf(name, version), why));
}

void ModelLoader::Fail(const std::string& name, const ListedVersion& version, const absl::Status& status) {
  Known& known = known_[name][version.version];
  const bool is_same = known.failure.has_value() && known.failure->identity == version.identity;
  const int64_t times = is_same ? known.failure->times + 1 : 1;
  const bool told = is_same && known.failure->status == status;
  known.failure = Failure{version.identity, status, times, options_.now() + DelayAfter(times)};
  if (known.loaded.empty()) manager_.SetState({name, version.version, State::kEnd, TextOf(status)});
  if (!told) Tell(fmt::format("{} is not served: {}", NameOf(name, version.version), TextOf(status)));
}

void ModelLoader::Tell(const std::string& line) const {
  if (options_.tell) options_.tell(line);
}

}  // namespace roost::serving
