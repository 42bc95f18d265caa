#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace roost::schema {

/// A format of TimesRule made ready for many values. Private to this folder.
class TimeFormat {
 public:
  /// InvalidArgument where `format` is neither a unix format nor a strptime format with a field in it.
  static absl::StatusOr<TimeFormat> Make(const std::string& format);

  /// One of "unix days" to "unix nanoseconds": for integers, and texts of such.
  bool is_unix() const { return unix_unit_ > 0; }

  /// Whether all of `text` is a time in this format.
  bool Fits(std::string_view text) const;
  /// Whether `value` is a time from 1990 to 2035 in this unix format.
  bool Fits(int64_t value) const;

 private:
  std::string format_;
  uint64_t known_ = 0;    // the bit of profile::TimeFormatsOf, or 0
  double unix_unit_ = 0;  // in seconds, or 0
};

}  // namespace roost::schema
