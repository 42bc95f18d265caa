#include "api/profile_sources.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include "base/status.h"
#include "ingest/profiles.h"
#include "ingest/row_profiler.h"
#include "store/dataset_ref.h"
#include "table/column_slabs.h"
#include "table/glob.h"
#include "table/read.h"

namespace roost::api {
namespace {

constexpr std::string_view kStdin = "-";

int64_t CountRows(const std::vector<std::string>& paths) {
  int64_t rows = 0;
  for (const std::string& path : paths) {
    const auto of_file = table::CountRows(path);
    if (!of_file.has_value()) return 0;
    rows += *of_file;
  }
  return rows;
}

table::ReadOptions OptionsOf(const SourcePart& part) {
  return {.format = part.format, .dictionary_strings = true, .keep_invalid_utf8 = true};
}

// The files of a part, where all are best read in parts of their columns; else none.
absl::StatusOr<std::vector<std::unique_ptr<table::ColumnSlabs>>> SlabsOf(const SourcePart& part,
                                                                         const Context& context) {
  std::vector<std::unique_ptr<table::ColumnSlabs>> files;
  const table::ReadOptions options = OptionsOf(part);
  for (const std::string& path : part.paths) {
    auto slabs = table::ColumnSlabs::Open(path, options, context);
    if (slabs == nullptr) return std::vector<std::unique_ptr<table::ColumnSlabs>>();
    if (files.empty()) TRY(table::OpenFiles(part.paths, options, context).status());  // checks names and types
    files.push_back(std::move(slabs));
  }
  return files;
}

bool IsThere(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

// Names that no dataset has, and files that say by their names what they are.
bool IsSurelyFiles(const std::string& source) {
  return source.find_first_of("/*?[") != std::string::npos || (IsThere(source) && table::FormatOfOutput(source).ok());
}

}  // namespace

absl::Status CheckStdinOnce(const std::vector<std::string>& sources) {
  if (std::count(sources.begin(), sources.end(), kStdin) < 2) return absl::OkStatus();
  return WithHint(absl::InvalidArgumentError("stdin can be read only once"),
                  "Write what comes on stdin into a file, and name that.");
}

// Sorts sources into parts.
class SourceFinder {
 public:
  SourceFinder(const std::string& project, const std::optional<table::Format>& format, const Context& context)
      : project_(project), format_(format), context_(context) {}

  absl::StatusOr<ProfileSources> Find(const std::vector<std::string>& sources) {
    for (const std::string& source : sources) TRY(AddSource(source));
    TRY(AddFiles());
    return std::move(found_);
  }

 private:
  absl::Status AddSource(const std::string& source) {
    if (source == kStdin) return AddStdin();
    if (!IsSurelyFiles(source)) {
      TRY_ASSIGN(std::optional<store::CommitInfo> version, FindVersion(source));
      if (version.has_value()) {
        TRY(AddFiles());
        const std::string name = version->Name();
        found_.parts_.push_back({.name = name, .version = std::move(version)});
        return absl::OkStatus();
      }
    }
    files_.push_back(source);
    return absl::OkStatus();
  }

  absl::Status AddStdin() {
    TRY(AddFiles());
    TRY_ASSIGN(table::SpooledInput input, table::SpooledInput::Read(STDIN_FILENO, context_));
    found_.stdin_ = std::make_unique<table::SpooledInput>(std::move(input));
    const std::string& path = found_.stdin_->path();
    const auto read_as = table::FormatOf(path);
    found_.parts_.push_back({.name = "stdin",
                             .paths = {path},
                             .format = format_.has_value() ? format_
                                       : read_as.ok()      ? *read_as
                                                           : table::Format::kCsv});
    return absl::OkStatus();
  }

