#include "rest/json_body.h"

#include <fmt/format.h>

namespace roost::rest {
namespace {

constexpr size_t kMaxKeptBytes = 1 << 20;  // of bodies whose memory a thread keeps

}  // namespace

absl::StatusOr<JsonBody> JsonBody::Parse(std::string_view text, bool own_memory) {
  thread_local simdjson::dom::parser shared;
  JsonBody body;
  if (own_memory || text.size() > kMaxKeptBytes) body.own_ = std::make_unique<simdjson::dom::parser>();
  simdjson::dom::parser& parser = body.own_ == nullptr ? shared : *body.own_;
  const auto error = parser.parse(text.data(), text.size()).get(body.root_);
  if (error == simdjson::SUCCESS) return body;
  return absl::InvalidArgumentError(fmt::format("the request is not JSON: {}", simdjson::error_message(error)));
}

std::string_view KindOf(simdjson::dom::element value) {
  using simdjson::dom::element_type;
  switch (value.type()) {
    case element_type::ARRAY: return "an array";
    case element_type::OBJECT: return "an object";
    case element_type::STRING: return "a string";
    case element_type::BOOL: return "true or false";
    case element_type::NULL_VALUE: return "null";
    case element_type::DOUBLE: return "a number with a fraction";
    default: return "an integer";
  }
}

}  // namespace roost::rest
