#include "access/access_control.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "absl/container/flat_hash_map.h"
#include "base/check.h"
#include "base/hash.h"
#include "net/http_message.h"
#include "net/loopback.h"

namespace roost::access {

class Directory {
 public:
  std::vector<Caller> callers;  ///< of tokens, then of certificates; never grows once it is looked up
  absl::flat_hash_map<Digest, const Caller*> tokens;
  std::map<std::string, const Caller*, std::less<>> certificates;
  std::optional<Caller> anonymous;
  std::vector<std::string> hosts;
  bool any_host = false;

  bool IsNamed(std::string_view host) const {
    return net::IsLoopbackHost(host) || std::any_of(hosts.begin(), hosts.end(), [&](const std::string& own) {
             return net::EqualIgnoringCase(own, host);
           });
  }
};

namespace {

/// Numbers of generations, over all AccessControls of the process.
uint64_t NextGeneration() {
  static std::atomic<uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

/// Nobody can choose tokens that meet in one place of a cache.
uint64_t Seed() {
  static const uint64_t seed = [] {
    uint64_t random = 0;
    ROOST_CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(&random), sizeof random) == 1, "no random bytes");
    return random;
  }();
  return seed;
}

/// A token that this thread has looked up, which spares its SHA-256.
struct CachedToken {
  uint64_t tag = 0;
  size_t size = 0;
  std::array<char, 64> text;
  const Caller* caller = nullptr;
};

Caller CallerOf(const Token& token) {
  Caller caller{.name = token.consumer, .role = token.role, .expires = token.expires, .revoked = token.revoked};
  if (token.expires.has_value()) caller.expires_us = absl::ToUnixMicros(*token.expires);
  return caller;
}

}  // namespace

/// What one thread knows of one generation. It belongs to the AccessControl that the thread asked last: threads of a
/// server ask one.
struct AccessControl::ThreadView {
  uint64_t generation = 0;
  std::shared_ptr<const Directory> directory;
  std::string host;  // the last that was answered
  std::array<CachedToken, 64> cache;
};

AccessControl::AccessControl(const Policy& policy, RateLimit::Clock clock) : clock_(clock) { Replace(policy); }
AccessControl::~AccessControl() = default;

void AccessControl::Replace(const Policy& policy) {
  const std::lock_guard lock(mutex_);
  auto directory = std::make_shared<Directory>();
  directory->hosts = policy.hosts;
  directory->any_host = policy.any_host;
  directory->callers.reserve(policy.tokens.size() + policy.certificates.size());
  for (const Token& token : policy.tokens) {
    Caller& caller = directory->callers.emplace_back(CallerOf(token));
    caller.limit = LimitOf(policy, caller.name);
    directory->tokens.emplace(token.hash, &caller);
  }
  for (const auto& [name, role] : policy.certificates) {
    Caller& caller = directory->callers.emplace_back(Caller{.name = name, .role = role});
    caller.limit = LimitOf(policy, name);
    directory->certificates.emplace(name, &caller);
  }
  if (policy.anonymous.has_value()) {
    directory->anonymous = Caller{.name = std::string(kAnonymous), .role = *policy.anonymous};
    directory->anonymous->limit = LimitOf(policy, kAnonymous);
  }
  directory_ = std::move(directory);
  // Who holds a limit that is in no use any more are threads that have not called since.
  std::erase_if(limits_, [](const auto& entry) { return entry.second.use_count() == 1; });
  generation_.store(NextGeneration(), std::memory_order_release);
}

std::shared_ptr<RateLimit> AccessControl::LimitOf(const Policy& policy, std::string_view consumer) {
  const auto own = policy.rates.find(consumer);
  const std::optional<Rate> rate = own != policy.rates.end() ? std::optional(own->second) : policy.rate;
  if (!rate.has_value()) return nullptr;
  std::shared_ptr<RateLimit>& limit = limits_[std::string(consumer)];
  if (limit == nullptr || limit->rate() != *rate) limit = std::make_shared<RateLimit>(*rate, clock_);
  return limit;
}

AccessControl::ThreadView& AccessControl::View() const {
  thread_local ThreadView view;
  if (view.generation != generation_.load(std::memory_order_acquire)) {
    const std::lock_guard lock(mutex_);
    view.directory = directory_;
    view.generation = generation_.load(std::memory_order_relaxed);
    view.host.clear();
    view.cache.fill({});
  }
  return view;
}

const Caller* AccessControl::FindToken(std::string_view token) const {
  ThreadView& view = View();
  const uint64_t tag = Hash64(token, Seed());
  CachedToken& cached = view.cache[tag % view.cache.size()];
  if (cached.tag == tag && cached.size == token.size() && cached.caller != nullptr &&
      CRYPTO_memcmp(cached.text.data(), token.data(), token.size()) == 0) {
    return cached.caller;
  }
  // How long the look-up of a hash takes tells nothing of a token.
  const auto found = view.directory->tokens.find(Sha256(token));
  if (found == view.directory->tokens.end()) return nullptr;
  if (token.size() <= cached.text.size()) {
    cached.tag = tag;
    cached.size = token.size();
    cached.caller = found->second;
    std::copy(token.begin(), token.end(), cached.text.begin());
  }
  return found->second;
}

const Caller* AccessControl::FindCertificate(std::string_view common_name) const {
  const auto& certificates = View().directory->certificates;
  const auto found = certificates.find(common_name);
  return found != certificates.end() ? found->second : nullptr;
}

const Caller* AccessControl::anonymous() const {
  const std::optional<Caller>& caller = View().directory->anonymous;
  return caller.has_value() ? &*caller : nullptr;
}

bool AccessControl::IsOwnHost(std::string_view host) const {
  ThreadView& view = View();
  if (view.directory->any_host || host.empty() || host == view.host) return true;
  if (!view.directory->IsNamed(net::WithoutPort(host))) return false;
  view.host = host;
  return true;
}

bool AccessControl::IsOwnOrigin(std::string_view origin) const {
  if (origin.empty()) return true;
  const size_t scheme = origin.find("://");
  return scheme != std::string_view::npos && View().directory->IsNamed(net::WithoutPort(origin.substr(scheme + 3)));
}

}  // namespace roost::access
