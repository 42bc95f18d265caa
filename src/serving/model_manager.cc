#include "serving/model_manager.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/format.h"
#include "base/status.h"

namespace roost::serving {
namespace {

using Versions = std::vector<std::shared_ptr<const Servable>>;

constexpr size_t kMaxListed = 20;  // names or versions in one message

std::string Join(const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), kMaxListed); ++i) text.append(i == 0 ? "" : ", ").append(names[i]);
  return names.size() <= kMaxListed ? text : fmt::format("{} and {} more", text, names.size() - kMaxListed);
}

absl::Status NoModel(std::string_view name, const ModelManager::Snapshot& snapshot) {
  if (snapshot.empty()) return absl::NotFoundError(fmt::format("model '{}' is not loaded; no model is", name));
  std::vector<std::string> names;
  for (const auto& [loaded, model] : snapshot) names.push_back(loaded);
  absl::Status status = absl::NotFoundError(fmt::format("model '{}' is not loaded; loaded are: {}", name, Join(names)));
  const std::string_view closest = ClosestName(name, names);
  return closest.empty() ? status : WithHint(std::move(status), fmt::format("did you mean '{}'?", closest));
}

absl::Status NoVersion(std::string_view name, int64_t version, const Versions& versions) {
  std::vector<std::string> numbers;
  for (const auto& servable : versions) numbers.push_back(fmt::format("{}", servable->version()));
  return absl::NotFoundError(
      fmt::format("model '{}' has no version {} loaded; loaded are: {}", name, version, Join(numbers)));
}

absl::Status NoAlias(std::string_view name, std::string_view alias, const LoadedModel& model) {
  std::vector<std::string> names;
  for (const auto& [known, servable] : model.aliases) names.push_back(known);
  absl::Status status = absl::NotFoundError(
      names.empty() ? fmt::format("model '{}' has no alias '{}' that points at a loaded version", name, alias)
                    : fmt::format("model '{}' has no alias '{}'; it has: {}", name, alias, Join(names)));
  const std::string_view closest = ClosestName(alias, names);
  return closest.empty() ? status : WithHint(std::move(status), fmt::format("did you mean '{}'?", closest));
}

Versions::const_iterator LowerBound(const Versions& versions, int64_t version) {
  return std::lower_bound(versions.begin(), versions.end(), version,
                          [](const auto& servable, int64_t wanted) { return servable->version() < wanted; });
}

bool Has(const Versions& versions, int64_t version) {
  const auto position = LowerBound(versions, version);
  return position != versions.end() && (*position)->version() == version;
}

// Copies of the pointers to the same models, whose counts of references no other copy shares. Each holds the pointer
// that it was made from, so a model ends after all of them.
ModelManager::Snapshot WithCountsOfItsOwn(const ModelManager::Snapshot& snapshot) {
  ModelManager::Snapshot copy = snapshot;
  for (auto& [name, model] : copy) {
    std::map<const Servable*, std::shared_ptr<const Servable>> own;
    for (auto& servable : model.versions) {
      const Servable* const key = servable.get();
      servable = std::shared_ptr<const Servable>(
          key, [original = std::move(servable)](const Servable*) mutable { original.reset(); });
      own[key] = servable;
    }
    for (auto& [alias, target] : model.aliases) target = own.at(target.get());
  }
  return copy;
}

}  // namespace

std::string_view StateName(State state) {
  switch (state) {
    case State::kLoading: return "LOADING";
    case State::kAvailable: return "AVAILABLE";
    case State::kUnloading: return "UNLOADING";
    case State::kEnd: return "END";
  }
  return "";
}

ModelManager::ModelManager() : stripes_(NumStripes()) {
  for (Stripe& stripe : stripes_) stripe.snapshot.store(std::make_shared<const Snapshot>());
}

absl::Status ModelManager::Load(std::string name, int64_t version, std::string_view bytes, std::string onnx) {
  TRY_ASSIGN(auto servable, Servable::Parse(std::move(name), version, bytes, std::move(onnx)));
  TRY(servable->WarmUp());
  if (Insert(servable, /*replace=*/false)) return absl::OkStatus();
  return absl::AlreadyExistsError(
      fmt::format("model {}@{} is loaded already, and a version never changes", servable->name(), servable->version()));
}

void ModelManager::Publish(std::shared_ptr<const Servable> servable) { Insert(std::move(servable), /*replace=*/true); }

bool ModelManager::Insert(std::shared_ptr<const Servable> servable, bool replace) {
  const std::lock_guard lock(publish_mutex_);
  Snapshot next = current_;
  LoadedModel& model = next[servable->name()];
  std::shared_ptr<const Servable> replaced;
  if (const auto position = LowerBound(model.versions, servable->version()); Has(model.versions, servable->version())) {
    if (!replace) return false;
    replaced = *position;
    model.versions.erase(position);
    for (auto& [alias, target] : model.aliases) {
      if (target == replaced) target = servable;
    }
  }
  model.versions.insert(LowerBound(model.versions, servable->version()), servable);
  Swap(std::move(next));
  ClearState(servable->name(), servable->version());
  if (replaced != nullptr) Bury(std::move(replaced));
  return true;
}

