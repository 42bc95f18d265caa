#include "train/fit_state.h"

#include <cstring>

#include "base/bytes.h"
#include "base/status.h"

namespace roost::train {
namespace {

void AppendNumbers(std::string& bytes, const std::vector<double>& numbers) {
  AppendVarint(bytes, numbers.size());
  bytes.append(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(double));
}

absl::StatusOr<std::vector<double>> ReadNumbers(ByteReader& reader) {
  TRY_ASSIGN(const uint64_t count, reader.Varint());
  if (count > reader.remaining() / sizeof(double)) return absl::DataLossError("a list of numbers has no end");
  TRY_ASSIGN(const std::string_view raw, reader.Raw(count * sizeof(double)));
  std::vector<double> numbers(count);
  if (count > 0) std::memcpy(numbers.data(), raw.data(), raw.size());
  return numbers;
}

absl::Status CheckDone(const ByteReader& reader) {
  return reader.done() ? absl::OkStatus() : absl::DataLossError("there are bytes after the state");
}

}  // namespace

std::string Serialize(const LinearState& state) {
  std::string bytes;
  for (const int64_t count :
       {state.steps, state.passes, state.rows_read, state.steps_before, state.newton_cg.outputs_made}) {
    AppendFixed(bytes, count);
  }
  AppendFixed(bytes, state.smoothing);
  AppendFixed(bytes, state.newton_cg.radius);
  AppendFixed(bytes, state.newton_cg.last_norm);
  for (const auto* numbers : {&state.point, &state.z, &state.n, &state.newton_cg.outputs_point}) {
    AppendNumbers(bytes, *numbers);
  }
  return bytes;
}

absl::StatusOr<LinearState> ParseLinearState(std::string_view bytes) {
  ByteReader reader(bytes);
  LinearState state;
  for (int64_t* count :
       {&state.steps, &state.passes, &state.rows_read, &state.steps_before, &state.newton_cg.outputs_made}) {
    TRY_ASSIGN(*count, reader.Fixed<int64_t>());
  }
  TRY_ASSIGN(state.smoothing, reader.Fixed<double>());
  TRY_ASSIGN(state.newton_cg.radius, reader.Fixed<double>());
  TRY_ASSIGN(state.newton_cg.last_norm, reader.Fixed<double>());
  for (std::vector<double>* numbers : {&state.point, &state.z, &state.n, &state.newton_cg.outputs_point}) {
    TRY_ASSIGN(*numbers, ReadNumbers(reader));
  }
  TRY(CheckDone(reader));
  return state;
}

std::string Serialize(const TreesState& state) {
  std::string bytes;
  AppendFixed(bytes, state.rounds);
  AppendFixed(bytes, state.best_round);
  AppendFixed(bytes, static_cast<uint8_t>(state.best_loss.has_value()));
  AppendFixed(bytes, state.best_loss.value_or(0));
  AppendNumbers(bytes, state.train_loss);
  AppendNumbers(bytes, state.evaluation_loss);
  AppendString(bytes, state.xgboost_model);
  return bytes;
}

absl::StatusOr<TreesState> ParseTreesState(std::string_view bytes) {
  ByteReader reader(bytes);
  TreesState state;
  TRY_ASSIGN(state.rounds, reader.Fixed<int64_t>());
  TRY_ASSIGN(state.best_round, reader.Fixed<int64_t>());
  TRY_ASSIGN(const uint8_t has_loss, reader.Fixed<uint8_t>());
  TRY_ASSIGN(const double loss, reader.Fixed<double>());
  if (has_loss != 0) state.best_loss = loss;
  TRY_ASSIGN(state.train_loss, ReadNumbers(reader));
  TRY_ASSIGN(state.evaluation_loss, ReadNumbers(reader));
  TRY_ASSIGN(state.xgboost_model, reader.String());
  TRY(CheckDone(reader));
  return state;
}

}  // namespace roost::train
