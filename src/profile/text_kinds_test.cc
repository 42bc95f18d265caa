#include "profile/text_kinds.h"

#include <gtest/gtest.h>

#include "profile/time_formats.h"

namespace roost::profile {
namespace {

TextKinds KindsOfAll(const std::vector<std::string>& values) {
  std::vector<WeightedText> texts;
  for (const std::string& value : values) texts.push_back({value, 1});
  return KindsOf(texts).value();
}

// The first format that `text` fits, or "".
std::string_view FormatOf(std::string_view text) {
  const uint64_t formats = TimeFormatsOf(text);
  for (size_t i = 0; i < kTimeFormats; ++i) {
    if ((formats >> i & 1) != 0) return TimeFormat(i);
  }
  return "";
}

TEST(TextKinds, NumbersAreToldFromOtherTexts) {
  for (const char* text : {"0", "-1", "+12", "0042", "9223372036854775807"}) {
    EXPECT_EQ(KindsOfAll({text}).integer, 1) << text;
    EXPECT_EQ(KindsOfAll({text}).number, 1) << text;
  }
  for (const char* text : {"1.5", "-.5", "1e9", "9223372036854775808", "1e999", "NaN", "-inf", "+0.1"}) {
    EXPECT_EQ(KindsOfAll({text}).integer, 0) << text;
    EXPECT_EQ(KindsOfAll({text}).number, 1) << text;
  }
  for (const char* text : {"x", "1x", " 1", "1 ", "1,5", "--1", "+-1", "0x1f", "+", "-", ".", "1.2.3"}) {
    EXPECT_EQ(KindsOfAll({text}).number, 0) << text;
  }
}

TEST(TextKinds, BooleansAreNamesInAnyCase) {
  for (const char* text : {"true", "FALSE", "Yes", "no", "on", "OFF", "T", "f", "Y", "n"}) {
    EXPECT_EQ(KindsOfAll({text}).boolean, 1) << text;
  }
  for (const char* text : {"0", "1", "truely", "x", "ye"}) EXPECT_EQ(KindsOfAll({text}).boolean, 0) << text;
}

TEST(TextKinds, EmptyTextsAreOfNoKindAndInNoShare) {
  const TextKinds kinds = KindsOf(std::vector<WeightedText>{{"", 100}, {"1", 3}, {"x", 1}}).value();
  EXPECT_EQ(kinds.integer, 0.75);
  EXPECT_EQ(kinds.time_format, "");
  EXPECT_FALSE(KindsOf(std::vector<WeightedText>{{"", 100}}).has_value());
  EXPECT_FALSE(KindsOf({}).has_value());
}

TEST(TextKinds, DatesInThreeFormatsAreTold) {
  const TextKinds kinds =
      KindsOf(std::vector<WeightedText>{{"2001-04-30", 6}, {"30.04.2001", 2}, {"Apr 30, 2001", 1}, {"unknown", 1}})
          .value();
  EXPECT_EQ(kinds.time_format, "%Y-%m-%d");
  EXPECT_EQ(kinds.time, 0.6);
  EXPECT_NEAR(kinds.other_times, 0.3, 1e-12);
}

TEST(TextKinds, AmbiguousDatesHaveTheFormatThatFitsMost) {
  EXPECT_EQ(KindsOfAll({"01/02/2001", "03/04/2001"}).time_format, "%m/%d/%Y");
  const TextKinds kinds = KindsOfAll({"01/02/2001", "03/04/2001", "31/12/2001"});
  EXPECT_EQ(kinds.time_format, "%d/%m/%Y");
  EXPECT_EQ(kinds.time, 1);
  EXPECT_EQ(kinds.other_times, 0);
}

TEST(TextKinds, NaturalLanguageHasWordsOfAMeanLength) {
  for (const char* text : {"the plane was late", "Über den Wolken, muss die Freiheit", "Самолёт вылетел вовремя"}) {
    EXPECT_EQ(KindsOfAll({text}).words, 1) << text;
  }
  for (const char* text :
       {"two words", "a b c d", "incomprehensibilities antidisestablishmentarianism otorhinolaryngology", "123 456 789",
        "2001-04-30 10:00:00 +0200", "San Francisco"}) {
    EXPECT_EQ(KindsOfAll({text}).words, 0) << text;
  }
  // Only the beginning counts.
  EXPECT_EQ(KindsOfAll({std::string(90, 'x') + " and so on"}).words, 0);
  EXPECT_EQ(KindsOfAll({"this is a beginning " + std::string(10'000, 'x')}).words, 0);
  EXPECT_EQ(KindsOfAll({"this is one of those texts that go on and on, so far that a reader might wish for their end " +
                        std::string(10'000, 'x')})
                .words,
            1);
}

TEST(TimeFormats, EachFormatFitsItsText) {
  const std::pair<const char*, const char*> kExamples[] = {
      {"2001-04-30", "%Y-%m-%d"},
      {"2001-4-3", "%Y-%m-%d"},
      {"2001-04-30T13:45:09", "%Y-%m-%dT%H:%M:%S"},
      {"2001-04-30 13:45:09", "%Y-%m-%d %H:%M:%S"},
      {"2001-04-30T13:45:09Z", "%Y-%m-%dT%H:%M:%S%z"},
      {"2001-04-30T13:45:09-07:00", "%Y-%m-%dT%H:%M:%S%z"},
      {"2001-04-30 13:45:09+0200", "%Y-%m-%d %H:%M:%S%z"},
      {"2001-04-30 13:45:09 +02", "%Y-%m-%d %H:%M:%S %z"},
      {"2001-04-30T13:45:09.123456", "%Y-%m-%dT%H:%M:%S.%f"},
      {"2001-04-30 13:45:09.1", "%Y-%m-%d %H:%M:%S.%f"},
      {"2001-04-30T13:45:09.123Z", "%Y-%m-%dT%H:%M:%S.%f%z"},
      {"2001-04-30 13:45:09.123456789+00:00", "%Y-%m-%d %H:%M:%S.%f%z"},
      {"2001-04-30T13:45", "%Y-%m-%dT%H:%M"},
      {"2001-04-30 13:45", "%Y-%m-%d %H:%M"},
      {"2001-04-30T13:45Z", "%Y-%m-%dT%H:%M%z"},
      {"20010430T134509", "%Y%m%dT%H%M%S"},
      {"20010430T134509Z", "%Y%m%dT%H%M%S%z"},
      {"2001-04", "%Y-%m"},
      {"2001/04/30", "%Y/%m/%d"},
      {"2001/04/30 13:45", "%Y/%m/%d %H:%M"},
      {"2001/04/30 13:45:09", "%Y/%m/%d %H:%M:%S"},
      {"2001.04.30", "%Y.%m.%d"},
      {"30.04.2001", "%d.%m.%Y"},
      {"30.4.2001 13:45", "%d.%m.%Y %H:%M"},
      {"30.04.2001 13:45:09", "%d.%m.%Y %H:%M:%S"},
      {"30.04.01", "%d.%m.%y"},
      {"04/30/2001", "%m/%d/%Y"},
      {"4/30/2001 13:45", "%m/%d/%Y %H:%M"},
      {"04/30/2001 13:45:09", "%m/%d/%Y %H:%M:%S"},
      {"4/30/2001 1:45 pm", "%m/%d/%Y %I:%M %p"},
      {"04/30/2001 01:45:09 PM", "%m/%d/%Y %I:%M:%S %p"},
      {"04/30/01", "%m/%d/%y"},
      {"30/04/2001", "%d/%m/%Y"},
      {"30/04/2001 13:45", "%d/%m/%Y %H:%M"},
      {"30/04/2001 13:45:09", "%d/%m/%Y %H:%M:%S"},
      {"30/04/01", "%d/%m/%y"},
      {"04-30-2001", "%m-%d-%Y"},
      {"30-04-2001", "%d-%m-%Y"},
      {"30 Apr 2001", "%d %b %Y"},
      {"30-APR-2001", "%d-%b-%Y"},
      {"Apr 30, 2001", "%b %d, %Y"},
      {"April 30, 2001", "%B %d, %Y"},
      {"Mon, 30 Apr 2001 13:45:09 +0200", "%a, %d %b %Y %H:%M:%S %z"},
      {"Mon, 30 Apr 2001 13:45:09 GMT", "%a, %d %b %Y %H:%M:%S %Z"},
      {"Mon Apr 30 13:45:09 2001", "%a %b %d %H:%M:%S %Y"},
      {"30/Apr/2001:13:45:09 -0700", "%d/%b/%Y:%H:%M:%S %z"},
      {"13:45:09", "%H:%M:%S"},
      {"13:45", "%H:%M"},
      {"1:45 PM", "%I:%M %p"},
      {"20010430", "%Y%m%d"},
      {"20010430134509", "%Y%m%d%H%M%S"},
      {"988638309", "unix seconds"},
      {"988638309123", "unix milliseconds"},
      {"988638309123456", "unix microseconds"},
      {"988638309123456789", "unix nanoseconds"},
  };
  uint64_t seen = 0;
  for (const auto& [text, format] : kExamples) {
    EXPECT_EQ(FormatOf(text), format) << text;
    seen |= TimeFormatsOf(text);
    // Nothing may stand before or behind.
    EXPECT_EQ(TimeFormatsOf(std::string(text) + " "), 0u) << text;
    EXPECT_EQ(TimeFormatsOf(" " + std::string(text)), 0u) << text;
  }
  EXPECT_EQ(seen, (uint64_t{1} << kTimeFormats) - 1);  // each format has an example
}

TEST(TimeFormats, WhatIsNoDateFitsNone) {
  for (const char* text : {"",
                           "x",
                           "2001",
                           "2001-13-01",
                           "2001-00-10",
                           "2001-04-31",
                           "1900-02-29",
                           "2001-02-29",
                           "01-4-30",
                           "24:00:00",
                           "13:60",
                           "30.04.",
                           "31.04.2001",
                           "2001-04-30T",
                           "30.13.2001",
                           "99999999",
                           "18990101",
                           "20011301",
                           "2001043",
                           "200104300",
                           "631151999",
                           "2051222400",
                           "12345678901234567890",
                           "Mon, 30 Foo 2001 13:45:09 GMT",
                           "1.5",
                           "-988638309",
                           "2001-04-30T13:45:09+25:00",
                           "2001-04-30 13:45:09.1234567890"}) {
    EXPECT_EQ(FormatOf(text), "") << text;
  }
  for (const char* text : {"2000-02-29", "2004-02-29", "631152000", "2051222399", "2016-12-31T23:59:60Z"}) {
    EXPECT_NE(FormatOf(text), "") << text;
  }
}

}  // namespace
}  // namespace roost::profile
