#include "rest/model_report.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace roost::rest {
namespace {

Json ToJson(const serving::Timed& timed) { return {{"count", timed.count}, {"ns", timed.nanoseconds}}; }

/// "TYPE_FP64", "TYPE_STRING" for BYTES.
std::string ConfigType(serving::Datatype datatype) {
  if (datatype == serving::Datatype::kBytes) return "TYPE_STRING";
  return fmt::format("TYPE_{}", serving::DatatypeName(datatype));
}

Json ConfigTensors(const std::vector<serving::TensorSpec>& specs) {
  Json tensors = Json::array();
  for (const serving::TensorSpec& spec : specs) {
    tensors.push_back({{"name", spec.name}, {"data_type", ConfigType(spec.datatype)}, {"dims", spec.shape}});
  }
  return tensors;
}

}  // namespace

Json ModelStatistics(const serving::Servable& servable) {
  const serving::Statistics::Totals totals = servable.statistics().Sum();
  const Json none = ToJson(serving::Timed{});
  return {{"name", servable.name()},
          {"version", fmt::format("{}", servable.version())},
          {"last_inference", totals.last_inference_ms},
          {"inference_count", totals.inference_count},
          {"execution_count", totals.execution_count},
          {"inference_stats",
           {{"success", ToJson(totals.success)},
            {"fail", ToJson(totals.failure)},
            {"queue", ToJson(totals.queue)},
            {"compute_input", none},
            {"compute_infer", ToJson(totals.compute)},
            {"compute_output", none},
            {"cache_hit", none},
            {"cache_miss", none}}},
          {"batch_stats", Json::array()}};
}

Json ModelConfig(const serving::Servable& servable) {
  return {{"name", servable.name()},
          {"platform", "roost"},
          {"backend", "roost"},
          {"max_batch_size", 0},
          {"input", ConfigTensors(servable.inputs())},
          {"output", ConfigTensors(servable.outputs())}};
}

std::string_view RepositoryState(serving::State state) {
  switch (state) {
    case serving::State::kLoading: return "LOADING";
    case serving::State::kAvailable: return "READY";
    case serving::State::kUnloading: return "UNLOADING";
    case serving::State::kEnd: break;
  }
  return "UNAVAILABLE";
}

}  // namespace roost::rest
