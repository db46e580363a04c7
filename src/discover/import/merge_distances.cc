#include "discover/import/merge_distances.h"

#include <algorithm>
#include <map>

#include "discover/import/host.h"
#include "discover/import/text.h"
#include "discover/limits.h"
#include "discover/parse.h"
#include "fleet/paths.h"

namespace freehold::discover {

namespace {

using fleet::PathClass;

// The top of the tree that a device is in, as far as the profile tells.
struct Top {
  std::string root;      // empty: not told
  bool is_bare = false;  // right below a root that is told: bridges between them may be missing
};

class Places {
 public:
  explicit Places(const api::HardwareProfileSpec& profile)
      : profile_(profile), graph_(profile), table_(graph_, fleet::When::at_best) {
    for (const api::PciFunction& function : profile.pci) pci_.emplace(function.address, &function);
  }

  // What the tree shows in words that a matrix has; `unknown` where it shows nothing of this kind,
  // or has to guess.
  PathClass between(const std::string& a, const std::string& b) const {
    const size_t from = graph_.find_device(fleet::name_hash(a)),
                 to = graph_.find_device(fleet::name_hash(b));
    if (from == graph_.devices() || to == graph_.devices()) return PathClass::unknown;
    const fleet::Path& path = table_.direct(from, to);
    const bool is_word = path.cls == PathClass::pix || path.cls == PathClass::pxb ||
                         path.cls == PathClass::phb || path.cls == PathClass::node ||
                         path.cls == PathClass::sys;
    return is_word && path.confidence != api::Confidence::inferred ? path.cls : PathClass::unknown;
  }

  // Where roots are not told, all of a memory node count as below one; where bridges are not told,
  // two parts below one root may be nearer.
  bool may_be(const DeviceDistance& said, PathClass shown) const {
    if (shown == PathClass::unknown || said.word == fleet::path_word(shown)) return true;
    const Top a = top_of(said.a), b = top_of(said.b);
    if (said.word == "PHB" || said.word == "NODE")
      return (shown == PathClass::phb || shown == PathClass::node) &&
             (a.root.empty() || b.root.empty());
    return said.word != "SYS" && shown == PathClass::phb && (a.is_bare || b.is_bare);
  }

  const std::string& address_of(const std::string& id) const {
    static const std::string none;
    const auto at = std::ranges::find(profile_.devices, id, &api::Device::id);
    return at == profile_.devices.end() ? none : at->address;
  }

 private:
  Top top_of(const std::string& id) const {
    Top top;
    auto at = pci_.find(address_of(id));
    top.is_bare = at != pci_.end() && is_pci_root(at->second->parent);
    for (size_t depth = 0; depth < limits::pci_depth && at != pci_.end(); ++depth) {
      if (is_pci_root(at->second->parent)) top.root = at->second->parent;
      at = pci_.find(at->second->parent);
    }
    return top;
  }

  const api::HardwareProfileSpec& profile_;
  const fleet::MachineGraph graph_;
  const fleet::PathTable table_;
  std::map<std::string, const api::PciFunction*> pci_;
};

// Who told the place; null when nobody did.
const HostClaim* placed_by(const std::vector<HostClaim>& claims, const std::string& address) {
  for (const HostClaim& claim : claims)
    if (std::ranges::find(claim.facts.profile.pci, address, &api::PciFunction::address) !=
        claim.facts.profile.pci.end())
      return &claim;
  return nullptr;
}

}  // namespace

void compare_distances(const std::vector<HostClaim>& claims,
                       const api::HardwareProfileSpec& profile, const DeviceMatcher& devices,
                       FieldMerge& merge, std::vector<std::string>& notes) {
  const auto has_words = [](const HostClaim& claim) { return !claim.facts.distances.empty(); };
  if (claims.size() < 2 || std::ranges::none_of(claims, has_words)) return;
  const Places places(profile);
  for (const HostClaim& claim : claims) {
    size_t count = 0;
    for (const DeviceDistance& said : claim.facts.distances) {
      if (!devices.is_sure(said.a) || !devices.is_sure(said.b)) continue;
      const PathClass shown = places.between(said.a, said.b);
      const HostClaim* other = placed_by(claims, places.address_of(said.a));
      if (other == nullptr || other == &claim || places.may_be(said, shown)) continue;
      if (++count <= limits::distance_conflicts)
        merge.contradict("paths[" + said.a + "-" + said.b + "]", other->speaker,
                         std::string(fleet::path_word(shown)), claim.speaker, said.word);
    }
    if (count > limits::distance_conflicts)
      add_note(notes, claims.front().facts.name + ": the places that others tell contradict " +
                          claim.speaker.source + " about " + std::to_string(count) +
                          " pairs of devices; " + std::to_string(limits::distance_conflicts) +
                          " of them are listed as conflicts");
  }
}

}  // namespace freehold::discover
