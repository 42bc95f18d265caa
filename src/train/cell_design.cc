#include "train/cell_design.h"

#include <algorithm>
#include <numeric>

namespace roost::train {
namespace {

using Codes = std::vector<int32_t>;

// Field 0 is the one that the rows are sorted by; the cells of all fields are numbered one after the other, and behind
// them comes the intercept: that is the inner layout.
class CellDesign final : public Design {
 public:
  CellDesign(int32_t num_features, std::vector<CellField> fields, std::vector<Codes> codes)
      : size_(static_cast<size_t>(num_features) + 1), fields_(std::move(fields)), codes_(std::move(codes)) {
    for (const CellField& field : fields_) {
      first_cell_.push_back(num_cells_);
      num_cells_ += static_cast<size_t>(field.num_cells());
    }
    compact_.assign(size_, -1);
    for (size_t f = 1; f < fields_.size(); ++f) {
      for (const int32_t feature : fields_[f].features) {
        if (compact_[feature] >= 0) continue;
        compact_[feature] = static_cast<int32_t>(sorted_within_.size());
        sorted_within_.push_back(feature);
      }
    }
  }

  int64_t num_rows() const override { return static_cast<int64_t>(codes_[0].size()); }
  int32_t num_features() const override { return static_cast<int32_t>(size_ - 1); }
  size_t InnerSize(size_t outputs) const override { return (num_cells_ + 1) * outputs; }

  std::vector<double> ToInner(std::span<const double> parameters, size_t outputs) const override {
    std::vector<double> inner(InnerSize(outputs));
    for (size_t k = 0; k < outputs; ++k) {
      const double* weights = &parameters[k * size_];
      EachEntry(
          [&](size_t cell, int32_t feature, double value) { inner[cell * outputs + k] += weights[feature] * value; });
      inner[num_cells_ * outputs + k] = weights[size_ - 1];
    }
    return inner;
  }

  std::vector<double> FromInner(std::span<const double> inner, size_t outputs) const override {
    std::vector<double> parameters(size_ * outputs);
    for (size_t k = 0; k < outputs; ++k) {
      double* sums = &parameters[k * size_];
      EachEntry(
          [&](size_t cell, int32_t feature, double value) { sums[feature] += inner[cell * outputs + k] * value; });
      sums[size_ - 1] = inner[num_cells_ * outputs + k];
    }
    return parameters;
  }

  void Margins(int64_t begin, int64_t end, std::span<const double> inner, size_t outputs,
               std::span<double> margins) const override {
    const auto rows = static_cast<size_t>(end - begin);
    for (size_t row = 0; row < rows; ++row) {
      std::copy_n(&inner[num_cells_ * outputs], outputs, &margins[row * outputs]);
    }
    for (size_t f = 0; f < fields_.size(); ++f) {
      const double* table = &inner[first_cell_[f] * outputs];
      const int32_t* codes = codes_[f].data() + begin;
      if (outputs == 1) {
        for (size_t row = 0; row < rows; ++row) margins[row] += table[codes[row]];
        continue;
      }
      for (size_t row = 0; row < rows; ++row) {
        const double* cell = table + static_cast<size_t>(codes[row]) * outputs;
        for (size_t k = 0; k < outputs; ++k) margins[row * outputs + k] += cell[k];
      }
    }
  }

  void AddTransposed(int64_t begin, int64_t end, std::span<const double> slopes, size_t outputs,
                     std::span<double> inner_sums) const override {
    const auto rows = static_cast<size_t>(end - begin);
    for (size_t row = 0; row < rows; ++row) {
      for (size_t k = 0; k < outputs; ++k) inner_sums[num_cells_ * outputs + k] += slopes[row * outputs + k];
    }
    for (size_t f = 0; f < fields_.size(); ++f) {
      double* table = &inner_sums[first_cell_[f] * outputs];
      const int32_t* codes = codes_[f].data() + begin;
      for (size_t row = 0; row < rows; ++row) {
        double* cell = table + static_cast<size_t>(codes[row]) * outputs;
        for (size_t k = 0; k < outputs; ++k) cell[k] += slopes[row * outputs + k];
      }
    }
  }

  void AddSquares(int64_t begin, int64_t end, std::span<const double> factors, std::span<double> sums) const override {
    for (int64_t row = begin; row < end; ++row) {
      const double factor = factors[static_cast<size_t>(row - begin)];
      for (size_t f = 0; f < fields_.size(); ++f) {
        const CellField& field = fields_[f];
        const int32_t cell = codes_[f][row];
        for (int64_t e = field.starts[cell]; e < field.starts[cell + 1]; ++e) {
          sums[field.features[e]] += factor * field.values[e] * field.values[e];
        }
      }
      sums[size_ - 1] += factor;
    }
  }

