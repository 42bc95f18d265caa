#include "net/later_reply.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/check.h"
#include "base/status.h"

namespace roost::net {

absl::StatusOr<std::shared_ptr<Mailbox>> Mailbox::Make() {
  FileDescriptor wake(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!wake.valid()) return ErrnoStatus(errno, "opening an event descriptor");
  return std::shared_ptr<Mailbox>(new Mailbox(std::move(wake)));
}

void Mailbox::Wake() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(wake_.get(), &one, sizeof one);
}

void Mailbox::Post(Letter letter) {
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    letters_.push_back(std::move(letter));
    if (letters_.size() > 1) return;  // whoever posted the first one has woken the reactor, or is about to
  }
  Wake();
}

std::vector<Mailbox::Letter> Mailbox::Take() {
  uint64_t wakes;
  [[maybe_unused]] const ssize_t size = read(wake_.get(), &wakes, sizeof wakes);
  const std::lock_guard lock(mutex_);
  return std::exchange(letters_, {});
}

void Mailbox::Close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  letters_.clear();
}

LaterReply HttpRequest::AnswerLater() const {
  ROOST_CHECK(later_slot != nullptr, "no server has read this request");
  ROOST_CHECK(later_slot->taken == nullptr, "AnswerLater was called twice for one request");
  auto pending = std::make_shared<PendingReply>();
  pending->mailbox = later_slot->mailbox;
  pending->connection = later_slot->connection;
  pending->stream = later_slot->stream;
  if (later_slot->observer != nullptr) pending->finish = later_slot->observer->OnAnswerLater();
  later_slot->taken = pending;
  return LaterReply(std::move(pending));
}

void HttpRequest::ObserveLater(LaterObserver* observer) const {
  if (later_slot != nullptr) later_slot->observer = observer;
}

LaterReply& LaterReply::operator=(LaterReply&& other) noexcept {
  if (this != &other) {
    Abandon();
    pending_ = std::move(other.pending_);
  }
  return *this;
}

LaterReply::~LaterReply() { Abandon(); }

void LaterReply::Send(HttpResponse response) {
  const auto pending = std::exchange(pending_, nullptr);
  if (pending == nullptr) return;
  if (pending->finish != nullptr) pending->finish(response);
  pending->mailbox->Post({pending->connection, pending->stream, std::move(response)});
}

void LaterReply::Abandon() {
  if (pending_ == nullptr) return;
  HttpResponse response;
  response.status = cancelled() ? 499 : 500;  // 499: nobody reads it, but it is counted
  response.body = R"({"error":"the request was given up without an answer"})";
  Send(std::move(response));
}

}  // namespace roost::net
