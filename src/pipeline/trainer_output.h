#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "pipeline/work_folder.h"

namespace roost::pipeline {

/// The trainer's own predictions of the first rows of evaluate/, from output/sample.json.
struct TrainerSample {
  int64_t rows = 0;
  int64_t outputs = 0;         ///< a row: 1, or one a class
  std::vector<double> values;  ///< rows x outputs, row by row; all finite
};

/// The model among the files of output/.
inline constexpr char kModelFile[] = "model.onnx";

/// A file of output/.
struct OutputFile {
  std::string path;  ///< relative to output/, with '/'
  int64_t bytes = 0;
};

/// What a trainer left in output/.
struct TrainerOutput {
  std::string model;                    ///< the absolute path of model.onnx
  std::vector<OutputFile> files;        ///< all of them, model.onnx and sample.json too, by path
  std::optional<TrainerSample> sample;  ///< where there is a sample.json
};

/// Looks at all of output/ before anything is taken from it. InvalidArgument where there is no model.onnx, where it is
/// empty, where something is neither a file nor a folder (a symbolic link could lead anywhere), where a name is not
/// UTF-8 or cannot be printed, where sample.json is not what docs/trainers.md says; ResourceExhausted above a limit:
/// those of `limits`, 10,000 files, folders 16 deep, 64 MB of sample.json. The bytes of model.onnx are not looked at:
/// predict/onnx_model.h reads them.
absl::StatusOr<TrainerOutput> ReadTrainerOutput(const std::string& output_folder, const TrainerLimits& limits);

/// The bytes of one of TrainerOutput::files, by its path. The errors of files.
absl::StatusOr<std::string> ReadOutputFile(const std::string& output_folder, std::string_view path);

/// Compares the trainer's own predictions with `scored`, the outputs of the model as Roost runs it, rows x outputs of
/// the same rows. InvalidArgument, with the row and both numbers, where they differ by more than
/// tolerance * max(1, |trainer's|) somewhere, or have another shape. Returns the largest |difference| / max(1, |own|).
absl::StatusOr<double> CompareSample(const TrainerSample& sample, std::span<const double> scored, double tolerance);

}  // namespace roost::pipeline
