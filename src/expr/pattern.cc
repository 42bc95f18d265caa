#include "expr/pattern.h"

#include <utility>

#include <fmt/format.h>
#include <re2/re2.h>

#include "absl/status/status.h"

namespace roost::expr {
namespace {

re2::StringPiece PieceOf(std::string_view text) { return {text.data(), text.size()}; }

RE2::Options OptionsOf() {
  RE2::Options options;
  options.set_log_errors(false);    // a library does not write to stderr
  options.set_never_capture(true);  // only whether it fits is asked for
  return options;
}

}  // namespace

struct Pattern::Compiled {
  explicit Compiled(std::string_view pattern) : regex(PieceOf(pattern), OptionsOf()) {}
  RE2 regex;
};

Pattern::Pattern(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}

absl::StatusOr<Pattern> Pattern::Compile(std::string_view pattern) {
  auto compiled = std::make_shared<const Compiled>(pattern);
  if (!compiled->regex.ok()) {
    return absl::InvalidArgumentError(fmt::format("this pattern cannot be read: {}", compiled->regex.error()));
  }
  return Pattern(std::move(compiled));
}

bool Pattern::Matches(std::string_view text) const { return RE2::FullMatch(PieceOf(text), compiled_->regex); }

}  // namespace roost::expr
