#include "metrics/samples.h"

#include <bit>
#include <cmath>
#include <cstdint>
#include <deque>

namespace freehold::metrics {

namespace {

// As the widest of the two parts of a point: ten bytes of time, nine of value.
constexpr size_t chunk_points = 120;  // what is given up at once when room is needed

// A run of points, each told by its difference to the one before: the change of the step in time as
// a variable-length number, and the value's changed bits without their zero bytes. Follows Gorilla
// (Pelkonen et al., VLDB 2015), in whole bytes for simplicity: a regular counter takes three to
// five bytes a point instead of sixteen.
struct Chunk {
  std::string bytes;
  Time first, last;
  int64_t step = 0;
  uint64_t bits = 0;  // of the last value
  size_t count = 0;
};

void put_number(std::string& out, int64_t number) {
  uint64_t folded = (static_cast<uint64_t>(number) << 1) ^ static_cast<uint64_t>(number >> 63);
  for (; folded >= 0x80; folded >>= 7) out += static_cast<char>(folded | 0x80);
  out += static_cast<char>(folded);
}

int64_t take_number(const std::string& in, size_t& at) {
  uint64_t folded = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    const auto byte = static_cast<uint8_t>(in[at++]);
    folded |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  return static_cast<int64_t>((folded >> 1) ^ (~(folded & 1) + 1));
}

// One byte says how many zero bytes stand at both ends, then come the others.
void put_bits(std::string& out, uint64_t changed) {
  if (changed == 0) {
    out += static_cast<char>(0x80);
    return;
  }
  const int high = std::countl_zero(changed) / 8, low = std::countr_zero(changed) / 8;
  out += static_cast<char>(high << 4 | low);
  for (int i = low; i < 8 - high; ++i) out += static_cast<char>(changed >> (8 * i));
}

uint64_t take_bits(const std::string& in, size_t& at) {
  const auto head = static_cast<uint8_t>(in[at++]);
  if (head == 0x80) return 0;
  const int high = head >> 4, low = head & 15;
  uint64_t changed = 0;
  for (int i = low; i < 8 - high; ++i)
    changed |= static_cast<uint64_t>(static_cast<uint8_t>(in[at++])) << (8 * i);
  return changed;
}

void add(Chunk& chunk, Time at, double value) {
  const auto bits = std::bit_cast<uint64_t>(value);
  if (chunk.count == 0) {
    chunk.first = chunk.last = at;
  } else {
    const int64_t step = at.us - chunk.last.us;
    put_number(chunk.bytes, step - chunk.step);
    chunk.step = step;
  }
  put_bits(chunk.bytes, bits ^ chunk.bits);
  chunk.bits = bits;
  chunk.last = at;
  ++chunk.count;
}

void decode(const Chunk& chunk, Time from, Time to, std::vector<Point>& out) {
  size_t at = 0;
  Time time = chunk.first;
  int64_t step = 0;
  uint64_t bits = 0;
  for (size_t i = 0; i < chunk.count; ++i) {
    if (i > 0) {
      step += take_number(chunk.bytes, at);
      time.us += step;
    }
    bits ^= take_bits(chunk.bytes, at);
    if (time >= to) return;
    if (time >= from) out.push_back({time, std::bit_cast<double>(bits)});
  }
}

}  // namespace

std::string_view source_name(Source source) {
  switch (source) {
    case Source::agent:
      return "agent";
    case Source::gateway:
      return "gateway";
    case Source::workload:
      return "workload";
  }
  return "";
}

struct SampleStore::Ring {
  std::deque<Chunk> chunks;  // by time; never empty
};

SampleStore::SampleStore(SampleLimits limits) : limits_(limits) {}
SampleStore::~SampleStore() = default;

bool SampleStore::append(const Series& series, Time at, double value) {
  auto found = rings_.find(series);
  // Times before 1970 or beyond what can be subtracted are not of this world.
  const bool bad = std::isnan(value) || at.us <= 0 || at.us > INT64_MAX / 4;
  const bool old = found != rings_.end() && at <= found->second->chunks.back().last;
  if (bad || old || (found == rings_.end() && rings_.size() >= limits_.series)) {
    ++dropped_;
    return false;
  }
  if (found == rings_.end()) {
    found = rings_.emplace(series, std::make_unique<Ring>()).first;
    found->second->chunks.emplace_back();
  }
  auto& chunks = found->second->chunks;
  if (chunks.back().count >= chunk_points) {
    chunks.back().bytes.shrink_to_fit();
    chunks.emplace_back();
  }
  const size_t before = chunks.back().bytes.size();
  add(chunks.back(), at, value);
  bytes_ += chunks.back().bytes.size() - before;
  while (chunks.size() > 1 && chunks.front().last < at - limits_.keep) {
    bytes_ -= chunks.front().bytes.size();
    chunks.pop_front();
  }
  if (bytes_ > limits_.bytes) make_room();
  return true;
}

// Gives up the oldest chunks of all series, a sixteenth of the limit at once, so that it is rare.
void SampleStore::make_room() {
  const size_t goal = limits_.bytes - limits_.bytes / 16;
  std::multimap<Time, std::map<Series, std::unique_ptr<Ring>>::iterator> oldest;
  for (auto it = rings_.begin(); it != rings_.end(); ++it)
    oldest.emplace(it->second->chunks.front().last, it);
  while (bytes_ > goal && !oldest.empty()) {
    const auto ring = oldest.begin()->second;
    oldest.erase(oldest.begin());
    auto& chunks = ring->second->chunks;
    bytes_ -= chunks.front().bytes.size();
    chunks.pop_front();
    if (chunks.empty()) {
      rings_.erase(ring);
    } else {
      oldest.emplace(chunks.front().last, ring);
    }
  }
}

std::vector<Point> SampleStore::range(const Series& series, Time from, Time to) const {
  std::vector<Point> out;
  const auto found = rings_.find(series);
  if (found == rings_.end()) return out;
  for (const Chunk& chunk : found->second->chunks)
    if (chunk.last >= from && chunk.first < to) decode(chunk, from, to, out);
  return out;
}

std::optional<Point> SampleStore::latest(const Series& series) const {
  const auto found = rings_.find(series);
  if (found == rings_.end()) return std::nullopt;
  const Chunk& chunk = found->second->chunks.back();
  return Point{chunk.last, std::bit_cast<double>(chunk.bits)};
}

std::vector<Series> SampleStore::find(std::string_view name, const Labels& labels,
                                      std::optional<Source> source) const {
  std::vector<Series> out;
  auto it = name.empty() ? rings_.begin()
                         : rings_.lower_bound(Series{std::string(name), {}, Source::agent});
  for (; it != rings_.end() && (name.empty() || it->first.name == name); ++it)
    if ((!source || it->first.source == *source) && has_labels(it->first.labels, labels))
      out.push_back(it->first);
  return out;
}

void SampleStore::forget(const Labels& labels) {
  std::erase_if(rings_, [&](const auto& entry) {
    if (!has_labels(entry.first.labels, labels)) return false;
    for (const Chunk& chunk : entry.second->chunks) bytes_ -= chunk.bytes.size();
    return true;
  });
}

void SampleStore::trim(Time now) {
  std::erase_if(rings_, [&](auto& entry) {
    auto& chunks = entry.second->chunks;
    while (!chunks.empty() && chunks.front().last < now - limits_.keep) {
      bytes_ -= chunks.front().bytes.size();
      chunks.pop_front();
    }
    return chunks.empty();
  });
}

size_t SampleStore::series() const { return rings_.size(); }

}  // namespace freehold::metrics
