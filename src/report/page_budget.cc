#include "report/page_budget.h"

#include <algorithm>
#include <utility>

namespace roost::report {

size_t DetailBudget(size_t fixed) {
  constexpr size_t kPage = 1'500'000;
  constexpr size_t kLeast = 400'000;
  return std::max(kLeast, kPage - std::min(fixed, kPage));
}

std::vector<std::string> DetailsWithin(size_t budget, size_t num_entries, size_t num_levels,
                                       const std::function<std::string(size_t entry, size_t level)>& render) {
  constexpr size_t kFrame = 60;
  std::vector<std::string> details;
  for (size_t level = 0; level < num_levels; ++level) {
    details.clear();
    size_t bytes = 0;
    while (details.size() < num_entries) {
      std::string one = render(details.size(), level);
      bytes += one.size() + kFrame;
      if (bytes > budget) break;
      details.push_back(std::move(one));
    }
    if (details.size() == num_entries) break;
  }
  return details;
}

}  // namespace roost::report
