#include "api/measured_parts.h"

#include "absl/container/flat_hash_map.h"
#include "api/key_text.h"
#include "base/status.h"
#include "column/value.h"

namespace roost::api {

absl::StatusOr<std::vector<int64_t>> UnitsOf(const LabelledRows& rows, const std::string& name) {
  std::vector<int64_t> units;
  if (name.empty()) return units;
  absl::flat_hash_map<std::string, int64_t> numbers;
  int64_t next = 0;
  std::string key;
  for (const column::OwnedBatch& batch : rows.batches) {
    TRY_ASSIGN(const column::ColumnView* column, batch.view().Require(name));
    TRY_ASSIGN(const column::Kind kind, column::KindOf(column->type()));
    for (int64_t row = 0; row < batch.view().num_rows(); ++row) {
      if (column->IsNull(row)) {
        units.push_back(next++);
        continue;
      }
      key.clear();
      AppendKeyText(*column, kind, row, key);
      const auto [entry, is_new] = numbers.try_emplace(key, next);
      if (is_new) ++next;
      units.push_back(entry->second);
    }
  }
  return units;
}

std::vector<double> DummyScores(const evaluate::TrainingBaseline& baseline, int64_t rows) {
  std::vector<double> scores;
  scores.reserve(static_cast<size_t>(rows) * baseline.outputs.size());
  for (int64_t row = 0; row < rows; ++row)
    scores.insert(scores.end(), baseline.outputs.begin(), baseline.outputs.end());
  return scores;
}

}  // namespace roost::api
