#include "config/serve.h"

#include <algorithm>

#include "base/status.h"

namespace roost::config {
namespace {

constexpr int64_t kMaxVersions = 1'000;     // of one model, in memory at once
constexpr int64_t kMaxBatchSize = 100'000;  // rows

absl::Status ReadNumbers(const YamlNode& node, ServedVersions& served) {
  if (!node.IsList() || node.Elements().empty()) return node.Error("want a list with one version number or more");
  for (const YamlNode& element : node.Elements()) {
    TRY_ASSIGN(const int64_t version, ReadInteger(element, {.min = 1}));
    if (std::find(served.versions.begin(), served.versions.end(), version) != served.versions.end()) {
      return element.Error("this version is named twice");
    }
    served.versions.push_back(version);
  }
  return absl::OkStatus();
}

Declaration<ServedVersions> DeclareVersions() {
  Declaration<ServedVersions> versions;
  versions.Integer("latest", &ServedVersions::latest, {.min = 1, .max = kMaxVersions}, "so many of the newest")
      .Custom("numbers", "list of whole numbers", "", "these versions", Presence::kOptional, ReadNumbers)
      .Shaped(ValueShape::List(ValueShape::Integer({.min = 1})))
      .Texts("aliases", &ServedVersions::aliases, "the versions that these aliases point at");
  return versions;
}

absl::Status ReadVersions(const YamlNode& node, ServedModel& model) {
  model.versions = {};
  if (node.IsScalar() && node.scalar() == "all") {
    model.versions.all = true;
    return absl::OkStatus();
  }
  if (node.IsList()) return ReadNumbers(node, model.versions);
  if (!node.IsMap() || node.Members().empty()) {
    return node.Error("want all, a list of version numbers, or a mapping with latest, numbers or aliases");
  }
  return DeclareVersions().keys()->Read(node, &model.versions);
}

absl::Status ReadPreferredSizes(const YamlNode& node, BatchingConfig& batching) {
  if (!node.IsList() || node.Elements().empty()) return node.Error("want a list with one number of rows or more");
  for (const YamlNode& element : node.Elements()) {
    TRY_ASSIGN(const int64_t size, ReadInteger(element, {.min = 1, .max = kMaxBatchSize}));
    batching.preferred_batch_size.push_back(size);
  }
  std::sort(batching.preferred_batch_size.begin(), batching.preferred_batch_size.end());
  return absl::OkStatus();
}

Declaration<BatchingConfig> DeclareBatching() {
  constexpr int64_t kMaxMicroseconds = 3'600'000'000;
  Declaration<BatchingConfig> batching;
  batching
      .Integer("max_batch_size", &BatchingConfig::max_batch_size, {.min = 1, .max = kMaxBatchSize},
               "rows of several requests that are scored with one call; 1: requests are never merged")
      .Custom("preferred_batch_size", "list of whole numbers", "",
              "numbers of rows at which a batch goes at once, before `max_queue_delay_microseconds` is over",
              Presence::kOptional, ReadPreferredSizes)
      .Shaped(ValueShape::List(ValueShape::Integer({.min = 1, .max = kMaxBatchSize})))
      .Integer("max_queue_delay_microseconds", &BatchingConfig::max_queue_delay_microseconds,
               {.min = 0, .max = kMaxMicroseconds},
               "how long a request waits for others to be merged with; 0: for none, and what waits is merged")
      .Integer("max_queue_size", &BatchingConfig::max_queue_size, {.min = 0, .max = 1'000'000},
               "requests of a version that wait; 0: only `max_queue_ms` limits them")
      .Integer("default_timeout_microseconds", &BatchingConfig::default_timeout_microseconds,
               {.min = 0, .max = kMaxMicroseconds},
               "after which a request that names no time of its own is not scored any more; 0: never");
  return batching;
}

Declaration<ServedModel> DeclareServedModel() {
  using Queue = ServedModel::Queue;
  Declaration<ServedModel> model;
  model
      .Custom("versions", "`all`, a list of numbers, or a mapping", "{latest: 1}",
              "which versions are served: all that any of its keys names", Presence::kOptional, ReadVersions,
              DeclareVersions().keys())
      .Shaped(ValueShape::Either({ValueShape::Choice({"all"}), ValueShape::List(ValueShape::Integer({.min = 1})),
                                  ValueShape::Section(DeclareVersions().keys())}))
      .Choice("queue", &ServedModel::queue,
              {{"auto", Queue::kAuto}, {"inline", Queue::kInline}, {"workers", Queue::kWorkers}},
              "where requests are scored: on the thread that reads them, or by the workers; auto: ONNX models of more "
              "than 50 microseconds a row by the workers")
      .Section("batching", &ServedModel::batching, DeclareBatching(), "of requests that the workers score")
      .Integer("intra_op_threads", &ServedModel::intra_op_threads, {.min = 1, .max = 1024},
               "threads of ONNX Runtime for one call");
  return model;
}

absl::Status ReadModels(const YamlNode& node, ServeConfig& serve) {
  if (!node.IsMap() || node.Members().empty()) return node.Error("want a mapping from the names of models");
  for (const YamlNode::Member& member : node.Members()) {
    if (const absl::Status bad = CheckName(member.name); !bad.ok()) return member.key.Error(std::string(bad.message()));
    ServedModel model;
    TRY(DeclareServedModel().keys()->Read(member.value, &model));
    serve.models[member.name] = std::move(model);
  }
  return absl::OkStatus();
}

constexpr NumberBounds kPerSecond{.min = 0.001, .max = 1e6};
constexpr NumberBounds kBurst{.min = 1, .max = 1e6};

template <typename T>
void DeclareLimits(Declaration<T>& limits) {
  limits.OptionalNumber("per_second", &T::per_second, kPerSecond, "calls a second in the long run")
      .OptionalNumber("burst", &T::burst, kBurst,
                      "calls at once after a pause; by default as many as `per_second`, at least 1");
}

absl::Status CheckLimits(const YamlNode& node, const RateLimits& limits) {
  if (limits.burst.has_value() && !limits.per_second.has_value()) return node.Error("'burst' needs 'per_second'");
  return absl::OkStatus();
}

Declaration<RateLimits> DeclareRate() {
  Declaration<RateLimits> rate;
  DeclareLimits(rate);
  return rate;
}

Declaration<ConsumerConfig> DeclareConsumer() {
  Declaration<ConsumerConfig> consumer;
  DeclareLimits(consumer);
  consumer.OptionalChoice(
      "certificate", &ConsumerConfig::certificate,
      std::vector<std::pair<std::string, std::string>>{{"infer", "infer"}, {"read", "read"}, {"admin", "admin"}},
      "the role of a client whose certificate has this name (`tls.client_ca`); without it a "
      "certificate opens nothing");
  return consumer;
}

absl::Status ReadRate(const YamlNode& node, ServeConfig& serve) {
  TRY(DeclareRate().keys()->Read(node, &serve.rate));
  return CheckLimits(node, serve.rate);
}

absl::Status ReadConsumers(const YamlNode& node, ServeConfig& serve) {
  if (!node.IsMap() || node.Members().empty()) return node.Error("want a mapping from the names of consumers");
  for (const YamlNode::Member& member : node.Members()) {
    if (const absl::Status bad = CheckName(member.name); !bad.ok()) return member.key.Error(std::string(bad.message()));
    ConsumerConfig consumer;
    TRY(DeclareConsumer().keys()->Read(member.value, &consumer));
    TRY(CheckLimits(member.value, consumer));
    if (member.name == "anonymous" && consumer.certificate.has_value()) {
      return member.value.Error("'anonymous' means callers that nobody knows: no certificate is theirs");
    }
    serve.consumers[member.name] = std::move(consumer);
  }
  return absl::OkStatus();
}

Declaration<TlsFiles> DeclareTls() {
  Declaration<TlsFiles> tls;
  tls.Text("certificate", &TlsFiles::certificate, "PEM file with the server's certificate, then those that signed it",
           Presence::kRequired)
      .Text("key", &TlsFiles::key, "PEM file with its key, without a passphrase", Presence::kRequired)
      .Text("client_ca", &TlsFiles::client_ca,
            "PEM file with authorities: only clients whose certificate one of them has signed may connect");
  return tls;
}

}  // namespace

Declaration<ServeConfig> DeclareServe() {
  Declaration<ServeConfig> serve;
  serve
      .Text("host", &ServeConfig::host,
            "the name or address to listen on; others than loopback ones need tokens and TLS (docs/access.md)")
      .Integer("port", &ServeConfig::port, {.min = 0, .max = 65535}, "the port; 0 takes any free one")
      .Integer("threads", &ServeConfig::threads, {.min = 0, .max = 1024}, "0: one per core that the process may use")
      .Section("tls", &ServeConfig::tls, DeclareTls(), "the server's certificate; files, relative to the project")
      .Text("tokens", &ServeConfig::tokens,
            "a file that `roost token export` made, in place of the workspace's tokens; relative to the project")
      .OptionalChoice("anonymous", &ServeConfig::anonymous,
                      std::vector<std::pair<std::string, bool>>{{"allow", true}, {"refuse", false}},
                      "callers without a token; by default they are allowed on a loopback address only")
      .Flag("plaintext", &ServeConfig::plaintext, "whether an address that is not loopback may go without TLS")
      .Texts("hosts", &ServeConfig::hosts,
             "names by which clients call, beside loopback names; by default any, where `host` is not loopback")
      .Custom("rate", "section", "", "how often each consumer may call", Presence::kOptional, ReadRate,
              DeclareRate().keys())
      .Shaped(ValueShape::Section(DeclareRate().keys()))
      .Custom("consumers", "mapping from the names of consumers", "",
              "a rate of its own, or a certificate; `anonymous` means all callers without a token together",
              Presence::kOptional, ReadConsumers, DeclareConsumer().keys())
      .Shaped(ValueShape::Named(ValueShape::Section(DeclareConsumer().keys()), kNamePattern))
      .Custom("models", "mapping from the names of models", "",
              "how a model is served; of models that are not named here the latest version", Presence::kOptional,
              ReadModels, DeclareServedModel().keys())
      .Shaped(ValueShape::Named(ValueShape::Section(DeclareServedModel().keys()), kNamePattern))
      .Integer("workers", &ServeConfig::workers, {.min = 0, .max = 1024},
               "threads that score slow models; 0: one per core that the process may use")
      .Integer("max_queue_ms", &ServeConfig::max_queue_ms, {.min = 1, .max = 3'600'000},
               "requests that would wait longer are refused at once, with 503 and Retry-After")
      .Number("watch_seconds", &ServeConfig::watch_seconds, {.min = 0.05, .max = 86'400},
              "how often the server looks for new versions and moved aliases")
      .Integer("memory_mb", &ServeConfig::memory_mb, {.min = 0, .max = 1'000'000'000},
               "for all models together, in MB; 0: no limit")
      .Flag("evict", &ServeConfig::evict,
            "whether a new version may push the least recently used ones of other models out of `memory_mb`")
      .Text("access_log", &ServeConfig::access_log,
            "the file of the access log, relative to the project; `-` for stderr; by default there is none")
      .Number("access_log_sample", &ServeConfig::access_log_sample, {.min = 0, .max = 1},
              "the share of requests without an error that is logged");
  return serve;
}

}  // namespace roost::config
