// ResourceSlices of Kubernetes' dynamic resource allocation
// (https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/resource-slice-v1/):
// what DRA drivers publish of a node's devices. Of each pool only the newest generation counts, and
// only when all of its slices are there.
#include <algorithm>
#include <map>
#include <set>

#include "base/strings.h"
#include "discover/import/formats.h"
#include "discover/import/host.h"
#include "discover/import/resourceslice.h"
#include "discover/import/text.h"
#include "discover/parse.h"
#include "json/yaml.h"

namespace freehold::discover {

namespace {

struct Slice {
  size_t file = 0;
  std::string path, name;  // path: of the document, for messages
  std::string node, driver, pool;
  int64_t generation = 0, count = 0;
  const json::Array* devices = nullptr;
};

// One device of a slice.
struct Entry {
  const json::Value* device = nullptr;
  size_t file = 0;
  std::string name, path, driver;
};

// One device's attributes; names without a domain belong to the driver.
class Attributes {
 public:
  Attributes(const json::Value& device, std::string_view driver) {
    const json::Value* attributes = device.at({"attributes"});
    if (attributes == nullptr || attributes->as_object() == nullptr) return;
    for (const auto& [key, value] : *attributes->as_object())
      values_.try_emplace(key.find('/') == key.npos ? std::string(driver) + "/" + key : key,
                          &value);
    driver_ = driver;
  }

  std::string text(std::string_view name) const {
    const json::Value* value = find(name);
    if (value == nullptr) return {};
    for (const std::string_view type : {"string", "version"})
      if (const std::string_view found = value->string_at({type}); !found.empty())
        return clean_text(found, limits::model_characters);
    return {};
  }
  int64_t number(std::string_view name, int64_t none) const {
    const json::Value* value = find(name);
    if (value == nullptr) return none;
    const json::Value* at = value->at({"int"});
    if (at == nullptr) at = value->at({"ints"});
    if (at != nullptr && at->as_array() != nullptr)  // nearest first
      at = at->as_array()->empty() ? nullptr : &at->as_array()->front();
    return at != nullptr && at->as_int() != nullptr ? *at->as_int() : none;
  }
  bool flag(std::string_view name) const {
    const json::Value* value = find(name);
    const json::Value* at = value != nullptr ? value->at({"bool"}) : nullptr;
    return at != nullptr && at->as_bool() != nullptr && *at->as_bool();
  }
  bool has(std::string_view name) const { return find(name) != nullptr; }
  // Of whatever domain.
  std::string text_ending(std::string_view ending) const {
    for (const auto& [key, value] : values_)
      if (key.ends_with(ending)) return text(key);
    return {};
  }

 private:
  const json::Value* find(std::string_view name) const {
    const auto at = values_.find(name.find('/') == name.npos ? driver_ + "/" + std::string(name)
                                                             : std::string(name));
    return at == values_.end() ? nullptr : at->second;
  }
  std::map<std::string, const json::Value*, std::less<>> values_;
  std::string driver_;
};

class Reader {
 public:
  // `documents` outlives the reader.
  Result<void> add(const std::string& file, const std::vector<json::Value>& documents) {
    file_ = all_.size();
    all_.emplace_back();
    out().source = "resourceslice";
    out().confidence = api::Confidence::sysfs;
    options_.push_back({file, "", ""});
    names_.clear();
    const size_t before = slices_.size();
    for (size_t i = 0; i < documents.size(); ++i)
      TRY(take(documents[i], documents.size() == 1 ? "" : "[" + std::to_string(i) + "]", 0));
    if (slices_.size() == before) return wrong("", "holds no ResourceSlice");
    return {};
  }