  // The matrix, of which only pairs of different fields are added to row by row, and the factors' sums by cell.
  size_t num_gram_sums() const override { return size_ * size_ + num_cells_; }

  void AddGram(int64_t begin, int64_t end, std::span<const double> factors, std::span<double> sums) const override {
    const std::span<double> cell_sums = sums.subspan(size_ * size_);
    for (size_t f = 0; f < fields_.size(); ++f) {
      for (int64_t row = begin; row < end; ++row) {
        cell_sums[first_cell_[f] + static_cast<size_t>(codes_[f][row])] += factors[static_cast<size_t>(row - begin)];
      }
    }
    if (fields_.size() > 1) AddPairsWithSorted(begin, end, factors, sums);
    if (fields_.size() > 2) AddOtherPairs(begin, end, factors, sums);
  }

  std::vector<double> FinishGram(std::vector<double> sums) const override {
    const std::vector<double> cell_sums(sums.begin() + static_cast<std::ptrdiff_t>(size_ * size_), sums.end());
    sums.resize(size_ * size_);
    double* last = &sums[(size_ - 1) * size_];
    for (size_t f = 0; f < fields_.size(); ++f) {
      const CellField& field = fields_[f];
      for (int64_t cell = 0; cell < field.num_cells(); ++cell) {
        const double factor = cell_sums[first_cell_[f] + static_cast<size_t>(cell)];
        if (f == 0) last[size_ - 1] += factor;
        for (int64_t i = field.starts[cell]; i < field.starts[cell + 1]; ++i) {
          const double scaled = factor * field.values[i];
          last[field.features[i]] += scaled;
          for (int64_t j = field.starts[cell]; j <= i; ++j) {
            AddPair(field.features[i], field.features[j], scaled * field.values[j], sums);
          }
        }
      }
    }
    return sums;
  }

 private:
  template <typename Function>
  void EachEntry(const Function& function) const {
    for (size_t f = 0; f < fields_.size(); ++f) {
      const CellField& field = fields_[f];
      for (int64_t cell = 0; cell < field.num_cells(); ++cell) {
        for (int64_t e = field.starts[cell]; e < field.starts[cell + 1]; ++e) {
          function(first_cell_[f] + static_cast<size_t>(cell), field.features[e], field.values[e]);
        }
      }
    }
  }

  void AddPair(int32_t a, int32_t b, double value, std::span<double> sums) const {
    sums[static_cast<size_t>(std::max(a, b)) * size_ + static_cast<size_t>(std::min(a, b))] += value;
  }

  // Pairs of a feature of field 0 and one of another field. The rows of one cell of field 0 follow each other: their
  // other features are summed up in a short vector first, which is then added to a row of the matrix for each feature
  // of the cell.
  void AddPairsWithSorted(int64_t begin, int64_t end, std::span<const double> factors, std::span<double> sums) const {
    std::vector<double> of_cell(sorted_within_.size());
    const CellField& sorted = fields_[0];
    int64_t row = begin;
    while (row < end) {
      const int32_t cell = codes_[0][row];
      for (; row < end && codes_[0][row] == cell; ++row) {
        const double factor = factors[static_cast<size_t>(row - begin)];
        for (size_t f = 1; f < fields_.size(); ++f) {
          const CellField& field = fields_[f];
          const int32_t other = codes_[f][row];
          for (int64_t e = field.starts[other]; e < field.starts[other + 1]; ++e) {
            of_cell[compact_[field.features[e]]] += factor * field.values[e];
          }
        }
      }
      for (int64_t e = sorted.starts[cell]; e < sorted.starts[cell + 1]; ++e) {
        for (size_t i = 0; i < of_cell.size(); ++i) {
          AddPair(sorted.features[e], sorted_within_[i], sorted.values[e] * of_cell[i], sums);
        }
      }
      std::fill(of_cell.begin(), of_cell.end(), 0.0);
    }
  }

  // Pairs of two fields that the rows are not sorted by.
  void AddOtherPairs(int64_t begin, int64_t end, std::span<const double> factors, std::span<double> sums) const {
    for (int64_t row = begin; row < end; ++row) {
      const double factor = factors[static_cast<size_t>(row - begin)];
      for (size_t f = 1; f < fields_.size(); ++f) {
        for (size_t g = 1; g < f; ++g) AddPairsOf(f, codes_[f][row], g, codes_[g][row], factor, sums);
      }
    }
  }

