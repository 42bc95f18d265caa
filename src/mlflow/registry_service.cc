#include "mlflow/registry_service.h"

#include <algorithm>
#include <charconv>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "api/alias_removal.h"
#include "api/releases.h"
#include "base/json_members.h"
#include "base/status.h"
#include "mlflow/error.h"
#include "mlflow/filter.h"
#include "net/later_reply.h"

namespace roost::mlflow {
namespace {

constexpr size_t kMaxWaiting = 64;
constexpr size_t kFoldersKept = 4;
constexpr size_t kTagsKept = 10'000;
constexpr int64_t kMaxResults = 1'000;
constexpr int64_t kUsualResults = 100;

std::optional<int64_t> VersionNumber(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 1) return std::nullopt;
  return number;
}

// What a version came from, as its tags.
std::map<std::string, std::string> TagsOf(const Json& lineage) {
  std::map<std::string, std::string> tags;
  for (const char* member : {"dataset", "trainer", "start", "parent", "task", "code_revision"}) {
    if (std::string text = TextMember(lineage, member); !text.empty()) tags[member] = std::move(text);
  }
  return tags;
}

struct Order {
  std::string field;
  bool descending = false;
};

// "name ASC", "version_number DESC"; InvalidArgument for other fields.
absl::StatusOr<std::vector<Order>> OrderOf(const Call& call, const std::set<std::string>& fields) {
  std::vector<Order> orders;
  const auto given = call.lists.find("order_by");
  if (given == call.lists.end()) return orders;
  for (const std::string& text : given->second) {
    const size_t blank = text.find(' ');
    Order order{.field = text.substr(0, blank)};
    const std::string way = blank == std::string::npos ? "ASC" : absl::AsciiStrToUpper(text.substr(blank + 1));
    order.descending = way == "DESC";
    if (!fields.contains(order.field) || (way != "ASC" && way != "DESC")) {
      return absl::InvalidArgumentError(
          fmt::format("order_by '{}': want one of {}, with ASC or DESC behind it", text, fmt::join(fields, ", ")));
    }
    orders.push_back(std::move(order));
  }
  return orders;
}

// Of a field that results are ordered by, so that texts and numbers compare as they should.
std::pair<std::string, int64_t> KeyOf(const VersionView& version, const std::string& field) {
  if (field == "name") return {version.name, 0};
  if (field == "version_number") return {"", version.version};
  return {"", absl::ToUnixMicros(version.created)};
}

std::pair<std::string, int64_t> KeyOf(const ModelView& model, const std::string& field) {
  if (field == "name") return {model.name, 0};
  return KeyOf(field == "creation_timestamp" ? model.versions.front() : model.versions.back(), field);
}

// What a search found, of all that there is: {"registered_models": [...], "next_page_token": ...}.
template <typename View>
absl::StatusOr<Json> Search(const Call& call, std::vector<View> views, const std::set<std::string>& order_fields,
                            const char* member) {
  TRY_ASSIGN(const std::vector<Condition> conditions, ParseFilter(call.Text("filter")));
  TRY_ASSIGN(const std::vector<Order> orders, OrderOf(call, order_fields));
  TRY_ASSIGN(const int64_t most, call.Integer("max_results", kUsualResults, 1, 1'000'000));
  TRY_ASSIGN(const int64_t first, call.Integer("page_token", 0, 0, 1'000'000'000));
  std::erase_if(views, [&conditions](const View& view) {
    return !Holds(conditions, [&view](const std::string& field) { return FieldOf(view, field); });
  });
  std::stable_sort(views.begin(), views.end(), [&orders](const View& a, const View& b) {
    for (const Order& order : orders) {
      const auto x = KeyOf(a, order.field);
      const auto y = KeyOf(b, order.field);
      if (x != y) return order.descending ? y < x : x < y;
    }
    return false;
  });
  const auto begin = std::min<size_t>(static_cast<size_t>(first), views.size());
  const size_t end = std::min(views.size(), begin + static_cast<size_t>(std::min(most, kMaxResults)));
  Json json{{member, Json::array()}};
  for (size_t i = begin; i < end; ++i) json[member].push_back(ToJson(views[i]));
  if (end < views.size()) json["next_page_token"] = fmt::to_string(end);
  return json;
}

// The entries of a folder; `prefix` is "" or ends with '/'. A file has none.
Json ListOf(const Files& files, const std::string& prefix) {
  Json list = Json::array();
  std::set<std::string> folders;
  for (const auto& [path, bytes] : files) {
    if (!path.starts_with(prefix)) continue;
    const std::string rest = path.substr(prefix.size());
    const size_t slash = rest.find('/');
    if (slash == std::string::npos) {
      list.push_back({{"path", rest}, {"is_dir", false}, {"file_size", bytes.size()}});
    } else if (folders.insert(rest.substr(0, slash)).second) {
      list.push_back({{"path", rest.substr(0, slash)}, {"is_dir", true}});
    }
  }
  return Json{{"files", std::move(list)}};
}

net::HttpResponse JsonAnswer(const Json& json) {
  net::HttpResponse response;
  response.body = ToLine(json);
  return response;
}

}  // namespace

RegistryService::RegistryService(api::Project project)
    : project_(std::move(project)),
      pool_(1),
      context_{.pool = &pool_, .cancellation = &stop_},
      worker_([this] { Work(); }) {}

RegistryService::~RegistryService() {
  stop_.Cancel();
  {
    const std::lock_guard lock(mutex_);
    is_ending_ = true;
    waiting_.clear();
  }
  wake_.notify_all();
  worker_.join();
}

bool RegistryService::IsMlflowPath(std::string_view path) { return path.starts_with("/api/"); }

void RegistryService::Handle(const net::HttpRequest& request, net::HttpResponse& response) {
  absl::StatusOr<Call> call = ReadCall(request.method, request.path, request.query, request.body);
  if (!call.ok()) return AnswerError(call.status(), response);
  call->consumer = response.notes.consumer;
  const std::lock_guard lock(mutex_);
  if (is_ending_ || waiting_.size() >= kMaxWaiting || !request.can_answer_later()) {
    return AnswerError(absl::UnavailableError("too many requests wait for the registry; try again"), response);
  }
  // std::function copies what it holds.
  auto reply = std::make_shared<net::LaterReply>(request.AnswerLater());
  waiting_.emplace_back([this, reply, call = *std::move(call)] {
    if (!reply->cancelled()) reply->Send(Answer(call));
  });
  wake_.notify_one();
}

void RegistryService::Work() {
  while (true) {
    std::function<void()> next;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return is_ending_ || !waiting_.empty(); });
      if (is_ending_) return;
      next = std::move(waiting_.front());
      waiting_.pop_front();
    }
    next();
  }
}

