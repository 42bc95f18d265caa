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

ModelManager::ModelManager() : snapshot_(std::make_shared<const Snapshot>()) {}

absl::Status ModelManager::Load(std::string name, int64_t version, std::string_view bytes, std::string onnx) {
  TRY_ASSIGN(auto servable, Servable::Parse(std::move(name), version, bytes, std::move(onnx)));
  return Publish(std::move(servable));
}

absl::Status ModelManager::Publish(std::shared_ptr<const Servable> servable) {
  TRY(servable->WarmUp());
  const std::lock_guard lock(publish_mutex_);
  auto next = std::make_shared<Snapshot>(*snapshot());
  Versions& versions = (*next)[servable->name()].versions;
  if (Has(versions, servable->version())) {
    return absl::AlreadyExistsError(fmt::format("model {}@{} is loaded already, and a version never changes",
                                                servable->name(), servable->version()));
  }
  versions.insert(LowerBound(versions, servable->version()), servable);
  snapshot_.store(std::move(next), std::memory_order_release);
  ClearState(servable->name(), servable->version());
  return absl::OkStatus();
}

absl::Status ModelManager::Unload(std::string_view name, int64_t version) {
  const std::lock_guard lock(publish_mutex_);
  auto next = std::make_shared<Snapshot>(*snapshot());
  const auto model = next->find(name);
  if (model == next->end()) return NoModel(name, *next);
  LoadedModel& loaded = model->second;
  if (!Has(loaded.versions, version)) return NoVersion(name, version, loaded.versions);
  loaded.versions.erase(LowerBound(loaded.versions, version));
  std::erase_if(loaded.aliases, [&](const auto& alias) { return alias.second->version() == version; });
  if (loaded.versions.empty()) next->erase(model);
  snapshot_.store(std::move(next), std::memory_order_release);
  return absl::OkStatus();
}

void ModelManager::SetAliases(std::string_view name, const std::map<std::string, int64_t>& aliases) {
  const std::lock_guard lock(publish_mutex_);
  auto next = std::make_shared<Snapshot>(*snapshot());
  const auto model = next->find(name);
  if (model == next->end()) return;
  LoadedModel& loaded = model->second;
  std::erase_if(loaded.aliases, [&](const auto& alias) { return !aliases.contains(alias.first); });
  for (const auto& [alias, version] : aliases) {
    if (Has(loaded.versions, version)) loaded.aliases[alias] = *LowerBound(loaded.versions, version);
  }
  snapshot_.store(std::move(next), std::memory_order_release);
}

absl::StatusOr<std::shared_ptr<const Servable>> ModelManager::Find(std::string_view name,
                                                                   std::optional<int64_t> version) const {
  const std::shared_ptr<const Snapshot> current = snapshot();
  const auto model = current->find(name);
  if (model == current->end()) return NoModel(name, *current);
  const Versions& versions = model->second.versions;
  if (!version.has_value()) return versions.back();
  if (!Has(versions, *version)) return NoVersion(name, *version, versions);
  return *LowerBound(versions, *version);
}

absl::StatusOr<std::shared_ptr<const Servable>> ModelManager::FindAlias(std::string_view name,
                                                                        std::string_view alias) const {
  const std::shared_ptr<const Snapshot> current = snapshot();
  const auto model = current->find(name);
  if (model == current->end()) return NoModel(name, *current);
  const auto found = model->second.aliases.find(alias);
  if (found != model->second.aliases.end()) return found->second;
  return NoAlias(name, alias, model->second);
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
