// Which devices of one source are those of another: by address, identity and slot, else by class
// and name. What only a number tells is never taken for one of several. Pure. Internal to this
// module.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "discover/import/merge_host.h"

namespace freehold::discover {

// What is seen of a device; null when the source says nothing.
const api::NodeDevice* find_seen(const HostFacts& facts, std::string_view id);

class DeviceMatcher {
 public:
  DeviceMatcher();
  ~DeviceMatcher();
  DeviceMatcher(const DeviceMatcher&) = delete;
  DeviceMatcher& operator=(const DeviceMatcher&) = delete;

  struct Surplus {
    api::DeviceClass cls = api::DeviceClass::other;
    size_t known = 0, said = 0;
  };
  // A device to which the system of the machine gives two names, as two sources have it.
  struct TwoNames {
    std::string id;             // in the merged machine
    std::string first, second;  // as the source before said it, and as this one does
    std::string source;         // of the first
  };
  struct Differences {
    std::vector<Surplus> surplus;  // classes, but for GPUs, of which it has more than all before it
    std::vector<TwoNames> names;
  };
  // Gives the devices of a claim the ids of those that they are in earlier claims, and keeps the
  // others for later ones. Devices that may be any of several are not added a second time: what the
  // source says of all of them alike stands for all, and the rest is left out; notes say so.
  Differences align(HostClaim& claim, std::vector<std::string>& notes);

  // Whether no claim so far was laid on the device of this id that might mean another one.
  bool is_sure(std::string_view id) const;

  struct Known;

 private:
  class Alignment;
  std::vector<Known> all_;
};

}  // namespace freehold::discover