net::HttpResponse RegistryService::Answer(const Call& call) {
  absl::StatusOr<net::HttpResponse> answer = Dispatch(call);
  if (answer.ok()) return *std::move(answer);
  net::HttpResponse response;
  AnswerError(answer.status(), response);
  return response;
}

absl::StatusOr<net::HttpResponse> RegistryService::Dispatch(const Call& call) {
  const std::string_view path = call.path;
  const bool is_artifact =
      path == kArtifactsPath || (path.starts_with(kArtifactsPath) && path[kArtifactsPath.size()] == '/');
  if (is_artifact && call.is_get()) return Artifacts(call, path.substr(kArtifactsPath.size()));
  const std::string_view what = path.starts_with(kApiPath) ? path.substr(kApiPath.size()) : std::string_view();
  absl::StatusOr<Json> json = absl::UnimplementedError("");
  if (what == "registered-models/alias") {
    json = Alias(call);
  } else if (what == "registered-models/get-latest-versions") {
    json = Versions(call, what);
  } else if (call.is_get() && what.starts_with("registered-models/")) {
    json = Models(call);
  } else if (call.is_get() && what.starts_with("model-versions/")) {
    json = Versions(call, what);
  }
  if (json.ok()) return JsonAnswer(*json);
  if (!absl::IsUnimplemented(json.status()) || !json.status().message().empty()) return json.status();
  net::HttpResponse response;
  AnswerNoEndpoint(
      fmt::format("{} {} is not here: models and versions are read, aliases moved; versions are made by 'roost train', "
                  "'roost run' and 'roost model register'",
                  call.method, call.path),
      response);
  return response;
}

