#include "expr/lexer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "base/status.h"
#include "expr/syntax.h"

namespace roost::expr {
namespace {

constexpr std::array<std::string_view, 9> kWords{"and", "or", "not", "is", "null", "in", "between", "true", "false"};

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
// Every byte of a letter beyond ASCII may stand in a plain name.
bool IsNameStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool IsNamePart(char c) { return IsNameStart(c) || IsDigit(c); }

// What people of other languages write, and what it is called here.
std::string_view HintFor(std::string_view rest) {
  if (rest.starts_with("&&")) return "write 'and'";
  if (rest.starts_with("|")) return "write 'or'; texts are joined by ||";
  if (rest.starts_with("<>")) return "write !=";
  if (rest.starts_with("=")) return "write == to compare";
  if (rest.starts_with("!")) return "write 'not'";
  if (rest.starts_with("**") || rest.starts_with("^")) return "write pow(x, y)";
  if (rest.starts_with("\"")) return "texts stand in single quotes, column names in backticks";
  return "";
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  absl::StatusOr<std::vector<Token>> Run() {
    while (true) {
      while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
      const size_t begin = at_;
      if (at_ == text_.size()) {
        tokens_.push_back({.kind = TokenKind::kEnd, .begin = begin, .end = begin});
        return std::move(tokens_);
      }
      TRY_ASSIGN(Token token, Next());
      token.begin = begin;
      token.end = at_;
      tokens_.push_back(std::move(token));
    }
  }

 private:
  char Peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  absl::StatusOr<Token> Next() {
    if (IsDigit(Peek()) || (Peek() == '.' && IsDigit(Peek(1)))) return Number();
    if (Peek() == '\'') return Quoted('\'', TokenKind::kText, "this text has no closing quote");
    if (IsNamePartStart(0)) return Name();
    return Symbol();
  }

  absl::StatusOr<Token> Number() {
    const size_t begin = at_;
    Token token{.kind = TokenKind::kNumber};
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), token.number);
    at_ = static_cast<size_t>(end - text_.data());
    if (at_ == begin || IsNamePart(Peek()) || Peek() == '.') return ErrorAt(text_, begin, "this is no number");
    if (error == std::errc::result_out_of_range) return ErrorAt(text_, begin, "this number is beyond a double's range");
    return token;
  }

  // A doubled quote stands for itself.
  absl::StatusOr<Token> Quoted(char quote, TokenKind kind, std::string_view unclosed) {
    const size_t begin = at_++;
    Token token{.kind = kind};
    while (at_ < text_.size()) {
      if (Peek() == quote) {
        ++at_;
        if (Peek() != quote) return token;
      }
      token.text += Peek();
      ++at_;
    }
    return ErrorAt(text_, begin, unclosed);
  }

  bool IsNamePartStart(size_t ahead) const { return IsNameStart(Peek(ahead)) || Peek(ahead) == '`'; }

  absl::StatusOr<Token> PartOfName() {
    if (Peek() == '`') return Quoted('`', TokenKind::kQuotedName, "this column name has no closing backtick");
    const size_t begin = at_;
    while (IsNamePart(Peek())) ++at_;
    return Token{.kind = TokenKind::kName, .text = std::string(text_.substr(begin, at_ - begin))};
  }

  // Parts joined by dots, each plain or in backticks.
  absl::StatusOr<Token> Name() {
    TRY_ASSIGN(Token token, PartOfName());
    while (Peek() == '.' && IsNamePartStart(1)) {
      ++at_;
      TRY_ASSIGN(const Token part, PartOfName());
      token.text += "." + part.text;
      if (part.kind == TokenKind::kQuotedName) token.kind = part.kind;
    }
    if (token.kind == TokenKind::kQuotedName) return token;
    std::string lower = token.text;
    for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (std::find(kWords.begin(), kWords.end(), lower) != kWords.end()) {
      token.kind = TokenKind::kWord;
      token.text = std::move(lower);
    }
    return token;
  }

  absl::StatusOr<Token> Symbol() {
    const std::string_view rest = text_.substr(at_);
    if (!rest.starts_with("<>") && !rest.starts_with("**")) {
      for (const std::string_view symbol :
           {"==", "!=", "<=", ">=", "||", "<", ">", "+", "-", "*", "/", "%", "(", ")", ","}) {
        if (!rest.starts_with(symbol)) continue;
        at_ += symbol.size();
        return Token{.kind = TokenKind::kSymbol, .text = std::string(symbol)};
      }
    }
    const auto code = static_cast<unsigned char>(rest[0]);
    const std::string shown = code < 0x20 || code == 0x7f ? fmt::format("\\x{:02x}", code) : std::string(1, rest[0]);
    return WithHint(ErrorAt(text_, at_, fmt::format("unexpected '{}'", shown)), HintFor(rest));
  }

  std::string_view text_;
  size_t at_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

absl::StatusOr<std::vector<Token>> Tokenize(std::string_view text) { return Lexer(text).Run(); }

}  // namespace roost::expr
