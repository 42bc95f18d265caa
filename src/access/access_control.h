#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/rate_limit.h"
#include "access/token.h"

namespace roost::access {

/// Who may call, as a value.
struct Policy {
  std::vector<Token> tokens;                              ///< also those that are no longer active: refusals tell why
  std::map<std::string, Role, std::less<>> certificates;  ///< consumers, known by the common name of their certificate
  std::optional<Role> anonymous;                          ///< what callers without a token may do; absent: nothing
  std::optional<Rate> rate;                               ///< of each consumer that is not in `rates`; absent: any
  std::map<std::string, Rate, std::less<>> rates;         ///< by consumer; that of kAnonymous is for all such callers
  std::vector<std::string> hosts;                         ///< names by which clients call, beside loopback names
  bool any_host = false;                                  ///< `hosts` does not matter for calls

  friend bool operator==(const Policy&, const Policy&) = default;
};

/// A consumer behind one token or certificate, or all callers without.
struct Caller {
  std::string name;
  Role role = Role::kInfer;
  int64_t expires_us = INT64_MAX;  ///< `expires`, since 1970 UTC
  std::optional<absl::Time> expires;
  std::optional<absl::Time> revoked;
  std::shared_ptr<RateLimit> limit;  ///< of the consumer, shared by its tokens; null: none
};

/// A policy made ready for look-ups. Immutable.
class Directory;

/// The policy that holds now. Look-ups take no lock and write nothing that threads share; a thread sees a new policy at
/// its next call. Threads: every method by any.
class AccessControl {
 public:
  explicit AccessControl(const Policy& policy, RateLimit::Clock clock = RateLimit::MonotonicNanos);
  ~AccessControl();
  AccessControl(const AccessControl&) = delete;
  AccessControl& operator=(const AccessControl&) = delete;

  /// From now on `policy` holds. Consumers whose rate stays the same go on with what they have used of it.
  void Replace(const Policy& policy);

  /// Who sent `token`, the text after "Bearer "; null where nobody is known by it. Whether it is still active the
  /// caller checks. The result is good until the next call of a method by this thread.
  const Caller* FindToken(std::string_view token) const;
  /// The consumer of a certificate with that common name; null: none.
  const Caller* FindCertificate(std::string_view common_name) const;
  /// Callers without a token; null where they are refused.
  const Caller* anonymous() const;

  /// Whether calls to `host`, with or without a port, are answered; an empty one is.
  bool IsOwnHost(std::string_view host) const;
  /// Whether a page of `origin` (the header Origin; empty: no page) may do what an administrator may.
  bool IsOwnOrigin(std::string_view origin) const;

 private:
  struct ThreadView;

  /// What this thread sees, brought up to date.
  ThreadView& View() const;
  std::shared_ptr<RateLimit> LimitOf(const Policy& policy, std::string_view consumer);

  const RateLimit::Clock clock_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Directory> directory_;                             // guarded by mutex_
  std::map<std::string, std::shared_ptr<RateLimit>, std::less<>> limits_;  // guarded by mutex_
  alignas(64) std::atomic<uint64_t> generation_{0};                        // of directory_, unlike any other's
};

}  // namespace roost::access
