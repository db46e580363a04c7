// The controllers of a control plane, in the order in which they get their turn.
#include "control/contract/contract.h"
#include "control/gc/gc.h"
#include "control/node/node.h"
#include "control/power/power.h"
#include "control/shell.h"
#include "control/tenant/tenant.h"
#include "control/workload/workload.h"

namespace freehold::control {

std::vector<std::unique_ptr<Controller>> all_controllers() {
  std::vector<std::unique_ptr<Controller>> all;
  all.push_back(std::make_unique<NodeController>());
  all.push_back(std::make_unique<PowerController>());
  all.push_back(std::make_unique<TenantController>());
  all.push_back(std::make_unique<ContractController>());
  all.push_back(std::make_unique<WorkloadController>());
  all.push_back(std::make_unique<EndpointController>());
  all.push_back(std::make_unique<GarbageController>());
  return all;
}

}  // namespace freehold::control
