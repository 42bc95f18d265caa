#include "report/html.h"

#include <string>

#include <gtest/gtest.h>

#include "report/figures.h"

namespace roost::report {
namespace {

TEST(Html, WhatHtmlInterpretsBecomesReferences) { EXPECT_EQ(Escape("a<b>&\"'"), "a&lt;b&gt;&amp;&quot;&#39;"); }

TEST(Html, WhatCannotBeSeenIsSpelledOut) {
  EXPECT_EQ(Escape(std::string("\0\t\n\x1b\x7f", 5)), "\\x00\\x09\\x0a\\x1b\\x7f");
  EXPECT_EQ(Escape("\u0085\u00ad\u200d\u2028\u202e\ufeff\ufffe"),
            "\\x85\\u{ad}\\u{200d}\\u{2028}\\u{202e}\\u{feff}\\u{fffe}");
  EXPECT_EQ(Escape("\xff\xc3 \xed\xa0\x80"), "\\xff\\xc3 \\xed\\xa0\\x80");
  EXPECT_EQ(Escape("grüße 日本 🦅 \ufffd"), "grüße 日本 🦅 \ufffd");
}

TEST(Html, AForeignTextMarksWhatWasSpelledOut) {
  EXPECT_EQ(Foreign("a\x01\x02z", 10), "<bdi>a<u>\\x01\\x02</u>z</bdi>");
  EXPECT_EQ(Foreign("\\x01", 10), "<bdi>\\x01</bdi>");
  EXPECT_EQ(Foreign("", 10), "<bdi class=e>empty</bdi>");
  EXPECT_EQ(Foreign(" a b  ", 10), "<bdi><u>␣</u>a b<u>␣␣</u></bdi>");
  EXPECT_EQ(Foreign("  ", 10), "<bdi><u>␣␣</u></bdi>");
}

TEST(Html, ALongForeignTextIsCutBetweenCharactersAndTellsItsLength) {
  EXPECT_EQ(Foreign("日本語", 3), "<bdi>日本語</bdi>");
  EXPECT_EQ(Foreign("日本語", 2), "<bdi>日本…</bdi> <small>9 B</small>");
  EXPECT_EQ(BriefForeign("日本語", 2), "<bdi>日本…</bdi>");
  EXPECT_EQ(Foreign("<<<", 1), "<bdi>&lt;…</bdi> <small>3 B</small>");
}

TEST(Figures, NumbersAreReadable) {
  EXPECT_EQ(NumberText(0), "0");
  EXPECT_EQ(NumberText(-0.0), "0");
  EXPECT_EQ(NumberText(-1234567), "-1,234,567");
  EXPECT_EQ(NumberText(0.123456), "0.12346");
  EXPECT_EQ(NumberText(41'560'000.75), "41,560,001");
  EXPECT_EQ(NumberText(1e300), "1e+300");
}

TEST(Figures, InstantsAndSpans) {
  EXPECT_EQ(InstantText(0.0), "1970-01-01");
  EXPECT_EQ(InstantText(int64_t{1'500'000}), "1970-01-01 00:00:01.5");
  EXPECT_EQ(InstantText(-1.0), "1969-12-31 23:59:59");
  EXPECT_EQ(InstantText(1e300), "9999-12-31 23:59:59");
  EXPECT_EQ(SpanText(45), "45 s");
  EXPECT_EQ(SpanText(5400), "1.5 hours");
  EXPECT_EQ(SpanText(86'400 * 12.5), "12.5 days");
}

TEST(Figures, ABarOfAnythingCanBeSeen) {
  EXPECT_EQ(BarWidth(0), "0");
  EXPECT_EQ(BarWidth(1e-9), "0.4");
  EXPECT_EQ(BarWidth(0.375), "37.5");
  EXPECT_EQ(BarWidth(1), "100");
}

}  // namespace
}  // namespace roost::report
