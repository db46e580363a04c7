#include "attention.h"

#include <algorithm>
#include <cmath>

namespace attention {

namespace {

// splitmix64, mapped to [-1, 1).
float noise(uint64_t& state) {
  uint64_t z = (state += 0x9E3779B97F4A7C15);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return static_cast<float>(static_cast<int32_t>((z ^ (z >> 31)) >> 32)) / 2147483648.0f;
}

std::vector<float> weights(size_t width, uint64_t& state) {
  std::vector<float> w(width * width);
  const float scale = 1.0f / std::sqrt(static_cast<float>(width));
  for (float& x : w) x = noise(state) * scale;
  return w;
}

}  // namespace

Block::Block(Shape most, uint64_t seed) : shape_(most) {
  uint64_t state = seed;
  wq_ = weights(most.width, state);
  wk_ = weights(most.width, state);
  wv_ = weights(most.width, state);
  wo_ = weights(most.width, state);
  for (auto* m : {&input_, &q_, &k_, &v_, &mix_}) m->resize(most.tokens * most.width);
  scores_.resize(most.tokens);
}

// out = input × weights; the inner loop runs along rows of the weights, so that the compiler makes
// vectors of it.
void Block::project(const std::vector<float>& w, size_t tokens, std::vector<float>& out) const {
  const size_t d = shape_.width;
  for (size_t t = 0; t < tokens; ++t) {
    float* row = &out[t * d];
    std::fill(row, row + d, 0.0f);
    for (size_t i = 0; i < d; ++i) {
      const float x = input_[t * d + i];
      const float* wi = &w[i * d];
      for (size_t j = 0; j < d; ++j) row[j] += x * wi[j];
    }
  }
}

double Block::run(size_t tokens, uint64_t seed) {
  tokens = std::clamp<size_t>(tokens, 1, shape_.tokens);
  const size_t d = shape_.width, dh = d / shape_.heads;
  uint64_t state = seed;
  for (size_t i = 0; i < tokens * d; ++i) input_[i] = noise(state);
  project(wq_, tokens, q_);
  project(wk_, tokens, k_);
  project(wv_, tokens, v_);
  const float scale = 1.0f / std::sqrt(static_cast<float>(dh));
  for (size_t h = 0; h < shape_.heads; ++h) {
    for (size_t t = 0; t < tokens; ++t) {
      const float* q = &q_[t * d + h * dh];
      float top = -1e30f, sum = 0;
      for (size_t s = 0; s < tokens; ++s) {
        const float* k = &k_[s * d + h * dh];
        float dot = 0;
        for (size_t i = 0; i < dh; ++i) dot += q[i] * k[i];
        scores_[s] = dot * scale;
        top = std::max(top, scores_[s]);
      }
      for (size_t s = 0; s < tokens; ++s) sum += scores_[s] = std::exp(scores_[s] - top);
      float* out = &mix_[t * d + h * dh];
      std::fill(out, out + dh, 0.0f);
      for (size_t s = 0; s < tokens; ++s) {
        const float a = scores_[s] / sum;
        const float* v = &v_[s * d + h * dh];
        for (size_t i = 0; i < dh; ++i) out[i] += a * v[i];
      }
    }
  }
  std::swap(input_, mix_);
  project(wo_, tokens, q_);
  std::swap(input_, mix_);
  double mean = 0;
  for (size_t i = 0; i < tokens * d; ++i) mean += static_cast<double>(q_[i]);
  return mean / static_cast<double>(tokens * d);
}

}  // namespace attention
