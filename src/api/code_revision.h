#pragma once

#include <string>

namespace roost::api {

/// Which code a project's folder holds, as Git tells it.
struct CodeRevision {
  std::string revision;  ///< the commit's hash; "" where the folder is not in a Git repository, or there is no Git
  bool dirty = false;    ///< tracked files differ from the commit
};

/// Asks `git` about `folder`; a few milliseconds.
CodeRevision FindCodeRevision(const std::string& folder);

}  // namespace roost::api
