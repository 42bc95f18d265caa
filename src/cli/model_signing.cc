// roost model sign | verify, and export --format package

#include "cli/model_signing.h"

#include <filesystem>
#include <memory>
#include <vector>

#include <arrow/io/interfaces.h>
#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "api/signing.h"
#include "base/format.h"
#include "base/status.h"
#include "cli/table_text.h"
#include "table/arrow_status.h"
#include "table/output.h"

namespace roost::cli {
namespace {

namespace fs = std::filesystem;

constexpr size_t kHintShown = 12;

absl::StatusOr<int> RunSign(const api::SignModelRequest& request, Session& session) {
  if (!request.key.empty() && !request.bundle.empty()) {
    return absl::InvalidArgumentError("--key makes a signature, --bundle takes one that is made: name one of them");
  }
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const api::SignModelResponse response, api::SignModel(project, request, session.MakeContext()));
  if (session.json()) {
    session.Print(ToText(Json{{"model", response.version.name},
                              {"version", response.version.version},
                              {"key", response.key_hint},
                              {"files", response.files}}));
    return 0;
  }
  session.Print(fmt::format("{}: signed, {}\n", response.version.ToString(), CountOf(response.files, "file")));
  session.Note(fmt::format("key {}", response.key_hint.substr(0, kHintShown)));
  return 0;
}

absl::StatusOr<api::VerifyModelResponse> Verify(const api::VerifyModelRequest& request, Session& session) {
  if (request.reference.empty() == request.folder.empty()) {
    return WithHint(absl::InvalidArgumentError("verify what? name a model, or a folder with --folder"),
                    "roost model verify NAME@VERSION, or roost model verify --folder DIR --public-key FILE");
  }
  if (!request.folder.empty() && !request.public_keys.empty()) {
    return api::VerifyFolder(request.folder, request.public_keys);
  }
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  return api::VerifyModel(project, request);
}

absl::StatusOr<int> RunVerify(const api::VerifyModelRequest& request, Session& session) {
  TRY_ASSIGN(const api::VerifyModelResponse response, Verify(request, session));
  const int code = response.good ? 0 : kCheckSaidNo;
  if (session.json()) {
    Json json{{"name", response.name}, {"good", response.good}};
    if (response.good) {
      json.update({{"key", response.key_hint}, {"files", response.files}});
      if (response.made.has_value()) json.update({{"author", response.author}, {"time", FormatUtc(*response.made)}});
    } else {
      json["reason"] = response.reason;
    }
    session.Print(ToText(json));
    return code;
  }
  if (!response.good) {
    session.Print(fmt::format("{}: refused: {}\n", response.name, response.reason));
    return code;
  }
  session.Print(fmt::format("{}: the signature is good, {}\n", response.name, CountOf(response.files, "file")));
  session.Note(fmt::format("key {}{}", response.key_hint.substr(0, kHintShown),
                           response.made.has_value() ? fmt::format(", kept by {}", response.author) : ""));
  return code;
}

}  // namespace

absl::StatusOr<int> ExportPackage(const std::string& reference, const std::string& folder, bool overwrite,
                                  Session& session) {
  TRY_ASSIGN(api::Project project, api::Project::Open(session.options().project));
  TRY_ASSIGN(const api::PackageFiles package, api::ExportPackage(project, reference));
  const fs::path target =
      folder.empty() ? fs::path(fmt::format("{}-{}", package.version.name, package.version.version)) : fs::path(folder);
  std::error_code error;
  if (fs::exists(target, error) && !overwrite) {
    return WithHint(absl::AlreadyExistsError(fmt::format("{} is there already", target.string())),
                    "-f writes into it; files that are not the version's are left");
  }
  fs::create_directories(target, error);
  if (error) return ErrnoStatus(error.value(), fmt::format("making the folder '{}'", target.string()));
  int64_t bytes = 0;
  for (const auto& [name, content] : package.files) {
    TRY_ASSIGN(auto file, table::OutputFile::Open((target / name).string(), table::Overwrite::kYes));
    TRY_ARROW(file.stream().Write(content.data(), static_cast<int64_t>(content.size())));
    TRY(file.Commit());
    bytes += static_cast<int64_t>(content.size());
  }
  if (session.json()) {
    Json files = Json::array();
    for (const auto& [name, content] : package.files) files.push_back(name);
    session.Print(ToText(Json{{"model", package.version.ToString()}, {"folder", target.string()}, {"files", files}}));
    return 0;
  }
  session.Print(fmt::format("{}: {}, {}; {}\n", target.string(), package.version.ToString(),
                            CountOf(static_cast<int64_t>(package.files.size()), "file"), FormatBytes(bytes)));
  return 0;
}

void AddModelSigningCommands(CLI::App& model, Session& session) {
  CLI::App* sign = model.add_subcommand("sign", "Vouch for a version: keep a signature of its files beside it");
  auto signed_model = std::make_shared<api::SignModelRequest>();
  sign->add_option("MODEL", signed_model->reference, "NAME, NAME@VERSION or NAME@ALIAS")->required();
  sign->add_option("--key", signed_model->key, "A private key (PEM, ECDSA); default: signing.key of roost.yaml")
      ->type_name("FILE");
  sign->add_option("--bundle", signed_model->bundle, "A model.sig that another tool made of the exported files")
      ->type_name("FILE");
  sign->callback([signed_model, &session] { session.Finish(RunSign(*signed_model, session)); });

  CLI::App* verify = model.add_subcommand("verify", "Whether a key that is trusted has signed a version, or a folder");
  auto verified = std::make_shared<api::VerifyModelRequest>();
  verify->add_option("MODEL", verified->reference, "NAME, NAME@VERSION or NAME@ALIAS");
  verify->add_option("--folder", verified->folder, "A folder with a model.sig, in place of a version")
      ->type_name("DIR");
  verify
      ->add_option("--public-key", verified->public_keys,
                   "A public key (PEM), may be given several times; default: signing.public_keys of roost.yaml")
      ->type_name("FILE")
      ->allow_extra_args(false);
  verify->footer("Exit code 1 where it is not. The layout is that of OpenSSF's model signing (docs/signing.md).");
  verify->callback([verified, &session] { session.Finish(RunVerify(*verified, session)); });
}

}  // namespace roost::cli
