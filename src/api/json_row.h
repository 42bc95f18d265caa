#pragma once

#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/json.h"
#include "column/value.h"
#include "transform/transform.h"

namespace roost::api {

/// The values of one row that came as a JSON object, in the order of a model's inputs; owns what they point to.
class JsonRow {
 public:
  /// Errors as ExplainRow (explain.h).
  static absl::StatusOr<JsonRow> Make(const Json& object, std::span<const transform::InputColumn> inputs);

  std::span<const column::Value> values() const { return values_; }

 private:
  absl::StatusOr<column::Value> ValueOf(const Json& json, const transform::InputColumn& input);

  std::deque<std::string> texts_;  // a deque: what was handed out stays where it is
  std::deque<std::vector<std::string_view>> text_lists_;
  std::deque<std::vector<double>> number_lists_;
  std::vector<column::Value> values_;
};

}  // namespace roost::api
