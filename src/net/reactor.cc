#include "net/reactor.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>
#include <vector>

#include "base/status.h"

namespace roost::net {
namespace {

// Under overload turns begin at least so far apart. Each look at the sockets interrupts workers that share the core,
// for a request that is mostly refused; what has come meanwhile is refused together, at half the cost each, and what is
// scored waits for longer anyway. A turn that scores by itself takes longer than this where it is overloaded.
constexpr std::chrono::milliseconds kOverloadedTurn{4};

constexpr size_t kMaxRefusals = 64;  // connections above the maximum that are told so; further ones are just closed
constexpr int kAcceptsPerTurn = 64;
constexpr absl::Duration kLongestTick = absl::Seconds(2);  // a look at 10,000 connections takes some 20 milliseconds
constexpr absl::Duration kImpatientTick = absl::Milliseconds(100);

// The answers of one turn leave together: a client that they wake then finds several, where it would sleep again after
// each. So much is held back at most, some tens of microseconds of small requests.
constexpr size_t kHeldConnections = 16;
constexpr size_t kHeldBytes = 16 << 10;

// A turn takes all connections that are ready, so that HttpRequest::received tells how long the last of them waited;
// what stayed in the kernel's list would have waited unseen. Answers of other threads are handed out every so many.
constexpr size_t kLeastEvents = 256;
constexpr size_t kMostEvents = 1 << 16;
constexpr int kEventsBetweenLetters = 256;

bool Watch(int epoll, int operation, int fd, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  return epoll_ctl(epoll, operation, fd, &event) == 0;
}

uint32_t InterestOf(const Connection& connection) {
  return (connection.wants_read() ? EPOLLIN : 0U) | (connection.wants_write() ? EPOLLOUT : 0U);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Reactor>> Reactor::Make(FileDescriptor listener, ReactorShare& share) {
  FileDescriptor epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return ErrnoStatus(errno, "opening an epoll descriptor");
  TRY_ASSIGN(std::shared_ptr<Mailbox> mailbox, Mailbox::Make());
  if (!Watch(epoll.get(), EPOLL_CTL_ADD, mailbox->fd(), EPOLLIN) ||
      !Watch(epoll.get(), EPOLL_CTL_ADD, listener.get(), EPOLLIN)) {
    return ErrnoStatus(errno, "watching a socket");
  }
  return std::unique_ptr<Reactor>(new Reactor(std::move(listener), std::move(epoll), std::move(mailbox), share));
}

Reactor::Reactor(FileDescriptor listener, FileDescriptor epoll, std::shared_ptr<Mailbox> mailbox, ReactorShare& share)
    : listener_(std::move(listener)),
      epoll_(std::move(epoll)),
      share_(share),
      counts_(*share.options.counts),
      context_{&share.options, &share.handler, std::move(mailbox), {}, {}, {}, std::string(Transport::kReadBytes, '\0'),
               false} {
  const ServerOptions& options = share.options;
  const absl::Duration shortest =
      std::min({options.idle_timeout, options.head_timeout, options.body_timeout, options.write_timeout});
  tick_ = std::clamp(shortest / 4, absl::Milliseconds(5), kLongestTick);
  ReadClock();
  next_tick_ = context_.now + tick_;
}

void Reactor::ReadClock() {
  const absl::Time before = context_.now;
  context_.now = absl::Now();
  context_.turn = std::chrono::steady_clock::now();
  if (!context_.date.empty() && absl::ToUnixSeconds(before) == absl::ToUnixSeconds(context_.now)) return;
  context_.date = absl::FormatTime("%a, %d %b %Y %H:%M:%S GMT", context_.now, absl::UTCTimeZone());
}

void Reactor::Run() {
  std::vector<epoll_event> events(kLeastEvents);
  while (true) {
    if (events.size() < num_connections_) events.resize(std::min(2 * num_connections_, kMostEvents));
    if (std::exchange(context_.overloaded, false)) std::this_thread::sleep_until(context_.turn + kOverloadedTurn);
    const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                 static_cast<int>(absl::ToInt64Milliseconds(TickPeriod())));
    ReadClock();
    Turn({events.data(), static_cast<size_t>(std::max(count, 0))});
    if (stopping_.load(std::memory_order_acquire)) {
      if (!context_.draining) BeginDrain();
      if (num_connections_ == 0 || context_.now >= deadline_) return CloseAll();
    }
    if (context_.now >= next_tick_) Tick();
  }
}

void Reactor::Turn(std::span<const epoll_event> events) {
  bool woken = false;
  int dispatched = 0;
  for (const epoll_event& event : events) {
    const int fd = event.data.fd;
    if (fd == listener_.get()) {
      Accept();
    } else if (fd == context_.mailbox->fd()) {
      woken = true;
    } else {
      Dispatch(fd, event.events);
    }
    if (++dispatched % kEventsBetweenLetters != 0) continue;
    SendHeld();
    DeliverLetters();
  }
  SendHeld();
  if (woken) DeliverLetters();
}

void Reactor::Stop(absl::Time deadline) {
  deadline_ = deadline;
  stopping_.store(true, std::memory_order_release);
  context_.mailbox->Wake();
}

void Reactor::Accept() {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    sockaddr_storage client{};
    socklen_t size = sizeof client;
    FileDescriptor fd(
        accept4(listener_.get(), reinterpret_cast<sockaddr*>(&client), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd.valid()) {
      Add(std::move(fd), AddressText(client));
      continue;
    }
    if (errno == EINTR || errno == ECONNABORTED) continue;
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      // The client stays in the queue and the listener readable: look again at the next tick instead of spinning.
      Watch(epoll_.get(), EPOLL_CTL_MOD, listener_.get(), 0);
      accept_paused_ = true;
      next_tick_ = context_.now + TickPeriod();
    }
    return;
  }
}

void Reactor::Add(FileDescriptor fd, std::string address) {
  const auto before = static_cast<size_t>(counts_.open_connections.fetch_add(1, std::memory_order_relaxed));
  const size_t max = context_.options->max_connections;
  const int number = fd.get();
  if (before >= max + kMaxRefusals || !Watch(epoll_.get(), EPOLL_CTL_ADD, number, EPOLLIN)) {
    counts_.open_connections.fetch_sub(1, std::memory_order_relaxed);
    return;
  }
  counts_.accepted_connections.fetch_add(1, std::memory_order_relaxed);
  std::unique_ptr<Transport> transport;
  if (share_.credentials != nullptr) {
    transport = std::make_unique<TlsTransport>(std::move(fd), share_.credentials->NewConnection());
  } else {
    transport = std::make_unique<PlainTransport>(std::move(fd));
  }
  auto connection = std::make_unique<Connection>(std::move(transport), next_serial_++, std::move(address), context_);
  if (before >= max) connection->Refuse();
  if (connections_.size() <= static_cast<size_t>(number)) connections_.resize(static_cast<size_t>(number) + 1);
  Entry& entry = connections_[static_cast<size_t>(number)];
  entry = {std::move(connection), EPOLLIN};
  ++num_connections_;
  Settle(entry);
}

void Reactor::Dispatch(int fd, uint32_t events) {
  Entry& entry = connections_[static_cast<size_t>(fd)];
  if (entry.connection == nullptr) return;  // destroyed earlier in this turn
  Connection& connection = *entry.connection;
  if ((events & EPOLLOUT) != 0 && connection.wants_write()) connection.OnWritable();
  // An error is reported whatever was asked for: reading finds out which, also where no bytes are wanted.
  const bool broken = (events & (EPOLLERR | EPOLLHUP)) != 0;
  const bool readable = (events & EPOLLIN) != 0 && connection.wants_read();
  if (connection.closed() || !(broken || readable)) return Settle(entry);
  held_bytes_ += connection.OnReadable();
  held_.push_back(fd);
  if (held_.size() >= kHeldConnections || held_bytes_ >= kHeldBytes) SendHeld();
}

void Reactor::SendHeld() {
  for (const int fd : held_) {
    Entry& entry = connections_[static_cast<size_t>(fd)];
    entry.connection->OnWritable();
    Settle(entry);
  }
  held_.clear();
  held_bytes_ = 0;
}

void Reactor::DeliverLetters() {
  std::vector<Mailbox::Letter> letters = context_.mailbox->Take();
  for (Mailbox::Letter& letter : letters) {
    Entry* entry = Find(letter.connection);
    if (entry != nullptr) entry->connection->OnReply(letter.stream, std::move(letter.response));
  }
  // Only now is written, so that several answers to one client leave together.
  for (const Mailbox::Letter& letter : letters) {
    Entry* entry = Find(letter.connection);
    if (entry == nullptr) continue;
    entry->connection->OnWritable();
    Settle(*entry);
  }
}

Reactor::Entry* Reactor::Find(const ConnectionId& id) {
  Entry& entry = connections_[static_cast<size_t>(id.fd)];
  return entry.connection != nullptr && entry.connection->serial() == id.serial ? &entry : nullptr;
}

void Reactor::Settle(Entry& entry) {
  const Connection& connection = *entry.connection;
  if (connection.closed()) {
    counts_.open_connections.fetch_sub(1, std::memory_order_relaxed);
    --num_connections_;
    entry.connection.reset();
    return;
  }
  const uint32_t interest = InterestOf(connection);
  if (interest == entry.interest) return;
  Watch(epoll_.get(), EPOLL_CTL_MOD, connection.fd(), interest);
  entry.interest = interest;
}

absl::Duration Reactor::TickPeriod() const {
  return context_.draining || accept_paused_ ? std::min(tick_, kImpatientTick) : tick_;
}

void Reactor::Tick() {
  next_tick_ = context_.now + TickPeriod();
  if (accept_paused_ && listener_.valid()) {
    accept_paused_ = false;
    Watch(epoll_.get(), EPOLL_CTL_MOD, listener_.get(), EPOLLIN);
  }
  for (Entry& entry : connections_) {
    if (entry.connection == nullptr) continue;
    entry.connection->OnTick();
    Settle(entry);
  }
}

void Reactor::BeginDrain() {
  Accept();  // clients whose connection the kernel has already accepted
  listener_.Close();
  context_.draining = true;
  context_.idle_drain_ends = context_.now + context_.options->idle_drain_time;
  next_tick_ = context_.now + TickPeriod();
  for (Entry& entry : connections_) {
    if (entry.connection == nullptr) continue;
    entry.connection->OnDrain();
    Settle(entry);
  }
}

void Reactor::CloseAll() {
  context_.mailbox->Close();
  counts_.open_connections.fetch_sub(static_cast<int64_t>(num_connections_), std::memory_order_relaxed);
  connections_.clear();
  num_connections_ = 0;
}

}  // namespace roost::net
