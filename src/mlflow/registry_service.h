#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/status/statusor.h"
#include "api/project.h"
#include "base/context.h"
#include "base/thread_pool.h"
#include "mlflow/call.h"
#include "mlflow/mlmodel.h"
#include "mlflow/registry_json.h"
#include "net/http_message.h"

namespace roost::mlflow {

/// The models of a project's workspace for clients of MLflow's REST interface 2.0:
///
///   GET  registered-models/get, search, list       models, with their aliases
///   GET, POST registered-models/get-latest-versions
///   GET  model-versions/get, search, get-download-uri
///   GET, POST, DELETE registered-models/alias      where an alias points; promotes (api/releases.h), removes
///   GET  /api/2.0/mlflow-artifacts/artifacts[/models/NAME/VERSION/PATH]      lists, and files of a version's folder
///
/// Everything else is 404 with ENDPOINT_NOT_FOUND; errors are MLflow's (error.h). Who may call is decided before.
///
/// A folder is made, and its graph compared with the model, when it is first asked for; the last few are kept.
/// Threads: Handle may be called from any; requests are answered one after the other, by a thread of its own.
class RegistryService {
 public:
  /// `project` is used by nobody else.
  explicit RegistryService(api::Project project);
  /// Answers to requests that wait are dropped: 500.
  ~RegistryService();
  RegistryService(const RegistryService&) = delete;
  RegistryService& operator=(const RegistryService&) = delete;

  /// Whether a path, as sent, is one of MLflow's.
  static bool IsMlflowPath(std::string_view path);

  /// Answers later where the request can be; 503 where too many wait. RequestNotes::consumer is who moves aliases.
  void Handle(const net::HttpRequest& request, net::HttpResponse& response);

 private:
  void Work();
  net::HttpResponse Answer(const Call& call);
  absl::StatusOr<net::HttpResponse> Dispatch(const Call& call);
  absl::StatusOr<Json> Models(const Call& call);
  absl::StatusOr<Json> Versions(const Call& call, std::string_view what);
  absl::StatusOr<Json> Alias(const Call& call);
  absl::StatusOr<net::HttpResponse> Artifacts(const Call& call, std::string_view path);

  absl::StatusOr<std::vector<ModelView>> AllModels(const std::string& name);
  absl::StatusOr<ModelView> Model(const std::string& name);
  absl::StatusOr<VersionView> Version(const std::string& name, const std::string& version);
  absl::StatusOr<VersionView> ViewOf(const registry::ModelVersion& version);
  absl::StatusOr<const Files*> FilesOf(const VersionView& version);

  api::Project project_;
  ThreadPool pool_;
  Cancellation stop_;
  const Context context_;
  // Of the working thread alone:
  std::map<std::string, std::map<std::string, std::string>> tags_;  // by the digest of the package
  std::list<std::pair<std::string, Files>> folders_;                // by "late-flights@2", the last used first

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> waiting_;  // guarded by mutex_
  bool is_ending_ = false;                     // guarded by mutex_
  std::thread worker_;
};

}  // namespace roost::mlflow
