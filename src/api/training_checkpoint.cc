#include "api/training_checkpoint.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "base/bytes.h"
#include "base/hash.h"
#include "base/status.h"
#include "table/text_file.h"

namespace roost::api {
namespace {

namespace fs = std::filesystem;

constexpr absl::Duration kInterval = absl::Seconds(2);
constexpr int kTimesTheCost = 20;
constexpr size_t kDigestBytes = 32;

std::string_view DigestText(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()};
}

struct Content {
  double seconds = 0;
  std::string state;
};

// The file: SHA-256 of what follows, the training's name, the seconds spent, the state.
absl::StatusOr<Content> ReadContent(std::string_view bytes, std::string_view training) {
  ByteReader reader(bytes);
  TRY_ASSIGN(const std::string_view digest, reader.Raw(kDigestBytes));
  if (digest != DigestText(Sha256(bytes.substr(kDigestBytes)))) return absl::DataLossError("torn or changed");
  TRY_ASSIGN(const std::string_view name, reader.String());
  if (name != training) return absl::NotFoundError("of another training");
  TRY_ASSIGN(const double seconds, reader.Fixed<double>());
  TRY_ASSIGN(const std::string_view state, reader.String());
  return Content{seconds, std::string(state)};
}

}  // namespace

TrainingCheckpoint::TrainingCheckpoint(std::string path, std::string training, const Context& context)
    : path_(std::move(path)), training_(std::move(training)), now_(context.now), opened_(now_()), kept_(opened_) {}

TrainingCheckpoint TrainingCheckpoint::Open(std::string path, std::string training, const Context& context) {
  TrainingCheckpoint checkpoint(std::move(path), std::move(training), context);
  checkpoint.Read();
  return checkpoint;
}

void TrainingCheckpoint::Read() {
  std::ifstream file(path_, std::ios::binary);
  if (!file) return;
  std::ostringstream bytes;
  bytes << file.rdbuf();
  absl::StatusOr<Content> content = ReadContent(bytes.view(), training_);
  if (content.ok()) {
    left_ = std::move(content->state);
    spent_ = absl::Seconds(content->seconds);
    return;
  }
  std::error_code ignored;  // the next state replaces it anyway
  fs::remove(path_, ignored);
}

bool TrainingCheckpoint::Due() const { return now_() - kept_ >= std::max(kInterval, kTimesTheCost * cost_); }

absl::Status TrainingCheckpoint::Keep(std::string_view state) {
  const absl::Time begin = now_();
  std::string body;
  AppendString(body, training_);
  AppendFixed(body, absl::ToDoubleSeconds(spent_ + (begin - opened_)));
  AppendString(body, state);
  std::string bytes(DigestText(Sha256(body)));
  bytes += body;
  std::error_code error;
  fs::create_directories(fs::path(path_).parent_path(), error);
  const absl::Status written = error ? ErrnoStatus(error.value(), fmt::format("making the folder of '{}'", path_))
                                     : table::WriteTextFile(path_, bytes);
  if (!written.ok()) {
    return WithHint(Annotate(written, "keeping the state of the training"),
                    "make room for it, and run the same command again: it goes on from the state before");
  }
  kept_ = now_();
  cost_ = kept_ - begin;
  return absl::OkStatus();
}

}  // namespace roost::api
