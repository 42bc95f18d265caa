#include "serving/json_lists.h"

#include <gtest/gtest.h>

namespace roost::serving {
namespace {

Tensor Texts(std::vector<std::string> texts) {
  Tensor tensor{.name = "tags", .datatype = Datatype::kBytes, .shape = {static_cast<int64_t>(texts.size())}};
  tensor.texts = std::move(texts);
  return tensor;
}

TEST(JsonLists, AreReadWithoutTheirNulls) {
  const auto lists = JsonLists::Parse(Texts({R"(["a", null, "b\n"])", "[]"}), column::Kind::kTextList);
  ASSERT_TRUE(lists.ok()) << lists.status();
  const std::vector<std::string_view> first = {"a", "b\n"};
  EXPECT_TRUE(column::SameValue(lists->At(0), std::span(first)));
  EXPECT_TRUE(column::SameValue(lists->At(1), std::span<const std::string_view>()));
  const auto numbers = JsonLists::Parse(Texts({"[1, 2.5]"}), column::Kind::kNumberList);
  const std::vector<double> wanted = {1, 2.5};
  EXPECT_TRUE(column::SameValue(numbers->At(0), std::span(wanted)));
}

TEST(JsonLists, OtherTextsAreRefused) {
  for (const char* bad : {"", "a", "{}", "[1]", "[\"a\"", "[[\"a\"]]"}) {
    const absl::Status status = JsonLists::Parse(Texts({bad}), column::Kind::kTextList).status();
    EXPECT_EQ(std::string(status.message()), "input 'tags': row 0 is not a JSON array of texts") << bad;
  }
}

}  // namespace
}  // namespace roost::serving
