#include "ingest/stat_cache.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/status.h"

namespace roost::ingest {
namespace {

constexpr std::string_view kMagic("RoostSt\x01", 8);  // the last byte is the format's version
constexpr size_t kEntriesInBlock = 1024;              // as many as a tree's part may have
constexpr int64_t kMarginNs = 2'000'000'000;

}  // namespace

StatCache StatCache::Load(const std::string& caches, std::string_view key) {
  StatCache cache(fmt::format("{}/{}.stat", caches, Sha256(key).ToHex()), std::string(key));
  if (!cache.Read().ok()) return StatCache(cache.path_, cache.key_);
  return cache;
}

absl::Status StatCache::Read() {
  std::ifstream file(path_, std::ios::binary);
  if (!file) return absl::NotFoundError(path_);
  std::ostringstream content;
  content << file.rdbuf();
  const std::string bytes = std::move(content).str();
  if (bytes.size() < kMagic.size() + sizeof(uint32_t) || !bytes.starts_with(kMagic)) return absl::DataLossError(path_);
  const std::string_view body = std::string_view(bytes).substr(0, bytes.size() - sizeof(uint32_t));
  ByteReader tail(std::string_view(bytes).substr(body.size()));
  TRY_ASSIGN(const auto crc, tail.Fixed<uint32_t>());
  if (Crc32c(body) != crc) return absl::DataLossError(path_);
  ByteReader reader(body.substr(kMagic.size()));
  TRY_ASSIGN(const std::string_view key, reader.String());
  if (key != key_) return absl::DataLossError(path_);
  TRY_ASSIGN(began_ns_, reader.Fixed<int64_t>());
  TRY_ASSIGN(const std::string_view tree, reader.Raw(tree_.bytes.size()));
  std::memcpy(tree_.bytes.data(), tree.data(), tree.size());
  while (!reader.done()) {
    TRY_ASSIGN(const std::string_view block, reader.String());
    TRY_ASSIGN(std::vector<store::TreeEntry> entries, store::ReadTreePart(block));
    for (store::TreeEntry& entry : entries) {
      FileStat stat;
      TRY_ASSIGN(stat.size, reader.Fixed<uint64_t>());
      TRY_ASSIGN(stat.inode, reader.Fixed<uint64_t>());
      TRY_ASSIGN(stat.modified_ns, reader.Fixed<int64_t>());
      TRY_ASSIGN(stat.changed_ns, reader.Fixed<int64_t>());
      entries_.push_back(std::move(entry));
      stats_.push_back(stat);
    }
  }
  return absl::OkStatus();
}

const store::TreeEntry* StatCache::Find(const ScannedEntry& scanned, bool& is_sure) const {
  const auto found =
      std::lower_bound(entries_.begin(), entries_.end(), scanned.path,
                       [](const store::TreeEntry& entry, const std::string& path) { return entry.path < path; });
  is_sure = false;
  if (found == entries_.end() || found->path != scanned.path || found->type != scanned.type) return nullptr;
  const FileStat& stat = stats_[static_cast<size_t>(found - entries_.begin())];
  if (found->is_file() ? stat != scanned.stat : found->target != scanned.target) return nullptr;
  is_sure = !found->is_file() || std::max(stat.modified_ns, stat.changed_ns) < began_ns_ - kMarginNs;
  return &*found;
}

absl::Status StatCache::Save(int64_t began_ns, const Digest& tree, std::vector<store::TreeEntry> entries,
                             std::vector<FileStat> stats) {
  began_ns_ = began_ns;
  tree_ = tree;
  entries_ = std::move(entries);
  stats_ = std::move(stats);
  std::string bytes(kMagic);
  AppendString(bytes, key_);
  AppendFixed(bytes, began_ns_);
  bytes.append(reinterpret_cast<const char*>(tree_.bytes.data()), tree_.bytes.size());
  for (size_t first = 0; first < entries_.size(); first += kEntriesInBlock) {
    const size_t count = std::min(kEntriesInBlock, entries_.size() - first);
    AppendString(bytes, store::WriteTreePart(std::span(entries_).subspan(first, count)));
    for (size_t i = first; i < first + count; ++i) {
      AppendFixed(bytes, stats_[i].size);
      AppendFixed(bytes, stats_[i].inode);
      AppendFixed(bytes, stats_[i].modified_ns);
      AppendFixed(bytes, stats_[i].changed_ns);
    }
  }
  AppendFixed(bytes, Crc32c(bytes));
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path_).parent_path(), error);
  const std::string temporary = fmt::format("{}.{}", path_, ::getpid());
  std::ofstream file(temporary, std::ios::binary);
  file << bytes;
  file.close();
  if (file.good()) std::filesystem::rename(temporary, path_, error);
  if (file.good() && !error) return absl::OkStatus();
  std::filesystem::remove(temporary, error);
  return absl::ResourceExhaustedError(fmt::format("'{}' cannot be written", path_));
}

}  // namespace roost::ingest
