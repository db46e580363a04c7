// Redfish services for tests: documents by id, written as YAML.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "discover/redfish/crawl.h"

namespace freehold::discover::testing {

// A mapping from "@odata.id" to the document. CHECKs that it is one.
std::map<std::string, std::string> redfish_documents(std::string_view yaml);
redfish::Crawl crawl_of(const std::map<std::string, std::string>& documents);
redfish::Crawl crawl_of(std::string_view yaml);
// One machine with two CPUs, two GPUs, an InfiniBand and an Ethernet adapter, an NVMe drive, two
// power supplies on a PDU of the same service, power limits, and a board of the GPUs that is shown
// as a system of its own.
std::string_view gpu_machine();

}  // namespace freehold::discover::testing
