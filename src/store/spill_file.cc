#include "store/spill_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/api.h>
#include <arrow/util/byte_size.h>
#include <fmt/format.h>

#include "base/status.h"
#include "table/arrow_status.h"

namespace roost::store {
namespace {

std::string DefaultFolder() {
  const char* folder = std::getenv("TMPDIR");
  return folder != nullptr && *folder != '\0' ? folder : "/var/tmp";
}

absl::Status FileError(int error_number, const std::string& folder) {
  const absl::Status status = ErrnoStatus(error_number, fmt::format("a temporary file in {}", folder));
  if (!absl::IsResourceExhausted(status)) return status;
  return WithHint(status, "Rows that do not fit in memory are put there; free space, or set TMPDIR to another folder.");
}

}  // namespace

SpillFile::SpillFile(int file, std::string folder, std::shared_ptr<arrow::Schema> schema)
    : file_(file), folder_(std::move(folder)), schema_(std::move(schema)) {}

SpillFile::~SpillFile() { ::close(file_); }

absl::StatusOr<std::unique_ptr<SpillFile>> SpillFile::Make(const std::shared_ptr<arrow::Schema>& schema,
                                                           const std::string& folder) {
  const std::string in = folder.empty() ? DefaultFolder() : folder;
  std::string name = in + "/roost-XXXXXX";
  const int file = ::mkostemp(name.data(), O_CLOEXEC);
  if (file < 0) return FileError(errno, in);
  ::unlink(name.c_str());
  return std::unique_ptr<SpillFile>(new SpillFile(file, in, schema));
}

absl::StatusOr<SpillFile::Extent> SpillFile::Append(const arrow::RecordBatch& batch) {
  TRY_ARROW_ASSIGN(const std::shared_ptr<arrow::Buffer> bytes,
                   arrow::ipc::SerializeRecordBatch(batch, arrow::ipc::IpcWriteOptions::Defaults()));
  const Extent extent{.offset = size_, .bytes = bytes->size()};
  for (int64_t done = 0; done < extent.bytes;) {
    const ssize_t written =
        ::pwrite(file_, bytes->data() + done, static_cast<size_t>(extent.bytes - done), size_ + done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return FileError(written < 0 ? errno : ENOSPC, folder_);
    done += written;
  }
  size_ += extent.bytes;
  return extent;
}

absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> SpillFile::Read(const Extent& extent) const {
  TRY_ARROW_ASSIGN(std::unique_ptr<arrow::Buffer> bytes, arrow::AllocateBuffer(extent.bytes));
  for (int64_t done = 0; done < extent.bytes;) {
    const ssize_t got =
        ::pread(file_, bytes->mutable_data() + done, static_cast<size_t>(extent.bytes - done), extent.offset + done);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return FileError(got < 0 ? errno : EIO, folder_);
    done += got;
  }
  arrow::io::BufferReader reader(std::shared_ptr<arrow::Buffer>(std::move(bytes)));
  arrow::ipc::DictionaryMemo no_dictionaries;
  TRY_ARROW_ASSIGN(
      std::shared_ptr<arrow::RecordBatch> batch,
      arrow::ipc::ReadRecordBatch(schema_, &no_dictionaries, arrow::ipc::IpcReadOptions::Defaults(), &reader));
  return batch;
}

BatchSpool::BatchSpool(std::shared_ptr<arrow::Schema> schema, int64_t memory_bytes, std::string folder)
    : schema_(std::move(schema)), folder_(std::move(folder)), memory_left_(memory_bytes) {}

BatchSpool::~BatchSpool() = default;
BatchSpool::BatchSpool(BatchSpool&&) = default;

absl::Status BatchSpool::Add(std::shared_ptr<arrow::RecordBatch> batch) {
  const int64_t bytes = BytesOf(*batch);
  if (file_ == nullptr && bytes > memory_left_) {
    TRY_ASSIGN(file_, SpillFile::Make(schema_, folder_));
    for (Entry& entry : entries_) {
      TRY_ASSIGN(entry.extent, file_->Append(*entry.batch));
      entry.batch = nullptr;
    }
  }
  Entry entry;
  if (file_ == nullptr) {
    memory_left_ -= bytes;
    entry.batch = std::move(batch);
  } else {
    TRY_ASSIGN(entry.extent, file_->Append(*batch));
  }
  entries_.push_back(std::move(entry));
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> BatchSpool::Get(size_t index) const {
  const Entry& entry = entries_[index];
  if (entry.batch != nullptr) return entry.batch;
  return file_->Read(entry.extent);
}

absl::StatusOr<std::shared_ptr<arrow::RecordBatch>> BatchSpool::Take(size_t index) {
  if (entries_[index].batch != nullptr) return std::exchange(entries_[index].batch, nullptr);
  return file_->Read(entries_[index].extent);
}

int64_t BytesOf(const arrow::RecordBatch& batch) {
  const arrow::Result<int64_t> bytes = arrow::util::ReferencedBufferSize(batch);
  return bytes.ok() ? *bytes : arrow::util::TotalBufferSize(batch);
}

}  // namespace roost::store
