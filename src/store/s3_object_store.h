#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "store/object_store.h"

namespace roost::store {

/// What the environment does not say, or says wrong: a value here goes before the AWS_* variables.
struct S3Settings {
  std::string endpoint;            ///< "https://host:port"; "" for AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, or AWS itself
  std::string region;              ///< "" for AWS_REGION, AWS_DEFAULT_REGION, or the bucket's own
  std::optional<bool> path_style;  ///< host/bucket/key; where not set: with an endpoint, but not at AWS itself
};

/// Whether `location` is one for S3ObjectStore: "s3://bucket/prefix".
bool IsS3Url(std::string_view location);

/// An ObjectStore in a bucket of Amazon S3 or of a server that speaks its protocol; a key stands below the prefix.
///
/// Credentials come from the usual chain: AWS_ACCESS_KEY_ID and its kin, AWS_PROFILE, web identity, container, machine.
/// A small object is one request; a large one a multipart upload, which shows nothing until it is complete. Throttling,
/// answers of 5xx and dropped connections are tried again, four times in all, with growing waits of at most 7 s in sum.
///
/// Errors of every function, beside those of ObjectStore: NotFound where there is no such bucket, PermissionDenied
/// where the server forbids it, Unauthenticated for wrong or missing credentials, FailedPrecondition for a bucket of
/// another region, Unavailable where the server does not answer, each with a hint.
/// Cost: AWS's library starts with the first Open of the process, and stops at its exit.
class S3ObjectStore : public ObjectStore {
 public:
  /// Opens `url`, "s3://bucket/prefix" or "s3://bucket", and looks with one request whether it can be read.
  /// InvalidArgument where the URL or a setting is wrong.
  static absl::StatusOr<std::unique_ptr<S3ObjectStore>> Open(const std::string& url, const S3Settings& settings = {});
  ~S3ObjectStore() override;

  absl::Status Put(std::string_view key, std::string_view bytes) override;
  absl::StatusOr<std::string> Get(std::string_view key) override;
  absl::StatusOr<std::string> GetRange(std::string_view key, uint64_t offset, uint64_t length) override;
  absl::StatusOr<uint64_t> Size(std::string_view key) override;
  absl::StatusOr<bool> Exists(std::string_view key) override;
  absl::StatusOr<std::vector<std::string>> List(std::string_view prefix) override;
  absl::Status Delete(std::string_view key) override;

 protected:
  /// A request takes some 20 ms before its first byte, in which 1 MiB comes; a request of 8 MiB can be tried again.
  RangeLimits Limits() const override { return {.largest_gap = uint64_t{1} << 20, .largest_read = uint64_t{8} << 20}; }
  absl::StatusOr<std::vector<std::string>> ReadEach(std::string_view key, std::span<const ByteRange> reads) override;

 private:
  struct State;
  explicit S3ObjectStore(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace roost::store
