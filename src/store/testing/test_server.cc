#include "store/testing/test_server.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <string_view>

#include "base/check.h"

namespace roost::store {
namespace {

/// A program of tests/servers: a line to it is answered by a line. It stops when our end of its input is closed, which
/// the kernel does for us, whatever way this process ends.
class Server {
 public:
  explicit Server(const char* program) {
    int input[2];
    int output[2];
    ROOST_CHECK(::pipe2(input, O_CLOEXEC) == 0 && ::pipe2(output, O_CLOEXEC) == 0, "no pipe for a server of the tests");
    const pid_t child = ::fork();
    ROOST_CHECK(child >= 0, "no process for a server of the tests");
    if (child == 0) {
      ::dup2(input[0], STDIN_FILENO);
      ::dup2(output[1], STDOUT_FILENO);
      ::execl(program, program, nullptr);
      ::_exit(127);
    }
    ::close(input[0]);
    ::close(output[1]);
    input_ = ::fdopen(input[1], "w");
    output_ = ::fdopen(output[0], "r");
  }

  /// "" where the server has ended.
  std::string Ask(const std::string& line) {
    std::fprintf(input_, "%s\n", line.c_str());
    std::fflush(input_);
    std::string answer;
    for (int c = std::fgetc(output_); c != EOF && c != '\n'; c = std::fgetc(output_)) answer += static_cast<char>(c);
    return answer;
  }

 private:
  std::FILE* input_;
  std::FILE* output_;
};

}  // namespace

std::string ToString(DatabaseKind kind) { return kind == DatabaseKind::kSqlite ? "Sqlite" : "Postgres"; }

std::string NewDatabase(DatabaseKind kind, const std::string& folder) {
  static std::mutex mutex;
  static int number = 0;
  const std::lock_guard lock(mutex);
  ++number;
  if (kind == DatabaseKind::kSqlite) {
    std::filesystem::create_directories(folder);
    return folder + "/test-" + std::to_string(number) + ".sqlite";
  }
  static auto* server = new Server(ROOST_TEST_SERVERS "/postgres");  // lives as long as the process
  const std::string url = server->Ask("test_" + std::to_string(number));
  ROOST_CHECK(!url.empty(), "the PostgreSQL server of the tests did not start");
  return url;
}

DatabaseKind KindOfThisRun() {
  const char* kind = std::getenv("ROOST_TEST_DATABASE");
  if (kind == nullptr) return DatabaseKind::kSqlite;
  ROOST_CHECK(std::string_view(kind) == "postgres", "ROOST_TEST_DATABASE is 'postgres' or not set");
  return DatabaseKind::kPostgres;
}

StoreLocation NewLocation(const std::string& folder) {
  const bool is_file = KindOfThisRun() == DatabaseKind::kSqlite;
  return {.objects = folder + "/objects",
          .database = is_file ? folder + "/metadata.sqlite" : NewDatabase(DatabaseKind::kPostgres, folder)};
}

}  // namespace roost::store
