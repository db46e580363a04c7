// The protobuf wire format (protobuf.dev/programming-guides/encoding), as far as Kubernetes needs
// it: varints and length-delimited fields are read and written, fixed ones are read. Pure functions
// on bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace freehold::schema {

enum class WireType : uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

inline void append_varint(uint64_t n, std::string& out) {
  for (; n >= 0x80; n >>= 7) out += static_cast<char>(n | 0x80);
  out += static_cast<char>(n);
}
inline void append_tag(uint32_t field, WireType type, std::string& out) {
  append_varint(uint64_t{field} << 3 | static_cast<uint64_t>(type), out);
}
inline void append_bytes(uint32_t field, std::string_view bytes, std::string& out) {
  append_tag(field, WireType::bytes, out);
  append_varint(bytes.size(), out);
  out += bytes;
}

struct WireField {
  uint32_t number = 0;
  WireType type = WireType::varint;
  uint64_t value = 0;        // of varints and fixed ones
  std::string_view bytes{};  // of length-delimited ones
};

// Walks the fields of one message; `next` gives nothing at the end and when the bytes are no
// message.
class WireReader {
 public:
  explicit WireReader(std::string_view message) : rest_(message) {}
  std::optional<WireField> next();
  // The next number of a packed list, which is no message: varints without tags.
  std::optional<uint64_t> next_packed();
  bool malformed() const { return malformed_; }

 private:
  std::optional<uint64_t> varint();
  std::optional<uint64_t> fixed(size_t size);
  std::nullopt_t fail();

  std::string_view rest_;
  bool malformed_ = false;
};

}  // namespace freehold::schema