absl::StatusOr<Json> RegistryService::Models(const Call& call) {
  if (call.path.ends_with("/registered-models/get")) {
    TRY_ASSIGN(const std::string name, call.Required("name"));
    TRY_ASSIGN(const ModelView model, Model(name));
    return Json{{"registered_model", ToJson(model)}};
  }
  if (!call.path.ends_with("/registered-models/search") && !call.path.ends_with("/registered-models/list")) {
    return absl::UnimplementedError("");
  }
  TRY_ASSIGN(std::vector<ModelView> models, AllModels(""));
  return Search(call, std::move(models), {"name", "timestamp", "creation_timestamp", "last_updated_timestamp"},
                "registered_models");
}

absl::StatusOr<Json> RegistryService::Versions(const Call& call, std::string_view what) {
  if (what == "registered-models/get-latest-versions") {
    TRY_ASSIGN(const std::string name, call.Required("name"));
    TRY_ASSIGN(const ModelView model, Model(name));
    Json versions = Json::array();
    const auto stages = call.lists.find("stages");
    const bool wants_none = stages == call.lists.end() || stages->second.empty() ||
                            std::any_of(stages->second.begin(), stages->second.end(), [](const std::string& stage) {
                              return absl::AsciiStrToLower(stage) == "none";
                            });
    if (const VersionView* latest = model.Latest(); latest != nullptr && wants_none) {
      versions.push_back(ToJson(*latest));
    }
    return Json{{"model_versions", std::move(versions)}};
  }
  if (what == "model-versions/search") {
    TRY_ASSIGN(const std::vector<ModelView> models, AllModels(""));
    std::vector<VersionView> versions;  // the newest of each model first
    for (const ModelView& model : models) {
      versions.insert(versions.end(), model.versions.rbegin(), model.versions.rend());
    }
    return Search(call, std::move(versions), {"name", "version_number", "creation_timestamp", "last_updated_timestamp"},
                  "model_versions");
  }
  if (what != "model-versions/get" && what != "model-versions/get-download-uri") return absl::UnimplementedError("");
  TRY_ASSIGN(const std::string name, call.Required("name"));
  TRY_ASSIGN(const std::string number, call.Required("version"));
  TRY_ASSIGN(const VersionView version, Version(name, number));
  if (what == "model-versions/get") return Json{{"model_version", ToJson(version)}};
  return Json{{"artifact_uri", SourceOf(version)}};
}

absl::StatusOr<Json> RegistryService::Alias(const Call& call) {
  TRY_ASSIGN(const std::string name, call.Required("name"));
  TRY_ASSIGN(const std::string alias, call.Required("alias"));
  const std::string who = call.consumer.empty() ? project_.author() : call.consumer;
  if (call.is_get()) {
    TRY_ASSIGN(const registry::ModelVersion version, project_.registry().Resolve(fmt::format("{}@{}", name, alias)));
    TRY_ASSIGN(const VersionView view, Version(name, fmt::to_string(version.version)));
    return Json{{"model_version", ToJson(view)}};
  }
  TRY_ASSIGN(const ModelView model, Model(name));
  TRY_ASSIGN(const std::optional<int64_t> target, project_.registry().aliases().Target(name, alias));
  if (call.method == "POST") {
    TRY_ASSIGN(const std::string number, call.Required("version"));
    TRY_ASSIGN(const VersionView version, Version(name, number));
    TRY(api::PromoteModel(project_,
                          {.reference = fmt::format("{}@{}", name, version.version),
                           .alias = alias,
                           .expected = target.value_or(0),
                           .reason = "set over MLflow's interface",
                           .author = who},
                          context_)
            .status());
    return Json::object();
  }
  if (call.method != "DELETE") return absl::UnimplementedError("");
  TRY(api::RemoveAlias(project_,
                       {.model = name,
                        .alias = alias,
                        .expected = target,
                        .author = who,
                        .reason = "removed over MLflow's interface"},
                       context_)
          .status());
  return Json::object();
}

