#include "net/listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/http2_testing.h"
#include "net/testing.h"

namespace roost::net {
namespace {

sockaddr_storage AddressOf(int family, const char* text) {
  sockaddr_storage address{};
  address.ss_family = static_cast<sa_family_t>(family);
  void* bytes = family == AF_INET ? static_cast<void*>(&reinterpret_cast<sockaddr_in*>(&address)->sin_addr)
                                  : &reinterpret_cast<sockaddr_in6*>(&address)->sin6_addr;
  EXPECT_EQ(inet_pton(family, text, bytes), 1) << text;
  return address;
}

TEST(Listener, AddressesAreWrittenAsPeopleReadThem) {
  for (const char* text : {"0.0.0.0", "192.0.2.7", "255.255.255.255"}) {
    EXPECT_EQ(AddressText(AddressOf(AF_INET, text)), text);
  }
  for (const char* text : {"::", "::1", "2001:db8::7", "2001:db8:1111:2222:3333:4444:5555:6666"}) {
    EXPECT_EQ(AddressText(AddressOf(AF_INET6, text)), text);
  }
  EXPECT_EQ(AddressText(AddressOf(AF_INET6, "::ffff:192.0.2.7")), "192.0.2.7");
  sockaddr_storage local{};
  local.ss_family = AF_UNIX;
  EXPECT_EQ(AddressText(local), "");
}

TEST(Listener, ARequestKnowsWhereItCameFrom) {
  const auto tell = [](const HttpRequest& request, HttpResponse& response) { response.body = request.peer_address; };
  for (const char* host : {"127.0.0.1", "0.0.0.0"}) {
    ServerOptions options;
    options.host = host;
    options.reach = Reach::kAnyMachine;
    const auto server = StartServer(options, tell);
    Client client(server->port());
    for (int i = 0; i < 2; ++i) {
      client.Send(Get("/"));
      EXPECT_THAT(client.Answer(), testing::EndsWith("\r\n\r\n127.0.0.1")) << host;
    }
    Client socket(server->port());
    Http2Client http2(socket);
    EXPECT_EQ(http2.Wait(http2.Get("/")).body, "127.0.0.1") << host;
  }
}

}  // namespace
}  // namespace roost::net
