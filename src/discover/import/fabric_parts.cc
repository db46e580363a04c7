#include "discover/import/fabric_parts.h"

#include <map>

#include "base/limits.h"
#include "discover/import/limits.h"
#include "schema/walk.h"

namespace freehold::discover {

namespace {

// Room for metadata that the server adds, and for names of parts in links.
constexpr size_t part_bytes = freehold::limits::object_bytes * 3 / 4;

template <class T>
size_t bytes_of(const T& value) {
  return schema::print(value).size() + 1;
}

// A switch with all that goes where it goes.
struct Piece {
  const api::FabricSwitch* at = nullptr;
  std::vector<const api::FabricAdapter*> adapters;
  std::vector<const api::FabricLink*> links;
  size_t bytes = 0;
};

struct Room {
  size_t bytes = 0, switches = 0, adapters = 0, links = 0;
  bool takes(const Piece& piece) const {
    return bytes + piece.bytes <= part_bytes && switches < limits::fabric_switches &&
           adapters + piece.adapters.size() <= limits::fabric_adapters &&
           links + piece.links.size() <= limits::fabric_links;
  }
};

std::vector<Piece> pieces_of(const api::FabricSpec& spec) {
  std::vector<Piece> pieces;
  std::map<std::string_view, size_t> places;
  for (const api::FabricSwitch& there : spec.switches) {
    places.emplace(there.name, pieces.size());
    pieces.push_back({&there, {}, {}, bytes_of(there)});
  }
  for (const api::FabricAdapter& adapter : spec.adapters)
    if (const auto at = places.find(adapter.at); at != places.end()) {
      pieces[at->second].adapters.push_back(&adapter);
      pieces[at->second].bytes += bytes_of(adapter);
    }
  for (const api::FabricLink& link : spec.links)
    if (const auto at = places.find(link.from); at != places.end()) {
      pieces[at->second].links.push_back(&link);
      pieces[at->second].bytes += bytes_of(link);
    }
  return pieces;
}

bool fits(const api::Fabric& fabric) {
  const api::FabricSpec& spec = fabric.spec;
  return spec.switches.size() <= limits::fabric_switches &&
         spec.adapters.size() <= limits::fabric_adapters &&
         spec.links.size() <= limits::fabric_links && bytes_of(fabric) <= part_bytes;
}

}  // namespace

Result<std::vector<api::Fabric>> fabric_parts(api::Fabric fabric) {
  for (const api::FabricSwitch& there : fabric.spec.switches)
    if (there.nodes.size() > limits::switch_nodes)
      return Error{Reason::too_large, "fabric " + fabric.metadata.name + ": switch " + there.name +
                                          " has " + std::to_string(there.nodes.size()) +
                                          " machines; a Fabric names at most 1024 on a switch"};
  if (fits(fabric)) return std::vector<api::Fabric>{std::move(fabric)};
  std::vector<api::Fabric> parts;
  std::map<std::string_view, std::string> part_of;  // switch → name of its part
  // Every part begins as what is said of the whole.
  api::FabricSpec lists;
  std::swap(lists.switches, fabric.spec.switches);
  std::swap(lists.adapters, fabric.spec.adapters);
  std::swap(lists.links, fabric.spec.links);
  const std::vector<Piece> pieces = pieces_of(lists);
  Room room;
  for (const Piece& piece : pieces) {
    if (!Room{}.takes(piece))
      return Error{Reason::too_large, "fabric " + fabric.metadata.name + ": switch " +
                                          piece.at->name + " with its " +
                                          std::to_string(piece.adapters.size()) +
                                          " adapters is more than one object may hold"};
    if (parts.empty() || !room.takes(piece)) {
      api::Fabric& part = parts.emplace_back();
      part.metadata = fabric.metadata;
      const std::string number = "-" + std::to_string(parts.size());
      part.metadata.name = fabric.metadata.name.substr(0, 63 - number.size()) + number;
      part.spec = fabric.spec;
      room = {};
    }
    api::Fabric& part = parts.back();
    part_of.emplace(piece.at->name, part.metadata.name);
    part.spec.switches.push_back(*piece.at);
    for (const api::FabricAdapter* adapter : piece.adapters) part.spec.adapters.push_back(*adapter);
    for (const api::FabricLink* link : piece.links) part.spec.links.push_back(*link);
    room.bytes += piece.bytes;
    ++room.switches;
    room.adapters += piece.adapters.size();
    room.links += piece.links.size();
  }
  for (api::Fabric& part : parts)
    for (api::FabricLink& link : part.spec.links)
      if (const auto at = part_of.find(link.to);
          at != part_of.end() && at->second != part.metadata.name)
        link.to = at->second + "/" + link.to;
  return parts;
}

}  // namespace freehold::discover