absl::Status ModelManager::Unload(std::string_view name, int64_t version) {
  const std::lock_guard lock(publish_mutex_);
  Snapshot next = current_;
  const auto model = next.find(name);
  if (model == next.end()) return NoModel(name, next);
  LoadedModel& loaded = model->second;
  if (!Has(loaded.versions, version)) return NoVersion(name, version, loaded.versions);
  const auto position = LowerBound(loaded.versions, version);
  std::shared_ptr<const Servable> servable = *position;
  loaded.versions.erase(position);
  std::erase_if(loaded.aliases, [&](const auto& alias) { return alias.second == servable; });
  if (loaded.versions.empty()) next.erase(model);
  SetState({std::string(name), version, State::kUnloading, "it is being taken out of memory"});
  Swap(std::move(next));
  Bury(std::move(servable));
  return absl::OkStatus();
}

void ModelManager::SetAliases(std::string_view name, const std::map<std::string, int64_t>& aliases) {
  const std::lock_guard lock(publish_mutex_);
  const auto model = current_.find(name);
  if (model == current_.end()) return;
  LoadedModel loaded = model->second;
  std::erase_if(loaded.aliases, [&](const auto& alias) { return !aliases.contains(alias.first); });
  for (const auto& [alias, version] : aliases) {
    if (Has(loaded.versions, version)) loaded.aliases[alias] = *LowerBound(loaded.versions, version);
  }
  if (loaded.aliases == model->second.aliases) return;
  Snapshot next = current_;
  next.find(name)->second = std::move(loaded);
  Swap(std::move(next));
}

void ModelManager::Swap(Snapshot next) {
  for (Stripe& stripe : stripes_) {
    auto old = stripe.snapshot.exchange(std::make_shared<const Snapshot>(WithCountsOfItsOwn(next)));
    reaper_.Take(std::move(old), 0, nullptr);
  }
  current_ = std::move(next);
}

void ModelManager::Bury(std::shared_ptr<const Servable> servable) {
  const int64_t bytes = servable->memory_bytes();
  auto gone = [this, key = std::pair(servable->name(), servable->version())] {
    const std::lock_guard lock(states_mutex_);
    const auto found = states_.find(key);
    if (found != states_.end() && found->second.state == State::kUnloading) states_.erase(found);
  };
  reaper_.Take(std::move(servable), bytes, std::move(gone));
}

absl::StatusOr<std::shared_ptr<const Servable>> ModelManager::Find(std::string_view name,
                                                                   std::optional<int64_t> version) const {
  const std::shared_ptr<const Snapshot> current = snapshot();
  const auto model = current->find(name);
  if (model == current->end()) {
    TRY(NotServing(name, version));
    return NoModel(name, *current);
  }
  const Versions& versions = model->second.versions;
  if (!version.has_value()) return versions.back();
  if (const auto position = LowerBound(versions, *version); Has(versions, *version)) return *position;
  TRY(NotServing(name, version));
  return NoVersion(name, *version, versions);
}

absl::StatusOr<std::shared_ptr<const Servable>> ModelManager::FindAlias(std::string_view name,
                                                                        std::string_view alias) const {
  const std::shared_ptr<const Snapshot> current = snapshot();
  const auto model = current->find(name);
  if (model == current->end()) {
    TRY(NotServing(name, std::nullopt));
    return NoModel(name, *current);
  }
  const auto found = model->second.aliases.find(alias);
  if (found != model->second.aliases.end()) return found->second;
  return NoAlias(name, alias, model->second);
}

// OK where nothing is known of the version, or without one of any version of that name. What was taken out is as
// unknown as what never was there.
absl::Status ModelManager::NotServing(std::string_view name, std::optional<int64_t> version) const {
  const std::lock_guard lock(states_mutex_);
  const ModelState* known = nullptr;
  for (const auto& [key, state] : states_) {
    const bool is_meant = key.first == name && (!version.has_value() || key.second == *version);
    if (is_meant && state.state != State::kUnloading) known = &state;
  }
  if (known == nullptr) return absl::OkStatus();
  return absl::UnavailableError(
      fmt::format("model {}@{} does not answer: {}", known->name, known->version,
                  known->state == State::kLoading ? std::string_view("it is being loaded") : known->reason));
}

void ModelManager::SetState(ModelState state) {
  const std::lock_guard lock(states_mutex_);
  std::pair key(state.name, state.version);
  states_[std::move(key)] = std::move(state);
}

void ModelManager::ClearState(std::string_view name, int64_t version) {
  const std::lock_guard lock(states_mutex_);
  states_.erase(std::pair(std::string(name), version));
}

std::vector<ModelState> ModelManager::States() const {
  std::unique_lock lock(states_mutex_);
  auto states = states_;
  lock.unlock();
  const auto current = snapshot();
  for (const auto& [name, model] : *current) {
    for (const auto& servable : model.versions) {
      states[{name, servable->version()}] = {name, servable->version(), State::kAvailable, ""};
    }
  }
  std::vector<ModelState> list;
  for (auto& [key, state] : states) list.push_back(std::move(state));
  return list;
}

}  // namespace roost::serving
