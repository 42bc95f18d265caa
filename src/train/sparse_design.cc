#include <algorithm>
#include <numeric>

#include "train/design.h"

namespace roost::train {
namespace {

using transform::FeatureRows;

constexpr int32_t kFewFeatures = 2048;  // their parameters stay in the first cache in any order

// The inner layout has features by how many rows have them, most first: of many words a few make up most entries, and
// lie in the first cache then. The intercept is last.
class SparseDesign final : public Design {
 public:
  explicit SparseDesign(const FeatureRows& rows)
      : rows_(rows), size_(static_cast<size_t>(rows.num_features) + 1), places_(rows.indices) {
    if (rows.num_features > kFewFeatures) OrderFeatures();
  }

  int64_t num_rows() const override { return rows_.num_rows(); }
  int32_t num_features() const override { return rows_.num_features; }
  size_t InnerSize(size_t outputs) const override { return size_ * outputs; }

  std::vector<double> ToInner(std::span<const double> parameters, size_t outputs) const override {
    std::vector<double> inner(parameters.size());
    for (size_t i = 0; i < size_; ++i) {
      for (size_t k = 0; k < outputs; ++k) inner[PlaceOf(i) * outputs + k] = parameters[k * size_ + i];
    }
    return inner;
  }
  std::vector<double> FromInner(std::span<const double> inner, size_t outputs) const override {
    std::vector<double> parameters(inner.size());
    for (size_t i = 0; i < size_; ++i) {
      for (size_t k = 0; k < outputs; ++k) parameters[k * size_ + i] = inner[PlaceOf(i) * outputs + k];
    }
    return parameters;
  }

  void Margins(int64_t begin, int64_t end, std::span<const double> inner, size_t outputs,
               std::span<double> margins) const override {
    if (outputs == 1) return MarginsOfOne(begin, end, inner, margins);
    const double* intercepts = &inner[(size_ - 1) * outputs];
    for (int64_t row = begin; row < end; ++row) {
      double* margin = &margins[static_cast<size_t>(row - begin) * outputs];
      std::copy_n(intercepts, outputs, margin);
      for (int64_t e = rows_.starts[row]; e < rows_.starts[row + 1]; ++e) {
        const double* weights = &inner[static_cast<size_t>(places_[e]) * outputs];
        for (size_t k = 0; k < outputs; ++k) margin[k] += weights[k] * rows_.values[e];
      }
    }
  }

  void AddTransposed(int64_t begin, int64_t end, std::span<const double> slopes, size_t outputs,
                     std::span<double> inner_sums) const override {
    double* intercepts = &inner_sums[(size_ - 1) * outputs];
    for (int64_t row = begin; row < end; ++row) {
      const double* slope = &slopes[static_cast<size_t>(row - begin) * outputs];
      for (size_t k = 0; k < outputs; ++k) intercepts[k] += slope[k];
      for (int64_t e = rows_.starts[row]; e < rows_.starts[row + 1]; ++e) {
        double* sums = &inner_sums[static_cast<size_t>(places_[e]) * outputs];
        for (size_t k = 0; k < outputs; ++k) sums[k] += slope[k] * rows_.values[e];
      }
    }
  }

  void AddSquares(int64_t begin, int64_t end, std::span<const double> factors, std::span<double> sums) const override {
    for (int64_t row = begin; row < end; ++row) {
      const double factor = factors[static_cast<size_t>(row - begin)];
      for (int64_t e = rows_.starts[row]; e < rows_.starts[row + 1]; ++e) {
        sums[static_cast<size_t>(rows_.indices[e])] += factor * rows_.values[e] * rows_.values[e];
      }
      sums[size_ - 1] += factor;
    }
  }

  size_t num_gram_sums() const override { return size_ * size_; }

  void AddGram(int64_t begin, int64_t end, std::span<const double> factors, std::span<double> sums) const override {
    double* last = &sums[(size_ - 1) * size_];
    for (int64_t row = begin; row < end; ++row) {
      const double factor = factors[static_cast<size_t>(row - begin)];
      const int64_t first = rows_.starts[row];
      for (int64_t i = first; i < rows_.starts[row + 1]; ++i) {
        const double scaled = factor * rows_.values[i];
        double* gram = &sums[static_cast<size_t>(rows_.indices[i]) * size_];
        for (int64_t j = first; j <= i; ++j) gram[rows_.indices[j]] += scaled * rows_.values[j];
        last[rows_.indices[i]] += scaled;
      }
      last[size_ - 1] += factor;
    }
  }

  std::vector<double> FinishGram(std::vector<double> sums) const override { return sums; }

 private:
  // Four sums a row: one would wait for each of its additions.
  void MarginsOfOne(int64_t begin, int64_t end, std::span<const double> inner, std::span<double> margins) const {
    for (int64_t row = begin; row < end; ++row) {
      double sums[4] = {inner[size_ - 1], 0, 0, 0};
      int64_t e = rows_.starts[row];
      for (; e + 4 <= rows_.starts[row + 1]; e += 4) {
        for (int64_t i = 0; i < 4; ++i) sums[i] += inner[places_[e + i]] * rows_.values[e + i];
      }
      for (; e < rows_.starts[row + 1]; ++e) sums[0] += inner[places_[e]] * rows_.values[e];
      margins[row - begin] = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    }
  }

  void OrderFeatures() {
    std::vector<int64_t> counts(size_ - 1);
    for (const int32_t feature : rows_.indices) ++counts[static_cast<size_t>(feature)];
    std::vector<int32_t> order(size_ - 1);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&counts](int32_t a, int32_t b) { return counts[a] > counts[b]; });
    place_of_.resize(size_, static_cast<int32_t>(size_ - 1));
    for (size_t place = 0; place < order.size(); ++place) place_of_[order[place]] = static_cast<int32_t>(place);
    own_places_.reserve(rows_.indices.size());
    for (const int32_t feature : rows_.indices) own_places_.push_back(place_of_[feature]);
    places_ = own_places_;
  }

  size_t PlaceOf(size_t feature) const { return place_of_.empty() ? feature : static_cast<size_t>(place_of_[feature]); }

  const FeatureRows& rows_;
  size_t size_;                      // features and intercept
  std::span<const int32_t> places_;  // of each entry's feature in the inner layout
  std::vector<int32_t> place_of_;    // by feature, and the intercept's; empty: features are in their order
  std::vector<int32_t> own_places_;
};

}  // namespace

std::unique_ptr<Design> MakeSparseDesign(const FeatureRows& rows) { return std::make_unique<SparseDesign>(rows); }

}  // namespace roost::train
