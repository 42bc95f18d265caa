#include "store/s3_object_store.h"

#include <algorithm>
#include <cstdlib>
#include <mutex>

#include <arrow/buffer.h>
#include <arrow/filesystem/s3fs.h>
#include <arrow/io/interfaces.h>
#include <arrow/util/future.h>
#include <fmt/format.h>

#include "absl/container/flat_hash_map.h"
#include "base/status.h"
#include "store/s3_errors.h"

namespace roost::store {
namespace {

constexpr std::string_view kScheme = "s3://";
constexpr size_t kMaxSizes = 100'000;  // some 10 MB
/// Arrow has the server's answer written into the space of the bytes asked for, also the text of an error: it must fit.
constexpr uint64_t kLeastRead = uint64_t{8} << 10;
constexpr char kTextDidNotFit[] = "Failed to flush response stream";
constexpr int64_t kTries = 4;
constexpr double kConnectSeconds = 3;
constexpr double kSilenceSeconds = 10;  // without a byte
/// Asked for by Open: what stands at the root of every store.
constexpr std::string_view kProbe = "format.json";

std::string Environment(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return "";
}

/// AWS's library is started once a process, by whom needs it first.
absl::Status StartLibrary() {
  static std::mutex mutex;
  static bool is_started = false;
  const std::lock_guard lock(mutex);
  if (is_started) return absl::OkStatus();
  if (arrow::Status started = arrow::fs::EnsureS3Initialized(); !started.ok()) return FromS3(started, "S3");
  is_started = true;
  // A first client, which asks nobody: with it Arrow makes the static objects that EnsureS3Finalized uses at exit.
  arrow::fs::S3Options nobody = arrow::fs::S3Options::Anonymous();
  nobody.region = "us-east-1";
  return FromS3(arrow::fs::S3FileSystem::Make(nobody).status(), "S3");
}

/// Has AWS's library stopped at exit. To be called after the first request: the static objects that the libraries make
/// up to then are destroyed after what is registered here has run.
void StopLibraryAtExit() {
  static const int registered = std::atexit([] { (void)arrow::fs::EnsureS3Finalized(); });
  (void)registered;
}

struct Place {
  std::string bucket;
  std::string prefix;  ///< "" or with a '/' at its end
};

absl::StatusOr<Place> ParsePlace(std::string_view url) {
  const auto refuse = [&](std::string_view why) {
    return WithHint(absl::InvalidArgumentError(fmt::format("'{}' is not a place in S3: {}", url, why)),
                    "Write s3://bucket or s3://bucket/prefix.");
  };
  if (!IsS3Url(url)) return refuse("it does not start with s3://");
  std::string_view rest = url.substr(kScheme.size());
  while (rest.ends_with('/')) rest.remove_suffix(1);
  const size_t slash = rest.find('/');
  Place place{.bucket = std::string(rest.substr(0, slash)), .prefix = ""};
  const bool is_name = std::all_of(place.bucket.begin(), place.bucket.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
  if (place.bucket.size() < 3 || place.bucket.size() > 63 || !is_name) {
    return refuse("a bucket's name has 3 to 63 small letters, digits, '-' and '.'");
  }
  if (slash == std::string_view::npos) return place;
  const std::string_view prefix = rest.substr(slash + 1);
  if (!CheckKey(prefix).ok()) return refuse("a prefix has names of letters, digits, '.', '_' and '-', joined by '/'");
  place.prefix = fmt::format("{}/", prefix);
  return place;
}

absl::StatusOr<std::string> RegionOf(const S3Settings& settings, const std::string& endpoint,
                                     const std::string& bucket) {
  if (!settings.region.empty()) return settings.region;
  if (std::string region = Environment({"AWS_REGION", "AWS_DEFAULT_REGION"}); !region.empty()) return region;
  if (!endpoint.empty()) return "us-east-1";  // what other servers than AWS's take
  auto region = arrow::fs::ResolveS3BucketRegion(bucket);
  if (!region.ok()) return FromS3(region.status(), fmt::format("{}{}", kScheme, bucket));
  return *region;
}

absl::Status SetEndpoint(std::string_view endpoint, arrow::fs::S3Options& options) {
  const size_t mark = endpoint.find("://");
  const std::string_view scheme = endpoint.substr(0, mark);
  if (mark == std::string_view::npos || (scheme != "http" && scheme != "https")) {
    return WithHint(absl::InvalidArgumentError(fmt::format("'{}' is not the endpoint of an S3 server", endpoint)),
                    "Write it as https://host or http://host:port, in AWS_ENDPOINT_URL for example.");
  }
  endpoint.remove_prefix(mark + 3);
  while (endpoint.ends_with('/')) endpoint.remove_suffix(1);
  options.scheme = scheme;
  options.endpoint_override = endpoint;
  return absl::OkStatus();
}

absl::StatusOr<arrow::fs::S3Options> OptionsOf(const S3Settings& settings, const std::string& bucket) {
  const std::string endpoint =
      settings.endpoint.empty() ? Environment({"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"}) : settings.endpoint;
  arrow::fs::S3Options options = arrow::fs::S3Options::Defaults();
  TRY_ASSIGN(options.region, RegionOf(settings, endpoint, bucket));
  const bool path_style = settings.path_style.value_or(!endpoint.empty());
  if (!endpoint.empty()) {
    TRY(SetEndpoint(endpoint, options));
  } else if (path_style) {
    // Arrow writes the bucket into the path for a given endpoint only.
    options.endpoint_override = fmt::format("s3.{}.amazonaws.com", options.region);
  }
  options.force_virtual_addressing = !path_style;
  options.tls_ca_file_path = Environment({"AWS_CA_BUNDLE"});
  options.allow_delayed_open = true;  // a small object is one request
  options.background_writes = true;
  options.connect_timeout = kConnectSeconds;
  options.request_timeout = kSilenceSeconds;
  options.retry_strategy = arrow::fs::S3RetryStrategy::GetAwsStandardRetryStrategy(kTries);
  return options;
}

}  // namespace

bool IsS3Url(std::string_view location) { return location.starts_with(kScheme); }

struct S3ObjectStore::State {
  std::shared_ptr<arrow::fs::S3FileSystem> files;
  std::string root;  ///< "bucket/prefix/"

