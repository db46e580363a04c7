// Importers: what other tools' files say about machines and fabrics, as one Inventory per file; and
// the merge of several into API objects. Pure: an importer gets the whole text (or a Root, for
// formats that are folders) and touches nothing else. All input is hostile: sizes are bounded by
// limits.h, a file that cannot be right is refused with the line or path at fault, and what is left
// out is told in `notes`. Nothing is guessed: what a source does not say stays unknown.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/node.h"
#include "api/object.h"
#include "api/site.h"
#include "base/result.h"
#include "discover/root.h"

namespace freehold::discover {

// How far two devices are from each other, in the words that nvidia-smi and src/fleet/paths.h
// share.
struct DeviceDistance {
  std::string a, b;  // ids of devices
  std::string word;  // PIX, PXB, PHB, NODE or SYS
  bool operator==(const DeviceDistance&) const = default;
};

// What one source says of one machine. A default value says nothing.
struct HostFacts {
  std::string name;  // a DNS name; empty: the source does not name it
  api::HardwareProfileSpec profile;
  std::vector<api::NodeDevice> devices;  // identities and states, by the ids of profile.devices
  std::vector<api::DegradedLink> degraded;
  std::vector<DeviceDistance> distances;  // of sources that know no places
  std::string rack;
  int64_t unit = 0, height = 0;
  std::vector<api::Feed> feeds;
  std::string scale_up_domain;
  api::NodePower power;
  schema::StringMap labels;
  int64_t memory_bytes = 0;        // of the whole machine, from sources that know no memory nodes
  bool has_counted_nodes = false;  // its memory nodes have numbers in order, not the kernel's
};

// What one file or tree says.
struct Inventory {
  std::string source;  // name of the format
  std::string file;    // that tells several of one format apart; empty: only the format is known
  api::Confidence confidence = api::Confidence::unknown;
  Time at;  // unset: the source does not say when it looked
  std::vector<HostFacts> hosts;
  std::vector<api::Rack> racks;
  std::vector<api::PowerDomain> power_domains;
  std::vector<api::Fabric> fabrics;
  std::vector<std::string> notes;  // for people: what was left out, and why
};

struct ImportOptions {
  std::string file;  // for messages
  std::string name;  // a DNS label: what a machine, fabric or chassis without a name is called
  std::string site;  // that racks, domains and fabrics belong to
};

struct Importer {
  std::string_view format;  // as on the command line: hwloc, nccl, ibnetdiscover …
  std::string_view doc;     // one line for --help
  // One of the two: most formats are a text, some a folder.
  Result<Inventory> (*read_text)(std::string_view text, const ImportOptions& options) = nullptr;
  Result<Inventory> (*read_tree)(const Root& root, const ImportOptions& options) = nullptr;
};
std::span<const Importer> importers();                   // ascending by format
const Importer* find_importer(std::string_view format);  // null when there is none

// The nearest DNS label: lower case, other signs become '-', at most 63. Empty when nothing is
// left.
std::string label_of(std::string_view text);

struct Merged {
  // HardwareProfiles, Racks, PowerDomains, Fabrics, then Nodes, each ascending by name. A Node
  // names its profile in status.profile, and in spec.expectedProfile what sources say of it that
  // have looked at the machine itself; its status carries identities, provenance and conflicts.
  std::vector<api::Object> objects;
  std::vector<std::string> notes;
};
// Machines of one name become one Node. Their devices are the same when address, identity or slot
// agree, else when class and id do; where only numbers agree, a source adds what it says of all
// alike and no devices, and a note says so. Of two values the firmer source's stands; both
// are kept as a conflict when they differ. Adapters of a fabric whose machine is not named find it
// by the GUIDs of all machines. A Fabric that exceeds what an object may hold becomes several,
// "NAME-1", "NAME-2" …, whose links name switches of the others as "fabric/switch". What needs a
// site and has none is left out with a note. `invalid` when the result breaks a rule of its kind,
// with the path.
Result<Merged> merge(std::vector<Inventory> inventories, const ImportOptions& options);

}  // namespace freehold::discover
