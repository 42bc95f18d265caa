#pragma once

#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "expr/pattern.h"
#include "schema/rules.h"

namespace roost::schema {

/// A PatternRule made ready for many texts. Cheap to copy; usable from any thread. Private to this folder.
class Pattern {
 public:
  /// InvalidArgument where the rule has neither a regex nor shapes, or the regex cannot be read.
  static absl::StatusOr<Pattern> Make(const PatternRule& rule);

  /// Whether all of `text` is as the rule says. Cost: linear in the text.
  bool Fits(std::string_view text) const;

 private:
  explicit Pattern(const PatternRule& rule) : rule_(rule) {}

  PatternRule rule_;
  std::optional<expr::Pattern> regex_;
};

}  // namespace roost::schema
