// roost data list-files, and what add, cat and export do for datasets of files

#include "cli/data_files.h"

#include <memory>
#include <utility>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/format.h"
#include "base/status.h"
#include "cli/table_text.h"

namespace roost::cli {
namespace {

using store::EntryType;

std::string_view NameOf(EntryType type) {
  switch (type) {
    case EntryType::kFile: return "file";
    case EntryType::kExecutable: return "executable";
    case EntryType::kLink: return "link";
    case EntryType::kFolder: return "folder";
  }
  return "";
}

Json ToJson(const store::TreeEntry& entry) {
  Json json{{"path", entry.path}, {"type", NameOf(entry.type)}};
  if (entry.is_file()) {
    json["bytes"] = entry.content.size;
    json["sha256"] = entry.content.sha256.ToHex();
  }
  if (entry.type == EntryType::kLink) json["target"] = entry.target;
  return json;
}

absl::StatusOr<int> RunListFiles(const std::string& reference, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const auto entries, api::ListFiles(project, reference, session.MakeContext()));
  if (session.json()) {
    Json json = Json::array();
    for (const auto& entry : entries) json.push_back(ToJson(entry));
    session.Print(ToText(json));
    return 0;
  }
  std::vector<std::vector<std::string>> rows{{"bytes", "type", "path"}};
  for (const auto& entry : entries) {
    const bool is_link = entry.type == EntryType::kLink;
    rows.push_back({entry.is_file() ? FormatCount(static_cast<int64_t>(entry.content.size)) : "",
                    std::string(NameOf(entry.type)),
                    is_link ? fmt::format("{} -> {}", entry.path, entry.target) : entry.path});
  }
  session.Print(AlignColumns(rows, "rll"));
  return 0;
}

}  // namespace

Json FilesDiffToJson(const api::VersionPair& versions, const store::TreeDiff& diff) {
  Json json{{"old", versions.before.Name()}, {"new", versions.after.Name()}, {"different", !diff.empty()}};
  for (const auto& [name, entries] : {std::pair("added", &diff.added), std::pair("removed", &diff.removed)}) {
    json[name] = Json::array();
    for (const store::TreeEntry& entry : *entries) json[name].push_back(ToJson(entry));
  }
  for (const auto& [name, entries] : {std::pair("changed", &diff.changed), std::pair("renamed", &diff.renamed)}) {
    json[name] = Json::array();
    for (const store::ChangedEntry& entry : *entries) {
      json[name].push_back({{"old", ToJson(entry.before)}, {"new", ToJson(entry.after)}});
    }
  }
  return json;
}

std::string FilesDiffText(const api::VersionPair& versions, const store::TreeDiff& diff) {
  const std::string names = fmt::format("{} → {}", versions.before.Name(), versions.after.Name());
  if (diff.empty()) return names + ": no differences\n";
  std::vector<std::string> counts;
  std::vector<std::vector<std::string>> lines;
  const auto count = [&](size_t number, const char* what) {
    if (number > 0) counts.push_back(fmt::format("{} {}", FormatCount(static_cast<int64_t>(number)), what));
  };
  const auto what_of = [](const store::TreeEntry& entry) {
    return entry.is_file() ? FormatBytes(static_cast<int64_t>(entry.content.size)) : std::string(NameOf(entry.type));
  };
  for (const auto& [what, entries] : {std::pair("added", &diff.added), std::pair("removed", &diff.removed)}) {
    count(entries->size(), what);
    for (const store::TreeEntry& entry : *entries) lines.push_back({what, entry.path, what_of(entry)});
  }
  count(diff.changed.size(), "changed");
  for (const store::ChangedEntry& entry : diff.changed) {
    lines.push_back({"changed", entry.before.path, what_of(entry.before) + " → " + what_of(entry.after)});
  }
  count(diff.renamed.size(), "renamed");
  for (const store::ChangedEntry& entry : diff.renamed) {
    lines.push_back({"renamed", fmt::format("{} → {}", entry.before.path, entry.after.path), what_of(entry.after)});
  }
  return fmt::format("{}: {}\n\n{}", names, fmt::join(counts, ", "), AlignColumns(lines, "lll"));
}

