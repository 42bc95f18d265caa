#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace roost::store {

/// A temporary file of record batches that do not fit in memory. It has no name from the moment it is made, so nothing
/// of it is left whatever way the process ends.
/// Threads: one. Errors: those of the file system; a full disk is ResourceExhausted and names the folder.
class SpillFile {
 public:
  /// Where a batch lies in the file.
  struct Extent {
    int64_t offset = 0;
    int64_t bytes = 0;
  };

  /// In `folder`; "" for $TMPDIR, or else /var/tmp, which is on a disk.
  static absl::StatusOr<std::unique_ptr<SpillFile>> Make(const std::shared_ptr<arrow::Schema>& schema,
                                                         const std::string& folder = "");
  ~SpillFile();
  SpillFile(const SpillFile&) = delete;
  SpillFile& operator=(const SpillFile&) = delete;

  /// Writes a batch of the file's schema, which has no dictionaries.
  absl::StatusOr<Extent> Append(const arrow::RecordBatch& batch);

  absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> Read(const Extent& extent) const;

 private:
  SpillFile(int file, std::string folder, std::shared_ptr<arrow::Schema> schema);

  const int file_;
  const std::string folder_;
  const std::shared_ptr<arrow::Schema> schema_;
  int64_t size_ = 0;
};

/// Batches in the order in which they came, in memory up to a limit and in a file beyond it.
/// Threads: one.
class BatchSpool {
 public:
  /// `memory_bytes`: how much is kept in memory.
  BatchSpool(std::shared_ptr<arrow::Schema> schema, int64_t memory_bytes, std::string folder);
  ~BatchSpool();
  BatchSpool(BatchSpool&&);

  absl::Status Add(std::shared_ptr<arrow::RecordBatch> batch);

  size_t size() const { return entries_.size(); }
  bool is_spilled() const { return file_ != nullptr; }

  /// The batch at `index`, in the order of Add.
  absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> Get(size_t index) const;

  /// The same for the last time: what it takes in memory is given up.
  absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> Take(size_t index);

 private:
  struct Entry {
    std::shared_ptr<arrow::RecordBatch> batch;  // null where it lies in the file
    SpillFile::Extent extent;
  };

  const std::shared_ptr<arrow::Schema> schema_;
  const std::string folder_;
  int64_t memory_left_;
  std::vector<Entry> entries_;
  std::unique_ptr<SpillFile> file_;
};

/// The bytes that the rows of `batch` take, of buffers that it shares with others its own part only.
int64_t BytesOf(const arrow::RecordBatch& batch);

}  // namespace roost::store
