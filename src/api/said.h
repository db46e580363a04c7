// Said: who looked, when and how far it may be trusted, of an object whose kind has no provenance
// of its own (Site, Rack, PowerDomain, Fabric, StoragePool). Importers write it as annotations. An
// object without them is a document that someone wrote when the object was made.
#pragma once

#include <string>

#include "api/node.h"

namespace freehold::api {

struct Said {
  std::string source = "document";  // ibnetdiscover, redfish, …
  Confidence confidence = Confidence::declared;
  Time at;  // unset: the source does not say when it looked
  bool operator==(const Said&) const = default;
};

Said said_of(const ObjectMeta& meta);
void set_said(ObjectMeta& meta, const Said& said);
// Of a part of a node, such as "spec.rack": the provenance that stands for most of its path.
Said said_of(const Node& node, std::string_view field);

}  // namespace freehold::api
