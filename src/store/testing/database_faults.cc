#include "store/testing/database_faults.h"

#include <utility>

namespace roost::store {

DatabaseFaults::DatabaseFaults(Database& database) : database_(database) {
  database_.SetFault([this](Database::Write write, std::string_view) { return OnWrite(write); });
}

DatabaseFaults::~DatabaseFaults() { database_.SetFault(nullptr); }

void DatabaseFaults::At(int64_t write, Effect effect) {
  writes_ = 0;
  at_ = write;
  effect_ = effect;
  action_ = nullptr;
  was_kept_ = false;
}

void DatabaseFaults::RunAt(int64_t write, std::function<void()> action) {
  At(write, Effect::kFails);
  action_ = std::move(action);
}

absl::Status DatabaseFaults::OnWrite(Database::Write write) {
  ++writes_;
  if (writes_ < at_ || (writes_ > at_ && effect_ == Effect::kFails)) return absl::OkStatus();
  if (action_) {
    action_();
    return absl::OkStatus();
  }
  if (writes_ == at_) was_kept_ = write == Database::Write::kCommitted;
  return absl::UnavailableError("a fault of the test");
}

}  // namespace roost::store
