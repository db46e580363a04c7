#include "cli/connect.h"

#include <gtest/gtest.h>

#include "api/contract.h"
#include "api/node.h"
#include "cli/cli.h"
#include "cli/documents.h"
#include "cli/progress.h"

namespace freehold::cli {
namespace {

constexpr std::string_view good = R"(
apiVersion: v1
kind: Config
current-context: a
contexts:
- {name: a, context: {cluster: c, user: u, namespace: acme}}
- {name: b, context: {cluster: c, user: u}}
- {name: broken, context: {cluster: none, user: u}}
clusters:
- {name: c, cluster: {server: "https://127.0.0.1:6443/", certificate-authority-data: Y2E=}}
users:
- {name: u, user: {token: secret, client-certificate-data: Y3J0, client-key-data: a2V5}}
)";

TEST(Kubeconfig, GivesTheCurrentContextUnlessOneIsNamed) {
  const auto config = parse_kubeconfig(good, ".", "");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->client.url, "https://127.0.0.1:6443");
  EXPECT_EQ(config->client.ca_pem, "ca");
  EXPECT_EQ(config->client.certificate_pem, "crt");
  EXPECT_EQ(config->client.key_pem, "key");
  EXPECT_EQ(config->client.bearer_token, "secret");
  EXPECT_EQ(config->ns, "acme");
  const auto other = parse_kubeconfig(good, ".", "b");
  ASSERT_TRUE(other);
  EXPECT_EQ(other->ns, "default");
}

TEST(Kubeconfig, SaysWhatIsMissing) {
  const auto none = parse_kubeconfig(good, ".", "nope");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().message, "the kubeconfig has no context \"nope\"");
  const auto broken = parse_kubeconfig(good, ".", "broken");
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().message, "the kubeconfig names no server for cluster \"none\"");
  EXPECT_FALSE(parse_kubeconfig("[]", ".", ""));
  EXPECT_FALSE(parse_kubeconfig("", ".", ""));
}

TEST(Kubeconfig, RunsNoProgramsAndSkipsNoChecks) {
  std::string text(good);
  text.replace(text.find("token: secret"), 13, "exec: {command: x}");
  EXPECT_FALSE(parse_kubeconfig(text, ".", ""));
  text = good;
  text.replace(text.find("certificate-authority-data: Y2E="), 32, "insecure-skip-tls-verify: true");
  EXPECT_FALSE(parse_kubeconfig(text, ".", ""));
}

TEST(Names, OfOneKindOfSeveralAndWithSlashes) {
  const auto plain = parse_names({"contracts", "a", "b"});
  ASSERT_TRUE(plain);
  ASSERT_EQ(plain->size(), 2u);
  EXPECT_EQ((*plain)[1].name, "b");
  const auto kinds = parse_names({"contracts,nodes"});
  ASSERT_TRUE(kinds);
  EXPECT_EQ((*kinds)[1].kind, &api::kind_of<api::Node>());
  const auto slashes = parse_names({"contract/a", "node/n"});
  ASSERT_TRUE(slashes);
  EXPECT_EQ((*slashes)[0].kind, &api::kind_of<api::Contract>());
  EXPECT_FALSE(parse_names({"contracts", "node/n"}));
  EXPECT_FALSE(parse_names({"contracts,nodes", "a"}));
  EXPECT_FALSE(parse_names({"contract/"}));
  EXPECT_FALSE(parse_names({}));
}

TEST(Names, AKindThatIsNotThereNamesTheNearest) {
  const auto kind = find_kind("contrat");
  ASSERT_FALSE(kind);
  EXPECT_EQ(kind.error().message, "there is no kind \"contrat\", did you mean \"contract\"?");
}

TEST(Documents, ListsAreUnpackedAndTheNamespaceIsFilledIn) {
  const auto all = parse_documents(
      "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: "
      "a}}\n"
      "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: acme}\n",
      "acme");
  ASSERT_TRUE(all) << all.error().message;
  ASSERT_EQ(all->size(), 2u);
  EXPECT_EQ((*all)[0].ns, "acme");
  EXPECT_EQ((*all)[0].body.string_at({"metadata", "namespace"}), "acme");
  EXPECT_EQ((*all)[1].ns, "");
}

TEST(Documents, WithoutAKindOrOfAnUnknownOneAreRefused) {
  EXPECT_FALSE(parse_documents("a: b", "default"));
  EXPECT_FALSE(parse_documents("apiVersion: v1\nkind: Pod\n", "default"));
  EXPECT_FALSE(parse_documents("- 1", "default"));
}

TEST(Goals, AreReadAndJudged) {
  api::Contract contract;
  contract.status.phase = api::ContractPhase::active;
  contract.status.conditions.push_back({"Active", api::ConditionStatus::true_, "", "", 0, {}});
  const api::Object object = api::Object::of(std::move(contract));
  const auto holds = [&](std::string_view text) {
    const auto goal = parse_goal(text);
    EXPECT_TRUE(goal) << text;
    return goal && reached(*goal, object);
  };
  EXPECT_TRUE(holds("condition=active"));
  EXPECT_FALSE(holds("condition=Active=False"));
  EXPECT_FALSE(holds("condition=Settled"));
  EXPECT_TRUE(holds("status.phase=active"));
  EXPECT_TRUE(holds("jsonpath={.status.phase}=active"));
  EXPECT_FALSE(holds("delete"));
  EXPECT_FALSE(parse_goal("Ready"));
  EXPECT_FALSE(parse_goal("condition="));
}

int run_with(std::vector<std::string> words) {
  words.insert(words.begin(), "freehold");
  std::vector<char*> argv;
  for (std::string& w : words) argv.push_back(w.data());
  return run({"0"}, static_cast<int>(argv.size()), argv.data());
}

TEST(Arguments, WhatIsUsedWronglyEndsWithTwoBeforeAnythingIsAsked) {
  EXPECT_EQ(run_with({}), usage);
  EXPECT_EQ(run_with({"nonsense"}), usage);
  EXPECT_EQ(run_with({"get"}), usage);
  EXPECT_EQ(run_with({"get", "contrats"}), usage);
  EXPECT_EQ(run_with({"get", "nodes", "-o", "xml"}), usage);
  EXPECT_EQ(run_with({"apply"}), usage);
  EXPECT_EQ(run_with({"wait", "node/a", "--for", "soon"}), usage);
  EXPECT_EQ(run_with({"wait", "node/a", "--for", "delete", "--timeout", "x"}), usage);
  EXPECT_EQ(run_with({"delete"}), usage);
  EXPECT_EQ(run_with({"agent"}), usage);
  EXPECT_EQ(run_with({"why", "role/a"}), usage);
  EXPECT_EQ(run_with({"explain", "nonsense"}), usage);
}

TEST(Arguments, AServerThatCannotBeFoundIsAFailure) {
  EXPECT_EQ(run_with({"get", "nodes", "--kubeconfig", "/does/not/exist"}), failed);
}

TEST(Arguments, VersionAndExplainNeedNoServer) {
  EXPECT_EQ(run_with({"version"}), done);
  EXPECT_EQ(run_with({"explain", "contract.spec.roles"}), done);
  EXPECT_EQ(run_with({"explain", "contract.spec.nonsense"}), usage);
}

}  // namespace
}  // namespace freehold::cli
