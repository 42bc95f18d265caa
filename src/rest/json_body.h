#pragma once

#include <memory>
#include <string_view>

#include <simdjson.h>

#include "absl/status/statusor.h"

namespace roost::rest {

/// A body that was parsed as JSON. Small ones lie in memory that a thread keeps from body to body, so a thread holds
/// one JsonBody at a time, beside those with memory of their own. JSON may nest 1,024 deep; whoever reads it sets
/// limits of its own.
class JsonBody {
 public:
  /// InvalidArgument where `text` is not one JSON document in UTF-8. Cost: about 1 ns a byte; allocates nothing for a
  /// small body once the thread has parsed one of its size.
  static absl::StatusOr<JsonBody> Parse(std::string_view text, bool own_memory = false);

  simdjson::dom::element root() const { return root_; }

 private:
  JsonBody() = default;

  /// Keeps the parser of a small body for the next one that needs memory of its own.
  struct GiveBack {
    void operator()(simdjson::dom::parser* parser) const;
  };

  std::unique_ptr<simdjson::dom::parser, GiveBack> own_;  // always of a large body
  simdjson::dom::element root_;
};

/// "an array", "a number with a fraction" and so on.
std::string_view KindOf(simdjson::dom::element value);

}  // namespace roost::rest
