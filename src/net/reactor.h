#pragma once

#include <sys/epoll.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "net/connection.h"
#include "net/http_server.h"
#include "net/listener.h"
#include "net/tls.h"

namespace roost::net {

/// What all reactors of one server have in common; outlives them.
struct ReactorShare {
  ServerOptions options;
  Handler handler;
  std::unique_ptr<TlsCredentials> credentials;  ///< null: clear text
};

/// One thread's event loop: a listener and the connections that came through it.
/// Threads: Run on one thread; Stop from any.
class Reactor {
 public:
  static absl::StatusOr<std::unique_ptr<Reactor>> Make(FileDescriptor listener, ReactorShare& share);

  /// Serves until Stop.
  void Run();

  /// Run closes the listener, finishes the requests that have begun until `deadline`, and returns.
  void Stop(absl::Time deadline);

 private:
  Reactor(FileDescriptor listener, FileDescriptor epoll, std::shared_ptr<Mailbox> mailbox, ReactorShare& share);

  struct Entry {
    std::unique_ptr<Connection> connection;  // null: no connection has this descriptor
    uint32_t interest = 0;
  };

  void ReadClock();
  /// Takes what epoll has told.
  void Turn(std::span<const epoll_event> events);
  void Accept();
  void Add(FileDescriptor fd, std::string address);
  void Dispatch(int fd, uint32_t events);
  /// Sends what the connections that were read from have to say.
  void SendHeld();
  /// Hands out the answers that other threads have sent.
  void DeliverLetters();
  /// Null where that connection is gone.
  Entry* Find(const ConnectionId& id);
  /// Tells the kernel what the connection waits for, or destroys it.
  void Settle(Entry& entry);
  /// Between two looks at what has waited too long: shorter while somebody waits for the look.
  absl::Duration TickPeriod() const;
  void Tick();
  void BeginDrain();
  void CloseAll();

  FileDescriptor listener_;
  FileDescriptor epoll_;
  ReactorShare& share_;
  ServerCounts& counts_;
  ConnectionContext context_;
  std::vector<Entry> connections_;  // by descriptor
  size_t num_connections_ = 0;
  std::vector<int> held_;  // descriptors that were read from in this turn and not yet written to
  size_t held_bytes_ = 0;  // that were read from them
  uint64_t next_serial_ = 1;
  absl::Duration tick_;
  absl::Time next_tick_;
  bool accept_paused_ = false;
  std::atomic<bool> stopping_{false};
  absl::Time deadline_;  // written before stopping_
};

}  // namespace roost::net
