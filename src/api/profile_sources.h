#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "api/project.h"
#include "base/context.h"
#include "profile/profile.h"
#include "store/store.h"
#include "table/format.h"
#include "table/spooled_input.h"

namespace roost::api {

/// Rows that belong together: a version, files that follow each other, or stdin.
struct SourcePart {
  std::string name;                          ///< "flights@3", "may.csv", "3 files", "stdin"
  std::optional<store::CommitInfo> version;  ///< else files
  std::vector<std::string> paths;
  std::optional<table::Format> format;
};

/// InvalidArgument, with a hint, where stdin ("-") is among `sources` more than once: it can be read only once.
absl::Status CheckStdinOnce(const std::vector<std::string>& sources);

/// What the sources of a request are: dataset versions where there is a project that has them, else files. The order is
/// that of the sources. Threads: one at a time.
class ProfileSources {
 public:
  /// `project`: the folder in or above which a project is looked for, once a source may be one of its datasets. "-" is
  /// stdin, which is read here. NotFound, with a hint, for what is neither.
  static absl::StatusOr<ProfileSources> Make(const std::vector<std::string>& sources, const std::string& project,
                                             const std::optional<table::Format>& format, const Context& context);

  const std::vector<SourcePart>& parts() const { return parts_; }
  /// The name of the only part, or "2 sources".
  std::string Name() const;
  /// Of the versions among the parts.
  store::Store& store() const { return project_->store(); }

  using Count = std::function<absl::Status(arrow::RecordBatchReader& rows, int64_t total_rows)>;

  /// Hands the rows of a part to `count`. CSV whose later values are of another type than the first 8 MB is handed over
  /// again, from its beginning, with wider types: so `count` starts anew each time.
  absl::Status Read(const SourcePart& part, const Count& count, const Context& context) const;

  /// The statistics of a part: those kept of a version, or of files, read once (but for CSV as in Read), in memory that
  /// does not depend on their rows. Errors: those of Read and of ingest::ProfileOf.
  absl::StatusOr<profile::Profile> Profile(const SourcePart& part, const Context& context) const;

 private:
  ProfileSources() = default;
  friend class SourceFinder;

  std::unique_ptr<Project> project_;  // opened where a source may be one of its datasets
  std::unique_ptr<table::SpooledInput> stdin_;
  std::vector<SourcePart> parts_;
};

}  // namespace roost::api
