#include <algorithm>

#include "train/design.h"
#include "train/simd.h"
#include "train/vector_math.h"

// The kernels of a dense matrix, in blocks that stay in registers. `x` is row-major, `p` numbers a row.
namespace roost::train {
namespace {

constexpr size_t kRowsOfGram = 64;  // rows that are multiplied with each other while they are in the cache

// One output: the rows' products with `w`, and `intercept`.
ROOST_INLINE void DotRowsBody(const double* x, size_t rows, size_t p, const double* w, double intercept, double* out) {
  const size_t whole = p / kLanes * kLanes;
  for (size_t row = 0; row < rows; ++row, x += p) {
    V8 first{}, second{}, a, b;
    size_t j = 0;
    for (; j + 2 * kLanes <= whole; j += 2 * kLanes) {
      Load(x + j, a);
      Load(w + j, b);
      first += a * b;
      Load(x + j + kLanes, a);
      Load(w + j + kLanes, b);
      second += a * b;
    }
    for (; j < whole; j += kLanes) {
      Load(x + j, a);
      Load(w + j, b);
      first += a * b;
    }
    first += second;
    double sum = SumOfLanes(first);
    for (; j < p; ++j) sum += x[j] * w[j];
    out[row] = sum + intercept;
  }
}

// One output: sums[j] += sum of s[row] * x[row][j], eight rows at a time.
ROOST_INLINE void AddRowsBody(const double* x, size_t rows, size_t p, const double* s, double* sums) {
  constexpr size_t kRows = 8;
  const size_t whole = p / kLanes * kLanes;
  size_t row = 0;
  for (; row + kRows <= rows; row += kRows) {
    const double* block = x + row * p;
    for (size_t j = 0; j < whole; j += kLanes) {
      V8 sum, a;
      Load(sums + j, sum);
      for (size_t r = 0; r < kRows; ++r) {
        Load(block + r * p + j, a);
        sum += a * s[row + r];
      }
      Store(sum, sums + j);
    }
    for (size_t r = 0; r < kRows; ++r) {
      for (size_t j = whole; j < p; ++j) sums[j] += s[row + r] * block[r * p + j];
    }
  }
  for (; row < rows; ++row) {
    for (size_t j = 0; j < p; ++j) sums[j] += s[row] * x[row * p + j];
  }
}

// out[row][0..8 * kVectors) += sum over j of x[row * x_row + j * x_column] * w[j * stride .. + 8 * kVectors), for
// kRows rows. The same kernel serves X W and X' S.
template <size_t kRows, size_t kVectors>
ROOST_INLINE void AddProductsOfRows(const double* x, size_t x_row, size_t x_column, size_t depth, const double* w,
                                    size_t stride, double* out) {
  V8 sums[kRows][kVectors], v[kVectors];
  for (size_t r = 0; r < kRows; ++r) {
    for (size_t c = 0; c < kVectors; ++c) Load(out + r * stride + c * kLanes, sums[r][c]);
  }
  for (size_t j = 0; j < depth; ++j, x += x_column, w += stride) {
    for (size_t c = 0; c < kVectors; ++c) Load(w + c * kLanes, v[c]);
    for (size_t r = 0; r < kRows; ++r) {
      for (size_t c = 0; c < kVectors; ++c) sums[r][c] += v[c] * x[r * x_row];
    }
  }
  for (size_t r = 0; r < kRows; ++r) {
    for (size_t c = 0; c < kVectors; ++c) Store(sums[r][c], out + r * stride + c * kLanes);
  }
}

template <size_t kVectors>
ROOST_INLINE void AddProductsOf(const double* x, size_t x_row, size_t x_column, size_t rows, size_t depth,
                                const double* w, size_t stride, double* out) {
  size_t row = 0;
  for (; row + 4 <= rows; row += 4) {
    AddProductsOfRows<4, kVectors>(x + row * x_row, x_row, x_column, depth, w, stride, out + row * stride);
  }
  for (; row < rows; ++row) {
    AddProductsOfRows<1, kVectors>(x + row * x_row, x_row, x_column, depth, w, stride, out + row * stride);
  }
}

// All `stride` columns, which are a multiple of eight.
ROOST_INLINE void AddProductsBody(const double* x, size_t x_row, size_t x_column, size_t rows, size_t depth,
                                  const double* w, size_t stride, double* out) {
  size_t column = 0;
  for (; column + 2 * kLanes <= stride; column += 2 * kLanes) {
    AddProductsOf<2>(x, x_row, x_column, rows, depth, w + column, stride, out + column);
  }
  if (column < stride) AddProductsOf<1>(x, x_row, x_column, rows, depth, w + column, stride, out + column);
}

// gram[i][j] += sum over rows of scaled[row][i] * plain[row][j] for j <= i and a few more; all of `size` columns, a
// multiple of 8.
ROOST_INLINE void AddGramBlockBody(const double* scaled, const double* plain, size_t rows, size_t size, double* gram) {
  for (size_t i = 0; i < size; i += 4) {
    for (size_t j = 0; j <= i + 3; j += kLanes) {
      V8 a, b, c, d, v;
      double* out = gram + i * size + j;
      Load(out, a);
      Load(out + size, b);
      Load(out + 2 * size, c);
      Load(out + 3 * size, d);
      for (size_t row = 0; row < rows; ++row) {
        const double* left = scaled + row * size + i;
        Load(plain + row * size + j, v);
        a += v * left[0];
        b += v * left[1];
        c += v * left[2];
        d += v * left[3];
      }
      Store(a, out);
      Store(b, out + size);
      Store(c, out + 2 * size);
      Store(d, out + 3 * size);
    }
  }
}

ROOST_DISPATCH(void, DotRows, (const double* x, size_t rows, size_t p, const double* w, double intercept, double* out),
               (x, rows, p, w, intercept, out))
ROOST_DISPATCH(void, AddRows, (const double* x, size_t rows, size_t p, const double* s, double* sums),
               (x, rows, p, s, sums))
ROOST_DISPATCH(void, AddProducts,
               (const double* x, size_t x_row, size_t x_column, size_t rows, size_t depth, const double* w,
                size_t stride, double* out),
               (x, x_row, x_column, rows, depth, w, stride, out))
ROOST_DISPATCH(void, AddGramBlock, (const double* scaled, const double* plain, size_t rows, size_t size, double* gram),
               (scaled, plain, rows, size, gram))

size_t RoundedUp(size_t size) { return (size + kLanes - 1) / kLanes * kLanes; }

// The inner layout of several outputs is padded to a multiple of eight of them.
class DenseDesign final : public Design {
 public:
  explicit DenseDesign(const transform::FeatureRows& rows)
      : rows_(rows), p_(static_cast<size_t>(rows.num_features)), gram_size_(RoundedUp(p_ + 1)) {}

