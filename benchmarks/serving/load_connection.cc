#include "load_connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <optional>

namespace roost::load {
namespace {

sockaddr_in Loopback(uint32_t address, uint16_t port) {
  sockaddr_in made{};
  made.sin_family = AF_INET;
  made.sin_port = htons(port);
  made.sin_addr.s_addr = htonl(address);
  return made;
}

// The value of a field of the head, or nothing.
std::optional<std::string_view> Field(std::string_view head, std::string_view name) {
  for (size_t line = head.find("\r\n"); line != std::string_view::npos; line = head.find("\r\n", line + 2)) {
    const std::string_view rest = head.substr(line + 2);
    if (rest.size() <= name.size() || rest[name.size()] != ':') continue;
    if (strncasecmp(rest.data(), name.data(), name.size()) != 0) continue;
    std::string_view value = rest.substr(name.size() + 1);
    value = value.substr(0, value.find("\r\n"));
    while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
    return value;
  }
  return std::nullopt;
}

std::optional<size_t> Number(std::string_view text) {
  size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

bool Connection::Open(uint16_t port, uint32_t source, int epoll, uint32_t id) {
  Close();
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return false;
  const int yes = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  setsockopt(fd_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
  const sockaddr_in from = Loopback(source, 0);
  const sockaddr_in to = Loopback(INADDR_LOOPBACK, port);
  epoll_event watch{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.u32 = id}};
  const bool bound = bind(fd_, reinterpret_cast<const sockaddr*>(&from), sizeof from) == 0;
  const bool begun =
      bound && (connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 || errno == EINPROGRESS);
  if (!begun || epoll_ctl(epoll, EPOLL_CTL_ADD, fd_, &watch) != 0) {
    Close();
    return false;
  }
  connecting_ = true;
  keep_ = true;
  sent_ = 0;
  input_.clear();
  state_ = State::kIdle;
  return true;
}

void Connection::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
  state_ = State::kClosed;
  ++generation_;
}

Connection::Event Connection::Send(std::string_view request, Clock::time_point due) {
  rest_ = request;
  due_ = due;
  state_ = State::kBusy;
  ++sent_;
  ++generation_;
  return connecting_ ? Event::kNothing : Write();
}

Connection::Event Connection::Advance(uint32_t events) {
  if (state_ == State::kClosed) return Event::kNothing;
  if (connecting_ && (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return error == ECONNREFUSED ? Event::kRefused : Event::kClosed;
    connecting_ = false;
  }
  if (state_ == State::kBusy && !rest_.empty() && !connecting_) {
    if (const Event written = Write(); written != Event::kNothing) return written;
  }
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) == 0) return Event::kNothing;
  const Event read = Read();
  if (read == Event::kAnswered && (events & (EPOLLRDHUP | EPOLLHUP)) != 0) Close();  // no event will tell again
  return read;
}

Connection::Event Connection::Write() {
  while (!rest_.empty()) {
    const ssize_t count = send(fd_, rest_.data(), rest_.size(), MSG_NOSIGNAL);
    if (count < 0) return errno == EAGAIN ? Event::kNothing : Event::kClosed;
    rest_.remove_prefix(static_cast<size_t>(count));
  }
  return Event::kNothing;
}

Connection::Event Connection::Read() {
  char bytes[16 << 10];
  for (;;) {
    const ssize_t count = recv(fd_, bytes, sizeof bytes, 0);
    if (count < 0 && errno == EAGAIN) return Event::kNothing;
    if (count <= 0) return Event::kClosed;
    input_.append(bytes, static_cast<size_t>(count));
    if (const Event parsed = Parse(); parsed != Event::kNothing) return parsed;
    if (static_cast<size_t>(count) < sizeof bytes) return Event::kNothing;
  }
}

Connection::Event Connection::Parse() {
  const size_t end = input_.find("\r\n\r\n");
  if (end == std::string::npos) return Event::kNothing;
  const std::string_view head = std::string_view(input_).substr(0, end + 2);
  const auto length = Number(Field(head, "content-length").value_or(""));
  const auto status = head.size() < 12 ? std::nullopt : Number(head.substr(9, 3));
  if (!length.has_value() || !status.has_value() || state_ != State::kBusy) return Event::kClosed;
  if (input_.size() < end + 4 + *length) return Event::kNothing;
  const std::string_view connection = Field(head, "connection").value_or("");
  keep_ = strncasecmp(connection.data(), "close", connection.size()) != 0 || connection.empty();
  status_ = static_cast<int>(*status);
  input_.clear();
  ++generation_;
  state_ = State::kIdle;
  if (!keep_) Close();
  return Event::kAnswered;
}

}  // namespace roost::load
