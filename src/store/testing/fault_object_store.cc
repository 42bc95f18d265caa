#include "store/testing/fault_object_store.h"

#include "base/status.h"

namespace roost::store {
namespace {

absl::Status Fault() { return absl::UnavailableError("a fault of the test"); }

}  // namespace

absl::Status FaultObjectStore::Alive() const { return faults_->is_dead() ? Fault() : absl::OkStatus(); }

template <typename Work>
absl::Status FaultObjectStore::Write(const Work& work) {
  TRY(Alive());
  if (++faults_->writes_ != faults_->at_) return work();
  if (faults_->effect_ == ObjectFaults::Effect::kDiesAfter) TRY(work());
  return Fault();
}

absl::Status FaultObjectStore::Put(std::string_view key, std::string_view bytes) {
  return Write([&] { return objects_->Put(key, bytes); });
}

absl::Status FaultObjectStore::Delete(std::string_view key) {
  return Write([&] { return objects_->Delete(key); });
}

absl::StatusOr<std::string> FaultObjectStore::Get(std::string_view key) {
  TRY(Alive());
  return objects_->Get(key);
}

absl::StatusOr<std::string> FaultObjectStore::GetRange(std::string_view key, uint64_t offset, uint64_t length) {
  TRY(Alive());
  return objects_->GetRange(key, offset, length);
}

absl::StatusOr<uint64_t> FaultObjectStore::Size(std::string_view key) {
  TRY(Alive());
  return objects_->Size(key);
}

absl::StatusOr<bool> FaultObjectStore::Exists(std::string_view key) {
  TRY(Alive());
  return objects_->Exists(key);
}

absl::StatusOr<std::vector<std::string>> FaultObjectStore::List(std::string_view prefix) {
  TRY(Alive());
  return objects_->List(prefix);
}

}  // namespace roost::store
