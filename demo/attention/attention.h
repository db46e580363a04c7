// One multi-head attention block on the CPU: softmax(Q Kᵀ / √d) V for every head, after projecting
// the input, as in "Attention Is All You Need" (Vaswani et al., 2017, section 3.2). Single
// precision, one thread, deterministic weights. Real arithmetic of a real layer, small enough to
// serve a request in milliseconds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace attention {

struct Shape {
  size_t tokens = 96, width = 128, heads = 4;
};

class Block {
 public:
  Block(Shape most, uint64_t seed);
  // Runs on `tokens` rows of an input made from `seed`; returns the mean of the output, so that
  // nothing is optimised away and a client can check that equal requests give equal answers.
  double run(size_t tokens, uint64_t seed);
  const Shape& shape() const { return shape_; }

 private:
  void project(const std::vector<float>& weights, size_t tokens, std::vector<float>& out) const;
  Shape shape_;
  std::vector<float> wq_, wk_, wv_, wo_;  // width × width
  std::vector<float> input_, q_, k_, v_, mix_, scores_;
};

}  // namespace attention
