#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <arrow/type_fwd.h>

#include "absl/status/statusor.h"
#include "base/context.h"
#include "base/json.h"

namespace roost::ingest {

/// The seam of everything that rows can come from.
class Source {
 public:
  virtual ~Source() = default;

  /// The rows, from the beginning at each call. Where the source has no types of its own (CSV, JSON Lines) columns take
  /// those of `types`, which may be null.
  virtual absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> Open(const std::shared_ptr<arrow::Schema>& types,
                                                                         const Context& context) const = 0;

  /// How many rows Open will give, for progress; 0 where that is not known before they are read.
  virtual int64_t NumRows() const = 0;

  /// Where the rows come from, for the version's record: {"kind": …} and what a person needs to find them again.
  virtual Json Provenance() const = 0;
};

/// Files on this machine, read one after another.
class FileSource : public Source {
 public:
  /// `patterns` are paths and globs. NotFound where one matches nothing; InvalidArgument where none is given.
  static absl::StatusOr<std::unique_ptr<FileSource>> Make(const std::vector<std::string>& patterns);

  absl::StatusOr<std::shared_ptr<arrow::RecordBatchReader>> Open(const std::shared_ptr<arrow::Schema>& types,
                                                                 const Context& context) const override;

  /// Known for Parquet files, which say it.
  int64_t NumRows() const override;

  /// {"kind": "files", "files": [{"path", "bytes"}]}
  Json Provenance() const override;

  const std::vector<std::string>& paths() const { return paths_; }

 private:
  explicit FileSource(std::vector<std::string> paths) : paths_(std::move(paths)) {}
  std::vector<std::string> paths_;
};

}  // namespace roost::ingest
