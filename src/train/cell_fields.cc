#include "train/cell_fields.h"

#include <algorithm>
#include <bit>

#include "absl/container/flat_hash_map.h"

namespace roost::train {
namespace {

using transform::FeatureRows;

constexpr int64_t kMinRows = 4096;
constexpr size_t kMaxRuns = 24;         // of features, before they are joined
constexpr size_t kMaxFields = 4;        // that are left; with more of them the entries are as short
constexpr int64_t kMaxCells = 1 << 16;  // of a field: its sums stay in the cache
constexpr int64_t kMaxTable = 1 << 20;  // pairs of cells that are numbered by a table, not by a hash map
constexpr int64_t kSampleRows = 1 << 14;

using Codes = std::vector<int32_t>;

// A field whose cells are being numbered.
struct Field {
  CellField cells;
  Codes codes;
};

// The first feature of each run; empty where there are too many.
std::vector<int32_t> FindRuns(const FeatureRows& rows) {
  // By feature: the largest feature that comes right before it in some row. A run that holds both must be cut.
  std::vector<int32_t> before(static_cast<size_t>(rows.num_features), -1);
  for (int64_t row = 0; row < rows.num_rows(); ++row) {
    int32_t last = -1;
    for (int64_t e = rows.starts[row]; e < rows.starts[row + 1]; ++e) {
      const int32_t feature = rows.indices[e];
      before[feature] = std::max(before[feature], last);
      last = feature;
    }
  }
  std::vector<int32_t> runs = {0};
  for (int32_t feature = 1; feature < rows.num_features; ++feature) {
    if (before[feature] < runs.back()) continue;
    if (runs.size() == kMaxRuns) return {};
    runs.push_back(feature);
  }
  return runs;
}

// Numbers the distinct (feature, value) pairs of one run.
class PairNumbers {
 public:
  explicit PairNumbers(size_t width) : of_one_(width, 0) { cells_.starts.push_back(0); }  // cell 0: no entry

  // The cell, or -1 where there are too many.
  int32_t Of(int32_t offset, int32_t feature, double value) {
    if (value == 1) {
      if (of_one_[offset] == 0) of_one_[offset] = Add(feature, value);
      return of_one_[offset];
    }
    const auto [at, is_new] = others_.try_emplace({feature, std::bit_cast<uint64_t>(value)}, 0);
    if (is_new) at->second = Add(feature, value);
    return at->second;
  }

  CellField Take() { return std::move(cells_); }

 private:
  int32_t Add(int32_t feature, double value) {
    if (cells_.num_cells() >= kMaxCells) return -1;
    cells_.features.push_back(feature);
    cells_.values.push_back(value);
    cells_.starts.push_back(static_cast<int64_t>(cells_.features.size()));
    return static_cast<int32_t>(cells_.num_cells() - 1);
  }

  CellField cells_;
  std::vector<int32_t> of_one_;  // by feature of the run: the cell of value 1; 0: none yet
  absl::flat_hash_map<std::pair<int32_t, uint64_t>, int32_t> others_;
};

// One field a run. Empty where a run has too many values.
std::vector<Field> FieldsOfRuns(const FeatureRows& rows, const std::vector<int32_t>& runs) {
  std::vector<int32_t> run_of(static_cast<size_t>(rows.num_features));
  std::vector<PairNumbers> numbers;
  std::vector<Field> fields(runs.size());
  for (size_t run = 0; run < runs.size(); ++run) {
    const int32_t end = run + 1 < runs.size() ? runs[run + 1] : rows.num_features;
    std::fill(run_of.begin() + runs[run], run_of.begin() + end, static_cast<int32_t>(run));
    numbers.emplace_back(static_cast<size_t>(end - runs[run]));
    fields[run].codes.resize(static_cast<size_t>(rows.num_rows()));
  }
  for (int64_t row = 0; row < rows.num_rows(); ++row) {
    for (int64_t e = rows.starts[row]; e < rows.starts[row + 1]; ++e) {
      const int32_t feature = rows.indices[e];
      const int32_t run = run_of[feature];
      const int32_t cell = numbers[run].Of(feature - runs[run], feature, rows.values[e]);
      if (cell < 0) return {};
      fields[run].codes[row] = cell;
    }
  }
  for (size_t run = 0; run < runs.size(); ++run) fields[run].cells = numbers[run].Take();
  return fields;
}

// Numbers the pairs of two fields' cells in the order in which they come.
class PairCodes {
 public:
  PairCodes(const Field& first, const Field& second) : width_(second.cells.num_cells()) {
    if (first.cells.num_cells() * width_ <= kMaxTable) table_.assign(first.cells.num_cells() * width_, -1);
  }
  int32_t Of(int32_t first, int32_t second) {
    const int64_t key = first * width_ + second;
    if (table_.empty()) {
      const auto [at, is_new] = map_.try_emplace(key, static_cast<int32_t>(pairs_.size()));
      if (is_new) pairs_.emplace_back(first, second);
      return at->second;
    }
    if (table_[key] < 0) {
      table_[key] = static_cast<int32_t>(pairs_.size());
      pairs_.emplace_back(first, second);
    }
    return table_[key];
  }
  const std::vector<std::pair<int32_t, int32_t>>& pairs() const { return pairs_; }

