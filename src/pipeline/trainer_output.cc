#include "pipeline/trainer_output.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/format.h"
#include "base/json.h"
#include "base/status.h"

namespace roost::pipeline {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSample = "sample.json";
constexpr size_t kMaxFiles = 10'000;
constexpr int kMaxDepth = 16;
constexpr int64_t kMaxSampleBytes = 64'000'000;

absl::Status Unreadable(const std::error_code& error, std::string_view path) {
  return ErrnoStatus(error.value(), fmt::format("reading {}", Printable(path)));
}

/// The kinds of entries that output/ may hold, by what symlink_status says: nothing is followed.
absl::Status CheckKind(const fs::directory_entry& entry, const std::string& name) {
  std::error_code error;
  const fs::file_status status = entry.symlink_status(error);
  if (error) return Unreadable(error, name);
  if (fs::is_symlink(status)) {
    return WithHint(
        absl::InvalidArgumentError(fmt::format("the trainer left a symbolic link in output/: {}", Printable(name))),
        "Copy the file there instead: a model keeps nothing that lies elsewhere.");
  }
  if (fs::is_regular_file(status) || fs::is_directory(status)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("the trainer left something in output/ that is neither a file nor a folder: {}", Printable(name)));
}

absl::StatusOr<std::vector<OutputFile>> ListFiles(const std::string& folder, int64_t max_bytes) {
  std::vector<OutputFile> files;
  int64_t total = 0;
  std::error_code error;
  if (fs::symlink_status(folder, error).type() != fs::file_type::directory) {
    return absl::InvalidArgumentError("the trainer removed the folder output/, or put something else in its place");
  }
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().lexically_relative(folder).generic_string();
    if (Printable(name) != name) {
      return absl::InvalidArgumentError(
          fmt::format("the trainer gave a file in output/ a name that cannot be printed: "
                      "{}",
                      Printable(name)));
    }
    TRY(CheckKind(*entry, name));
    if (entry.depth() > kMaxDepth || files.size() >= kMaxFiles) {
      return absl::ResourceExhaustedError(fmt::format(
          "the trainer left more in output/ than {} files in folders {} deep", FormatCount(kMaxFiles), kMaxDepth));
    }
    if (entry->is_directory(error)) continue;
    files.push_back({name, static_cast<int64_t>(entry->file_size(error))});
    if (error) break;
    total += files.back().bytes;
    if (total > max_bytes) {
      return absl::ResourceExhaustedError(
          fmt::format("the trainer left more than {} in output/", FormatBytes(max_bytes)));
    }
  }
  if (error) return Unreadable(error, folder);
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return files;
}

const OutputFile* Find(const std::vector<OutputFile>& files, std::string_view path) {
  const auto found = std::find_if(files.begin(), files.end(), [path](const auto& file) { return file.path == path; });
  return found == files.end() ? nullptr : &*found;
}

absl::Status CheckModel(const OutputFile* model, int64_t max_bytes) {
  if (model == nullptr) {
    return WithHint(absl::InvalidArgumentError("the trainer ended well but left no output/model.onnx"),
                    "docs/trainers.md shows how models are written as ONNX.");
  }
  if (model->bytes == 0) return absl::InvalidArgumentError("the trainer left an empty output/model.onnx");
  if (model->bytes <= max_bytes) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      fmt::format("output/model.onnx has {}, more than {}", FormatBytes(model->bytes), FormatBytes(max_bytes)));
}

absl::Status BadSample(std::string_view what) {
  return WithHint(absl::InvalidArgumentError(fmt::format("output/sample.json: {}", what)),
                  R"(Expected {"predictions": [[0.1], [0.7]]}: one list of numbers for each of the first rows of )"
                  "evaluate/ (docs/trainers.md).");
}