  Result<std::vector<Inventory>> read() {
    std::map<std::pair<std::string, std::string>, std::vector<Slice>> pools;
    for (Slice& slice : slices_) pools[{slice.pool, slice.driver}].push_back(std::move(slice));
    for (auto& [key, slices] : pools) TRY(read_pool(std::move(slices)));
    if (std::ranges::all_of(all_, [](const Inventory& one) { return one.hosts.empty(); })) {
      file_ = 0;
      return wrong("",
                   "holds no complete pool of a node; " +
                       (out().notes.empty() ? std::string("nothing to import") : out().notes[0]));
    }
    return std::move(all_);
  }

 private:
  Error wrong(const std::string& path, std::string_view what) const {
    return fault_at(options_[file_], 0,
                    path.empty() ? std::string(what) : path + ": " + std::string(what));
  }

  // A slice, or a list of them.
  Result<void> take(const json::Value& document, const std::string& path, int depth) {
    const std::string kind(document.string_at({"kind"}));
    const std::string version(document.string_at({"apiVersion"}));
    if (kind == "List" || kind == "ResourceSliceList") {
      const json::Value* items = document.at({"items"});
      if (items == nullptr || items->as_array() == nullptr)
        return wrong(path + ".items", "is a list");
      if (depth > 0) return wrong(path, "is a list in a list");
      for (size_t i = 0; i < items->as_array()->size(); ++i)
        TRY(take((*items->as_array())[i], path + "items[" + std::to_string(i) + "]", depth + 1));
      return {};
    }
    if (kind != "ResourceSlice") {
      add_note(out().notes, path + ": a \"" + kind + "\" is not read");
      return {};
    }
    // v1beta2 has the fields of v1.
    if (version != "resource.k8s.io/v1" && version != "resource.k8s.io/v1beta2")
      return wrong(path, "is a ResourceSlice of \"" + version +
                             "\"; resource.k8s.io/v1 is read (kubectl get "
                             "resourceslices.v1.resource.k8s.io -o yaml)");
    return take_slice(document, path);
  }

  Result<void> take_slice(const json::Value& document, const std::string& path) {
    Slice slice;
    slice.file = file_;
    slice.path = path.empty() ? "spec" : path + ".spec";
    slice.name = document.string_at({"metadata", "name"});
    if (!slice.name.empty() && !names_.insert(slice.name).second)
      return wrong(path, "ResourceSlice \"" + slice.name + "\" a second time");
    slice.driver = document.string_at({"spec", "driver"});
    slice.pool = document.string_at({"spec", "pool", "name"});
    slice.node = document.string_at({"spec", "nodeName"});
    const auto number = [&](std::string_view name) -> Result<int64_t> {
      const json::Value* at = document.at({"spec", "pool", name});
      if (at == nullptr || at->is_null()) return 0;
      if (at->as_int() != nullptr) return *at->as_int();
      return wrong(slice.path + ".pool." + std::string(name), "is a whole number");
    };
    slice.generation = TRY(number("generation"));
    slice.count = TRY(number("resourceSliceCount"));
    if (slice.driver.empty()) return wrong(slice.path + ".driver", "is required");
    if (slice.pool.empty()) return wrong(slice.path + ".pool.name", "is required");
    if (slice.generation < 0) return wrong(slice.path + ".pool.generation", "is at least 0");
    if (slice.count < 1) return wrong(slice.path + ".pool.resourceSliceCount", "is at least 1");
    const json::Value* devices = document.at({"spec", "devices"});
    static const json::Array none;
    slice.devices = devices == nullptr || devices->is_null() ? &none : devices->as_array();
    if (slice.devices == nullptr) return wrong(slice.path + ".devices", "is a list");
    if (slice.node.empty()) {
      add_note(out().notes, slice.path + ": of no single node; not read");
      return {};
    }
    slices_.push_back(std::move(slice));
    return {};
  }

