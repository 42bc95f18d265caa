#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "net/http_server.h"
#include "net/listener.h"

namespace roost::net {

/// For tests: a blocking client that knows no more HTTP than Content-Length.
class Client {
 public:
  explicit Client(uint16_t port, int receive_buffer = 0) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer > 0) setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    const timeval patience{20, 0};
    setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  virtual ~Client() = default;

  bool connected() const { return connected_; }
  int fd() const { return fd_.get(); }

  virtual void Send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
  }

  /// Waits for some bytes; none when the server has closed, or is silent for 20 s.
  virtual std::string Receive() {
    std::string buffer(16 << 10, '\0');
    const ssize_t size = recv(fd_.get(), buffer.data(), buffer.size(), 0);
    buffer.resize(size > 0 ? static_cast<size_t>(size) : 0);
    return buffer;
  }

  void ShutDownWriting() { shutdown(fd_.get(), SHUT_WR); }
  void Close() { fd_.Close(); }

  /// The next answer, head and body; what there is when the server closes before its end.
  std::string Answer(bool with_body = true) {
    size_t head;
    while ((head = read_.find("\r\n\r\n")) == std::string::npos) {
      if (!ReadMore()) return std::exchange(read_, {});
    }
    size_t size = head + 4;
    const size_t field = read_.find("Content-Length: ");
    if (with_body && field < head) size += std::stoul(read_.substr(field + 16));
    while (read_.size() < size) {
      if (!ReadMore()) return std::exchange(read_, {});
    }
    std::string answer = read_.substr(0, size);
    read_.erase(0, size);
    return answer;
  }

  /// All that comes until the server closes.
  std::string Rest() {
    while (ReadMore()) {
    }
    return std::exchange(read_, {});
  }

 private:
  bool ReadMore() {
    const std::string more = Receive();
    read_.append(more);
    return !more.empty();
  }

  FileDescriptor fd_;
  bool connected_ = false;
  std::string read_;
};

inline void Echo(const HttpRequest& request, HttpResponse& response) {
  response.content_type = "text/plain";
  response.body = std::string(request.method) + " " + std::string(request.path) + " " + std::string(request.body);
}

/// With two threads where the options name no number.
inline std::unique_ptr<HttpServer> StartServer(ServerOptions options = {}, Handler handler = Echo) {
  if (options.num_threads == 0) options.num_threads = 2;
  auto server = HttpServer::Start(options, std::move(handler));
  EXPECT_TRUE(server.ok()) << server.status();
  return std::move(server).value();
}

inline std::string Get(std::string_view path, std::string_view fields = "") {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(fields) + "\r\n";
}

inline std::string Post(std::string_view body) {
  return "POST /p HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}

inline ServerOptions Impatient() {
  ServerOptions options;
  options.idle_timeout = absl::Milliseconds(150);
  options.head_timeout = absl::Milliseconds(150);
  options.body_timeout = absl::Milliseconds(150);
  options.write_timeout = absl::Milliseconds(300);
  return options;
}

}  // namespace roost::net