absl::Status AddRow(const Json& row, TrainerSample& sample) {
  if (!row.is_array() || row.empty()) return BadSample(fmt::format("row {} is no list of numbers", sample.rows + 1));
  if (sample.rows == 0) sample.outputs = static_cast<int64_t>(row.size());
  if (static_cast<int64_t>(row.size()) != sample.outputs) {
    return BadSample(
        fmt::format("row {} has {} numbers, the rows before it have {}", sample.rows + 1, row.size(), sample.outputs));
  }
  for (const Json& value : row) {
    if (!value.is_number() || !std::isfinite(value.get<double>())) {
      return BadSample(fmt::format("row {} holds something other than finite numbers", sample.rows + 1));
    }
    sample.values.push_back(value.get<double>());
  }
  ++sample.rows;
  return absl::OkStatus();
}

absl::StatusOr<TrainerSample> ReadSample(const std::string& path, int64_t bytes) {
  if (bytes > kMaxSampleBytes) {
    return absl::ResourceExhaustedError(
        fmt::format("output/sample.json has {}, more than {}", FormatBytes(bytes), FormatBytes(kMaxSampleBytes)));
  }
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  TRY_ASSIGN(const Json json, ParseJson(text.str(), "output/sample.json"));
  if (!json.is_object() || !json.contains("predictions") || !json["predictions"].is_array()) {
    return BadSample("there is no list 'predictions'");
  }
  TrainerSample sample;
  for (const Json& row : json["predictions"]) TRY(AddRow(row, sample));
  if (sample.rows == 0) return BadSample("there are no predictions");
  return sample;
}

}  // namespace

absl::StatusOr<TrainerOutput> ReadTrainerOutput(const std::string& output_folder, const TrainerLimits& limits) {
  TrainerOutput output;
  TRY_ASSIGN(output.files, ListFiles(output_folder, limits.output_bytes));
  TRY(CheckModel(Find(output.files, kModelFile), limits.model_bytes));
  output.model = fmt::format("{}/{}", output_folder, kModelFile);
  if (const OutputFile* sample = Find(output.files, kSample); sample != nullptr) {
    TRY_ASSIGN(output.sample, ReadSample(fmt::format("{}/{}", output_folder, kSample), sample->bytes));
  }
  return output;
}

absl::StatusOr<std::string> ReadOutputFile(const std::string& output_folder, std::string_view path) {
  std::ifstream file(fs::path(output_folder) / path, std::ios::binary);
  std::ostringstream bytes;
  if (file) bytes << file.rdbuf();
  if (!file) return ErrnoStatus(errno, fmt::format("reading output/{}", Printable(path)));
  return std::move(bytes).str();
}

absl::StatusOr<double> CompareSample(const TrainerSample& sample, std::span<const double> scored, double tolerance) {
  if (scored.size() != sample.values.size()) {
    return absl::InvalidArgumentError(
        fmt::format("the trainer's sample has {} numbers for {} rows, its ONNX model gives {}",
                    FormatCount(sample.values.size()), FormatCount(sample.rows), FormatCount(scored.size())));
  }
  double largest = 0;
  size_t worst = 0;
  for (size_t i = 0; i < scored.size(); ++i) {
    const double difference = std::abs(scored[i] - sample.values[i]) / std::max(1.0, std::abs(sample.values[i]));
    if (difference <= largest) continue;
    // What is not a number differs from everything.
    largest = std::isnan(difference) ? std::numeric_limits<double>::infinity() : difference;
    worst = i;
    if (std::isinf(largest)) break;
  }
  if (largest <= tolerance) return largest;
  return WithHint(
      absl::InvalidArgumentError(fmt::format(
          "the ONNX model is not what the trainer trained: on row {} of evaluate/, output {}, the trainer predicts {}, "
          "the ONNX model {}",
          worst / static_cast<size_t>(sample.outputs) + 1, worst % static_cast<size_t>(sample.outputs) + 1,
          FormatNumber(sample.values[worst], 8), FormatNumber(scored[worst], 8))),
      "Look at what the export changes: types of inputs (float32), missing values, the order of classes.");
}

}  // namespace roost::pipeline