  Result<void> read_pool(std::vector<Slice> slices) {
    int64_t newest = slices[0].generation;
    for (const Slice& slice : slices) newest = std::max(newest, slice.generation);
    const size_t all = slices.size();
    std::erase_if(slices, [&](const Slice& slice) { return slice.generation < newest; });
    file_ = slices[0].file;
    const std::string pool = "pool \"" + slices[0].pool + "\" of " + slices[0].driver;
    if (slices.size() < all)
      add_note(out().notes, pool + ": " + std::to_string(all - slices.size()) +
                                " slices of older generations are left out");
    drop_copies(slices, pool);
    if (!is_complete(slices, pool)) return {};
    HostFacts host;
    host.name = host_name_of(slices[0].node);
    if (host.name.empty()) return wrong(slices[0].path + ".nodeName", "is no name of a machine");
    std::set<std::string> ids;
    for (const Slice& slice : slices) {
      file_ = slice.file;
      if (slice.node != slices[0].node)
        return wrong(slice.path + ".nodeName", "differs from that of other slices of its " + pool);
      for (size_t i = 0; i < slice.devices->size(); ++i) TRY(read_device(slice, i, host, ids));
    }
    file_ = slices[0].file;
    tell_virtual(pool);
    TRY(add_passed_through(host, ids, pool));
    add_partitions(host, ids, pool);
    sort_numa(host);
    TRY(check_host(host, options_[file_]));
    out().hosts.push_back(std::move(host));
    return {};
  }

  // Whether all slices are here; what the slices of one generation say of their number is one.
  bool is_complete(const std::vector<Slice>& slices, const std::string& pool) {
    const auto count = static_cast<int64_t>(slices.size());
    const auto [fewest, most] = std::ranges::minmax_element(slices, {}, &Slice::count);
    if (fewest->count != most->count)
      add_note(out().notes, pool + ": slices of one generation say that it has " +
                                std::to_string(fewest->count) + " and " +
                                std::to_string(most->count) + " slices; left out");
    else if (count != most->count)
      add_note(out().notes, pool + " has " + std::to_string(most->count) + " slices, and " +
                                std::to_string(count) + " are here; left out as incomplete");
    return fewest->count == most->count && count == most->count;
  }

  // Two files may have been written at different times; of one slice of one generation the first
  // counts.
  void drop_copies(std::vector<Slice>& slices, const std::string& pool) {
    std::map<std::string, const json::Array*> seen;
    std::erase_if(slices, [&](const Slice& slice) {
      if (slice.name.empty()) return false;
      const auto [first, fresh] = seen.emplace(slice.name, slice.devices);
      if (!fresh && !(*first->second == *slice.devices))
        add_note(out().notes,
                 pool + ": slice \"" + slice.name +
                     "\" of two files differs within one generation; the first counts");
      return !fresh;
    });
  }

  Result<void> read_device(const Slice& slice, size_t i, HostFacts& host,
                           std::set<std::string>& ids) {
    const json::Value& device = (*slice.devices)[i];
    const std::string path = slice.path + ".devices[" + std::to_string(i) + "]";
    const std::string name(device.string_at({"name"}));
    if (name.empty() || name.size() > 63) return wrong(path + ".name", "is required");
    const std::string full = slice.pool + "/" + slice.driver + "/" + name;
    if (!devices_.insert(full).second)
      return wrong(path + ".name", "device \"" + name + "\" a second time in its pool");
    const Entry entry{&device, slice.file, name, path, slice.driver};
    const Attributes about(device, slice.driver);
    const std::string type = about.text("type");
    if (about.flag("virtual"))
      virtual_.push_back(about.text("ifName").empty() ? name : about.text("ifName"));
    else if (type == "vfio")
      passed_through_.push_back(entry);
    else if (type == "mig" || type.ends_with("-partition"))
      partitions_.push_back(entry);
    else
      return add_found(entry, about, host, ids);
    return {};
  }

