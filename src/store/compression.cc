#include "store/compression.h"

#include <zstd.h>

#include <memory>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/status.h"

namespace roost::store {
namespace {

constexpr int kLevel = 3;
constexpr uint8_t kNone = 0;
constexpr uint8_t kZstd = 1;

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

}  // namespace

std::string Compress(std::string_view bytes) {
  thread_local const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  std::string compressed(ZSTD_compressBound(bytes.size()), '\0');
  const size_t size =
      ZSTD_compressCCtx(context.get(), compressed.data(), compressed.size(), bytes.data(), bytes.size(), kLevel);
  ROOST_CHECK(!ZSTD_isError(size), ZSTD_getErrorName(size));
  compressed.resize(size);
  return compressed;
}

absl::StatusOr<std::string> Decompress(std::string_view compressed, uint64_t size) {
  thread_local const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  if (ZSTD_getFrameContentSize(compressed.data(), compressed.size()) != size) {
    return absl::DataLossError(fmt::format("not a zstd frame of {} bytes", size));
  }
  std::string bytes(size, '\0');
  const size_t got =
      ZSTD_decompressDCtx(context.get(), bytes.data(), bytes.size(), compressed.data(), compressed.size());
  if (ZSTD_isError(got)) return absl::DataLossError(fmt::format("zstd: {}", ZSTD_getErrorName(got)));
  if (got != size) return absl::DataLossError(fmt::format("zstd gave {} bytes where {} were expected", got, size));
  return bytes;
}

void AppendCompressed(std::string& record, std::string_view bytes) {
  const std::string compressed = Compress(bytes);
  const bool smaller = compressed.size() < bytes.size();
  record.push_back(static_cast<char>(smaller ? kZstd : kNone));
  AppendVarint(record, bytes.size());
  record.append(smaller ? std::string_view(compressed) : bytes);
}

void AppendStored(std::string& record, std::string_view bytes) {
  record.push_back(static_cast<char>(kNone));
  AppendVarint(record, bytes.size());
  record.append(bytes);
}

absl::StatusOr<std::string> ReadCompressed(std::string_view rest, uint64_t max_size) {
  ByteReader reader(rest);
  TRY_ASSIGN(const auto compression, reader.Fixed<uint8_t>());
  TRY_ASSIGN(const uint64_t size, reader.Varint());
  if (size > max_size) return absl::DataLossError(fmt::format("{} bytes where at most {} may be", size, max_size));
  const std::string_view bytes = rest.substr(reader.position());
  if (compression == kZstd) return Decompress(bytes, size);
  if (compression != kNone) return absl::DataLossError(fmt::format("unknown compression {}", compression));
  if (bytes.size() != size)
    return absl::DataLossError(fmt::format("{} bytes where {} were expected", bytes.size(), size));
  return std::string(bytes);
}

}  // namespace roost::store
