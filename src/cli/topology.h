// What `freehold topology` shows of a machine or a fabric, as pure functions: the matrix that
// users of `nvidia-smi topo -m` expect, a document for programs, pictures, and a table of switches.
// The tree of a machine is drawn by discover/draw.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/node.h"
#include "api/site.h"
#include "cli/picture.h"
#include "cli/render.h"
#include "fleet/fleet.h"
#include "json/value.h"

namespace freehold::cli {

// GPUs and NICs against each other, with the CPUs next to each; `wide`: every device. One line per
// word that occurs explains it.
enum class Devices : uint8_t { gpus_and_nics, all };
std::string path_matrix(const fleet::NodeState& node, Devices devices, const Terminal& terminal);

// {"node", "devices": [ids], "paths": [{"from", "to", "class", "nccl", "direct", "hops",
// "bandwidth_mbps", "raw_mbps", "maximum_mbps", "confidence", "sources": [names], "seenAt",
// "via": [names]}]}: every ordered pair. Rates are what software gets, in one direction, now; null
// where they are not known. `seenAt` is when the first source of the way looked, where they say.
json::Value path_document(const fleet::NodeState& node, const api::Node& object);

Picture machine_picture(const api::Node& node, const api::HardwareProfileSpec& profile,
                        const fleet::NodeState& state);

// Switches with what hangs on them and what leads on, then the links below their best. `others`:
// all fabrics that are known, whose links may end here, written as "fabric/switch".
using Fabrics = std::vector<const api::Fabric*>;
std::string fabric_table(const api::Fabric& fabric, const Fabrics& others,
                         const Terminal& terminal);
Picture fabric_picture(const api::Fabric& fabric);

// What a gigabyte costs on the way over these sites: a sum for each currency, as in "0.01EUR/GB +
// 0.02USD/GB". Empty where a link on it names no price, or there is none.
std::string transit_price(const std::vector<const api::Site*>& sites);

// From one machine to another: class, rate, what the way costs. `price` is of transit_price.
std::string way_text(const fleet::Fleet& fleet, const fleet::NodeState& from,
                     const fleet::NodeState& to, std::string_view price, const Terminal& terminal);
json::Value way_document(const fleet::Fleet& fleet, const fleet::NodeState& from,
                         const fleet::NodeState& to, std::string_view price);

std::string rate_text(int64_t mbps);  // "400Gbps"; "?" when unknown

}  // namespace freehold::cli
