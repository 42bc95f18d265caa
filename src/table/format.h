#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace roost::table {

/// How the rows of a file are written. CSV is RFC 4180 with a header line; tab-separated files are CSV too.
enum class Format { kCsv, kJsonLines, kParquet, kArrow };

/// "csv", "jsonl", "parquet", "arrow": what users write in options.
std::string_view FormatName(Format format);

/// The format of that name, or of that file extension without its dot: csv, tsv, tab; jsonl, ndjson, json; parquet, pq;
/// arrow, arrows, feather, ipc. In any case. InvalidArgument, with the names that there are, for others.
absl::StatusOr<Format> ParseFormat(std::string_view name);

/// The format of the file at `path` by its extension (a compression's such as ".gz" left out). Where that says nothing
/// the file is opened and its first bytes decide. InvalidArgument where neither tells; NotFound and the like where the
/// file cannot be read.
absl::StatusOr<Format> FormatOf(const std::string& path);

/// The format that a file to be written at `path` should have, by its extension alone.
absl::StatusOr<Format> FormatOfOutput(const std::string& path);

/// Checks that `path` is a regular file that may be read, that it is not empty, and that it begins as files of `format`
/// do. NotFound, with the name that was probably meant; PermissionDenied; InvalidArgument, telling what the file looks
/// like. Cost: one read of 512 bytes.
absl::Status CheckInput(const std::string& path, Format format);

/// The extension of a compression that text files are read through, with its dot, or "": ".gz", ".zst", ".bz2", ".lz4".
std::string_view CompressionExtension(std::string_view path);

}  // namespace roost::table
