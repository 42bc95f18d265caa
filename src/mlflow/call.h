#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace roost::mlflow {

inline constexpr std::string_view kApiPath = "/api/2.0/mlflow/";
inline constexpr std::string_view kArtifactsPath = "/api/2.0/mlflow-artifacts/artifacts";

/// A request of MLflow's client, taken apart: its parameters stand in the query of a GET, and in a JSON object else.
struct Call {
  std::string method;
  std::string path;                        ///< percent-decoded
  std::map<std::string, std::string> one;  ///< parameters of one value, as text
  std::map<std::string, std::vector<std::string>> lists;
  std::string consumer;  ///< who calls; "": nobody that is known

  bool is_get() const { return method == "GET" || method == "HEAD"; }
  /// Of a parameter; "" where there is none.
  std::string Text(const std::string& name) const;
  /// InvalidArgument where it is not there, or empty.
  absl::StatusOr<std::string> Required(const std::string& name) const;
  /// `otherwise` where it is not there; InvalidArgument where it is no whole number from `least` to `most`.
  absl::StatusOr<int64_t> Integer(const std::string& name, int64_t otherwise, int64_t least, int64_t most) const;
};

/// InvalidArgument for bad percent-encoding and a body that is no JSON object. All are borrowed for the call only.
absl::StatusOr<Call> ReadCall(std::string_view method, std::string_view path, std::string_view query,
                              std::string_view body);

}  // namespace roost::mlflow
