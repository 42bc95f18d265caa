#include <algorithm>

#include "base/simd.h"
#include "train/design.h"
#include "train/vector_math.h"

// The kernels of a dense matrix, in blocks that stay in registers. `x` is row-major, `p` numbers a row.
namespace roost::train {
namespace {

constexpr size_t kRowsOfGram = 64;        // rows that are multiplied with each other while they are in the cache
constexpr size_t kRowsOfTranspose = 128;  // rows whose part of a few columns stays in the first cache
constexpr size_t kColumns = 4;            // vectors of columns that are summed at once

// out[row * outputs + k] = intercepts[k] + x[row] . w[k] for kRows rows and kOutputs outputs; `w` has p numbers an
// output. A product's bits do not depend on the tile that it is in.
template <Simd kSimd, size_t kRows, size_t kOutputs>
ROOST_INLINE void DotTile(const double* x, size_t p, const double* w, const double* intercepts, size_t outputs,
                          double* out) {
  V8 sums[kRows][kOutputs] = {}, a[kRows], b;
  size_t j = 0;
  for (; j + kLanes <= p; j += kLanes) {
    ROOST_UNROLL
    for (size_t r = 0; r < kRows; ++r) Load(x + r * p + j, a[r]);
    ROOST_UNROLL
    for (size_t k = 0; k < kOutputs; ++k) {
      Load(w + k * p + j, b);
      ROOST_UNROLL
      for (size_t r = 0; r < kRows; ++r) MultiplyAdd<kSimd>(a[r], b, sums[r][k]);
    }
  }
  ROOST_UNROLL
  for (size_t r = 0; r < kRows; ++r) {
    ROOST_UNROLL
    for (size_t k = 0; k < kOutputs; ++k) {
      double sum = SumOfLanes(sums[r][k]);
      for (size_t rest = j; rest < p; ++rest) sum += x[r * p + rest] * w[k * p + rest];
      out[r * outputs + k] = sum + intercepts[k];
    }
  }
}

template <Simd kSimd, size_t kRows, size_t kOutputs>
ROOST_INLINE void DotRowsOf(const double* x, size_t rows, size_t p, const double* w, const double* intercepts,
                            size_t outputs, double* out) {
  size_t row = 0;
  for (; row + kRows <= rows; row += kRows) {
    DotTile<kSimd, kRows, kOutputs>(x + row * p, p, w, intercepts, outputs, out + row * outputs);
  }
  for (; row < rows; ++row) DotTile<kSimd, 1, kOutputs>(x + row * p, p, w, intercepts, outputs, out + row * outputs);
}

// The rows' products with all outputs' weights.
template <Simd kSimd>
ROOST_INLINE void DotRowsBody(const double* x, size_t rows, size_t p, const double* w, const double* intercepts,
                              size_t outputs, double* out) {
  size_t k = 0;
  for (; k + 5 <= outputs; k += 5) DotRowsOf<kSimd, 4, 5>(x, rows, p, w + k * p, intercepts + k, outputs, out + k);
  for (; k + 2 <= outputs; k += 2) DotRowsOf<kSimd, 4, 2>(x, rows, p, w + k * p, intercepts + k, outputs, out + k);
  if (k < outputs) DotRowsOf<kSimd, 4, 1>(x, rows, p, w + k * p, intercepts + k, outputs, out + k);
}

// sums[k * p + 0 .. 8 * kVectors) += sum over rows of s[row * outputs + k] * x[row][0 .. 8 * kVectors).
template <Simd kSimd, size_t kOutputs, size_t kVectors>
ROOST_INLINE void AddTile(const double* x, size_t rows, size_t p, const double* s, size_t outputs, double* sums) {
  V8 of[kOutputs][kVectors], a[kVectors];
  ROOST_UNROLL
  for (size_t k = 0; k < kOutputs; ++k) {
    ROOST_UNROLL
    for (size_t v = 0; v < kVectors; ++v) Load(sums + k * p + v * kLanes, of[k][v]);
  }
  for (size_t row = 0; row < rows; ++row, x += p, s += outputs) {
    ROOST_UNROLL
    for (size_t v = 0; v < kVectors; ++v) Load(x + v * kLanes, a[v]);
    ROOST_UNROLL
    for (size_t k = 0; k < kOutputs; ++k) {
      const V8 slope = V8{} + s[k];
      ROOST_UNROLL
      for (size_t v = 0; v < kVectors; ++v) MultiplyAdd<kSimd>(a[v], slope, of[k][v]);
    }
  }
  ROOST_UNROLL
  for (size_t k = 0; k < kOutputs; ++k) {
    ROOST_UNROLL
    for (size_t v = 0; v < kVectors; ++v) Store(of[k][v], sums + k * p + v * kLanes);
  }
}

template <Simd kSimd, size_t kVectors>
ROOST_INLINE void AddColumns(const double* x, size_t rows, size_t p, const double* s, size_t outputs, double* sums) {
  size_t k = 0;
  for (; k + 5 <= outputs; k += 5) AddTile<kSimd, 5, kVectors>(x, rows, p, s + k, outputs, sums + k * p);
  for (; k < outputs; ++k) AddTile<kSimd, 1, kVectors>(x, rows, p, s + k, outputs, sums + k * p);
}

// sums[k][j] += sum over rows of s[row][k] * x[row][j]; `sums` has p numbers an output.
template <Simd kSimd>
ROOST_INLINE void AddRowsBody(const double* x, size_t rows, size_t p, const double* s, size_t outputs, double* sums) {
  for (size_t row = 0; row < rows; row += kRowsOfTranspose) {
    const size_t some = std::min(kRowsOfTranspose, rows - row);
    const double* block = x + row * p;
    const double* slopes = s + row * outputs;
    size_t j = 0;
    for (; j + kColumns * kLanes <= p; j += kColumns * kLanes) {
      AddColumns<kSimd, kColumns>(block + j, some, p, slopes, outputs, sums + j);
    }
    for (; j + kLanes <= p; j += kLanes) AddColumns<kSimd, 1>(block + j, some, p, slopes, outputs, sums + j);
    for (size_t r = 0; r < some && j < p; ++r) {
      for (size_t k = 0; k < outputs; ++k) {
        for (size_t rest = j; rest < p; ++rest) sums[k * p + rest] += slopes[r * outputs + k] * block[r * p + rest];
      }
    }
  }
}

// gram[i][j] += sum over rows of scaled[row][i] * plain[row][j]: the lower triangle, and a few more; all of `size`
// columns, a multiple of 8.
template <Simd kSimd>
ROOST_INLINE void AddGramBlockBody(const double* scaled, const double* plain, size_t rows, size_t size, double* gram) {
  for (size_t i = 0; i < size; i += kLanes) {
    double* of_rows = gram + i * size;
    size_t j = 0;
    for (; j + kLanes <= i; j += 2 * kLanes) {
      AddTile<kSimd, kLanes, 2>(plain + j, rows, size, scaled + i, size, of_rows + j);
    }
    if (j <= i) AddTile<kSimd, kLanes, 1>(plain + j, rows, size, scaled + i, size, of_rows + j);
  }
}

ROOST_DISPATCH(void, DotRows,
               (const double* x, size_t rows, size_t p, const double* w, const double* intercepts, size_t outputs,
                double* out),
               (x, rows, p, w, intercepts, outputs, out))
ROOST_DISPATCH(void, AddRows, (const double* x, size_t rows, size_t p, const double* s, size_t outputs, double* sums),
               (x, rows, p, s, outputs, sums))
ROOST_DISPATCH(void, AddGramBlock, (const double* scaled, const double* plain, size_t rows, size_t size, double* gram),
               (scaled, plain, rows, size, gram))

size_t RoundedUp(size_t size) { return (size + kLanes - 1) / kLanes * kLanes; }

// The inner layout: the weights of each output, and then all intercepts.
class DenseDesign final : public Design {
 public:
  explicit DenseDesign(const transform::FeatureRows& rows)
      : rows_(rows), p_(static_cast<size_t>(rows.num_features)), gram_size_(RoundedUp(p_ + 1)) {}