  Result<void> add_found(const Entry& entry, const Attributes& about, HostFacts& host,
                         std::set<std::string>& ids) {
    const auto& [device, file, name, path, driver] = entry;
    if (host.profile.devices.size() >= limits::devices) {
      add_note(out().notes, path + ": beyond 256 devices; left out");
      return {};
    }
    api::Device found;
    found.cls = class_of(driver, about);
    found.id = id_of(name, found.cls, about);
    if (!ids.insert(found.id).second) {
      found.id = name;
      if (!ids.insert(name).second) return wrong(path, "two devices would be \"" + name + "\"");
    }
    if (found.cls == api::DeviceClass::other)
      add_note(out().notes, path + ": driver " + driver + " is not known; class other");
    found.model = model_of(about);
    found.memory_bytes = memory_of(*device, path);
    if (host.profile.product.empty()) host.profile.product = about.text_ending("/vmSize");
    locate(about, path, host, found);
    api::NodeDevice seen;
    seen.id = found.id;
    seen.identity = about.text("uuid");
    if (const std::string twin = twin_of(host, found, seen.identity); !twin.empty())
      return wrong(path, "has the PCI address " + found.address + " of " + twin +
                             " and another UUID; one of them is wrong");
    if (seen.identity.empty()) seen.identity = about.text("mac");
    host.devices.push_back(std::move(seen));
    host.profile.devices.push_back(std::move(found));
    return {};
  }

  static std::string model_of(const Attributes& about) {
    const std::string model = about.text("productName");
    return model.empty() ? about.text("pciDevice") : model;
  }

  static api::DeviceClass class_of(const std::string& driver, const Attributes& about) {
    if (driver.starts_with("gpu.")) return api::DeviceClass::gpu;
    const bool is_network =
        driver == "dra.net" || about.has("ifName") || about.has("rdma") || about.has("rdmaDevice");
    if (!is_network) return api::DeviceClass::other;
    return about.flag("rdma") ? api::DeviceClass::rdma_nic : api::DeviceClass::nic;
  }

  // As Linux calls a network device; "gpu-0" is gpu0 in the rest of the house.
  static std::string id_of(const std::string& name, api::DeviceClass cls, const Attributes& about) {
    if (cls == api::DeviceClass::gpu) {
      const size_t dash = name.find('-');
      if (dash != name.npos && parse_uint(name.substr(dash + 1)))
        return name.substr(0, dash) + name.substr(dash + 1);
      return name;
    }
    for (const std::string_view key : {"rdmaDevice", "ifName"})
      if (std::string text = about.text(key); !text.empty() && text.size() <= 63) return text;
    return name;
  }

  int64_t memory_of(const json::Value& device, const std::string& path) {
    const json::Value* memory = device.at({"capacity", "memory", "value"});
    if (memory == nullptr) return 0;
    const std::string text = memory->as_string() ? *memory->as_string()
                             : memory->as_int()  ? std::to_string(*memory->as_int())
                                                 : "";
    const auto size = Quantity::parse(text, Dimension::bytes);
    if (size.ok() && size->value() >= 0) return size->value();
    add_note(out().notes, path + ".capacity[memory]: \"" + text + "\" is no size");
    return 0;
  }

  // As it is written.
  static std::string address_of(const Attributes& about) {
    std::string address = about.text("resource.kubernetes.io/pciBusID");
    for (const std::string_view key : {"pciAddress", "pciBusID", "pciAddr"})
      if (address.empty()) address = about.text(key);
    return address;
  }

  void locate(const Attributes& about, const std::string& path, HostFacts& host,
              api::Device& found) {
    found.numa = about.number("resource.kubernetes.io/numaNode",
                              about.number("numaNode", about.number("numa", -1)));
    if (found.numa < -1 || found.numa > 65535) {
      add_note(out().notes, path + ": " + std::to_string(found.numa) + " is no memory node");
      found.numa = -1;
    }
    if (found.numa >= 0) numa_node(host, found.numa);
    const std::string address = address_of(about);
    if (address.empty()) return;
    found.address = plain_address(address);
    if (found.address.empty())
      return add_note(out().notes, path + ": \"" + address + "\" is no PCI address");
    api::PciFunction function;
    function.address = found.address;
    function.numa = found.numa;
    const std::string root = to_lower(about.text("resource.kubernetes.io/pcieRoot"));
    if (is_pci_root(root))
      function.parent = root;
    else if (!root.empty())
      add_note(out().notes, path + ": \"" + root + "\" is no PCI root");
    const bool known = std::ranges::any_of(host.profile.pci, [&](const api::PciFunction& other) {
      return other.address == function.address;
    });
    if (!known)
      host.profile.pci.push_back(std::move(function));
    else
      add_note(out().notes, path + ": the PCI address " + function.address + " a second time");
  }

