#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace roost::net {

/// One header field of a request, without the white space around its value.
struct HttpHeader {
  std::string_view name;
  std::string_view value;
};

class LaterObserver;
class LaterReply;
struct LaterSlot;

/// A whole request, seen in place: valid only while the handler runs.
struct HttpRequest {
  std::string_view method;          ///< as sent: "GET"
  std::string_view path;            ///< still percent-encoded, starts with '/'
  std::string_view query;           ///< what followed '?', or ""
  std::string_view host;            ///< host and port that the client asked for; "" only with HTTP/1.0
  std::vector<HttpHeader> headers;  ///< in their order
  std::string_view body;
  int minor_version = 1;          ///< HTTP/1.minor_version, where `http2` is false
  bool http2 = false;             ///< came over HTTP/2; the names of the fields are in lower case then
  bool tls = false;               ///< came over TLS
  std::string_view peer_name;     ///< common name of the client's certificate under mutual TLS, else ""
  std::string_view peer_address;  ///< from which it came, a proxy's too: "192.0.2.7"; "" where it is not known
  bool keep_alive = true;         ///< the client may send another request
  /// When the server began its turn in which the request was whole; zero where no server has read it. How long a turn
  /// lasts already says how long requests wait for its thread.
  std::chrono::steady_clock::time_point received{};
  LaterSlot* later_slot = nullptr;  ///< the server's place for AnswerLater

  /// The value of the first field of that name, in any case of letters.
  std::optional<std::string_view> Header(std::string_view name) const;

  /// Lets the answer come after the handler has returned, from any thread (later_reply.h). Legal once, while the
  /// handler runs, for a request that a server read, but no part of a conversation; what the handler puts into its
  /// response is ignored then.
  LaterReply AnswerLater() const;
  bool can_answer_later() const { return later_slot != nullptr; }

  /// Lets `observer` know where the handler chooses to answer later; null: nobody. Whoever sets it takes it
  /// back before it is gone. Does nothing where no server has read the request.
  void ObserveLater(LaterObserver* observer) const;
};

/// What handlers tell of a request, for counts and logs; never sent.
struct RequestNotes {
  std::string request_id;  ///< as the answer names it
  std::string consumer;    ///< who called; "": nobody that is known
  std::string model;       ///< that was asked, where it is known
  int64_t version = 0;     ///< that answers; 0: none
  int64_t rows = 0;        ///< that were sent to be scored
};

/// What a handler fills in. The server adds Date, over HTTP/1.1 Content-Length and Connection, over HTTP/2
/// Content-Length where there are no trailers.
struct HttpResponse {
  int status = 200;                                    ///< 200 to 599
  std::string_view content_type = "application/json";  ///< "": no Content-Type. In memory that stays: a constant
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  std::vector<std::pair<std::string, std::string>> trailers;  ///< follow the body over HTTP/2; else not sent
  /// Refused because there is more to do than can be done: the server looks for further requests less often for it.
  bool overloaded = false;
  bool goes_on = false;  ///< to a part of a conversation (http_server.h): the next one is answered, too
  RequestNotes notes;

  /// Adds a field. Control characters in `value` become spaces, so that a value can never begin a field of its own.
  void AddHeader(std::string_view name, std::string_view value);
  /// The same for a trailer.
  void AddTrailer(std::string_view name, std::string_view value);
};

/// "Not Found" for 404, and so on; "Unknown" for codes that are not used here.
std::string_view ReasonPhrase(int status);

/// Whether two texts of the same size are equal but for the case of ASCII letters.
bool SameSizeEqualIgnoringCase(std::string_view a, std::string_view b);

/// Whether the two are equal but for the case of ASCII letters. Fields are looked for often, and most differ in size.
inline bool EqualIgnoringCase(std::string_view a, std::string_view b) {
  return a.size() == b.size() && SameSizeEqualIgnoringCase(a, b);
}

/// Appends the status line and fields of `response` with the empty line after them. `date` is an HTTP date.
void AppendHead(const HttpResponse& response, std::string_view date, bool keep_alive, std::string& bytes);

}  // namespace roost::net
