#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>

#include "net/listener.h"
#include "net/output_queue.h"

namespace roost::net {

/// How the bytes of one connection get to its client and back. Lives on one thread; no call waits.
class Transport {
 public:
  enum class State {
    kOpen,
    kEnded,   ///< the client sends nothing more
    kBroken,  ///< nothing more can be read or sent
  };

  explicit Transport(FileDescriptor fd) : fd_(std::move(fd)) {}
  virtual ~Transport() = default;

  int fd() const { return fd_.get(); }
  State state() const { return state_; }

  /// Reads what there is into `buffer`, of kReadBytes at least, and returns how much. The kernel tells again where
  /// something is left.
  virtual size_t Read(std::span<char> buffer) = 0;
  static constexpr size_t kReadBytes = 64 << 10;

  /// Sends off `output` what the client takes and removes it there. Returns whether any byte has gone.
  virtual bool Write(OutputQueue& output) = 0;
  /// Bytes were removed from an output, or are its own, and are not sent yet.
  virtual bool has_unsent() const { return false; }

  /// Tells the client that no further byte comes.
  virtual void EndWriting();
  /// Reads and throws away.
  void Discard(std::span<char> scratch);

  /// Bytes of the client's requests may come; before that, a handshake goes on.
  virtual bool is_established() const { return true; }
  virtual bool is_tls() const { return false; }
  /// Common name of the client's certificate; "" without one.
  virtual std::string peer_name() const { return {}; }

 protected:
  size_t ReadSocket(std::span<char> buffer);
  bool WriteSocket(OutputQueue& output);
  void Break() { state_ = State::kBroken; }
  void End() { state_ = State::kEnded; }

 private:
  FileDescriptor fd_;
  State state_ = State::kOpen;
};

/// The bytes as they are.
class PlainTransport final : public Transport {
 public:
  using Transport::Transport;
  size_t Read(std::span<char> buffer) override { return ReadSocket(buffer); }
  bool Write(OutputQueue& output) override { return WriteSocket(output); }
};

}  // namespace roost::net
