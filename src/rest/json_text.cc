#include "rest/json_text.h"

#include <cstddef>

namespace roost::rest {

void AppendJsonString(std::string_view text, std::string& json) {
  constexpr std::string_view kHex = "0123456789abcdef";
  json.push_back('"');
  size_t begin = 0;  // of what is not yet appended and needs no escape
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
    json.append(text.substr(begin, i - begin));
    begin = i + 1;
    if (byte >= 0x20) {
      json.push_back('\\');
      json.push_back(text[i]);
    } else {
      json.append("\\u00");
      json.push_back(kHex[byte >> 4]);
      json.push_back(kHex[byte & 15]);
    }
  }
  json.append(text.substr(begin));
  json.push_back('"');
}

}  // namespace roost::rest
