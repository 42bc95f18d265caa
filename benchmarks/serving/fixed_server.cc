// The floor of what a server on Roost's reactor can cost: every request gets the same answer, nothing is looked at.
// usage: serving_fixed_server PORT ANSWER

#include <fmt/format.h>
#include <signal.h>

#include <cstdlib>
#include <string>

#include "absl/time/time.h"
#include "net/http_server.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    fmt::print(stderr, "usage: serving_fixed_server PORT ANSWER\n");
    return 2;
  }
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ending, nullptr);  // also in the threads of the server
  roost::net::ServerOptions options;
  options.port = static_cast<uint16_t>(std::atoi(argv[1]));
  options.num_threads = 1;
  const std::string answer = argv[2];
  const auto server = roost::net::HttpServer::Start(
      options,
      [&answer](const roost::net::HttpRequest&, roost::net::HttpResponse& response) { response.body = answer; });
  if (!server.ok()) {
    fmt::print(stderr, "serving_fixed_server: {}\n", std::string(server.status().message()));
    return 1;
  }
  int signal = 0;
  sigwait(&ending, &signal);
  (*server)->Drain(absl::Seconds(5));
}
