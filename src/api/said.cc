#include "api/said.h"

namespace freehold::api {
namespace {

constexpr std::string_view source_key = "freehold.dev/source";
constexpr std::string_view confidence_key = "freehold.dev/source-confidence";
constexpr std::string_view time_key = "freehold.dev/source-seen-at";

Confidence confidence_of(std::string_view text) {
  for (const schema::EnumInfo& info : schema::type_of<Confidence>.values)
    if (info.name == text) return static_cast<Confidence>(info.value);
  return Confidence::unknown;
}

bool stands_for(std::string_view prefix, std::string_view field) {
  return field.starts_with(prefix) && (field.size() == prefix.size() ||
                                       field[prefix.size()] == '.' || field[prefix.size()] == '[');
}

}  // namespace

Said said_of(const ObjectMeta& meta) {
  const auto text = [&](std::string_view key) {
    const auto at = meta.annotations.find(std::string(key));
    return at == meta.annotations.end() ? std::string() : at->second;
  };
  Said said;
  said.at = meta.creation_timestamp;
  const std::string source = text(source_key);
  if (source.empty()) return said;
  return {source, confidence_of(text(confidence_key)),
          parse_rfc3339(text(time_key)).value_or(Time())};
}

void set_said(ObjectMeta& meta, const Said& said) {
  meta.annotations[std::string(source_key)] = said.source;
  meta.annotations[std::string(confidence_key)] = enum_text(said.confidence);
  if (said.at.is_set()) meta.annotations[std::string(time_key)] = format_rfc3339(said.at);
}

Said said_of(const Node& node, std::string_view field) {
  const Provenance* best = nullptr;
  for (const Provenance& one : node.status.provenance)
    if (stands_for(one.field, field) && (best == nullptr || one.field.size() > best->field.size()))
      best = &one;
  return best == nullptr ? said_of(node.metadata) : Said{best->source, best->confidence, best->at};
}

}  // namespace freehold::api