  // The version that `source` means, or nothing where it can only be a file.
  absl::StatusOr<std::optional<store::CommitInfo>> FindVersion(const std::string& source) {
    const auto reference = store::ParseDatasetRef(source);
    if (!reference.ok()) return std::nullopt;
    if (found_.project_ == nullptr) {
      absl::StatusOr<Project> project = Project::Open(project_);
      if (!project.ok()) {
        if (IsThere(source) || table::FormatOfOutput(source).ok()) return std::nullopt;
        if (!absl::IsFailedPrecondition(project.status())) return project.status();
        return WithHint(absl::NotFoundError(fmt::format("no such file: '{}'; and no dataset, for there is no project "
                                                        "here",
                                                        source)),
                        "Datasets are those of the folder's project, or of the one that --project names.");
      }
      found_.project_ = std::make_unique<Project>(*std::move(project));
    }
    TRY_ASSIGN(const std::vector<std::string> names, found_.store().Datasets());
    const bool is_dataset = std::find(names.begin(), names.end(), reference->name) != names.end();
    if (!is_dataset && IsThere(source)) return std::nullopt;
    TRY_ASSIGN(store::CommitInfo version, found_.store().Resolve(*reference));
    return version;
  }

  // Files that follow each other are read as one table: those without types of their own take the first one's.
  absl::Status AddFiles() {
    if (files_.empty()) return absl::OkStatus();
    TRY_ASSIGN(std::vector<std::string> paths, table::ExpandGlobs(std::exchange(files_, {})));
    const std::string name = paths.size() == 1 ? paths.front() : fmt::format("{} files", paths.size());
    found_.parts_.push_back({.name = name, .paths = std::move(paths), .format = format_});
    return absl::OkStatus();
  }

  const std::string& project_;
  const std::optional<table::Format>& format_;
  const Context& context_;
  std::vector<std::string> files_;  // not in a part yet
  ProfileSources found_;
};

absl::StatusOr<ProfileSources> ProfileSources::Make(const std::vector<std::string>& sources, const std::string& project,
                                                    const std::optional<table::Format>& format,
                                                    const Context& context) {
  if (sources.empty()) return absl::InvalidArgumentError("nothing to profile: want a dataset or a file");
  TRY(CheckStdinOnce(sources));
  return SourceFinder(project, format, context).Find(sources);
}

std::string ProfileSources::Name() const {
  return parts_.size() == 1 ? parts_.front().name : fmt::format("{} sources", parts_.size());
}

absl::StatusOr<profile::Profile> ProfileSources::Profile(const SourcePart& part, const Context& context) const {
  if (part.version.has_value()) return ingest::ProfileOf(store(), *part.version, context);
  profile::Profile profile;
  TRY_ASSIGN(const auto files, SlabsOf(part, context));
  for (const auto& file : files) {
    TRY_ASSIGN(const profile::Profile of_file, ingest::ProfileSlabs(*file, context));
    TRY(profile.Merge(of_file));
  }
  if (!files.empty()) return profile;
  const auto count = [&](arrow::RecordBatchReader& rows, int64_t total_rows) -> absl::Status {
    TRY_ASSIGN(profile, ingest::ProfileRows(rows, total_rows, context));
    return absl::OkStatus();
  };
  TRY(Read(part, count, context));
  return profile;
}

absl::Status ProfileSources::Read(const SourcePart& part, const Count& count, const Context& context) const {
  if (part.version.has_value()) {
    TRY_ASSIGN(const auto rows, store().Read(*part.version, {.dictionary_strings = true}, context));
    return count(*rows, part.version->rows);
  }
  table::ReadOptions options = OptionsOf(part);
  while (true) {
    const absl::Status status = [&]() -> absl::Status {
      TRY_ASSIGN(const auto rows, table::OpenFiles(part.paths, options, context));
      return count(*rows, CountRows(part.paths));
    }();
    const auto column = table::ColumnOfOtherType(status);
    std::shared_ptr<arrow::Schema> wider;
    if (column.has_value()) {
      TRY_ASSIGN(const auto first, table::OpenFile(part.paths.front(), options, context));
      const auto field = first->schema()->GetFieldByName(*column);
      wider = field == nullptr ? nullptr : table::WithWiderType(options.types, *field);
    }
    if (wider == nullptr) return part.name == "stdin" ? stdin_->Renamed(status) : status;
    options.types = wider;
    context.Report(
        {.stage = "other values than at the beginning; reading again", .unit = "rows", .done = 0, .total = 0});
  }
}

}  // namespace roost::api