  int64_t num_rows() const override { return rows_.num_rows(); }
  int32_t num_features() const override { return rows_.num_features; }
  size_t InnerSize(size_t outputs) const override { return (p_ + 1) * outputs; }

  std::vector<double> ToInner(std::span<const double> parameters, size_t outputs) const override {
    std::vector<double> inner((p_ + 1) * outputs);
    for (size_t k = 0; k < outputs; ++k) {
      std::copy_n(&parameters[k * (p_ + 1)], p_, &inner[k * p_]);
      inner[outputs * p_ + k] = parameters[k * (p_ + 1) + p_];
    }
    return inner;
  }
  std::vector<double> FromInner(std::span<const double> inner, size_t outputs) const override {
    std::vector<double> parameters((p_ + 1) * outputs);
    for (size_t k = 0; k < outputs; ++k) {
      std::copy_n(&inner[k * p_], p_, &parameters[k * (p_ + 1)]);
      parameters[k * (p_ + 1) + p_] = inner[outputs * p_ + k];
    }
    return parameters;
  }

  void Margins(int64_t begin, int64_t end, std::span<const double> inner, size_t outputs,
               std::span<double> margins) const override {
    DotRows(Row(begin), static_cast<size_t>(end - begin), p_, inner.data(), &inner[outputs * p_], outputs,
            margins.data());
  }

