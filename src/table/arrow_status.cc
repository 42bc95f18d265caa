#include "table/arrow_status.h"

#include <cerrno>
#include <memory>
#include <string>
#include <string_view>

#include <arrow/util/io_util.h>
#include <fmt/format.h>

#include "absl/strings/cord.h"

namespace roost::table {
namespace {

constexpr char kBrokenPipeUrl[] = "roost/broken-pipe";
constexpr char kCarriedType[] = "roost::table::CarriedStatus";

/// A whole absl::Status on its way through Arrow.
class CarriedStatus final : public arrow::StatusDetail {
 public:
  explicit CarriedStatus(absl::Status status) : status_(std::move(status)) {}
  const char* type_id() const override { return kCarriedType; }
  std::string ToString() const override { return std::string(status_.message()); }
  const absl::Status& status() const { return status_; }

 private:
  absl::Status status_;
};

absl::StatusCode CodeOf(arrow::StatusCode code) {
  switch (code) {
    case arrow::StatusCode::OK: return absl::StatusCode::kOk;
    case arrow::StatusCode::OutOfMemory:
    case arrow::StatusCode::CapacityError: return absl::StatusCode::kResourceExhausted;
    case arrow::StatusCode::KeyError:
    case arrow::StatusCode::TypeError:
    case arrow::StatusCode::Invalid:
    case arrow::StatusCode::IndexError: return absl::StatusCode::kInvalidArgument;
    case arrow::StatusCode::IOError:
    case arrow::StatusCode::SerializationError: return absl::StatusCode::kDataLoss;
    case arrow::StatusCode::Cancelled: return absl::StatusCode::kCancelled;
    case arrow::StatusCode::NotImplemented: return absl::StatusCode::kUnimplemented;
    case arrow::StatusCode::AlreadyExists: return absl::StatusCode::kAlreadyExists;
    default: return absl::StatusCode::kInternal;
  }
}

arrow::StatusCode CodeOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange: return arrow::StatusCode::Invalid;
    case absl::StatusCode::kCancelled: return arrow::StatusCode::Cancelled;
    case absl::StatusCode::kResourceExhausted: return arrow::StatusCode::OutOfMemory;
    case absl::StatusCode::kUnimplemented: return arrow::StatusCode::NotImplemented;
    case absl::StatusCode::kInternal: return arrow::StatusCode::UnknownError;
    default: return arrow::StatusCode::IOError;
  }
}

std::string OneLine(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  for (char& c : text) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  return text;
}

}  // namespace

absl::Status FromArrow(const arrow::Status& status) {
  if (status.ok()) return absl::OkStatus();
  if (status.detail() != nullptr && std::string_view(status.detail()->type_id()) == kCarriedType) {
    return static_cast<const CarriedStatus&>(*status.detail()).status();
  }
  const std::string message = OneLine(status.message());
  const int error_number = arrow::internal::ErrnoFromStatus(status);
  if (error_number == 0) return absl::Status(CodeOf(status.code()), message);
  absl::Status result = ErrnoStatus(error_number, message);
  if (error_number == EPIPE) result.SetPayload(kBrokenPipeUrl, absl::Cord("yes"));
  return result;
}

arrow::Status ToArrow(const absl::Status& status) {
  if (status.ok()) return arrow::Status::OK();
  return arrow::Status(CodeOf(status.code()), std::string(status.message()), std::make_shared<CarriedStatus>(status));
}

bool IsBrokenPipe(const absl::Status& status) { return status.GetPayload(kBrokenPipeUrl).has_value(); }

}  // namespace roost::table
