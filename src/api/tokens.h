#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "access/token.h"
#include "api/project.h"
#include "registry/token_log.h"

namespace roost::api {

struct CreateTokenRequest {
  std::string consumer;
  access::Role role = access::Role::kInfer;
  std::optional<absl::Duration> lifetime;  ///< longer than 0; absent: for ever
};

struct CreatedToken {
  std::string text;  ///< known to nobody else from now on
  access::Token token;
};

/// Makes a token and keeps its hash in the workspace. InvalidArgument for a name that is none.
absl::StatusOr<CreatedToken> CreateToken(Project& project, const CreateTokenRequest& request, absl::Time now);

struct TokenDescription {
  access::Token token;
  std::string author;
};

/// All tokens of the workspace, the oldest first, also those that are no longer active.
absl::StatusOr<std::vector<TokenDescription>> ListTokens(Project& project);

/// Revokes the active tokens of a consumer, or the one with that id, and returns them. NotFound, with a hint, where
/// there is none.
absl::StatusOr<std::vector<access::Token>> RevokeTokens(Project& project, const std::string& consumer_or_id,
                                                        absl::Time now);

/// Where a server's tokens come from. Threads: one at a time. The project outlives it.
class TokenSource {
 public:
  /// The tokens of `file`, or where that is empty those of the workspace of `project`; without either there are none.
  static absl::StatusOr<TokenSource> Open(Project* project, std::string file);

  /// All of them now. The errors of the file (access::ParseTokenFile) or of the database.
  absl::StatusOr<std::vector<access::Token>> Read() const;

  const std::string& file() const { return file_; }

 private:
  std::string file_;
  std::optional<registry::TokenLog> log_;
};

}  // namespace roost::api