  // The accelerator of another UUID at the address of this one; empty: there is none.
  static std::string twin_of(const HostFacts& host, const api::Device& device,
                             const std::string& uuid) {
    if (device.cls != api::DeviceClass::gpu || device.address.empty() || uuid.empty()) return {};
    for (size_t i = 0; i < host.devices.size(); ++i) {
      const api::Device& other = host.profile.devices[i];
      const std::string& known = host.devices[i].identity;
      if (other.cls == device.cls && other.address == device.address && !known.empty() &&
          known != uuid)
        return other.id;
    }
    return {};
  }

  void tell_virtual(const std::string& pool) {
    constexpr size_t shown = 8;
    auto names = std::exchange(virtual_, {});
    const size_t count = names.size();
    if (count == 0) return;
    if (count > shown) names.resize(shown);
    add_note(out().notes, pool + ": " + std::to_string(count) +
                              " virtual interfaces are no hardware: " + join(names, " ") +
                              (count > shown ? " …" : ""));
  }

  // A GPU that may be given to a guest as a whole is published a second time for that; only where
  // it is bound to vfio is that all there is of it.
  Result<void> add_passed_through(HostFacts& host, std::set<std::string>& ids,
                                  const std::string& pool) {
    size_t twice = 0;
    const size_t first = file_;
    for (Entry& entry : std::exchange(passed_through_, {})) {
      file_ = entry.file;
      const Attributes about(*entry.device, entry.driver);
      if (find_known(host, about.text("uuid"), plain_address(address_of(about)))) {
        ++twice;
        continue;
      }
      if (const size_t at = entry.name.find("-vfio-"); at != entry.name.npos)
        entry.name.erase(at, std::string_view("-vfio").size());  // "gpu-vfio-0" is gpu-0
      TRY(add_found(entry, about, host, ids));
    }
    file_ = first;
    if (twice > 0)
      add_note(out().notes, pool + ": " + std::to_string(twice) +
                                " devices for guests are GPUs that stand in it themselves; each "
                                "counts once");
    return {};
  }

  // The device of this UUID or address, of which neither contradicts; its index.
  static std::optional<size_t> find_known(const HostFacts& host, const std::string& uuid,
                                          const std::string& address) {
    const auto agree = [](const std::string& a, const std::string& b) {
      return a.empty() || b.empty() || a == b;
    };
    for (size_t i = 0; i < host.devices.size(); ++i) {
      const std::string &identity = host.devices[i].identity,
                        &place = host.profile.devices[i].address;
      if (agree(uuid, identity) && agree(address, place) &&
          ((!uuid.empty() && uuid == identity) || (!address.empty() && address == place)))
        return i;
    }
    return std::nullopt;
  }

