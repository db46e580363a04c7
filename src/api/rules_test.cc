// Rules of the kinds that span fields, and what is refused by name because nothing honours it yet.
#include <gtest/gtest.h>

#include "api/catalog.h"
#include "api/contract.h"
#include "api/core.h"
#include "api/node.h"
#include "api/registry.h"
#include "api/site.h"
#include "api/tenancy.h"
#include "api/testing/documents.h"
#include "api/workload.h"

namespace freehold::api {
namespace {

// "path: detail" of every fault of a document in YAML, one a line; empty when it is valid.
std::string faults(std::string_view yaml) {
  json::Value fields = testing::from_yaml(yaml);
  const Kind* kind = find_by_any_name(fields.string_at({"kind"}));
  if (kind == nullptr) return "no such kind";
  fields.as_object()->erase("kind");
  Object object(*kind);
  schema::Errors errors;
  const Result<schema::ReadOutcome> outcome = from_json(object, fields, errors);
  if (!outcome.ok()) return outcome.error().message;
  validate(object, errors);
  std::string out;
  for (const std::string& message : outcome->messages()) out += message + '\n';
  for (const schema::FieldError& error : errors.all())
    out += error.path + ": " + error.detail + '\n';
  return out;
}

TEST(Site, HasACountry) {
  EXPECT_EQ(faults("{kind: Site, metadata: {name: a}, spec: {jurisdiction: {country: DE}}}"), "");
  EXPECT_EQ(
      faults("{kind: Site, metadata: {name: a}, spec: {jurisdiction: {country: Germany}}}"),
      "spec.jurisdiction.country: must have at most 2 bytes, has 7\n"
      "spec.jurisdiction.country: \"Germany\" is not a valid country; use for example \"DE\"\n");
  EXPECT_EQ(faults("{kind: Site, metadata: {name: a}}"), "spec.jurisdiction: required\n");
}

TEST(Site, UsesAtLeastThePowerOfItsMachines) {
  EXPECT_EQ(faults("{kind: Site, spec: {jurisdiction: {country: DE}, pue: 1.09}}"), "");
  EXPECT_EQ(faults("{kind: Site, spec: {jurisdiction: {country: DE}, pue: 0.9}}"),
            "spec.pue: must be at least 1\n");
}

TEST(Site, LinksToOthersOnly) {
  EXPECT_EQ(faults("{kind: Site, metadata: {name: a}, spec: {jurisdiction: {country: DE}, links: "
                   "[{site: a}]}}"),
            "spec.links[0].site: a site has no link to itself\n");
}

TEST(Site, TakesOneEnergyPriceInThisRelease) {
  EXPECT_EQ(
      faults("{kind: Site, spec: {jurisdiction: {country: DE}, energyPriceSeries: [0.1EUR/kWh]}}"),
      "spec.energyPriceSeries: is not honoured yet: one `energyPrice` holds for every hour; remove "
      "it\n");
  EXPECT_NE(faults("{kind: Site, spec: {jurisdiction: {country: DE}, energyPrice: 0.1EUR}}"), "");
}

TEST(Site, NamesAreLabels) {
  EXPECT_EQ(
      faults("{kind: Site, metadata: {name: fra1.example}, spec: {jurisdiction: {country: DE}}}"),
      "metadata.name: must be a single label without dots, since other objects and paths use it as "
      "one\n");
}

TEST(PowerDomain, IsSuppliedByEnoughOthers) {
  constexpr std::string_view begin =
      "{kind: PowerDomain, metadata: {name: a}, spec: {site: s, capacity: 1kW, ";
  const auto with = [&](std::string_view rest) {
    return faults(std::string(begin) + std::string(rest));
  };
  EXPECT_EQ(with("suppliedBy: {required: 2, domains: [b, c, d]}}}"), "");
  EXPECT_EQ(with("type: utility}}"), "");
  EXPECT_EQ(with("suppliedBy: {required: 3, domains: [b, c]}}}"),
            "spec.suppliedBy.required: must be at most the number of domains, which is 2\n");
  EXPECT_EQ(with("suppliedBy: {required: 2}}}"),
            "spec.suppliedBy.required: must be at most the number of domains, which is 0\n");
  EXPECT_EQ(with("suppliedBy: {domains: [b, a]}}}"),
            "spec.suppliedBy.domains[1]: a domain does not supply itself\n");
}

TEST(Fabric, SwitchesStandOnItsTiers) {
  EXPECT_EQ(
      faults("{kind: Fabric, spec: {tiers: [{name: leaf}], switches: [{name: s1, tier: leaf}]}}"),
      "");
  EXPECT_EQ(
      faults("{kind: Fabric, spec: {tiers: [{name: leaf}], switches: [{name: s1, tier: spine}]}}"),
      "spec.switches[0].tier: \"spine\" is not one of `tiers`\n");
}

TEST(Tenant, QuotaIsCountedInTheUnitOfItsResource) {
  EXPECT_EQ(faults("{kind: Tenant, spec: {quota: {cpu: 64, memory: 1Ti, gpu: 8, power: 10kW, "
                   "money: 40EUR/h}}}"),
            "");
  EXPECT_EQ(faults("{kind: Tenant, spec: {quota: {cpu: 64Gi}}}"),
            "spec.quota[cpu]: is counted in number, such as 500m\n");
  EXPECT_EQ(faults("{kind: Tenant, spec: {quota: {memory: 64}}}"),
            "spec.quota[memory]: is counted in bytes, such as 80Gi\n");
  EXPECT_NE(faults("{kind: Tenant, spec: {quota: {cpu: -1}}}"), "");
  EXPECT_NE(faults("{kind: Tenant, spec: {quota: {cpu: }}}"), "");
  EXPECT_NE(faults("{kind: Tenant, spec: {quota: {colour: 3}}}"), "");
}

TEST(Tenant, WhatIsNotHonouredYetIsRefusedByName) {
  EXPECT_EQ(faults("{kind: Tenant, spec: {isolation: L0}}"), "");
  EXPECT_EQ(faults("{kind: Tenant, spec: {isolation: L2}}"),
            "spec.isolation: L2 is not honoured yet; use L0 or L1\n");
  EXPECT_EQ(faults("{kind: Tenant, spec: {weight: 3, borrow: {cpu: 3}}}"),
            "spec.borrow: is not honoured yet: quota is not lent yet; remove it\n"
            "spec.weight: is not honoured yet: fair shares are not honoured yet; remove it\n");
}

TEST(Tenant, IsNotItsOwnParent) {
  EXPECT_EQ(faults("{kind: Tenant, metadata: {name: a}, spec: {parent: a}}"),
            "spec.parent: a tenant is not its own parent\n");
}

TEST(Role, AllowsOwnKindsUnlessItSaysMore) {
  EXPECT_EQ(faults("{kind: Role, spec: {rules: [{verbs: [get], resources: [contracts]}]}}"), "");
  Role role;
  EXPECT_EQ(role.spec.rules.emplace_back().groups, std::vector<std::string>{"freehold.dev"});
  EXPECT_EQ(faults("{kind: Role, spec: {rules: [{verbs: ['*'], groups: [''], resources: ['*']}]}}"),
            "");
}

TEST(Role, GivenGroupsReplaceTheDefault) {
  const Result<Object> role = decode(
      kind_of<Role>(),
      R"({"apiVersion":"freehold.dev/v1alpha1","kind":"Role","spec":{"rules":[{"verbs":["get"],"groups":[""],"resources":["secrets"]}]}})");
  ASSERT_TRUE(role.ok());
  EXPECT_EQ(role->as<Role>()->spec.rules.at(0).groups, std::vector<std::string>{""});
  EXPECT_NE(role->print().find(R"("groups":[""])"), std::string::npos);
}

TEST(Role, VerbsThatWouldAllowNothingAreRefused) {
  EXPECT_NE(faults("{kind: Role, spec: {rules: [{verbs: [read], resources: [contracts]}]}}"), "");
  EXPECT_NE(faults("{kind: Role, spec: {rules: [{verbs: [get], resources: [Contract]}]}}"), "");
  EXPECT_NE(faults("{kind: Role, spec: {rules: [{resources: [contracts]}]}}"), "");
  EXPECT_NE(faults("{kind: Role, spec: {rules: [{verbs: [get]}]}}"), "");
}

std::string binding_faults(std::string_view scope, std::string_view subject) {
  return faults("{kind: RoleBinding, spec: {role: r, subjects: [" + std::string(subject) +
                "], scope: " + std::string(scope) + "}}");
}

TEST(RoleBinding, HoldsInExactlyOnePlace) {
  constexpr std::string_view user = "{kind: User, name: ann}";
  for (const std::string_view scope : {"{fleet: true}", "{tenant: acme}", "{namespace: acme}"})
    EXPECT_EQ(binding_faults(scope, user), "") << scope;
  EXPECT_EQ(binding_faults("{fleet: true, tenant: acme}", user),
            "spec.scope: state exactly one of fleet, tenant and namespace\n");
  EXPECT_EQ(binding_faults("{tenant: a, namespace: b}", user),
            "spec.scope: state exactly one of fleet, tenant and namespace\n");
  EXPECT_EQ(binding_faults("{}", user), "spec.scope: required\n");
  EXPECT_EQ(binding_faults("{fleet: false}", user), "spec.scope: required\n");
}

TEST(Role, NamesThatWouldGrantNothingAreRefused) {
  const auto rule = [](std::string_view groups, std::string_view resources) {
    return faults("{kind: Role, spec: {rules: [{verbs: [get], groups: " + std::string(groups) +
                  ", resources: " + std::string(resources) + "}]}}");
  };
  EXPECT_EQ(rule("['', freehold.dev]", "[configmaps, contracts/status, instances/log]"), "");
  EXPECT_EQ(rule("[coordination.k8s.io]", "[leases]"), "");
  EXPECT_EQ(rule("['*']", "['*', namespaces/finalize]"), "");
  EXPECT_EQ(rule("['*']", "['*/status', 'contracts/*']"),
            "spec.rules[0].resources[0]: \"*/status\" is not honoured; name each part, or use * "
            "for all\n"
            "spec.rules[0].resources[1]: \"contracts/*\" is not honoured; name each part, or use * "
            "for all\n");
  EXPECT_EQ(rule("[freehold.dev, nosuch.dev]", "[contracts]"),
            "spec.rules[0].groups[1]: \"nosuch.dev\" is not served; use freehold.dev, or "
            "\"\" for the core\n");
  EXPECT_EQ(rule("[freehold.dev]", "[contract, widgets, secrets, contracts/log]"),
            "spec.rules[0].resources[0]: \"contract\" is no kind's plural name; use contracts\n"
            "spec.rules[0].resources[1]: \"widgets\" is no kind's plural name\n"
            "spec.rules[0].resources[2]: \"secrets\" is of group \"\", which `groups` lacks\n"
            "spec.rules[0].resources[3]: \"contracts\" has no part \"log\"\n");
}

TEST(RoleBinding, ServiceAccountsAreRefusedSinceTheyCannotAuthenticate) {
  constexpr std::string_view refusal =
      "spec.subjects[0].kind: ServiceAccounts have no credentials yet; bind a User, with a "
      "certificate of `freehold kubeconfig`\n";
  EXPECT_EQ(binding_faults("{fleet: true}", "{kind: ServiceAccount, name: a, namespace: b}"),
            refusal);
  EXPECT_EQ(binding_faults("{fleet: true}", "{kind: ServiceAccount, name: a}"), refusal);
}

TEST(RoleBinding, OnlyServiceAccountsHaveANamespace) {
  EXPECT_EQ(binding_faults("{fleet: true}", "{kind: Group, name: a, namespace: b}"),
            "spec.subjects[0].namespace: only a ServiceAccount has a namespace\n");
  EXPECT_NE(binding_faults("{fleet: true}", "{kind: User}"), "");
}

TEST(PriceBook, IsInOneCurrency) {
  EXPECT_EQ(
      faults("{kind: PriceBook, spec: {currency: EUR, prices: [{class: cpu, price: 0.02EUR/h}]}}"),
      "");
  EXPECT_EQ(
      faults("{kind: PriceBook, spec: {currency: EUR, prices: [{class: cpu, price: 0.02USD/h}]}}"),
      "spec.prices[0].price: is in USD, the price book in EUR\n");
  EXPECT_EQ(faults("{kind: PriceBook, spec: {currency: EUR, energyPrice: 0.2USD/kWh}}"),
            "spec.energyPrice: is in USD, the price book in EUR\n");
}

TEST(PriceBook, HasOnePriceForAThing) {
  EXPECT_EQ(faults("{kind: PriceBook, spec: {currency: EUR, prices: [{class: gpu, price: 1EUR/h}, "
                   "{class: gpu, model: H100, price: 2EUR/h}]}}"),
            "");
  EXPECT_EQ(faults("{kind: PriceBook, spec: {currency: EUR, prices: [{class: gpu, price: 1EUR/h}, "
                   "{class: gpu, price: 2EUR/h}]}}"),
            "spec.prices[1]: there is another price for this class and model\n");
}

TEST(PriceBook, EndsAfterItBegins) {
  EXPECT_EQ(faults("{kind: PriceBook, spec: {currency: EUR, validFrom: '2026-01-01T00:00:00Z', "
                   "validUntil: '2026-01-01T00:00:00Z'}}"),
            "spec.validUntil: must be after validFrom\n");
}

TEST(PriceBook, DoesNotChargeForStorageAndTrafficYet) {
  EXPECT_EQ(faults("{kind: PriceBook, spec: {currency: EUR, storagePrice: 0.02EUR/GB}}"),
            "spec.storagePrice: is not honoured yet: storage is not charged yet; remove it\n");
}

TEST(PriorityClass, DisplacesNobodyYet) {
  EXPECT_EQ(faults("{kind: PriorityClass, spec: {value: -5}}"), "");
  EXPECT_EQ(faults("{kind: PriorityClass, spec: {preemption: lowerPriority}}"),
            "spec.preemption: lowerPriority is not honoured yet; use never\n");
  EXPECT_NE(faults("{kind: PriorityClass, spec: {notice: 5m}}"), "");
}

TEST(Node, IsRunByItsAgentAlone) {
  EXPECT_EQ(faults("{kind: Node, spec: {provider: agent}}"), "");
  EXPECT_EQ(faults("{kind: Node, spec: {provider: slurm}}"),
            "spec.provider: \"slurm\" is not honoured yet; use agent\n");
}

std::string contract_faults(std::string_view more) {
  return faults(
      "{kind: Contract, spec: {roles: [{name: a, count: 1, each: {cpu: 1, memory: 1Gi}}], " +
      std::string(more) + "}}");
}

TEST(Contract, AsksForWhatCanBePromised) {
  EXPECT_EQ(contract_faults(""), "");
  EXPECT_EQ(contract_faults("isolation: L3"),
            "spec.isolation: is not honoured yet; use L0 or L1\n");
  EXPECT_EQ(contract_faults("remedies: [{action: credit}]"),
            "spec.remedies[0].amount: a credit needs a percentage such as 10%\n");
  EXPECT_NE(contract_faults("serves: {model: llama}"), "");
  EXPECT_NE(contract_faults("term: {deadline: '2026-01-01T00:00:00Z'}"), "");
  EXPECT_NE(contract_faults("guarantees: [{metric: latency, atLeast: 1, atMost: 2}]"), "");
  EXPECT_EQ(contract_faults("guarantees: [{metric: tokens_total, atLeast: 1/s, of: offered, "
                            "measuredBy: workload}]"),
            "");
  EXPECT_EQ(contract_faults("guarantees: [{metric: readiness, atLeast: 1, of: offered}]"),
            "spec.guarantees[0].of: nothing is offered of readiness; remove it\n");
  EXPECT_EQ(contract_faults("guarantees: [{metric: latency, atMost: 1s, measuredBy: workload, "
                            "when: {requestRate: '<=12/s'}}]"),
            "");
  EXPECT_EQ(contract_faults("guarantees: [{metric: latency, atMost: 1s, measuredBy: workload, "
                            "when: {requestRate: about 12}}]")
                .substr(0, 36),
            "spec.guarantees[0].when[requestRate]");
  EXPECT_EQ(contract_faults("guarantees: [{metric: latency, atMost: 1s, measuredBy: workload, "
                            "when: {a: '<1', b: '<1', c: '<1', d: '<1', e: '<1'}}]")
                .substr(0, 24),
            "spec.guarantees[0].when:");
}

TEST(Contract, OnlyACreditHasAnAmount) {
  EXPECT_EQ(contract_faults("remedies: [{action: restart, amount: 10%}]"),
            "spec.remedies[0].amount: only a credit has an amount; remove it\n");
}

TEST(Contract, OnlyAutomaticAcceptanceHasAHighestPrice) {
  EXPECT_EQ(contract_faults("accept: {mode: automatic, maxPrice: 2EUR/h}"), "");
  EXPECT_EQ(contract_faults("accept: {mode: manual, maxPrice: 2EUR/h}").substr(0, 62),
            "spec.accept.maxPrice: is what automatic acceptance may cost; w");
  // As `freehold accept` makes it of what automatic acceptance found too dear.
  EXPECT_EQ(contract_faults("accept: {mode: manual, offer: c-1, maxPrice: 2EUR/h}"), "");
}

TEST(Contract, NothingIsSaidOfARunThatThereIsNot) {
  EXPECT_EQ(contract_faults("acceptance: {test: none, atLeast: 5GBps, duration: 5s, attempts: 7}"),
            "spec.acceptance.atLeast: nothing is run with test none; remove it, or name a test\n"
            "spec.acceptance.duration: nothing is run with test none; remove it, or name a test\n"
            "spec.acceptance.attempts: nothing is run with test none; remove it, or name a test\n");
  EXPECT_EQ(contract_faults("acceptance: {test: none}"), "");
}

TEST(Contract, AnAcceptanceRunHasAFloorInWhatItMeasures) {
  const auto floor = [](std::string_view test, std::string_view at_least) {
    return contract_faults("acceptance: {test: " + std::string(test) +
                           ", atLeast: " + std::string(at_least) + "}");
  };
  for (const std::string_view at_least : {"90%", "1e6/s", "1e6"})
    EXPECT_EQ(floor("cpu", at_least), "") << at_least;
  EXPECT_EQ(floor("memory-bandwidth", "5GBps"), "");
  EXPECT_EQ(floor("memory-bandwidth", "5Gi"),
            "spec.acceptance.atLeast: memory-bandwidth is measured as bandwidth, such as 50GBps\n");
  EXPECT_EQ(floor("cpu", "3EUR/h"),
            "spec.acceptance.atLeast: cpu is measured as operations per second, such as "
            "1000000/s, or as percent of the node's own rate, such as 90%\n");
}

TEST(Contract, PromisesAreInTheDimensionThatTheAgentMeasures) {
  const auto promise = [](std::string_view rest) {
    return contract_faults("guarantees: [{" + std::string(rest) + "}]");
  };
  EXPECT_EQ(promise("metric: available_capacity, atLeast: '0.9'"), "");
  EXPECT_EQ(promise("metric: cpu_cores, atLeast: 500m"), "");
  EXPECT_EQ(promise("metric: memory_bytes, atMost: 80Gi"), "");
  EXPECT_EQ(promise("metric: available_capacity, atLeast: 3EUR/h"),
            "spec.guarantees[0].atLeast: is compared with number, such as 500m\n");
  EXPECT_EQ(promise("metric: readiness, atLeast: 90%"),
            "spec.guarantees[0].atLeast: is compared with number, such as 500m\n");
  EXPECT_EQ(promise("metric: memory_bytes, atMost: 8"),
            "spec.guarantees[0].atMost: is compared with bytes, such as 80Gi\n");
  // What the workload measures has the unit that it has.
  EXPECT_EQ(promise("metric: latency, atMost: 3EUR/h, measuredBy: workload"), "");
  const std::string when = "metric: latency, atMost: 1s, measuredBy: workload, when: ";
  EXPECT_EQ(promise(when + "{cpu_cores: '<2', memory_bytes: '<=4Gi', load: '<12/s'}"), "");
  EXPECT_EQ(promise(when + "{cpu_cores: '<2W'}"),
            "spec.guarantees[0].when[cpu_cores]: is compared with number, such as 500m\n");
}

TEST(Contract, AFloorIsNoHigherThanWhatIsAskedFor) {
  const auto promise = [](std::string_view rest) {
    return faults(
        "{kind: Contract, spec: {roles: [{name: a, count: 2, each: {cpu: 500m, memory: 1Gi}}], "
        "guarantees: [{" +
        std::string(rest) + "}]}}");
  };
  const std::string too_high =
      "spec.guarantees[0].atLeast: is more than all that `roles` ask for can come to\n";
  EXPECT_EQ(promise("metric: cpu_cores, atLeast: 1"), "");
  EXPECT_EQ(promise("metric: cpu_cores, atLeast: 1001m"), too_high);
  EXPECT_EQ(promise("metric: cpu_cores, atMost: 9"), "");
  EXPECT_EQ(promise("metric: memory_bytes, atLeast: 2Gi"), "");
  EXPECT_EQ(promise("metric: memory_bytes, atLeast: 3Gi"), too_high);
  EXPECT_EQ(promise("metric: available_capacity, atLeast: '1.1'"), too_high);
  EXPECT_EQ(promise("metric: throughput, atLeast: 9000, measuredBy: workload"), "");
}

TEST(Contract, ConditionsAreShortEnoughForAVerdictToNameThem) {
  const auto when = [](const std::string& metric, const std::string& condition) {
    return contract_faults("guarantees: [{metric: latency, atMost: 1s, measuredBy: workload, " +
                           ("when: {" + metric + ": '" + condition + "'}}]"));
  };
  EXPECT_EQ(when("load", "<=" + std::string(60, ' ') + "12"), "");
  EXPECT_EQ(when("load", "<=" + std::string(61, ' ') + "12"),
            "spec.guarantees[0].when[load]: a condition must have at most 64 bytes, has 65\n");
  EXPECT_EQ(when(std::string(100, 'm'), "<5"), "");
  EXPECT_EQ(when(std::string(101, 'm'), "<5"),
            "spec.guarantees[0].when: the name of a metric must have at most 100 bytes, has 101\n");
}

TEST(Contract, DevicesAreChosenByBytesOfMemory) {
  const auto where = [](std::string_view memory) {
    return faults(
        "{kind: Contract, spec: {roles: [{name: a, each: {cpu: 1, memory: 1Gi, devices: [{name: g, "
        "where: {memory: '" +
        std::string(memory) + "'}}]}}]}}");
  };
  EXPECT_EQ(where(">=80GB"), "");
  EXPECT_EQ(where("<80W"),
            "spec.roles[0].each.devices[0].where.memory: is compared with bytes, such as 80Gi\n");
}

TEST(Contract, ThatHasEndedIsDeletedBeforeAnother) {
  Contract before;
  before.status.phase = ContractPhase::active;
  Contract after = before;
  after.spec.roles.emplace_back();
  const auto fault = [&] {
    schema::Errors errors;
    kind_of<Contract>().check_update(&before, &after, errors);
    return errors.empty() ? "" : errors.all()[0].path + ": " + errors.all()[0].detail;
  };
  EXPECT_EQ(fault(),
            "spec.roles: is fixed since the contract was reserved; ask for another contract, and "
            "release this one when you have it");
  for (const ContractPhase phase : {ContractPhase::settling, ContractPhase::settled}) {
    before.status.phase = phase;
    EXPECT_EQ(fault(),
              "spec.roles: is fixed, the contract has ended; delete it first, then ask for it "
              "anew");
  }
}

TEST(Contract, MeasurementsAreBounded) {
  std::string guarantees;
  for (int i = 0; i < 12; ++i) {
    const std::string n = std::to_string(i);
    guarantees += (i == 0 ? "" : ", ") + ("{metric: m" + n) +
                  ", atMost: 1s, measuredBy: workload, when: {a" + n + ": '<1', b" + n +
                  ": '<1', shared: '<1'}}";
  }
  EXPECT_EQ(contract_faults("guarantees: [" + guarantees + "]"),
            "spec.guarantees: promises and their conditions take 37 measurements, at most 32; use "
            "fewer metrics or window lengths\n");
}

TEST(Contract, IsMeasuredByWhomTheMetricSays) {
  EXPECT_EQ(contract_faults("guarantees: [{metric: readiness, atLeast: 1, measuredBy: agent}]"),
            "");
  EXPECT_EQ(contract_faults("guarantees: [{metric: my_gauge, atLeast: 1, measuredBy: workload}]"),
            "");
  EXPECT_EQ(contract_faults("guarantees: [{metric: my_gauge, atLeast: 1, measuredBy: agent}]"),
            "spec.guarantees[0].measuredBy: the agent does not measure \"my_gauge\" itself; use "
            "workload, which earns no credit\n");
}

TEST(Contract, IsProvenByItsWorkloadInShortWindowsOnly) {
  const std::string day = "guarantees: [{metric: readiness, atLeast: 1, window: 24h}]";
  EXPECT_EQ(contract_faults(day), "");
  EXPECT_NE(contract_faults(day + ", acceptance: {test: workload}")
                .find("spec.guarantees[0].window: must be at most 10m"),
            std::string::npos);
}

TEST(Workload, NeedsRolesOrATemplate) {
  EXPECT_EQ(faults("{kind: Workload, spec: {template: chat, parameters: {size: 3}}}"), "");
  EXPECT_EQ(faults("{kind: Workload, spec: {contract: chat, parameters: {size: 3}}}"),
            "spec.roles: required, unless a template gives them\n"
            "spec.parameters: parameters belong to a template; name one\n");
}

std::string run_faults(std::string_view run) {
  return faults("{kind: Workload, spec: {contract: c, roles: [{name: a, run: {" + std::string(run) +
                "}}]}}");
}

TEST(Workload, RolesRunSomething) {
  EXPECT_EQ(run_faults("command: [x, '']"), "");
  EXPECT_EQ(run_faults("ports: [{name: http}]"),
            "spec.roles[0].run.command: required: a program and its arguments\n");
  EXPECT_EQ(faults("{kind: Workload, spec: {contract: c, roles: [{name: a}]}}"),
            "spec.roles[0].run.command: required: a program and its arguments\n");
  EXPECT_EQ(run_faults("command: ['']"), "spec.roles[0].run.command[0]: must name a program\n");
  EXPECT_EQ(run_faults("command: [x], liveness: {command: ['']}"),
            "spec.roles[0].run.liveness.command[0]: must name a program\n");
  // An instance that reserves for work to come has none.
  EXPECT_EQ(faults("{kind: Instance, spec: {contract: c, node: n}}"), "");
}

TEST(Workload, ProbesNameItsPorts) {
  const std::string ports =
      "command: [x], ports: [{name: http}, {name: raw, protocol: tcp}, {name: dns, protocol: "
      "udp}], ";
  EXPECT_EQ(run_faults(ports + "liveness: {tcpPort: raw}, readiness: {tcpPort: http}, "
                               "metrics: {port: http}"),
            "");
  EXPECT_EQ(run_faults(ports + "liveness: {tcpPort: nosuch}"),
            "spec.roles[0].run.liveness.tcpPort: \"nosuch\" is not one of `ports`\n");
  EXPECT_EQ(run_faults(ports + "readiness: {tcpPort: dns}"),
            "spec.roles[0].run.readiness.tcpPort: \"dns\" speaks udp, and is asked over tcp\n");
  EXPECT_EQ(run_faults(ports + "liveness: {httpGet: {port: raw}}"),
            "spec.roles[0].run.liveness.httpGet.port: \"raw\" speaks tcp, and is asked over "
            "http\n");
  EXPECT_EQ(run_faults(ports + "metrics: {port: raw}"),
            "spec.roles[0].run.metrics.port: \"raw\" speaks tcp, and is asked over http\n");
  EXPECT_EQ(faults("{kind: Workload, spec: {contract: c, roles: [{name: a, run: {command: [x], "
                   "readiness: {httpGet: {port: http}}}}]}}"),
            "spec.roles[0].run.readiness.httpGet.port: \"http\" is not one of `ports`\n");
}

TEST(Endpoint, SpeaksWhatAPortMaySpeak) {
  EXPECT_EQ(faults("{kind: Endpoint, spec: {workload: w, port: http}}"), "");
  EXPECT_EQ(faults("{kind: Endpoint, spec: {workload: w, port: http, protocol: tcp}}"), "");
  EXPECT_EQ(faults("{kind: Endpoint, spec: {workload: w, port: http, protocol: gopher}}"),
            "spec.protocol: \"gopher\" is not honoured; use http, https, tcp, udp\n");
}

TEST(Template, HoldsFieldsOfAContractAndOfAWorkload) {
  const auto spec = [](std::string_view text) {
    return faults("{kind: Template, spec: {" + std::string(text) + "}}");
  };
  // Values come with the parameters; names are there from the start.
  EXPECT_EQ(spec("contract: {term: '${term}', roles: [{name: a, count: '${n}'}]}, "
                 "workload: {roles: [{name: a, run: {command: ['${program}']}}]}"),
            "");
  EXPECT_EQ(spec("contract: {zzz: 1}, workload: {foo: bar, rolez: [], roles: [{run: {x: 1}}]}"),
            "spec.contract.zzz: unknown field\n"
            "spec.workload.foo: unknown field\n"
            "spec.workload.rolez: unknown field, did you mean \"roles\"?\n"
            "spec.workload.roles[0].run.x: unknown field\n");
  EXPECT_EQ(spec("workload: 3"), "spec.workload: must be an object, with the fields of a spec\n");
}

TEST(Template, DefaultsAreAmongTheAllowedValues) {
  const auto parameter = [](std::string_view rest) {
    return faults("{kind: Template, spec: {workload: {roles: []}, parameters: [{name: p, " +
                  std::string(rest) + "}]}}");
  };
  EXPECT_EQ(parameter("default: a, values: [a, b]"), "");
  EXPECT_EQ(parameter("type: integer, default: 2, values: ['1', '2']"), "");
  EXPECT_EQ(parameter("default: c, values: [a, b]"),
            "spec.parameters[0].default: \"c\" is not one of `values`\n");
}

}  // namespace
}  // namespace freehold::api
