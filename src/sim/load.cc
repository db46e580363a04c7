#include "sim/load.h"

#include <algorithm>
#include <utility>

#include "auth/auth.h"
#include "base/strings.h"

namespace freehold::sim {

namespace {

constexpr std::string_view house = "/apis/freehold.dev/v1alpha1/";
constexpr std::string_view house_version = R"("apiVersion":"freehold.dev/v1alpha1")";
constexpr int most_tries = 8;

std::string number(int64_t n) { return std::to_string(n); }

std::string document(std::string_view kind, const std::string& name, const std::string& rest) {
  return "{" + std::string(house_version) + R"(,"kind":")" + std::string(kind) +
         R"(","metadata":{"name":")" + name + R"("},)" + rest + "}";
}

// ---- a customer, with a tenant and a namespace of his own

class Customer final : public Person {
 public:
  Customer(World& world, Network& network, int number, const LoadOptions& options)
      : Person(world, network, "customer-" + sim::number(number), options.acknowledged),
        tenant_("t" + sim::number(number)),
        ns_("ns" + sim::number(number)) {}

 private:
  Duration pause() override {
    return milliseconds(chance().in(100, chance().percent(15) ? 20'000 : 2'500));
  }
  std::string path(std::string_view plural, const std::string& name = {}) const {
    std::string out = std::string(house) + "namespaces/" + ns_ + "/" + std::string(plural);
    return name.empty() ? out : out + "/" + name;
  }
  std::string some_name() { return "c" + number(chance().in(0, 4)); }

  void act() override {
    if (!ready_) return move_in();
    const int64_t dice = chance().in(0, 99);
    if (dice < 45) return order();
    if (dice < 60) return cancel();
    if (dice < 70) return release();
    if (dice < 80) return accept();
    if (dice < 86) return rework();
    if (dice < 90) return change();
    if (dice < 94) return drop_instance();
    if (dice < 97) return ask("DELETE", path("workloads", some_name()), "");
    move_out();
  }

  void move_in() {
    const std::string quota =
        chance().percent(50) ? R"("quota":{"cpu":)" + number(chance().in(2, 12)) + "}" : "";
    ask("POST", std::string(house) + "tenants",
        document("Tenant", tenant_, R"("spec":{)" + quota + "}"));
    const std::string space = R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":")" +
                              ns_ + R"(","labels":{"freehold.dev/tenant":")" + tenant_ + R"("}}})";
    ask("POST", "/api/v1/namespaces", space, [this](int status, const json::Value&) {
      if (status == 201 || status == 409) ready_ = true;
    });
  }

  // With everything in it, like a person who is fed up.
  void move_out() {
    if (!chance().percent(40)) return;
    ready_ = false;
    ask("DELETE", "/api/v1/namespaces/" + ns_, "");
  }

  std::string role() {
    std::string out = R"({"name":"w","count":)" + number(chance().in(1, 3)) + R"(,"each":{"cpu":)" +
                      number(chance().in(1, 4)) + R"(,"memory":")" + number(chance().in(1, 6)) +
                      R"(Gi")";
    if (chance().percent(25))
      out += R"(,"devices":[{"name":"g","class":"gpu","count":)" + number(chance().in(1, 2)) + "}]";
    out += "}";
    if (chance().percent(20)) out += R"(,"apart":{"across":"node","mode":"required"})";
    if (chance().percent(20)) out += R"(,"together":{"within":"node","mode":"required"})";
    return out + "}";
  }

  std::string contract() {
    std::string spec = R"("spec":{"roles":[)" + role() + "]";
    if (chance().percent(25)) spec += R"(,"accept":{"mode":"manual"},"offerTTL":"40s")";
    if (chance().percent(40))
      spec += R"(,"term":{"duration":")" + number(chance().in(10, 90)) + R"(s"})";
    const int64_t acceptance = chance().in(0, 9);
    if (acceptance < 2)
      spec += R"(,"acceptance":{"test":"cpu","atLeast":"50%","duration":"2s","attempts":2})";
    const bool proves = acceptance == 2;
    if (proves) spec += R"(,"acceptance":{"test":"workload","attempts":2})";
    if (proves || chance().percent(25))
      spec += R"(,"guarantees":[{"metric":"available_capacity","atLeast":"0.9","window":"5s",)"
              R"("target":0.9}],"remedies":[{"action":"restart"},{"action":"replace"}])";
    return spec + "}";
  }

  static std::string run(int64_t version, std::string_view restart) {
    return R"("roles":[{"name":"w","run":{"command":["/bin/work",")" + number(version) +
           R"("],"restart":")" + std::string(restart) + R"(","stopGrace":"3s"}}])";
  }

  void order() {
    const std::string name = some_name();
    ask("POST", path("contracts"), document("Contract", name, contract()));
    if (chance().percent(25)) return;  // a bare reservation
    static constexpr std::string_view policies[] = {"always", "always", "onFailure", "never"};
    const auto restart = policies[static_cast<size_t>(chance().in(0, 3))];
    ask("POST", path("workloads"),
        document("Workload", name,
                 R"("spec":{"contract":")" + name + R"(",)" + run(1, restart) + "}"));
  }

  void cancel() {
    static constexpr std::string_view policies[] = {"Background", "Background", "Foreground",
                                                    "Orphan"};
    const auto policy = policies[static_cast<size_t>(chance().in(0, 3))];
    ask("DELETE", path("contracts", some_name()),
        R"({"propagationPolicy":")" + std::string(policy) + R"("})");
  }

  void release() { ask("PATCH", path("contracts", some_name()), R"({"spec":{"release":true}})"); }

  void rework() {
    ask("PATCH", path("workloads", some_name()),
        R"({"spec":{)" + run(chance().in(2, 9), "always") + "}}");
  }

  // Another size: what was offered no longer answers what is asked for.
  void change() {
    ask("PATCH", path("contracts", some_name()), R"({"spec":{"roles":[)" + role() + "]}}");
  }

  void accept() {
    ask("GET", path("contracts"), "", [this](int status, const json::Value& list) {
      const json::Value* items = list.at({"items"});
      if (status != 200 || items == nullptr) return;
      for (const json::Value& c : *items->as_array()) {
        if (c.string_at({"status", "phase"}) != "Offered") continue;
        ask("PATCH", path("contracts", std::string(c.string_at({"metadata", "name"}))),
            R"({"spec":{"accept":{"mode":"manual","offer":")" +
                std::string(c.string_at({"status", "offer"})) + R"("}}})");
      }
    });
  }

  void drop_instance() {
    ask("GET", path("instances"), "", [this](int status, const json::Value& list) {
      const json::Value* items = list.at({"items"});
      if (status != 200 || items == nullptr || items->as_array()->empty()) return;
      const auto at = chance().in(0, static_cast<int64_t>(items->as_array()->size()) - 1);
      const json::Value& i = (*items->as_array())[static_cast<size_t>(at)];
      ask("DELETE", path("instances", std::string(i.string_at({"metadata", "name"}))), "");
    });
  }

  const std::string tenant_, ns_;
  bool ready_ = false;
};

