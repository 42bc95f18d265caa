#include "profile/text_state.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "profile/law_testing.h"

namespace roost::profile {
namespace {

using ::testing::HasSubstr;
using Kind = TextState::Kind;
using Texts = std::vector<std::optional<std::string>>;

constexpr int kVersion = 2;

TextState StateOf(const Texts& values, Kind kind = Kind::kText, const TextOptions& options = {}) {
  TextState state(kind, options);
  state.Add(TestColumn::Texts("t", kind == Kind::kText ? "u" : "z", values).View());
  return state;
}

void AddRow(TextState& state, const std::string& value) { state.Add(TestColumn::Texts("t", "u", {value}).View()); }

// A flight's number each, and a tenth of the rows "N/A".
std::vector<std::string> Flights(int distinct) {
  std::vector<std::string> values;
  for (int i = 0; i < distinct; ++i) {
    values.push_back("UA" + std::to_string(1'000'000 + i));
    if (i % 9 == 0) values.push_back("N/A");
  }
  return values;
}

Texts Optional(const std::vector<std::string>& values) { return {values.begin(), values.end()}; }

TEST(TextState, KeepsTheLawWithAllThatCanBeAsked) {
  const auto vocabulary = std::make_shared<const Vocabulary>(std::vector<std::string>{"n", "a"});
  const TextState empty(Kind::kText, {.tokens = true, .vocabulary = vocabulary});
  ExpectTheLaw(empty, Flights(2'000), AddRow, /*rounds=*/5, /*seed=*/1);
}

TEST(TextState, KeepsTheLawBeyondTheCapWithTheSample) {
  std::vector<std::vector<std::string>> batches;
  const std::vector<std::string> flights = Flights(70'000);
  for (size_t i = 0; i < flights.size(); i += 5'000) {
    batches.emplace_back(flights.begin() + static_cast<int64_t>(i),
                         flights.begin() + static_cast<int64_t>(std::min(flights.size(), i + 5'000)));
  }
  const auto add = [](TextState& state, const std::vector<std::string>& batch) {
    state.Add(TestColumn::Texts("t", "u", Optional(batch)).View());
  };
  ExpectTheLaw(TextState(Kind::kText), batches, add, /*rounds=*/3, /*seed=*/2);
}

TEST(TextState, EntropyIsInBitsOfAllValues) {
  EXPECT_EQ(StateOf({"a", "b", "c", "d"}).Summarize().entropy, 2);
  EXPECT_EQ(StateOf({"a", "a", std::nullopt}).Summarize().entropy, 0);
  EXPECT_NEAR(*StateOf({"a", "a", "a", ""}).Summarize().entropy, 2 - 0.75 * std::log2(3), 1e-15);
  EXPECT_FALSE(StateOf({std::nullopt}).Summarize().entropy.has_value());
  EXPECT_FALSE(StateOf(Optional(Flights(70'000))).Summarize().entropy.has_value());
}

TEST(TextState, PatternsAndKindsAreOfAllValuesBelowTheCap) {
  const TextSummary summary = StateOf({"2001-04-30", "2001-05-01", "unknown", std::nullopt, ""}).Summarize();
  EXPECT_TRUE(summary.patterns_are_exact);
  ASSERT_EQ(summary.patterns.size(), 3u);
  EXPECT_EQ(summary.patterns[0].pattern, "9999-99-99");
  EXPECT_EQ(summary.patterns[0].share, 0.5);
  EXPECT_EQ(summary.patterns[0].example, "2001-04-30");
  EXPECT_EQ(summary.kinds->time_format, "%Y-%m-%d");
  EXPECT_EQ(summary.kinds->time, 2.0 / 3);
  const TextSummary nothing = StateOf({}).Summarize();
  EXPECT_TRUE(nothing.patterns.empty());
  EXPECT_FALSE(nothing.kinds.has_value());
}

TEST(TextState, BeyondTheCapPatternsAreOfTheSampleAndTheFrequentValues) {
  const TextSummary summary = StateOf(Optional(Flights(70'000))).Summarize();
  EXPECT_FALSE(summary.exact);
  EXPECT_FALSE(summary.patterns_are_exact);
  ASSERT_EQ(summary.patterns.size(), 2u);
  EXPECT_EQ(summary.patterns[0].pattern, "AA9+");
  EXPECT_NEAR(summary.patterns[0].share, 0.9, 0.001);
  EXPECT_EQ(summary.patterns[1].pattern, "A/A");
  EXPECT_NEAR(summary.patterns[1].share, 0.1, 0.001);
}

TEST(TextState, OnlyBytesAreImagesAndOnlyTextHasPatterns) {
  const Texts values = {"GIF89a\x02\x01\x04\x01", "GIF89a\x02\x01\x04\x01", "no image"};
  const TextSummary bytes = StateOf(values, Kind::kBytes, {.tokens = true}).Summarize();
  EXPECT_EQ(bytes.images->images, 2);
  EXPECT_EQ(bytes.images->max_width, 258);
  EXPECT_TRUE(bytes.patterns.empty());
  EXPECT_FALSE(bytes.kinds.has_value() || bytes.tokens.has_value());
  const TextSummary text = StateOf(values).Summarize();
  EXPECT_FALSE(text.images.has_value() || text.tokens.has_value());
  EXPECT_FALSE(text.patterns.empty());
  EXPECT_EQ(TextState::KindOf(column::Type::kLargeBinary), Kind::kBytes);
  EXPECT_EQ(TextState::KindOf(column::Type::kLargeString), Kind::kText);
}

TEST(TextState, WordsAreCountedOnRequestAndLostWithoutIt) {
  const TextState with = StateOf({"the plane", "the bus"}, Kind::kText, {.tokens = true});
  EXPECT_EQ(with.Summarize().tokens->tokens, 4);
  const TextState without = StateOf({"the train"});
  for (const auto& [first, second] : {std::pair(with, without), std::pair(without, with)}) {
    TextState merged = first;
    merged.Merge(second);
    EXPECT_FALSE(merged.Summarize().tokens.has_value());
  }
  TextState merged(Kind::kText);
  merged.Merge(with);
  EXPECT_EQ(merged.Summarize().tokens->tokens, 4);
}

TEST(TextState, ADictionaryHasTheSameWordsAndImages) {
  const Texts values = {"the plane", std::nullopt, "the bus", "the plane"};
  const TestColumn dictionary =
      TestColumn::Dictionary("t", {0, -1, 1, 0}, TestColumn::Texts("", "u", {"the plane", "the bus"}));
  TextState state(Kind::kText, {.tokens = true});
  state.Add(dictionary.View());
  EXPECT_EQ(BytesOf(state), BytesOf(StateOf(values, Kind::kText, {.tokens = true})));
}

TEST(TextState, ReadsWhatItWrote) {
  const auto use = [](const TextState& state) { static_cast<void>(state.Summarize()); };
  for (const int distinct : {10, 70'000}) {
    const TextState state = StateOf(Optional(Flights(distinct)), Kind::kText, {.tokens = true});
    const auto parse = [&](ByteReader& reader) {
      return TextState::Parse(reader, Kind::kText, state.count(), kVersion);
    };
    ExpectSoundBytes(state, parse, use, /*seed=*/3);
  }
  const TextState images = StateOf({"GIF89a\x02\x01\x04\x01", "x"}, Kind::kBytes);
  const auto parse = [&](ByteReader& reader) { return TextState::Parse(reader, Kind::kBytes, 2, kVersion); };
  ExpectSoundBytes(images, parse, use, /*seed=*/4);
}

// The bytes as version 1 wrote them: without the sample and what follows the top values.
std::string VersionOne(const TextState& state) {
  std::string bytes;
  AppendVarint(bytes, 0);  // empty, invalid UTF-8
  AppendVarint(bytes, 0);
  const TextSummary summary = state.Summarize();
  AppendVarint(bytes, static_cast<uint64_t>(summary.min_length));
  AppendVarint(bytes, static_cast<uint64_t>(summary.max_length));
  AppendVarint(bytes, static_cast<uint64_t>(std::llround(summary.mean_length * static_cast<double>(state.count()))));
  AppendFixed(bytes, uint8_t{1});
  AppendVarint(bytes, summary.top.size());
  std::vector<ValueCount> values = summary.top;
  std::sort(values.begin(), values.end(), [](const auto& a, const auto& b) { return a.value < b.value; });
  for (const ValueCount& value : values) {
    AppendString(bytes, value.value);
    AppendVarint(bytes, static_cast<uint64_t>(value.count));
  }
  return bytes;
}

TEST(TextState, ReadsVersionOne) {
  const TextState state = StateOf({"SFO", "OAK", "SFO"});
  const std::string old = VersionOne(state);
  ByteReader reader(old);
  const auto read = TextState::Parse(reader, Kind::kText, 3, 1);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(reader.done());
  EXPECT_EQ(BytesOf(*read), BytesOf(state));

  // What version 1 did not know of images stays unknown, also with rows of which it is known.
  const TextState images = StateOf({"GIF89a\x02\x01\x04\x01"}, Kind::kBytes);
  const std::string old_images = VersionOne(images);
  ByteReader image_reader(old_images);
  auto merged = TextState::Parse(image_reader, Kind::kBytes, 1, 1);
  ASSERT_TRUE(merged.ok()) << merged.status();
  EXPECT_FALSE(merged->Summarize().images.has_value());
  merged->Merge(images);
  EXPECT_FALSE(merged->Summarize().images.has_value());
}

TEST(TextState, ASketchOfVersionOneHasNoSampleAndNoPatterns) {
  const TextState state = StateOf(Optional(Flights(70'000)));
  TopValues values;
  for (const std::string& value : Flights(70'000)) values.Add(value, 1);
  std::string sketch = BytesOf(values);
  // 2: a sketch and a sample. Version 1 wrote 0 and the sketch alone, which Parse reads from the same place.
  ASSERT_EQ(sketch[0], 2);
  sketch[0] = 0;
  std::string old;
  for (const uint64_t figure : {0, 0, 3, 9, 0}) AppendVarint(old, figure);
  old += sketch;
  ByteReader reader(old);
  auto read = TextState::Parse(reader, Kind::kText, state.count(), 1);
  ASSERT_TRUE(read.ok()) << read.status();
  const TextSummary summary = read->Summarize();
  EXPECT_EQ(summary.top[0].value, "N/A");
  EXPECT_TRUE(summary.patterns.empty());
  EXPECT_FALSE(summary.kinds.has_value());
  EXPECT_FALSE(summary.patterns_are_exact);
  read->Merge(state);
  EXPECT_TRUE(read->Summarize().patterns.empty());
  TextState merged = state;
  merged.Merge(*read);
  EXPECT_TRUE(merged.Summarize().patterns.empty());
}

TEST(TextState, SaysWhatIsWrongAndWhere) {
  std::string bytes = BytesOf(StateOf({"x"}));
  bytes[bytes.size() - 2] = 7;
  ByteReader reader(bytes);
  EXPECT_THAT(TextState::Parse(reader, Kind::kText, 1, kVersion).status().message(),
              HasSubstr("neither there nor not before byte"));
}

}  // namespace
}  // namespace roost::profile
