// The workload controller: fills a workload in from its template, makes the contract that goes with
// it, and says what runs. The endpoint controller lists the instances behind an endpoint.
#pragma once

#include "control/controller.h"

namespace freehold::control {

class WorkloadController final : public Controller {
 public:
  std::string_view name() const override { return "workload"; }
  std::vector<std::string> keys_for(const ledger::Record& record, bool gone,
                                    const ledger::View& view) const override;
  Plan plan(std::string_view key, const Input& input) const override;
};

class EndpointController final : public Controller {
 public:
  std::string_view name() const override { return "endpoint"; }
  std::vector<std::string> keys_for(const ledger::Record& record, bool gone,
                                    const ledger::View& view) const override;
  Plan plan(std::string_view key, const Input& input) const override;
};

}  // namespace freehold::control
