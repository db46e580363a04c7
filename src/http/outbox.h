// Outbox: the bytes that wait to be written to one connection, in order. Shared bodies are held,
// never copied, until `gather` puts small pieces side by side, so that head and body of a small
// response leave as one TLS record and one packet.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/message.h"

namespace freehold::http {

// One TLS record holds at most this much; more in one write would only be split again.
inline constexpr size_t record_bytes = 16 * 1024;
using Scratch = std::array<char, record_bytes>;

class Outbox {
 public:
  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }  // bytes

  void push(std::string text) {
    if (text.empty()) return;
    size_ += text.size();
    pieces_.push_back({std::move(text), nullptr});
  }
  void push(Bytes shared) {
    if (!shared || shared->empty()) return;
    size_ += shared->size();
    pieces_.push_back({{}, std::move(shared)});
  }

  // The next bytes, at most one record: a view of the first piece, or of small pieces copied to
  // `scratch`. What was gathered before and not consumed comes again as a prefix, as a TLS write
  // that is retried needs.
  std::string_view gather(Scratch& scratch) const {
    if (empty()) return {};
    const std::string_view first = view(first_).substr(offset_);
    if (first.size() >= record_bytes || first.size() == size_) return first.substr(0, record_bytes);
    size_t filled = 0;
    for (size_t i = first_; i < pieces_.size() && filled < record_bytes; ++i) {
      const std::string_view piece = i == first_ ? first : view(i);
      const size_t part = std::min(piece.size(), record_bytes - filled);
      std::memcpy(scratch.data() + filled, piece.data(), part);
      filled += part;
    }
    return {scratch.data(), filled};
  }

  void consume(size_t count) {
    size_ -= count;
    while (count > 0) {
      const size_t left = view(first_).size() - offset_;
      if (count < left) {
        offset_ += count;
        break;
      }
      count -= left;
      offset_ = 0;
      pieces_[first_++] = {};
    }
    // Written pieces are dropped when they are the larger half: amortised constant, and an idle
    // connection keeps no memory.
    if (size_ == 0) {
      clear();
    } else if (first_ > 16 && first_ * 2 > pieces_.size()) {
      pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(first_));
      first_ = 0;
    }
  }

  void clear() {
    if (pieces_.capacity() > 8) {
      pieces_ = {};
    } else {
      pieces_.clear();
    }
    first_ = offset_ = size_ = 0;
  }

 private:
  struct Piece {
    std::string text;
    Bytes shared;
  };
  std::string_view view(size_t i) const {
    const Piece& piece = pieces_[i];
    return piece.shared ? std::string_view(*piece.shared) : std::string_view(piece.text);
  }

  std::vector<Piece> pieces_;
  size_t first_ = 0;   // pieces before it are written
  size_t offset_ = 0;  // into the first piece
  size_t size_ = 0;
};

}  // namespace freehold::http