absl::StatusOr<net::HttpResponse> RegistryService::Artifacts(const Call& call, std::string_view path) {
  const bool is_list = path.empty() || path == "/";
  std::string wanted(is_list ? call.Text("path") : path);
  while (wanted.starts_with('/')) wanted.erase(0, 1);
  while (wanted.ends_with('/')) wanted.pop_back();
  // models/NAME/VERSION[/PATH]
  const absl::Status nothing = absl::NotFoundError(
      fmt::format("there is no artifact '{}'; those of a version are models/NAME/VERSION/...", wanted));
  constexpr std::string_view kRoot = "models/";
  if (!wanted.starts_with(kRoot)) return nothing;
  const size_t name_end = wanted.find('/', kRoot.size());
  if (name_end == std::string::npos) return nothing;
  const size_t version_end = std::min(wanted.find('/', name_end + 1), wanted.size());
  TRY_ASSIGN(const VersionView version, Version(wanted.substr(kRoot.size(), name_end - kRoot.size()),
                                                wanted.substr(name_end + 1, version_end - name_end - 1)));
  TRY_ASSIGN(const Files* files, FilesOf(version));
  const std::string inner = version_end == wanted.size() ? "" : wanted.substr(version_end + 1);
  if (is_list) return JsonAnswer(ListOf(*files, inner.empty() ? "" : inner + "/"));
  const auto file = files->find(inner);
  if (file == files->end()) return nothing;
  net::HttpResponse response;
  response.content_type = "application/octet-stream";
  response.body = file->second;
  return response;
}

absl::StatusOr<std::vector<ModelView>> RegistryService::AllModels(const std::string& name) {
  registry::Registry& registry = project_.registry();
  TRY_ASSIGN(const std::vector<registry::ModelVersion> versions,
             registry.List(name.empty() ? std::nullopt : std::optional(name)));
  TRY_ASSIGN(const std::vector<registry::AliasMove> aliases, registry.aliases().CurrentOfAll());
  TRY_ASSIGN(const std::vector<registry::StateChange> states, registry.states().CurrentOfAll());
  std::vector<ModelView> models;
  for (const registry::ModelVersion& version : versions) {
    TRY_ASSIGN(VersionView view, ViewOf(version));
    for (const registry::AliasMove& alias : aliases) {
      if (alias.model == view.name && alias.to == view.version) view.aliases.push_back(alias.alias);
    }
    for (const registry::StateChange& state : states) {
      if (state.model != view.name || state.version != view.version) continue;
      view.retired = state.state == registry::VersionState::kRetired;
    }
    if (models.empty() || models.back().name != view.name) models.push_back({.name = view.name});
    models.back().versions.push_back(std::move(view));
  }
  return models;
}

absl::StatusOr<ModelView> RegistryService::Model(const std::string& name) {
  TRY_ASSIGN(std::vector<ModelView> models, AllModels(name));
  if (!models.empty()) return std::move(models.front());
  TRY(project_.registry().Resolve(name).status());  // says what there is
  return absl::NotFoundError(fmt::format("there is no model '{}'", name));
}

absl::StatusOr<VersionView> RegistryService::Version(const std::string& name, const std::string& version) {
  TRY_ASSIGN(const ModelView model, Model(name));
  const std::optional<int64_t> number = VersionNumber(version);
  for (const VersionView& view : model.versions) {
    if (view.version == number) return view;
  }
  return absl::NotFoundError(fmt::format("model '{}' has no version '{}'", name, version));
}

absl::StatusOr<VersionView> RegistryService::ViewOf(const registry::ModelVersion& version) {
  VersionView view{
      .name = version.name, .version = version.version, .author = version.author, .created = version.created};
  const std::string digest = version.manifest.ToHex();
  auto known = tags_.find(digest);
  if (known == tags_.end()) {
    const absl::StatusOr<std::string> lineage = project_.registry().LoadPart(version, "lineage.json");
    if (!lineage.ok() && !absl::IsNotFound(lineage.status())) return lineage.status();
    std::map<std::string, std::string> tags;
    if (lineage.ok()) {
      TRY_ASSIGN(const Json json, ParseJson(*lineage, "lineage.json"));
      tags = TagsOf(json);
    }
    if (tags_.size() >= kTagsKept) tags_.clear();
    known = tags_.emplace(digest, std::move(tags)).first;
  }
  view.tags = known->second;
  view.tags["package"] = digest;
  return view;
}

absl::StatusOr<const Files*> RegistryService::FilesOf(const VersionView& version) {
  const std::string reference = fmt::format("{}@{}", version.name, version.version);
  const auto found = std::find_if(folders_.begin(), folders_.end(),
                                  [&reference](const auto& folder) { return folder.first == reference; });
  if (found != folders_.end()) {
    folders_.splice(folders_.begin(), folders_, found);
  } else {
    TRY_ASSIGN(ModelFolder folder, MakeModelFolder(project_, reference, context_));
    folders_.emplace_front(reference, std::move(folder.files));
    if (folders_.size() > kFoldersKept) folders_.pop_back();
  }
  return &folders_.front().second;
}

}  // namespace roost::mlflow
