#include "net/http_client.h"

#include <curl/curl.h>

#include <fmt/format.h>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "base/shared_library.h"
#include "base/status.h"

namespace roost::net {
namespace {

/// The functions that are used of libcurl (the macros of its header check the arguments of calls by these names only).
struct Libcurl {
  CURLcode (*global_init)(long);
  CURL* (*easy_init)();
  void (*easy_cleanup)(CURL*);
  void (*easy_reset)(CURL*);
  CURLcode (*easy_setopt)(CURL*, CURLoption, ...);
  CURLcode (*easy_getinfo)(CURL*, CURLINFO, ...);
  CURLcode (*easy_perform)(CURL*);
  const char* (*easy_strerror)(CURLcode);
  curl_slist* (*slist_append)(curl_slist*, const char*);
  void (*slist_free_all)(curl_slist*);
};

absl::StatusOr<Libcurl> OpenLibrary() {
  TRY_ASSIGN(const SharedLibrary library, SharedLibrary::Open("libcurl.so.4"));
  Libcurl curl{};
  TRY(library.Find("curl_global_init", curl.global_init));
  TRY(library.Find("curl_easy_init", curl.easy_init));
  TRY(library.Find("curl_easy_cleanup", curl.easy_cleanup));
  TRY(library.Find("curl_easy_reset", curl.easy_reset));
  TRY(library.Find("curl_easy_setopt", curl.easy_setopt));
  TRY(library.Find("curl_easy_getinfo", curl.easy_getinfo));
  TRY(library.Find("curl_easy_perform", curl.easy_perform));
  TRY(library.Find("curl_easy_strerror", curl.easy_strerror));
  TRY(library.Find("curl_slist_append", curl.slist_append));
  TRY(library.Find("curl_slist_free_all", curl.slist_free_all));
  if (curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return absl::InternalError("libcurl does not start");
  return curl;
}

absl::StatusOr<const Libcurl*> Load() {
  static const absl::StatusOr<Libcurl> curl = OpenLibrary();
  if (curl.ok()) return &*curl;
  return WithHint(absl::FailedPreconditionError(fmt::format("the library for requests over HTTP cannot be loaded: {}",
                                                            std::string(curl.status().message()))),
                  "On Debian: apt-get install libcurl4");
}

/// What libcurl's callbacks write and read while a request runs.
struct Exchange {
  IncomingResponse response;
  size_t max_bytes = 0;
  bool too_long = false;
  const Cancellation* cancellation = nullptr;
};

size_t TakeBody(char* data, size_t size, size_t count, void* where) {
  auto& exchange = *static_cast<Exchange*>(where);
  const size_t bytes = size * count;
  exchange.too_long = exchange.response.body.size() + bytes > exchange.max_bytes;
  if (exchange.too_long) return 0;
  exchange.response.body.append(data, bytes);
  return bytes;
}

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return "";
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

size_t TakeHeader(char* data, size_t size, size_t count, void* where) {
  auto& response = static_cast<Exchange*>(where)->response;
  const std::string_view line(data, size * count);
  // An interim answer ("100 Continue") comes with a head of its own: the last one counts.
  if (line.starts_with("HTTP/")) response.headers.clear();
  const size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    response.headers.emplace_back(Trimmed(line.substr(0, colon)), Trimmed(line.substr(colon + 1)));
  }
  return size * count;
}

int StopsWhenCancelled(void* where, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const auto& exchange = *static_cast<Exchange*>(where);
  return exchange.cancellation != nullptr && exchange.cancellation->cancelled() ? 1 : 0;
}

bool HasControlCharacters(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

absl::Status CheckRequest(const OutgoingRequest& request) {
  if (!request.url.starts_with("http://") && !request.url.starts_with("https://")) {
    return absl::InvalidArgumentError(
        fmt::format("{}: no URL of a server; want http:// or https://", ShownUrl(request.url)));
  }
  for (const auto& [name, value] : request.headers) {
    if (name.empty() || HasControlCharacters(name) || HasControlCharacters(value)) {
      return absl::InvalidArgumentError(fmt::format("the header '{}' has a line break", name));
    }
  }
  return absl::OkStatus();
}

absl::Status StatusOf(CURLcode code, const Exchange& exchange, const char* reason, const std::string& url) {
  const std::string text = fmt::format("{}: {}", url, reason);
  if (exchange.too_long) {
    return absl::OutOfRangeError(fmt::format("{}: the answer is longer than {} bytes", url, exchange.max_bytes));
  }
  switch (code) {
    case CURLE_ABORTED_BY_CALLBACK: return absl::CancelledError("interrupted");
    case CURLE_OPERATION_TIMEDOUT: return absl::DeadlineExceededError(text);
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_SSL_CACERT_BADFILE: return absl::InvalidArgumentError(text);
    default: return absl::UnavailableError(text);
  }
}

}  // namespace

std::string_view IncomingResponse::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (absl::EqualsIgnoreCase({key.data(), key.size()}, {name.data(), name.size()})) return value;
  }
  return "";
}

