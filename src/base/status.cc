#include "base/status.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "absl/strings/cord.h"
#include "base/check.h"

namespace roost {
namespace {

constexpr char kHintUrl[] = "roost/hint";

struct CodeRow {
  absl::StatusCode code;
  int exit_code;
  int http_status;
};

constexpr std::array kCodes{
    CodeRow{absl::StatusCode::kOk, 0, 200},
    CodeRow{absl::StatusCode::kInvalidArgument, 2, 400},
    CodeRow{absl::StatusCode::kOutOfRange, 2, 400},
    CodeRow{absl::StatusCode::kNotFound, 2, 404},
    CodeRow{absl::StatusCode::kAlreadyExists, 2, 409},
    CodeRow{absl::StatusCode::kUnimplemented, 2, 501},
    CodeRow{absl::StatusCode::kFailedPrecondition, 10, 400},
    CodeRow{absl::StatusCode::kAborted, 11, 409},
    CodeRow{absl::StatusCode::kUnauthenticated, 12, 401},
    CodeRow{absl::StatusCode::kUnavailable, 13, 503},
    CodeRow{absl::StatusCode::kDeadlineExceeded, 13, 504},
    CodeRow{absl::StatusCode::kPermissionDenied, 14, 403},
    CodeRow{absl::StatusCode::kResourceExhausted, 14, 429},
    CodeRow{absl::StatusCode::kDataLoss, 70, 500},
    CodeRow{absl::StatusCode::kInternal, 70, 500},
    CodeRow{absl::StatusCode::kUnknown, 70, 500},
    CodeRow{absl::StatusCode::kCancelled, 130, 499},
};

const CodeRow& RowOf(const absl::Status& status) {
  for (const CodeRow& row : kCodes) {
    if (row.code == status.code()) return row;
  }
  ROOST_CHECK(false, "no exit code for status code " << static_cast<int>(status.code()));
  std::abort();
}

absl::StatusCode CodeOfErrno(int error_number) {
  switch (error_number) {
    case EACCES:
    case EPERM:
    case EROFS: return absl::StatusCode::kPermissionDenied;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EADDRINUSE:
    case EFBIG: return absl::StatusCode::kResourceExhausted;
    case ENOENT:
    case ENOTDIR: return absl::StatusCode::kNotFound;
    case EEXIST: return absl::StatusCode::kAlreadyExists;
    case EISDIR:
    case ENAMETOOLONG:
    case ELOOP:
    case EINVAL: return absl::StatusCode::kInvalidArgument;
    case EIO: return absl::StatusCode::kDataLoss;
    default: return absl::StatusCode::kUnavailable;
  }
}

}  // namespace

absl::Status Annotate(const absl::Status& status, std::string_view what) {
  if (status.ok()) return status;
  absl::Status annotated(
      status.code(), fmt::format("{}: {}", what, std::string_view(status.message().data(), status.message().size())));
  status.ForEachPayload(
      [&annotated](absl::string_view url, const absl::Cord& payload) { annotated.SetPayload(url, payload); });
  return annotated;
}

absl::Status WithHint(absl::Status status, std::string_view hint) {
  if (!status.ok()) status.SetPayload(kHintUrl, absl::Cord(std::string(hint)));
  return status;
}

std::string HintOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kHintUrl);
  return payload.has_value() ? std::string(*payload) : std::string();
}

absl::Status ErrnoStatus(int error_number, std::string_view what) {
  absl::Status status(CodeOfErrno(error_number), fmt::format("{}: {}", what, std::strerror(error_number)));
  if (error_number != ENOSPC && error_number != EDQUOT) return status;
  return WithHint(std::move(status), "Free some space there, then run the command again.");
}

int ExitCodeOf(const absl::Status& status) { return RowOf(status).exit_code; }

int HttpStatusOf(const absl::Status& status) { return RowOf(status).http_status; }

}  // namespace roost
