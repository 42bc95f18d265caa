// roost model export

#include "cli/model_export.h"

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "api/export.h"
#include "api/project.h"
#include "base/format.h"
#include "base/status.h"
#include "cli/completion.h"
#include "cli/model_signing.h"
#include "cli/table_text.h"
#include "cli/write_file.h"
#include "mlflow/export_run.h"
#include "mlflow/mlmodel.h"

namespace roost::cli {
namespace {

struct ExportOptions {
  std::string reference;
  std::string format = "onnx";
  std::string path;
  bool overwrite = false;
  std::string tracking_url;
  std::string experiment;
};

absl::StatusOr<int> ExportOnnxFile(const ExportOptions& options, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  const Context context = session.MakeContext();
  TRY_ASSIGN(const api::ExportResponse response, api::ExportModel(project, options.reference, context));
  const std::string path =
      options.path.empty() ? fmt::format("{}-{}.onnx", response.version.name, response.version.version) : options.path;
  TRY(WriteFile(path, response.onnx, options.overwrite));
  const std::string size = FormatBytes(static_cast<int64_t>(response.onnx.size()));
  if (session.json()) {
    Json json = response.certificate.has_value() ? response.certificate->ToJson() : Json::object();
    json["model"] = response.version.ToString();
    json["file"] = path;
    json["bytes"] = response.onnx.size();
    session.Print(ToText(json));
    return 0;
  }
  if (!response.certificate.has_value()) {
    session.Print(
        fmt::format("{}: the ONNX file of {}, as its trainer left it; {}\n", path, response.version.ToString(), size));
    return 0;
  }
  const predict::ParityCertificate& certificate = *response.certificate;
  session.Print(fmt::format("{}: {} as ONNX, opset {} and ai.onnx.ml {}; {}\n", path, response.version.ToString(),
                            certificate.opset, certificate.ml_opset, size));
  session.Print(fmt::format("parity: {} kept rows and {} edge rows, largest difference {:.2g} ({:.2g} relative)\n",
                            FormatCount(certificate.rows), FormatCount(certificate.edge_rows),
                            certificate.largest_absolute, certificate.largest_relative));
  return 0;
}

absl::Status MakeFolderOf(const std::filesystem::path& file) {
  std::error_code error;
  std::filesystem::create_directories(file.parent_path(), error);
  if (!error) return absl::OkStatus();
  return absl::PermissionDeniedError(
      fmt::format("the folder {} cannot be made: {}", file.parent_path().string(), error.message()));
}

absl::StatusOr<int> ExportMlflowFolder(const ExportOptions& options, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const mlflow::ModelFolder folder,
             mlflow::MakeModelFolder(project, options.reference, session.MakeContext()));
  const std::filesystem::path target =
      options.path.empty() ? fmt::format("{}-{}", folder.version.name, folder.version.version) : options.path;
  // Nothing is written where something is in the way; "MLmodel", which makes the folder a model, comes last.
  for (const auto& [path, bytes] : folder.files) {
    std::error_code unknown;
    if (!options.overwrite && std::filesystem::exists(target / path, unknown)) {
      return absl::AlreadyExistsError(fmt::format("'{}' exists already", (target / path).string()));
    }
  }
  for (auto file = folder.files.rbegin(); file != folder.files.rend(); ++file) {
    TRY(MakeFolderOf(target / file->first));
    TRY(WriteFile(target / file->first, file->second, options.overwrite));
  }
  if (session.json()) {
    session.Print(ToText(
        Json{{"model", folder.version.ToString()}, {"folder", target.string()}, {"files", std::ssize(folder.files)}}));
    return 0;
  }
  session.Print(fmt::format("{}: {} as a model of MLflow, {}\n", target.string(), folder.version.ToString(),
                            CountOf(std::ssize(folder.files), "file")));
  return 0;
}

std::string VariableOf(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

// As MLflow's own clients take it from the environment.
std::string TrackingAuthorization() {
  const std::string user = VariableOf("MLFLOW_TRACKING_USERNAME");
  if (!user.empty()) {
    const std::string pair = fmt::format("{}:{}", user, VariableOf("MLFLOW_TRACKING_PASSWORD"));
    return "Basic " + std::string(absl::Base64Escape(absl::string_view(pair.data(), pair.size())));
  }
  const std::string token = VariableOf("MLFLOW_TRACKING_TOKEN");
  return token.empty() ? "" : "Bearer " + token;
}

absl::StatusOr<int> ExportRunToMlflow(const ExportOptions& options, Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const mlflow::ExportRunResponse response, mlflow::ExportRun(project,
                                                                         {.reference = options.reference,
                                                                          .url = options.tracking_url,
                                                                          .experiment = options.experiment,
                                                                          .authorization = TrackingAuthorization()},
                                                                         session.MakeContext()));
  if (session.json()) {
    session.Print(ToText(Json{{"model", response.version.ToString()},
                              {"experiment", response.experiment},
                              {"experiment_id", response.experiment_id},
                              {"run_id", response.run_id},
                              {"url", response.url},
                              {"parameters", response.parameters},
                              {"metrics", response.metrics},
                              {"files", response.files}}));
    return 0;
  }
  session.Print(fmt::format("{}: run {} of '{}', {}, {}, a model of {}\n", response.version.ToString(), response.run_id,
                            response.experiment, CountOf(response.parameters, "parameter"),
                            CountOf(response.metrics, "metric"), CountOf(response.files, "file")));
  session.Note(response.url);
  return 0;
}

absl::StatusOr<int> RunExport(const ExportOptions& options, Session& session) {
  if (!options.tracking_url.empty()) return ExportRunToMlflow(options, session);
  if (options.format == "mlflow") return ExportMlflowFolder(options, session);
  if (options.format == "package") return ExportPackage(options.reference, options.path, options.overwrite, session);
  if (options.format == "onnx") return ExportOnnxFile(options, session);
  return absl::InvalidArgumentError(fmt::format("no format '{}'; there are onnx, mlflow and package", options.format));
}

}  // namespace

void AddModelExportCommand(CLI::App& model, Session& session) {
  CLI::App* command = model.add_subcommand("export", "A model version for other programs: ONNX, MLflow");
  auto options = std::make_shared<ExportOptions>();
  command->add_option("MODEL", options->reference, "NAME, NAME@VERSION or NAME@ALIAS")->required();
  CLI::Option* format =
      Offer(command->add_option("--format", options->format,
                                "onnx (default): transform and predictor as one graph; mlflow: a folder that MLflow "
                                "loads; package: all files of the version, with its signature"),
            {"onnx", "mlflow", "package"})
          ->type_name("FORMAT");
  CLI::Option* output =
      command->add_option("-o,--output", options->path, "Default: NAME-VERSION.onnx, NAME-VERSION")->type_name("PATH");
  command->add_flag("-f,--force", options->overwrite, "Replace files where there are any");
  CLI::Option* tracking =
      command
          ->add_option("--mlflow", options->tracking_url,
                       "Write a run with parameters, metrics, tags and the model to this MLflow tracking server")
          ->type_name("URL")
          ->excludes(format)
          ->excludes(output);
  command->add_option("--experiment", options->experiment, "Of the tracking server; default: the project's name")
      ->type_name("NAME")
      ->needs(tracking);
  command->footer(
      "The graph is compared with the model, on kept rows and on made edge rows, before it is handed out.\n"
      "--mlflow logs in by MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD.");
  command->callback([options, &session] { session.Finish(RunExport(*options, session)); });
}

}  // namespace roost::cli