std::string ShownUrl(std::string_view url) {
  std::string shown(url.substr(0, url.find_first_of("?#")));
  const size_t scheme = shown.find("://");
  const size_t host = scheme == std::string::npos ? 0 : scheme + 3;
  const size_t at = shown.substr(0, shown.find('/', host)).rfind('@');
  if (at != std::string::npos && at >= host) shown.erase(host, at + 1 - host);
  return shown;
}

struct HttpClient::State {
  State(const Libcurl* library, CURL* handle) : curl(library), easy(handle) {}
  ~State() { curl->easy_cleanup(easy); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  const Libcurl* curl;
  CURL* easy;
};

HttpClient::HttpClient(std::unique_ptr<State> state) : state_(std::move(state)) {}
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;
HttpClient::~HttpClient() = default;

absl::StatusOr<HttpClient> HttpClient::Open() {
  TRY_ASSIGN(const Libcurl* curl, Load());
  CURL* easy = curl->easy_init();
  if (easy == nullptr) return absl::ResourceExhaustedError("no memory for requests over HTTP");
  return HttpClient(std::make_unique<State>(curl, easy));
}

absl::StatusOr<IncomingResponse> HttpClient::Send(const OutgoingRequest& request, const Context& context) {
  TRY(CheckRequest(request));
  TRY(context.CheckCancelled());
  const Libcurl& curl = *state_->curl;
  CURL* easy = state_->easy;
  curl.easy_reset(easy);  // keeps connections
  const auto set = [&](CURLoption option, auto value) { curl.easy_setopt(easy, option, value); };

  Exchange exchange{.max_bytes = request.max_answer_bytes, .cancellation = context.cancellation};
  char reason[CURL_ERROR_SIZE] = "";
  set(CURLOPT_ERRORBUFFER, reason);
  set(CURLOPT_URL, request.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https");
  set(CURLOPT_NOSIGNAL, 1L);  // other threads run
  set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(absl::ToInt64Milliseconds(request.connect_timeout)));
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(absl::ToInt64Milliseconds(request.timeout)));
  set(CURLOPT_WRITEFUNCTION, &TakeBody);
  set(CURLOPT_WRITEDATA, &exchange);
  set(CURLOPT_HEADERFUNCTION, &TakeHeader);
  set(CURLOPT_HEADERDATA, &exchange);
  set(CURLOPT_NOPROGRESS, 0L);
  set(CURLOPT_XFERINFOFUNCTION, &StopsWhenCancelled);
  set(CURLOPT_XFERINFODATA, &exchange);
  if (!request.ca_file.empty()) set(CURLOPT_CAINFO, request.ca_file.c_str());

  if (request.method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  } else if (!request.body.empty() || request.method == "POST" || request.method == "PUT" ||
             request.method == "PATCH") {
    set(CURLOPT_POST, 1L);
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    set(CURLOPT_POSTFIELDS, request.body.data());
  }
  if (request.method != "HEAD") set(CURLOPT_CUSTOMREQUEST, request.method.c_str());

  // "Expect: 100-continue" makes servers that do not know it wait; a form is never what is sent.
  curl_slist* fields = curl.slist_append(nullptr, "Expect:");
  bool has_type = false;
  for (const auto& [name, value] : request.headers) {
    has_type = has_type || absl::EqualsIgnoreCase(name, "Content-Type");
    fields = curl.slist_append(fields, value.empty() ? (name + ";").c_str() : (name + ": " + value).c_str());
  }
  if (!has_type) fields = curl.slist_append(fields, "Content-Type:");
  set(CURLOPT_HTTPHEADER, fields);
  const CURLcode code = curl.easy_perform(easy);
  curl.slist_free_all(fields);
  if (code != CURLE_OK) {
    return StatusOf(code, exchange, *reason != '\0' ? reason : curl.easy_strerror(code), ShownUrl(request.url));
  }
  long status = 0;
  curl.easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  exchange.response.status = static_cast<int>(status);
  return std::move(exchange.response);
}

}  // namespace roost::net
