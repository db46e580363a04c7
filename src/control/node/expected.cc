#include "control/node/expected.h"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "base/strings.h"
#include "schema/scalar.h"

namespace freehold::control {
namespace {

constexpr size_t message_characters = 1'000;
constexpr size_t named_parts = 16;  // of one message; more make nobody wiser

// "gpu5 at 0000:53:00.0 (PCIe Slot 3)".
std::string name_of(const api::Device& device) {
  std::string out = device.id;
  if (!device.address.empty()) out += " at " + device.address;
  if (!device.slot.empty()) out += " (" + device.slot + ")";
  return out;
}

std::string class_name(api::DeviceClass cls) {
  return std::string(schema::enum_name(schema::type_of<api::DeviceClass>, &cls));
}

int64_t rate_of(const std::string& speed) {
  // "32GT/s": compared alone, so the unit does not matter.
  const size_t end = speed.find("GT/s");
  if (end == std::string::npos) return 0;
  const std::string number = speed.substr(0, end);
  const size_t point = number.find('.');
  const auto whole = parse_int(number.substr(0, point));
  if (!whole || *whole < 0 || *whole > 10'000) return 0;
  return *whole * 10 +
         (point == std::string::npos || point + 1 >= number.size() ? 0 : number[point + 1] - '0');
}

bool is_scale_up(api::LinkKind kind) {
  return kind == api::LinkKind::nvlink || kind == api::LinkKind::xgmi;
}

class Judge {
 public:
  explicit Judge(const Expectation& given) : given_(given) {
    for (const auto& seen : given.node.status.devices) seen_[seen.id] = &seen;
    if (given.found == nullptr) return;
    for (const auto& function : given.found->pci) functions_[function.address] = &function;
  }

  Verdict run() {
    if (given_.found == nullptr) return unknown("NotSeen", "the machine has not been seen yet");
    if (!given_.node.spec.expected_model.empty() && given_.model == nullptr)
      return unknown("ModelUnknown", "no DeviceModel is called " + given_.node.spec.expected_model);
    if (!given_.node.spec.expected_profile.empty() && given_.expected == nullptr &&
        given_.node.spec.expected_profile != given_.node.status.profile)
      unseen("no HardwareProfile is called " + given_.node.spec.expected_profile);
    judge_links();
    for (const api::Device& device : given_.found->devices) judge_device(device);
    if (given_.expected != nullptr) judge_profile(*given_.expected);
    if (given_.model != nullptr) judge_parts(*given_.model);
    if (!wrong_.empty()) return {api::ConditionStatus::false_, "PartsDiffer", text_of(wrong_)};
    if (!unseen_.empty()) return unknown("NotAllSeen", text_of(unseen_));
    return {api::ConditionStatus::true_, "AsExpected",
            "every part is there, and no link runs below its model"};
  }

 private:
  static Verdict unknown(std::string reason, std::string message) {
    return {api::ConditionStatus::unknown, std::move(reason), std::move(message)};
  }
  static std::string text_of(const std::vector<std::string>& parts) {
    std::vector<std::string> first(
        parts.begin(), parts.begin() + static_cast<ptrdiff_t>(std::min(parts.size(), named_parts)));
    std::string out = join(first, "; ");
    if (parts.size() > named_parts)
      out += "; and " + std::to_string(parts.size() - named_parts) + " more";
    if (out.size() > message_characters) out = out.substr(0, message_characters) + " …";
    return out;
  }
  void wrong(std::string text) { wrong_.push_back(std::move(text)); }
  void unseen(std::string text) { unseen_.push_back(std::move(text)); }

  const api::NodeDevice* seen(const api::Device& device) const {
    const auto found = seen_.find(device.id);
    return found == seen_.end() ? nullptr : found->second;
  }
  bool has_failed(const api::Device& device) const {
    const auto* now = seen(device);
    return now != nullptr && now->health == api::Health::failed;
  }

  // The catalogue's model that a text means: its name, what contracts call it, what machines
  // report, or PCI ids.
  const api::DeviceModelSpec* model_called(const std::string& text) const {
    if (text.empty()) return nullptr;
    for (const api::DeviceModel* model : given_.catalogue) {
      const auto& spec = model->spec;
      if (spec.type == api::ModelType::node) continue;
      if (spec.model == text || model->metadata.name == text ||
          std::ranges::find(spec.matches, text) != spec.matches.end())
        return &spec;
    }
    return nullptr;
  }
  // Of a device that is there, by what the machine calls it or by its PCI ids.
  const api::DeviceModelSpec* model_of(const api::Device& device) const {
    if (const auto* model = model_called(device.model)) return model;
    const auto function = functions_.find(device.address);
    return function == functions_.end()
               ? nullptr
               : model_called(function->second->vendor + ":" + function->second->device);
  }
  // Whether a device is what a text expects: by the text, or since both mean one model.
  bool is_model(const api::Device& device, const std::string& wanted) const {
    if (wanted.empty() || device.model == wanted) return true;
    const auto* model = model_of(device);
    if (model == nullptr) return false;
    return model == model_called(wanted) || is_family_of(*model, wanted);
  }
  // "h100", or "NVIDIA H100" with its maker, leaves open which H100.
  static bool is_family_of(const api::DeviceModelSpec& model, std::string_view wanted) {
    const std::string name = to_lower(model.model), maker = to_lower(model.vendor) + " ";
    std::string family = to_lower(wanted);
    if (family.starts_with(maker)) family.erase(0, maker.size());
    return name == family || (name.starts_with(family) && name[family.size()] == '-');
  }
  bool is_of(const api::Device& device, const api::ModelPart& part) const {
    if (class_name(device.cls) != part.cls) return false;
    return is_model(device, part.model);
  }

  // What the agent told of links names the part itself.
  void judge_links() {
    for (const api::DegradedLink& link : given_.node.status.degraded_links) {
      told_.insert(link.at);
      wrong(link.message.empty() ? link.at + " runs at " + link.seen + ", expected " + link.expected
                                 : link.message);
    }
  }

  void judge_device(const api::Device& device) {
    const api::NodeDevice* now = seen(device);
    if (now == nullptr) return unseen(name_of(device) + ": its state is not told");
    if (told_.contains(device.id) || told_.contains(device.address)) return;
    if (now->health == api::Health::failed || now->health == api::Health::degraded)
      return wrong(now->reason.empty()                  ? name_of(device) + " has failed"
                   : now->reason.starts_with(device.id) ? now->reason
                                                        : name_of(device) + ": " + now->reason);
    if (now->health == api::Health::unknown && device.cls == api::DeviceClass::gpu)
      unseen(name_of(device) + ": " +
             (now->reason.empty() ? "whether it works is not told" : now->reason));
    judge_ports(device, *now);
    const api::DeviceModelSpec* model = model_of(device);
    const LinkFacts facts = facts_of(device, model);
    judge_facts(device, model, facts);
    judge_pci_link(device, *now, facts);
    judge_scale_up(device, *now, facts);
  }

  // What the links of a device should be; 0 and empty: nobody says.
  struct LinkFacts {
    int64_t width = 0, scale_up = 0;
    std::string speed;
  };
  // By its model; what the expected profile says of its very place counts before that.
  LinkFacts facts_of(const api::Device& device, const api::DeviceModelSpec* model) const {
    LinkFacts facts;
    if (model != nullptr) facts = {model->link_width, model->scale_up_links, model->link_speed};
    if (given_.expected == nullptr) return facts;
    const api::Device* wanted = at_place(*given_.expected, device);
    if (wanted == nullptr) return facts;
    const auto function =
        std::ranges::find(given_.expected->pci, wanted->address, &api::PciFunction::address);
    if (!wanted->address.empty() && function != given_.expected->pci.end()) {
      if (function->link_width > 0) facts.width = function->link_width;
      if (rate_of(function->link_speed) > 0) facts.speed = function->link_speed;
    }
    int64_t links = 0;
    for (const api::DeviceLink& link : wanted->links)
      if (is_scale_up(link.kind)) links += link.count;
    if (links > 0) facts.scale_up = links;
    return facts;
  }

  // What nobody says cannot be judged. Cards in a slot have their scale-up links by a bridge that
  // is bought apart, so that having none is no fault.
  void judge_facts(const api::Device& device, const api::DeviceModelSpec* model,
                   const LinkFacts& facts) {
    if (device.cls != api::DeviceClass::gpu) return;
    std::vector<std::string> missing;
    if (facts.width == 0) missing.emplace_back("linkWidth");
    if (facts.speed.empty()) missing.emplace_back("linkSpeed");
    if (model != nullptr && facts.scale_up == 0 && model->scale_up_domain > 1 &&
        model->form != "PCIe")
      missing.emplace_back("scaleUpLinks");
    if (missing.empty()) return;
    const std::string what = join(missing, ", ");
    unseen(name_of(device) +
           (model != nullptr ? ": DeviceModel " + model->model + " does not say " + what
                             : ": no DeviceModel " + quoted_model(device) + "says its " + what));
  }
  static std::string quoted_model(const api::Device& device) {
    return device.model.empty() ? "" : "for \"" + device.model + "\" ";
  }

  // A rail without a link is a rail that is down; where only the management network is not used,
  // nobody asked for it.
  void judge_ports(const api::Device& device, const api::NodeDevice& now) {
    if (device.cls != api::DeviceClass::rdma_nic || now.ports.empty()) return;
    const bool up = std::any_of(now.ports.begin(), now.ports.end(),
                                [](const api::DevicePort& port) { return port.state == "ACTIVE"; });
    if (!up)
      wrong(name_of(device) + " has no link: port " + std::to_string(now.ports[0].number) + " is " +
            (now.ports[0].state.empty() ? "in an unknown state" : now.ports[0].state));
  }

  void judge_pci_link(const api::Device& device, const api::NodeDevice& now,
                      const LinkFacts& facts) {
    if (facts.width > 0) {
      if (now.link_width == 0)
        unseen(name_of(device) + ": the width of its PCIe link is not told");
      else if (now.link_width < facts.width)
        wrong(name_of(device) + " runs with " + std::to_string(now.link_width) + " of " +
              std::to_string(facts.width) + " PCIe lanes; reseat it, or see its slot and riser");
    }
    if (facts.speed.empty()) return;
    // Accelerators slow their link down while they are idle, so that only what it can do counts.
    const auto function = functions_.find(device.address);
    std::string speed = now.link_speed;
    if (device.cls == api::DeviceClass::gpu)
      speed = function == functions_.end() ? "" : function->second->link_speed;
    if (rate_of(speed) == 0)
      unseen(name_of(device) + ": the speed of its PCIe link is not told");
    else if (rate_of(speed) < rate_of(facts.speed))
      wrong(name_of(device) + " has a PCIe link of " + speed + ", expected " + facts.speed);
    // The other end of the link, which may be a slower port.
    if (function == functions_.end()) return;
    const auto above = functions_.find(function->second->parent);
    if (above == functions_.end() || rate_of(above->second->link_speed) == 0) return;
    if (rate_of(above->second->link_speed) < rate_of(facts.speed))
      wrong(name_of(device) + " sits below a port of " + above->second->link_speed + ", expected " +
            facts.speed);
  }

  void judge_scale_up(const api::Device& device, const api::NodeDevice& now,
                      const LinkFacts& facts) {
    if (facts.scale_up == 0) return;
    int64_t up = 0;
    bool told = false;
    for (const api::LinkNow& link : now.links) {
      if (!is_scale_up(link.kind)) continue;
      told = true;
      up += link.up;
    }
    if (!told)
      unseen(name_of(device) + ": its scale-up links are not told; load the vendor's library");
    else if (up < facts.scale_up)
      wrong(std::to_string(up) + " of " + std::to_string(facts.scale_up) + " scale-up links of " +
            name_of(device) + " are up");
  }

  void judge_profile(const api::HardwareProfileSpec& expected) {
    for (const api::Device& wanted : expected.devices) {
      // It stands for switches that nobody saw.
      if (wanted.cls == api::DeviceClass::nvswitch && wanted.address.empty()) continue;
      const api::Device* found = at_place(*given_.found, wanted);
      if (found == nullptr)
        wrong("missing: " + name_of(wanted) + ", " + class_name(wanted.cls) + " " + wanted.model);
      else if (wanted.cls == api::DeviceClass::rdma_nic && found->cls == api::DeviceClass::nic)
        wrong(name_of(*found) + " offers no RDMA; load its RDMA driver");
      else if (!is_model(*found, wanted.model))
        wrong(name_of(*found) + " is a " + found->model + ", expected " + wanted.model);
    }
    if (expected.packages.size() > given_.found->packages.size())
      wrong(std::to_string(given_.found->packages.size()) + " of " +
            std::to_string(expected.packages.size()) + " processor packages are there");
    int64_t wanted = 0, found = 0;
    for (const auto& node : expected.numa) wanted += node.memory_bytes;
    for (const auto& node : given_.found->numa) found += node.memory_bytes;
    if (found < wanted)
      wrong(humanize(found, Dimension::bytes) + " of " + humanize(wanted, Dimension::bytes) +
            " of memory are there");
  }

  static bool is_network(api::DeviceClass cls) {
    return cls == api::DeviceClass::nic || cls == api::DeviceClass::rdma_nic;
  }
  // A card is the same one whether whoever wrote of it knew of its RDMA or not.
  static const api::Device* at_place(const api::HardwareProfileSpec& profile,
                                     const api::Device& wanted) {
    for (const api::Device& device : profile.devices) {
      const bool is_card = is_network(device.cls) && is_network(wanted.cls);
      if (wanted.address.empty()
              ? device.cls == wanted.cls && device.id == wanted.id
              : device.address == wanted.address && (device.cls == wanted.cls || is_card))
        return &device;
    }
    return nullptr;
  }

  void judge_parts(const api::DeviceModelSpec& model) {
    for (const api::ModelPart& part : model.parts) {
      int64_t count = 0;
      if (part.cls == "cpu") {
        count = static_cast<int64_t>(given_.found->packages.size());
      } else {
        for (const api::Device& device : given_.found->devices)
          if (is_of(device, part)) ++count;  // one that has failed is told by itself
      }
      if (count >= part.count) continue;
      const std::string what = part.model.empty() ? part.cls : part.cls + " " + part.model;
      const std::string places = part.cls == "cpu" ? "" : places_of(part, part.count - count);
      wrong(std::to_string(count) + " of " + std::to_string(part.count) + " " + what + " found" +
            (places.empty() ? "" : "; missing: " + places));
    }
  }

  // Where the missing ones sit in a machine of the same product that has all of them.
  std::string places_of(const api::ModelPart& part, int64_t missing) const {
    for (const api::HardwareProfile* other : given_.others) {
      if (other->spec.product != given_.found->product) continue;
      std::vector<std::string> places;
      for (const api::Device& device : other->spec.devices)
        if (class_name(device.cls) == part.cls && !device.address.empty() &&
            at_place(*given_.found, device) == nullptr)
          places.push_back(name_of(device));
      if (static_cast<int64_t>(places.size()) == missing) return join(places, ", ");
    }
    return "";
  }

  const Expectation& given_;
  std::map<std::string, const api::NodeDevice*> seen_;
  std::map<std::string, const api::PciFunction*> functions_;
  std::set<std::string> told_;
  std::vector<std::string> wrong_, unseen_;
};

}  // namespace

Verdict judge_hardware(const Expectation& given) { return Judge(given).run(); }

}  // namespace freehold::control
