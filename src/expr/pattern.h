#pragma once

#include <memory>
#include <string_view>

#include "absl/status/statusor.h"

namespace roost::expr {

/// A regular expression in RE2's syntax (https://github.com/google/re2/wiki/Syntax), which is matched in time linear in
/// the text: no pattern can hang. The only place that knows RE2. Usable from any thread.
class Pattern {
 public:
  /// InvalidArgument, saying what is wrong in RE2's words, where `pattern` is none or needs more than 8 MiB.
  static absl::StatusOr<Pattern> Compile(std::string_view pattern);

  /// Whether the whole of `text` fits. Bytes that are no UTF-8 fit nothing.
  bool Matches(std::string_view text) const;

 private:
  struct Compiled;
  explicit Pattern(std::shared_ptr<const Compiled> compiled);

  std::shared_ptr<const Compiled> compiled_;
};

}  // namespace roost::expr
