#pragma once

#include "net/http_server.h"
#include "net/server_counts.h"
#include "serving/model_manager.h"
#include "telemetry/access_log.h"
#include "telemetry/traffic.h"

namespace roost::telemetry {

inline constexpr std::string_view kMetricsPath = "/metrics";

/// What is shown; all outlives the handler.
struct MetricsSources {
  const serving::ModelManager& models;
  const net::ServerCounts& server;
  Traffic& traffic;
  const AccessLog* log;  ///< null: there is none
};

/// Answers GET and HEAD with all metrics (docs/telemetry.md) in Prometheus' text format 0.0.4, or in OpenMetrics 1.0
/// where the client accepts that. Cost: about a microsecond a line.
net::Handler ServeMetrics(const MetricsSources& sources);

}  // namespace roost::telemetry
