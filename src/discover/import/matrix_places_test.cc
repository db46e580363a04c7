// Places that are as far apart as the words of a matrix say, for every pair of small matrices.
#include "discover/import/matrix_places.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace freehold::discover {
namespace {

MatrixParts parts_of(std::vector<int64_t> numa) {
  MatrixParts parts;
  parts.near.resize(numa.size() * numa.size(), Near::untold);
  parts.numa = std::move(numa);
  return parts;
}
void say(MatrixParts& parts, size_t a, size_t b, Near near) {
  parts.near[a * parts.count() + b] = parts.near[b * parts.count() + a] = near;
}

TEST(MatrixPlaces, WhatIsNearToAPartOfAMemoryNodeIsAtThatNode) {
  MatrixParts parts = parts_of({0, 1, -1, -1, -1});
  say(parts, 0, 1, Near::sys);
  say(parts, 0, 2, Near::pix);
  say(parts, 1, 3, Near::node);
  say(parts, 0, 4, Near::sys);
  say(parts, 1, 4, Near::sys);
  const MatrixPlaces places = place_parts(parts);
  EXPECT_EQ(places.numa, (std::vector<int64_t>{0, 1, 0, 1, -1}));
  EXPECT_EQ(places.between(0, 2), Near::pix);
  EXPECT_EQ(places.between(2, 3), Near::sys) << "follows from the others";
  EXPECT_EQ(places.between(0, 4), Near::untold) << "at neither node, and nobody knows where";
}

TEST(MatrixPlaces, PartsWhoseWordsNoPlacingFitsHaveNone) {
  MatrixParts parts = parts_of({0, -1, -1, 1});
  say(parts, 0, 1, Near::pix);
  say(parts, 0, 2, Near::pix);
  say(parts, 1, 2, Near::node);
  say(parts, 0, 3, Near::sys);
  const MatrixPlaces places = place_parts(parts);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ(places.addresses[i], "") << i;
  EXPECT_NE(places.addresses[3], "");
  EXPECT_EQ(places.between(0, 1), Near::untold);
}

// Parts in made-up trees; their true distances are the words.
TEST(MatrixPlaces, DistancesOfRealTreesComeBack) {
  Random random(7);
  for (int round = 0; round < 200; ++round) {
    struct At {
      int64_t numa, root, tree, sw;
    };
    std::vector<At> at;
    for (int64_t n = random.in(1, 8); n > 0; --n)
      at.push_back({random.in(0, 1), random.in(0, 1), random.in(0, 1), random.in(0, 1)});
    std::vector<int64_t> numa;
    for (const At& one : at) numa.push_back(one.numa);
    MatrixParts parts = parts_of(std::move(numa));
    for (size_t a = 0; a < at.size(); ++a)
      for (size_t b = a + 1; b < at.size(); ++b)
        say(parts, a, b,
            at[a].numa != at[b].numa   ? Near::sys
            : at[a].root != at[b].root ? Near::node
            : at[a].tree != at[b].tree ? Near::phb
            : at[a].sw != at[b].sw     ? Near::pxb
                                       : Near::pix);
    const MatrixPlaces places = place_parts(parts);
    for (size_t a = 0; a < at.size(); ++a)
      for (size_t b = a + 1; b < at.size(); ++b)
        EXPECT_EQ(places.between(a, b), parts.between(a, b)) << round;
  }
}

}  // namespace
}  // namespace freehold::discover
