#include "schema/protobuf_wire.h"

namespace freehold::schema {

std::nullopt_t WireReader::fail() {
  malformed_ = true;
  rest_ = {};
  return std::nullopt;
}

std::optional<uint64_t> WireReader::varint() {
  uint64_t n = 0;
  for (size_t i = 0; i < 10 && i < rest_.size(); ++i) {
    const auto byte = static_cast<unsigned char>(rest_[i]);
    if (i == 9 && byte > 1) return std::nullopt;  // more than 64 bits
    n |= static_cast<uint64_t>(byte & 0x7F) << (7 * i);
    if (byte < 0x80) {
      rest_.remove_prefix(i + 1);
      return n;
    }
  }
  return std::nullopt;
}

std::optional<uint64_t> WireReader::fixed(size_t size) {
  if (rest_.size() < size) return std::nullopt;
  uint64_t n = 0;
  for (size_t i = size; i-- > 0;) n = n << 8 | static_cast<unsigned char>(rest_[i]);
  rest_.remove_prefix(size);
  return n;
}

std::optional<uint64_t> WireReader::next_packed() {
  if (rest_.empty()) return std::nullopt;
  const std::optional<uint64_t> n = varint();
  if (!n) return fail();
  return n;
}

std::optional<WireField> WireReader::next() {
  if (rest_.empty()) return std::nullopt;
  const std::optional<uint64_t> tag = varint();
  constexpr uint64_t most_fields = (uint64_t{1} << 29) - 1;
  if (!tag || *tag >> 3 == 0 || *tag >> 3 > most_fields) return fail();
  WireField field{static_cast<uint32_t>(*tag >> 3), static_cast<WireType>(*tag & 7), 0, {}};
  std::optional<uint64_t> value;
  switch (field.type) {
    case WireType::varint:
      value = varint();
      break;
    case WireType::fixed64:
      value = fixed(8);
      break;
    case WireType::fixed32:
      value = fixed(4);
      break;
    case WireType::bytes:
      value = varint();
      if (!value || *value > rest_.size()) return fail();
      field.bytes = rest_.substr(0, static_cast<size_t>(*value));
      rest_.remove_prefix(field.bytes.size());
      return field;
  }
  if (!value) return fail();  // also the deprecated groups
  field.value = *value;
  return field;
}

}  // namespace freehold::schema