// ---- the operator

class Operator final : public Person {
 public:
  Operator(World& world, Network& network, const LoadOptions& options)
      : Person(world, network, "operator", options.acknowledged), nodes_(options.nodes) {}

 private:
  Duration pause() override { return seconds(chance().in(5, 40)); }
  void act() override {
    const std::string name = "n" + number(chance().in(0, static_cast<int64_t>(nodes_) - 1));
    // He takes it for lost, and may be wrong.
    if (chance().percent(12)) return ask("DELETE", std::string(house) + "nodes/" + name, "");
    const std::string schedulable = chance().percent(40) ? "false" : "true";
    ask("PATCH", std::string(house) + "nodes/" + name,
        R"({"spec":{"schedulable":)" + schedulable + "}}");
  }
  const size_t nodes_;
};

// ---- the outsider

class Outsider final : public Person {
 public:
  Outsider(World& world, Network& network, const LoadOptions& options)
      : Person(world, network, "outsider", options.acknowledged), nodes_(options.nodes) {}

 private:
  Duration pause() override { return milliseconds(chance().in(2'000, 20'000)); }
  static std::string path() { return std::string(house) + "namespaces/default/allocations"; }
  void act() override {
    if (chance().percent(50)) return ask("DELETE", path() + "/x" + number(chance().in(0, 3)), "");
    // What looks free may have been taken meanwhile: the ledger must say no.
    const int64_t cpu = chance().in(2, 7);
    const std::string node = "n" + number(chance().in(0, static_cast<int64_t>(nodes_) - 1));
    ask("POST", path(),
        document("Allocation", "x" + number(chance().in(0, 3)),
                 R"("spec":{"owner":"external","contract":"theirs","offer":"theirs",)"
                 R"("members":[{"role":"w","node":")" +
                     node + R"(","cpus":")" + number(cpu) + R"("}]})"));
  }
  const size_t nodes_;
};

}  // namespace

Person::Person(World& world, Network& network, const std::string& name,
               std::function<void(store::Rev)> acknowledged)
    : world_(world),
      process_(world, name),
      peer_(name),
      transport_(network.connect({name, name, {std::string(auth::admins)}})),
      acknowledged_(std::move(acknowledged)) {}

void Person::begin() {
  process_.after(pause(), [this] {
    if (resting_) return;
    act();
    begin();
  });
}

void Person::ask(const std::string& method, const std::string& path, const std::string& body,
                 Answer answer, int tries) {
  if (resting_) return;
  http::Request request;
  request.method = method;
  request.path = path;
  request.headers["accept"] = "application/json";
  if (!body.empty()) {
    request.body = http::bytes(body);
    request.headers["content-type"] =
        method == "PATCH" ? "application/merge-patch+json" : "application/json";
  }
  transport_->request(std::move(request), seconds(10), [=, this](Result<http::Response> response) {
    const int status = response.ok() ? response->status : 0;
    if (world_.traces())
      world_.trace(peer_, method + " " + path + " → " +
                              (response.ok() ? std::to_string(status) : response.error().message));
    if (status == 0 || status == 429 || status >= 500) {
      if (tries + 1 == most_tries) return;
      process_.after(milliseconds(chance().in(100, 2'000)) * (tries + 1),
                     [=, this] { ask(method, path, body, answer, tries + 1); });
      return;
    }
    const auto parsed = response->body ? json::parse(*response->body) : json::Value();
    if (!parsed.ok())
      return world_.violate("answer", method + " " + path + ": " + parsed.error().message);
    if (status < 300 && method != "GET")
      if (const auto rev = parse_uint(parsed->string_at({"metadata", "resourceVersion"})))
        acknowledged_(*rev);
    if (answer) answer(status, *parsed);
  });
}

std::vector<std::unique_ptr<Person>> make_load(World& world, Network& network,
                                               const LoadOptions& options) {
  std::vector<std::unique_ptr<Person>> people;
  people.reserve(static_cast<size_t>(options.customers) + 2);
  for (int i = 0; i < options.customers; ++i)
    people.push_back(std::make_unique<Customer>(world, network, i, options));
  people.push_back(std::make_unique<Operator>(world, network, options));
  people.push_back(std::make_unique<Outsider>(world, network, options));
  for (const auto& person : people) person->begin();
  return people;
}

}  // namespace freehold::sim
