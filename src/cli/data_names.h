#pragma once

#include <string>
#include <vector>

#include "api/names.h"
#include "base/json.h"
#include "cli/session.h"

namespace CLI {
class App;
}

namespace roost::cli {

/// roost data branch | tag | alias | delete, below `data`.
void AddNameCommands(CLI::App& data, Session& session);

/// Puts branch, names, parents, provenance and attachments of a version into its JSON.
void AddNamesToJson(const store::CommitInfo& version, const api::DataNames& names, Json& json);

/// What a deleted version is in the JSON of a log.
Json DeletedToJson(const store::DeletedVersion& deleted);

/// Puts a column of names, where there are any besides main, and one of the versions that each followed, where it is
/// not always the one before, behind the first column of a log's rows, and a row for each deleted version. `rows` has
/// a heading and then a row for each of `versions`; `align` gets a letter for each new column.
void AddNamesToLog(const std::vector<store::CommitInfo>& versions, const api::DataNames& names, bool with_deleted,
                   std::vector<std::vector<std::string>>& rows, std::string& align);

/// The facts of a version that `data show` tells of names: what it is called, what it followed, what is attached.
std::vector<std::vector<std::string>> NameFacts(const store::CommitInfo& version, const api::DataNames& names);

}  // namespace roost::cli
