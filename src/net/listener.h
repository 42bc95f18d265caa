#pragma once

#include <sys/socket.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace roost::net {

/// A file descriptor that is closed with its owner.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  ~FileDescriptor() { Close(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  void Close();

 private:
  int fd_ = -1;
};

/// Listening sockets on one port; the kernel spreads new connections over them.
struct Listeners {
  std::vector<FileDescriptor> sockets;
  uint16_t port = 0;
};

/// Who may reach a server.
enum class Reach {
  kThisMachine,  ///< only a loopback name or address will do
  kAnyMachine,   ///< any address of this machine, "0.0.0.0" and "::" (both families) for all of them, or a name
};

/// Opens `count` >= 1 sockets on `host`:`port`, not blocking; port 0 takes any free one. Loopback names mean 127.0.0.1;
/// other names are looked up, and the first address is taken.
/// ResourceExhausted with a hint where the port is taken, also by a server that would share it.
/// InvalidArgument for a host beyond `reach`, and for a name that is not known or an address that is not this
/// machine's.
absl::StatusOr<Listeners> Listen(const std::string& host, uint16_t port, size_t count, Reach reach);

/// "192.0.2.7", "2001:db8::7"; of a client of IPv4 on a socket of IPv6 the address of IPv4; "" of no internet address.
std::string AddressText(const sockaddr_storage& address);

}  // namespace roost::net
