#include "store/record_writer.h"

#include <utility>

#include "base/status.h"
#include "store/leaf.h"

namespace roost::store {

absl::StatusOr<absl::flat_hash_set<Digest>> RecordWriter::Missing(std::span<const Digest> ids) {
  TRY(Begin());
  TRY_ASSIGN(const RecordLocations known, records_.Locate(ids));
  absl::flat_hash_set<Digest> missing;
  for (const Digest& id : ids) {
    if (known.contains(id)) {
      reused_.insert(id);
    } else if (!written_.contains(id)) {
      missing.insert(id);
    }
  }
  return missing;
}

absl::Status RecordWriter::Add(const Digest& id, std::string_view record) {
  TRY(Begin());
  if (!written_.insert(id).second) return absl::OkStatus();
  pack_.Add(id, record);
  return pack_.size() < kPackBytes ? absl::OkStatus() : EndPack();
}

absl::StatusOr<Digest> RecordWriter::AddObject(std::string_view tag, uint8_t kind, std::string_view bytes) {
  const Digest id = IdOfObject(tag, bytes);
  TRY_ASSIGN(const auto missing, Missing({&id, 1}));
  if (!missing.empty()) TRY(Add(id, EncodeObject(kind, bytes)));
  return id;
}

/// Before the first look at what is stored: what is removed later is then noticed.
absl::Status RecordWriter::Begin() {
  if (epoch_.has_value()) return absl::OkStatus();
  TRY_ASSIGN(epoch_, records_.Epoch());
  return absl::OkStatus();
}

absl::Status RecordWriter::EndPack() {
  TRY(context_.CheckCancelled());
  Pack pack = pack_.Finish();
  TRY(objects_.Put(PackKey(pack.digest), pack.bytes));
  pack.bytes = std::string();
  packs_.push_back(std::move(pack));
  return absl::OkStatus();
}

absl::StatusOr<SealedRecords> RecordWriter::Seal() {
  TRY(Begin());
  if (!pack_.empty()) TRY(EndPack());
  return SealedRecords{.packs = std::move(packs_), .reused = {reused_.begin(), reused_.end()}, .epoch = *epoch_};
}

}  // namespace roost::store