  // Partitions belong to the device whose UUID or address they name. Places where some may be made
  // are published like them, without a UUID and against counters of the whole.
  void add_partitions(HostFacts& host, std::set<std::string>& ids, const std::string& pool) {
    size_t possible = 0;
    const size_t before = host.devices.size();
    for (const Entry& entry : std::exchange(partitions_, {})) {
      const Attributes about(*entry.device, entry.driver);
      const auto parent = parent_of(entry, about, host, ids);
      if (!parent) {
        add_note(out().notes, entry.path + ": a partition of \"" + about.text("parentUUID") +
                                  "\", which is no device of its " + pool);
        continue;
      }
      const json::Value* counters = entry.device->at({"consumesCounters"});
      const bool has_counters =
          counters != nullptr && counters->as_array() != nullptr && !counters->as_array()->empty();
      auto& partitions = host.devices[*parent].partitions;
      if (has_counters && about.text("uuid").empty())
        ++possible;
      else if (partitions.size() < limits::partitions)
        partitions.push_back({profile_of(about), -1, about.text("uuid")});
    }
    if (host.devices.size() > before)
      add_note(out().notes, pool + ": " + std::to_string(host.devices.size() - before) +
                                " GPUs are told by their partitions only; what memory they have "
                                "stays unknown");
    if (possible > 0)
      add_note(out().notes, pool + ": " + std::to_string(possible) +
                                " partitions may be made and are not there; left out");
  }
  static std::string profile_of(const Attributes& about) {
    const std::string profile = about.text("profile");
    return profile.empty() ? about.text("partitionProfile") : profile;
  }

  // Drivers leave a GPU out that is used by its partitions only; these say what and where it is.
  std::optional<size_t> parent_of(const Entry& entry, const Attributes& about, HostFacts& host,
                                  std::set<std::string>& ids) {
    const std::string uuid = about.text("parentUUID"), address = plain_address(address_of(about));
    if (const auto known = find_known(host, uuid, address)) return known;
    const auto& devices = host.profile.devices;
    const bool is_taken =
        std::ranges::find(devices, address, &api::Device::address) != devices.end();
    if (address.empty() || is_taken || devices.size() >= limits::devices) return std::nullopt;
    api::Device found;
    found.cls = class_of(entry.driver, about);
    if (found.cls != api::DeviceClass::gpu) return std::nullopt;
    found.id = id_of(entry.name.substr(0, entry.name.find("-mig-")), found.cls, about);
    for (size_t n = 0; found.id == entry.name || !ids.insert(found.id).second; ++n)
      found.id = "gpu" + std::to_string(n);
    found.model = model_of(about);
    locate(about, entry.path, host, found);
    api::NodeDevice seen;
    seen.id = found.id;
    seen.identity = uuid;
    host.devices.push_back(std::move(seen));
    host.profile.devices.push_back(std::move(found));
    return host.devices.size() - 1;
  }

  Inventory& out() { return all_[file_]; }

  std::vector<ImportOptions> options_;  // of each file, for messages
  std::vector<Inventory> all_;          // of each file
  size_t file_ = 0;                     // that is spoken of now
  std::vector<Slice> slices_;
  // Of the pool that is being read.
  std::vector<Entry> partitions_, passed_through_;
  std::vector<std::string> virtual_;
  std::set<std::string> names_;  // of the slices of one file
  std::set<std::string> devices_;
};

Result<std::vector<json::Value>> documents_of(std::string_view text, const ImportOptions& options) {
  text = TRY(check_text(text, options));
  std::vector<json::Value> documents;
  const std::string_view start = trim(text);
  if (start.starts_with('{') || start.starts_with('[')) {
    auto one = json::parse(text);
    if (!one) return fault_at(options, 0, one.error().message);
    documents.push_back(std::move(*one));
  } else {
    auto parsed = json::parse_yaml(text);
    if (!parsed) return fault_at(options, 0, parsed.error().message);
    documents = std::move(*parsed);
  }
  return documents;
}

}  // namespace

Result<std::vector<Inventory>> import_resourceslices(std::span<const SliceFile> files) {
  std::vector<std::vector<json::Value>> documents;
  for (const SliceFile& file : files)
    documents.push_back(TRY(documents_of(file.text, {file.name, "", ""})));
  Reader reader;
  for (size_t i = 0; i < files.size(); ++i) TRY(reader.add(files[i].name, documents[i]));
  return reader.read();
}

Result<Inventory> import_resourceslice(std::string_view text, const ImportOptions& options) {
  const SliceFile file{text, options.file};
  auto all = TRY(import_resourceslices({&file, 1}));
  return std::move(all[0]);
}

}  // namespace freehold::discover
