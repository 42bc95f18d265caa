#include "net/http_server.h"

#include <algorithm>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/cores.h"
#include "base/status.h"
#include "net/listener.h"
#include "net/reactor.h"

namespace roost::net {

struct HttpServer::State {
  ReactorShare share;
  uint16_t port = 0;
  std::vector<std::unique_ptr<Reactor>> reactors;
  std::mutex stop_mutex;
  std::vector<std::thread> threads;  // guarded by stop_mutex after Start
};

HttpServer::HttpServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const ServerOptions& options, Handler handler) {
  auto state = std::make_unique<State>();
  state->share.options = options;
  state->share.handler = std::move(handler);
  if (options.tls.has_value()) {
    TRY_ASSIGN(state->share.credentials, TlsCredentials::Load(*options.tls));
  }
  const size_t num_threads = options.num_threads > 0 ? options.num_threads : NumCores();
  TRY_ASSIGN(Listeners listeners, Listen(options.host, options.port, num_threads, options.reach));
  state->port = listeners.port;
  for (FileDescriptor& socket : listeners.sockets) {
    TRY_ASSIGN(auto reactor, Reactor::Make(std::move(socket), state->share));
    state->reactors.push_back(std::move(reactor));
  }
  for (const auto& reactor : state->reactors) {
    state->threads.emplace_back([raw = reactor.get()] { raw->Run(); });
  }
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(state)));
}

HttpServer::~HttpServer() { Drain(absl::ZeroDuration()); }

uint16_t HttpServer::port() const { return state_->port; }

absl::Status HttpServer::ReloadCertificates() {
  if (state_->share.credentials != nullptr) return state_->share.credentials->Reload();
  return absl::FailedPreconditionError("the server was started without TLS: it has no certificates to read again");
}

void HttpServer::Drain(absl::Duration patience) {
  const std::lock_guard lock(state_->stop_mutex);
  if (state_->threads.empty()) return;
  const absl::Time deadline = absl::Now() + patience;
  for (const auto& reactor : state_->reactors) reactor->Stop(deadline);
  for (std::thread& thread : state_->threads) thread.join();
  state_->threads.clear();
}

}  // namespace roost::net
