// The reader of models: no text crashes it; what it takes is written, and the model that is read back is written as the
// same text, scores odd rows to the same bits, and its export, where there is one, is a graph that may be loaded.

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/check.h"
#include "base/json.h"
#include "column/value.h"
#include "predict/model.h"
#include "predict/onnx_check.h"
#include "predict/onnx_export.h"

namespace roost::predict {
namespace {

using column::Kind;
using column::Value;

// The value of a column of `kind` in the odd row `row`.
Value OddValue(Kind kind, size_t row) {
  using Double = std::numeric_limits<double>;
  static constexpr double kNumbers[] = {0.0, -0.0, 1.5, Double::quiet_NaN(), -Double::infinity(), Double::max()};
  static constexpr int64_t kTimes[] = {0, -1, 951'782'400'000'000, INT64_MAX, INT64_MIN, 86'400'000'000};
  static constexpr std::string_view kTexts[] = {"", "a", "SFO", "b c", "\xff\xfe", "1.5"};
  if (row == 0) return {};
  const size_t pick = row % std::size(kNumbers);
  switch (kind) {
    case Kind::kNumber: return kNumbers[pick];
    case Kind::kTime: return kTimes[pick];
    case Kind::kText: return kTexts[pick];
    case Kind::kTextList: return std::span(kTexts).first(pick);
    case Kind::kNumberList: return std::span(kNumbers).first(pick);
  }
  return {};
}

std::vector<double> Scores(const ScoringModel& model) {
  constexpr size_t kRows = 7;
  const auto outputs = static_cast<size_t>(model.num_outputs());
  std::vector<double> scores(kRows * outputs);
  transform::FeatureVector scratch;
  for (size_t row = 0; row < kRows; ++row) {
    std::vector<Value> values;
    for (const auto& input : model.inputs()) values.push_back(OddValue(input.kind, row));
    const auto status = model.ScoreRow(values, scratch, std::span(scores).subspan(row * outputs, outputs));
    ROOST_CHECK(status.ok(), status);
  }
  return scores;
}

bool AreSame(const std::vector<double>& a, const std::vector<double>& b) {
  for (size_t i = 0; i < a.size(); ++i) {
    if (std::bit_cast<uint64_t>(a[i]) != std::bit_cast<uint64_t>(b[i])) return false;
  }
  return a.size() == b.size();
}

void Check(std::string_view text) {
  const auto json = ParseJson(text, "model.json");
  if (!json.ok()) return;
  const auto model = ScoringModel::FromJson(*json);
  if (!model.ok()) return;
  const std::string written = ToLine(model->ToJson());
  const auto again = ScoringModel::FromJson(*ParseJson(written, "written.json"));
  ROOST_CHECK(again.ok(), again.status() << '\n' << written);
  ROOST_CHECK(ToLine(again->ToJson()) == written, "a model was read and written otherwise than\n" << written);
  ROOST_CHECK(AreSame(Scores(*model), Scores(*again)), "a model that was read back scores otherwise\n" << written);
  const auto exported = ExportOnnx(*model);
  if (!exported.ok()) return;
  const auto checked = CheckOnnx(*exported);
  ROOST_CHECK(checked.ok(), checked);
}

}  // namespace
}  // namespace roost::predict

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  roost::predict::Check({reinterpret_cast<const char*>(data), size});
  return 0;
}
