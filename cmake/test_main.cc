// The main of every unit test: a bug that production survives fails the test that met it.
#include <gmock/gmock.h>

#include "base/check.h"

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  freehold::set_fatal_bugs(true);
  return RUN_ALL_TESTS();
}
