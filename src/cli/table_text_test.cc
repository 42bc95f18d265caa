#include "cli/table_text.h"

#include <gtest/gtest.h>

namespace roost::cli {
namespace {

TEST(AlignColumns, WordsStandLeftOrRight) {
  EXPECT_EQ(AlignColumns({{"name", "rows", "note"}, {"a", "1,000", ""}, {"flights", "5", "x"}}, "lrl"),
            "name      rows  note\n"
            "a        1,000\n"
            "flights      5  x\n");
}

TEST(AlignColumns, WidthsAreCountedInCharacters) {
  EXPECT_EQ(AlignColumns({{"Zürich", "1"}, {"Berlin", "2"}}, "ll"), "Zürich  1\nBerlin  2\n");
}

TEST(AlignColumns, AWordBreaksNoLineAndSpeaksToNoTerminal) {
  EXPECT_EQ(AlignColumns({{"two\nlines", "\x1b[2J!"}}, "ll"), "two lines   [2J!\n");
  EXPECT_EQ(AlignColumns({{"\xc2\x9b"
                           "2J",
                           "\xff"},
                          {"a", "b"}},
                         "ll"),
            "\\xc2\\x9b2J  \\xff\na           b\n");
}

TEST(AlignColumns, NoRowsAreNoText) { EXPECT_EQ(AlignColumns({}, "lr"), ""); }

TEST(CountOf, OneThingHasNoPlural) {
  EXPECT_EQ(CountOf(0, "row"), "0 rows");
  EXPECT_EQ(CountOf(1, "row"), "1 row");
  EXPECT_EQ(CountOf(1'200, "row"), "1,200 rows");
}

}  // namespace
}  // namespace roost::cli
