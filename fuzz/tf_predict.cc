// The calls of TensorFlow Serving's REST interface: no body crashes them; it is answered or refused, and an answer is
// JSON but for the tokens that JSON does not know, which the models here never give.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/json.h"
#include "rest/tf_predict.h"
#include "serving/servable.h"
#include "serving/test_model.h"

namespace roost::rest {
namespace {

void Check(const serving::Servable& servable, std::string_view body) {
  for (const auto call : {TfPredict, TfClassify, TfRegress}) {
    net::HttpResponse response;
    const absl::Status status = call(servable, body, response, serving::Clock::now());
    if (!status.ok()) {
      ROOST_CHECK(absl::IsInvalidArgument(status) && !status.message().empty(), status);
      continue;
    }
    const auto answer = ParseJson(response.body, "answer");
    ROOST_CHECK(answer.ok() && answer->size() == 1, response.body);
  }
}

}  // namespace
}  // namespace roost::rest

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using roost::serving::Servable;
  static const auto delay = *Servable::Parse("delay", 1, roost::serving::TestModelJson());
  static const auto classes = *Servable::Parse("class", 1, roost::serving::TestClassesJson());
  static const auto value = *Servable::Parse("value", 1, roost::serving::TestValueJson());
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  for (const auto* servable : {delay.get(), classes.get(), value.get()}) roost::rest::Check(*servable, body);
  return 0;
}
