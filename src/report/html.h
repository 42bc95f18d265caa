#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "report/options.h"

namespace roost::report {

/// Text in HTML, safe in any element and in a quoted attribute. Nothing that comes from data reaches a page otherwise.

/// `text` with the characters that HTML interprets as references, and what a reader could not see spelled out: control
/// characters and bytes that are not UTF-8 as \x1b, invisible and direction-changing characters and those that HTML
/// forbids as \u{202e}.
std::string Escape(std::string_view text);

/// A text of the data - a name, a value - in an element of its own: <bdi>, so that its direction stays inside. What was
/// spelled out is marked, so that it cannot be taken for the same characters in the data; blanks at both ends are
/// shown; an empty text is the word "empty". Cut to `max_characters` with its length told behind it.
std::string Foreign(std::string_view text, size_t max_characters);

/// The same without its length, for lines where the whole is shown elsewhere.
std::string BriefForeign(std::string_view text, size_t max_characters);

/// A whole document: `body` within <main>, with the style and the script of all reports. `title` is plain text.
/// Nothing in it is fetched from anywhere, and its content security policy lets the browser run that one script only.
std::string Page(std::string_view title, std::string_view body);

/// The beginning of a report's <header>, which the caller closes: its kind ("Profile"), name and subtitle.
std::string PageHeader(std::string_view kind, const ReportOptions& options);

}  // namespace roost::report
