#include "store/s3_errors.h"

#include <algorithm>
#include <cerrno>
#include <initializer_list>
#include <string>

#include <arrow/util/io_util.h>
#include <fmt/format.h>

#include "base/status.h"
#include "table/arrow_status.h"

namespace roost::store {
namespace {

struct Rule {
  std::initializer_list<std::string_view> signs;  ///< of which the message has one
  absl::StatusCode code;
  std::string_view what;
  std::string_view hint;
};

/// The first that fits counts. Arrow keeps of AWS's answer only the message: the names are AWS's own.
const Rule kRules[] = {
    {{"NO_SUCH_BUCKET", "NoSuchBucket"},
     absl::StatusCode::kNotFound,
     "there is no such bucket",
     "Make the bucket first, or correct its name. Another AWS_ENDPOINT_URL means another server."},
    {{"NO_SUCH_KEY", "NoSuchKey", "RESOURCE_NOT_FOUND"}, absl::StatusCode::kNotFound, "there is no such object", ""},
    {{"PermanentRedirect", "AuthorizationHeaderMalformed", "AUTHORIZATION_HEADER_MALFORMED", "HTTP status 301",
      "the configured region is"},
     absl::StatusCode::kFailedPrecondition,
     "the bucket lies in another region",
     "Set AWS_REGION to the bucket's region."},
    {{"INVALID_ACCESS_KEY_ID", "InvalidAccessKeyId", "INVALID_CLIENT_TOKEN_ID", "XAdminUserNotFound"},
     absl::StatusCode::kUnauthenticated,
     "the server does not know the access key",
     "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, to credentials that are valid there."},
    {{"SIGNATURE_DOES_NOT_MATCH", "SignatureDoesNotMatch", "INVALID_SIGNATURE"},
     absl::StatusCode::kUnauthenticated,
     "the secret does not belong to the access key",
     "Set AWS_SECRET_ACCESS_KEY to the secret of AWS_ACCESS_KEY_ID."},
    {{"ExpiredToken", "EXPIRED_TOKEN", "TokenRefreshRequired", "InvalidToken"},
     absl::StatusCode::kUnauthenticated,
     "the session's credentials have expired",
     "Get new ones and set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN."},
    {{"REQUEST_TIME_TOO_SKEWED", "RequestTimeTooSkewed"},
     absl::StatusCode::kFailedPrecondition,
     "this machine's clock is wrong",
     "Set the clock: the server takes requests of the last 15 minutes only."},
    {{"ACCESS_DENIED", "AccessDenied", "HTTP status 403", "AllAccessDisabled"},
     absl::StatusCode::kPermissionDenied,
     "the server denies access",
     "The credentials need s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket there."},
    {{"SSL", "certificate", "TLS"},
     absl::StatusCode::kUnavailable,
     "no secure connection to the server",
     "Set AWS_CA_BUNDLE to the file of the authority that signed its certificate."},
    {{"NETWORK_CONNECTION", "curlCode", "REQUEST_TIMEOUT", "RequestTimeout", "Unable to connect", "INTERNAL_FAILURE",
      "INTERNAL_ERROR", "SERVICE_UNAVAILABLE", "SLOW_DOWN", "SlowDown", "THROTTLING", "HTTP status 5",
      "HTTP status 429", "Unable to parse ExceptionName"},
     absl::StatusCode::kUnavailable,
     "the server does not answer as it should",
     "It was tried four times. Look at the endpoint (AWS_ENDPOINT_URL) and the network, then run the command again."},
};

}  // namespace

absl::Status FromS3(const arrow::Status& status, std::string_view url) {
  if (status.ok()) return absl::OkStatus();
  if (arrow::internal::ErrnoFromStatus(status) == ENOENT) {
    return absl::NotFoundError(fmt::format("{}: there is no such object", url));
  }
  const absl::Status plain = table::FromArrow(status);
  const std::string message(plain.message());
  for (const Rule& rule : kRules) {
    const bool fits = std::any_of(rule.signs.begin(), rule.signs.end(),
                                  [&](std::string_view sign) { return message.find(sign) != std::string::npos; });
    if (!fits) continue;
    absl::Status result(rule.code, fmt::format("{}: {} ({})", url, rule.what, message));
    return rule.hint.empty() ? result : WithHint(std::move(result), rule.hint);
  }
  return Annotate(plain, url);
}

}  // namespace roost::store