 private:
  int64_t width_;
  std::vector<int32_t> table_;
  absl::flat_hash_map<int64_t, int32_t> map_;
  std::vector<std::pair<int32_t, int32_t>> pairs_;
};

// How many times more cells the two fields have together than the larger of them, in a sample of the rows.
double Growth(const Field& first, const Field& second) {
  PairCodes pairs(first, second);
  std::vector<int8_t> seen_first(first.cells.num_cells()), seen_second(second.cells.num_cells());
  const size_t num_rows = first.codes.size();
  const size_t step = std::max<size_t>(1, num_rows / kSampleRows);
  int64_t num_first = 0, num_second = 0;
  for (size_t row = 0; row < num_rows; row += step) {
    pairs.Of(first.codes[row], second.codes[row]);
    num_first += seen_first[first.codes[row]] == 0 ? 1 : 0;
    num_second += seen_second[second.codes[row]] == 0 ? 1 : 0;
    seen_first[first.codes[row]] = seen_second[second.codes[row]] = 1;
  }
  return static_cast<double>(pairs.pairs().size()) / static_cast<double>(std::max(num_first, num_second));
}

CellField JoinedCells(const CellField& first, const CellField& second,
                      const std::vector<std::pair<int32_t, int32_t>>& pairs) {
  CellField joined;
  const auto append = [&joined](const CellField& field, int32_t cell) {
    for (int64_t e = field.starts[cell]; e < field.starts[cell + 1]; ++e) {
      joined.features.push_back(field.features[e]);
      joined.values.push_back(field.values[e]);
    }
  };
  for (const auto& [of_first, of_second] : pairs) {
    append(first, of_first);
    append(second, of_second);
    joined.starts.push_back(static_cast<int64_t>(joined.features.size()));
  }
  return joined;
}

// Makes of `first` both fields. False, and no change, where that would have too many cells.
bool Join(Field& first, const Field& second) {
  PairCodes pairs(first, second);
  const int64_t most = std::min<int64_t>(kMaxCells, static_cast<int64_t>(first.codes.size()) / 4);
  Codes codes(first.codes.size());
  for (size_t row = 0; row < codes.size(); ++row) {
    codes[row] = pairs.Of(first.codes[row], second.codes[row]);
    if (codes[row] >= most) return false;
  }
  first.cells = JoinedCells(first.cells, second.cells, pairs.pairs());
  first.codes = std::move(codes);
  return true;
}

// Joins the pair of fields that grows least, again and again, until no pair stays small.
void JoinFields(std::vector<Field>& fields) {
  constexpr double kTooMany = 1e300;
  std::vector<std::vector<double>> growth(fields.size(), std::vector<double>(fields.size(), kTooMany));
  for (size_t i = 0; i < fields.size(); ++i) {
    for (size_t j = 0; j < i; ++j) growth[i][j] = Growth(fields[i], fields[j]);
  }
  while (true) {
    size_t best_i = 0, best_j = 0;
    for (size_t i = 0; i < fields.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        if (growth[i][j] < growth[best_i][best_j]) best_i = i, best_j = j;
      }
    }
    if (growth[best_i][best_j] == kTooMany) break;
    growth[best_i][best_j] = kTooMany;
    if (!Join(fields[best_j], fields[best_i])) continue;
    fields[best_i].codes.clear();  // gone
    for (size_t other = 0; other < fields.size(); ++other) {
      growth[std::max(best_i, other)][std::min(best_i, other)] = kTooMany;
      if (other == best_j || fields[other].codes.empty()) continue;
      growth[std::max(best_j, other)][std::min(best_j, other)] = Growth(fields[best_j], fields[other]);
    }
  }
  std::erase_if(fields, [](const Field& field) { return field.codes.empty(); });
}

}  // namespace

std::optional<CellRows> FindCells(const FeatureRows& rows) {
  const int64_t num_rows = rows.num_rows();
  const auto num_entries = static_cast<int64_t>(rows.indices.size());
  if (num_rows < kMinRows || rows.num_features == 0) return std::nullopt;
  if (num_entries > num_rows * static_cast<int64_t>(kMaxRuns)) return std::nullopt;
  const std::vector<int32_t> runs = FindRuns(rows);
  // Each run takes a code a row, also where a row has nothing of it.
  if (runs.empty() || static_cast<int64_t>(runs.size()) * num_rows > 2 * num_entries) return std::nullopt;
  std::vector<Field> fields = FieldsOfRuns(rows, runs);
  if (fields.empty()) return std::nullopt;
  JoinFields(fields);
  if (fields.size() > kMaxFields) return std::nullopt;
  CellRows cells{.num_features = rows.num_features};
  for (Field& field : fields) {
    cells.fields.push_back(std::move(field.cells));
    cells.codes.push_back(std::move(field.codes));
  }
  return cells;
}

}  // namespace roost::train