  int64_t num_rows() const override { return rows_.num_rows(); }
  int32_t num_features() const override { return rows_.num_features; }
  size_t InnerSize(size_t outputs) const override { return (p_ + 1) * (outputs == 1 ? 1 : RoundedUp(outputs)); }

  std::vector<double> ToInner(std::span<const double> parameters, size_t outputs) const override {
    if (outputs == 1) return {parameters.begin(), parameters.end()};
    const size_t stride = RoundedUp(outputs);
    std::vector<double> inner((p_ + 1) * stride);
    for (size_t k = 0; k < outputs; ++k) {
      for (size_t j = 0; j <= p_; ++j) inner[j * stride + k] = parameters[k * (p_ + 1) + j];
    }
    return inner;
  }
  std::vector<double> FromInner(std::span<const double> inner, size_t outputs) const override {
    std::vector<double> parameters(outputs * (p_ + 1));
    const size_t stride = outputs == 1 ? 1 : RoundedUp(outputs);
    for (size_t k = 0; k < outputs; ++k) {
      for (size_t j = 0; j <= p_; ++j) parameters[k * (p_ + 1) + j] = inner[j * stride + k];
    }
    return parameters;
  }

  void Margins(int64_t begin, int64_t end, std::span<const double> inner, size_t outputs,
               std::span<double> margins) const override {
    const auto rows = static_cast<size_t>(end - begin);
    if (outputs == 1) return DotRows(Row(begin), rows, p_, inner.data(), inner[p_], margins.data());
    const size_t stride = RoundedUp(outputs);
    std::vector<double> products(rows * stride);
    for (size_t row = 0; row < rows; ++row) std::copy_n(&inner[p_ * stride], stride, &products[row * stride]);
    AddProducts(Row(begin), p_, 1, rows, p_, inner.data(), stride, products.data());
    for (size_t row = 0; row < rows; ++row) std::copy_n(&products[row * stride], outputs, &margins[row * outputs]);
  }

  void AddTransposed(int64_t begin, int64_t end, std::span<const double> slopes, size_t outputs,
                     std::span<double> inner_sums) const override {
    const auto rows = static_cast<size_t>(end - begin);
    if (outputs == 1) {
      AddRows(Row(begin), rows, p_, slopes.data(), inner_sums.data());
      for (size_t row = 0; row < rows; ++row) inner_sums[p_] += slopes[row];
      return;
    }
    const size_t stride = RoundedUp(outputs);
    std::vector<double> padded(rows * stride);
    for (size_t row = 0; row < rows; ++row) {
      std::copy_n(&slopes[row * outputs], outputs, &padded[row * stride]);
      for (size_t k = 0; k < outputs; ++k) inner_sums[p_ * stride + k] += slopes[row * outputs + k];
    }
    AddProducts(Row(begin), 1, p_, p_, rows, padded.data(), stride, inner_sums.data());
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
