#include "base/shared_library.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roost {
namespace {

TEST(SharedLibrary, GivesItsFunctions) {
  const auto library = SharedLibrary::Open("libm.so.6");
  ASSERT_TRUE(library.ok()) << library.status();
  double (*cosine)(double) = nullptr;
  ASSERT_TRUE(library->Find("cos", cosine).ok());
  EXPECT_EQ(cosine(0), 1);
}

TEST(SharedLibrary, WhatIsMissingIsNamed) {
  EXPECT_THAT(std::string(SharedLibrary::Open("libnone.so.7").status().message()), testing::HasSubstr("libnone.so.7"));
  const auto library = SharedLibrary::Open("libm.so.6");
  ASSERT_TRUE(library.ok()) << library.status();
  void (*none)() = nullptr;
  EXPECT_EQ(library->Find("no_such_function", none).message(), "libm.so.6 has no function no_such_function");
}

}  // namespace
}  // namespace roost
