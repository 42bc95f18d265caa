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
  for (const auto& [loaded, versions] : snapshot) names.push_back(loaded);
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

Versions::const_iterator LowerBound(const Versions& versions, int64_t version) {
  return std::lower_bound(versions.begin(), versions.end(), version,
                          [](const auto& servable, int64_t wanted) { return servable->version() < wanted; });
}

bool Has(const Versions& versions, int64_t version) {
  const auto position = LowerBound(versions, version);
  return position != versions.end() && (*position)->version() == version;
}

}  // namespace

ModelManager::ModelManager() : snapshot_(std::make_shared<const Snapshot>()) {}

absl::Status ModelManager::Load(std::string name, int64_t version, std::string_view bytes, std::string onnx) {
  TRY_ASSIGN(auto servable, Servable::Parse(std::move(name), version, bytes, std::move(onnx)));
  return Publish(std::move(servable));
}

absl::Status ModelManager::Publish(std::shared_ptr<const Servable> servable) {
  TRY(servable->WarmUp());
  const std::lock_guard lock(publish_mutex_);
  auto next = std::make_shared<Snapshot>(*snapshot());
  Versions& versions = (*next)[servable->name()];
  if (Has(versions, servable->version())) {
    return absl::AlreadyExistsError(fmt::format("model {}@{} is loaded already, and a version never changes",
                                                servable->name(), servable->version()));
  }
  versions.insert(LowerBound(versions, servable->version()), std::move(servable));
  snapshot_.store(std::move(next), std::memory_order_release);
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const Servable>> ModelManager::Find(std::string_view name,
                                                                   std::optional<int64_t> version) const {
  const std::shared_ptr<const Snapshot> current = snapshot();
  const auto model = current->find(name);
  if (model == current->end()) return NoModel(name, *current);
  const Versions& versions = model->second;
  if (!version.has_value()) return versions.back();
  if (!Has(versions, *version)) return NoVersion(name, *version, versions);
  return *LowerBound(versions, *version);
}

}  // namespace roost::serving
