#include "rest/json_body.h"

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace roost::rest {
namespace {

constexpr size_t kMaxKeptBytes = 1 << 20;  // of bodies whose memory a thread keeps
constexpr size_t kMostIdleParsers = 64;
constexpr size_t kMostIdleBytes = 64 << 10;  // of the bodies of each: a parser takes some fifteen times as much

/// Parsers of requests that were answered: a new one costs several microseconds of allocations, given back by another
/// thread. Threads: any.
class IdleParsers {
 public:
  std::unique_ptr<simdjson::dom::parser> Take() {
    const std::lock_guard lock(mutex_);
    if (parsers_.empty()) return nullptr;
    auto parser = std::move(parsers_.back());
    parsers_.pop_back();
    return parser;
  }

  void Keep(std::unique_ptr<simdjson::dom::parser> parser) {
    const std::lock_guard lock(mutex_);
    if (parsers_.size() < kMostIdleParsers) parsers_.push_back(std::move(parser));
  }

 private:
  std::mutex mutex_;
  std::vector<std::unique_ptr<simdjson::dom::parser>> parsers_;
};

IdleParsers& idle_parsers() {
  static IdleParsers* const parsers = new IdleParsers;  // never destroyed: workers may outlive what is static
  return *parsers;
}

}  // namespace

void JsonBody::GiveBack::operator()(simdjson::dom::parser* parser) const {
  std::unique_ptr<simdjson::dom::parser> owned(parser);
  if (owned->capacity() <= kMostIdleBytes) idle_parsers().Keep(std::move(owned));
}

absl::StatusOr<JsonBody> JsonBody::Parse(std::string_view text, bool own_memory) {
  thread_local simdjson::dom::parser shared;
  JsonBody body;
  const bool is_large = text.size() > kMaxKeptBytes;
  if (own_memory && text.size() <= kMostIdleBytes) body.own_.reset(idle_parsers().Take().release());
  if ((own_memory || is_large) && body.own_ == nullptr) body.own_.reset(new simdjson::dom::parser);
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