  void AddTransposed(int64_t begin, int64_t end, std::span<const double> slopes, size_t outputs,
                     std::span<double> inner_sums) const override {
    const auto rows = static_cast<size_t>(end - begin);
    AddRows(Row(begin), rows, p_, slopes.data(), outputs, inner_sums.data());
    double* intercepts = &inner_sums[outputs * p_];
    for (size_t row = 0; row < rows; ++row) {
      for (size_t k = 0; k < outputs; ++k) intercepts[k] += slopes[row * outputs + k];
    }
  }

  void AddSquares(int64_t begin, int64_t end, std::span<const double> factors, std::span<double> sums) const override {
    for (int64_t row = begin; row < end; ++row) {
      const double factor = factors[static_cast<size_t>(row - begin)];
      const double* x = Row(row);
      for (size_t j = 0; j < p_; ++j) sums[j] += factor * x[j] * x[j];
      sums[p_] += factor;
    }
  }

  size_t num_gram_sums() const override { return gram_size_ * gram_size_; }

  void AddGram(int64_t begin, int64_t end, std::span<const double> factors, std::span<double> sums) const override {
    std::vector<double> plain(kRowsOfGram * gram_size_), scaled(kRowsOfGram * gram_size_);
    for (int64_t first = begin; first < end; first += kRowsOfGram) {
      const size_t rows = std::min<size_t>(kRowsOfGram, static_cast<size_t>(end - first));
      for (size_t row = 0; row < rows; ++row) {
        const double factor = factors[static_cast<size_t>(first - begin) + row];
        double* to = &plain[row * gram_size_];
        std::copy_n(Row(first) + row * p_, p_, to);
        to[p_] = 1;
        for (size_t j = 0; j <= p_; ++j) scaled[row * gram_size_ + j] = factor * to[j];
      }
      AddGramBlock(scaled.data(), plain.data(), rows, gram_size_, sums.data());
    }
  }

  std::vector<double> FinishGram(std::vector<double> sums) const override {
    std::vector<double> gram((p_ + 1) * (p_ + 1));
    for (size_t i = 0; i <= p_; ++i) std::copy_n(&sums[i * gram_size_], p_ + 1, &gram[i * (p_ + 1)]);
    return gram;
  }

 private:
  const double* Row(int64_t row) const { return rows_.values.data() + static_cast<size_t>(row) * p_; }

  const transform::FeatureRows& rows_;
  size_t p_;
  size_t gram_size_;
};

}  // namespace

std::unique_ptr<Design> MakeDenseDesign(const transform::FeatureRows& rows) {
  return std::make_unique<DenseDesign>(rows);
}

bool FeaturesAreDense(const transform::FeatureRows& rows) {
  return rows.num_features > 0 &&
         rows.indices.size() == static_cast<size_t>(rows.num_rows()) * static_cast<size_t>(rows.num_features);
}

}  // namespace roost::train