  void AddPairsOf(size_t f, int32_t cell_f, size_t g, int32_t cell_g, double factor, std::span<double> sums) const {
    const CellField& a = fields_[f];
    const CellField& b = fields_[g];
    for (int64_t i = a.starts[cell_f]; i < a.starts[cell_f + 1]; ++i) {
      const double scaled = factor * a.values[i];
      for (int64_t j = b.starts[cell_g]; j < b.starts[cell_g + 1]; ++j) {
        AddPair(a.features[i], b.features[j], scaled * b.values[j], sums);
      }
    }
  }

  size_t size_;  // features and intercept
  std::vector<CellField> fields_;
  std::vector<Codes> codes_;
  std::vector<size_t> first_cell_;  // by field
  size_t num_cells_ = 0;
  std::vector<int32_t> sorted_within_;  // the features of all fields but the first
  std::vector<int32_t> compact_;        // by feature: where it is in sorted_within_
};

// Stably sorts `order` by the codes of its rows.
void SortBy(const Codes& codes, int64_t num_codes, std::vector<int32_t>& order) {
  std::vector<int32_t> next(static_cast<size_t>(num_codes) + 1);
  for (const int32_t code : codes) ++next[code + 1];
  std::partial_sum(next.begin(), next.end(), next.begin());
  std::vector<int32_t> sorted(order.size());
  for (const int32_t row : order) sorted[next[codes[row]]++] = row;
  order = std::move(sorted);
}

Codes TargetCodes(std::span<const double> targets) {
  Codes codes(targets.size());
  for (size_t row = 0; row < targets.size(); ++row) codes[row] = static_cast<int32_t>(targets[row]);
  return codes;
}

// Appends the row that order[begin, end) become; none where they have no weight.
bool AppendMerged(std::span<const int32_t> equal, std::span<const double> targets, std::span<const double> weights,
                  MergedRows& merged) {
  double weight = 0, sum = 0;
  for (const int32_t row : equal) {
    const double w = weights.empty() ? 1 : weights[row];
    weight += w;
    sum += w * targets[row];
  }
  if (weight == 0) return false;
  const double mean = sum / weight;
  for (const int32_t row : equal) {
    const double off = targets[row] - mean;
    merged.spread += (weights.empty() ? 1 : weights[row]) * off * off;
  }
  merged.targets.push_back(mean);
  merged.weights.push_back(weight);
  return true;
}

}  // namespace

MergedRows MergeRows(CellRows rows, std::span<const double> targets, std::span<const double> weights, MergeTargets how,
                     int32_t num_classes) {
  // The field of the most cells comes first.
  for (size_t f = 1; f < rows.fields.size(); ++f) {
    if (rows.fields[f].num_cells() <= rows.fields[0].num_cells()) continue;
    std::swap(rows.fields[f], rows.fields[0]);
    std::swap(rows.codes[f], rows.codes[0]);
  }
  const size_t num_fields = rows.fields.size();
  std::vector<int32_t> order(targets.size());
  std::iota(order.begin(), order.end(), 0);
  std::vector<const Codes*> keys;
  for (const Codes& codes : rows.codes) keys.push_back(&codes);
  const Codes target_codes = how == MergeTargets::kKeep ? TargetCodes(targets) : Codes();
  if (how == MergeTargets::kKeep) {
    SortBy(target_codes, num_classes, order);
    keys.push_back(&target_codes);
  }
  for (size_t f = num_fields; f-- > 0;) SortBy(rows.codes[f], rows.fields[f].num_cells(), order);

  const auto are_equal = [&keys](int32_t a, int32_t b) {
    for (const Codes* key : keys) {
      if ((*key)[a] != (*key)[b]) return false;
    }
    return true;
  };
  MergedRows merged;
  std::vector<Codes> codes(num_fields);
  for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    for (end = begin + 1; end < order.size() && are_equal(order[begin], order[end]);) ++end;
    if (!AppendMerged(std::span(order).subspan(begin, end - begin), targets, weights, merged)) continue;
    for (size_t f = 0; f < num_fields; ++f) codes[f].push_back(rows.codes[f][order[begin]]);
  }
  merged.design = std::make_unique<CellDesign>(rows.num_features, std::move(rows.fields), std::move(codes));
  return merged;
}

}  // namespace roost::train
