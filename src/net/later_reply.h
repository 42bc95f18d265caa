#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/status/statusor.h"
#include "net/http_message.h"
#include "net/listener.h"

namespace roost::net {

/// Which connection of a reactor is meant: descriptors are used again, serial numbers are not.
struct ConnectionId {
  int fd = -1;
  uint64_t serial = 0;
};

/// The answers that other threads have sent to the connections of one reactor, and what wakes it.
/// Threads: every method may be called from any thread.
class Mailbox {
 public:
  struct Letter {
    ConnectionId connection;
    int32_t stream;  ///< 0 over HTTP/1.1
    HttpResponse response;
  };

  static absl::StatusOr<std::shared_ptr<Mailbox>> Make();

  /// Readable (epoll) from a Wake or a Post until the next Take.
  int fd() const { return wake_.get(); }
  void Wake();
  /// After Close the letter is dropped.
  void Post(Letter letter);
  /// All letters in the order in which they came.
  std::vector<Letter> Take();
  void Close();

 private:
  explicit Mailbox(FileDescriptor wake) : wake_(std::move(wake)) {}

  FileDescriptor wake_;
  std::mutex mutex_;
  std::vector<Letter> letters_;  // guarded by mutex_
  bool closed_ = false;          // guarded by mutex_
};

/// A request whose answer is still to come: what its connection and its LaterReply share.
struct PendingReply {
  std::shared_ptr<Mailbox> mailbox;
  ConnectionId connection;
  int32_t stream = 0;
  std::atomic<bool> cancelled{false};
  std::function<void(HttpResponse&)> finish;  ///< of the observer; may be null

  void Cancel() { cancelled.store(true, std::memory_order_relaxed); }
};

/// Who wants to see later answers: a handler around another one, which counts and logs.
class LaterObserver {
 public:
  virtual ~LaterObserver() = default;

  /// Called by HttpRequest::AnswerLater, while the handler runs; its response has notes by then. What is returned gets
  /// the answer on the thread that sends it, before it leaves, and may add to it; the request is gone by then.
  virtual std::function<void(HttpResponse&)> OnAnswerLater() = 0;
};

/// Where the request that is being handled belongs to.
struct LaterSlot {
  std::shared_ptr<Mailbox> mailbox;
  ConnectionId connection;
  int32_t stream = 0;
  std::shared_ptr<PendingReply> taken;  ///< set by AnswerLater
  LaterObserver* observer = nullptr;    ///< set by ObserveLater
};

/// The duty to answer one request, made by HttpRequest::AnswerLater. Destroyed without Send, the answer is 500.
///
/// A connection over HTTP/1.1 reads its next request after this answer; over HTTP/2 other streams go on meanwhile. A
/// drain of the server waits for the answer. The reply may outlive its connection and the server.
/// Threads: may be used on any thread, on one at a time.
class LaterReply {
 public:
  explicit LaterReply(std::shared_ptr<PendingReply> pending) : pending_(std::move(pending)) {}
  LaterReply(LaterReply&&) noexcept = default;
  LaterReply& operator=(LaterReply&& other) noexcept;
  ~LaterReply();

  /// At most once; further calls do nothing. Costs a lock and, where the reactor sleeps, a system call.
  void Send(HttpResponse response);

  /// Nobody waits for the answer any more: the client has reset the stream or ended the connection, over HTTP/1.1 also
  /// only its sending side. What is sent all the same does no harm.
  bool cancelled() const { return pending_ == nullptr || pending_->cancelled.load(std::memory_order_relaxed); }

 private:
  void Abandon();

  std::shared_ptr<PendingReply> pending_;  // null once sent
};

}  // namespace roost::net
