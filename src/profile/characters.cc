#include "profile/characters.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "base/utf8.h"

namespace roost::profile {
namespace {

// Ascending and apart: characters beyond ASCII that are neither letters, marks nor digits.
struct Range {
  char32_t first;
  char32_t last;
};
constexpr Range kOthers[] = {
    {0x80, 0xa9},       {0xab, 0xb1},       {0xb4, 0xb4},        // Latin-1 signs
    {0xb6, 0xb8},       {0xbb, 0xbb},       {0xbf, 0xbf},        //
    {0xd7, 0xd7},       {0xf7, 0xf7},                            // multiplication, division
    {0x2c2, 0x2c5},     {0x2d2, 0x2df},     {0x2ef, 0x2ff},      // modifier signs
    {0x37e, 0x37e},     {0x387, 0x387},     {0x482, 0x482},      // Greek, Cyrillic
    {0x55a, 0x55f},     {0x589, 0x58f},                          // Armenian
    {0x5be, 0x5be},     {0x5c0, 0x5c0},     {0x5c3, 0x5c3},      // Hebrew
    {0x5f3, 0x60f},     {0x61b, 0x61f},     {0x66a, 0x66d},      // Arabic
    {0x6d4, 0x6d4},     {0x700, 0x70f},                          //
    {0x964, 0x965},     {0x970, 0x970},     {0xe3f, 0xe3f},      // Devanagari, Thai
    {0xe4f, 0xe4f},     {0xe5a, 0xe5b},     {0x1360, 0x1368},    // Ethiopic
    {0x17d4, 0x17d6},   {0x17d8, 0x17db},   {0x1800, 0x180a},    // Khmer, Mongolian
    {0x2000, 0x206f},   {0x207a, 0x207e},   {0x208a, 0x208e},    // general punctuation, superscripts
    {0x20a0, 0x20cf},   {0x2100, 0x2101},   {0x2103, 0x2106},    // currencies, letterlike symbols
    {0x2116, 0x2118},   {0x211e, 0x2123},   {0x218a, 0x245f},    // arrows, mathematics, technical
    {0x249c, 0x24e9},   {0x2500, 0x2775},   {0x2794, 0x2bff},    // shapes, dingbats
    {0x2e00, 0x2e2e},   {0x2e30, 0x3004},   {0x3008, 0x3020},    // CJK punctuation and radicals
    {0x3030, 0x3030},   {0x303d, 0x303f},   {0x30fb, 0x30fb},    //
    {0x31c0, 0x31ef},   {0x3200, 0x321e},   {0x322a, 0x3247},    // enclosed CJK
    {0x3260, 0x327f},   {0x328a, 0x32b0},   {0x32c0, 0x33ff},    //
    {0x4dc0, 0x4dff},   {0xa490, 0xa4cf},                        // hexagrams, Yi radicals
    {0xd800, 0xf8ff},                                            // surrogates, private use
    {0xfd3e, 0xfd4f},   {0xfdfc, 0xfdff},   {0xfe10, 0xfe19},    // Arabic signs, vertical forms
    {0xfe30, 0xfe6b},   {0xfeff, 0xff0f},   {0xff1a, 0xff20},    // small and full-width punctuation
    {0xff3b, 0xff40},   {0xff5b, 0xff65},   {0xffe0, 0xffff},    //
    {0x1d000, 0x1d3ff}, {0x1f000, 0x1fbef}, {0xe0000, 0x10ffff}  // music, emoji; tags, private use
};

// Zero of each row of ten digits.
constexpr char32_t kZeros[] = {0x660, 0x6f0, 0x7c0, 0x966, 0x9e6, 0xa66,  0xae6,  0xb66,  0xbe6, 0xc66,
                               0xce6, 0xd66, 0xe50, 0xed0, 0xf20, 0x1040, 0x17e0, 0x1810, 0xff10};

// Upper case from `first` to `last`, every `step`, whose lower case is `up` further; ascending and apart.
struct Case {
  char32_t first;
  char32_t last;
  int32_t step;
  int32_t up;
};
constexpr Case kCases[] = {
    {0xc0, 0xd6, 1, 32},    {0xd8, 0xde, 1, 32},     {0x100, 0x12e, 2, 1},   {0x130, 0x130, 1, -199},
    {0x132, 0x136, 2, 1},   {0x139, 0x147, 2, 1},    {0x14a, 0x176, 2, 1},   {0x178, 0x178, 1, -121},
    {0x179, 0x17d, 2, 1},   {0x18f, 0x18f, 1, 202},  {0x1a0, 0x1a4, 2, 1},   {0x1af, 0x1af, 1, 1},
    {0x1cd, 0x1db, 2, 1},   {0x1de, 0x1ee, 2, 1},    {0x1f8, 0x21e, 2, 1},   {0x222, 0x232, 2, 1},
    {0x386, 0x386, 1, 38},  {0x388, 0x38a, 1, 37},   {0x38c, 0x38c, 1, 64},  {0x38e, 0x38f, 1, 63},
    {0x391, 0x3a1, 1, 32},  {0x3a3, 0x3ab, 1, 32},   {0x400, 0x40f, 1, 80},  {0x410, 0x42f, 1, 32},
    {0x460, 0x480, 2, 1},   {0x48a, 0x4be, 2, 1},    {0x4c0, 0x4c0, 1, 15},  {0x4c1, 0x4cd, 2, 1},
    {0x4d0, 0x52e, 2, 1},   {0x531, 0x556, 1, 48},   {0x1e00, 0x1e94, 2, 1}, {0x1e9e, 0x1e9e, 1, -7615},
    {0x1ea0, 0x1efe, 2, 1}, {0xff21, 0xff3a, 1, 32},
};

bool IsOther(char32_t code) {
  const auto* range = std::lower_bound(std::begin(kOthers), std::end(kOthers), code,
                                       [](const Range& a, char32_t value) { return a.last < value; });
  return range != std::end(kOthers) && code >= range->first;
}

bool IsDigit(char32_t code) {
  const auto* above = std::upper_bound(std::begin(kZeros), std::end(kZeros), code);
  return above != std::begin(kZeros) && code - above[-1] < 10;
}

// The letters that are in upper case there, or null.
const Case* CaseOf(char32_t code) {
  const auto* letters = std::lower_bound(std::begin(kCases), std::end(kCases), code,
                                         [](const Case& a, char32_t value) { return a.last < value; });
  if (letters == std::end(kCases) || code < letters->first) return nullptr;
  return (code - letters->first) % static_cast<char32_t>(letters->step) == 0 ? letters : nullptr;
}

constexpr std::array<CharacterKind, 128> kAscii = [] {
  std::array<CharacterKind, 128> kinds{};
  for (char c = 'A'; c <= 'Z'; ++c) kinds[static_cast<size_t>(c)] = CharacterKind::kUpper;
  for (char c = 'a'; c <= 'z'; ++c) kinds[static_cast<size_t>(c)] = CharacterKind::kLower;
  for (char c = '0'; c <= '9'; ++c) kinds[static_cast<size_t>(c)] = CharacterKind::kDigit;
  return kinds;
}();

}  // namespace

Character FirstCharacter(std::string_view text) {
  const auto byte = [text](size_t i) { return static_cast<char32_t>(static_cast<uint8_t>(text[i])); };
  switch (CharacterLength(text)) {
    case 1: return {byte(0), 1};
    case 2: return {(byte(0) & 0x1f) << 6 | (byte(1) & 0x3f), 2};
    case 3: return {(byte(0) & 0x0f) << 12 | (byte(1) & 0x3f) << 6 | (byte(2) & 0x3f), 3};
    case 4: return {(byte(0) & 7) << 18 | (byte(1) & 0x3f) << 12 | (byte(2) & 0x3f) << 6 | (byte(3) & 0x3f), 4};
    default: return {kReplacement, 1};
  }
}

CharacterKind KindOf(char32_t code) {
  if (code < kAscii.size()) return kAscii[code];
  if (IsOther(code)) return CharacterKind::kOther;
  if (IsDigit(code)) return CharacterKind::kDigit;
  return CaseOf(code) != nullptr ? CharacterKind::kUpper : CharacterKind::kLower;
}

char32_t LowerOf(char32_t code) {
  if (code < kAscii.size()) return kAscii[code] == CharacterKind::kUpper ? code + ('a' - 'A') : code;
  const Case* letters = CaseOf(code);
  return letters == nullptr ? code : static_cast<char32_t>(static_cast<int32_t>(code) + letters->up);
}

bool EqualsInAnyCase(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char c, char letter) { return c == letter || c == letter - ('a' - 'A'); });
}

void AppendCharacter(std::string& text, char32_t code) {
  const auto append = [&text](char32_t byte) { text += static_cast<char>(byte); };
  if (code < 0x80) return append(code);
  if (code < 0x800) {
    append(0xc0 | code >> 6);
  } else {
    if (code < 0x10000) {
      append(0xe0 | code >> 12);
    } else {
      append(0xf0 | code >> 18);
      append(0x80 | (code >> 12 & 0x3f));
    }
    append(0x80 | (code >> 6 & 0x3f));
  }
  append(0x80 | (code & 0x3f));
}

}  // namespace roost::profile
