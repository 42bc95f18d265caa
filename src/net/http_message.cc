#include "net/http_message.h"

#include <algorithm>
#include <charconv>

namespace roost::net {
namespace {

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

void AppendNumber(size_t value, std::string& bytes) {
  char digits[20];
  bytes.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

void AppendField(std::string_view name, std::string_view value, std::string& bytes) {
  bytes.append(name).append(": ").append(value).append("\r\n");
}

std::string WithoutControls(std::string_view value) {
  std::string clean(value);
  std::replace_if(
      clean.begin(), clean.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return clean;
}

}  // namespace

bool SameSizeEqualIgnoringCase(std::string_view a, std::string_view b) {
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i] && Lower(a[i]) != Lower(b[i])) return false;
  }
  return true;
}

std::optional<std::string_view> HttpRequest::Header(std::string_view name) const {
  for (const HttpHeader& header : headers) {
    if (EqualIgnoringCase(header.name, name)) return header.value;
  }
  return std::nullopt;
}

void HttpResponse::AddHeader(std::string_view name, std::string_view value) {
  headers.emplace_back(std::string(name), WithoutControls(value));
}

void HttpResponse::AddTrailer(std::string_view name, std::string_view value) {
  trailers.emplace_back(std::string(name), WithoutControls(value));
}

std::string_view ReasonPhrase(int status) {
  switch (status) {
    case 200: return "OK";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 499: return "Client Closed Request";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    default: return "Unknown";
  }
}

void AppendHead(const HttpResponse& response, std::string_view date, bool keep_alive, std::string& bytes) {
  bytes.append("HTTP/1.1 ");
  AppendNumber(static_cast<size_t>(response.status), bytes);
  bytes.append(" ").append(ReasonPhrase(response.status)).append("\r\n");
  AppendField("Date", date, bytes);
  if (!response.content_type.empty()) AppendField("Content-Type", response.content_type, bytes);
  for (const auto& [name, value] : response.headers) AppendField(name, value, bytes);
  bytes.append("Content-Length: ");
  AppendNumber(response.body.size(), bytes);
  bytes.append(keep_alive ? "\r\nConnection: keep-alive\r\n\r\n" : "\r\nConnection: close\r\n\r\n");
}

}  // namespace roost::net
