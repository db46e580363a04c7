// What a person sees of each working kind.
#include <gtest/gtest.h>

#include "api/catalog.h"
#include "api/contract.h"
#include "api/core.h"
#include "api/node.h"
#include "api/registry.h"
#include "api/site.h"
#include "api/storage.h"
#include "api/tenancy.h"
#include "api/testing/documents.h"
#include "api/workload.h"

namespace freehold::api {
namespace {

constexpr Time now{1'800'000'000'000'000};

// "Name=cell" of each column that is not for -o wide only, or of those that are.
template <class T>
std::string row_of(std::string_view yaml, bool wide) {
  const Kind& kind = kind_of<T>();
  Object object(kind);
  schema::Errors errors;
  EXPECT_TRUE(from_json(object, testing::from_yaml(yaml), errors).ok());
  EXPECT_TRUE(errors.empty()) << errors.to_error(kind.name, "").message;
  std::string out;
  for (const Column& column : kind.columns) {
    if ((column.priority > 0) != wide) continue;
    if (!out.empty()) out += ' ';
    out += std::string(column.name) + '=' + column.cell(object.data(), now);
  }
  return out;
}
template <class T>
std::string cells(std::string_view yaml) {
  return row_of<T>(yaml, false);
}
template <class T>
std::string wide_cells(std::string_view yaml) {
  return row_of<T>(yaml, true);
}

TEST(Columns, OfANode) {
  EXPECT_EQ(cells<Node>(
                "{spec: {site: fra1}, status: {allocatable: {cpus: '0-3,8', devices: [gpu0, gpu1], "
                "memory: [{node: 0, bytes: 1073741824}, {node: 1, bytes: 1073741824}]}, "
                "conditions: [{type: Ready, status: 'True'}]}}"),
            "Status=Ready Site=fra1 CPUs=5 Memory=2Gi Devices=2");
  EXPECT_EQ(
      cells<Node>("{spec: {schedulable: false, lifecycle: endOfLife}}"),
      "Status=NotReady,SchedulingDisabled,endOfLife Site=<none> CPUs=0 Memory=<none> Devices=0");
}

TEST(Columns, OfAHardwareProfile) {
  EXPECT_EQ(
      cells<HardwareProfile>("{spec: {product: X1, architecture: x86_64, cpus: '0-7', devices: "
                             "[{id: a, class: gpu}, {id: b, class: gpu}, {id: c, class: nic}]}}"),
      "Product=X1 Architecture=x86_64 CPUs=8 Devices=2 gpu, 1 nic");
}

constexpr std::string_view contract = R"(
spec:
  priority: production
  roles:
  - {name: a, count: 4}
  - {name: b, count: 2}
  guarantees:
  - {metric: latency, atMost: 50ms}
  - {metric: rate, atLeast: 12/s}
status:
  phase: Active
  offer: chat-1
  guarantees:
  - {metric: latency, deliveredShare: 0.9996, windows: {fulfilled: 9996, violated: 4}}
  - {metric: rate, deliveredShare: 0}
  conditions: [{type: WithinGuarantee, status: "True"}])";

TEST(Columns, OfAContract) {
  EXPECT_EQ(cells<Contract>(contract),
            "Phase=Active Offer=chat-1 Members=6 Promised=latency<=50ms +1 Within=True");
  EXPECT_EQ(wide_cells<Contract>(contract), "Delivered=99.9% Priority=production Refusal=<none>");
  EXPECT_EQ(cells<Contract>("{}"),
            "Phase=Pending Offer=<none> Members=0 Promised=capacity Within=<none>");
}

TEST(Columns, OfAnOffer) {
  // `now` is 2027-01-15T08:00:00Z.
  EXPECT_EQ(cells<Offer>(
                "{spec: {contract: chat, pricePerHour: 1.2EUR/h, expires: '2027-01-15T08:10:00Z', "
                "placement: [{node: a}, {node: b}, {node: a}]}}"),
            "Phase=Held Contract=chat Price=1.2EUR/h Expires=in 10m Nodes=2");
  EXPECT_EQ(cells<Offer>("{spec: {contract: chat, expires: '2027-01-15T07:10:00Z'}}"),
            "Phase=Held Contract=chat Price=<none> Expires=expired Nodes=0");
  EXPECT_EQ(cells<Offer>("{spec: {expires: '2027-01-15T08:10:00Z'}, status: {phase: Accepted}}"),
            "Phase=Accepted Contract=<none> Price=<none> Expires=<none> Nodes=0");
}

TEST(Columns, OfAnAllocation) {
  EXPECT_EQ(cells<Allocation>(
                "{spec: {contract: chat, members: [{node: a, cpus: '0-3', devices: [gpu0]}, "
                "{node: b, cpus: '4'}]}}"),
            "Contract=chat Nodes=2 CPUs=5 Devices=1");
}

TEST(Columns, OfAWorkloadAndItsInstances) {
  EXPECT_EQ(
      cells<Workload>(
          "{spec: {contract: chat}, status: {phase: Running, desired: 4, ready: 3, restarts: 1}}"),
      "Phase=Running Ready=3/4 Restarts=1 Contract=chat");
  EXPECT_EQ(
      cells<Instance>("{spec: {node: n1, cpus: '0-3'}, status: {phase: BackingOff, restarts: 7}}"),
      "Phase=BackingOff Ready=False Node=n1 CPUs=0-3 Restarts=7");
}

TEST(Columns, OfAnEndpoint) {
  EXPECT_EQ(
      cells<Endpoint>("{spec: {workload: chat, port: http}, status: {addresses: ["
                      "{address: 10.0.0.1, port: 1, ready: true}, {address: 10.0.0.2, port: 2}, "
                      "{address: c, port: 3}, {address: d, port: 4}]}}"),
      "Workload=chat Port=http Ready=1/4 Addresses=10.0.0.1:1,10.0.0.2:2,c:3 +1");
}

TEST(Columns, OfATenantAndItsRights) {
  EXPECT_EQ(
      cells<Tenant>("{spec: {parent: acme, quota: {cpu: 64, gpu: 8}}, status: {used: {cpu: 12}}}"),
      "Parent=acme Isolation=L1 Used/Quota=cpu 12/64, gpu 0/8");
  EXPECT_EQ(cells<Role>("{spec: {rules: [{verbs: [get, list], resources: [contracts]}, "
                        "{verbs: ['*'], resources: ['*']}]}}"),
            "Allows=get,list contracts; * *");
  EXPECT_EQ(cells<RoleBinding>("{spec: {role: dev, scope: {tenant: acme}, subjects: "
                               "[{kind: User, name: ann}, {kind: Group, name: devs}]}}"),
            "Role=dev Subjects=User/ann, Group/devs Scope=tenant/acme");
}

TEST(Columns, OfAPriceBookSayWhetherItHolds) {
  EXPECT_EQ(cells<PriceBook>("{spec: {currency: EUR, prices: [{class: cpu, price: 1EUR/h}]}}"),
            "Site=<all> Currency=EUR Prices=1 Valid=now");
  EXPECT_EQ(cells<PriceBook>("{spec: {validFrom: '2027-01-18T08:00:00Z'}}"),
            "Site=<all> Currency=<none> Prices=0 Valid=in 3d");
  EXPECT_EQ(cells<PriceBook>("{spec: {site: a, validUntil: '2027-01-15T08:00:00Z'}}"),
            "Site=a Currency=<none> Prices=0 Valid=expired");
}

TEST(Columns, OfASite) {
  EXPECT_EQ(
      cells<Site>("{spec: {jurisdiction: {country: DE}, operator: x, energyPrice: 0.2EUR/kWh}}"),
      "Type=datacenter Country=DE Operator=x Energy=0.2EUR/kWh");
  EXPECT_EQ(
      cells<PowerDomain>("{spec: {type: ups, site: a, capacity: 1MW}, status: {load: 300kW}}"),
      "Type=ups Site=a Capacity=1MW Load=300kW Headroom=<none>");
}

TEST(Columns, OfFactsThatAreToldOnly) {
  EXPECT_EQ(wide_cells<Site>("{spec: {carbonIntensityGramsPerKwh: 380}}"),
            "Power=<none> Carbon=380g/kWh");
  EXPECT_EQ(wide_cells<Site>("{spec: {}}"), "Power=<none> Carbon=<none>");
  EXPECT_EQ(wide_cells<Fabric>("{spec: {rails: 8, isolation: pkey}}"), "Rails=8 Isolation=pkey");
}

TEST(Columns, OfAStoragePoolStayInOneUnitSystem) {
  EXPECT_NE(cells<StoragePool>("{spec: {site: fra1, capacity: 2500T, commitments: [{name: a, "
                               "capacity: 1550T}]}}")
                .find("Capacity=2500T Free=950TB"),
            std::string::npos);
  EXPECT_NE(cells<StoragePool>("{spec: {site: fra1, capacity: 2Ti}}").find("Free=2Ti"),
            std::string::npos);
}

TEST(Columns, OfCoreKindsAreThoseThatPeopleKnow) {
  EXPECT_EQ(cells<Namespace>("{metadata: {labels: {freehold.dev/tenant: acme}}}"),
            "Status=Active Tenant=acme");
  EXPECT_EQ(cells<Secret>("{type: Opaque, data: {a: QQ==}}"), "Type=Opaque Data=1");
  EXPECT_EQ(cells<ConfigMap>("{data: {a: b}, binaryData: {c: QQ==}}"), "Data=2");
  EXPECT_EQ(cells<Lease>("{spec: {holderIdentity: me}}"), "Holder=me");
  EXPECT_EQ(cells<Event>("{type: Warning, reason: Lost, message: node is gone, lastTimestamp: "
                         "'2027-01-15T07:55:00Z', involvedObject: {kind: Instance, name: chat-0}}"),
            "Last Seen=5m Type=Warning Reason=Lost Object=instance/chat-0 Message=node is gone");
}

}  // namespace
}  // namespace freehold::api
