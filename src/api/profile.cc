#include "api/profile.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <utility>

#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>

#include "api/project.h"
#include "base/status.h"
#include "ingest/profiles.h"
#include "ingest/row_profiler.h"
#include "store/dataset_ref.h"
#include "table/glob.h"
#include "table/read.h"
#include "table/spooled_input.h"

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

absl::StatusOr<profile::Profile> ReadFiles(const std::vector<std::string>& paths, const table::ReadOptions& options,
                                           const Context& context) {
  TRY_ASSIGN(const auto rows, table::OpenFiles(paths, options, context));
  return ingest::ProfileRows(*rows, CountRows(paths), context);
}

absl::StatusOr<profile::Profile> ProfileFiles(const std::vector<std::string>& paths,
                                              const std::optional<table::Format>& format, const Context& context) {
  table::ReadOptions options{.format = format, .dictionary_strings = true, .keep_invalid_utf8 = true};
  while (true) {
    auto profile = ReadFiles(paths, options, context);
    const auto column = table::ColumnOfOtherType(profile.status());
    if (!column.has_value()) return profile;
    TRY_ASSIGN(const auto first, table::OpenFile(paths.front(), options, context));
    const auto field = first->schema()->GetFieldByName(*column);
    const auto wider = field == nullptr ? nullptr : table::WithWiderType(options.types, *field);
    if (wider == nullptr) return profile;
    options.types = wider;
    context.Report(
        {.stage = "other values than at the beginning; reading again", .unit = "rows", .done = 0, .total = 0});
  }
}

absl::StatusOr<profile::Profile> ProfileStdin(const std::optional<table::Format>& format, const Context& context) {
  TRY_ASSIGN(const table::SpooledInput input, table::SpooledInput::Read(STDIN_FILENO, context));
  std::optional<table::Format> read_as = format;
  if (!read_as.has_value()) {
    const auto found = table::FormatOf(input.path());
    read_as = found.ok() ? *found : table::Format::kCsv;
  }
  auto profile = ProfileFiles({input.path()}, read_as, context);
  if (!profile.ok()) return input.Renamed(profile.status());
  return profile;
}

bool IsThere(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

// Names that no dataset has, and files that say by their names what they are.
bool IsSurelyFiles(const std::string& source) {
  return source.find_first_of("/*?[") != std::string::npos || (IsThere(source) && table::FormatOfOutput(source).ok());
}

// The sources of one request, each profiled in turn.
class SourceProfiler {
 public:
  SourceProfiler(const ProfileRequest& request, const Context& context) : request_(request), context_(context) {}

  absl::StatusOr<ProfileResponse> Run() {
    for (const std::string& source : request_.sources) TRY(AddSource(source));
    TRY(AddFiles());
    const size_t count = names_.size();
    return ProfileResponse{.name = count == 1 ? names_.front() : fmt::format("{} sources", count),
                           .profile = std::move(profile_)};
  }

 private:
  absl::Status AddSource(const std::string& source) {
    if (source == kStdin) {
      if (std::count(request_.sources.begin(), request_.sources.end(), source) > 1) {
        return absl::InvalidArgumentError("stdin can be read only once");
      }
      TRY(AddFiles());
      return Merge("stdin", ProfileStdin(request_.format, context_));
    }
    if (!IsSurelyFiles(source)) {
      TRY_ASSIGN(const std::optional<store::CommitInfo> version, FindVersion(source));
      if (version.has_value()) {
        TRY(AddFiles());
        return Merge(version->Name(), ingest::ProfileOf(project_->store(), *version, context_));
      }
    }
    files_.push_back(source);
    return absl::OkStatus();
  }

  // The version that `source` means, or nothing where it can only be a file.
  absl::StatusOr<std::optional<store::CommitInfo>> FindVersion(const std::string& source) {
    const auto reference = store::ParseDatasetRef(source);
    if (!reference.ok()) return std::nullopt;
    if (project_ == nullptr) {
      absl::StatusOr<Project> project = Project::Open(request_.project);
      if (!project.ok()) {
        if (IsThere(source) || table::FormatOfOutput(source).ok()) return std::nullopt;
        if (!absl::IsFailedPrecondition(project.status())) return project.status();
        return WithHint(absl::NotFoundError(fmt::format("no such file: '{}'; and no dataset, for there is no project "
                                                        "here",
                                                        source)),
                        "Datasets are those of the folder's project, or of the one that --project names.");
      }
      project_ = std::make_unique<Project>(*std::move(project));
    }
    TRY_ASSIGN(const std::vector<std::string> names, project_->store().Datasets());
    const bool is_dataset = std::find(names.begin(), names.end(), reference->name) != names.end();
    if (!is_dataset && IsThere(source)) return std::nullopt;
    TRY_ASSIGN(store::CommitInfo version, project_->store().Resolve(*reference));
    return version;
  }

  // Files that follow each other are read as one table: those without types of their own take the first one's.
  absl::Status AddFiles() {
    if (files_.empty()) return absl::OkStatus();
    TRY_ASSIGN(const std::vector<std::string> paths, table::ExpandGlobs(std::exchange(files_, {})));
    return Merge(paths.size() == 1 ? paths.front() : fmt::format("{} files", paths.size()),
                 ProfileFiles(paths, request_.format, context_));
  }

  absl::Status Merge(const std::string& name, absl::StatusOr<profile::Profile> profile) {
    TRY(profile.status());
    if (const absl::Status merged = profile_.Merge(*profile); !merged.ok()) {
      return Annotate(merged, fmt::format("{} beside {}", name, names_.back()));
    }
    names_.push_back(name);
    return absl::OkStatus();
  }

  const ProfileRequest& request_;
  const Context& context_;
  std::unique_ptr<Project> project_;  // opened where a source may be one of its datasets
  std::vector<std::string> files_;    // not read yet
  std::vector<std::string> names_;
  profile::Profile profile_;
};

}  // namespace

absl::StatusOr<ProfileResponse> ProfileSources(const ProfileRequest& request, const Context& context) {
  if (request.sources.empty()) return absl::InvalidArgumentError("nothing to profile: want a dataset or a file");
  return SourceProfiler(request, context).Run();
}

}  // namespace roost::api
