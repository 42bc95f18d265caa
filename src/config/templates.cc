#include "config/templates.h"

#include <array>

#include <fmt/format.h>

#include "absl/status/status.h"
#include "base/format.h"
#include "base/status.h"
#include "embedded_templates.h"  // written by CMake from templates/

namespace roost::config {
namespace {

constexpr std::array kTabular{TemplateFile{"roost.yaml", embedded::kTabularProject},
                              TemplateFile{".gitignore", embedded::kTabularGitignore}};
constexpr std::array kFlights{TemplateFile{"roost.yaml", embedded::kFlightsProject},
                              TemplateFile{".gitignore", embedded::kFlightsGitignore}};

}  // namespace

std::vector<std::string> TemplateNames() { return {"tabular", "flights"}; }

absl::StatusOr<std::span<const TemplateFile>> FilesOfTemplate(std::string_view name) {
  if (name == "tabular") return std::span<const TemplateFile>(kTabular);
  if (name == "flights") return std::span<const TemplateFile>(kFlights);
  const std::vector<std::string> names = TemplateNames();
  const std::string_view closest = ClosestName(name, names);
  return WithHint(absl::NotFoundError(fmt::format("no template '{}'; there are {}", name, fmt::join(names, ", "))),
                  closest.empty() ? std::string() : fmt::format("did you mean '{}'?", closest));
}

}  // namespace roost::config
