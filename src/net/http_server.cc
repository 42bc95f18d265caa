#include "net/http_server.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/status.h"
#include "net/listener.h"
#include "net/reactor.h"

namespace roost::net {

struct HttpServer::State {
  ServerOptions options;
  Handler handler;
  uint16_t port = 0;
  std::atomic<size_t> num_connections{0};
  std::vector<std::unique_ptr<Reactor>> reactors;
  std::mutex stop_mutex;
  std::vector<std::thread> threads;  // guarded by stop_mutex after Start
};

HttpServer::HttpServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const ServerOptions& options, Handler handler) {
  auto state = std::make_unique<State>();
  state->options = options;
  state->handler = std::move(handler);
  const size_t cores = std::max(1U, std::thread::hardware_concurrency());
  const size_t num_threads = options.num_threads > 0 ? options.num_threads : cores;
  TRY_ASSIGN(Listeners listeners, Listen(options.host, options.port, num_threads));
  state->port = listeners.port;
  for (FileDescriptor& socket : listeners.sockets) {
    TRY_ASSIGN(auto reactor, Reactor::Make(std::move(socket), state->options, state->handler, state->num_connections));
    state->reactors.push_back(std::move(reactor));
  }
  for (const auto& reactor : state->reactors) {
    state->threads.emplace_back([raw = reactor.get()] { raw->Run(); });
  }
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
}

HttpServer::~HttpServer() { Drain(absl::ZeroDuration()); }

uint16_t HttpServer::port() const { return state_->port; }

void HttpServer::Drain(absl::Duration patience) {
  const std::lock_guard lock(state_->stop_mutex);
  if (state_->threads.empty()) return;
  const absl::Time deadline = absl::Now() + patience;
  for (const auto& reactor : state_->reactors) reactor->Stop(deadline);
  for (std::thread& thread : state_->threads) thread.join();
  state_->threads.clear();
}

}  // namespace roost::net
