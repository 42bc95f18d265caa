#include "base/hash.h"

#include <gtest/gtest.h>

namespace roost {
namespace {

TEST(Sha256, AnswersOfTheStandard) {
  // FIPS 180-4 examples.
  EXPECT_EQ(Sha256("abc").ToHex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256("").ToHex(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Sha256, PiecesGiveTheWhole) {
  Sha256Stream stream;
  stream.Add("a");
  stream.Add("bc");
  EXPECT_EQ(stream.Finish(), Sha256("abc"));
  EXPECT_EQ(stream.Finish(), Sha256(""));
}

TEST(Digest, HexIsReadBack) {
  EXPECT_EQ(*Digest::FromHex(Sha256("abc").ToHex()), Sha256("abc"));
  EXPECT_FALSE(Digest::FromHex("abc").ok());
  EXPECT_FALSE(Digest::FromHex(std::string(64, 'g')).ok());
}

TEST(Hash64, IsStableAcrossVersions) {
  EXPECT_EQ(Hash64("roost"), Hash64("roost"));
  EXPECT_EQ(Hash64(""), 0x2d06800538d394c2u);  // XXH3's published value for no bytes and seed 0
  EXPECT_NE(Hash64("roost", 1), Hash64("roost", 2));
}

}  // namespace
}  // namespace roost
