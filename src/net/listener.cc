#include "net/listener.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include <fmt/format.h>

#include "base/status.h"
#include "net/loopback.h"

namespace roost::net {
namespace {

constexpr int kBacklog = 1024;

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  void SetPort(uint16_t port) {
    // The port lies at the same place in both.
    reinterpret_cast<sockaddr_in*>(&storage)->sin_port = htons(port);
  }
};

/// The first address that the system's resolver knows for `host`.
absl::StatusOr<Address> Resolve(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(host.c_str(), nullptr, &hints, &found); error != 0) {
    return WithHint(absl::InvalidArgumentError(fmt::format("host '{}' is no address and no name that is known here: {}",
                                                           host, gai_strerror(error))),
                    "0.0.0.0 listens on all addresses of IPv4, :: on those of IPv6 too");
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> list(found, freeaddrinfo);
  Address address;
  std::memcpy(&address.storage, list->ai_addr, list->ai_addrlen);
  address.size = list->ai_addrlen;
  return address;
}

absl::StatusOr<Address> AddressOf(std::string host, Reach reach) {
  const bool is_loopback = IsLoopbackHost(host);
  if (!is_loopback && reach == Reach::kThisMachine) {
    return WithHint(absl::InvalidArgumentError(fmt::format("host '{}' is not a loopback address", host)),
                    "use 127.0.0.1, ::1 or localhost");
  }
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  Address address;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    address.size = sizeof *v6;
    return address;
  }
  const bool is_v4 = inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1;
  if (!is_v4 && !is_loopback) return Resolve(host);
  // A loopback name (RFC 6761) means 127.0.0.1, whatever a resolver would say.
  if (!is_v4) v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  v4->sin_family = AF_INET;
  address.size = sizeof *v4;
  return address;
}

absl::Status BindError(int error_number, const std::string& host, uint16_t port) {
  if (error_number == EADDRINUSE) {
    return WithHint(absl::ResourceExhaustedError(fmt::format("port {} on {} is in use", port, host)),
                    "choose another with --port, or --port 0 for any free one");
  }
  if (error_number == EADDRNOTAVAIL) {
    return WithHint(absl::InvalidArgumentError(fmt::format("'{}' is no address of this machine", host)),
                    "0.0.0.0 listens on all addresses of IPv4, :: on those of IPv6 too");
  }
  return ErrnoStatus(error_number, fmt::format("listening on {}:{}", host, port));
}

/// A bound socket that does not listen yet.
absl::StatusOr<FileDescriptor> Bind(const Address& address, bool shared, const std::string& host, uint16_t port) {
  FileDescriptor fd(socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return ErrnoStatus(errno, "opening a socket");
  const int on = 1;
  const int off = 0;  // "::" takes IPv4 too, whatever the system's default
  if (address.storage.ss_family == AF_INET6) setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (shared) setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (bind(fd.get(), address.get(), address.size) != 0) return BindError(errno, host, port);
  return fd;
}

absl::StatusOr<uint16_t> PortOf(const FileDescriptor& fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (getsockname(fd.get(), reinterpret_cast<sockaddr*>(&storage), &size) != 0) {
    return ErrnoStatus(errno, "asking for the port");
  }
  return ntohs(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);
}

}  // namespace

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    Close();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void FileDescriptor::Close() {
  if (valid()) close(std::exchange(fd_, -1));
}

absl::StatusOr<Listeners> Listen(const std::string& host, uint16_t port, size_t count, Reach reach) {
  TRY_ASSIGN(Address address, AddressOf(host, reach));
  Listeners listeners;
  listeners.port = port;
  address.SetPort(port);
  if (port != 0) {
    // SO_REUSEPORT would let two servers of one user share the port in silence. A socket without it notices.
    TRY(Bind(address, false, host, port).status());
  }
  for (size_t i = 0; i < count; ++i) {
    TRY_ASSIGN(FileDescriptor fd, Bind(address, true, host, listeners.port));
    TRY_ASSIGN(listeners.port, PortOf(fd));
    address.SetPort(listeners.port);
    if (listen(fd.get(), kBacklog) != 0) return BindError(errno, host, listeners.port);
    listeners.sockets.push_back(std::move(fd));
  }
  return listeners;
}

std::string AddressText(const sockaddr_storage& address) {
  const void* bytes = nullptr;
  int family = address.ss_family;
  if (family == AF_INET) {
    bytes = &reinterpret_cast<const sockaddr_in*>(&address)->sin_addr;
  } else if (family == AF_INET6) {
    const in6_addr& v6 = reinterpret_cast<const sockaddr_in6*>(&address)->sin6_addr;
    const bool is_v4 = IN6_IS_ADDR_V4MAPPED(&v6);
    if (is_v4) family = AF_INET;
    bytes = is_v4 ? &v6.s6_addr[12] : &v6.s6_addr[0];
  }
  char text[INET6_ADDRSTRLEN];
  return bytes != nullptr && inet_ntop(family, bytes, text, sizeof text) != nullptr ? text : "";
}

}  // namespace roost::net