Json FilesToJson(const store::CommitInfo& version) {
  return Json{{"dataset", version.dataset},
              {"version", version.version},
              {"kind", "files"},
              {"digest", version.digest.ToHex()},
              {"files", version.files},
              {"files_added", version.files_added},
              {"bytes", version.bytes_in},
              {"bytes_stored", version.bytes_stored},
              {"time", FormatUtc(version.time)},
              {"author", version.author},
              {"message", version.message}};
}

std::string FilesText(const store::CommitInfo& version) {
  const int64_t added = version.files_added;
  return fmt::format("{} ({} {})", CountOf(version.files, "file"), FormatCount(added < 0 ? -added : added),
                     added < 0 ? "fewer" : "new");
}

std::string FilesLogText(const std::vector<store::CommitInfo>& versions) {
  std::vector<std::vector<std::string>> rows{
      {"version", "files", "new files", "bytes", "stored", "when", "who", "message"}};
  for (const auto& version : versions) {
    rows.push_back({version.Name(), FormatCount(version.files), FormatCount(version.files_added),
                    FormatBytes(version.bytes_in), FormatBytes(version.bytes_stored), FormatUtcSeconds(version.time),
                    version.author, version.message});
  }
  return AlignColumns(rows, "lrrrrlll");
}

absl::StatusOr<int> RunAddFiles(api::Project& project, const api::AddFilesRequest& request, Session& session) {
  const absl::Time start = absl::Now();
  TRY_ASSIGN(const ingest::FolderReport report, api::AddFiles(project, request, session.MakeContext()));
  const store::CommitInfo& version = report.version;
  const absl::Duration elapsed = absl::Now() - start;
  if (session.json()) {
    Json json = FilesToJson(version);
    json["files_read"] = report.files_read;
    json["bytes_read"] = report.bytes_read;
    json["unchanged"] = version.unchanged;
    json["seconds"] = absl::ToDoubleSeconds(elapsed);
    session.Print(ToText(json));
    return 0;
  }
  const std::string read = fmt::format("{} read", FormatBytes(report.bytes_read));
  if (version.unchanged) {
    session.Print(fmt::format("{}: nothing changed in {}, no new version; {}, {}\n", version.Name(),
                              CountOf(version.files, "file"), read, FormatElapsed(elapsed)));
    return 0;
  }
  session.Print(fmt::format("{}: {}; {} stored for {} of files; {}, {}\n", version.Name(), FilesText(version),
                            FormatBytes(version.bytes_stored), FormatBytes(version.bytes_in), read,
                            FormatElapsed(elapsed)));
  session.Note(fmt::format("next: roost data list-files {}", version.Name()));
  return 0;
}

absl::StatusOr<int> RunCatFile(api::Project& project, const std::string& reference, const std::string& path,
                               Session& session) {
  const auto print = [&](std::string_view bytes) {
    session.Print(bytes);
    return absl::OkStatus();
  };
  TRY(api::ReadFile(project, reference, path, print, session.MakeContext()));
  return 0;
}

absl::StatusOr<int> RunExportFiles(api::Project& project, const api::ExportFilesRequest& request, Session& session) {
  const absl::Time start = absl::Now();
  TRY_ASSIGN(const ingest::CheckoutReport report, api::ExportFiles(project, request, session.MakeContext()));
  const absl::Duration elapsed = absl::Now() - start;
  if (session.json()) {
    session.Print(ToText(Json{{"folder", request.folder},
                              {"written", report.written},
                              {"bytes_written", report.bytes_written},
                              {"same", report.same},
                              {"removed", report.removed},
                              {"others", report.others},
                              {"seconds", absl::ToDoubleSeconds(elapsed)}}));
    return 0;
  }
  std::string rest = report.removed == 0 ? "" : fmt::format(", {} removed", FormatCount(report.removed));
  if (report.others > 0) rest += fmt::format(", {} not of this version stay", FormatCount(report.others));
  session.Note(fmt::format("{}: {} written ({}), {} were there{}, {}", request.folder, CountOf(report.written, "file"),
                           FormatBytes(report.bytes_written), FormatCount(report.same), rest, FormatElapsed(elapsed)));
  return 0;
}

void AddFilesCommands(CLI::App& data, Session& session) {
  CLI::App* list = data.add_subcommand("list-files", "The files of a version");
  auto reference = std::make_shared<std::string>();
  list->add_option("DATASET", *reference, "NAME, NAME@VERSION or NAME@latest, a dataset of files")->required();
  list->callback([reference, &session] { session.Finish(RunListFiles(*reference, session)); });
}

}  // namespace roost::cli
