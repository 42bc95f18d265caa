#include "rest/classification.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include <fmt/format.h>

#include "base/format.h"

namespace roost::rest {

absl::StatusOr<serving::Tensor> Classified(const serving::Tensor& output, int64_t count,
                                           std::span<const std::string> labels) {
  if (count < 1) {
    return absl::InvalidArgumentError(
        fmt::format("output '{}': the parameter 'classification' is {}; it must be at least 1", output.name, count));
  }
  if (output.datatype != serving::Datatype::kFp64) {
    return absl::InvalidArgumentError(fmt::format("output '{}' is {}: only numbers can be classified", output.name,
                                                  serving::DatatypeName(output.datatype)));
  }
  const int64_t width = output.shape.size() == 2 ? output.shape[1] : 1;
  const int64_t rows = output.shape[0];
  const int64_t taken = std::min(count, width);
  serving::Tensor classified{.name = output.name, .datatype = serving::Datatype::kBytes, .shape = {rows, taken}};
  std::vector<int64_t> order(static_cast<size_t>(width));
  for (int64_t row = 0; row < rows; ++row) {
    std::iota(order.begin(), order.end(), int64_t{0});
    std::partial_sort(order.begin(), order.begin() + taken, order.end(), [&](int64_t a, int64_t b) {
      const double left = output.At<double>(row * width + a), right = output.At<double>(row * width + b);
      return left > right || (left == right && a < b);
    });
    for (int64_t i = 0; i < taken; ++i) {
      const int64_t index = order[static_cast<size_t>(i)];
      std::string text = fmt::format("{}:{}", FormatExact(output.At<double>(row * width + index)), index);
      if (!labels.empty()) text.append(":").append(labels[static_cast<size_t>(index)]);
      classified.texts.push_back(std::move(text));
    }
  }
  return classified;
}

}  // namespace roost::rest
