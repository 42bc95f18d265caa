#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "pipeline/trainer_config.h"

namespace roost::pipeline {

/// The folder that Roost and an external trainer share for one training:
///
///   config.json   train/part-*.parquet   evaluate/part-*.parquet   schema.json   parent/   checkpoint/   output/
///   log.txt
///
/// A WorkFolder holds a lock on it, so that two programs cannot work there at once. Movable; the lock ends with it.
class WorkFolder {
 public:
  /// Makes the folder at `path` (its parents too) ready for a training: train/, evaluate/, parent/ and output/ empty,
  /// no config.json, no schema.json. checkpoint/ keeps what an earlier attempt left where that attempt had the same
  /// `training`, a text that names the training (a hash of its configuration and data), and is empty otherwise.
  /// Aborted where another program holds the folder; AlreadyExists where `path` is a folder with other things in it.
  static absl::StatusOr<WorkFolder> Open(std::string path, std::string_view training);

  ~WorkFolder();
  WorkFolder(WorkFolder&& other) noexcept;
  WorkFolder& operator=(WorkFolder&& other) noexcept;

  const std::string& path() const { return path_; }  ///< absolute
  /// Where the caller writes the rows: ".../train/part-00000.parquet". Numbers begin with 0.
  std::string TrainPart(int64_t number) const;
  std::string EvaluatePart(int64_t number) const;
  std::string Schema() const;      ///< the file that the caller may write: schema.json
  std::string Parent() const;      ///< the folder with the files of the parent's output/ (WriteParentFile)
  std::string Checkpoint() const;  ///< the trainer's own
  std::string Output() const;      ///< what the trainer leaves
  /// Whether checkpoint/ held something of an earlier attempt when the folder was opened.
  bool resumes() const { return resumes_; }

  /// Writes one file of the parent's output/, named as OutputFile::path was. InvalidArgument where `path` does not
  /// stay within parent/; the errors of files.
  absl::Status WriteParentFile(std::string_view path, std::string_view bytes) const;

  /// Writes config.json, when the rows, the schema and the parent's files are there: it names what it finds.
  /// InvalidArgument where `config` contradicts itself (neither columns nor features, or both; a parent in cold mode).
  absl::Status WriteConfig(const TrainerConfig& config, const TrainerLimits& limits) const;

 private:
  WorkFolder(std::string path, std::string training, int lock)
      : path_(std::move(path)), training_(std::move(training)), lock_(lock) {}

  std::string path_;
  std::string training_;
  bool resumes_ = false;
  int lock_ = -1;
};

}  // namespace roost::pipeline
