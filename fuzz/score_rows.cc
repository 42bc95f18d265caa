// The rows form: no body crashes it; it is answered or refused, and an answer is JSON with a row for each that was
// sent.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/json.h"
#include "rest/score_rows.h"
#include "serving/servable.h"
#include "serving/test_model.h"

namespace roost::rest {
namespace {

void Check(const serving::Servable& servable, std::string_view body) {
  net::HttpResponse response;
  response.notes.request_id = "id";
  const absl::Status status = ScoreJsonRows(servable, body, response);
  if (!status.ok()) {
    ROOST_CHECK(absl::IsInvalidArgument(status) && !status.message().empty(), status);
    return;
  }
  const auto answer = ParseJson(response.body, "answer");
  ROOST_CHECK(answer.ok(), answer.status() << '\n' << response.body);
  const Json request = Json::parse(body.begin(), body.end(), nullptr, /*allow_exceptions=*/false);
  if (!request.is_object() || !request.contains("rows")) return;
  ROOST_CHECK((*answer)["rows"].size() == request["rows"].size(), "rows are missing from\n" << response.body);
}

}  // namespace
}  // namespace roost::rest

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using roost::serving::Servable;
  static const auto delay = *Servable::Parse("delay", 1, roost::serving::TestModelJson());
  static const auto classes = *Servable::Parse("class", 1, roost::serving::TestClassesJson());
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  roost::rest::Check(*delay, body);
  roost::rest::Check(*classes, body);
  return 0;
}
