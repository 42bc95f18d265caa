#include "store/counted_object_store.h"

#include "base/status.h"

namespace roost::store {

ObjectCounts CountedObjectStore::counts() const {
  return {.put_calls = put_calls_,
          .read_calls = read_calls_,
          .look_calls = look_calls_,
          .delete_calls = delete_calls_,
          .objects_written = objects_written_,
          .bytes_written = bytes_written_,
          .pieces_read = pieces_read_,
          .bytes_read = bytes_read_};
}

void CountedObjectStore::Reset() {
  for (auto* count : {&put_calls_, &read_calls_, &look_calls_, &delete_calls_, &objects_written_, &bytes_written_,
                      &pieces_read_, &bytes_read_}) {
    *count = 0;
  }
}

absl::Status CountedObjectStore::Put(std::string_view key, std::string_view bytes) {
  ++put_calls_;
  TRY_ASSIGN(const bool was_there, store_->Exists(key));
  TRY(store_->Put(key, bytes));
  if (was_there) return absl::OkStatus();
  ++objects_written_;
  bytes_written_ += static_cast<int64_t>(bytes.size());
  return absl::OkStatus();
}

absl::StatusOr<std::string> CountedObjectStore::Get(std::string_view key) {
  ++read_calls_;
  TRY_ASSIGN(std::string bytes, store_->Get(key));
  ++pieces_read_;
  bytes_read_ += static_cast<int64_t>(bytes.size());
  return bytes;
}

absl::StatusOr<std::string> CountedObjectStore::GetRange(std::string_view key, uint64_t offset, uint64_t length) {
  ++read_calls_;
  TRY_ASSIGN(std::string bytes, store_->GetRange(key, offset, length));
  ++pieces_read_;
  bytes_read_ += static_cast<int64_t>(bytes.size());
  return bytes;
}

absl::StatusOr<std::vector<std::string>> CountedObjectStore::GetRanges(std::string_view key,
                                                                       std::span<const ByteRange> ranges) {
  ++read_calls_;
  TRY_ASSIGN(std::vector<std::string> pieces, store_->GetRanges(key, ranges));
  pieces_read_ += static_cast<int64_t>(pieces.size());
  for (const std::string& piece : pieces) bytes_read_ += static_cast<int64_t>(piece.size());
  return pieces;
}

absl::StatusOr<uint64_t> CountedObjectStore::Size(std::string_view key) {
  ++look_calls_;
  return store_->Size(key);
}

absl::StatusOr<bool> CountedObjectStore::Exists(std::string_view key) {
  ++look_calls_;
  return store_->Exists(key);
}

absl::StatusOr<std::vector<std::string>> CountedObjectStore::List(std::string_view prefix) {
  ++look_calls_;
  return store_->List(prefix);
}

absl::Status CountedObjectStore::Delete(std::string_view key) {
  ++delete_calls_;
  return store_->Delete(key);
}

}  // namespace roost::store
