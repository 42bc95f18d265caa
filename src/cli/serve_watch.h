#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "access/access_control.h"
#include "api/project.h"
#include "api/tokens.h"
#include "cli/serve_options.h"
#include "config/project.h"
#include "net/http_server.h"
#include "serving/model_loader.h"

namespace roost::cli {

/// What a server is made from, and what of it holds now.
struct ServeSetup {
  const ServeOptions* options = nullptr;
  api::Project* project = nullptr;  ///< null: a folder of models
  config::ServeConfig config;       ///< with the flags in it
  config::WorkspaceConfig workspace;
  std::optional<api::TokenSource> tokens;
  access::Policy policy;
};

/// What a change reaches; all of it outlives the watch.
struct RunningServer {
  net::HttpServer& server;
  access::AccessControl& control;
  serving::ModelLoader& loader;
};

/// Keeps a running server at what its files and its workspace say: tokens, looked at each second (or as often as
/// serve.watch_seconds says, where that is less); roost.yaml, the file of tokens and the certificates once they change,
/// or when Reload is called. What is broken leaves what was before, and is told once.
///
/// It has a thread of its own with the usual priority: a revocation does not wait for models that load when nothing
/// else wants the processor. Threads: Reload by any.
class ServeWatch {
 public:
  ServeWatch(ServeSetup setup, RunningServer running, std::function<void(const std::string&)> tell);
  /// Waits for the look that is under way.
  ~ServeWatch();

  /// Takes over all files now, changed or not.
  void Reload();

 private:
  void Run();
  void Look(bool all);
  void LookAtConfig();
  void LookAtTokens();
  void LookAtCertificates();
  absl::Status TakeOver(config::ServeConfig config, const config::WorkspaceConfig& workspace);
  void KnowConfig();
  void Publish();
  /// Whether the file at `path` is another than at the last call with it.
  bool HasChanged(const std::string& path);
  /// Tells `status` of `what` unless it was told before; OK takes it back.
  bool TellOnce(const std::string& what, const absl::Status& status);
  std::vector<std::string> CertificateFiles() const;

  ServeSetup setup_;
  const RunningServer running_;
  const std::function<void(const std::string&)> tell_;
  std::map<std::string, std::string> stamps_;     // by path
  std::map<std::string, absl::Status> troubles_;  // by what
  std::vector<access::Token> tokens_;

  std::mutex mutex_;  // of what follows
  std::condition_variable changed_;
  bool reload_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace roost::cli
