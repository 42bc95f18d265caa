#include "report/html.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "absl/strings/escaping.h"
#include "base/format.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "embedded_page.h"

namespace roost::report {
namespace {

uint32_t CodePoint(std::string_view character) {
  const auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<uint8_t>(character[i])); };
  switch (character.size()) {
    case 1: return byte(0);
    case 2: return (byte(0) & 0x1f) << 6 | (byte(1) & 0x3f);
    case 3: return (byte(0) & 0x0f) << 12 | (byte(1) & 0x3f) << 6 | (byte(2) & 0x3f);
    default: return (byte(0) & 0x07) << 18 | (byte(1) & 0x3f) << 12 | (byte(2) & 0x3f) << 6 | (byte(3) & 0x3f);
  }
}

bool IsControl(uint32_t code) { return code < 0x20 || (code >= 0x7f && code < 0xa0); }

// Characters that take no room, turn the direction of what follows, or are none (Unicode 15, general category Cf and
// the separators; noncharacters). The joiners U+200C and U+200D too: in data they are far more often a fault.
bool IsInvisible(uint32_t code) {
  struct Range {
    uint32_t first, last;
  };
  constexpr Range kInvisible[] = {{0xad, 0xad},     {0x61c, 0x61c},    {0x180e, 0x180e}, {0x200b, 0x200f},
                                  {0x2028, 0x202e}, {0x2060, 0x206f},  {0xfdd0, 0xfdef}, {0xfeff, 0xfeff},
                                  {0xfff9, 0xfffb}, {0xe0000, 0xe007f}};
  if ((code & 0xfffe) == 0xfffe) return true;
  return std::any_of(std::begin(kInvisible), std::end(kInvisible),
                     [code](const Range& range) { return range.first <= code && code <= range.last; });
}

// What stands for the first character of `rest`, and how many bytes that is.
struct Piece {
  std::string text;
  size_t bytes = 1;
  bool is_spelled = false;  // a character made visible
};

Piece Next(std::string_view rest) {
  const size_t length = CharacterLength(rest);
  if (length == 0) return {fmt::format("\\x{:02x}", static_cast<uint8_t>(rest[0])), 1, true};
  const std::string_view character = rest.substr(0, length);
  const uint32_t code = CodePoint(character);
  if (IsControl(code)) return {fmt::format("\\x{:02x}", code), length, true};
  if (IsInvisible(code)) return {fmt::format("\\u{{{:x}}}", code), length, true};
  switch (code) {
    case '&': return {"&amp;", 1};
    case '<': return {"&lt;", 1};
    case '>': return {"&gt;", 1};
    case '"': return {"&quot;", 1};
    case '\'': return {"&#39;", 1};
    default: return {std::string(character), length};
  }
}

// Number of blanks at the end.
size_t TrailingBlanks(std::string_view text) { return text.size() - (text.find_last_not_of(' ') + 1); }

// Takes pieces, with a mark around each run of those that were spelled out.
class MarkedText {
 public:
  void Add(std::string_view piece, bool is_spelled) {
    if (is_spelled != in_mark_) text_ += is_spelled ? "<u>" : "</u>";
    in_mark_ = is_spelled;
    text_ += piece;
  }
  std::string Finish() && {
    if (in_mark_) text_ += "</u>";
    return std::move(text_);
  }

 private:
  std::string text_;
  bool in_mark_ = false;
};

// `text` in its element, with "…" at its end where it was cut.
std::string Isolated(std::string_view text, size_t max_characters, bool& is_cut) {
  if (text.empty()) return "<bdi class=e>empty</bdi>";
  const size_t leading = std::min(text.size(), text.find_first_not_of(' '));
  const size_t trailing = text.size() - TrailingBlanks(text);
  MarkedText marked;
  size_t at = 0;
  for (size_t shown = 0; at < text.size() && shown < max_characters; ++shown) {
    Piece piece = Next(text.substr(at));
    const bool is_blank = text[at] == ' ' && (at < leading || at >= trailing);
    marked.Add(is_blank ? "␣" : piece.text, is_blank || piece.is_spelled);
    at += piece.bytes;
  }
  is_cut = at < text.size();
  return fmt::format("<bdi>{}{}</bdi>", std::move(marked).Finish(), is_cut ? "…" : "");
}

}  // namespace

std::string Escape(std::string_view text) {
  std::string escaped;
  escaped.reserve(text.size());
  while (!text.empty()) {
    const Piece piece = Next(text);
    escaped += piece.text;
    text.remove_prefix(piece.bytes);
  }
  return escaped;
}

std::string Foreign(std::string_view text, size_t max_characters) {
  bool is_cut = false;
  std::string html = Isolated(text, max_characters, is_cut);
  if (is_cut) html += fmt::format(" <small>{}</small>", FormatBytes(static_cast<int64_t>(text.size())));
  return html;
}

std::string BriefForeign(std::string_view text, size_t max_characters) {
  bool is_cut = false;
  return Isolated(text, max_characters, is_cut);
}

std::string Page(std::string_view title, std::string_view body) {
  const Digest digest = Sha256(embedded::kScript);
  const std::string hash =
      absl::Base64Escape(absl::string_view(reinterpret_cast<const char*>(digest.bytes.data()), digest.bytes.size()));
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n"
      "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'unsafe-inline'; "
      "script-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=viewport content=\"width=device-width,initial-scale=1\">\n"
      "<meta name=color-scheme content=\"light dark\">\n<meta name=generator content=roost>\n"
      "<title>{}</title>\n<link rel=icon href=\"data:,\">\n<style>{}</style>\n</head>\n<body>\n<main>\n{}</main>\n"
      "<script>{}</script>\n</body>\n</html>\n",
      hash, Escape(title), embedded::kStyle, body, embedded::kScript);
}

std::string PageHeader(std::string_view kind, const ReportOptions& options) {
  constexpr size_t kNameCharacters = 120;
  std::string html =
      fmt::format("<header><p class=kind>{}</p><h1>{}</h1>", kind, Foreign(options.name, kNameCharacters));
  if (!options.subtitle.empty()) html += fmt::format("<p class=sub>{}</p>", Escape(options.subtitle));
  return html;
}

}  // namespace roost::report