  std::string PathOf(std::string_view key) const { return fmt::format("{}{}", root, key); }
  std::string UrlOf(std::string_view key) const { return fmt::format("{}{}{}", kScheme, root, key); }

  /// The object as a file of `size` bytes; asks the server nothing.
  absl::StatusOr<std::shared_ptr<arrow::io::RandomAccessFile>> Open(std::string_view key, uint64_t size) const;

  /// The object's size, from the server. NotFound where there is none.
  absl::StatusOr<uint64_t> AskSize(std::string_view key);

  /// The same; asked once, as objects do not change.
  absl::StatusOr<uint64_t> KnownSize(std::string_view key);

  /// The error of a read. Where the answer's text did not fit, a second question tells whether the object is gone.
  absl::Status ReadError(std::string_view key, const arrow::Status& status);

  std::mutex mutex;
  absl::flat_hash_map<std::string, uint64_t> sizes;  ///< guarded by `mutex`

  absl::Status TooShort(std::string_view key, const ByteRange& range) const {
    return absl::DataLossError(
        fmt::format("{} is too short: {} bytes were wanted from byte {} on", UrlOf(key), range.length, range.offset));
  }
};

absl::StatusOr<std::shared_ptr<arrow::io::RandomAccessFile>> S3ObjectStore::State::Open(std::string_view key,
                                                                                        uint64_t size) const {
  arrow::fs::FileInfo info(PathOf(key), arrow::fs::FileType::File);
  info.set_size(static_cast<int64_t>(size));
  auto file = files->OpenInputFile(info);
  if (!file.ok()) return FromS3(file.status(), UrlOf(key));
  return *file;
}

absl::StatusOr<uint64_t> S3ObjectStore::State::AskSize(std::string_view key) {
  TRY(CheckKey(key));
  const auto file = files->OpenInputFile(PathOf(key));
  if (!file.ok()) return FromS3(file.status(), UrlOf(key));
  const auto size = (*file)->GetSize();
  if (!size.ok()) return FromS3(size.status(), UrlOf(key));
  const std::lock_guard lock(mutex);
  if (sizes.size() >= kMaxSizes) sizes.clear();
  sizes[std::string(key)] = static_cast<uint64_t>(*size);
  return static_cast<uint64_t>(*size);
}

absl::StatusOr<uint64_t> S3ObjectStore::State::KnownSize(std::string_view key) {
  {
    const std::lock_guard lock(mutex);
    const auto known = sizes.find(std::string(key));
    if (known != sizes.end()) return known->second;
  }
  return AskSize(key);
}

absl::Status S3ObjectStore::State::ReadError(std::string_view key, const arrow::Status& status) {
  {
    const std::lock_guard lock(mutex);
    sizes.erase(std::string(key));
  }
  if (status.message().find(kTextDidNotFit) != std::string::npos) TRY(AskSize(key).status());
  return FromS3(status, UrlOf(key));
}

S3ObjectStore::S3ObjectStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
S3ObjectStore::~S3ObjectStore() = default;

absl::StatusOr<std::unique_ptr<S3ObjectStore>> S3ObjectStore::Open(const std::string& url, const S3Settings& settings) {
  TRY_ASSIGN(const Place place, ParsePlace(url));
  TRY(StartLibrary());
  const absl::StatusOr<arrow::fs::S3Options> set = OptionsOf(settings, place.bucket);
  if (!set.ok()) {
    StopLibraryAtExit();
    return set.status();
  }
  auto files = arrow::fs::S3FileSystem::Make(*set);
  if (!files.ok()) {
    StopLibraryAtExit();
    return FromS3(files.status(), url);
  }
  auto state = std::make_unique<State>();
  state->files = *files;
  state->root = fmt::format("{}/{}", place.bucket, place.prefix);
  // A GET: the answer to a HEAD has no body, which alone tells a wrong secret from a missing right.
  TRY_ASSIGN(const auto probe, state->Open(kProbe, kLeastRead));
  const absl::Status probed = FromS3(probe->ReadAt(0, static_cast<int64_t>(kLeastRead)).status(), state->UrlOf(kProbe));
  StopLibraryAtExit();
  const bool is_new = absl::IsNotFound(probed) && HintOf(probed).empty();
  if (!probed.ok() && !is_new) return probed;
  return std::unique_ptr<S3ObjectStore>(new S3ObjectStore(std::move(state)));
}

absl::Status S3ObjectStore::Put(std::string_view key, std::string_view bytes) {
  TRY_ASSIGN(const bool is_there, Exists(key));
  if (is_there) return absl::OkStatus();
  auto stream = state_->files->OpenOutputStream(state_->PathOf(key), nullptr);
  if (!stream.ok()) return FromS3(stream.status(), state_->UrlOf(key));
  arrow::Status written = (*stream)->Write(bytes);
  if (written.ok()) written = (*stream)->Close();
  if (written.ok()) return absl::OkStatus();
  (void)(*stream)->Abort();  // the parts that were sent; the first error is the one to tell
  return FromS3(written, state_->UrlOf(key));
}

absl::StatusOr<std::string> S3ObjectStore::Get(std::string_view key) {
  TRY_ASSIGN(const uint64_t size, Size(key));
  return GetRange(key, 0, size);
}

absl::StatusOr<std::string> S3ObjectStore::GetRange(std::string_view key, uint64_t offset, uint64_t length) {
  const ByteRange range{.offset = offset, .length = length};
  TRY_ASSIGN(std::vector<std::string> pieces, GetRanges(key, {&range, 1}));
  return std::move(pieces.front());
}

absl::StatusOr<std::vector<std::string>> S3ObjectStore::ReadEach(std::string_view key,
                                                                 std::span<const ByteRange> reads) {
  TRY(CheckKey(key));
  TRY_ASSIGN(const uint64_t size, state_->KnownSize(key));
  TRY_ASSIGN(const auto file, state_->Open(key, size));
  std::vector<arrow::Future<std::shared_ptr<arrow::Buffer>>> answers;
  for (const ByteRange& read : reads) {
    // Arrow does not tell that fewer bytes came than it asked for; it must not ask beyond the end.
    if (read.offset > size || read.length > size - read.offset) return state_->TooShort(key, read);
    const uint64_t asked = read.length == 0 ? 0 : std::min(std::max(read.length, kLeastRead), size - read.offset);
    answers.push_back(file->ReadAsync(arrow::io::default_io_context(), static_cast<int64_t>(read.offset),
                                      static_cast<int64_t>(asked)));
  }
  std::vector<std::string> bytes;
  absl::Status failure;
  for (size_t i = 0; i < reads.size(); ++i) {
    const auto& answer = answers[i].result();  // waits for all, also after a failure
    if (!failure.ok()) continue;
    if (!answer.ok()) {
      failure = state_->ReadError(key, answer.status());
    } else if (static_cast<uint64_t>((*answer)->size()) < reads[i].length) {
      failure = state_->TooShort(key, reads[i]);
    } else {
      bytes.push_back((*answer)->ToString().substr(0, reads[i].length));
    }
  }
  if (!failure.ok()) return failure;
  return bytes;
}

absl::StatusOr<uint64_t> S3ObjectStore::Size(std::string_view key) { return state_->AskSize(key); }

absl::StatusOr<bool> S3ObjectStore::Exists(std::string_view key) {
  const absl::StatusOr<uint64_t> size = Size(key);
  if (absl::IsNotFound(size.status())) return false;
  if (!size.ok()) return size.status();
  return true;
}

absl::StatusOr<std::vector<std::string>> S3ObjectStore::List(std::string_view prefix) {
  if (!prefix.empty()) TRY(CheckKey(prefix));
  arrow::fs::FileSelector all;
  all.base_dir = state_->PathOf(prefix);
  while (all.base_dir.ends_with('/')) all.base_dir.pop_back();
  all.allow_not_found = true;
  all.recursive = true;
  const auto found = state_->files->GetFileInfo(all);
  if (!found.ok()) return FromS3(found.status(), state_->UrlOf(prefix));
  std::vector<std::string> keys;
  for (const arrow::fs::FileInfo& info : *found) {
    if (!info.IsFile() || !info.path().starts_with(state_->root)) continue;
    std::string key = info.path().substr(state_->root.size());
    if (CheckKey(key).ok()) keys.push_back(std::move(key));  // others in the bucket are not ours
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

absl::Status S3ObjectStore::Delete(std::string_view key) {
  TRY(CheckKey(key));
  {
    const std::lock_guard lock(state_->mutex);
    state_->sizes.erase(std::string(key));
  }
  const absl::Status deleted = FromS3(state_->files->DeleteFile(state_->PathOf(key)), state_->UrlOf(key));
  return absl::IsNotFound(deleted) && HintOf(deleted).empty() ? absl::OkStatus() : deleted;
}

}  // namespace roost::store
