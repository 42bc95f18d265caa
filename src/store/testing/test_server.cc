#include "store/testing/test_server.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <sstream>
#include <string_view>

#include "base/check.h"

#ifdef __SANITIZE_ADDRESS__
/// AWS's library, inside of Arrow's, keeps memory until the process ends. The same tests over a folder look for leaks
/// of our own.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() {
  return std::getenv("ROOST_TEST_OBJECTS") == nullptr ? "" : "leak:libarrow";
}
#endif

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

bool ObjectsAreInS3() {
  const char* kind = std::getenv("ROOST_TEST_OBJECTS");
  if (kind == nullptr) return false;
  ROOST_CHECK(std::string_view(kind) == "s3", "ROOST_TEST_OBJECTS is 's3' or not set");
  return true;
}

/// Sets the objects' place to a new bucket of the server.
void PutIntoBucket(StoreLocation& location) {
  static std::mutex mutex;
  static int number = 0;
  const std::lock_guard lock(mutex);
  static auto* server = new Server(ROOST_TEST_SERVERS "/versitygw");  // lives as long as the process
  const std::string bucket = "test-" + std::to_string(++number);
  std::istringstream answer(server->Ask(bucket));
  std::string key;
  std::string secret;
  answer >> location.s3.endpoint >> key >> secret;
  ROOST_CHECK(!secret.empty(), "the S3 server of the tests did not start");
  ::setenv("AWS_ACCESS_KEY_ID", key.c_str(), 1);
  ::setenv("AWS_SECRET_ACCESS_KEY", secret.c_str(), 1);
  ::setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
  // The server takes the bytes of a small object's trailing checksum for the next request.
  ::setenv("AWS_REQUEST_CHECKSUM_CALCULATION", "when_required", 1);
  location.objects = "s3://" + bucket + "/store";
}

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
  StoreLocation location = StoreLocation::InFolder(folder);
  if (ObjectsAreInS3()) PutIntoBucket(location);
  if (KindOfThisRun() == DatabaseKind::kPostgres) location.database = NewDatabase(DatabaseKind::kPostgres, folder);
  std::filesystem::create_directories(folder);
  return location;
}

void Overwrite(ObjectStore& objects, const std::string& key, const std::string& bytes) {
  ROOST_CHECK(objects.Delete(key).ok() && objects.Put(key, bytes).ok(), "an object of a test was not overwritten");
}

}  // namespace roost::store
