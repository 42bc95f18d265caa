#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace roost::config {

/// One file that `roost init` writes into a project's folder.
struct TemplateFile {
  std::string_view path;
  std::string_view content;
};

/// The names of the templates, the default one first.
std::vector<std::string> TemplateNames();

/// The files of a template; NotFound with the names that there are. Their content stands in templates/ beside this
/// file.
absl::StatusOr<std::span<const TemplateFile>> FilesOfTemplate(std::string_view name);

}  // namespace roost::config
